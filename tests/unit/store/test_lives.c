/* When taps were closed, by the counters that the store keeps of their lives. */
#include "store/lives.h"
#include "unit/store/run.h"

#include <criterion/criterion.h>

static void heard(struct store *s, uint16_t module, uint64_t life, uint16_t tap,
	int64_t at_s)
{
	const struct tap_counters k = {
		.tap = tap, .at_ns = START + at_s * SECOND};

	cr_assert_eq(store_append_counters(s,
			     (struct store_source){module, life}, &k, 1, NULL),
		0);
}

static void assert_end(
	const struct lives *l, uint16_t tap, int64_t after_s, int64_t at_s)
{
	cr_assert_eq(lives_end(l, tap, START + after_s * SECOND),
		at_s < 0 ? INT64_MAX : START + at_s * SECOND,
		"tap %u after %d s", tap, (int)after_s);
}

Test(lives, end_where_another_begins_or_nobody_watches)
{
	char *dir = run_dir();
	struct store *s = run_open(dir, STORE_WRITE);
	struct catalog *c = run_catalog();
	const struct flow_record r =
		run_record("10.0.1.1", "10.0.3.1", 2, 7, 0);
	const struct module_stats m = {
		.module = 2, .life = 1, .clock_offset_ns = -5 * SECOND};
	uint16_t taps[CATALOG_TAPS];
	struct lives l = {0};

	heard(s, 1, 10, 1, 3);
	heard(s, 1, 10, 1, 4); /* what it says last counts */
	heard(s, 1, 11, 1, 8);
	heard(s, 1, 12, 1, 9);
	heard(s, 1, 10, 2, 4);
	/* its life is that of its meter, whichever cache has its records */
	run_store(s, 900, 1, &r, 1);
	heard(s, 2, 1, 3, 15);
	cr_assert_eq(store_append_stats(s, &m, NULL), 0);
	heard(s, 1, 10, 9, 4); /* of no tap that the catalog has */
	c->taps[c->tap_of[3] - 1].idle = true;
	c->taps[c->tap_of[4] - 1].idle = true; /* was never heard of */
	cr_assert_eq(store_commit(s, NULL), 0);
	lives_read(s, c, NULL, &l);
	assert_end(&l, 1, 0, 4);
	assert_end(&l, 1, 4, 4);
	assert_end(&l, 1, 5, 8);
	assert_end(&l, 1, 9, -1);
	assert_end(&l, 2, 0, -1);
	assert_end(&l, 3, 10, 10);
	assert_end(&l, 3, 11, -1);
	assert_end(&l, 4, 0, -1);
	assert_end(&l, 9, 0, -1);
	/* the same store once more, its taps called otherwise */
	for (unsigned i = 0; i < CATALOG_TAPS; i++)
		taps[i] = (uint16_t)(i + 100);
	lives_read(s, c, taps, &l);
	assert_end(&l, 1, 5, 8);
	assert_end(&l, 101, 5, 8);
	assert_end(&l, 103, 10, 10);
	cr_assert_eq(l.offset_ns[103], -5 * SECOND);
	cr_assert_eq(l.offset_ns[3], -5 * SECOND);
	lives_release(&l);
	catalog_free(c);
	store_close(s);
	run_remove(dir);
}
