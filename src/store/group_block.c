/* Grouping rows of a block without making flows of them first: keys are taken
 * column by column.  One key is added up in the block before it goes into the
 * table; several are hashed ahead of looking them up. */
#include "base/mem.h"
#include "store/group_inside.h"

#include <string.h>

enum { PIECES_MAX = 100000 /* of one record */, CODES = 65536, AHEAD = 32 };

struct code_counts {
	uint64_t flows, packets, bytes;
};

struct group_room {
	struct code_counts by_code[CODES];
	uint16_t codes[CODES]; /* distinct ones */
	uint16_t code_of[BLOCK_ROWS];
	uint32_t value_of[CODES]; /* of codes */
	/* of addresses of the block, 0: not asked for yet */
	uint32_t number_of[BLOCK_HOSTS]; /* + 1 */
	struct net_addr addrs[BLOCK_HOSTS];
	uint16_t asked[BLOCK_HOSTS];
	uint32_t numbers[BLOCK_HOSTS];
	bool marked[CODES];
	uint32_t places[BLOCK_ROWS][BINS_PLACES_MAX];
	uint64_t keys[CODES * BINS_PLACES_MAX / 2]; /* one after the other */
	uint64_t hashes[CODES];
};

/* Time ----------------------------------------------------------------- */

/* total * part / whole, rounded down; part <= whole. */
static uint64_t share(uint64_t total, int64_t part, int64_t whole)
{
	__extension__ typedef unsigned __int128 wide;

	return (uint64_t)((wide)total * (uint64_t)part / (uint64_t)whole);
}

int group_spread(const struct flow_record *r, int64_t unit, group_piece_fn fn,
	void *ctx, struct err *err)
{
	uint64_t packets = 0, bytes = 0;
	int64_t whole, at, end;
	bool last = false;

	/* a clock that says such things is believed for nothing but a place */
	if (r->first_ns < -GROUP_TIME_MAX || r->first_ns > GROUP_TIME_MAX ||
		__builtin_sub_overflow(r->last_ns, r->first_ns, &whole))
		whole = 0;
	at = r->first_ns < -GROUP_TIME_MAX  ? -GROUP_TIME_MAX
	     : r->first_ns > GROUP_TIME_MAX ? GROUP_TIME_MAX
					    : r->first_ns;
	at = group_floor(at, unit);
	if (whole <= 0 || whole / unit > PIECES_MAX)
		return fn(ctx, at, r->packets, r->bytes, err);
	for (; !last; at = end) {
		uint64_t p = r->packets, b = r->bytes;
		int res = 0;

		/* times may be any numbers */
		last = __builtin_add_overflow(at, unit, &end) ||
		       end > r->last_ns;
		if (!last) {
			p = share(p, end - r->first_ns, whole);
			b = share(b, end - r->first_ns, whole);
		}
		if (p > packets || b > bytes)
			res = fn(ctx, at, p - packets, b - bytes, err);
		if (res < 0)
			return res;
		packets = p;
		bytes = b;
	}
	return 0;
}

/* What came before that time. */
static void before(const struct flow_record *r, int64_t at_ns,
	uint64_t *ret_packets, uint64_t *ret_bytes)
{
	int64_t whole, part;

	*ret_packets = *ret_bytes = 0;
	if (at_ns <= r->first_ns)
		return;
	*ret_packets = r->packets;
	*ret_bytes = r->bytes;
	if (at_ns > r->last_ns ||
		__builtin_sub_overflow(r->last_ns, r->first_ns, &whole) ||
		__builtin_sub_overflow(at_ns, r->first_ns, &part))
		return;
	*ret_packets = share(r->packets, part, whole);
	*ret_bytes = share(r->bytes, part, whole);
}

void group_within(const struct flow_record *r, int64_t from_ns, int64_t to_ns,
	uint64_t *ret_packets, uint64_t *ret_bytes)
{
	uint64_t packets, bytes;

	before(r, to_ns, ret_packets, ret_bytes);
	before(r, from_ns, &packets, &bytes);
	*ret_packets -= packets;
	*ret_bytes -= bytes;
}

/* Keys ----------------------------------------------------------------- */

static bool is_host_key(enum group_key key)
{
	return key == GROUP_SRC || key == GROUP_DST || key == GROUP_SRC_NODE ||
	       key == GROUP_DST_NODE;
}

static unsigned column_of(enum group_key key)
{
	switch (key) {
	case GROUP_SRC:
	case GROUP_SRC_NODE:
		return COLUMN_BIT(SRC);
	case GROUP_DST:
	case GROUP_DST_NODE:
		return COLUMN_BIT(DST);
	case GROUP_SPORT:
		return COLUMN_BIT(SPORT);
	case GROUP_DPORT:
		return COLUMN_BIT(DPORT);
	case GROUP_PROTO:
		return COLUMN_BIT(PROTO);
	case GROUP_TIME:
		return COLUMN_BIT(LAST) | COLUMN_BIT(DURATION);
		GROUP_EXTRA_KEYS(GROUP_CASE)
		return group_extra_columns(key);
	case GROUP_LINK:
	case GROUP_NODE:
	case GROUP_SRC_NET:
	case GROUP_DST_NET:
	case GROUP_FLAGS:
	case GROUP_SERVICE:
	case GROUP_SIZE:
	case GROUP_BIN:
	case GROUP_METRIC:
	case GROUP_KEY_COUNT:
		break;
	}
	return 0;
}

