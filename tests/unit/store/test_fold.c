/* Against sums made one by one: what is in memory, what is put aside, and what
 * is of both, are folded alike. */
#include "store/fold.h"
#include "base/mem.h"
#include "unit/store/run.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

enum { GROUPS = 7, WITHIN = 300, ADDED = 20000 };

struct item {
	uint64_t group, member;
	uint64_t sum, times;
};

static void add(void *to, const void *more)
{
	struct item *i = to;
	const struct item *m = more;

	i->sum += m->sum;
	i->times += m->times;
}

/* Keys of all sizes, above the sign as well. */
static struct item item(uint32_t i)
{
	const uint32_t drawn = (i + 1) * 2654435761u;

	return (struct item){(drawn >> 8) % GROUPS,
		(uint64_t)0 - (drawn >> 11) % WITHIN, i, 1};
}

struct seen {
	struct item truth[GROUPS][WITHIN], last;
	size_t n, groups;
	size_t group_words;
	bool done[GROUPS], stop;
};

static struct item *truth_of(struct seen *s, const struct item *i)
{
	return &s->truth[i->group][(uint64_t)0 - i->member];
}

static int check(void *ctx, const void *it, struct err *err)
{
	const struct item *i = it;
	struct seen *s = ctx;
	const bool same = s->n && s->last.group == i->group;
	const bool grouped = s->group_words < 2;

	(void)err;
	cr_assert_eq(i->sum, truth_of(s, i)->sum);
	cr_assert_eq(i->times, truth_of(s, i)->times);
	cr_assert(!grouped || !same || s->last.member < i->member, "in order");
	cr_assert(!grouped || same || !s->done[i->group], "stay together");
	cr_assert(s->group_words || !s->n || s->last.group <= i->group);
	s->done[i->group] = true;
	s->last = *i;
	s->n++;
	return s->stop ? 7 : 0;
}

static void try(size_t most, size_t group_words)
{
	struct seen *s = mem_zalloc(1, sizeof(*s));
	struct fold *f = fold_new(&(struct fold_form){
		sizeof(struct item), 2, group_words, add, most});
	struct err err = ERR_INIT;
	size_t distinct = 0;

	for (uint32_t i = 0; i < ADDED; i++) {
		const struct item it = item(i);

		distinct += !truth_of(s, &it)->times;
		add(truth_of(s, &it), &it);
		cr_assert_eq(fold_add(f, &it, &err), 0, "%s", err.text);
	}
	s->group_words = group_words;
	for (int again = 0; again < 2; again++) {
		s->n = 0;
		memset(s->done, 0, sizeof(s->done));
		cr_assert_eq(fold_each(f, check, s, &err), 0, "%s", err.text);
		cr_assert_eq(s->n, distinct, "%zu of %zu", s->n, distinct);
	}
	s->n = 0;
	s->stop = true;
	memset(s->done, 0, sizeof(s->done));
	cr_assert_eq(fold_each(f, check, s, &err), 7);
	cr_assert_eq(s->n, 1);
	fold_free(f);
	free(s);
}

Test(fold, is_the_same_with_any_memory)
{
	const size_t most[] = {0, 1, 2, 100, 2099, 2100, 2101};
	char *dir = run_dir();

	cr_assert_eq(setenv("TMPDIR", dir, 1), 0);
	for (size_t i = 0; i < sizeof(most) / sizeof(*most); i++)
		for (size_t words = 0; words <= 2; words++)
			try(most[i], words);
	run_remove(dir);
}

static int none(void *ctx, const void *it, struct err *err)
{
	(void)ctx;
	(void)it;
	(void)err;
	cr_assert(false, "nothing was added");
	return 0;
}

Test(fold, of_nothing_is_nothing)
{
	struct fold *f = fold_new(
		&(struct fold_form){sizeof(struct item), 2, 2, add, 0});
	struct err err = ERR_INIT;

	cr_assert_eq(fold_each(f, none, NULL, &err), 0);
	fold_free(f);
}

Test(fold, a_full_disk_is_said_and_what_to_do)
{
	const struct rlimit little = {1000, 1000};
	struct fold *f = fold_new(
		&(struct fold_form){sizeof(struct item), 2, 2, add, 100});
	char *dir = run_dir();
	struct err err = ERR_INIT;
	int r = 0;

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setenv("TMPDIR", dir, 1), 0);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &little), 0);
	for (uint32_t i = 0; i < ADDED && r == 0; i++) {
		const struct item it = item(i);

		r = fold_add(f, &it, &err);
	}
	cr_assert_eq(r, -NFZ_E_DISK_FULL);
	cr_assert(strstr(err.text, dir), "%s", err.text);
	cr_assert(strstr(err.hint, "TMPDIR"), "%s", err.hint);
	fold_free(f);
	run_remove(dir);
}
