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

static uint32_t find(
	const struct flowtable *t, const struct flow_key *key, uint32_t tag)
{
	struct flowtable_place p = flowtable_look(t, tag);

	return flowtable_find(t, &p, key);
}

static uint32_t insert(
	struct flowtable *t, const struct flow_key *key, uint32_t tag)
{
	struct flowtable_place p = flowtable_look(t, tag);

	cr_assert_eq(flowtable_find(t, &p, key), FLOWTABLE_NONE);
	return flowtable_insert(t, &p, key);
}

/* What is in is found, once; what is not in is not; ids are sound. */
static void check(const struct flowtable *t, const uint32_t *id, uint32_t n)
{
	uint32_t used = 0, slots = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct flow_key key = key_of(i);
		uint32_t found = find(t, &key, tag_of(t, &key));

		cr_assert_eq(
			found, id[i], "key %u: %u, not %u", i, found, id[i]);
		used += id[i] != FLOWTABLE_NONE;
	}
	for (uint32_t i = 0; i <= t->mask; i++)
		slots += t->slots[i].number != 0;
	cr_assert_eq(used, t->n);
	cr_assert_eq(slots, t->n);
}

/* Inserted if it is not there, removed if it is. */
static void turn(struct flowtable *t, struct flowtable_place *p,
	const struct flow_key *key, uint32_t *id)
{
	const bool full = t->n == t->cap;

	cr_assert_eq(flowtable_find(t, p, key), *id);
	if (*id != FLOWTABLE_NONE) {
		flowtable_remove(t, *id, tag_of(t, key));
		*id = FLOWTABLE_NONE;
		return;
	}
	*id = flowtable_insert(t, p, key);
	cr_assert_eq(*id == FLOWTABLE_NONE, full);
}

/* Random insertion and removal against an array, up to full and to empty.  Who
 * is looked for is looked for before others come and go, and twice at times. */
Test(flowtable, random_walk)
{
	enum { KEYS = 3000, CAP = 1000, BATCH = 64, STEPS = 3000 };
	uint32_t *id = mem_zalloc(KEYS, sizeof(*id));
	struct flowtable_place place[BATCH];
	uint32_t k[BATCH];
	unsigned seed = 5;
	struct flowtable t;

	flowtable_init(&t, CAP, 10);
	cr_assert_eq(t.cap, CAP);
	for (uint32_t i = 0; i < KEYS; i++)
		id[i] = FLOWTABLE_NONE;
	for (int step = 0; step < STEPS; step++) {
		for (size_t i = 0; i < BATCH; i++) {
			struct flow_key key;

			k[i] = (uint32_t)rand_r(&seed) % KEYS;
			if (i > 0 && rand_r(&seed) % 8 == 0)
				k[i] = k[i - 1];
			key = key_of(k[i]);
			place[i] = flowtable_look(&t, tag_of(&t, &key));
		}
		for (size_t i = 0; i < BATCH; i++) {
			struct flow_key key = key_of(k[i]);

			turn(&t, &place[i], &key, &id[k[i]]);
		}
		if (step % (STEPS / 10) == 0)
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
			cr_assert_eq(insert(&t, &key, tag[k]), k);
			for (uint32_t i = 0; t.mask < 512 && i <= k; i++) {
				key = key_of(i);
				cr_assert_eq(find(&t, &key, tag[i]), i);
			}
		}
		for (uint32_t k = 0; k < FLOWS; k++) {
			struct flow_key key = key_of(k);

			cr_assert_eq(find(&t, &key, tag[k]), k);
		}
		flowtable_release(&t);
	}
	free(tag);
}
