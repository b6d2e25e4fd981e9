/* Held against what the real mapper's rules gave in the recordings. */
#include "mapped.h"

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct shaper {
	const char *box, *lan, *vnode0, *vnode1;
	int pipe0, pipe1;
	bool noshaping;
};

static void check_shapers(
	const struct mapped *m, const struct shaper *list, size_t n)
{
	cr_assert_eq(m->result, 0, "%s", m->err.text);
	cr_assert_eq(m->e->n_delays, n, "%zu shapers", m->e->n_delays);
	for (size_t i = 0; i < n; i++) {
		const struct lab_delay *d = &m->e->delays[i];

		cr_assert_str_eq(d->vname, list[i].box, "shaper %zu", i);
		cr_assert_str_eq(d->lan, list[i].lan);
		cr_assert_str_eq(d->vnode[0], list[i].vnode0);
		cr_assert_str_eq(d->vnode[1], list[i].vnode1);
		cr_assert_eq(d->pipe[0], list[i].pipe0);
		cr_assert_eq(d->pipe[1], list[i].pipe1);
		cr_assert_eq(d->noshaping, list[i].noshaping, "%zu", i);
		cr_assert_eq(d->number, (int)i);
		cr_assert_str_eq(m->site->machines[d->machine].vname, d->vname);
	}
}

Test(mapper, a_shaped_lan_has_a_shaper_for_each_member)
{
	static const struct shaper wanted[] = {
		{"tbdelay0", "lan0", "client", "client", 110, 120, false},
		{"tbdelay0", "lan0", "monitor", "monitor", 130, 140, false},
		{"tbdelay2", "lan0", "server", "server", 110, 120, false}};
	struct mapped m = mapped_new(ns_lan3);

	check_shapers(&m, wanted, 3);
	cr_assert_null(mapped_machine(&m, "tbdelay1"));
	cr_assert_eq(m.e->delays[0].delay[0], 5);
	cr_assert_eq(m.e->delays[0].bandwidth[1], 10000);
	/* the LAN itself and a wire from each member to its shaper */
	cr_assert_eq(m.e->n_wires, 4);
	cr_assert_eq(m.e->wires[0].n_ends, 3);
	mapped_free(&m);
}

Test(mapper, a_shaped_link_has_one_with_the_joined_values)
{
	static const struct shaper wanted[] = {
		{"tbdelay0", "link0", "nodeA", "nodeB", 110, 120, false}};
	struct mapped m = mapped_new(ns_tutbasic);
	const struct lab_machine *b = mapped_machine(&m, "nodeB");

	check_shapers(&m, wanted, 1);
	cr_assert_eq(m.e->delays[0].delay[0], 50);
	cr_assert_eq(m.e->delays[0].bandwidth[0], 30000);
	cr_assert_float_eq(m.e->delays[0].loss[0], 0.01, 1e-9);
	cr_assert_str_eq(b->ifaces[1].lan, "link0"); /* its port 0 */
	cr_assert_str_eq(b->ifaces[2].lan, "lan0");
	cr_assert_str_eq(mapped_machine(&m, "nodeA")->osid, "FBSD-STD");
	mapped_free(&m);
}

Test(mapper, traces_are_bridges_and_have_the_rows_of_the_recording)
{
	static const struct shaper wanted[] = {
		{"tbdelay0", "lanx", "extra", "extra", 110, 120, true},
		{"tbdelay0", "lanx", "right", "right", 130, 140, true},
		{"tbdelay2", "lanx", "router", "router", 110, 120, true},
		{"tbdelay2", "link0", "left", "router", 130, 140, true},
		{"tbdelay4", "link1", "right", "router", 110, 120, false}};
	static const struct {
		const char *box, *lan, *vnode, *iface0, *iface1;
		int idx;
	} rows[] = {{"tbdelay0", "lanx", "extra", "eth1", "eth2", 1},
		{"tbdelay0", "lanx", "right", "eth3", "eth4", 2},
		{"tbdelay2", "lanx", "router", "eth1", "eth2", 1},
		{"tbdelay2", "link0", "left", "eth3", "eth4", 2},
		{"tbdelay2", "link0", "router", "eth4", "eth3", 3},
		{"tbdelay4", "link1", "right", "eth1", "eth2", 1},
		{"tbdelay4", "link1", "router", "eth2", "eth1", 2}};
	struct mapped m = mapped_new(ns_tracebr);

	check_shapers(&m, wanted, 5);
	cr_assert_eq(m.e->n_traces, 7);
	for (size_t i = 0; i < 7; i++) {
		const struct lab_trace *t = &m.e->traces[i];

		cr_assert_str_eq(t->delayvname, rows[i].box, "row %zu", i);
		cr_assert_str_eq(t->lan, rows[i].lan);
		cr_assert_str_eq(t->vnode, rows[i].vnode);
		cr_assert_str_eq(t->iface0, rows[i].iface0);
		cr_assert_str_eq(t->iface1, rows[i].iface1);
		cr_assert_eq(t->idx, rows[i].idx);
	}
	cr_assert_eq(m.e->traces[5].snaplen, 128);
	mapped_free(&m);
}

