/* Virtual nodes on hosts of the experiment's own, and what they say of
 * themselves. */
#include "base/mem.h"
#include "support/replies.h"
#include "testbed/import.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct err err;

static struct value *st(const char *const *pairs)
{
	struct value *v = value_new(VALUE_STRUCT);

	for (; pairs[0]; pairs += 2)
		value_set(v, pairs[0], value_string(pairs[1]));
	return v;
}

#define ST(...) st((const char *const[]){__VA_ARGS__, NULL})

static struct value *with_int(struct value *v, const char *name, int n)
{
	value_set(v, name, value_int(n));
	return v;
}

static struct value *mapping(void)
{
	struct value *v = value_new(VALUE_STRUCT);

	value_set(v, "vhost-0",
		ST("node", "pc7", "pnode", "pc7", "erole", "virthost", "osid",
			"OPENVZ-STD"));
	value_set(v, "a",
		ST("node", "pcvm7-1", "pnode", "pc7", "erole", "node", "type",
			"pcvm"));
	value_set(v, "b",
		ST("node", "pcvm7-2", "pnode", "pc7", "erole", "node", "type",
			"pcvm"));
	value_set(v, "s",
		ST("node", "pcvm9-1", "pnode", "pc9", "erole", "node", "type",
			"pcvm"));
	return v;
}

static struct value *links(void)
{
	struct value *v = value_new(VALUE_STRUCT);

	value_set(v, "a:0",
		ST("name", "in", "member", "a:0", "ipaddr", "10.1.1.2", "mask",
			"255.255.255.0"));
	value_set(v, "b:0",
		ST("name", "in", "member", "b:0", "ipaddr", "10.1.1.3", "mask",
			"255.255.255.0"));
	value_set(v, "b:1",
		ST("name", "out", "member", "b:1", "ipaddr", "10.1.2.2", "mask",
			"255.255.255.0"));
	value_set(v, "s:0",
		ST("name", "out", "member", "s:0", "ipaddr", "10.1.2.3", "mask",
			"255.255.255.0"));
	return v;
}

static struct value *vinterface(const char *vnode, const char *ip,
	const char *mac, int unit, const char *iface)
{
	struct value *v = ST("node_id", "pc7", "vnode_id", vnode, "IP", ip,
		"mask", "255.255.255.0", "mac", mac, "type", "veth");

	if (iface)
		value_set(v, "iface", value_string(iface));
	return with_int(v, "unit", unit);
}

static struct value *physical(void)
{
	struct value *v = value_new(VALUE_STRUCT);
	struct value *rows = value_new(VALUE_ARRAY);

	value_append(rows, ST("node_id", "pc7", "IP", "198.18.0.7", "role",
				   "ctrl", "iface", "eth0", "mac",
				   "0004235ef54b", "mask", "255.255.0.0"));
	value_append(rows,
		vinterface("pcvm7-1", "10.1.1.2", "00000a010102", 3, NULL));
	value_append(rows,
		vinterface("pcvm7-2", "10.1.1.3", "00000a010103", 4, NULL));
	value_append(rows,
		vinterface("pcvm7-2", "10.1.2.2", "00000a010202", 5, "eth1"));
	value_set(v, "nodes", value_new(VALUE_ARRAY));
	value_set(v, "interfaces", rows);
	return v;
}

static struct value *ssh(void)
{
	static const char *const machines[] = {"pcvm7-1", "pcvm7-2", "pcvm9-1"};
	struct value *v = value_new(VALUE_STRUCT);

	value_set(v, "pc7", ST("hostname", "vhost-0.e.p.example.net"));
	for (size_t i = 0; i < 3; i++)
		value_set(v, machines[i],
			ST("hostname", "v.e.p.example.net", "gateway",
				"users.example.net"));
	return v;
}

static struct value *answer(const char *method, const struct value *args)
{
	const char *aspect = value_get_text(args, "aspect");

	if (strcmp(method, "experiment.state") == 0)
		return value_string("active");
	if (strcmp(method, "node.sshdescription") == 0)
		return ssh();
	if (!aspect)
		return NULL;
	return strcmp(aspect, "mapping") == 0    ? mapping()
	       : strcmp(aspect, "links") == 0    ? links()
	       : strcmp(aspect, "physical") == 0 ? physical()
						 : value_new(VALUE_ARRAY);
}

/* A node on another's machine, or a member with numbers that are none. */
static struct value *spoilt(const char *what)
{
	struct value *v;

	if (strcmp(what, "b") == 0)
		return ST("node", "pcvm7-1", "pnode", "pc7");
	v = ST("name", "in", "member", what, "ipaddr", "10.1.1.2", "mask",
		"255.255.255.0");
	value_set(v, "plr", value_double(-0.5));
	value_set(v, "delay", value_double(1e308));
	return v;
}

static int play(void *ctx, const char *request, size_t len, int64_t timeout_ms,
	struct buf *reply, struct err *e)
{
	struct xmlrpc_request r;
	struct value *v = value_new(VALUE_STRUCT), *said;
	const char *wrong = ctx; /* NULL: nothing */

