#include "base/map.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>

static void *number(size_t n)
{
	return (void *)(uintptr_t)(n + 1);
}

/* Every key is found, and iteration goes in the order of insertion. */
static void check(const struct map *map, size_t from, size_t to)
{
	struct map_entry *e;
	size_t i = 0, n = from;

	while ((e = map_next(map, &i))) {
		char key[32];

		snprintf(key, sizeof(key), "key%zu", n);
		cr_assert_str_eq(e->key, key);
		cr_assert_eq(map_gets(map, key), number(n));
		n++;
	}
	cr_assert_eq(n, to);
	cr_assert_eq(map->n, to - from);
}

Test(map, keeps_many_keys_in_order)
{
	struct map map;

	map_init(&map);
	for (size_t i = 0; i < 5000; i++) {
		char key[32];

		snprintf(key, sizeof(key), "key%zu", i);
		cr_assert_null(map_puts(&map, key, number(i)));
	}
	check(&map, 0, 5000);
	for (size_t i = 0; i < 4000; i++) {
		char key[32];
		int n = snprintf(key, sizeof(key), "key%zu", i);

		cr_assert_eq(map_remove(&map, key, (size_t)n), number(i));
		cr_assert_null(map_gets(&map, key));
	}
	check(&map, 4000, 5000);
	for (size_t i = 5000; i < 9000; i++) {
		char key[32];

		snprintf(key, sizeof(key), "key%zu", i);
		map_puts(&map, key, number(i));
	}
	check(&map, 4000, 9000);
	map_release(&map);
}

Test(map, replaces_and_tells_what_was_there)
{
	struct map map;

	map_init(&map);
	cr_assert_null(map_puts(&map, "a", number(1)));
	cr_assert_eq(map_puts(&map, "a", number(2)), number(1));
	cr_assert_eq(map.n, 1);
	cr_assert(map_has(&map, "a", 1));
	cr_assert_not(map_has(&map, "a\0", 2));
	map_release(&map);
}

Test(map, a_key_may_be_nothing)
{
	struct map map;

	map_init(&map);
	cr_assert_null(map_get(&map, NULL, 0));
	cr_assert_null(map_put(&map, NULL, 0, number(1)));
	cr_assert_eq(map_get(&map, NULL, 0), number(1));
	cr_assert_eq(map_get(&map, "", 0), number(1));
	cr_assert_eq(map.n, 1);
	map_release(&map);
}
