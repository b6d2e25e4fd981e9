/* What is gathered for a summary (private to summary*.c). */
#ifndef NFZ_STORE_SUMMARY_PARTS_H
#define NFZ_STORE_SUMMARY_PARTS_H

#include "base/map.h"
#include "format/jsonw.h"
#include "store/events.h"
#include "store/group.h"
#include "store/hosts.h"
#include "store/index.h"
#include "store/summary.h"

struct sums {
	uint64_t flows, packets, bytes;
};

/* One piece of time. */
struct piece {
	struct sums sum;
	uint64_t last_flow; /* counted last, as in struct group */
};

/* One direction at one member of a link: what it sent; on a LAN also what
 * was for it.  The last of a link is for slots that are not known. */
struct side {
	struct sums from, to;
	struct piece *from_course, *to_course; /* NULL: nothing */
};

struct link_sum {
	struct sums all;
	struct piece *course;
	struct side *sides; /* n_members + 1 */
	bool loses;         /* on one side of a step with a course */
};

/* A node, or an address that is no node's. */
struct end {
	int64_t node; /* -1 */
	struct net_addr addr;
};

enum { ANYBODY = -1 };

/* Flows that are alike but for their ports. */
struct kind {
	int32_t src, dst; /* nodes and, behind them, hosts; ANYBODY: others */
	int32_t path;     /* -1: of several */
	int32_t proto;
};
struct alike {
	struct kind key;
	struct sums all;
	struct piece *course; /* NULL: nothing */
	size_t into;          /* itself, or the others it is among */
	size_t place;         /* in groups, or behind them in kinds */
	uint32_t rank;        /* in small + 1; 0: it is not there */
};

/* What one of the small ones had in a piece of time; found by both. */
struct point {
	uint32_t rank, piece;
	uint64_t packets, bytes;
};
enum { POINT_KEY = 2 * sizeof(uint32_t) };

/* What went to one port. */
struct port_sum {
	uint16_t port;
	struct sums all;
	struct piece *course; /* NULL: nothing */
};
struct port_kind {
	struct {
		uint32_t port, kind; /* kind: in alike */
	} key;
	struct sums all;
};
enum { PORT_COUNT = 65536 };

struct path {
	size_t n;
	const int *links;
};

/* A flow as one row, with what was seen of it on each link. */
struct flow_hop {
	int link;
	uint64_t packets, bytes;
	int64_t first_ns, last_ns;
};
struct flow_row {
	struct flow_key key;
	uint64_t packets, bytes;
	int64_t first_ns, last_ns;
	uint8_t tcp_flags, flags;
	int32_t src, dst, path;
	struct flow_hop *hops; /* owned; in the order of the path */
	size_t n_hops;
};

/* From one link of a path to the next, over all flows that took both. */
struct step_piece {
	uint64_t sent, arrived; /* packets */
};
struct step {
	struct {
		int32_t from, to;
	} key;
	uint64_t flows;
	struct step_piece all;
	struct step_piece *course; /* of those that lose most; else NULL */
};

enum { OCTAVE_PARTS = 4, SCALE = 64 * OCTAVE_PARTS };
/* How many flows had a value of 2^(i / OCTAVE_PARTS) up to the next. */
struct scale {
	uint64_t n[SCALE], zero, max, sum;
};

struct summary {
	const struct summary_ask *ask;
	const struct catalog *catalog;
	struct arena arena;
	struct sums all;
	struct piece *course;         /* of all */
	struct piece *foreign_course; /* of what cannot be authenticated */
	int64_t first_ns, last_ns;    /* of records */
	bool any, foreign, estimated;
	struct link_sum *links;
	struct sums protos[256];
	struct map by_path;
	struct hosts hosts; /* that are no node's */
	struct index by_alike, by_step;
	struct end *ends; /* in the order they are written */
	size_t n_ends;
	struct path *paths;
	size_t n_paths, paths_cap;
	struct alike *alike;
	size_t n_alike, alike_cap;
	size_t *shown, n_shown; /* by falling bytes, others last */
	size_t n_others;        /* among them */
	size_t *small, n_small; /* the largest of the others */
	size_t n_told;          /* those of them with a course */
	struct point *points;
	size_t n_points, points_cap;
	struct index by_point;
	int32_t *path_at; /* by path: where it is written; -1: nowhere yet */
	size_t n_paths_at;
	struct sums *by_port;   /* PORT_COUNT, as is port_at */
	uint8_t *port_at;       /* place in ports + 1, 0: none */
	struct port_sum *ports; /* the largest, by falling bytes */
	struct port_kind *port_kinds;
	size_t n_ports, n_port_kinds, port_kinds_cap;
	struct index by_port_kind;
	bool ports_cut; /* more kinds than are kept: none are told */
	struct flow_row *rows;
	size_t n_rows, rows_cap;
	uint64_t large; /* bytes of the least that can be among the largest */
	struct step *steps;
	size_t n_steps, steps_cap;
	struct scale packets, bytes, duration_us;
	struct sums sizes[SIZE_CLASS_COUNT]; /* by mean size of a record */
	struct query_sums query;
	struct events events; /* of all times */
	/* second reading */
	int64_t begin_ns, unit_ns;
	size_t n_buckets;
	uint64_t serial;
	bool bounded; /* what is beyond the pieces of time does not count */
	bool cut;     /* more kinds of flows than are told apart at all */
	struct summary_room *room; /* for blocks */
};

