/* Rows to columns and back.
 *
 * Body: rows 4, hosts 4, the dictionary (column of addresses, most frequent
 * first), then the columns in the order of BLOCK_COLUMNS.  Rows stay in the
 * order they came in.  A body that ends too early or too late, a place outside
 * the dictionary or a number too wide for its field makes the block bad. */
#include "store/block.h"
#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define SIGN (UINT64_C(1) << 63)
enum { HOSTS_MAX = 2 * BLOCK_ROWS, SLOTS = 4 * BLOCK_ROWS };

struct host {
	struct net_addr addr;
	uint32_t count, place;
};

struct rank {
	uint32_t count, host;
};

struct block_writer {
	struct hash_key seed; /* addresses are chosen by strangers */
	struct host hosts[HOSTS_MAX];
	struct rank ranks[HOSTS_MAX];
	uint32_t slots[SLOTS]; /* host + 1 */
	size_t n_hosts;
	uint32_t src[BLOCK_ROWS], dst[BLOCK_ROWS]; /* hosts */
	uint64_t values[BLOCK_ROWS];
};

struct block_writer *block_writer_new(void)
{
	struct block_writer *w = mem_zalloc(1, sizeof(*w));

	w->seed = hash_key_new();
	return w;
}

void block_writer_free(struct block_writer *w)
{
	free(w);
}

static uint32_t host_of(struct block_writer *w, const struct net_addr *a)
{
	size_t at = hash_bytes(&w->seed, a->b, sizeof(a->b)) & (SLOTS - 1);

	for (; w->slots[at]; at = (at + 1) & (SLOTS - 1)) {
		struct host *h = &w->hosts[w->slots[at] - 1];

		if (memcmp(&h->addr, a, sizeof(*a)) == 0) {
			h->count++;
			return w->slots[at] - 1;
		}
	}
	w->hosts[w->n_hosts] = (struct host){.addr = *a, .count = 1};
	w->slots[at] = (uint32_t)++w->n_hosts;
	return w->slots[at] - 1;
}

static int by_count(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return (x->host > y->host) - (x->host < y->host);
}

/* Fills the dictionary and appends it. */
static void encode_hosts(struct block_writer *w, const struct flow_record *rows,
	size_t n, struct buf *out)
{
	cleanup_free struct net_addr *addrs = NULL;

	memset(w->slots, 0, sizeof(w->slots));
	w->n_hosts = 0;
	for (size_t i = 0; i < n; i++) {
		w->src[i] = host_of(w, &rows[i].key.src);
		w->dst[i] = host_of(w, &rows[i].key.dst);
	}
	for (uint32_t i = 0; i < w->n_hosts; i++)
		w->ranks[i] = (struct rank){w->hosts[i].count, i};
	qsort(w->ranks, w->n_hosts, sizeof(w->ranks[0]), by_count);
	addrs = mem_zalloc(w->n_hosts, sizeof(*addrs));
	for (uint32_t i = 0; i < w->n_hosts; i++) {
		w->hosts[w->ranks[i].host].place = i;
		addrs[i] = w->hosts[w->ranks[i].host].addr;
	}
	buf_u32(out, (uint32_t)n);
	buf_u32(out, (uint32_t)w->n_hosts);
	column_encode_addrs(addrs->b, w->n_hosts, out);
}

static uint64_t value(const struct block_writer *w, const struct flow_record *r,
	size_t i, enum block_column column)
{
	switch (column) {
	case COLUMN_SRC:
		return w->hosts[w->src[i]].place;
	case COLUMN_DST:
		return w->hosts[w->dst[i]].place;
	case COLUMN_SPORT:
		return r->key.sport;
	case COLUMN_DPORT:
		return r->key.dport;
	case COLUMN_PROTO:
		return r->key.proto;
	case COLUMN_KEY_FLAGS:
		return r->key.flags;
	case COLUMN_PACKETS:
		return r->packets;
	case COLUMN_BYTES:
		return r->bytes;
	case COLUMN_FIRST:
		return (uint64_t)r->first_ns ^ SIGN;
	case COLUMN_DURATION:
		return (uint64_t)r->last_ns - (uint64_t)r->first_ns;
	case COLUMN_TAP:
		return r->tap;
	case COLUMN_SRC_SLOT:
		return r->src_slot;
	case COLUMN_DST_SLOT:
		return r->dst_slot;
	case COLUMN_TCP_FLAGS:
		return r->tcp_flags;
	case COLUMN_TOS:
		return r->tos;
	case COLUMN_END_REASON:
		return r->end_reason;
	case COLUMN_FLAGS:
		return r->flags;
	case COLUMN_COUNT:
		break;
	}
	return 0;
}