Test(mapper, end_nodes_shape_and_trace_when_told_to)
{
	struct mapped m = mapped_new(
		NS_HEAD "set a [$ns node]\nset b [$ns node]\nset c [$ns node]\n"
			"set l [$ns duplex-link $a $b 10Mb 20ms DropTail]\n"
			"set k [$ns duplex-link $b $c 100Mb 0ms DropTail]\n"
			"$k trace monitor\n$k trace_endnode 1\n"
			"tb-use-endnodeshaping 1\n" NS_TAIL);

	cr_assert_eq(m.result, 0, "%s", m.err.text);
	cr_assert_eq(m.e->n_delays, 0);
	cr_assert_eq(m.e->n_linkdelays, 2);
	cr_assert_not(m.e->linkdelays[0].duplex);
	cr_assert_eq(m.e->linkdelays[0].delay[0], 20);
	cr_assert_eq(m.e->n_traces, 2);
	cr_assert_str_eq(m.e->traces[0].iface0, "");
	mapped_free(&m);
}

Test(mapper, too_many_links_are_refused_in_the_mappers_words)
{
	struct buf ns = BUF_INIT(4096);

	buf_adds(&ns, NS_HEAD "set hub [$ns node]\n");
	for (int i = 0; i < 5; i++)
		buf_addf(&ns,
			"set n%d [$ns node]\nset l%d [$ns duplex-link $hub "
			"$n%d 100Mb 0ms DropTail]\n",
			i, i, i);
	buf_adds(&ns, NS_TAIL);
	struct mapped m = mapped_new(buf_str(&ns));
	cr_assert_eq(m.result, -NFZ_E_RESOURCES);
	cr_assert_not_null(strstr(m.err.text, "No possible mapping for hub"));
	cr_assert_not_null(strstr(m.err.text, "(5 requested, 4 found)"));
	cr_assert_null(strstr(m.err.text, "mapping for n0"));
	mapped_free(&m);
	buf_release(&ns);
}

