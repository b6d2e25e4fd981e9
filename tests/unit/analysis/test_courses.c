/* Rates of random records, against pieces of time dealt out one by one. */
#include "analysis/courses.h"
#include "analysis/study.h"
#include "base/clock.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { THINGS = 9, PIECES = 40, RECORDS = 500 };
#define UNIT (10 * NS_PER_S)

struct truth {
	uint64_t bytes[THINGS][COURSE_SIDES][PIECES];
	int64_t first, last; /* pieces in which there was anything */
	size_t given;
};

static int by_bytes(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x < *y) - (*x > *y);
}

static uint64_t rate(uint64_t bytes)
{
	return study_ratio(bytes * 8, NS_PER_S, UNIT);
}

static int check(void *ctx, const struct course_thing *thing,
	const struct course_rates rates[static COURSE_SIDES], struct err *err)
{
	struct truth *t = ctx;
	const size_t pieces = (size_t)(t->last - t->first) + 1;
	const size_t rank = (pieces * 95 + 99) / 100;

	(void)err;
	cr_assert_lt(thing->words[0], THINGS);
	for (size_t side = 0; side < COURSE_SIDES; side++) {
		uint64_t *of = t->bytes[thing->words[0]][side], sum = 0;
		const struct course_rates *r = &rates[side];

		for (size_t i = 0; i < PIECES; i++)
			sum += of[i];
		cr_assert_eq(r->bytes, sum);
		cr_assert(!sum || rate(of[r->peak_ns / UNIT]) == r->peak);
		qsort(of, PIECES, sizeof(*of), by_bytes);
		cr_assert_eq(r->peak, rate(of[0]));
		cr_assert_eq(r->mean, rate(sum) / pieces);
		cr_assert_eq(r->p95, rate(of[pieces - rank]));
	}
	t->given++;
	return 0;
}

Test(courses, rates_are_those_of_the_pieces)
{
	struct truth *t = calloc(1, sizeof(*t));
	struct err err = ERR_INIT;
	struct courses c;

	courses_init(&c, UNIT);
	t->first = PIECES;
	for (uint32_t i = 0; i < RECORDS; i++) {
		const uint32_t drawn = (i + 1) * 2654435761u >> 7;
		const struct course_thing thing = {{drawn % THINGS}};
		/* one piece, or two halves of two */
		const int64_t piece = drawn / 11 % (PIECES - 1);
		const bool two = drawn / 13 % 2;
		const int side = (int)(drawn / 17 % COURSE_SIDES);
		const struct flow_record r = {.packets = 2,
			.bytes = 2 * (drawn % 5000),
			.first_ns = piece * UNIT + (two ? UNIT / 2 : 0),
			.last_ns = piece * UNIT + (two ? UNIT / 2 * 3 : 0)};
		uint64_t *of = t->bytes[thing.words[0]][side];

		of[piece] += two ? r.bytes / 2 : r.bytes;
		of[piece + 1] += two ? r.bytes / 2 : 0;
		t->first = piece < t->first ? piece : t->first;
		t->last = piece + two > t->last ? piece + two : t->last;
		cr_assert_eq(courses_add(&c, &thing, side, &r, &err), 0);
	}
	cr_assert_eq(courses_each(&c, check, t, &err), 0);
	cr_assert_eq(t->given, THINGS);
	courses_release(&c);
	free(t);
}
