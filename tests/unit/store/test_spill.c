/* Rows put aside on disk: all come back, each key in one heap. */
#include "store/spill.h"
#include "base/mem.h"
#include "unit/store/run.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

static const struct hash_key seed = {1, 2};

enum { ROWS = 20000, KEYS = 3000, ADDED = 7 };

/* Numbered by packets; of both IPs, with counts of any size. */
static struct flow_record row(uint32_t i)
{
	const uint32_t key = i * 2654435761u % KEYS;
	struct flow_record r = run_record(key % 3 ? "10.0.1.1" : "2001:db8::1",
		"10.0.3.1", (uint16_t)(1 + i % 4), i, i * 1e-3);

	r.key.sport = (uint16_t)key;
	r.bytes = i % 11 ? i : UINT64_MAX - i;
	return r;
}

struct back {
	size_t heap, n;
	uint64_t last;
	int heap_of[KEYS];
	bool *seen;
};

static int check(void *ctx, const struct flow_rows *rows, struct err *err)
{
	struct back *b = ctx;

	(void)err;
	for (size_t i = 0; i < rows->n; i++) {
		const struct flow_record *r = &rows->records[i];
		const struct flow_record want = row((uint32_t)r->packets);
		int *heap_of = &b->heap_of[r->key.sport];

		cr_assert_eq(memcmp(r, &want, sizeof(want)), 0);
		cr_assert(run_has_extra(rows, i));
		cr_assert(!b->seen[r->packets]);
		cr_assert_gt(r->packets, b->last, "as they came");
		cr_assert(!*heap_of || *heap_of == (int)b->heap + 1);
		*heap_of = (int)b->heap + 1;
		b->last = r->packets;
		b->seen[r->packets] = true;
		b->n++;
	}
	return 0;
}

static int add_all(struct spill *s, bool extras, struct err *err)
{
	cleanup_free struct flow_record *r = mem_zalloc(ROWS, sizeof(*r));
	cleanup_free struct flow_extra *e = mem_zalloc(ROWS, sizeof(*e));
	int res = 0;

	for (uint32_t i = 0; i < ROWS; i++) {
		r[i] = row(i + 1);
		e[i] = run_extra(i + 1);
	}
	for (size_t i = 0; i < ADDED && res == 0; i++) {
		const size_t from = ROWS * i / ADDED;
		const struct flow_rows rows = {r + from,
			extras ? e + from : NULL,
			ROWS * (i + 1) / ADDED - from};

		res = spill_add(s, &rows, err);
	}
	return res;
}

static char *put_here(void)
{
	char *dir = run_dir();

	cr_assert_eq(setenv("TMPDIR", dir, 1), 0);
	return dir;
}

Test(spill, every_row_comes_back_once_and_keys_stay_together)
{
	char *dir = put_here();
	struct back b = {.seen = mem_zalloc(ROWS + 1, sizeof(bool))};
	struct err err = ERR_INIT;
	struct spill *s;

	cr_assert_eq(spill_new(&seed, &s, &err), 0, "%s", err.text);
	cr_assert_eq(add_all(s, true, &err), 0, "%s", err.text);
	for (b.heap = 0; b.heap < SPILL_HEAPS; b.heap++) {
		b.last = 0;
		cr_assert_eq(spill_read(s, b.heap, check, &b, &err), 0);
	}
	cr_assert_eq(b.n, ROWS);
	spill_free(s);
	free(b.seen);
	run_remove(dir);
}

Test(spill, a_full_disk_is_said_and_what_to_do)
{
	const struct rlimit little = {100000, 100000};
	char *dir = put_here();
	struct err err = ERR_INIT;
	struct spill *s;

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &little), 0);
	cr_assert_eq(spill_new(&seed, &s, &err), 0, "%s", err.text);
	cr_assert_eq(add_all(s, false, &err), -NFZ_E_DISK_FULL);
	cr_assert(strstr(err.text, dir), "%s", err.text);
	cr_assert(strstr(err.hint, "TMPDIR"), "%s", err.hint);
	spill_free(s);
	run_remove(dir);
}

Test(spill, a_directory_that_is_not_there_is_named)
{
	struct err err = ERR_INIT;
	struct spill *s;

	cr_assert_eq(setenv("TMPDIR", "/nowhere/at/all", 1), 0);
	cr_assert_eq(spill_new(&seed, &s, &err), -NFZ_E_IO);
	cr_assert(strstr(err.text, "/nowhere/at/all"), "%s", err.text);
	cr_assert(strstr(err.hint, "TMPDIR"), "%s", err.hint);
}
