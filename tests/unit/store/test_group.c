/* Groups are the same however little memory there is for them. */
#include "store/group.h"
#include "base/mem.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

enum { FLOWS = 20000, HOSTS = 300, ALL = 1 << 20 };

/* Random, and the same each time; a few counts are large ones. */
static uint64_t draw(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

/* Of two records, which may fall into one piece of time. */
static void feed(struct group *g)
{
	uint64_t state = 1;

	for (size_t i = 0; i < FLOWS; i++) {
		static const bool counted[2] = {true, true};
		struct flow_record a = {0}, b;
		const struct flow_record *rows[2] = {&a, &b};
		struct flow f = {.rows = rows, .counted = counted, .n_rows = 2};

		f.key.src = net_addr_v4_host((uint32_t)(draw(&state) % HOSTS));
		f.key.dst = net_addr_v4_host(
			(uint32_t)(draw(&state) % HOSTS % (i % 64 + 1)));
		a.packets = 1 + draw(&state) % (i % 97 ? 9 : 1 << 21);
		a.bytes = 40 + draw(&state) * (i % 89 ? 1 : 7);
		a.first_ns = (int64_t)(draw(&state) % 100) * 500000;
		a.last_ns = a.first_ns + (int64_t)(draw(&state) % 30) * 50000;
		b = a;
		f.packets = a.packets + b.packets;
		f.bytes = a.bytes + b.bytes;
		cr_assert_eq(group_add(g, &f, NULL, NULL), 0);
	}
}

struct gathered {
	const struct group *g;
	struct group_row *rows;
	size_t n, cap;
};

static int gather(void *ctx, const struct group_row *row, struct err *err)
{
	struct gathered *to = ctx;
	struct group_row next = *row;

	(void)err;
	next.value = group_value_of(to->g, row);
	MEM_PUSH(to->rows, to->n, to->cap) = next;
	return 0;
}

static int by_value(const void *a, const void *b)
{
	const struct group_row *x = a, *y = b;

	return group_value_compare(&x->value, &y->value);
}

static struct gathered run(
	const struct group_by *by, size_t rows_max, size_t *ret_passes)
{
	struct gathered all = {0};
	struct group g;

	group_init(&g, by, rows_max);
	all.g = &g;
	*ret_passes = 0;
	do {
		feed(&g);
		cr_assert_eq(group_rows(&g, gather, &all, NULL), 0);
		++*ret_passes;
	} while (group_again(&g));
	group_release(&g);
	qsort(all.rows, all.n, sizeof(*all.rows), by_value);
	return all;
}

static void same(const struct gathered *a, const struct gathered *b)
{
	cr_assert_eq(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		const struct group_row *x = &a->rows[i], *y = &b->rows[i];

		cr_assert_eq(by_value(x, y), 0);
		cr_assert_eq(x->flows, y->flows);
		cr_assert_eq(x->packets, y->packets);
		cr_assert_eq(x->bytes, y->bytes);
	}
}

/* All in the table; most on piles; in several parts. */
static void check(const char *key, const char *other)
{
	struct group_by by = {0};
	struct gathered whole;
	size_t passes;

	cr_assert_eq(group_by_add(&by, key, NULL), 0);
	cr_assert_eq(group_by_add(&by, other, NULL), 0);
	whole = run(&by, ALL, &passes);
	cr_assert_eq(passes, 1);
	cr_assert_gt(whole.n, 5000);
	for (size_t i = 0; i < 3; i++) {
		const size_t rows_max[] = {whole.n * 2 / 3, 500, 100};
		struct gathered some = run(&by, rows_max[i], &passes);

		cr_expect_eq(passes > 1, i > 0, "%zu", passes);
		same(&some, &whole);
		free(some.rows);
	}
	free(whole.rows);
}

Test(group, pairs_are_the_same_in_little_memory)
{
	check("src", "dst");
}

/* A flow counts once in each piece of time, though it is added twice. */
Test(group, pieces_of_time_are_the_same_in_little_memory)
{
	check("time:1ms", "src");
}
