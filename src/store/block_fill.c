/* Rows to columns.
 *
 * Rows go into their columns as they come, a few at a time while they are in the
 * cache.  Addresses are numbered in the order they come; when all are there the
 * frequent ones get the first places. */
#include "base/hash.h"
#include "base/mem.h"
#include "store/block_others.h"

#include <stdlib.h>
#include <string.h>

#define SIGN (UINT64_C(1) << 63)
enum { SLOTS = 4 * BLOCK_ROWS, OTHER = 1 << 15 };
_Static_assert(
	(int)BLOCK_HOSTS <= (int)OTHER, "a number and what it is a number of");

/* Of addresses of one kind: who has which number, how often it came. */
struct numbers {
	uint16_t slots[SLOTS]; /* number + 1 */
	uint32_t n, count[BLOCK_HOSTS];
	uint16_t place[BLOCK_HOSTS]; /* in the order of count */
};

/* The columns of places hold numbers meanwhile, with OTHER for no IPv4. */
struct block_filling {
	struct hash_key seed; /* addresses are chosen by strangers */
	struct numbers v4, other;
	uint32_t addrs4[BLOCK_HOSTS];
	struct net_addr addrs[BLOCK_HOSTS];
	uint32_t begins[BLOCK_HOSTS + 1];
};

void block_begin(struct block *b)
{
	if (!b->filling) {
		b->filling = mem_zalloc(1, sizeof(*b->filling));
		b->filling->seed = hash_key_new();
	}
	for (int k = 0; k < 2; k++) {
		struct numbers *of = k ? &b->filling->v4 : &b->filling->other;

		if (of->n)
			memset(of->slots, 0, sizeof(of->slots));
		of->n = 0;
	}
	b->n = 0;
	b->parts.extras = 0;
	b->parts.host_as = false;
	block_others_begin(&b->others);
}

/* Adding --------------------------------------------------------------- */

static uint16_t number_new(struct numbers *of, size_t slot)
{
	of->count[of->n] = 1;
	of->slots[slot] = (uint16_t)++of->n;
	return (uint16_t)(of->n - 1);
}

static uint16_t number_v4(struct block_filling *f, uint32_t addr)
{
	const uint64_t word = addr;
	size_t at = hash_words(&f->seed, &word, 1) & (SLOTS - 1);

	for (; f->v4.slots[at]; at = (at + 1) & (SLOTS - 1)) {
		const uint16_t number = (uint16_t)(f->v4.slots[at] - 1);

		if (f->addrs4[number] == addr) {
			f->v4.count[number]++;
			return number;
		}
	}
	f->addrs4[f->v4.n] = addr;
	return number_new(&f->v4, at);
}

static uint16_t number_of(struct block_filling *f, const struct net_addr *a)
{
	uint64_t words[2];
	size_t at;

	if (net_addr_is_v4(a))
		return number_v4(f, net_addr_v4_value(a));
	memcpy(words, a, sizeof(words));
	at = hash_words(&f->seed, words, 2) & (SLOTS - 1);
	for (; f->other.slots[at]; at = (at + 1) & (SLOTS - 1)) {
		const uint16_t number = (uint16_t)(f->other.slots[at] - 1);

		if (memcmp(&f->addrs[number], a, sizeof(*a)) == 0) {
			f->other.count[number]++;
			return number | OTHER;
		}
	}
	f->addrs[f->other.n] = *a;
	return number_new(&f->other, at) | OTHER;
}

static void add_columns(
	struct block *b, const struct flow_record *rows, size_t n)
{
#define X(name, type)                                                          \
	type *const name = (type *)b->column[COLUMN_##name] + b->n;
	BLOCK_COLUMNS(X)
#undef X
	for (size_t i = 0; i < n; i++) {
		const struct flow_record *r = &rows[i];

		SRC[i] = number_of(b->filling, &r->key.src);
		DST[i] = number_of(b->filling, &r->key.dst);
		SPORT[i] = r->key.sport;
		DPORT[i] = r->key.dport;
		PROTO[i] = r->key.proto;
		KEY_FLAGS[i] = r->key.flags;
		PACKETS[i] = r->packets;
		BYTES[i] = r->bytes;
		LAST[i] = (uint64_t)r->last_ns ^ SIGN;
		DURATION[i] = (uint64_t)r->last_ns - (uint64_t)r->first_ns;
		TAP[i] = r->tap;
		SRC_SLOT[i] = r->src_slot;
		DST_SLOT[i] = r->dst_slot;
		TCP_FLAGS[i] = r->tcp_flags;
		TOS[i] = r->tos;
		END_REASON[i] = r->end_reason;
		FLAGS[i] = r->flags;
	}
}

/* A column of what nobody told is all zeros, and none. */
static void add_extras(
	struct block *b, const struct flow_extra *extras, size_t n)
{
	static const struct flow_extra none;
	const unsigned has = extras ? flow_extras_of(extras, n) : 0;
	const unsigned fresh = has & ~b->parts.extras;
	const struct flow_extra *e = extras ? extras : &none;
	const size_t step = extras ? 1 : 0;

