/* Open addressing by the hash's low bits; parts go by its high ones. */
#include "store/bins.h"
#include "base/mem.h"

#include <string.h>

enum {
	/* the seventh table holds GROUP_BINS, at two thirds full */
	FIRST_SIZE = 2048,
	GROWTH = 4,
	COUNT_WORDS = 3,
	PART_SHIFT = 40,
	HOSTS_AHEAD = 16
};
_Static_assert(sizeof(struct bins_counts) == 8 * COUNT_WORDS, "as words");

void bins_init(struct bins *t, size_t places, size_t most, bool serials)
{
	*t = (struct bins){.seed = hash_key_new(),
		.words = (places + 1) / 2,
		.stride = (places + 1) / 2 + COUNT_WORDS + serials,
		.most = most};
	bins_begin(t, 1, 0);
}

void bins_release(struct bins *t)
{
	free(t->entries);
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

static void resize(struct bins *t, size_t size)
{
	t->size = size;
	t->entries = mem_zalloc(size, t->stride * sizeof(*t->entries));
	mem_advise_table(t->entries, size * t->stride * sizeof(*t->entries));
}

void bins_begin(struct bins *t, uint64_t parts, uint64_t rest)
{
	free(t->entries);
	t->parts = parts;
	t->rest = rest;
	t->n = 0;
	resize(t, FIRST_SIZE);
}

static bool is_mine(const struct bins *t, uint64_t hash)
{
	return (hash >> PART_SHIFT & (t->parts - 1)) == t->rest;
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
		if (!is_mine(t, hash))
			continue;
		memcpy(find(t, e, hash), e, width * sizeof(*e));
		t->n++;
	}
	free(old);
}

struct bins_counts *bins_at(struct bins *t, const uint64_t *key, uint64_t hash)
{
	uint64_t *e;

	if (!is_mine(t, hash))
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

static size_t host_place(
	const struct bins *t, const struct net_addr *a, uint64_t hash)
{
	const struct bins_hosts *h = &t->hosts;
	size_t at = hash & (h->index_size - 1);

	while (h->index[at] &&
		memcmp(&h->addrs[h->index[at] - 1], a, sizeof(*a)) != 0)
		at = (at + 1) & (h->index_size - 1);
	return at;
}

static void grow_hosts(struct bins *t)
{
	struct bins_hosts *h = &t->hosts;

	h->index_size = h->index_size ? h->index_size * 2 : FIRST_SIZE;
	free(h->index);
	h->index = mem_zalloc(h->index_size, sizeof(*h->index));
	mem_advise_table(h->index, h->index_size * sizeof(*h->index));
	for (size_t i = 0; i < h->n; i++)
		h->index[host_place(t, &h->addrs[i],
			host_hash(t, &h->addrs[i]))] = (uint32_t)i + 1;
}

static int64_t number_of(
	struct bins *t, const struct net_addr *a, uint64_t hash)
{
	struct bins_hosts *h = &t->hosts;
	size_t at;

	if (h->n * 2 >= h->index_size)
		grow_hosts(t);
	at = host_place(t, a, hash);
	if (h->index[at])
		return h->index[at] - 1;
	if (h->n == BINS_HOSTS_MAX)
		return -1;
	MEM_PUSH(h->addrs, h->n, h->cap) = *a;
	h->index[at] = (uint32_t)h->n;
	return (int64_t)h->n - 1;
}

int64_t bins_host(struct bins *t, const struct net_addr *a)
{
	return number_of(t, a, host_hash(t, a));
}

/* The index is asked for well ahead, the address it names less so. */
static void prefetch_host(const struct bins *t, uint64_t far, uint64_t near)
{
	const struct bins_hosts *h = &t->hosts;
	uint32_t number;

	if (!h->index_size)
		return;
	__builtin_prefetch(&h->index[far & (h->index_size - 1)]);
	number = h->index[near & (h->index_size - 1)];
	if (number)
		__builtin_prefetch(&h->addrs[number - 1]);
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