enum { ALIKE_MAX = 200000, PATHS_MAX = 100000, DETAIL = 300000 };

/* How many numbers may be told of those that are not the largest. */
static inline size_t summary_detail(const struct summary *s)
{
	return s->ask->detail ? s->ask->detail : DETAIL;
}

static inline bool summary_wants(const struct summary *s, unsigned parts)
{
	return !s->ask->parts || (s->ask->parts & parts);
}

int summary_too_many_hosts(struct err *err);
/* Its place in paths, made where new; -1: too many. */
int32_t summary_path(struct summary *s, const int *links, size_t n);
/* What is read of a block. */
enum {
	SUMMARY_COLUMNS =
		COLUMN_BIT(SRC) | COLUMN_BIT(DST) | COLUMN_BIT(DPORT) |
		COLUMN_BIT(PROTO) | COLUMN_BIT(PACKETS) | COLUMN_BIT(BYTES) |
		COLUMN_BIT(LAST) | COLUMN_BIT(DURATION) | COLUMN_BIT(FLAGS)
};
/* Which kind of flow it is, made where new and room. */
struct alike *summary_kind(
	struct summary *s, const struct kind *key, uint64_t hash);
/* First reading: a merge_fn and a query_block_fn; ctx is the struct summary. */
int summary_count(void *ctx, const struct flow *f, struct err *err);
int summary_count_block(void *ctx, struct block *b, const uint16_t *rows,
	size_t n, struct err *err);
/* What both do: a flow, one of a, wherever it was seen; and of a row. */
void summary_count_flow(
	struct summary *s, const struct flow *f, struct alike *a);
void summary_count_record(
	struct summary *s, const struct flow_record *r, bool counted);
/* Rows: those of fewer bytes need not be kept. */
static inline bool summary_is_large(const struct summary *s, uint64_t bytes)
{
	return bytes >= s->large;
}
void summary_keep_row(struct summary *s, const struct flow_row *row);
/* Sorts and cuts them. */
void summary_cut_rows(struct summary *s);
/* So many of them at most. */
size_t summary_pieces(const struct summary *s);
/* Of those that are told apart without a course. */
bool summary_tells_small(const struct summary *s);
void summary_choose_ports(struct summary *s);
/* Of the second reading: what of a record falls into the pieces of time. */
typedef int (*summary_piece_fn)(void *ctx, int64_t at_ns, uint64_t packets,
	uint64_t bytes, struct err *err);
int summary_deal(const struct summary *s, const struct flow_record *r,
	summary_piece_fn fn, void *ctx, struct err *err) NFZ_MUST_CHECK;
/* Where the pieces of a flow go, .s set before; each row of it that counts. */
struct summary_courses {
	struct summary *s;
	struct piece **to[7];
	size_t n;
	uint32_t small; /* its rank + 1; 0: none */
};
void summary_begin_courses(struct summary_courses *c, const struct alike *kind,
	uint16_t dport, const struct sums *flow);
static inline void summary_add_foreign(
	struct summary_courses *c, const struct flow_record *r)
{
	if (r->flags & RECORD_FOREIGN)
		c->to[c->n++] = &c->s->foreign_course;
}
int summary_add_courses(const struct summary_courses *c,
	const struct flow_record *r, struct err *err) NFZ_MUST_CHECK;
size_t summary_piece(const struct summary *s, int64_t at_ns);
/* Steps: first reading, between, second. */
const struct flow_link *summary_on_link(const struct flow *f, int link);
void summary_count_steps(struct summary *s, const struct flow *f);
void summary_choose_steps(struct summary *s);
int summary_spread_steps(struct summary *s, const struct flow *f,
	struct err *err) NFZ_MUST_CHECK;
void summary_write_steps(struct jsonw *w, const struct summary *s);
/* Of flows that are gone; nothing where there are none. */
struct history;
void summary_write_history(
	struct jsonw *w, const struct summary *s, const struct history *h);
/* Second reading: of one of the small ones, by its rank. */
void summary_add_point(struct summary *s, const struct point *p);
/* Behind the readings: neighbours in the catalog become neighbours in ends. */
void summary_sort_ends(struct summary *s);
/* Paths, groups and kinds, which number what they are written with. */
void summary_write_kinds(struct jsonw *w, struct summary *s);
/* Second reading: the port, NULL if it is none of the largest; adds a flow to
 * it, one of a. */
struct port_sum *summary_port(const struct summary *s, uint16_t port);
void summary_count_port(struct summary *s, struct port_sum *port,
	const struct alike *a, const struct sums *flow);
/* Behind summary_write_kinds(). */
void summary_write_ports(struct jsonw *w, struct summary *s);
/* Second reading: a merge_fn and a query_block_fn. */
int summary_spread(void *ctx, const struct flow *f, struct err *err);
int summary_spread_block(void *ctx, struct block *b, const uint16_t *rows,
	size_t n, struct err *err);
void summary_write(
	struct summary *s, const struct store *store, struct buf *out);
void summary_put_sums(struct jsonw *w, const struct sums *s);
void summary_put_pieces(
	struct jsonw *w, const struct summary *s, const struct piece *course);
void summary_put_course(struct jsonw *w, const struct summary *s,
	const char *name, const struct piece *course);
/* The link a record was seen on, -1 unknown. */
int summary_link(const struct summary *s, const struct flow_record *r);

#endif
