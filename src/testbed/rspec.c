/* Only elements of the document's own namespace directly below its root are
 * nodes and links: extensions have elements of the same names. */
#include "testbed/rspec.h"
#include "base/mem.h"
#include "testbed/rspec_data.h"

#include <string.h>

bool rspec_is(const char *text, size_t len)
{
	struct span root;

	return draft_xml_root(text, len, &root) && span_is(root, "rspec");
}

static bool is_own(
	const struct rspec *r, const struct xnode *x, const char *name)
{
	return xnode_is(x, name) &&
	       strcmp(xnode_space(x), xnode_space(r->root)) == 0;
}

/* Requests leave out who gives what; nearly all documents in the wild say
 * "request", so the word is no help. */
static bool seems_manifest(struct rspec *r)
{
	for (const struct xnode *x = xnode_child(r->root); x; x = xnode_next(x))
		if (is_own(r, x, "node") &&
			draft_xml_attr(&r->draft, x, "sliver_id"))
			return true;
	return false;
}

static void read_portal(struct rspec *r, const struct xnode *x)
{
	struct topology *t = r->draft.t;
	const char *project =
		draft_copy(&r->draft, draft_xml_attr(&r->draft, x, "project"));
	const char *experiment = draft_copy(
		&r->draft, draft_xml_attr(&r->draft, x, "experiment"));

	if (!project || !experiment)
		return;
	t->project = arena_strdup(&t->arena, project);
	t->experiment = arena_strdup(&t->arena, experiment);
}

static void add_iface(struct rspec *r, int link, const struct rspec_end *end)
{
	struct topo_iface *iface = &r->ifaces[end->iface].iface;
	int index;

	iface->link = link;
	iface->card = &r->ifaces[end->iface].card;
	/* a link of two is the only one that could refuse a third */
	if (topology_add_member(
		    r->draft.t, iface, &end->shape, &index, r->draft.err))
		return;
	r->ifaces[end->iface].link = -2; /* done */
}

/* A link that never leaves one machine has no port and no wire. */
static bool is_inside(const struct rspec *r, const struct rspec_link *l)
{
	const char *first = r->ifaces[l->ends[0].iface].component_id;

	for (size_t i = 0; i < l->n_ends; i++) {
		const char *id = r->ifaces[l->ends[i].iface].component_id;
		size_t n = id ? strlen(id) : 0;

		if (n < 4 || strcmp(id + n - 4, ":lo0") != 0 ||
			strcmp(id, first) != 0)
			return false;
	}
	return true;
}

static void add_links(struct rspec *r)
{
	for (size_t i = 0; i < r->n_links; i++) {
		struct rspec_link *l = &r->links[i];

		if (l->gone)
			continue;
		l->index = draft_link(&r->draft, l->name,
			l->n_ends > 2 ? LINK_LAN : LINK_P2P);
		r->draft.t->links[l->index].trivial = is_inside(r, l);
		for (size_t k = 0; k < l->n_ends; k++)
			add_iface(r, l->index, &l->ends[k]);
	}
}

static int add_bridges(struct rspec *r)
{
	int rc = 0;

	for (size_t i = 0; i < r->n_bridges && !rc; i++) {
		const struct rspec_bridge *from = &r->bridges[i];
		struct topo_bridge b = {.node = from->node,
			.link = r->links[from->link].index,
			.slot = from->slot,
			.shapes = from->shapes};

		for (size_t k = 0; k < 2 && !rc; k++) {
			struct topo_iface *port =
				&r->ifaces[from->port[k]].iface;

			port->link = b.link;
			port->card = &r->ifaces[from->port[k]].card;
			rc = topology_add_port(
				r->draft.t, port, &b.port[k], r->draft.err);
		}
		if (!rc)
			rc = topology_add_bridge(
				r->draft.t, &b, NULL, r->draft.err);
	}
	return rc;
}

