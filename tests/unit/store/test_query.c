/* Once-per-flow answers are the same whatever the room for rows. */
#include "base/mem.h"
#include "unit/store/run.h"

#include <criterion/criterion.h>
#include <string.h>

enum { FLOWS = 400, SEGMENTS = 4, ROWS_MAX = 20000 };

static uint32_t draw(uint32_t *x, uint32_t below)
{
	*x = *x * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)*x * below >> 32);
}

/* Flows a -> b and c -> b over three taps, some keys with silences that end
 * flows, some rows of exporters; in no order, sealed in part. */
static char *filled(uint32_t x)
{
	char *dir = run_dir();
	struct store *s = run_open(dir, STORE_WRITE);
	cleanup_free struct flow_record *r = mem_zalloc(ROWS_MAX, sizeof(*r));
	cleanup_free struct flow_extra *e = mem_zalloc(ROWS_MAX, sizeof(*e));
	size_t n = 0;

	run_write_catalog(dir);
	for (uint32_t i = 0; i < FLOWS; i++) {
		const bool c = draw(&x, 3) == 0;
		const uint32_t deltas = 1 + draw(&x, 4);

		for (uint32_t k = 0; k < 3 * deltas; k++) {
			const uint16_t tap = k % 3 ? (uint16_t)(k % 3 + 1)
						   : (uint16_t)(c ? 4 : 1);

			if (draw(&x, 20) == 0)
				continue;
			r[n] = run_record(c ? "10.0.4.1" : "10.0.1.1",
				"10.0.3.1", tap, 1 + draw(&x, 9),
				k / 3 * (draw(&x, 5) ? 2.0 : 40.0) +
					draw(&x, 1000) * 1e-3);
			r[n].key.sport = (uint16_t)(i / 2);
			if (i % 10 == 0)
				r[n].flags = RECORD_FOREIGN;
			n++;
		}
	}
	for (size_t i = n; i > 1; i--) {
		const size_t at = draw(&x, (uint32_t)i);
		const struct flow_record swap = r[at];

		r[at] = r[i - 1];
		r[i - 1] = swap;
	}
	for (size_t i = 0; i < n; i++)
		e[i] = run_extra(r[i].packets);
	for (uint64_t i = 0; i < SEGMENTS; i++) {
		const struct store_batch b = {.from = {1, 1},
			.seq = i + 1,
			.records = r + n * i / SEGMENTS,
			.extras = e + n * i / SEGMENTS,
			.n = n * (i + 1) / SEGMENTS - n * i / SEGMENTS};
		bool new;

		cr_assert_eq(store_append(s, &b, &new, NULL), 0);
		cr_assert_eq(i + 1 < SEGMENTS ? store_seal(s, NULL)
					      : store_commit(s, NULL),
			0);
	}
	store_close(s);
	return dir;
}

Test(query, any_room_for_rows_gives_the_same)
{
	static const struct {
		const char *filter;
		struct answer a;
	} all[] = {{"", {.format = SHEET_CSV}},
		{"", {.format = SHEET_CSV, .query.observations = true}},
		{"", {.format = SHEET_CSV, .query.extras = true}},
		{"via r1 and packets > 9", {.format = SHEET_NDJSON}},
		{"vlan 3 or src as 64507",
			{.format = SHEET_CSV, .by = {{GROUP_LINK}, 1, 0}}},
		{"", {.format = SHEET_CSV, .by = {{GROUP_SPORT}, 1, 0}}},
		{"link core", {.format = SHEET_CSV,
				      .limit = 7,
				      .query = {.from_ns = START + SECOND,
					      .to_ns = START + 3 * SECOND}}}};
	static const size_t most[] = {2, 10, 100, 1000};
	char *dir = filled(1);

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		char *want = run_asked(dir, all[i].filter, all[i].a);

		cr_assert_gt(strlen(want), 100, "%zu: %s", i, want);
		for (size_t k = 0; k < sizeof(most) / sizeof(*most); k++) {
			struct answer a = all[i].a;
			char *got;

			a.query.rows_max = most[k];
			a.query.threads = 1 + (unsigned)k % 3;
			got = run_asked(dir, all[i].filter, a);
			cr_assert_str_eq(got, want, "%zu, %zu rows:\n%s", i,
				most[k], got);
			free(got);
		}
		free(want);
	}
	run_remove(dir);
}

