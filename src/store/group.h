/* Flows added up by keys (`--by`).
 *
 *   src dst sport dport proto    of the flow
 *   src/N dst/N                  the first N bits of its addresses
 *   flags                        TCP flags seen
 *   service                      protocol and the server's port
 *   size                         mean bytes of its packets, up to ...
 *   vlan out_vlan in_if out_if src_as dst_as next_hop src_mac dst_mac mpls
 *                                what exporters told besides; 0: nothing
 *   min_ttl fingerprint ...      a metric (flow/metric_fields.h), one of them;
 *                                none where it was not measured
 *   src_node dst_node            names of its ends; none where unknown
 *   node      both ends: a flow counts at its source's node and at its
 *             destination's, so these rows add up to more than the network
 *   link      each link it was seen on, with its count on that link
 *   time:S    pieces of S seconds; packets and bytes of a record are spread
 *             evenly over its time, and a flow counts in every piece in which
 *             it has some
 *
 * Without link and node every packet counts once. */
#ifndef NFZ_STORE_GROUP_H
#define NFZ_STORE_GROUP_H

#include "base/clock.h"
#include "flow/metric_fields.h"
#include "store/block.h"
#include "store/measure.h"
#include "store/merge.h"
#include "store/bins.h"
#include "store/hosts.h"
#include "store/piles.h"

/* What exporters told besides. */
#define GROUP_EXTRA_KEYS(X)                                                    \
	X(VLAN, "vlan")                                                        \
	X(OUT_VLAN, "out_vlan")                                                \
	X(IN_IF, "in_if")                                                      \
	X(OUT_IF, "out_if")                                                    \
	X(SRC_AS, "src_as")                                                    \
	X(DST_AS, "dst_as")                                                    \
	X(NEXT_HOP, "next_hop")                                                \
	X(SRC_MAC, "src_mac")                                                  \
	X(DST_MAC, "dst_mac")                                                  \
	X(MPLS, "mpls")
/* BIN is for figures (store/figures.h): a range of a measure's values, or a value
 * of a metric.  METRIC is called as the metric is. */
#define GROUP_KEYS(X)                                                          \
	X(SRC, "src")                                                          \
	X(DST, "dst")                                                          \
	X(SRC_NET, "src/")                                                     \
	X(DST_NET, "dst/")                                                     \
	X(SPORT, "sport")                                                      \
	X(DPORT, "dport")                                                      \
	X(PROTO, "proto")                                                      \
	X(FLAGS, "flags")                                                      \
	X(SERVICE, "service")                                                  \
	X(SIZE, "size")                                                        \
	X(LINK, "link")                                                        \
	X(NODE, "node")                                                        \
	X(SRC_NODE, "src_node")                                                \
	X(DST_NODE, "dst_node")                                                \
	GROUP_EXTRA_KEYS(X)                                                    \
	X(TIME, "time")                                                        \
	X(BIN, "")                                                             \
	X(METRIC, "")
/* Members of struct group_value: those that are addresses, and mere numbers. */
#define GROUP_ADDR_KEYS(X)                                                     \
	X(SRC, src)                                                            \
	X(DST, dst)                                                            \
	X(SRC_NET, src_net)                                                    \
	X(DST_NET, dst_net)
#define GROUP_NUMBER_KEYS(X)                                                   \
	X(SPORT, sport)                                                        \
	X(DPORT, dport)                                                        \
	X(PROTO, proto)                                                        \
	X(FLAGS, flags)                                                        \
	X(SERVICE, service)                                                    \
	X(SIZE, size)                                                          \
	X(LINK, link)                                                          \
	X(NODE, node)                                                          \
	X(SRC_NODE, src_node)                                                  \
	X(DST_NODE, dst_node)                                                  \
	X(BIN, bin)                                                            \
	X(METRIC, metric)
/* A switch over keys has all of a list: GROUP_EXTRA_KEYS(GROUP_CASE) */
#define GROUP_CASE(name, text) case GROUP_##name:

enum group_key {
#define X(name, text) GROUP_##name,
	GROUP_KEYS(X)
#undef X
		GROUP_KEY_COUNT
};

struct group_by {
	enum group_key keys[GROUP_KEY_COUNT];
	size_t n;
	int64_t bucket_ns;                    /* time */
	uint8_t src_len, dst_len;             /* src/N, dst/N, of 128 bits */
	enum measure of;                      /* bin */
	const struct export_field *of_metric; /* bin, instead; or NULL */
	const struct export_field *metric;
	struct map *words; /* texts of it, lent by who adds flows */
	const struct services *services; /* may be NULL */
	/* only what of records falls between them, of packets spread evenly
	 * over their time; equal: all of it */
	int64_t from_ns, to_ns;
};
/* What the key is called in JSON and CSV: "src", "src_net", "time". */
const char *group_key_name(enum group_key key);
/* One more key, "src", "dst/24" or "time:60". */
int group_by_add(
	struct group_by *by, const char *text, struct err *err) NFZ_MUST_CHECK;
