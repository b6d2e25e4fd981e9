/* Reading a topology from JSON: what topofile_print() wrote, or what a person
 * wrote by hand:
 *
 *	{"nodes": ["a", "b", "c"],
 *	 "links": [{"name": "l1", "nodes": ["a", "b"]},
 *	           {"name": "lan0", "nodes": ["a", "b", "c"], "lan": true}]}
 *
 * Keys we do not know are passed over, as a later minor version may add some;
 * a known key of the wrong type is an error.  Every error names the line.
 * topology_add_*() refuses what does not fit together. */
#include "topology/topofile.h"
#include "base/mem.h"
#include "topology/topofile_read.h"

#include <string.h>

/* Nodes. */

static int read_keys(struct reader *r, const struct jval *o,
	struct arena *arena, struct topo_machine *m)
{
	const struct jval *v = jval_get(o, "host_keys");
	const char **keys;

	if (!v)
		return 0;
	if (!jval_is_array(v))
		return reader_bad_type(r, "host_keys", "a list of strings");
	keys = arena_alloc(arena, jval_count(v) + 1, sizeof(*keys));
	for (size_t i = 0; i < jval_count(v); i++) {
		keys[i] = jval_text(jval_at(v, i));
		if (!keys[i] || !reader_printable(keys[i]))
			return reader_bad_type(
				r, "host_keys", "a list of strings");
	}
	m->host_keys = keys;
	return 0;
}

static int read_role(
	struct reader *r, const struct jval *o, struct topo_node *n)
{
	const char *role = NULL;
	int rc = reader_text(r, o, "role", &role);

	if (!rc && role && !topology_role_parse(role, &n->role))
		rc = reader_bad_type(r, "role",
			"host, router, switch, shaper, virtual, virthost or "
			"external");
	return rc;
}

/* These end up before ssh: what a shell or an option parser would read in
 * another way is refused here. */
static int check_login(struct reader *r, const struct topo_machine *m)
{
	const struct {
		const char *key, *text;
		bool (*valid)(const char *text);
		const char *expected;
	} all[] = {
		{"address", m->address, topology_host_valid, "an address"},
		{"hostname", m->hostname, topology_host_valid,
			"the name of a host"},
		{"login", m->login, topology_host_valid, "the name of a host"},
		{"gateway", m->gateway, topology_gateway_valid,
			"a host, or several with commas between"},
		{"user", m->user, topology_user_valid, "a login name"},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].text && !all[i].valid(all[i].text))
			return reader_bad_type(r, all[i].key, all[i].expected);
	return 0;
}

static int read_node_object(struct reader *r, const struct jval *o,
	struct topo_node *n, struct topo_machine *m)
{
	const struct {
		const char *key, **to;
	} texts[] = {{"phys", &m->phys}, {"host", &m->host}, {"type", &m->type},
		{"os", &m->os}, {"status", &m->status},
		{"unusable", &m->unusable}, {"address", &m->address},
		{"hostname", &m->hostname}, {"login", &m->login},
		{"user", &m->user}, {"gateway", &m->gateway}};
	int64_t port = 0;
	int rc = reader_name(r, o, "name", &n->name);

	for (size_t i = 0; !rc && i < sizeof(texts) / sizeof(texts[0]); i++)
		rc = reader_text(r, o, texts[i].key, texts[i].to);
	if (!rc)
		rc = read_role(r, o, n);
	if (!rc)
		rc = reader_bool(r, o, "host_shared", &m->host_shared);
	if (!rc)
		rc = reader_bool(r, o, "inferred", &n->inferred);
	if (!rc)
		rc = reader_int(r, o, "port", &port);
	if (!rc && port > 65535)
		rc = reader_bad_type(r, "port", "a number up to 65535");
	m->port = (uint16_t)port;
	return rc ? rc : check_login(r, m);
}

static int read_node(struct reader *r, const struct jval *v)
{
	struct arena scratch = ARENA_INIT;
	struct topo_machine m = {0};
	struct topo_node n = {.m = &m};
	int rc = 0;

	if (jval_is_object(v)) {
		rc = read_node_object(r, v, &n, &m);
		if (!rc)
			rc = read_keys(r, v, &scratch, &m);
	} else if (jval_text(v)) {
		n.name = jval_text(v);
		if (!*n.name || strlen(n.name) > READER_NAME_MAX ||
			!reader_printable(n.name))
			rc = reader_fail(r,
				"a node must have a name of 1 to 200 bytes "
				"without control characters");
	} else {
		rc = reader_fail(r, "a node must be a name or an object");
	}
	if (!rc) {
		rc = topology_add_node(r->t, &n, NULL, r->err);
		if (rc)
			reader_located(r);
	}
	arena_release(&scratch);
	return rc;
}

