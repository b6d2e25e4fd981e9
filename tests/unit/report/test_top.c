#include "report/top.h"
#include "base/clock.h"
#include "report/facts.h"

#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

enum { LINKS = 1000, PIECES = 1, TIMES = 20 };

static void add_course(struct buf *out)
{
	buf_adds(out, "[");
	for (int i = 0; i < PIECES; i++)
		buf_addf(out, "%s%d,%d,%d,3", i ? "," : "", i, 120000 + i,
			100 + i);
	buf_adds(out, "]");
}

/* What a collector says of 1,000 busy links when a terminal asks. */
static void add_summary(struct buf *out)
{
	buf_addf(out,
		"{\"schema\":\"netflowize.summary/"
		"3\",\"begin_ms\":1790000000000,"
		"\"bucket_ms\":10000,\"buckets\":%d,\"flows\":9,\"packets\":9,"
		"\"bytes\":9,\"links\":[",
		PIECES);
	for (int i = 0; i < LINKS; i++) {
		buf_addf(out,
			"%s{\"name\":\"link%d\",\"lan\":false,\"members\":"
			"[\"a%d\",\"b%d\"],\"flows\":3,\"packets\":99,"
			"\"bytes\":9999,\"course\":",
			i ? "," : "", i, i, i);
		add_course(out);
		buf_adds(out, ",\"sides\":[{\"packets\":1,\"bytes\":2,"
			      "\"course\":");
		add_course(out);
		buf_adds(out, "},{\"packets\":1,\"bytes\":2,\"course\":");
		add_course(out);
		buf_adds(out, "},{\"packets\":0,\"bytes\":0,\"course\":[]}]}");
	}
	buf_adds(out, "],\"status\":{}}");
}

static int64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* One refresh: read, joined, drawn; the topology is made by the first. */
static void refresh_once(const struct buf *text, struct topology **t, int width,
	struct buf *frame)
{
	const struct top top = {.width = width, .height = 24, .ascii = true};
	struct facts *f = NULL;
	struct err err = ERR_INIT;

	cr_assert_eq(facts_parse(buf_str(text), text->len, &f, &err), 0, "%s",
		err.text);
	if (!*t)
		cr_assert_eq(facts_topology(f, t, &err), 0, "%s", err.text);
	facts_join(f, *t);
	buf_reset(frame);
	top_print(&top, f, *t, frame);
	facts_free(f);
}

/* What one refresh costs is said with --verbose; 2 % of a core are 40 ms. */
Test(top, a_thousand_links_are_drawn)
{
	struct buf text = BUF_INIT(1 << 24), frame = BUF_INIT(1 << 20);
	int64_t best = INT64_MAX, began;
	struct topology *t = NULL;

	add_summary(&text);
	for (int i = 0; i < TIMES; i++) {
		began = cpu_ns();
		refresh_once(&text, &t, 80, &frame);
		if (cpu_ns() - began < best)
			best = cpu_ns() - began;
	}
	cr_assert_not_null(strstr(buf_str(&frame), "link7"));
	cr_log_info("a refresh of %d links: %lld us of processor time", LINKS,
		(long long)best / 1000);
	topology_free(t);
	buf_release(&text);
	buf_release(&frame);
}

/* Columns go whole, the most important stay. */
Test(top, a_narrow_terminal_has_fewer_columns)
{
	static const struct {
		int width;
		const char *there, *gone;
	} all[] = {{77, "PACKETS/S", "nothing"}, {76, "PACKETS/S", "#"},
		{60, "ENDS", "PACKETS/S"}, {50, "UTIL\n", "ENDS"},
		{40, "[q]uit", "sort"}};
	struct buf text = BUF_INIT(1 << 24), frame = BUF_INIT(1 << 20);
	struct topology *t = NULL;

	add_summary(&text);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		refresh_once(&text, &t, all[i].width, &frame);
		cr_expect_not_null(strstr(buf_str(&frame), all[i].there),
			"at %d:\n%s", all[i].width, buf_str(&frame));
		cr_expect_null(strstr(buf_str(&frame), all[i].gone),
			"at %d:\n%s", all[i].width, buf_str(&frame));
	}
	topology_free(t);
	buf_release(&text);
	buf_release(&frame);
}
