/* What a meter is told of the taps of a plan. */
#include "deploy/rollout.h"

#include "base/mem.h"

#include <criterion/criterion.h>
#include <string.h>

/* A LAN of a virtual node and a machine, watched on the node's host and on
 * the machine itself. */
struct lab {
	struct topology *t;
	struct plan *plan;
	struct rollout r;
};

static int add_node(struct topology *t, const char *name, enum node_role role,
	const char *phys, const char *host)
{
	const struct topo_machine m = {
		.phys = phys, .host = host, .address = "198.18.0.7"};
	const struct topo_node n = {.name = name, .m = &m, .role = role};
	int at;

	cr_assert_eq(topology_add_node(t, &n, &at, NULL), 0);
	return at;
}

static void add_member(struct topology *t, int node, int link, uint8_t last,
	const char *host_os_name)
{
	const struct topo_card card = {.os_name = "eth1",
		.host_os_name = host_os_name,
		.has_mac = true,
		.mac = {0, 0, 10, 1, 1, last}};
	const struct topo_iface f = {.card = &card, .node = node, .link = link};
	const struct topo_shape none = {0};

	cr_assert_eq(topology_add_member(t, &f, &none, NULL, NULL), 0);
}

static struct lab lab_new(const char *host_os_name)
{
	struct lab lab = {topology_new(), plan_new(), {0}};
	int host = add_node(lab.t, "vhost-0", ROLE_VIRTHOST, "pc7", "pc7");
	int a = add_node(lab.t, "a", ROLE_VIRTUAL, "pcvm7-1", "pc7");
	int b = add_node(lab.t, "b", ROLE_HOST, "pc8", "pc8"), link;
	struct plan *p = lab.plan;

	cr_assert_eq(topology_add_link(lab.t, "lan", LINK_LAN, &link, NULL), 0);
	add_member(lab.t, a, link, 2, host_os_name);
	add_member(lab.t, b, link, 3, NULL);
	p->probes = arena_alloc(&p->arena, 2, sizeof(*p->probes));
	p->probes[p->n_probes++] = (struct plan_probe){.node = host};
	p->probes[p->n_probes++] = (struct plan_probe){.node = b};
	p->taps = arena_alloc(&p->arena, 2, sizeof(*p->taps));
	for (int i = 0; i < 2; i++)
		p->taps[p->n_taps++] = (struct plan_tap){.probe = i,
			.iface = lab.t->links[link].members[i].iface,
			.link = link,
			.slot = i,
			.received = COUNT_UNWATCHED,
			.sent = COUNT_ALL};
	p->collector.node = b;
	p->mode = "light";
	return lab;
}

static void lab_free(struct lab *lab)
{
	rollout_release(&lab->r);
	plan_free(lab->plan);
	topology_free(lab->t);
}

Test(rollout, threads_are_one_unless_said)
{
	static const struct {
		int wish;
		unsigned threads;
	} of[] = {{0, 1}, {4, 4}, {-1, 0}};

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		const struct rollout_options o = {
			.deployment = 1, .keyid = "k", .threads = of[i].wish};
		struct lab lab = lab_new("veth3");

		cr_assert_eq(
			rollout_make(lab.t, lab.plan, &o, &lab.r, NULL), 0);
		cr_assert_eq(lab.r.modules[1].setup.threads, of[i].threads);
		cr_assert_eq(lab.r.modules[0].setup.threads, 1);
		lab_free(&lab);
	}
}

Test(rollout, a_host_watches_the_other_end_of_the_wire)
{
	const struct rollout_options o = {.deployment = 1, .keyid = "k"};
	struct lab lab = lab_new("veth3");
	const struct setup_tap *outside, *own;
	struct err err = ERR_INIT;

	cr_assert_eq(rollout_make(lab.t, lab.plan, &o, &lab.r, &err), 0, "%s",
		err.text);
	outside = &lab.r.modules[1].setup.taps[0];
	cr_assert_str_eq(outside->ifname, "veth3");
	cr_assert_not(
		outside->has_mac); /* that is the node's, not the host's */
	cr_assert(outside->facing);
	cr_assert_eq(outside->near_slot, 0);
	cr_assert_eq(outside->count_received, COUNT_ALL);
	cr_assert_eq(outside->count_sent, COUNT_UNWATCHED);
	own = &lab.r.modules[2].setup.taps[0];
	cr_assert_str_eq(own->ifname, "eth1");
	cr_assert(own->has_mac);
	cr_assert_not(own->facing);
	cr_assert_eq(own->near_slot, 1);
	cr_assert_eq(own->count_received, COUNT_UNWATCHED);
	cr_assert_eq(own->count_sent, COUNT_ALL);
	cr_assert_not_null(strstr(buf_str(&lab.r.catalog), "veth3"));
	lab_free(&lab);
}

Test(rollout, a_host_without_a_name_for_the_wire_is_said)
{
	const struct rollout_options o = {.deployment = 1, .keyid = "k"};
	struct lab lab = lab_new(NULL);
	struct err err = ERR_INIT;

	cr_assert_eq(
		rollout_make(lab.t, lab.plan, &o, &lab.r, &err), -NFZ_E_INPUT);
	cr_assert_not_null(strstr(err.text, "a on link lan"), "%s", err.text);
	lab_free(&lab);
}

/* Who asked which nodes first is no reason to start anything again. */
Test(rollout, no_stamp_depends_on_names_of_interfaces_with_addresses)
{
	const struct rollout_options o = {.deployment = 1, .keyid = "k"};
	struct lab lab = lab_new("veth3"), later = lab_new("veth3");
	int iface = later.t->links[0].members[1].iface;

	topology_card(later.t, iface)->os_name = NULL;
	cr_assert_eq(rollout_make(lab.t, lab.plan, &o, &lab.r, NULL), 0);
	cr_assert_eq(rollout_make(later.t, later.plan, &o, &later.r, NULL), 0);
	for (size_t i = 0; i < lab.r.n; i++)
		cr_assert_str_eq(
			lab.r.modules[i].stamp, later.r.modules[i].stamp);
	cr_assert_str_eq(later.r.modules[2].setup.taps[0].ifname, "");
	cr_assert_str_neq(buf_str(&lab.r.catalog), buf_str(&later.r.catalog));
	topology_card(later.t, iface)->os_name = "eth1";
	rollout_name_taps(
		later.t, later.plan, later.t->ifaces[iface].node, &later.r);
	rollout_name_all(later.t, later.plan, &later.r);
	cr_assert_str_eq(later.r.modules[2].setup.taps[0].ifname, "eth1");
	cr_assert_str_eq(buf_str(&lab.r.catalog), buf_str(&later.r.catalog));
	lab_free(&lab);
	lab_free(&later);
}

/* A host's end of a wire is found by its name alone. */
Test(rollout, a_stamp_depends_on_a_name_that_finds_the_interface)
{
	const struct rollout_options o = {.deployment = 1, .keyid = "k"};
	struct lab lab = lab_new("veth3"), other = lab_new("veth4");

	cr_assert_eq(rollout_make(lab.t, lab.plan, &o, &lab.r, NULL), 0);
	cr_assert_eq(rollout_make(other.t, other.plan, &o, &other.r, NULL), 0);
	cr_assert_str_neq(lab.r.modules[1].stamp, other.r.modules[1].stamp);
	lab_free(&lab);
	lab_free(&other);
}
