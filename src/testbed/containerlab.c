/* Nodes of containerlab files.  What a node does not say itself comes from its
 * group, its kind, the defaults, in this order.  Variables of the environment
 * are not put in: names are taken as they stand. */
#define _GNU_SOURCE /* memmem */
#include "testbed/containerlab.h"
#include "base/mem.h"
#include "testbed/clab_data.h"

#include <ctype.h>
#include <string.h>

bool containerlab_is(const char *text, size_t len)
{
	struct lines l = lines_over(text, len);
	struct span line;

	while (lines_next(&l, &line))
		if (span_starts(line, "topology:"))
			return true;
	return false;
}

bool containerlab_data_is(const char *text, size_t len)
{
	struct lines l = lines_over(text, len);
	const char *s = l.at;

	while (s < l.end && isspace((unsigned char)*s))
		s++;
	return s < l.end && *s == '{' && memmem(text, len, "\"clab\"", 6) &&
	       memmem(text, len, "\"nodes\"", 7) &&
	       !memmem(text, len, "netflowize.topology/", 20);
}

static const char *own_text(
	struct clab *c, const struct yval *map, const char *key)
{
	return draft_copy(&c->draft, yval_text(yval_get(map, key)));
}

/* Of the node, or of whom it inherits from. */
static const char *text_of(
	struct clab *c, const struct yval *node, const char *key)
{
	const struct yval *groups = yval_get(c->topology, "groups");
	const struct yval *kinds = yval_get(c->topology, "kinds");
	const struct yval *defaults = yval_get(c->topology, "defaults");
	const char *group = yval_text(yval_get(node, "group"));
	const struct yval *from_group = group ? yval_get(groups, group) : NULL;
	const char *text = own_text(c, node, key), *kind;

	if (!text)
		text = own_text(c, from_group, key);
	if (!text && strcmp(key, "kind") != 0) {
		kind = text_of(c, node, "kind");
		text = kind ? own_text(c, yval_get(kinds, kind), key) : NULL;
	}
	return text ? text : own_text(c, defaults, key);
}

static bool is_bridge(const char *kind)
{
	return kind &&
	       (strcmp(kind, "bridge") == 0 || strcmp(kind, "ovs-bridge") == 0);
}

static int add_bridge(struct clab *c, long line, const char *name)
{
	struct clab_bridge b = {.joined = (int)c->n_bridges, .link = -1};

	if (map_gets(&c->bridge_ids, name))
		return draft_fail(&c->draft, line,
			"a second node is called \"%.60s\"", name);
	b.name = arena_strdup(&c->draft.scratch, name);
	map_puts(&c->bridge_ids, name, (void *)(uintptr_t)(c->n_bridges + 1));
	MEM_PUSH(c->bridges, c->n_bridges, c->bridges_cap) = b;
	return 0;
}

static int add_node(
	struct clab *c, const char *name, const struct yval *v, long line)
{
	const char *kind = text_of(c, v, "kind");
	struct topo_machine m = {0};
	struct topo_node n = {.name = name, .m = &m};
	int index;

	if (v && !yval_is_map(v) && yval_text(v))
		return draft_fail(&c->draft, line,
			"node \"%.60s\" must be a mapping", name);
	if (is_bridge(kind))
		return add_bridge(c, line, name);
	if (map_gets(&c->bridge_ids, name))
		return draft_fail(&c->draft, line,
			"a second node is called \"%.60s\"", name);
	m.type = kind;
	m.os = text_of(c, v, "image");
	m.address =
		own_text(c, v, c->topology ? "mgmt-ipv4" : "mgmt-ipv4-address");
	m.hostname = own_text(c, v, "longname");
	if ((m.address && !topology_host_valid(m.address)) ||
		(m.hostname && !topology_host_valid(m.hostname)))
		return draft_fail(&c->draft, line,
			"node \"%.60s\" has an address that can be none", name);
	if (kind && strcmp(kind, "host") == 0)
		n.role = ROLE_EXTERNAL;
	return draft_node_id(
		&c->draft, line, (struct span){name, strlen(name)}, &n, &index);
}

/* A mapping of names, or (third parties write it) a list. */
static int read_nodes(struct clab *c, const struct yval *nodes)
{
	int rc = 0;

	if (!yval_is_map(nodes) && !yval_is_list(nodes))
		return draft_fail(&c->draft, yval_line(nodes),
			"\"nodes\" must be a mapping");
	for (size_t i = 0; i < yval_count(nodes) && !rc; i++) {
		const struct yval *v = yval_at(nodes, i);
		const char *name = yval_key(nodes, i);

		if (yval_is_list(nodes)) {
			name = yval_text(yval_get(v, "shortname"));
			if (!name)
				name = yval_text(yval_get(v, "id"));
		}
		if (!name || !*name)
			rc = draft_fail(&c->draft, yval_line(v),
				"a node without a name");
		else if (strcmp(name, "<<") != 0)
			rc = add_node(c, name, v, yval_line(v));
	}
	return rc;
}

static int read_document(struct clab *c)
{
	const struct yval *from, *links;
	const char *name =
		draft_copy(&c->draft, yval_text(yval_get(c->root, "name")));
	int rc;

	c->topology = yval_get(c->root, "topology");
	from = c->topology ? c->topology : c->root;
	if (!yval_is_map(from))
		return draft_fail(&c->draft, yval_line(from),
			"\"topology\" must be a mapping");
	if (!yval_get(from, "nodes"))
		return draft_fail(&c->draft, yval_line(from),
			"the topology has no \"nodes\"");
	if (name)
		c->draft.t->experiment = arena_strdup(&c->draft.t->arena, name);
	rc = read_nodes(c, yval_get(from, "nodes"));
	links = yval_get(from, "links");
	if (!rc && links && !yval_is_list(links) && yval_text(links))
		rc = draft_fail(&c->draft, yval_line(links),
			"\"links\" must be a list");
	if (!rc)
		rc = clab_read_links(c, links);
	return rc ? rc : clab_make_links(c);
}

int containerlab_parse(
	const struct draft_text *from, struct topology **ret, struct err *err)
{
	cleanup(ydoc_free_at) struct ydoc *doc = NULL;
	struct clab c = {0};
	int rc;

	draft_open(&c.draft, from, "containerlab", err);
	map_init(&c.bridge_ids);
	map_init(&c.ports);
	rc = ydoc_parse(from->text, from->len, from->name, &doc, c.draft.err);
	if (!rc) {
		c.root = ydoc_root(doc);
		rc = read_document(&c);
	}
	if (!rc)
		rc = draft_finish(&c.draft, ret);
	free(c.bridges);
	free(c.links);
	map_release(&c.bridge_ids);
	map_release(&c.ports);
	draft_release(&c.draft);
	return rc;
}