unsigned group_columns(const struct group_by *by, bool *ret_hosts)
{
	unsigned columns = COLUMN_BIT(PACKETS) | COLUMN_BIT(BYTES);

	*ret_hosts = false;
	for (size_t k = 0; k < by->n; k++) {
		columns |= column_of(by->keys[k]);
		*ret_hosts |= is_host_key(by->keys[k]);
	}
	return columns;
}

static int need(struct group *g, struct block *b, struct err *err)
{
	bool hosts;
	int r = block_need(b, group_columns(&g->by, &hosts), err);

	if (r == 0 && hosts)
		r = block_need_hosts(b, err);
	return r;
}

/* Values of a key, before addresses become numbers. */
static void take_codes(struct group_room *room, const struct block *b,
	enum group_key key, const uint16_t *rows, size_t n)
{
	const uint16_t *from = key == GROUP_SPORT   ? block_SPORT(b)
			       : key == GROUP_DPORT ? block_DPORT(b)
			       : key == GROUP_SRC || key == GROUP_SRC_NODE
				       ? block_SRC(b)
				       : block_DST(b);

	if (key == GROUP_LINK)
		memset(room->code_of, 0, n * sizeof(*room->code_of));
	else if (key == GROUP_PROTO)
		for (size_t i = 0; i < n; i++)
			room->code_of[i] = block_PROTO(b)[rows[i]];
	else
		for (size_t i = 0; i < n; i++)
			room->code_of[i] = from[rows[i]];
}

/* Numbers of the addresses that codes stand for.  Most addresses of a block
 * are both sources and destinations: each is looked up once. */
static int number_hosts(
	struct group *g, const struct block *b, size_t n_codes, struct err *err)
{
	struct group_room *room = g->room;
	size_t n = 0;

	for (size_t i = 0; i < n_codes; i++) {
		const uint16_t place = room->codes[i];

		if (room->number_of[place])
			continue;
		room->asked[n] = place;
		room->addrs[n++] = block_host(b, place);
	}
	if (!hosts_numbers(&g->hosts, room->addrs, n, room->numbers))
		return group_too_many(err, "addresses");
	for (size_t i = 0; i < n; i++)
		room->number_of[room->asked[i]] = room->numbers[i] + 1;
	for (size_t i = 0; i < n_codes; i++)
		room->value_of[room->codes[i]] =
			room->number_of[room->codes[i]] - 1;
	return 0;
}

/* What codes stand for, into room->value_of. */
static int find_values(struct group *g, const struct block *b,
	const struct catalog *c, enum group_key key, size_t n_codes,
	struct err *err)
{
	struct group_room *room = g->room;

	if (key == GROUP_SRC || key == GROUP_DST)
		return number_hosts(g, b, n_codes, err);
	for (size_t i = 0; i < n_codes; i++) {
		uint16_t code = room->codes[i];
		struct net_addr a;
		int32_t node = -1;

		if (is_host_key(key)) {
			a = block_host(b, code);
			node = catalog_node_of(c, &a);
		}
		room->value_of[code] = is_host_key(key) || key == GROUP_LINK
					       ? (uint32_t)node
					       : code;
	}
	return 0;
}

/* One key -------------------------------------------------------------- */

static size_t count_codes(struct group_room *room, const struct block *b,
	const uint16_t *rows, size_t n)
{
	const uint64_t *packets = block_PACKETS(b), *bytes = block_BYTES(b);
	size_t n_codes = 0;

	for (size_t i = 0; i < n; i++) {
		uint16_t code = room->code_of[i];
		struct code_counts *to = &room->by_code[code];

		if (!to->flows++)
			room->codes[n_codes++] = code;
		to->packets += packets[rows[i]];
		to->bytes += bytes[rows[i]];
	}
	return n_codes;
}

/* Its keys are one word each. */
static int take_addrs(
	struct group *g, const struct block *b, size_t n_codes, struct err *err)
{
	struct group_room *room = g->room;
	int r = 0;

	for (size_t i = 0; i < n_codes && r == 0; i++) {
		const struct net_addr a = block_host(b, room->codes[i]);
		uint32_t places[2] = {0};

		r = group_addr(g, &a, places, err);
		memcpy(&room->keys[i], places, sizeof(places));
	}
	return r;
}

static int take_values(struct group *g, const struct block *b,
	const struct catalog *c, size_t n_codes, struct err *err)
{
	struct group_room *room = g->room;
	int r = find_values(g, b, c, g->by.keys[0], n_codes, err);

	for (size_t i = 0; i < n_codes; i++)
		room->keys[i] = room->value_of[room->codes[i]];
	return r;
}

