/* The two readings, block by block, of rows that are flows as they stand:
 * those of foreign exporters, of which nothing is known of where they were
 * seen.  Each address of a block is looked for once, kinds of flows ahead. */
#include "base/mem.h"
#include "store/summary_parts.h"

enum { AHEAD = 16 };

struct summary_room {
	int32_t end_of[BLOCK_HOSTS]; /* of an address */
	uint16_t asked[BLOCK_HOSTS];
	struct net_addr addr[BLOCK_HOSTS]; /* no node's, and their numbers */
	uint32_t number[BLOCK_HOSTS];
	uint64_t hash[BLOCK_ROWS]; /* of kinds */
	struct kind key[BLOCK_ROWS];
	uint16_t large[BLOCK_ROWS];
};

/* The addresses of the rows, each once. */
static size_t ask_ends(struct summary_room *room, const struct block *b,
	const uint16_t *rows, size_t n)
{
	size_t n_asked = 0;

	memset(room->end_of, 0, b->n_hosts * sizeof(*room->end_of));
	for (size_t i = 0; i < 2 * n; i++) {
		const uint16_t place = i % 2 ? block_DST(b)[rows[i / 2]]
					     : block_SRC(b)[rows[i / 2]];

		if (!room->end_of[place])
			room->asked[n_asked++] = place;
		room->end_of[place] = 1;
	}
	return n_asked;
}

/* False: too many. */
static bool find_ends(struct summary *s, const struct block *b, size_t n)
{
	struct summary_room *room = s->room;
	size_t n_hosts = 0;

	for (size_t i = 0; i < n; i++) {
		const uint16_t place = room->asked[i];
		const struct net_addr a = block_host(b, place);
		const int node = catalog_node_of(s->catalog, &a);

		room->end_of[place] = node;
		if (node >= 0)
			continue;
		room->asked[n_hosts] = place;
		room->addr[n_hosts++] = a;
	}
	if (!hosts_numbers(&s->hosts, room->addr, n_hosts, room->number))
		return false;
	for (size_t i = 0; i < n_hosts; i++)
		room->end_of[room->asked[i]] =
			(int32_t)(s->catalog->n_nodes + room->number[i]);
	return true;
}

static int begin(struct summary *s, struct block *b, const uint16_t *rows,
	size_t n, struct err *err)
{
	const int32_t nowhere = summary_path(s, NULL, 0);
	struct summary_room *room;
	int r = block_need(b, SUMMARY_COLUMNS, err);

	if (r == 0)
		r = block_need_hosts(b, err);
	if (r < 0)
		return r;
	if (!s->room)
		s->room = mem_zalloc(1, sizeof(*s->room));
	room = s->room;
	if (!find_ends(s, b, ask_ends(room, b, rows, n)))
		return summary_too_many_hosts(err);
	for (size_t i = 0; i < n; i++) {
		room->key[i] = (struct kind){
			.src = room->end_of[block_SRC(b)[rows[i]]],
			.dst = room->end_of[block_DST(b)[rows[i]]],
			.path = nowhere,
			.proto = block_PROTO(b)[rows[i]]};
		room->hash[i] = index_hash(&s->by_alike, &room->key[i]);
	}
	return 0;
}

static struct alike *kind_at(struct summary *s, size_t i, size_t n)
{
	if (i + AHEAD < n) {
		index_prefetch(&s->by_alike, s->room->hash[i + AHEAD]);
		index_prefetch_item(
			&s->by_alike, s->alike, s->room->hash[i + AHEAD / 2]);
	}
	return summary_kind(s, &s->room->key[i], s->room->hash[i]);
}

static struct flow_record record_at(const struct block *b, size_t i)
{
	return (struct flow_record){.packets = block_PACKETS(b)[i],
		.bytes = block_BYTES(b)[i],
		.first_ns = block_first_ns(b, i),
		.last_ns = block_last_ns(b, i),
		.flags = block_FLAGS(b)[i]};
}

/* Of those that may be among the largest all columns are read. */
static int keep_large(struct summary *s, struct block *b, const uint16_t *rows,
	size_t n, struct err *err)
{
	struct summary_room *room = s->room;
	size_t n_large = 0;
	int r;

	for (size_t i = 0; i < n; i++) {
		if (!summary_is_large(s, block_BYTES(b)[rows[i]]))
			continue;
		/* keys are not asked for any more: they stay in order */
		room->key[n_large] = room->key[i];
		room->large[n_large++] = rows[i];
	}
	r = n_large ? block_need_rows(b, COLUMNS_ALL, room->large, n_large, err)
		    : 0;
	for (size_t i = 0; i < n_large && r == 0; i++) {
		struct flow_record row;

		block_row(b, room->large[i], &row);
		summary_keep_row(
			s, &(struct flow_row){.key = row.key,
				   .packets = row.packets,
				   .bytes = row.bytes,
				   .first_ns = row.first_ns,
				   .last_ns = row.last_ns,
				   .tcp_flags = row.tcp_flags,
				   .flags = row.flags &
					    (RECORD_FOREIGN | RECORD_ESTIMATED),
				   .src = room->key[i].src,
				   .dst = room->key[i].dst,
				   .path = room->key[i].path});
	}
	return r;
}

int summary_count_block(void *ctx, struct block *b, const uint16_t *rows,
	size_t n, struct err *err)
{
	struct summary *s = ctx;
	int r = begin(s, b, rows, n, err);

	for (size_t i = 0; i < n && r == 0; i++) {
		const struct flow_record row = record_at(b, rows[i]);
		const struct flow f = {
			.key = {.proto = block_PROTO(b)[rows[i]],
				.dport = block_DPORT(b)[rows[i]]},
			.packets = row.packets,
			.bytes = row.bytes,
			.first_ns = row.first_ns,
			.last_ns = row.last_ns};

		if (s->by_port && i + AHEAD < n)
			__builtin_prefetch(
				&s->by_port[block_DPORT(b)[rows[i + AHEAD]]]);
		summary_count_flow(s, &f, kind_at(s, i, n));
		summary_count_record(s, &row, true);
	}
	return r < 0 ? r : keep_large(s, b, rows, n, err);
}

int summary_spread_block(void *ctx, struct block *b, const uint16_t *rows,
	size_t n, struct err *err)
{
	struct summary *s = ctx;
	int r = begin(s, b, rows, n, err);

	for (size_t i = 0; i < n && r == 0; i++) {
		const struct flow_record row = record_at(b, rows[i]);
		struct summary_courses c = {.s = s};

		summary_begin_courses(&c, kind_at(s, i, n),
			block_DPORT(b)[rows[i]],
			&(struct sums){1, row.packets, row.bytes});
		summary_add_foreign(&c, &row);
		r = summary_add_courses(&c, &row, err);
	}
	return r;
}
