#include "store/index.h"
#include "base/mem.h"

#include <criterion/criterion.h>

struct thing {
	uint64_t key[2];
	int other;
};
enum { THINGS = 5000 };

static struct index x;
static struct thing *things;

static void fill(void)
{
	things = mem_zalloc(THINGS, sizeof(*things));
	index_init(&x, sizeof(*things), sizeof(things->key));
	for (size_t i = 0; i < THINGS; i++) {
		things[i] = (struct thing){{i / 70, i % 70}, (int)i};
		index_add(&x, things, i);
	}
}

static void release(void)
{
	index_release(&x);
	free(things);
}

TestSuite(index, .init = fill, .fini = release);

Test(index, each_is_found_in_its_place)
{
	for (size_t i = 0; i < THINGS; i++)
		cr_assert_eq(
			index_find(&x, things, things[i].key), i + 1, "%zu", i);
}

Test(index, all_of_the_key_counts)
{
	const uint64_t none[][2] = {{0, 70}, {71, 1000}, {THINGS, 0}};

	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		cr_assert_eq(index_find(&x, things, none[i]), 0, "%zu", i);
}

/* Two keys that hash alike are told apart by what they are. */
Test(index, a_hash_is_no_key)
{
	const uint64_t other[2] = {THINGS, THINGS};

	cr_assert_eq(index_find_hashed(
			     &x, things, other, index_hash(&x, things[7].key)),
		0);
}

Test(index, what_was_emptied_is_not_there)
{
	index_empty(&x);
	cr_assert_eq(index_find(&x, things, things[0].key), 0);
	index_add(&x, things, 9);
	cr_assert_eq(index_find(&x, things, things[9].key), 10);
}