bool group_by_has(const struct group_by *by, enum group_key key);
/* Is it one of what exporters told besides?  Flows must have that then. */
bool group_is_extra(enum group_key key);
bool group_asks_extras(const struct group_by *by);
/* A metric's value and 1 more, at most GROUP_METRIC_MOST; of text the number of
 * the word and 1 more.  0: it was not measured. */
#define GROUP_METRIC_MOST UINT32_MAX
uint32_t group_metric_place(const struct export_field *field, struct map *words,
	const struct flow_extra *extra);
/* A field that can be a key; NULL: it is none. */
const struct export_field *group_metric_named(const char *text, size_t len);
/* That one of them. */
void group_extra_keep(struct flow_extra *to, const struct flow_extra *from,
	enum group_key key);

/* What is not asked for is 0; nodes and links are -1 where unknown. */
struct group_value {
	struct net_addr src, dst, src_net, dst_net;
	uint16_t sport, dport;
	uint8_t proto, flags;
	uint16_t size;    /* the most, of its class */
	uint32_t service; /* protocol << 16 | port */
	int32_t link, node, src_node, dst_node;
	uint32_t bin;
	uint64_t metric; /* group_metric_place() */
	int64_t time_ns;
	struct flow_extra extra;
};
_Static_assert(sizeof(struct group_value) == 184, "no hidden padding");
/* As they are sorted: by time, then addresses, names and numbers. */
int group_value_compare(
	const struct group_value *a, const struct group_value *b);

struct group_row {
	struct group_value value;
	uint64_t flows, packets, bytes;
	/* of use to who gets the rows */
	size_t number;
	uint64_t rank;
	const uint64_t *key; /* for group_value_of() */
};

/* Keys that are there when the table is full are counted in it, all others are
 * put on piles.  Memory is bounded: when the piles grow too large, their keys are
 * divided by hash, and what is fed in is to be fed in once for each part. */
struct group {
	struct group_by by;
	struct bins bins;
	struct hosts hosts;
	size_t most; /* of bins */
	bool alone;  /* one key, an address: group_addr() */
	struct piles piles;
	size_t piles_room, piles_most; /* words, now and ever */
	struct bins sum;               /* of a pile */
	size_t place[GROUP_KEY_COUNT]; /* of each key in the bins's */
	struct group_part *open;       /* parts not done yet */
	size_t n_open, open_cap;
	bool serials;            /* a flow may be added several times... */
	uint64_t serial;         /* ...so flows are numbered */
	struct group_room *room; /* for blocks */
};
enum {
	GROUP_ROWS_MAX = 10000000,
	GROUP_BINS = 20000,       /* a table of 1 MB for two addresses */
	GROUP_BINS_ONE = 5500000, /* by one key: 256 MB, but rows of a block
	                           * are added up before */
	GROUP_PILES_WORDS = 1 << 26
};

/* rows_max, of the table and on piles; 0: as many as are good. */
void group_init(struct group *g, const struct group_by *by, size_t rows_max);
void group_release(struct group *g);
/* Rounds down, below zero as well. */
static inline int64_t group_floor(int64_t v, int64_t unit)
{
	int64_t rest = v % unit;

	return v - (rest < 0 ? rest + unit : rest);
}
/* Clocks that say times further from 1970 are believed for nothing but a place:
 * what 32 bits of seconds tell, until 2106.  Two such times have a distance. */
#define GROUP_TIME_MAX (NS_PER_S << 32)
/* Deals a record out over the pieces of time it lasted, unit_ns each: fn gets
 * each piece's begin and its part; the parts add up to the record. */
typedef int (*group_piece_fn)(void *ctx, int64_t at_ns, uint64_t packets,
	uint64_t bytes, struct err *err);
int group_spread(const struct flow_record *r, int64_t unit_ns,
	group_piece_fn fn, void *ctx, struct err *err) NFZ_MUST_CHECK;
/* What of a record falls from from_ns to before to_ns, dealt out the same way. */
void group_within(const struct flow_record *r, int64_t from_ns, int64_t to_ns,
	uint64_t *ret_packets, uint64_t *ret_bytes);
int group_add(struct group *g, const struct flow *f, const struct catalog *c,
	struct err *err) NFZ_MUST_CHECK;
/* Of so many at once, all with these keys. */
int group_add_sum(struct group *g, const struct group_value *v,
	const struct bins_more *sum, struct err *err) NFZ_MUST_CHECK;
/* Can it count rows of blocks? */
bool group_takes_blocks(const struct group_by *by);
/* What it asks of them: COLUMN_BITs, and whether for addresses. */
unsigned group_columns(const struct group_by *by, bool *ret_hosts);
/* Rows of a block that are flows as they stand. */
int group_add_block(struct group *g, struct block *b, const uint16_t *rows,
	size_t n, const struct catalog *c, struct err *err) NFZ_MUST_CHECK;
/* Calls fn for each row of the part that was fed in, its value not set: of most
 * rows nobody asks for it. */
typedef int (*group_row_fn)(
	void *ctx, const struct group_row *row, struct err *err);
int group_rows(struct group *g, group_row_fn fn, void *ctx,
	struct err *err) NFZ_MUST_CHECK;
struct group_value group_value_of(
	const struct group *g, const struct group_row *row);
/* Is there another part?  Then feed all in again. */
bool group_again(struct group *g);

#endif
