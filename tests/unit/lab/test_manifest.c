/* What a testbed served as the portal says of an experiment is, read again,
 * that experiment: nodes, links, addresses, shaping, over one site or several;
 * and an RSpec becomes an NS text that means the same. */
#include "base/file.h"
#include "base/mem.h"
#include "format/jsonw.h"
#include "lab/portal.h"
#include "testbed/portal.h"
#include "unit/lab/mapped.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct err err;

/* As portal.experimentManifests answers, read again. */
static struct topology *read_back(const struct mapped *m, int sites)
{
	struct buf json = BUF_INIT(64 << 20);
	struct draft_text from = {.name = "portal", .user = "user"};
	struct topology *t = NULL;
	struct jsonw w;

	m->e->portal->n_sites = sites;
	jsonw_init(&w, &json, JSONW_COMPACT);
	jsonw_object(&w);
	for (int k = 0; k < sites; k++) {
		struct buf urn = BUF_INIT(512), text = BUF_INIT(64 << 20);

		manifest_manager(m->site, m->e, k, &urn);
		manifest_print(m->site, m->e, k, &text);
		jsonw_put(&w, buf_str(&urn), buf_str(&text));
		buf_release(&urn);
		buf_release(&text);
	}
	jsonw_end(&w);
	from.text = buf_str(&json);
	from.len = json.len;
	cr_assert_eq(
		portal_manifests_parse(&from, &t, &err), 0, "%s", err.text);
	buf_release(&json);
	return t;
}

static void check_link(const struct mapped *m, const struct topology *t,
	const struct ns_lan *lan)
{
	int at = topology_link_exact(t, lab_portal_link(m->e, lan->name));

	cr_assert(at >= 0, "%s", lan->name);
	cr_expect_eq(t->links[at].n_members, lan->n_members);
	for (size_t i = 0; i < lan->n_members; i++) {
		const struct ns_member *want = &lan->members[i];
		const struct topo_iface *have =
			&t->ifaces[t->links[at].members[i].iface];
		char text[NET_ADDR_TEXT];

		cr_expect_str_eq(t->nodes[have->node].name,
			lab_portal_node(m->e, want->node), "%s", lan->name);
		cr_expect(have->card->has_mac);
		cr_expect_str_eq(
			net_addr_print(&have->card->addr, text), want->ip);
	}
}

/* As the links of two ends are shaped on the way there. */
static void check_shape(const struct mapped *m, const struct topology *t,
	const struct ns_lan *lan)
{
	const struct ns_member *a = &lan->members[0], *b = &lan->members[1];
	struct topo_shape s = topology_path_shaping(t,
		topology_link_exact(t, lab_portal_link(m->e, lan->name)), 0, 1);

	cr_expect(s.delay_ms > a->delay + b->rdelay - 0.01 &&
			  s.delay_ms < a->delay + b->rdelay + 0.01,
		"%s: %g ms", lan->name, s.delay_ms);
	cr_expect_eq(s.bandwidth_kbps,
		a->bandwidth < b->rbandwidth ? a->bandwidth : b->rbandwidth);
}

static void check(struct mapped *m, int sites)
{
	struct topology *t = read_back(m, sites);

	cr_assert_eq(t->n_links, m->e->ns->n_lans);
	for (size_t i = 0; i < m->e->ns->n_lans; i++) {
		check_link(m, t, &m->e->ns->lans[i]);
		if (lab_is_link(&m->e->ns->lans[i]) &&
			!lab_portal_bridge(m->e, m->e->ns->lans[i].name, NULL))
			check_shape(m, t, &m->e->ns->lans[i]);
	}
	for (size_t i = 0; i < m->e->ns->n_nodes; i++) {
		int at = topology_node_exact(
			t, lab_portal_node(m->e, m->e->ns->nodes[i].name));

		cr_assert(at >= 0);
		cr_expect_null(t->nodes[at].m->unusable);
		cr_expect_str_eq(t->nodes[at].m->user, "user");
		cr_expect(t->nodes[at].m->hostname);
	}
	topology_free(t);
}

