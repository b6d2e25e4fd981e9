/* GraphML: a graph of nodes and edges, each with <data key="..."> of which a
 * <key> says what it means.  Nodes may hold graphs of their own; all of them
 * are one topology.  Nodes are read before edges, which may come in any
 * order. */
#include "testbed/graphml.h"
#include "base/mem.h"
#include "testbed/draft_xml.h"

#include <math.h>
#include <string.h>
#include <strings.h>

struct gml {
	struct draft draft;
	struct map keys; /* id of a <key> -> its attr.name */
	struct draft_wires wires;
	bool directed;
	size_t n_lans;
};

bool graphml_is(const char *text, size_t len)
{
	struct span root;

	return draft_xml_root(text, len, &root) && span_is(root, "graphml");
}

static int read_key(struct gml *g, const struct xnode *key)
{
	const char *id = draft_xml_attr(&g->draft, key, "id");
	const char *name = draft_xml_attr(&g->draft, key, "attr.name");

	if (!id)
		return draft_fail(
			&g->draft, xnode_line(key), "a <key> without id");
	if (map_has(&g->keys, id, strlen(id)))
		return draft_fail(&g->draft, xnode_line(key),
			"a second <key> has the id \"%.60s\"", id);
	(void)map_puts(&g->keys, id, (void *)(uintptr_t)(name ? name : "?"));
	return 0;
}

/* The text of the <data> whose key has that meaning, NULL if there is none. */
static const char *data_text(
	struct gml *g, const struct xnode *node, const char *meaning)
{
	for (const struct xnode *x = xnode_child(node); x; x = xnode_next(x)) {
		const char *key, *name;

		if (!xnode_is(x, "data"))
			continue;
		key = draft_xml_attr(&g->draft, x, "key");
		name = key ? map_gets(&g->keys, key) : NULL;
		if (name && strcasecmp(name, meaning) == 0)
			return draft_xml_text(&g->draft, x);
	}
	return NULL;
}

/* yEd keeps what it draws as elements of its own inside <data>: the first one
 * of that name, however deep. */
static const struct xnode *drawn(
	const struct xnode *node, const char *name, int depth)
{
	const struct xnode *hit = NULL;

	for (const struct xnode *x = xnode_child(node); x && !hit;
		x = xnode_next(x)) {
		if (xnode_is(x, name))
			return x;
		if (depth && !xnode_is(x, "graph"))
			hit = drawn(x, name, depth - 1);
	}
	return hit;
}

static const char *label_of(
	struct gml *g, const struct xnode *node, const char *drawing)
{
	const char *label = data_text(g, node, "label");

	if (!label)
		label = data_text(g, node, "name");
	if (!label)
		label = draft_xml_text(&g->draft, drawn(node, drawing, 4));
	return label;
}

static struct span as_span(const char *s)
{
	return (struct span){s, strlen(s)};
}

static int read_node(struct gml *g, const struct xnode *x)
{
	const char *id = draft_xml_attr(&g->draft, x, "id");
	struct topo_node node = {0};
	int index;

	if (!id)
		return draft_fail(
			&g->draft, xnode_line(x), "a node without id");
	node.name = label_of(g, x, "NodeLabel");
	if (!node.name)
		node.name = id;
	return draft_node_id(
		&g->draft, xnode_line(x), as_span(id), &node, &index);
}

static int find_end(
	struct gml *g, const struct xnode *x, const char *attr, int *ret)
{
	const char *id = draft_xml_attr(&g->draft, x, attr);

	if (!id)
		return draft_fail(&g->draft, xnode_line(x),
			"an <%s> without %s", xnode_name(x), attr);
	*ret = draft_find(&g->draft, as_span(id));
	if (*ret < 0)
		return draft_fail(&g->draft, xnode_line(x),
			"there is no node \"%.60s\"", id);
	return 0;
}

/* What the Topology Zoo says of a link's speed, in kbit/s; 0 if nothing. */
static int64_t speed_of(struct gml *g, const struct xnode *x)
{
	static const struct {
		const char *unit;
		double kbps;
	} units[] = {{"K", 1}, {"M", 1e3}, {"G", 1e6}, {"T", 1e9}};
	const char *text = data_text(g, x, "LinkSpeedRaw"), *unit;
	double v;

	if (text && span_number(as_span(text), &v) && v >= 1e3 && v < 1e18)
		return (int64_t)(v / 1e3);
	text = data_text(g, x, "LinkSpeed");
	unit = data_text(g, x, "LinkSpeedUnits");
	if (!text || !unit || !span_number(as_span(text), &v))
		return 0;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(unit, units[i].unit) == 0 && v > 0 && v < 1e6)
			return (int64_t)(v * units[i].kbps);
	return 0;
}