static int add_one_key(struct group *g, const struct block *b,
	const uint16_t *rows, size_t n, const struct catalog *c,
	struct err *err)
{
	struct group_room *room = g->room;
	size_t n_codes;
	int r;

	take_codes(room, b, g->by.keys[0], rows, n);
	n_codes = count_codes(room, b, rows, n);
	r = g->alone ? take_addrs(g, b, n_codes, err)
		     : take_values(g, b, c, n_codes, err);
	for (size_t i = 0; i < n_codes; i++)
		room->hashes[i] = bins_hash(&g->bins, &room->keys[i]);
	for (size_t i = 0; i < n_codes; i++) {
		struct code_counts *from = &room->by_code[room->codes[i]];
		const struct bins_more more = {
			{from->flows, from->packets, from->bytes}, 0};

		if (i + AHEAD < n_codes)
			bins_prefetch(&g->bins, room->hashes[i + AHEAD]);
		*from = (struct code_counts){0};
		if (r == 0)
			r = group_count(
				g, &room->keys[i], room->hashes[i], &more, err);
	}
	return r;
}

/* Several keys --------------------------------------------------------- */

/* One key of all rows into its place. */
static int put_column(struct group *g, const struct block *b,
	const uint16_t *rows, size_t n, const struct catalog *c,
	enum group_key key, struct err *err)
{
	struct group_room *room = g->room;
	const size_t at = g->place[key];
	const struct group_column to = {key, &room->places[0][at]};
	size_t n_codes = 0;
	int r;

	if (group_is_extra(key))
		return group_put_extra_column(g, b, rows, n, &to, err);
	take_codes(room, b, key, rows, n);
	for (size_t i = 0; i < n; i++) {
		uint16_t code = room->code_of[i];

		if (!room->marked[code])
			room->codes[n_codes++] = code;
		room->marked[code] = true;
	}
	r = find_values(g, b, c, key, n_codes, err);
	for (size_t i = 0; i < n_codes; i++)
		room->marked[room->codes[i]] = false;
	for (size_t i = 0; i < n && r == 0; i++)
		room->places[i][at] = room->value_of[room->code_of[i]];
	return r;
}

struct row_piece {
	struct group *g;
	uint32_t *places;
};

static int count_piece(void *ctx, int64_t at_ns, uint64_t packets,
	uint64_t bytes, struct err *err)
{
	const struct row_piece *p = ctx;
	const struct bins_more more = {{1, packets, bytes}, 0};
	uint64_t key[BINS_PLACES_MAX / 2];

	memcpy(p->places + p->g->place[GROUP_TIME], &at_ns, sizeof(at_ns));
	memcpy(key, p->places, p->g->bins.words * sizeof(*key));
	return group_count(p->g, key, bins_hash(&p->g->bins, key), &more, err);
}

static int add_times(struct group *g, const struct block *b,
	const uint16_t *rows, size_t n, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		const struct flow_record row = {
			.packets = block_PACKETS(b)[rows[i]],
			.bytes = block_BYTES(b)[rows[i]],
			.first_ns = block_first_ns(b, rows[i]),
			.last_ns = block_last_ns(b, rows[i])};
		struct row_piece piece = {g, g->room->places[i]};

		r = group_spread(
			&row, g->by.bucket_ns, count_piece, &piece, err);
	}
	return r;
}

static int add_rows(struct group *g, const struct block *b,
	const uint16_t *rows, size_t n, struct err *err)
{
	struct group_room *room = g->room;
	const size_t words = g->bins.words;
	uint64_t *key = room->keys;
	int r = 0;

	for (size_t i = 0; i < n; i++, key += words) {
		memcpy(key, room->places[i], words * sizeof(*key));
		room->hashes[i] = bins_hash(&g->bins, key);
	}
	key = room->keys;
	for (size_t i = 0; i < n && r == 0; i++, key += words) {
		const struct bins_more more = {
			{1, block_PACKETS(b)[rows[i]], block_BYTES(b)[rows[i]]},
			0};

		if (i + AHEAD < n)
			bins_prefetch(&g->bins, room->hashes[i + AHEAD]);
		r = group_count(g, key, room->hashes[i], &more, err);
	}
	return r;
}

int group_add_block(struct group *g, struct block *b, const uint16_t *rows,
	size_t n, const struct catalog *c, struct err *err)
{
	const bool time = group_by_has(&g->by, GROUP_TIME);
	int r = need(g, b, err);

	if (!g->room)
		g->room = mem_zalloc(1, sizeof(*g->room));
	if (r < 0)
		return r;
	memset(g->room->number_of, 0, b->n_hosts * sizeof(*g->room->number_of));
	if (g->by.n == 1 && !time && !group_is_extra(g->by.keys[0]))
		return add_one_key(g, b, rows, n, c, err);
	for (size_t k = 0; k < g->by.n && r == 0; k++)
		if (g->by.keys[k] != GROUP_TIME)
			r = put_column(g, b, rows, n, c, g->by.keys[k], err);
	if (r < 0)
		return r;
	return time ? add_times(g, b, rows, n, err)
		    : add_rows(g, b, rows, n, err);
}
