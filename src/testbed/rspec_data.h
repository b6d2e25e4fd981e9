/* An RSpec half read: links are put together here first, because a bridge in
 * between makes two of them one.  For rspec*.c only. */
#ifndef NFZ_TESTBED_RSPEC_DATA_H
#define NFZ_TESTBED_RSPEC_DATA_H

#include "testbed/draft_xml.h"

struct rspec_iface {
	const char *client_id, *component_id, *sliver_id; /* may be NULL */
	long line;
	int doc;                 /* of which document */
	struct topo_iface iface; /* its link and card: unset until the end */
	struct topo_card card;
	int link;       /* of the list below, or -1 */
	int slot;       /* on that link */
	bool ambiguous; /* another one has the same client_id */
};

struct rspec_end {
	int iface;
	struct topo_shape shape;
	bool bridged; /* a bridge stands between it and the link */
};

struct rspec_link {
	const char *name; /* may be NULL */
	long line;
	int doc;
	struct rspec_end *ends;
	size_t n_ends, ends_cap;
	bool gone; /* became part of another one */
	int index; /* of the topology's link */
};

/* One direction through a bridge. */
struct rspec_pipe {
	int node;
	const char *source, *dest;
	struct topo_shape shape; /* delay_ms, bandwidth_kbps, loss */
};

struct rspec_bridge {
	int node, link, slot; /* link of the list above */
	int port[2];          /* interfaces of the list above */
	bool shapes;
};

struct rspec {
	struct draft draft;
	const struct xnode *root; /* of the document being read */
	int doc;                  /* its number */
	bool several;             /* there is more than one */
	bool manifest;            /* says what was given, not what is wanted */
	struct rspec_iface *ifaces;
	struct rspec_link *links;
	struct rspec_pipe *pipes;
	struct rspec_bridge *bridges;
	size_t n_ifaces, n_links, n_pipes, n_bridges;
	size_t ifaces_cap, links_cap, pipes_cap, bridges_cap;
	struct map iface_ids; /* client_id -> place in ifaces + 1 */
	struct map slivers;   /* sliver_id -> the same */
	struct map
		nodes; /* client_ids and slivers told of: several documents */
};

/* The last part of "urn:publicid:IDN+site+node+pc3", NULL stays NULL. */
const char *rspec_urn_name(const char *urn);
/* Reads capacity, latency and packet_loss of an element into one direction. */
int rspec_shape(struct rspec *r, const struct xnode *x,
	struct topo_shape *ret) NFZ_MUST_CHECK;
/* Adds what a further stretch of the way does to packets. */
void rspec_shape_join(
	struct topo_shape *to, const struct topo_shape *further, bool back);

/* The id of an interface within its own document. */
const char *rspec_doc_key(struct rspec *r, int doc, const char *id);
/* rspec_node.c: one <node> with its interfaces.  What an earlier document told
 * is passed over. */
int rspec_node(struct rspec *r, const struct xnode *x) NFZ_MUST_CHECK;
/* rspec_link.c: one <link>.  One that leads from site to site is in the
 * documents of both: it is one link. */
int rspec_link(struct rspec *r, const struct xnode *x) NFZ_MUST_CHECK;
/* rspec_bridge.c: makes shapers of bridges, as far as links allow. */
void rspec_bridges(struct rspec *r);

#endif
