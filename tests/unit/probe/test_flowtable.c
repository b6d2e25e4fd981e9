#include "base/mem.h"
#include "probe/flowtable.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct flow_key key_of(uint32_t n)
{
	struct flow_key key = {.proto = 17};

	key.src = net_addr_v4_host(n);
	key.dst = net_addr_v4_host(1);
	return key;
}

static uint32_t tag_of(const struct flowtable *t, const struct flow_key *key)
{
	return flowtable_tag(flowtable_hash(t, key));
}

/* What is in is found, once; what is not in is not; ids are sound. */
static void check(const struct flowtable *t, const uint32_t *id, uint32_t n)
{
	uint32_t used = 0, slots = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct flow_key key = key_of(i);
		uint32_t found = flowtable_find(t, &key, tag_of(t, &key));

		cr_assert_eq(
			found, id[i], "key %u: %u, not %u", i, found, id[i]);
		used += id[i] != FLOWTABLE_NONE;
	}
	for (uint32_t i = 0; i <= t->mask; i++)
		slots += t->slots[i].number != 0;
	cr_assert_eq(used, t->n);
	cr_assert_eq(slots, t->n);
}

/* Random insertion and removal against an array, up to full and to empty. */
Test(flowtable, random_walk)
{
	enum { KEYS = 3000, CAP = 1000 };
	uint32_t *id = mem_zalloc(KEYS, sizeof(*id));
	unsigned seed = 5;
	struct flowtable t;

	flowtable_init(&t, CAP, 10);
	cr_assert_eq(t.cap, CAP);
	for (uint32_t i = 0; i < KEYS; i++)
		id[i] = FLOWTABLE_NONE;
	for (int step = 0; step < 60000; step++) {
		uint32_t k = (uint32_t)rand_r(&seed) % KEYS;
		struct flow_key key = key_of(k);

		if (id[k] != FLOWTABLE_NONE) {
			flowtable_remove(&t, id[k], tag_of(&t, &key));
			id[k] = FLOWTABLE_NONE;
		} else {
			bool full = t.n == t.cap;

			id[k] = flowtable_insert(&t, &key, tag_of(&t, &key));
			cr_assert_eq(id[k] == FLOWTABLE_NONE, full);
		}
		if (step % 6000 == 0)
			check(&t, id, KEYS);
	}
	for (uint32_t k = 0; k < KEYS; k++)
		if (id[k] != FLOWTABLE_NONE) {
			struct flow_key key = key_of(k);

			flowtable_remove(&t, id[k], tag_of(&t, &key));
			id[k] = FLOWTABLE_NONE;
		}
	check(&t, id, KEYS);
	flowtable_release(&t);
	free(id);
}

/* Homes crowd around the end, so that runs go on at the start; it grows, and
 * all are found still. */
Test(flowtable, grows_around_the_end)
{
	enum { FLOWS = 1300 };
	uint32_t *tag = mem_zalloc(FLOWS, sizeof(*tag));
	unsigned seed = 7;

	for (int round = 0; round < 50; round++) {
		struct flowtable t;

		flowtable_init(&t, FLOWS, 10);
		for (uint32_t k = 0; k < FLOWS; k++) {
			struct flow_key key = key_of(k);

			tag[k] = (uint32_t)rand_r(&seed) | 0x38u;
			cr_assert_eq(flowtable_insert(&t, &key, tag[k]), k);
			for (uint32_t i = 0; t.mask < 512 && i <= k; i++) {
				key = key_of(i);
				cr_assert_eq(
					flowtable_find(&t, &key, tag[i]), i);
			}
		}
		for (uint32_t k = 0; k < FLOWS; k++) {
			struct flow_key key = key_of(k);

			cr_assert_eq(flowtable_find(&t, &key, tag[k]), k);
		}
		flowtable_release(&t);
	}
	free(tag);
}