static void warn_idle(struct rspec *r)
{
	for (size_t i = 0; i < r->n_ifaces; i++) {
		const struct rspec_iface *f = &r->ifaces[i];

		if (f->link == -1)
			draft_warn(&r->draft, f->line,
				"interface \"%.60s\" of \"%.60s\" is on no "
				"link: left out",
				f->client_id ? f->client_id : "?",
				r->draft.t->nodes[f->iface.node].name);
	}
}

/* Of several documents each tells of its own site's nodes, and perhaps of what
 * else was asked for: first come those that somebody gave. */
static int read_nodes(struct rspec *r, bool given)
{
	int rc = 0;

	for (const struct xnode *x = xnode_child(r->root); x && !rc;
		x = xnode_next(x)) {
		if (!is_own(r, x, "node"))
			continue;
		if (!r->several ||
			!draft_xml_attr(&r->draft, x, "sliver_id") == !given)
			rc = rspec_node(r, x);
	}
	return rc;
}

static int read_links(struct rspec *r)
{
	int rc = 0;

	for (const struct xnode *x = xnode_child(r->root); x && !rc;
		x = xnode_next(x))
		if (is_own(r, x, "link"))
			rc = rspec_link(r, x);
	return rc;
}

static void read_heads(struct rspec *r)
{
	r->manifest = r->manifest || seems_manifest(r);
	for (const struct xnode *x = xnode_child(r->root); x; x = xnode_next(x))
		if (xnode_is(x, "portal") && !r->draft.t->project)
			read_portal(r, x);
}

/* One after the other, so that what one refers to is known by then. */
enum step { STEP_HEADS, STEP_GIVEN, STEP_WANTED, STEP_LINKS, N_STEPS };

static int take_step(struct rspec *r, enum step step)
{
	switch (step) {
	case STEP_HEADS:
		read_heads(r);
		return 0;
	case STEP_GIVEN:
		return read_nodes(r, true);
	case STEP_WANTED:
		return r->several ? read_nodes(r, false) : 0;
	case STEP_LINKS:
		return read_links(r);
	case N_STEPS:
		break;
	}
	return 0;
}

static int read_documents(
	struct rspec *r, const struct draft_text *from, struct xdoc **docs)
{
	size_t n = 0;
	int rc = 0;

	while (docs[n])
		n++;
	for (int step = 0; step < N_STEPS && !rc; step++)
		for (size_t i = 0; i < n && !rc; i++) {
			r->draft.from = &from[i];
			r->doc = (int)i;
			r->root = xdoc_root(docs[i]);
			rc = take_step(r, (enum step)step);
		}
	r->draft.from = from;
	if (rc)
		return rc;
	warn_idle(r);
	rspec_bridges(r);
	add_links(r);
	return add_bridges(r);
}

static void release(struct rspec *r)
{
	for (size_t i = 0; i < r->n_links; i++)
		free(r->links[i].ends);
	free(r->ifaces);
	free(r->links);
	free(r->pipes);
	free(r->bridges);
	map_release(&r->iface_ids);
	map_release(&r->slivers);
	map_release(&r->nodes);
	draft_release(&r->draft);
}

int rspec_parse_all(const struct draft_text *from, size_t n,
	struct topology **ret, struct err *err)
{
	cleanup_free struct xdoc **docs = mem_zalloc(n + 1, sizeof(*docs));
	struct rspec r = {.several = n > 1};
	int rc = 0;

	draft_open(&r.draft, from, "rspec", err);
	map_init(&r.iface_ids);
	map_init(&r.slivers);
	map_init(&r.nodes);
	for (size_t i = 0; i < n && !rc; i++) {
		r.draft.from = &from[i];
		rc = draft_xml_parse(&r.draft, &docs[i]);
	}
	if (!rc)
		rc = read_documents(&r, from, docs);
	if (!rc)
		rc = draft_finish(&r.draft, ret);
	for (size_t i = 0; i < n; i++)
		xdoc_free(docs[i]);
	release(&r);
	return rc;
}

int rspec_parse(
	const struct draft_text *from, struct topology **ret, struct err *err)
{
	return rspec_parse_all(from, 1, ret, err);
}
