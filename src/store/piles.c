/* A pile is a list of chunks.  A row there is its key, a word of counts - or, if
 * they do not fit into it, WIDE and a word for each - and its serial, if any. */
#include "store/piles.h"
#include "base/mem.h"

#include <string.h>

/* Chunks are an odd number of cache lines: else the places where 1024 of them
 * are written would share a few sets of the cache. */
enum {
	CHUNK_WORDS = 257 * 8 - 2,
	ROW_WORDS_MAX = BINS_PLACES_MAX / 2 + 5,
	SLAB_CHUNKS = 512,
	TABLE_MAX = 20000 /* entries a table has at first: it stays in cache */
};
/* flows, packets, bytes of the word */
enum { FLOWS_BITS = 12, PACKETS_BITS = 20, BYTES_BITS = 32 };
#define ONES(bits) ((UINT64_C(1) << (bits)) - 1)
#define WIDE ONES(FLOWS_BITS)

struct pile_chunk {
	struct pile_chunk *next;
	size_t n;
	uint64_t words[CHUNK_WORDS];
};

struct pile {
	uint64_t *to, *end; /* in the last chunk */
	struct pile_chunk *first, *last;
	size_t rows;
};

void piles_init(struct piles *p, const struct bins_form *form)
{
	*p = (struct piles){
		.words = bins_words(form), .serials = form->serials};
}

void piles_release(struct piles *p)
{
	for (size_t i = 0; i < p->n_slabs; i++)
		free(p->slabs[i]);
	free(p->slabs);
	free(p->all);
	*p = (struct piles){0};
}

static struct pile_chunk *take_chunk(struct piles *p)
{
	const size_t bytes = SLAB_CHUNKS * sizeof(struct pile_chunk);
	struct pile_chunk *chunk = p->spare;

	if (!chunk) {
		chunk = mem_grow(NULL, SLAB_CHUNKS, sizeof(*chunk));
		mem_advise_table(chunk, bytes);
		MEM_PUSH(p->slabs, p->n_slabs, p->slabs_cap) = chunk;
		for (size_t i = 0; i < SLAB_CHUNKS; i++) {
			chunk[i].next = p->spare;
			p->spare = &chunk[i];
		}
		chunk = p->spare;
	}
	p->spare = chunk->next;
	chunk->next = NULL;
	return chunk;
}

static void next_chunk(struct piles *p, struct pile *pile)
{
	struct pile_chunk *chunk = take_chunk(p);

	if (pile->last) {
		pile->last->n = (size_t)(pile->to - pile->last->words);
		pile->last->next = chunk;
	} else {
		pile->first = chunk;
	}
	pile->last = chunk;
	pile->to = chunk->words;
	pile->end = chunk->words + CHUNK_WORDS - ROW_WORDS_MAX;
}

static uint64_t *put_counts(uint64_t *to, const struct bins_counts *c)
{
	if (c->flows < WIDE && c->packets <= ONES(PACKETS_BITS) &&
		c->bytes <= ONES(BYTES_BITS)) {
		*to = c->flows | c->packets << FLOWS_BITS |
		      c->bytes << (FLOWS_BITS + PACKETS_BITS);
		return to + 1;
	}
	*to++ = WIDE;
	memcpy(to, c, sizeof(*c));
	return to + sizeof(*c) / sizeof(*to);
}

static const uint64_t *get_counts(const uint64_t *at, struct bins_counts *ret)
{
	const uint64_t word = *at++;

	*ret = (struct bins_counts){word & WIDE,
		word >> FLOWS_BITS & ONES(PACKETS_BITS),
		word >> (FLOWS_BITS + PACKETS_BITS)};
	if (ret->flows != WIDE)
		return at;
	memcpy(ret, at, sizeof(*ret));
	return at + sizeof(*ret) / sizeof(*at);
}

void piles_put(struct piles *p, size_t i, const uint64_t *key,
	const struct bins_more *more)
{
	struct pile *pile;
	uint64_t *to;

	if (!p->all)
		p->all = mem_zalloc(PILES, sizeof(*p->all));
	pile = &p->all[i];
	if (pile->to >= pile->end)
		next_chunk(p, pile);
	to = pile->to;
	for (size_t w = 0; w < p->words; w++)
		*to++ = key[w];
	to = put_counts(to, &more->counts);
	if (p->serials)
		*to++ = more->serial;
	p->used += (size_t)(to - pile->to);
	pile->to = to;
	pile->rows++;
}

void piles_add_up(const struct piles *p, size_t i, struct bins *ret)
{
	const struct pile *pile = &p->all[i];
	struct bins_more more = {0};

	bins_empty(ret, pile->rows < TABLE_MAX ? pile->rows : TABLE_MAX);
	for (const struct pile_chunk *c = pile->first; c; c = c->next) {
		const uint64_t *at = c->words;
		const uint64_t *end = c == pile->last ? pile->to : at + c->n;

		while (at < end) {
			const uint64_t *key = at;

			at = get_counts(at + p->words, &more.counts);
			if (p->serials)
				more.serial = *at++;
			bins_count(
				bins_at(ret, key, bins_hash(ret, key)), &more);
		}
	}
}

void piles_drop(struct piles *p, size_t i)
{
	struct pile *pile = &p->all[i];

	if (!pile->last)
		return;
	for (struct pile_chunk *c = pile->first; c != pile->last; c = c->next)
		p->used -= c->n;
	p->used -= (size_t)(pile->to - pile->last->words);
	pile->last->next = p->spare;
	p->spare = pile->first;
	*pile = (struct pile){0};
}

void piles_squeeze(struct piles *p, size_t i, struct bins *room)
{
	const struct bins_counts *c;
	const uint64_t *key;

	piles_add_up(p, i, room);
	piles_drop(p, i);
	for (size_t at = 0; (c = bins_next(room, &at, &key));) {
		const struct bins_more more = {
			*c, p->serials ? *(const uint64_t *)(c + 1) : 0};

		piles_put(p, i, key, &more);
	}
}