	b->parts.extras |= has;
	for (int c = COLUMN_EXTRAS; c < COLUMN_COUNT; c++)
		if (fresh >> (c - COLUMN_EXTRAS) & 1)
			memset(b->column[c], 0, b->n * block_sizes[c]);
#define X(name, member, type)                                                  \
	if (b->parts.extras & EXTRA_BIT(name)) {                               \
		type *to = (type *)b->column[COLUMN_EXTRAS + EXTRA_##name] +   \
			   b->n;                                               \
                                                                               \
		for (size_t i = 0; i < n; i++)                                 \
			to[i] = e[i * step].member;                            \
	}
	FLOW_EXTRAS(X)
#undef X
	if (has & EXTRA_BIT(OTHERS))
		block_others_add(&b->others, extras, n,
			(uint16_t *)b->column[COLUMN_OTHERS] + b->n);
	else if (b->parts.extras & EXTRA_BIT(OTHERS))
		memset((uint16_t *)b->column[COLUMN_OTHERS] + b->n, 0,
			n * sizeof(uint16_t));
}

size_t block_add(struct block *b, const struct flow_rows *rows, size_t from)
{
	const size_t room = BLOCK_ROWS - b->n, left = rows->n - from;
	const size_t all = left < room ? left : room;

	size_t done = 0;

	/* as many at a time as stay in the cache from one loop to the next */
	while (done < all && !block_full(b)) {
		const size_t i = from + done, rest = all - done;
		const size_t n = rest < BLOCK_FEW ? rest : BLOCK_FEW;

		add_columns(b, rows->records + i, n);
		add_extras(b, rows->extras ? rows->extras + i : NULL, n);
		b->n += n;
		done += n;
	}
	return done;
}

/* Ending --------------------------------------------------------------- */

/* The frequent first, the others as they came. */
static void find_places(struct numbers *of, uint32_t *begins)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < of->n; i++)
		most = of->count[i] > most ? of->count[i] : most;
	memset(begins, 0, (most + 1) * sizeof(*begins));
	for (uint32_t i = 0; i < of->n; i++)
		begins[most - of->count[i] + 1]++;
	for (uint32_t k = 1; k <= most; k++)
		begins[k] += begins[k - 1];
	for (uint32_t i = 0; i < of->n; i++)
		of->place[i] = (uint16_t)begins[most - of->count[i]]++;
}

static void put_places(const struct block_filling *f, uint16_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		v[i] = v[i] & OTHER ? (uint16_t)(f->v4.n +
						 f->other.place[v[i] & ~OTHER])
				    : f->v4.place[v[i]];
}

static void end_hosts(struct block *b)
{
	struct block_filling *f = b->filling;

	find_places(&f->v4, f->begins);
	find_places(&f->other, f->begins);
	for (uint32_t i = 0; i < f->v4.n; i++)
		b->hosts4[f->v4.place[i]] = f->addrs4[i];
	for (uint32_t i = 0; i < f->other.n; i++)
		b->hosts6[f->other.place[i]] = f->addrs[i];
	put_places(f, b->column[COLUMN_SRC], b->n);
	put_places(f, b->column[COLUMN_DST], b->n);
	b->parts.n_hosts4 = f->v4.n;
	b->parts.n_hosts6 = f->other.n;
	b->n_hosts = f->v4.n + f->other.n;
}

static void end_zone(struct block *b)
{
	struct store_zone *z = &b->zone;

	*z = (struct store_zone){
		.rows = (uint32_t)b->n, .first_ns = block_first_ns(b, 0)};
	for (int c = 0; c < COLUMN_COUNT; c++)
		if (b->have >> c & 1)
			z->column[c] = column_range(
				b->column[c], b->n, block_sizes[c]);
	z->last_ns = (int64_t)(z->column[COLUMN_LAST].max ^ SIGN);
	for (size_t i = 0; i < b->n; i++)
		if (block_first_ns(b, i) < z->first_ns)
			z->first_ns = block_first_ns(b, i);
}

void block_end(struct block *b)
{
	b->have = COLUMNS_ALL | block_extras(b);
	b->have_hosts = true;
	end_hosts(b);
	block_others_end(&b->others);
	end_zone(b);
}
