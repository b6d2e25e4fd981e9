/* Open addressing by the hash's low bits; parts go by its high ones. */
#include "store/bins.h"
#include "base/mem.h"

#include <string.h>

enum {
	/* a table of these sizes holds GROUP_BINS, at two thirds full */
	FIRST_SIZE = 2048,
	GROWTH = 2,
	COUNT_WORDS = 3,
	LINE = 64, /* bytes of the cache */
	HOSTS_AHEAD = 64
};
#define BINS_V4 (UINT32_C(1) << 31)
_Static_assert(BINS_HOSTS_MAX < BINS_V4, "numbers leave it free");
_Static_assert(sizeof(struct bins_counts) == 8 * COUNT_WORDS, "as words");

void bins_init(struct bins *t, const struct bins_form *form)
{
	const size_t words = bins_words(form);

	*t = (struct bins){.seed = hash_key_new(),
		.words = words,
		.stride = words + COUNT_WORDS + form->serials,
		.most = form->most};
	bins_begin(t, 1, 0);
}

void bins_release(struct bins *t)
{
	free(t->memory);
	free(t->hosts.addrs);
	free(t->hosts.index);
	*t = (struct bins){0};
}

static uint64_t *entry(const struct bins *t, size_t i)
{
	return t->entries + i * t->stride;
}

static struct bins_counts *counts(const struct bins *t, uint64_t *e)
{
	return (struct bins_counts *)(e + t->words);
}

static bool is_free(const struct bins *t, uint64_t *e)
{
	return counts(t, e)->flows == 0;
}

/* An entry of a short key lies in one line of the cache. */
static void resize(struct bins *t, size_t size)
{
	const size_t bytes = size * t->stride * sizeof(*t->entries);
	uintptr_t at;

	t->size = size;
	t->memory = mem_zalloc(bytes + LINE, 1);
	at = (uintptr_t)t->memory;
	t->entries = (uint64_t *)(at + (LINE - at % LINE) % LINE);
	mem_advise_table(t->entries, bytes);
}

void bins_begin(struct bins *t, uint64_t parts, uint64_t rest)
{
	free(t->memory);
	t->parts = parts;
	t->rest = rest;
	t->n = 0;
	resize(t, FIRST_SIZE);
}

void bins_empty(struct bins *t, size_t n)
{
	size_t size = FIRST_SIZE;

	while (size * 2 < n * 3)
		size *= 2;
	t->n = 0;
	if (t->size >= size && t->size <= size * GROWTH) {
		memset(t->entries, 0,
			t->size * t->stride * sizeof(*t->entries));
		return;
	}
	free(t->memory);
	resize(t, size);
}

/* The key's entry, or the free one where it goes. */
static uint64_t *find(const struct bins *t, const uint64_t *key, uint64_t hash)
{
	for (size_t i = hash & (t->size - 1);; i = (i + 1) & (t->size - 1)) {
		uint64_t *e = entry(t, i);
		size_t w = 0;

		if (is_free(t, e))
			return e;
		while (w < t->words && e[w] == key[w])
			w++;
		if (w == t->words)
			return e;
	}
}

/* Moves what is in old, and of this part, to a table of this size. */
static void rebuild(struct bins *t, size_t size)
{
	cleanup_free void *memory = t->memory;
	uint64_t *old = t->entries;
	size_t old_size = t->size, width = t->stride;

	resize(t, size);
	t->n = 0;
	for (size_t i = 0; i < old_size; i++) {
		uint64_t *e = old + i * width;
		uint64_t hash;

		if (is_free(t, e))
			continue;
		hash = bins_hash(t, e);
		if (!bins_is_mine(t, hash))
			continue;
		memcpy(find(t, e, hash), e, width * sizeof(*e));
		t->n++;
	}
}

struct bins_counts *bins_at(struct bins *t, const uint64_t *key, uint64_t hash)
{
	uint64_t *e;

	if (!bins_is_mine(t, hash))
		return NULL;
	e = find(t, key, hash);
	if (!is_free(t, e))
		return counts(t, e);
	if (t->n == t->most)
		return NULL;
	if (t->n * 3 >= t->size * 2) {
		rebuild(t, t->size * GROWTH);
		e = find(t, key, hash);
	}
	memcpy(e, key, t->words * sizeof(*e));
	t->n++;
	return counts(t, e);
}

void bins_prefetch(const struct bins *t, uint64_t hash)
{
	__builtin_prefetch(entry(t, hash & (t->size - 1)), 1);
}

void bins_halve(struct bins *t)
{
	t->parts *= 2;
	rebuild(t, t->size);
}