/* Links.  Members come later, with the interfaces they are. */

static int read_kind(
	struct reader *r, const struct jval *o, enum link_kind *ret)
{
	const struct jval *nodes = jval_get(o, "nodes");
	const char *kind = NULL;
	bool lan = jval_count(nodes) > 2;
	int rc = reader_bool(r, o, "lan", &lan);

	*ret = lan ? LINK_LAN : LINK_P2P;
	if (!rc)
		rc = reader_text(r, o, "kind", &kind);
	if (rc || !kind)
		return rc;
	if (strcmp(kind, "lan") != 0 && strcmp(kind, "p2p") != 0)
		return reader_bad_type(r, "kind", "p2p or lan");
	*ret = strcmp(kind, "lan") == 0 ? LINK_LAN : LINK_P2P;
	return 0;
}

/* The short form: a node is an end, its interface unnamed. */
static int read_ends(struct reader *r, const struct jval *nodes, int link)
{
	for (size_t i = 0; i < jval_count(nodes); i++) {
		struct topo_iface iface = {.link = link};
		const char *name = jval_text(jval_at(nodes, i));
		int rc;

		if (!name)
			return reader_bad_type(
				r, "nodes", "a list of node names");
		rc = reader_find_node(r, name, &iface.node);
		if (rc)
			return rc;
		rc = topology_add_member(r->t, &iface, NULL, NULL, r->err);
		if (rc)
			return reader_located(r);
	}
	return 0;
}

/* A link of two may go without a name: it is called "a--b" after its ends, the
 * second one "a--b#2".  What number comes next is remembered, so that a
 * thousand of one name cost a thousand steps. */
static char *made_name(struct reader *r, const struct jval *nodes)
{
	const char *a = jval_text(jval_at(nodes, 0));
	const char *b = jval_text(jval_at(nodes, 1));
	char *plain, *name;
	uintptr_t k;

	if (!a || !b || strlen(a) + strlen(b) + 2 > READER_NAME_MAX)
		return NULL;
	plain = mem_grow(NULL, READER_NAME_MAX + 1, 1);
	(void)stpcpy(stpcpy(stpcpy(plain, a), "--"), b);
	if (topology_link_exact(r->t, plain) < 0)
		return plain;
	k = (uintptr_t)map_gets(&r->made, plain);
	for (k = k ? k : 2;; k++) {
		name = mem_printf("%s#%zu", plain, (size_t)k);
		if (topology_link_exact(r->t, name) < 0)
			break;
		free(name);
	}
	(void)map_puts(&r->made, plain, (void *)(k + 1));
	free(plain);
	if (strlen(name) <= READER_NAME_MAX)
		return name;
	free(name);
	return NULL;
}

static int read_flags(
	struct reader *r, const struct jval *o, struct topo_link *link)
{
	bool trivial = false, traced = false, floods = false, inferred = false;
	int rc = reader_bool(r, o, "trivial", &trivial);

	if (!rc)
		rc = reader_bool(r, o, "traced", &traced);
	if (!rc)
		rc = reader_bool(r, o, "floods", &floods);
	if (!rc)
		rc = reader_bool(r, o, "inferred", &inferred);
	link->trivial = trivial;
	link->traced = traced;
	link->floods = floods;
	link->inferred = inferred;
	return rc;
}

static int read_link(struct reader *r, const struct jval *o)
{
	const struct jval *nodes = jval_get(o, "nodes");
	struct topo_link *link;
	enum link_kind kind = LINK_P2P;
	const char *name = NULL;
	cleanup_free char *made = NULL;
	int rc, index;

	if (!jval_is_object(o))
		return reader_fail(r, "a link must be an object");
	rc = reader_name(r, o, "name", &name);
	if (!rc)
		rc = read_kind(r, o, &kind);
	if (!name && jval_count(nodes) == 2) {
		made = made_name(r, nodes);
		name = made;
	}
	if (rc)
		return rc;
	if (nodes && !jval_is_array(nodes))
		return reader_bad_type(r, "nodes", "a list of node names");
	if (nodes && jval_get(o, "members"))
		return reader_fail(
			r, "a link has either \"nodes\" or \"members\"");
	rc = topology_add_link(r->t, name, kind, &index, r->err);
	if (rc)
		return reader_located(r);
	link = &r->t->links[index];
	rc = read_flags(r, o, link);
	if (!rc)
		rc = reader_claims(r, o, index);
	return rc ? rc : read_ends(r, nodes, index);
}

