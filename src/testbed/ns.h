/* NS files: the text is run by Tcl itself in a safe interpreter with limits
 * on time, commands and memory, and gives what the testbed's own parser gives
 * (emulab-api reference, section 8).
 *
 * Plain data; everything lives in the experiment's arena. */
#ifndef NFZ_TESTBED_NS_H
#define NFZ_TESTBED_NS_H

#include "base/arena.h"
#include "base/err.h"
#include "topology/topology.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ns_limits {
	int64_t time_ms;  /* 0: default 10000 */
	int64_t commands; /* 0: default 50,000,000 (a link takes some 2000) */
	int64_t memory_bytes;      /* 0: default 256 MiB */
	double delay_threshold_ms; /* 0: default 2, a site's DELAYTHRESH */
	/* Hardware types known, as glob patterns; NULL: "pc*", "d[0-9]*".
	 * Types pcvm* are virtual. */
	const char *const *types;
	/* Names of system images known; NULL: any name will do. */
	const char *const *oses;
	/* System of nodes that ask for none; NULL: left open ("").  The parser
	 * fills in what the site's database has for the node's type. */
	const char *default_os;
	bool check_only; /* nscheck: anonymous mode, no rows */
};

/* One member of a link or LAN: the testbed's virt_lans row. */
struct ns_member {
	const char *node;              /* "nodeB" */
	int port;                      /* per-node counter from 0 */
	const char *ip, *mask;         /* dotted */
	int64_t bandwidth, rbandwidth; /* kb/s; per member */
	double delay, rdelay;          /* ms; halves */
	double lossrate, rlossrate;
	int q_limit, q_qinbytes, q_red, q_gentle;
	double q_weight;
	int q_minthresh, q_maxthresh, q_linterm;
	const char *cost;
	bool mustdelay, emulated, uselinkdelay, nobwshaping;
	const char *traced, *trace_type, *trace_expr, *trace_endnode;
	int trace_snaplen, trace_db;
	const char *fixed_iface;
	bool widearea;
	const char *protocol; /* "ethernet" */
};

struct ns_lan {
	const char *name;
	bool is_link; /* made by duplex-link */
	struct ns_member *members;
	size_t n_members;
};

struct ns_pair {
	const char *name, *value;
};

struct ns_desire {
	const char *name;
	double weight;
};

struct ns_route {
	const char *dst, *dst_type, *dst_mask, *nexthop, *cost;
};

struct ns_node {
	const char *name, *type, *os, *fixed, *routing;
	const char *startup, *tarfiles, *rpms;
	const char *cmd_line, *role, *sharing_mode, *parent_os;
	struct ns_desire *desires;
	size_t n_desires;
	struct ns_route *routes;
	size_t n_routes;
};

struct ns_vtype {
	const char *name;
	double weight;
	const char *members;
};

/* One row of a virtual table, columns and values spelled as the testbed's
 * parser hands them over ("virt_nodes", "virt_lans", "virt_agents", ...). */
struct ns_row {
	const char *table;
	struct ns_pair *columns;
	size_t n_columns;
};

struct ns_experiment {
	struct arena arena;
	struct ns_row *rows; /* all of them, in the parser's order */
	size_t n_rows;
	struct ns_node *nodes;
	struct ns_lan *lans;
	size_t n_nodes, n_lans;
	struct ns_pair *environment; /* set opt(NAME) value */
	size_t n_environment;
	struct ns_vtype *vtypes;
	size_t n_vtypes;
	struct ns_pair
		*settings; /* experiment-wide: uselinkdelays, delay_osname,
	                           * delay_capacity, encap_style, sync_server... */
	size_t n_settings;
	const char *
		*warnings; /* "*** WARNING: ..." lines, as the parser prints */
	size_t n_warnings;
	const char **inert; /* statements without effect here, once each */
	size_t n_inert;
};

/* Runs the text.  Refusals are NFZ_E_NS; the error's text is the testbed
 * parser's own message (its "*** ..." lines where it has them) and the line of
 * the user's file where known: "lab.ns:14: ...".  *ret_messages (may be NULL)
 * gets the parser's output exactly as experiment.nscheck would return it. */
int ns_evaluate(const char *text, size_t len, const char *name,
	const struct ns_limits *limits, struct ns_experiment **ret,
	char **ret_messages, struct err *err) NFZ_MUST_CHECK;
void ns_free(struct ns_experiment *e); /* NULL is fine */
/* The value of a column, NULL when the row does not have it. */
const char *ns_row_get(const struct ns_row *row, const char *column);
/* Numbers of the event tables -> names ("LINK", "START"); "" if unknown. */
const char *ns_object_type_name(int number);
const char *ns_event_type_name(int number);
static inline void ns_free_at(struct ns_experiment **e)
{
	ns_free(*e);
}
/* Evaluates the text and prints what the testbed's parser makes of it, as one
 * JSON document: {"exit":0,"lans":{NAME:[member...]},"messages":[...],
 * "nodes":{NAME:{...}},"other_tables":{TABLE:rows}}, or, for a text it refuses,
 * {"exit":1,"messages":[...]} and NFZ_E_NS.  Keys are sorted, values spelled
 * as the parser spells them; messages are its first 12 lines without those
 * that begin with "***".  With limits NULL, nodes get the reference site's
 * default system. */
struct buf;
int ns_print(const char *text, size_t len, const char *name,
	const struct ns_limits *limits, struct buf *out,
	struct err *err) NFZ_MUST_CHECK;
/* Can this be brought up, not only parsed?  Refuses, with the line where
 * known: "@NAME@" macros that nobody replaced, an address given twice on one
 * link, names longer than the testbed stores, trace types it does not have.  The text is
 * that of the experiment (for line numbers). */
int ns_check_real(const struct ns_experiment *e, const char *text, size_t len,
	const char *name, struct err *err) NFZ_MUST_CHECK;
/* The planner's view: nodes, links, LANs, and the shapers the testbed would
 * add (section 5.3), numbered as it numbers them, marked inferred. */
int ns_topology(const struct ns_experiment *e, struct topology **ret,
	struct err *err) NFZ_MUST_CHECK;
/* Does this member make the testbed insert a shaper (or a trace bridge)?  A
 * link, and a LAN of two, has one shaper for both members, and the answer is
 * that of the whole.  *ret_shapes: it shapes, it is not there for tracing
 * only; true with result false means that the end nodes shape. */
bool ns_member_needs_shaper(const struct ns_experiment *e,
	const struct ns_lan *lan, const struct ns_member *m, bool *ret_shapes);
/* The value of an experiment-wide setting, "" when it is not set. */
const char *ns_setting(const struct ns_experiment *e, const char *name);

#endif