Test(mapper, what_cannot_be_had_is_said)
{
	static const struct {
		const char *line, *said;
	} cases[] = {{"tb-set-hardware $a pcvwa",
			     "a is a node on machines elsewhere"},
		{"tb-set-hardware $a pcvm9999", "type pcvm9999 requested"},
		{"tb-set-hardware $a pc9999", "type pc9999 requested"},
		{"tb-fix-node $a pc9999", "there is no machine pc9999"},
		{"tb-fix-node $a pc3\ntb-fix-node $b pc3", "not available"},
		{"$a add-desire wings 1.0", "have feature wings"},
		{"tb-set-multiplexed $l 1", "l is a multiplexed link"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char ns[600];

		snprintf(ns, sizeof(ns),
			NS_HEAD "set a [$ns node]\nset b [$ns node]\nset l "
				"[$ns duplex-link $a $b 100Mb 0ms DropTail]\n"
				"%s\n" NS_TAIL,
			cases[i].line);
		struct mapped m = mapped_new(ns);
		cr_assert_eq(m.result, -NFZ_E_RESOURCES, "%s", cases[i].line);
		cr_assert_not_null(strstr(m.err.text, cases[i].said), "%s: %s",
			cases[i].line, m.err.text);
		mapped_free(&m);
	}
}

Test(mapper, more_nodes_than_machines_are_counted)
{
	struct buf ns = BUF_INIT(64 << 10);

	buf_adds(&ns, NS_HEAD "for {set i 0} {$i < 600} {incr i} {\n"
			      "set n($i) [$ns node]\n}\n" NS_TAIL);
	struct mapped m = mapped_new(buf_str(&ns));
	cr_assert_eq(m.result, -NFZ_E_RESOURCES);
	cr_assert_not_null(strstr(m.err.text, "600 nodes of type pc requested, "
					      "but only 494 available"),
		"%s", m.err.text);
	mapped_free(&m);
	buf_release(&ns);
}

Test(mapper, types_and_fixed_machines_are_honoured)
{
	struct mapped m = mapped_new(NS_HEAD
		"set a [$ns node]\nset b [$ns node]\nset c [$ns node]\n"
		"set d [$ns node]\nset e [$ns node]\n"
		"tb-make-hard-vtype H {pc600 d710}\n"
		"tb-fix-node $a pc3\ntb-set-hardware $b pc850\n"
		"tb-set-hardware $c H\ntb-set-hardware $d H\n"
		"set l [$ns duplex-link $a $e 100Mb 0ms DropTail]\n" NS_TAIL);

	cr_assert_eq(m.result, 0, "%s", m.err.text);
	cr_assert_str_eq(mapped_machine(&m, "a")->id, "pc3");
	cr_assert_str_eq(mapped_machine(&m, "b")->type->name, "pc850");
	cr_assert_eq(
		mapped_machine(&m, "c")->type, mapped_machine(&m, "d")->type);
	mapped_free(&m);
}

Test(mapper, survivors_keep_machine_and_card)
{
	struct buf more = BUF_INIT(8192);
	struct mapped m = mapped_new(ns_tutbasic);
	struct lab_machine a = *mapped_machine(&m, "nodeA");
	struct lab_machine box = *mapped_machine(&m, "tbdelay0");

	buf_addf(&more, "%.*s",
		(int)(strstr(ns_tutbasic, "$ns rtproto") - ns_tutbasic),
		ns_tutbasic);
	buf_adds(&more, "set more [$ns node]\n$lan0 trace monitor\n" NS_TAIL);
	cr_assert_eq(mapped_again(&m, buf_str(&more)), 0, "%s", m.err.text);
	const struct lab_machine *now = mapped_machine(&m, "nodeA");
	cr_assert_str_eq(now->id, a.id);
	for (int k = 1; k < now->n_ifaces; k++)
		cr_assert_eq(now->ifaces[k].has_ip, a.ifaces[k].has_ip);
	/* lan0 sorts before link0: the first box now serves the LAN */
	cr_assert_str_eq(mapped_machine(&m, "tbdelay0")->id, box.id);
	cr_assert_str_eq(m.e->delays[0].lan, "lan0");
	cr_assert_str_eq(m.e->delays[3].lan, "link0");
	cr_assert_str_eq(m.e->delays[3].vname, "tbdelay2");
	cr_assert_not_null(mapped_machine(&m, "more"));
	mapped_free(&m);
	buf_release(&more);
}

Test(mapper, a_refusal_leaves_the_old_mapping)
{
	struct mapped m = mapped_new(ns_tutbasic);
	int before = lab_machine_of(m.site, m.e, "nodeC");

	cr_assert_neq(mapped_again(&m, NS_HEAD "set nodeC [$ns node]\n"
					       "tb-set-hardware $nodeC pcvwa\n"
					       "$ns run\n"),
		0);
	cr_assert_eq(lab_machine_of(m.site, m.e, "nodeC"), before);
	cr_assert_eq(m.e->n_delays, 1);
	cr_assert_str_eq(m.e->delays[0].lan, "link0");
	lab_unmap(m.site, m.e);
	cr_assert_eq(lab_machine_of(m.site, m.e, "nodeC"), -1);
	cr_assert_eq(m.site->machines[before].owner, -1);
	mapped_free(&m);
}

Test(mapper, every_wire_end_is_a_card_of_its_own)
{
	struct mapped m = mapped_new(ns_tracebr);
	bool seen[1100][LAB_IFACES_MAX] = {{false}};

	cr_assert_eq(m.result, 0);
	for (size_t i = 0; i < m.e->n_wires; i++)
		for (size_t k = 0; k < m.e->wires[i].n_ends; k++) {
			int at = m.e->wires[i].ends[k].machine;
			int card = m.e->wires[i].ends[k].iface;

			cr_assert(at >= 0 && card >= 1);
			cr_assert_not(seen[at][card]);
			seen[at][card] = true;
			cr_assert_eq(
				m.site->machines[at].ifaces[card].peer_wire,
				(int)i);
		}
	mapped_free(&m);
}

Test(mapper, two_experiments_share_no_machine)
{
	struct mapped m = mapped_new(ns_tutbasic);
	struct lab_experiment *first = m.e;
	bool taken[1100] = {false};

	for (size_t i = 0; i < m.site->n_machines; i++)
		taken[i] = m.site->machines[i].owner == 0;
	m.e = lab_experiment_add(m.site, "proj", "second", "user");
	cr_assert_eq(mapped_again(&m, ns_tracebr), 0);
	for (size_t i = 0; i < m.site->n_machines; i++)
		if (taken[i])
			cr_assert_eq(m.site->machines[i].owner, 0);
	cr_assert_eq(lab_experiment_find(m.site, "PROJ", "EXP"), first);
	mapped_free(&m);
}

Test(model, the_pool_has_no_two_alike)
{
	struct lab_site *site = lab_site_new("example.net", 3);
	struct map seen;
	char mac[NET_MAC_TEXT];

	map_init(&seen);
	for (size_t i = 0; i < site->n_machines; i++) {
		struct lab_machine *m = &site->machines[i];

		cr_assert_null(map_puts(&seen, m->key, m));
		cr_assert(m->is_virtual || strcmp(m->id, m->key) == 0);
		for (int k = 0; k < m->n_ifaces; k++) {
			if (m->is_virtual && k > 0)
				break; /* made when it is on a link */
			net_mac_print(m->ifaces[k].mac, mac);
			cr_assert_null(map_puts(&seen, mac, m), "%s", mac);
			if (!m->is_virtual)
				cr_assert_str_neq(m->ifaces[k].name,
					m->ifaces[k].os_name);
			for (int j = 0; j < k; j++)
				cr_assert_str_neq(m->ifaces[j].os_name,
					m->ifaces[k].os_name);
		}
	}
	cr_assert_geq(site->n_machines, 400);
	map_release(&seen);
	lab_site_free(site);
}