/* The document. */

typedef int (*element_fn)(struct reader *r, const struct jval *v);

static int read_list(struct reader *r, const struct jval *root,
	struct jlist *list, element_fn read)
{
	int rc = 0, more;

	r->depth = 0;
	if (jval_get(root, list->key))
		return reader_bad_type(r, list->key, "a list");
	if (list->count > READER_COUNT_MAX)
		return reader_bad_type(r, list->key, "shorter");
	for (size_t i = 0; !rc; i++) {
		cleanup(jval_free_at) struct jval *v = NULL;

		more = jlist_next(list, &v, r->err);
		if (more <= 0)
			return more;
		reader_go(r, list->key, i);
		rc = read(r, v);
	}
	return rc;
}

static int read_schema(struct reader *r, const struct jval *root)
{
	static const char wanted[] = "netflowize.topology/";
	const char *schema = NULL;
	int rc = reader_text(r, root, "schema", &schema);

	if (rc || !schema) /* written by hand: none needed */
		return rc;
	reader_step(r, "schema");
	if (strncmp(schema, wanted, strlen(wanted)) != 0)
		return reader_fail(
			r, "this is \"%.80s\", not a topology", schema);
	if (strcmp(schema + strlen(wanted), "1") != 0) {
		reader_fail(r,
			"the topology is of version %.20s; this program reads "
			"version 1",
			schema + strlen(wanted));
		return err_hint(r->err, "Use the netflowize that wrote it, or "
					"a newer one.");
	}
	r->depth = 0;
	return 0;
}

static int read_head(struct reader *r, const struct jval *root)
{
	struct topology *t = r->t;
	const char *project = NULL, *experiment = NULL, *source = NULL;
	int rc;

	if (!jval_is_object(root))
		return reader_fail(r, "a topology must be an object");
	rc = read_schema(r, root);
	if (!rc)
		rc = reader_text(r, root, "project", &project);
	if (!rc)
		rc = reader_text(r, root, "experiment", &experiment);
	if (!rc)
		rc = reader_text(r, root, "source", &source);
	if (!rc && !jval_get(root, "nodes") && !r->lists[LIST_NODES].at)
		rc = reader_fail(r, "no \"nodes\": this is no topology");
	t->project = arena_strdup(&t->arena, project);
	t->experiment = arena_strdup(&t->arena, experiment);
	t->source = arena_strdup(&t->arena, source ? source : "json");
	return rc;
}

static int read_document(struct reader *r, const struct jval *root)
{
	static const element_fn how[N_LISTS] = {
		[LIST_NODES] = read_node,
		[LIST_LINKS] = read_link,
		[LIST_IFACES] = reader_iface,
		[LIST_BRIDGES] = reader_bridge,
	};
	size_t n = r->lists[LIST_IFACES].count;
	int rc = read_head(r, root);

	map_init(&r->made);
	r->claims = mem_grow(NULL, n + 1, sizeof(*r->claims));
	for (size_t i = 0; i < n; i++)
		r->claims[i] = (struct claim){.link = -1, .shape = -1};
	for (int i = 0; !rc && i < N_LISTS; i++)
		rc = read_list(r, root, &r->lists[i], how[i]);
	free(r->claims);
	free(r->shapes);
	map_release(&r->made);
	return rc;
}

int topofile_parse(const char *text, size_t len, const char *name,
	struct topology **ret, struct err *err)
{
	cleanup(topology_free_at) struct topology *t = topology_new();
	struct err local = ERR_INIT; /* reader_located() needs one to wrap */
	struct reader r = {.text = text,
		.name = name,
		.len = len,
		.t = t,
		.lists = {[LIST_NODES] = {.key = "nodes"},
			[LIST_LINKS] = {.key = "links"},
			[LIST_IFACES] = {.key = "interfaces"},
			[LIST_BRIDGES] = {.key = "bridges"}},
		.err = err ? err : &local};
	struct jdoc doc = {.text = text,
		.name = name,
		.len = len,
		.lists = r.lists,
		.n_lists = N_LISTS};
	int rc = jdoc_parse(&doc, r.err);

	if (rc)
		return rc;
	rc = read_document(&r, doc.root);
	jval_free(doc.root);
	if (rc)
		return -(int)r.err->code;
	topology_finish(t);
	*ret = take(t);
	return 0;
}
