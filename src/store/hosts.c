/* Open addressing; half of the slots are free. */
#include "store/hosts.h"
#include "base/mem.h"

#include <string.h>

enum { FIRST_SIZE = 2048, GROWTH = 2, AHEAD = 64 };
#define IS_V4 (UINT32_C(1) << 31)
_Static_assert(HOSTS_MAX < IS_V4, "numbers leave it free");

void hosts_init(struct hosts *h)
{
	*h = (struct hosts){.seed = hash_key_new()};
}

void hosts_release(struct hosts *h)
{
	free(h->addrs);
	free(h->index);
	*h = (struct hosts){0};
}

static uint64_t hash_of(const struct hosts *h, const struct net_addr *a)
{
	uint64_t words[2];

	memcpy(words, a, sizeof(words));
	return hash_words(&h->seed, words, 2);
}

static uint32_t tail_of(const struct net_addr *a)
{
	uint32_t tail;

	memcpy(&tail, a->b + sizeof(*a) - sizeof(tail), sizeof(tail));
	return tail;
}

static const struct net_addr *addr_in(
	const struct hosts *h, const struct hosts_slot *slot)
{
	return &h->addrs[(slot->number & ~IS_V4) - 1];
}

static bool is_in(const struct hosts *h, const struct hosts_slot *slot,
	const struct net_addr *a, uint32_t v4)
{
	return slot->tail == tail_of(a) && (slot->number & IS_V4) == v4 &&
	       (v4 || memcmp(addr_in(h, slot), a, sizeof(*a)) == 0);
}

/* The address's slot, or the free one where it goes. */
static struct hosts_slot *slot_of(const struct hosts *h,
	const struct net_addr *a, uint32_t v4, uint64_t hash)
{
	size_t at = hash & (h->size - 1);

	while (h->index[at].number && !is_in(h, &h->index[at], a, v4))
		at = (at + 1) & (h->size - 1);
	return &h->index[at];
}

static uint32_t v4_bit(const struct net_addr *a)
{
	return net_addr_is_v4(a) ? IS_V4 : 0;
}

static void grow(struct hosts *h)
{
	h->size = h->size ? h->size * GROWTH : FIRST_SIZE;
	free(h->index);
	h->index = mem_zalloc(h->size, sizeof(*h->index));
	mem_advise_table(h->index, h->size * sizeof(*h->index));
	for (size_t i = 0; i < h->n; i++) {
		const struct net_addr *a = &h->addrs[i];
		const uint32_t v4 = v4_bit(a);

		*slot_of(h, a, v4, hash_of(h, a)) =
			(struct hosts_slot){((uint32_t)i + 1) | v4, tail_of(a)};
	}
}

static int64_t number_of(
	struct hosts *h, const struct net_addr *a, uint64_t hash)
{
	const uint32_t v4 = v4_bit(a);
	struct hosts_slot *slot;

	if (h->n * 2 >= h->size)
		grow(h);
	slot = slot_of(h, a, v4, hash);
	if (slot->number)
		return (slot->number & ~IS_V4) - 1;
	if (h->n == HOSTS_MAX)
		return -1;
	MEM_PUSH(h->addrs, h->n, h->cap) = *a;
	*slot = (struct hosts_slot){(uint32_t)h->n | v4, tail_of(a)};
	return (int64_t)h->n - 1;
}

void hosts_prefetch(const struct hosts *h, const struct net_addr *a)
{
	if (h->size)
		__builtin_prefetch(&h->index[hash_of(h, a) & (h->size - 1)]);
}

int64_t hosts_number(struct hosts *h, const struct net_addr *a)
{
	return number_of(h, a, hash_of(h, a));
}

/* The index is asked for well ahead; the address it names, where the slot does
 * not hold it itself, less so. */
static void prefetch(const struct hosts *h, uint64_t far, uint64_t near)
{
	const struct hosts_slot *slot;

	if (!h->size)
		return;
	__builtin_prefetch(&h->index[far & (h->size - 1)]);
	slot = &h->index[near & (h->size - 1)];
	if (slot->number && !(slot->number & IS_V4))
		__builtin_prefetch(addr_in(h, slot));
}

bool hosts_numbers(
	struct hosts *h, const struct net_addr *addrs, size_t n, uint32_t *ret)
{
	uint64_t ring[AHEAD];

	for (size_t i = 0; i < n + AHEAD; i++) {
		size_t done = i - AHEAD, near = i - AHEAD / 2;
		int64_t number;

		if (i >= AHEAD) {
			number = number_of(h, &addrs[done], ring[done % AHEAD]);
			if (number < 0)
				return false;
			ret[done] = (uint32_t)number;
		}
		if (i >= n)
			continue;
		ring[i % AHEAD] = hash_of(h, &addrs[i]);
		prefetch(h, ring[i % AHEAD],
			ring[i >= AHEAD / 2 ? near % AHEAD : 0]);
	}
	return true;
}
