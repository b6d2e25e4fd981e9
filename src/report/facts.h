/* A summary (store/summary.h) as values: what pages, findings and `top` are
 * made of.  The text may come from another machine: nothing in it is
 * believed unchecked. */
#ifndef NFZ_REPORT_FACTS_H
#define NFZ_REPORT_FACTS_H

#include "base/arena.h"
#include "base/err.h"
#include "topology/plan.h"
#include "topology/topology.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FACTS_UNKNOWN UINT64_MAX

struct facts_sums {
	uint64_t flows, packets, bytes;
};

/* One piece of time with something in it. */
struct facts_piece {
	size_t at;
	struct facts_sums sum;
};

struct facts_course {
	struct facts_piece *pieces; /* by rising at */
	size_t n;
};

/* What one member of a link sent: on a point-to-point link the direction away
 * from it. */
struct facts_side {
	uint64_t packets, bytes;
	struct facts_course course;
	struct facts_course to_course; /* LAN: of what was for that member */
};

struct facts_link {
	const char *name, *gap; /* gap: why it is not seen completely */
	bool lan;
	const char **members; /* nodes; NULL unknown */
	size_t n_members;
	struct facts_sums all;
	struct facts_course course;
	struct facts_side *sides; /* n_members, and one for unknown */
	int in_topology;          /* -1 */
};

struct facts_end {
	const char *name;
	bool is_node; /* else an address */
};

struct facts_group {
	int src, dst; /* ends, -1: others */
	int proto, path;
	struct facts_sums all;
	struct facts_course course;
};

struct facts_path {
	int *links;
	size_t n;
};

/* Of one piece of time. */
struct facts_loss {
	size_t at;
	uint64_t sent, arrived;
};

struct facts_step {
	int from, to; /* links */
	uint64_t flows, sent, arrived;
	struct facts_loss *losses; /* by rising at; where it was told */
	size_t n_losses;
};

struct facts_hop {
	int link;
	uint64_t packets, bytes;
};

struct facts_row {
	const char *src, *dst;
	int sport, dport, proto, src_end, dst_end;
	uint64_t packets, bytes;
	double first_ms, last_ms;
	struct facts_hop *hops;
	size_t n_hops;
};

/* What else happened. */
struct facts_event {
	double at_ms;
	const char *kind, *text;
};

struct facts_proto {
	int proto;
	const char *name; /* may be NULL */
	struct facts_sums all;
};

struct facts_tap {
	const char *iface, *link;
};

struct facts_probe {
	const char *node, *role, *backend, *reason;
	uint64_t wire, lost, packets, flows_now, flows_max, cpu_us;
	bool clock_known;
	double clock_ms;
	struct facts_tap *taps;
	size_t n_taps;
};

struct facts {
	struct arena arena;
	const char *filter, *first, *last, *made; /* may be NULL */
	const char *project, *experiment, *mode, *collector, *plan;
	double begin_ms;
	int64_t bucket_ms;
	size_t n_buckets;
	bool foreign, estimated, cut;
	struct facts_sums all;
	struct facts_course course; /* of all */
	uint64_t records;
	struct facts_link *links;
	struct facts_end *ends;
	struct facts_path *paths;
	struct facts_group *groups;
	struct facts_row *rows;
	struct facts_step *steps;
	struct facts_proto *protos;
	struct facts_probe *probes;
	struct facts_event *events;
	size_t n_links, n_ends, n_paths, n_groups, n_rows, n_steps, n_protos,
		n_probes, n_events, n_covered;
	/* the ledger's sums, FACTS_UNKNOWN where they are */
	uint64_t wire, ip, non_ip, excluded, lost_frames, metered, stored,
		records_sent, records_stored, records_lost;
};

enum { FACTS_LINKS_MAX = 200000, FACTS_BUCKETS_MAX = 2000 };

int facts_parse(const char *text, size_t len, struct facts **ret,
	struct err *err) NFZ_MUST_CHECK;
void facts_free(struct facts *f); /* NULL is fine */
static inline void facts_free_at(struct facts **f)
{
	facts_free(*f);
}

/* Finds the links in the topology. */
void facts_join(struct facts *f, const struct topology *t);
/* A topology of what the summary names, for when there is no other. */
int facts_topology(const struct facts *f, struct topology **ret,
	struct err *err) NFZ_MUST_CHECK;
/* Where probes are, as a plan to draw. */
struct plan *facts_plan(const struct facts *f, const struct topology *t);

/* Bits a second that may leave a member of the link, 0 unknown. */
double facts_capacity(
	const struct facts_link *l, const struct topology *t, size_t slot);
/* Name of an end, "others" for -1. */
const char *facts_end(const struct facts *f, int end);
/* "UDP", "47"; text is for the number. */
const char *facts_proto(int proto, char text[static 8]);
/* Bits a second from so many bytes in one piece of time. */
double facts_rate(const struct facts *f, uint64_t bytes);
/* The most bytes in one piece, and which (may be NULL). */
uint64_t facts_peak(const struct facts_course *c, size_t *ret_at);

#endif