const struct bins_counts *bins_next(
	const struct bins *t, size_t *i, const uint64_t **ret_key)
{
	for (; *i < t->size; ++*i) {
		uint64_t *e = entry(t, *i);

		if (is_free(t, e))
			continue;
		++*i;
		*ret_key = e;
		return counts(t, e);
	}
	return NULL;
}

/* Addresses ------------------------------------------------------------ */

static uint64_t host_hash(const struct bins *t, const struct net_addr *a)
{
	uint64_t words[2];

	memcpy(words, a, sizeof(words));
	return hash_words(&t->seed, words, 2);
}

static uint32_t tail_of(const struct net_addr *a)
{
	uint32_t tail;

	memcpy(&tail, a->b + sizeof(*a) - sizeof(tail), sizeof(tail));
	return tail;
}

static const struct net_addr *addr_in(
	const struct bins_hosts *h, const struct bins_slot *slot)
{
	return &h->addrs[(slot->number & ~BINS_V4) - 1];
}

static bool is_in(const struct bins_hosts *h, const struct bins_slot *slot,
	const struct net_addr *a, uint32_t v4)
{
	return slot->tail == tail_of(a) && (slot->number & BINS_V4) == v4 &&
	       (v4 || memcmp(addr_in(h, slot), a, sizeof(*a)) == 0);
}

/* The address's slot, or the free one where it goes. */
static struct bins_slot *host_slot(const struct bins *t,
	const struct net_addr *a, uint32_t v4, uint64_t hash)
{
	const struct bins_hosts *h = &t->hosts;
	size_t at = hash & (h->index_size - 1);

	while (h->index[at].number && !is_in(h, &h->index[at], a, v4))
		at = (at + 1) & (h->index_size - 1);
	return &h->index[at];
}

static uint32_t v4_bit(const struct net_addr *a)
{
	return net_addr_is_v4(a) ? BINS_V4 : 0;
}

static void grow_hosts(struct bins *t)
{
	struct bins_hosts *h = &t->hosts;

	h->index_size = h->index_size ? h->index_size * GROWTH : FIRST_SIZE;
	free(h->index);
	h->index = mem_zalloc(h->index_size, sizeof(*h->index));
	mem_advise_table(h->index, h->index_size * sizeof(*h->index));
	for (size_t i = 0; i < h->n; i++) {
		const struct net_addr *a = &h->addrs[i];
		const uint32_t v4 = v4_bit(a);

		*host_slot(t, a, v4, host_hash(t, a)) =
			(struct bins_slot){((uint32_t)i + 1) | v4, tail_of(a)};
	}
}

static int64_t number_of(
	struct bins *t, const struct net_addr *a, uint64_t hash)
{
	struct bins_hosts *h = &t->hosts;
	const uint32_t v4 = v4_bit(a);
	struct bins_slot *slot;

	if (h->n * 2 >= h->index_size)
		grow_hosts(t);
	slot = host_slot(t, a, v4, hash);
	if (slot->number)
		return (slot->number & ~BINS_V4) - 1;
	if (h->n == BINS_HOSTS_MAX)
		return -1;
	MEM_PUSH(h->addrs, h->n, h->cap) = *a;
	*slot = (struct bins_slot){(uint32_t)h->n | v4, tail_of(a)};
	return (int64_t)h->n - 1;
}

int64_t bins_host(struct bins *t, const struct net_addr *a)
{
	return number_of(t, a, host_hash(t, a));
}

/* The index is asked for well ahead; the address it names, where the slot does
 * not hold it itself, less so. */
static void prefetch_host(const struct bins *t, uint64_t far, uint64_t near)
{
	const struct bins_hosts *h = &t->hosts;
	const struct bins_slot *slot;

	if (!h->index_size)
		return;
	__builtin_prefetch(&h->index[far & (h->index_size - 1)]);
	slot = &h->index[near & (h->index_size - 1)];
	if (slot->number && !(slot->number & BINS_V4))
		__builtin_prefetch(addr_in(h, slot));
}

bool bins_hosts(
	struct bins *t, const struct net_addr *addrs, size_t n, uint32_t *ret)
{
	uint64_t ring[HOSTS_AHEAD];

	for (size_t i = 0; i < n + HOSTS_AHEAD; i++) {
		size_t done = i - HOSTS_AHEAD, near = i - HOSTS_AHEAD / 2;
		int64_t number;

		if (i >= HOSTS_AHEAD) {
			number = number_of(
				t, &addrs[done], ring[done % HOSTS_AHEAD]);
			if (number < 0)
				return false;
			ret[done] = (uint32_t)number;
		}
		if (i >= n)
			continue;
		ring[i % HOSTS_AHEAD] = host_hash(t, &addrs[i]);
		prefetch_host(t, ring[i % HOSTS_AHEAD],
			ring[i >= HOSTS_AHEAD / 2 ? near % HOSTS_AHEAD : 0]);
	}
	return true;
}