static size_t lines(const char *text)
{
	size_t n = 0;

	for (; (text = strchr(text, '\n')); text++)
		n++;
	return n;
}

/* Where any flows will do they are looked for among few keys first: each once,
 * and as many as there are. */
Test(query, a_few_flows_are_whole_ones_each_once)
{
	static const char *const filters[] = {
		"", "packets > 20 and src node c"};
	static const size_t limits[] = {1, 20, 10000};
	char *dir = filled(2);

	for (size_t i = 0; i < 6; i++) {
		struct answer a = {.format = SHEET_CSV};
		char *all = run_asked(dir, filters[i % 2], a), *got, *line;
		const size_t n_all = lines(all) - 1, limit = limits[i / 2];

		a.sort = SORT_NONE;
		a.limit = limit;
		a.query.rows_max = 50;
		got = run_asked(dir, filters[i % 2], a);
		cr_assert_gt(n_all, 10);
		cr_assert_eq(lines(got) - 1, limit < n_all ? limit : n_all);
		for (line = strtok(got, "\n"); line;
			line = strtok(NULL, "\n")) {
			char *there = strstr(all, line);

			cr_assert(there, "%s", line);
			*there = '#';
		}
		free(got);
		free(all);
	}
	run_remove(dir);
}

static int count_flow(void *ctx, const struct flow *f, struct err *err)
{
	size_t *n = ctx;

	(void)f, (void)err;
	++*n;
	return 0;
}

static int ask(const char *dir, struct query q, struct query_sums *sums,
	struct err *err)
{
	struct store *s = run_open(dir, STORE_READ);
	struct catalog *c = NULL;
	struct filter *f = NULL;
	size_t n = 0;
	int r;

	cr_assert_eq(catalog_load(dir, &c, err), 0, "%s", err->text);
	cr_assert_eq(filter_parse("", 0, c, &f, err), 0);
	q.catalog = c;
	q.filter = f;
	r = query_flows(s, &q, count_flow, &n, sums, err);
	cr_assert(r < 0 || n == sums->flows);
	filter_free(f);
	catalog_free(c);
	store_close(s);
	return r;
}

Test(query, rows_that_are_read_again_count_once)
{
	char *dir = filled(3);
	struct err err = ERR_INIT;
	struct query_sums all, few;

	cr_assert_eq(ask(dir, (struct query){0}, &all, &err), 0);
	cr_assert_eq(ask(dir, (struct query){.rows_max = 50, .few = true}, &few,
			     &err),
		0);
	cr_assert_eq(few.rows, all.rows);
	cr_assert_eq(few.kept, all.kept);
	cr_assert_eq(few.flows, all.flows);
	run_remove(dir);
}

/* One flow, of which no room is enough. */
Test(query, too_many_rows_of_a_flow_are_an_error)
{
	enum { ROWS = 2000 };
	char *dir = run_dir();
	struct store *s = run_open(dir, STORE_WRITE);
	cleanup_free struct flow_record *r = mem_zalloc(ROWS, sizeof(*r));
	struct err err = ERR_INIT;
	struct query_sums sums;

	run_write_catalog(dir);
	for (size_t i = 0; i < ROWS; i++)
		r[i] = run_record(
			"10.0.1.1", "10.0.3.1", 1, 1, (double)i * 1e-3);
	run_store(s, 1, 1, r, ROWS);
	store_close(s);
	cr_assert_eq(ask(dir, (struct query){.rows_max = 200}, &sums, &err), 0,
		"%s", err.text);
	cr_assert_eq(sums.flows, 1);
	cr_assert_eq(ask(dir, (struct query){.rows_max = 100}, &sums, &err),
		-NFZ_E_LIMIT);
	cr_assert(strstr(err.text, "1600"), "%s", err.text);
	cr_assert(strstr(err.hint, "--last"), "%s", err.hint);
	run_remove(dir);
}