static int read_edge(struct gml *g, const struct xnode *x)
{
	struct draft_wire w = {.line = xnode_line(x)};
	int rc = find_end(g, x, "source", &w.ends[0]);

	if (!rc)
		rc = find_end(g, x, "target", &w.ends[1]);
	if (rc)
		return rc;
	w.name = label_of(g, x, "EdgeLabel");
	w.port[0] = draft_xml_attr(&g->draft, x, "sourceport");
	w.port[1] = draft_xml_attr(&g->draft, x, "targetport");
	w.speed_kbps = speed_of(g, x);
	MEM_PUSH(g->wires.items, g->wires.n, g->wires.cap) = w;
	return 0;
}

static int read_hyperedge(struct gml *g, const struct xnode *x)
{
	const char *name = label_of(g, x, "EdgeLabel");
	int link, rc = 0;

	if (!name)
		name = draft_xml_attr(&g->draft, x, "id");
	link = draft_link(&g->draft, name ? name : "lan", LINK_LAN);
	for (const struct xnode *e = xnode_child(x); e && !rc;
		e = xnode_next(e)) {
		struct topo_card card = {0};
		struct topo_iface iface = {.card = &card, .link = link};

		if (!xnode_is(e, "endpoint"))
			continue;
		rc = find_end(g, e, "node", &iface.node);
		card.name = draft_copy(
			&g->draft, draft_xml_attr(&g->draft, e, "port"));
		if (!rc)
			rc = topology_add_member(
				g->draft.t, &iface, NULL, NULL, g->draft.err);
	}
	return rc;
}

typedef int (*read_fn)(struct gml *g, const struct xnode *x);

/* Calls read for every element of that name in the graph and in the graphs of
 * its nodes.  The parser bounds the depth. */
static int each(struct gml *g, const struct xnode *graph, const char *name,
	read_fn read)
{
	int rc = 0;

	for (const struct xnode *x = xnode_child(graph); x && !rc;
		x = xnode_next(x)) {
		if (xnode_is(x, name))
			rc = read(g, x);
		if (!rc && xnode_is(x, "node") && xnode_find(x, "graph"))
			rc = each(g, xnode_find(x, "graph"), name, read);
	}
	return rc;
}

static int read_document(struct gml *g, const struct xnode *root)
{
	const struct xnode *graph = xnode_find(root, "graph");
	const char *edges;
	int rc = 0;

	for (const struct xnode *x = xnode_child(root); x && !rc;
		x = xnode_next(x))
		if (xnode_is(x, "key"))
			rc = read_key(g, x);
	if (rc)
		return rc;
	if (!graph)
		return draft_fail(
			&g->draft, xnode_line(root), "holds no <graph>");
	edges = draft_xml_attr(&g->draft, graph, "edgedefault");
	g->directed = edges && strcmp(edges, "directed") == 0;
	rc = each(g, graph, "node", read_node);
	if (!rc)
		rc = each(g, graph, "edge", read_edge);
	if (rc)
		return rc;
	draft_wires(&g->draft, &g->wires,
		g->directed && draft_wires_mirrored(&g->wires));
	for (graph = xnode_next(graph); graph; graph = xnode_next(graph))
		if (xnode_is(graph, "graph"))
			draft_warn(&g->draft, xnode_line(graph),
				"only the first <graph> was read");
	return each(g, xnode_find(root, "graph"), "hyperedge", read_hyperedge);
}

int graphml_parse(
	const struct draft_text *from, struct topology **ret, struct err *err)
{
	cleanup(xdoc_free_at) struct xdoc *doc = NULL;
	struct gml g = {0};
	int rc;

	draft_open(&g.draft, from, "graphml", err);
	map_init(&g.keys);
	rc = draft_xml_parse(&g.draft, &doc);
	if (!rc)
		rc = read_document(&g, xdoc_root(doc));
	if (!rc)
		rc = draft_finish(&g.draft, ret);
	free(g.wires.items);
	map_release(&g.keys);
	draft_release(&g.draft);
	return rc;
}
