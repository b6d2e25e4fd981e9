/* Small topologies as plain arrays, so that tests can change them in one place
 * and build them again. */
#ifndef TESTS_UNIT_CHECK_SPEC_H
#define TESTS_UNIT_CHECK_SPEC_H

#include "planner/solver.h"
#include "topology/topology.h"

#include <stdint.h>

enum { SPEC_NODES = 64, SPEC_LINKS = 64, SPEC_MEMBERS = 8 };

struct spec_node {
	enum node_role role;
	const char *unusable;
	int host; /* virtual: index of its host, -1: elsewhere */
	bool shared;
};

struct spec_link {
	enum link_kind kind;
	bool floods;
	int n, member[SPEC_MEMBERS];
	int bridge[SPEC_MEMBERS]; /* by slot (p2p: [0]); -1 none */
	bool shapes;
};

struct spec {
	struct spec_node node[SPEC_NODES];
	struct spec_link link[SPEC_LINKS];
	int n_nodes, n_links;
	int order[SPEC_NODES]; /* the order they are built in */
	int link_order[SPEC_LINKS];
	int names; /* added to the number in every name */
};

struct rng {
	uint64_t state;
};

unsigned rng_below(struct rng *r, unsigned n);

int spec_node(struct spec *s, enum node_role role);
struct spec_link *spec_link(struct spec *s, enum link_kind kind);
/* Every feature with some probability; at most that many nodes. */
void spec_random(struct spec *s, struct rng *r, int most_nodes);
/* Node i of the spec is named "n<i>", link i "l<i>". */
struct topology *spec_build(const struct spec *s);

/* A demand on a spec, by the spec's own numbers. */
struct wish {
	const char *cover, *objective, *dedupe;
	int redundancy;
	bool avoid[SPEC_NODES], require[SPEC_NODES];
	bool selective, select[SPEC_LINKS];
	int64_t cost[SPEC_NODES];                 /* with objective "cost" */
	int budget, percent, max_ifaces, max_pps; /* 0: none */
	int load[SPEC_LINKS];                     /* with max_pps */
	bool forced;
	int change[2]; /* --what-if +avoid, +require this node; -1: none */
};

void wish_random(struct wish *w, const struct spec *s, struct rng *r);
/* goal must be zeroed; release it with wish_goal_release. */
void wish_goal(const struct wish *w, const struct spec *s,
	const struct topology *t, struct plan_goal *goal);
void wish_goal_release(struct plan_goal *goal);
/* {"cover":..., "objective":..., "demand":...}: what a plan would carry. */
char *wish_json(const struct wish *w, const struct spec *s);

#endif