Test(manifest, is_the_experiment)
{
	static const char *const files[] = {"topologies/dumbbell.ns",
		"topologies/fat-tree.ns", "topologies/shaped-lan.ns",
		"topologies/star-lan.ns", "topologies/vnodes.ns"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct buf text = BUF_INIT(1 << 20);
		struct mapped m;

		cr_assert_eq(file_read(files[i], &text, &err), 0);
		m = mapped_new(buf_str(&text));
		cr_assert_eq(m.result, 0, "%s", m.err.text);
		m.e->portal = lab_portal_new();
		lab_portal_name(m.e->portal, "p", "e");
		for (int sites = 1; sites <= 3; sites++)
			check(&m, sites);
		mapped_free(&m);
		buf_release(&text);
	}
}

#define RSPEC                                                                  \
	"<rspec xmlns='http://www.geni.net/resources/rspec/3'>"                \
	"<node client_id='a_b'><interface client_id='i0'/></node>"             \
	"<node client_id='a-b'><interface client_id='i1'/>"                    \
	"<interface client_id='i2'/></node>"                                   \
	"<node client_id='[exit]; $x'><interface client_id='i3'/></node>"      \
	"<node client_id='w'><sliver_type name='delay'/>"                      \
	"<interface client_id='wl'/><interface client_id='wr'/></node>"        \
	"<link client_id='env'><interface_ref client_id='i0'/>"                \
	"<interface_ref client_id='i1'/></link>"                               \
	"<link client_id='l'><interface_ref client_id='i2'/>"                  \
	"<interface_ref client_id='wl'/></link>"                               \
	"<link client_id='r'><interface_ref client_id='wr'/>"                  \
	"<interface_ref client_id='i3'/></link></rspec>"

Test(manifest, names_that_no_ns_file_holds_come_back)
{
	struct draft_text from = {
		.text = RSPEC, .len = strlen(RSPEC), .name = "f"};
	struct lab_portal *p = lab_portal_new();
	struct buf ns = BUF_INIT(1 << 20);
	struct topology *t;
	struct mapped m;

	cr_assert_eq(lab_rspec_read(&from, &ns, p, &err), 0, "%s", err.text);
	m = mapped_new(buf_str(&ns));
	cr_assert_eq(m.result, 0, "%s\n%s", m.err.text, buf_str(&ns));
	m.e->portal = p;
	lab_portal_name(p, "p", "e");
	check(&m, 1);
	t = read_back(&m, 1);
	cr_expect(topology_node_exact(t, "a_b") >= 0);
	cr_expect(topology_node_exact(t, "a-b") >= 0);
	cr_expect(topology_node_exact(t, "[exit]; $x") >= 0);
	cr_expect(topology_link_exact(t, "env") >= 0);
	cr_assert_eq(t->n_bridges, 1);
	cr_expect_str_eq(t->nodes[t->bridges[0].node].name, "w");
	cr_expect_str_eq(t->links[t->bridges[0].link].name, "w");
	cr_expect_not(t->bridges[0].shapes);
	/* who can keep his name does, whoever comes first */
	cr_expect_str_eq(lab_portal_vname(m.e, "a-b"), "a-b");
	cr_expect_str_eq(lab_portal_vname(m.e, "a_b"), "a-b-2");
	topology_free(t);
	mapped_free(&m);
	buf_release(&ns);
}

Test(manifest, too_much_is_refused)
{
	struct buf text = BUF_INIT(16 << 20), ns = BUF_INIT(1 << 20);
	struct lab_portal *p = lab_portal_new();
	struct draft_text from = {.name = "f"};

	buf_adds(
		&text, "<rspec xmlns='http://www.geni.net/resources/rspec/3'>");
	for (int i = 0; i < 1500; i++)
		buf_addf(&text, "<node client_id='%c%d'/>", i % 2 ? '_' : '-',
			i / 2);
	buf_adds(&text, "</rspec>");
	from.text = buf_str(&text);
	from.len = text.len;
	cr_expect_eq(lab_rspec_read(&from, &ns, p, &err), -NFZ_E_LIMIT);
	cr_expect(strstr(err.text, "more than 1000 nodes"), "%s", err.text);
	lab_portal_free(p);
	buf_release(&text);
	buf_release(&ns);
}