	(void)timeout_ms;
	cr_assert_eq(xmlrpc_parse_request(request, len, &r, e), 0);
	said = answer(r.method, r.params[1]);
	if (wrong && value_get(said, wrong))
		value_set(said, wrong, spoilt(wrong));
	value_set(v, "output", value_string(""));
	value_set(v, "code", value_int(said ? 0 : 2));
	value_set(v, "value", said ? said : value_int(0));
	xmlrpc_print_response(v, reply);
	value_free(v);
	xmlrpc_request_release(&r);
	return 0;
}

/* What sshd and ifmap say on the node on the shared host. */
static int on_node(void *ctx, const struct topo_node *n, const char *path,
	struct buf *out, struct err *e)
{
	int *asked = ctx;

	if (strcmp(path, IMPORT_VIRTUAL) != 0)
		return err_set(e, NFZ_E_REMOTE, "no such file");
	(*asked)++;
	if (strcmp(n->name, "b") == 0)
		return err_set(e, NFZ_E_TIMEOUT, "timed out (banner)");
	buf_addf(out, "198.18.254.1 40000 172.16.9.%d 22\n", *asked);
	if (strcmp(n->name, "s") == 0)
		buf_adds(out, "eth2 10.1.2.3 00000a010203\n"
			      "eth9 10.9.9.9 00000a090909\n");
	return 0;
}

static struct topology *imported(int *asked)
{
	const struct import_options options = {
		.node_file = on_node, .ctx = asked, .without_host_keys = true};
	struct client *c = client_over(play, NULL);
	const struct client_exp e = {"p", "e"};
	struct topology *t = NULL;

	err_clear(&err);
	cr_assert_eq(
		import_experiment(c, &e, asked ? &options : NULL, &t, &err), 0,
		"%s", err.text);
	client_close(c);
	return t;
}

static const struct topo_node *node(const struct topology *t, const char *name)
{
	int at = topology_node(t, name);

	cr_assert_geq(at, 0);
	return &t->nodes[at];
}

static const struct topo_iface *member(
	const struct topology *t, const char *link, const char *name)
{
	const struct topo_link *l = &t->links[topology_link(t, link)];

	for (size_t i = 0; i < l->n_members; i++)
		if (t->ifaces[l->members[i].iface].node ==
			topology_node(t, name))
			return &t->ifaces[l->members[i].iface];
	cr_assert_fail("%s is not on %s", name, link);
	return NULL;
}

Test(import_virtual, the_host_has_a_name_for_each_wire)
{
	struct topology *t = imported(NULL);

	cr_assert_eq(node(t, "vhost-0")->role, ROLE_VIRTHOST);
	cr_assert_eq(node(t, "a")->role, ROLE_VIRTUAL);
	cr_assert_not(node(t, "a")->m->host_shared);
	cr_assert(node(t, "s")->m->host_shared);
	cr_assert_str_eq(member(t, "in", "a")->card->host_os_name, "veth3");
	cr_assert_str_eq(member(t, "out", "b")->card->host_os_name, "veth5");
	/* eth1 is the host's, not the node's */
	cr_assert_null(member(t, "out", "b")->card->name);
	cr_assert(member(t, "out", "b")->card->has_mac);
	cr_assert_null(member(t, "out", "s")->card->host_os_name);
	cr_assert_not(member(t, "out", "s")->card->has_mac);
	cr_assert(t->links[topology_link(t, "in")].trivial);
	cr_assert_not(t->links[topology_link(t, "out")].trivial);
	topology_free(t);
}

Test(import_virtual, nodes_say_where_they_are_and_what_they_have)
{
	int asked = 0;
	struct topology *t = imported(&asked);
	const struct topo_iface *f = member(t, "out", "s");

	cr_assert_eq(asked, 3);
	cr_assert_str_eq(node(t, "a")->m->address, "172.16.9.1");
	cr_assert_str_eq(node(t, "s")->m->address, "172.16.9.3");
	cr_assert_str_eq(f->card->os_name, "eth2");
	cr_assert(f->card->has_mac);
	cr_assert_eq(f->card->mac[5], 3);
	/* who cannot be asked cannot be used */
	cr_assert_null(node(t, "b")->m->address);
	cr_assert_str_eq(node(t, "b")->m->unusable, "silent");
	/* machines have their addresses in the testbed's lists */
	cr_assert_str_eq(node(t, "vhost-0")->m->address, "198.18.0.7");
	topology_free(t);
}

Test(import_virtual, a_machine_of_two_nodes_is_refused)
{
	char wrong[] = "b";
	struct client *c = client_over(play, wrong);
	struct topology *t = NULL;

	cr_assert_eq(import_experiment(
			     c, &(struct client_exp){"p", "e"}, NULL, &t, &err),
		-NFZ_E_REPLY);
	cr_assert_not_null(strstr(err.text, "\"pcvm7-1\" twice"));
	client_close(c);
}

Test(import_virtual, numbers_that_are_none_are_not_taken)
{
	char wrong[] = "a:0";
	struct client *c = client_over(play, wrong);
	struct topology *t = NULL;
	struct topo_shape s;

	cr_assert_eq(import_experiment(
			     c, &(struct client_exp){"p", "e"}, NULL, &t, &err),
		0, "%s", err.text);
	s = topology_path_shaping(t, topology_link(t, "in"), 0, 1);
	cr_assert_eq(s.loss, 0);
	cr_assert_eq(s.delay_ms, 0);
	topology_free(t);
	client_close(c);
}
