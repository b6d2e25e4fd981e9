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

const char *rspec_urn_name(const char *urn)
{
	const char *plus = urn ? strrchr(urn, '+') : NULL;

	return plus ? plus + 1 : urn;
}

static int read_number(struct rspec *r, const struct xnode *x, const char *name,
	double max, double *ret)
{
	const char *text = draft_xml_attr(&r->draft, x, name);

	*ret = 0;
	if (!text)
		return 0;
	if (!span_number((struct span){text, strlen(text)}, ret) || *ret < 0 ||
		*ret > max)
		return draft_fail(&r->draft, xnode_line(x),
			"\"%.40s\" cannot be a %s", text, name);
	return 0;
}

int rspec_shape(struct rspec *r, const struct xnode *x, struct topo_shape *ret)
{
	double kbps = 0;
	int rc = read_number(r, x, "capacity", 1e15, &kbps);

	*ret = (struct topo_shape){0};
	ret->bandwidth_kbps = (int64_t)kbps;
	if (!rc)
		rc = read_number(r, x, "latency", 1e9, &ret->delay_ms);
	if (!rc)
		rc = read_number(r, x, "packet_loss", 1, &ret->loss);
	return rc;
}

static int64_t lesser(int64_t a, int64_t b)
{
	if (a <= 0 || b <= 0)
		return a > 0 ? a : b;
	return a < b ? a : b;
}

void rspec_shape_join(
	struct topo_shape *to, const struct topo_shape *further, bool back)
{
	double *delay = back ? &to->r_delay_ms : &to->delay_ms;
	double *loss = back ? &to->r_loss : &to->loss;
	int64_t *rate = back ? &to->r_bandwidth_kbps : &to->bandwidth_kbps;

	*delay += further->delay_ms;
	*loss = *loss > 0 ? 1 - (1 - *loss) * (1 - further->loss)
			  : further->loss;
	*rate = lesser(*rate, further->bandwidth_kbps);
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

static int read_document(struct rspec *r)
{
	int rc = 0;

	r->manifest = seems_manifest(r);
	for (const struct xnode *x = xnode_child(r->root); x && !rc;
		x = xnode_next(x)) {
		if (is_own(r, x, "node"))
			rc = rspec_node(r, x);
		else if (xnode_is(x, "portal"))
			read_portal(r, x);
	}
	for (const struct xnode *x = xnode_child(r->root); x && !rc;
		x = xnode_next(x))
		if (is_own(r, x, "link"))
			rc = rspec_link(r, x);
	if (rc)
		return rc;
	warn_idle(r);
	rspec_bridges(r);
	add_links(r);
	return add_bridges(r);
}

int rspec_parse(
	const struct draft_text *from, struct topology **ret, struct err *err)
{
	cleanup(xdoc_free_at) struct xdoc *doc = NULL;
	struct rspec r = {0};
	int rc;

	draft_open(&r.draft, from, "rspec", err);
	map_init(&r.iface_ids);
	map_init(&r.slivers);
	rc = draft_xml_parse(&r.draft, &doc);
	if (!rc) {
		r.root = xdoc_root(doc);
		rc = read_document(&r);
	}
	if (!rc)
		rc = draft_finish(&r.draft, ret);
	for (size_t i = 0; i < r.n_links; i++)
		free(r.links[i].ends);
	free(r.ifaces);
	free(r.links);
	free(r.pipes);
	free(r.bridges);
	map_release(&r.iface_ids);
	map_release(&r.slivers);
	draft_release(&r.draft);
	return rc;
}
