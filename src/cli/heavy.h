/* plan --heavy and --mixed: options, and the free nodes. */
#ifndef NFZ_CLI_HEAVY_H
#define NFZ_CLI_HEAVY_H

#include "cli/app.h"
#include "planner/heavy.h"

struct heavy_options {
	const char *free, *node_type, *delay_os;
	int64_t ifaces, gbps, pps;
};
#define HEAVY_OPTIONS(S)                                                       \
	{"free", 0, OPT_TEXT, offsetof(S, heavy.free), "TYPE=N[:PORTS],...",   \
		"free nodes for --heavy and --mixed, with their ports (4)",    \
		NULL, 0, 0},                                                   \
		{"node-type", 0, OPT_TEXT, offsetof(S, heavy.node_type),       \
			"TYPE", "take new nodes of this type only", NULL, 0,   \
			0},                                                    \
		{"node-ifaces", 0, OPT_INT, offsetof(S, heavy.ifaces), "N",    \
			"ports of a new node when no --free says (4)", NULL,   \
			0, 1024},                                              \
		{"delay-os", 0, OPT_TEXT, offsetof(S, heavy.delay_os),         \
			"IMAGE", "Linux image of bridges and shapers", NULL,   \
			0, 0},                                                 \
		{"node-gbps", 0, OPT_INT, offsetof(S, heavy.gbps), "N",        \
			"what a new node forwards, in Gb/s", NULL, 1, 100000}, \
	{                                                                      \
		"node-pps", 0, OPT_INT, offsetof(S, heavy.pps), "N",           \
			"what a new node forwards, in packets/s", NULL, 1,     \
			INT64_C(1000000000000)                                 \
	}

/* The goal that the options ask for; its pool is on the heap, names in the
 * arena. */
int heavy_goal_of(const struct heavy_options *o, bool mixed,
	struct arena *arena, struct heavy_goal *ret,
	struct err *err) NFZ_MUST_CHECK;
/* Without --free: asks the testbed how many nodes are free.  What it cannot
 * tell stays unknown, with a note. */
int heavy_goal_ask(struct app *app, const struct heavy_options *o,
	const char *experiment, struct heavy_goal *g,
	struct err *err) NFZ_MUST_CHECK;
void heavy_goal_release(struct heavy_goal *g);

#endif
