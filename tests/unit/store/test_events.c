#include "store/events.h"
#include "base/file.h"
#include "base/mem.h"
#include "unit/store/run.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void add(const char *dir, int64_t at_ns, const char *text)
{
	const struct event e = {at_ns, EVENT_MARK, 0, text, NULL};
	struct err err = ERR_INIT;

	cr_assert_eq(events_add(dir, &e, &err), 0, "%s", err.text);
}

static struct events read_back(const char *dir)
{
	struct catalog *c = run_catalog();
	struct err err = ERR_INIT;
	struct events e;

	cr_assert_eq(events_read(dir, c, &e, &err), 0, "%s", err.text);
	catalog_free(c);
	return e;
}

/* The file's bytes, whatever was there. */
static void write_file(const char *dir, const char *text)
{
	cleanup_free char *path = mem_printf("%s/events", dir);

	cr_assert_eq(file_replace(path, 0600, text, strlen(text), NULL), 0);
}

static char *all(const char *dir)
{
	struct events e = read_back(dir);
	struct buf out = BUF_INIT(1 << 20);

	for (size_t i = 0; i < e.n; i++)
		buf_addf(&out, "%lld %s %s\n", (long long)e.items[i].at_ns,
			event_kind_name(e.items[i].kind), e.items[i].text);
	events_release(&e);
	buf_addc(&out, '\0');
	return buf_take(&out);
}

static void holds(const char *dir, const char *want)
{
	cleanup_free char *text = all(dir);

	cr_assert_str_eq(text, want);
}

Test(events, come_back_by_time)
{
	char *dir = run_dir();

	holds(dir, "");
	add(dir, 20, "attack on");
	add(dir, 10, "before");
	holds(dir, "10 mark before\n20 mark attack on\n");
	run_remove(dir);
}

Test(events, a_text_stays_one_line)
{
	char *dir = run_dir(), text[400];

	add(dir, 1, "  two\nlines\x1b[31m\t ");
	holds(dir, "1 mark two lines [31m\n");
	/* 199 bytes, then a character of two that does not fit */
	memset(text, 'x', sizeof(text));
	memcpy(text + 199, "\u00e4 and more", sizeof("\u00e4 and more"));
	write_file(dir, "");
	add(dir, 1, text);
	text[199] = '\0';
	{
		cleanup_free char *want = mem_printf("1 mark %s\n", text);

		holds(dir, want);
	}
	run_remove(dir);
}

Test(events, without_words_there_is_no_mark)
{
	const struct event e = {1, EVENT_MARK, 0, " \n\t", NULL};
	char *dir = run_dir();

	cr_assert_eq(events_add(dir, &e, NULL), -NFZ_E_USAGE);
	holds(dir, "");
	run_remove(dir);
}

Test(events, a_module_is_called_by_its_node)
{
	char *dir = run_dir();

	write_file(dir, "5 probe 1 is silent\n6 probe 999 is back\n");
	holds(dir, "5 probe probe on r1 is silent\n"
		   "6 probe module 999 is back\n");
	run_remove(dir);
}

Test(events, what_a_crash_left_is_passed_over)
{
	char *dir = run_dir();

	write_file(dir, "1 mark whole\n2 mark to");
	holds(dir, "1 mark whole\n");
	add(dir, 3, "next");
	holds(dir, "1 mark whole\n2 mark to\n3 mark next\n");
	run_remove(dir);
}

Test(events, what_makes_no_sense_is_passed_over)
{
	char *dir = run_dir();

	write_file(dir,
		"\n\n1\n1 mark\n1 mark \nx mark no\n1x mark no\n mark no\n"
		"99999999999999999999 mark no\n7 wonder no\n"
		"8 probe\n8 probe 1\n8 probe x is\n8 probe 70000 is\n"
		"9 run yes\n");
	holds(dir, "9 run yes\n");
	run_remove(dir);
}

Test(events, are_not_without_limit)
{
	char *dir = run_dir();
	struct buf text = BUF_INIT(1 << 24);
	const struct event e = {1, EVENT_MARK, 0, "one more", NULL};

	while (text.len < (size_t)EVENTS_MAX * 270)
		buf_adds(&text, "1 mark x\n");
	buf_addc(&text, '\0');
	write_file(dir, text.data);
	cr_assert_eq(events_add(dir, &e, NULL), -NFZ_E_LIMIT);
	buf_release(&text);
	run_remove(dir);
}

Test(events, without_a_collector_we_mark_ourselves)
{
	char *dir = run_dir();
	struct err err = ERR_INIT;

	cr_assert_eq(
		events_tell(dir,
			&(struct event){4, EVENT_MARK, 0, "attack\non", NULL},
			&err),
		0, "%s", err.text);
	holds(dir, "4 mark attack on\n");
	run_remove(dir);
}

Test(events, what_was_told_is_not_told_again)
{
	static const struct event told[] = {
		{30, EVENT_TESTBED, 0, "link0 down", NULL},
		{35, EVENT_TESTBED, 0, "link0  up\n", NULL}};
	char *dir = run_dir();
	struct err err = ERR_INIT;
	size_t fresh;

	add(dir, 30, "link0 down");
	cr_assert_eq(events_tell_new(dir, told, 2, &fresh, &err), 0);
	cr_assert_eq(fresh, 2);
	cr_assert_eq(events_tell_new(dir, told, 2, &fresh, &err), 0);
	cr_assert_eq(fresh, 0);
	holds(dir, "30 mark link0 down\n30 testbed link0 down\n"
		   "35 testbed link0  up\n");
	run_remove(dir);
}
