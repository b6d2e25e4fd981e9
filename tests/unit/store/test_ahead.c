/* Answers out of many blocks: the same with any number of threads, and no more
 * read than an answer takes. */
#include "base/file.h"
#include "base/mem.h"
#include "store/answer.h"
#include "unit/store/run.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SEGMENTS = 3, BATCHES = 5, ROWS = 12000 };

/* Rows of exporters, and every hundredth of tap 1: blocks that are read whole,
 * in part and not at all. */
static char *filled(void)
{
	char *dir = run_dir();
	struct store *s = run_open(dir, STORE_WRITE);
	struct flow_record *r = mem_zalloc(ROWS, sizeof(*r));
	uint64_t seq = 0;

	run_write_catalog(dir);
	for (uint32_t x = 1, k = 0; k < SEGMENTS * BATCHES; k++) {
		for (uint32_t i = 0; i < ROWS; i++) {
			x = x * 1664525 + 1013904223;
			r[i] = run_record("10.0.1.1", "10.0.3.1", 1,
				1 + (x >> 24), k + i * 1e-4);
			r[i].key.src.b[15] = (uint8_t)(x >> 20);
			r[i].key.dst.b[14] = (uint8_t)(x >> 12 & 3);
			r[i].key.sport = (uint16_t)(x >> 16);
			r[i].key.dport = x >> 9 & 1 ? 80 : 53;
			if (i % 100)
				r[i].flags = RECORD_FOREIGN;
		}
		run_store(s, 1, ++seq, r, ROWS);
		if (k % BATCHES == BATCHES - 1 && k + 1 < SEGMENTS * BATCHES)
			cr_assert_eq(store_seal(s, NULL), 0);
	}
	store_close(s);
	free(r);
	return dir;
}

/* 0, or what answer_write says. */
static int ask(const char *dir, const char *filter, struct answer a, char **ret,
	struct answer_sums *sums)
{
	struct store *s = run_open(dir, STORE_READ);
	struct catalog *c = NULL;
	struct filter *f = NULL;
	struct err err = ERR_INIT;
	size_t len;
	int r;

	cr_assert_eq(catalog_load(dir, &c, &err), 0, "%s", err.text);
	cr_assert_eq(filter_parse(filter, strlen(filter), c, &f, &err), 0);
	a.query.catalog = c;
	a.query.filter = f;
	a.to = open_memstream(ret, &len);
	r = answer_write(s, &a, sums, &err);
	fclose(a.to);
	cr_assert(r == 0 || strstr(err.text, "seg-"), "%s", err.text);
	filter_free(f);
	catalog_free(c);
	store_close(s);
	return r;
}

Test(ahead, any_number_of_threads_gives_the_same)
{
	static const struct {
		const char *filter;
		struct answer a;
	} all[] = {{"host 10.0.1.7", {.format = SHEET_CSV}},
		{"", {.format = SHEET_CSV, .limit = 50}},
		{"port 53", {.format = SHEET_CSV,
				    .by = {{GROUP_SRC, GROUP_DST}, 2, 0}}},
		{"", {.format = SHEET_CSV, .by = {{GROUP_LINK}, 1, 0}}},
		{"packets > 200",
			{.format = SHEET_CSV,
				.query = {.from_ns = START + 4 * SECOND,
					.to_ns = START + 9 * SECOND}}},
		{"", {.format = SHEET_CSV,
			     .limit = 3000,
			     .sort = SORT_NONE,
			     .query.rows_max = 1000}}};
	char *dir = filled();

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		char *one = NULL;
		struct answer_sums first = {0}, sums;

		for (unsigned threads = 1; threads <= 5; threads += 2) {
			struct answer a = all[i].a;
			char *got = NULL;

			a.query.threads = threads;
			cr_assert_eq(
				ask(dir, all[i].filter, a, &got, &sums), 0);
			if (!one) {
				one = got;
				first = sums;
				cr_assert_gt(sums.shown, 0);
				continue;
			}
			cr_assert_str_eq(got, one, "%s", all[i].filter);
			cr_assert_eq(sums.query.kept, first.query.kept);
			cr_assert_eq(sums.query.rows, first.query.rows);
			free(got);
		}
		free(one);
	}
	run_remove(dir);
}

Test(ahead, no_more_is_read_than_a_listing_takes)
{
	struct answer a = {.format = SHEET_CSV, .limit = 5, .sort = SORT_NONE};
	char *dir = filled(), *got = NULL;
	struct answer_sums sums;

	cr_assert_eq(ask(dir, "port 53", a, &got, &sums), 0);
	cr_assert_eq(sums.shown, 5);
	cr_assert_leq(sums.query.rows, (uint64_t)BLOCK_ROWS);
	free(got);
	a.sort = SORT_BYTES; /* for the largest all are looked at */
	cr_assert_eq(ask(dir, "port 53", a, &got, &sums), 0);
	cr_assert_eq(sums.query.rows, (uint64_t)SEGMENTS * BATCHES * ROWS);
	free(got);
	run_remove(dir);
}

/* Which thread prepared blocks. */
struct seen {
	pthread_t scans;
	unsigned patience; /* after so many blocks it waits for another */
	atomic_uint alone; /* blocks before another's first */
	atomic_bool others;
};

static int look(const void *ctx, struct block *b, struct err *err)
{
	struct seen *seen = *(struct seen *const *)ctx;

	(void)b;
	(void)err;
	if (!pthread_equal(pthread_self(), seen->scans))
		seen->others = true;
	else if (!seen->others)
		seen->alone++;
	while (!seen->others && seen->alone > seen->patience)
		sched_yield();
	return 0;
}

static int pass(void *ctx, struct block *b, struct err *err)
{
	(void)ctx;
	(void)b;
	(void)err;
	return 0;
}

Test(ahead, threads_begin_after_some_blocks, .timeout = 60)
{
	char *dir = filled();
	struct store *s = run_open(dir, STORE_READ);
	struct seen seen = {.scans = pthread_self(), .patience = 4};
	struct seen *p = &seen;
	struct store_scan scan = {.threads = 2,
		.alone = 4,
		.prepare = look,
		.block = pass,
		.ctx = &p};

	cr_assert_eq(store_scan(s, &scan, NULL), 0);
	cr_assert(seen.others);
	cr_assert_geq(seen.alone, 4);
	seen = (struct seen){.scans = pthread_self(), .patience = UINT_MAX};
	scan.alone = 100;
	cr_assert_eq(store_scan(s, &scan, NULL), 0);
	cr_assert(!seen.others);
	cr_assert_gt(seen.alone, 4);
	store_close(s);
	run_remove(dir);
}

/* A damaged block is an error that names its file, whoever came upon it. */
Test(ahead, damage_is_told_by_any_thread)
{
	char *dir = filled();
	cleanup_free char *path = mem_printf("%s/seg-%010d", dir, 2);
	struct answer a = {.format = SHEET_CSV,
		.by = {{GROUP_SRC, GROUP_SPORT, GROUP_DST}, 3, 0},
		.query.threads = 3};
	char *got = NULL;
	int fd = open(path, O_WRONLY);

	cr_assert_eq(pwrite(fd, "damage damage damage", 20, 200000), 20);
	close(fd);
	cr_assert_eq(ask(dir, "packets > 1", a, &got, NULL), -NFZ_E_INPUT);
	free(got);
	run_remove(dir);
}