void block_encode(struct block_writer *w, const struct flow_record *rows,
	size_t n, struct buf *out, struct store_zone *ret)
{
	*ret = (struct store_zone){.rows = (uint32_t)n,
		.first_ns = rows[0].first_ns,
		.last_ns = rows[0].last_ns};
	encode_hosts(w, rows, n, out);
	for (int c = 0; c < COLUMN_COUNT; c++) {
		for (size_t i = 0; i < n; i++)
			w->values[i] =
				value(w, &rows[i], i, (enum block_column)c);
		column_encode(w->values, n, out, &ret->column[c]);
	}
	for (size_t i = 0; i < n; i++) {
		if (rows[i].first_ns < ret->first_ns)
			ret->first_ns = rows[i].first_ns;
		if (rows[i].last_ns > ret->last_ns)
			ret->last_ns = rows[i].last_ns;
	}
}

void block_init(struct block *b)
{
	b->hosts = mem_zalloc(HOSTS_MAX, sizeof(*b->hosts));
	b->rows = mem_zalloc(BLOCK_ROWS, sizeof(*b->rows));
	b->values = mem_zalloc(BLOCK_ROWS, sizeof(*b->values));
	b->n = b->n_hosts = 0;
}

void block_release(struct block *b)
{
	free(b->hosts);
	free(b->rows);
	free(b->values);
	*b = (struct block){0};
}

bool block_decode_hosts(struct block *b, struct cursor *body)
{
	uint32_t rows = cursor_u32(body), hosts = cursor_u32(body);

	if (!cursor_ok(body) || rows < 1 || rows > BLOCK_ROWS || hosts < 1 ||
		hosts > 2 * rows)
		return false;
	b->n = rows;
	b->n_hosts = hosts;
	return column_decode_addrs(body, hosts, b->hosts->b);
}

static const uint64_t limit[COLUMN_COUNT] = {
	[COLUMN_SPORT] = UINT16_MAX,
	[COLUMN_DPORT] = UINT16_MAX,
	[COLUMN_PROTO] = UINT8_MAX,
	[COLUMN_KEY_FLAGS] = UINT8_MAX,
	[COLUMN_PACKETS] = UINT64_MAX,
	[COLUMN_BYTES] = UINT64_MAX,
	[COLUMN_FIRST] = UINT64_MAX,
	[COLUMN_DURATION] = UINT64_MAX,
	[COLUMN_TAP] = UINT16_MAX,
	[COLUMN_SRC_SLOT] = UINT16_MAX,
	[COLUMN_DST_SLOT] = UINT16_MAX,
	[COLUMN_TCP_FLAGS] = UINT8_MAX,
	[COLUMN_TOS] = UINT8_MAX,
	[COLUMN_END_REASON] = UINT8_MAX,
	[COLUMN_FLAGS] = UINT8_MAX,
};

static void set(struct block *b, struct flow_record *r, uint64_t v,
	enum block_column column)
{
	switch (column) {
	case COLUMN_SRC:
		r->key.src = b->hosts[v];
		return;
	case COLUMN_DST:
		r->key.dst = b->hosts[v];
		return;
	case COLUMN_SPORT:
		r->key.sport = (uint16_t)v;
		return;
	case COLUMN_DPORT:
		r->key.dport = (uint16_t)v;
		return;
	case COLUMN_PROTO:
		r->key.proto = (uint8_t)v;
		return;
	case COLUMN_KEY_FLAGS:
		r->key.flags = (uint8_t)v;
		return;
	case COLUMN_PACKETS:
		r->packets = v;
		return;
	case COLUMN_BYTES:
		r->bytes = v;
		return;
	case COLUMN_FIRST:
		r->first_ns = (int64_t)(v ^ SIGN);
		return;
	case COLUMN_DURATION:
		r->last_ns = (int64_t)((uint64_t)r->first_ns + v);
		return;
	case COLUMN_TAP:
		r->tap = (uint16_t)v;
		return;
	case COLUMN_SRC_SLOT:
		r->src_slot = (uint16_t)v;
		return;
	case COLUMN_DST_SLOT:
		r->dst_slot = (uint16_t)v;
		return;
	case COLUMN_TCP_FLAGS:
		r->tcp_flags = (uint8_t)v;
		return;
	case COLUMN_TOS:
		r->tos = (uint8_t)v;
		return;
	case COLUMN_END_REASON:
		r->end_reason = (uint8_t)v;
		return;
	case COLUMN_FLAGS:
		r->flags = (uint8_t)v;
		return;
	case COLUMN_COUNT:
		return;
	}
}

bool block_decode_rows(struct block *b, struct cursor *body)
{
	memset(b->rows, 0, b->n * sizeof(*b->rows));
	for (int c = 0; c < COLUMN_COUNT; c++) {
		uint64_t most = c == COLUMN_SRC || c == COLUMN_DST
					? b->n_hosts - 1
					: limit[c];

		if (!column_decode(body, b->n, b->values))
			return false;
		for (size_t i = 0; i < b->n; i++) {
			if (b->values[i] > most)
				return false;
			set(b, &b->rows[i], b->values[i], (enum block_column)c);
		}
	}
	return cursor_ok(body) && cursor_left(body) == 0;
}
