/* Virtual nodes: who is on which host, and what the host has of their wires. */
#include "mapped.h"

#include "base/buf.h"
#include "lab/netplan.h"
#include "lab/nodefiles.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const char tut_vnode[] = NS_HEAD
	"foreach n {a b c d} {set $n [$ns node]\ntb-set-hardware $n pcvm}\n"
	"set link0 [$ns duplex-link $b $a 30Mb 50ms DropTail]\n"
	"set lan0 [$ns make-lan \"$d $c $b\" 100Mb 0ms]\n" NS_TAIL;

/* Two to a host; the file's nodes are a (alone with c), gw is a machine. */
static const char mixed[] = NS_HEAD
	"set gw [$ns node]\n"
	"foreach n {a b c d} {set $n [$ns node]\ntb-set-hardware $n pcvm}\n"
	"tb-set-colocate-factor 2\n"
	"set in [$ns duplex-link $a $b 100Mb 0ms DropTail]\n"
	"set out [$ns duplex-link $b $c 100Mb 0ms DropTail]\n"
	"set lan [$ns make-lan \"$a $b $c $d $gw\" 100Mb 0ms]\n"
	"set slow [$ns duplex-link $d $gw 10Mb 10ms DropTail]\n" NS_TAIL;

static int host_of(const struct mapped *m, const char *vname)
{
	return mapped_machine(m, vname)->host;
}

static size_t ends_at(const struct mapped *m, const char *lan, int machine)
{
	size_t n = 0;

	for (size_t i = 0; i < m->e->n_wires; i++)
		for (size_t k = 0; k < m->e->wires[i].n_ends; k++)
			n += strcmp(m->e->wires[i].lan, lan) == 0 &&
			     m->e->wires[i].ends[k].machine == machine &&
			     m->e->wires[i].ends[k].iface < LAB_VETH;
	return n;
}

Test(vnodes, all_that_fit_share_a_host)
{
	struct mapped m = mapped_new(tut_vnode);
	const struct lab_machine *host = mapped_machine(&m, "vhost-0");
	char id[24];

	cr_assert_eq(m.result, 0, "%s", m.err.text);
	cr_assert_not_null(host);
	cr_assert_str_eq(host->erole, "virthost");
	for (const char *n = "abcd"; *n; n++) {
		const char name[] = {*n, '\0'};
		const struct lab_machine *v = mapped_machine(&m, name);

		cr_assert_eq(v->host, host - m.site->machines);
		cr_assert_str_eq(v->erole, "node");
		cr_assert_str_eq(v->type->name, "pcvm");
		snprintf(id, sizeof(id), "pcvm%s-%d", host->id + 2,
			n[0] - 'a' + 1);
		cr_assert_str_eq(v->id, id);
	}
	cr_assert_str_eq(mapped_machine(&m, "a")->osid, "OPENVZ-STD");
	cr_assert_eq(m.e->n_veths, 5);
	/* no wire leaves the host, the nodes shape themselves */
	cr_assert_eq(m.e->n_wires, 5);
	for (size_t i = 0; i < m.e->n_veths; i++)
		cr_assert_eq(m.e->veths[i].card, 0);
	cr_assert_eq(m.e->n_delays, 0);
	cr_assert_eq(m.e->n_linkdelays, 2);
	mapped_free(&m);
}

Test(vnodes, a_link_that_leaves_a_host_takes_one_card)
{
	struct mapped m = mapped_new(mixed);
	int left, right;

	cr_assert_eq(m.result, 0, "%s", m.err.text);
	left = host_of(&m, "a");
	right = host_of(&m, "c");
	cr_assert_eq(host_of(&m, "b"), left);
	cr_assert_eq(host_of(&m, "d"), right);
	cr_assert_neq(left, right);
	cr_assert_eq(ends_at(&m, "in", left), 0);
	cr_assert_eq(ends_at(&m, "out", left), 1);
	cr_assert_eq(ends_at(&m, "out", right), 1);
	cr_assert_eq(ends_at(&m, "lan", left), 1);
	cr_assert_eq(ends_at(&m, "lan", right), 1);
	/* towards a machine a delay node shapes */
	cr_assert_eq(m.e->n_delays, 1);
	cr_assert_str_eq(m.e->delays[0].lan, "slow");
	cr_assert_eq(ends_at(&m, "slow", right), 1);
	mapped_free(&m);
}

Test(vnodes, a_host_bridges_each_link_by_itself)
{
	struct mapped m = mapped_new(mixed);
	struct buf ip = BUF_INIT(1 << 16), tc = BUF_INIT(1 << 16);
	int left;

	cr_assert_eq(m.result, 0, "%s", m.err.text);
	left = host_of(&m, "a");
	for (size_t i = 0; i < m.site->n_machines; i++)
		if (m.site->machines[i].owner == 0)
			m.site->machines[i].init = 1; /* runs */
	cr_assert_eq(netplan_host(m.site, m.e, left, &ip, &tc), 3);
	cr_assert_not_null(strstr(buf_str(&ip), "veth1 master bridge1 up"));
	cr_assert_not_null(strstr(buf_str(&ip), "veth2 master bridge1 up"));
	cr_assert_not_null(strstr(buf_str(&ip), "master bridge3 up"));
	cr_assert_eq(tc.len, 0);
	buf_reset(&ip);
	cr_assert_eq(netplan_host(m.site, m.e,
			     lab_machine_of(m.site, m.e, "gw"), &ip, &tc),
		0);
	buf_release(&ip);
	buf_release(&tc);
	mapped_free(&m);
}

Test(vnodes, who_asks_for_it_is_on_a_shared_host)
{
	struct mapped m = mapped_new(NS_HEAD
		"foreach n {a b c} {set $n [$ns node]\n"
		"tb-set-hardware $n pcvm}\n"
		"tb-set-node-sharingmode $a \"shared_local\"\n"
		"tb-set-node-usesharednode $b 1\n"
		"set l [$ns make-lan \"$a $b $c\" 100Mb 0ms]\n" NS_TAIL);

	cr_assert_eq(m.result, 0, "%s", m.err.text);
	cr_assert_str_eq(mapped_machine(&m, "a")->id, "pcvm340-1");
	cr_assert_str_eq(mapped_machine(&m, "b")->id, "pcvm341-1");
	cr_assert(m.site->machines[host_of(&m, "b")].is_shared_host);
	cr_assert_eq(m.site->machines[host_of(&m, "b")].owner, -1);
	cr_assert_not(m.site->machines[host_of(&m, "c")].is_shared_host);
	cr_assert_eq(m.e->n_veths, 1); /* c's: nobody sees the others' */
	mapped_free(&m);
}

Test(vnodes, a_file_may_say_which_machine_or_type)
{
	struct mapped m = mapped_new(
		NS_HEAD "foreach n {a b c} {set $n [$ns node]\n"
			"tb-set-hardware $n pcvm}\n"
			"tb-fix-node $a pc7\ntb-set-hardware $b pcvm3000\n"
			"set l [$ns make-lan \"$a $b $c\" 100Mb 0ms]\n"
			"tb-set-multiplexed $l 1\n" NS_TAIL);

	cr_assert_eq(m.result, 0, "%s", m.err.text);
	cr_assert_str_eq(mapped_machine(&m, "a")->id, "pcvm7-1");
	cr_assert_str_eq(
		m.site->machines[host_of(&m, "b")].type->name, "pc3000");
	/* c fits in with a */
	cr_assert_eq(host_of(&m, "c"), host_of(&m, "a"));
	cr_assert_str_eq(mapped_machine(&m, "c")->id, "pcvm7-2");
	mapped_free(&m);
}

Test(vnodes, survivors_stay_where_they_are)
{
	struct mapped m = mapped_new(tut_vnode);
	const struct lab_machine *b = mapped_machine(&m, "b");
	const struct lab_veth *v;
	char id[16];
	int unit;

	memcpy(id, b->id, sizeof(id));
	v = lab_veth_of(m.e, (int)(b - m.site->machines), 1);
	cr_assert_not_null(v);
	unit = v->unit;
	cr_assert_eq(mapped_again(&m,
			     NS_HEAD "foreach n {e b} {set $n [$ns node]\n"
				     "tb-set-hardware $n pcvm}\n"
				     "set link0 [$ns duplex-link $b $e 30Mb "
				     "50ms DropTail]\n" NS_TAIL),
		0, "%s", m.err.text);
	cr_assert_eq(mapped_machine(&m, "b"), b);
	cr_assert_str_eq(b->id, id);
	v = lab_veth_of(m.e, (int)(b - m.site->machines), 1);
	cr_assert_eq(v->unit, unit);
	cr_assert_null(mapped_machine(&m, "a"));
	cr_assert_str_neq(mapped_machine(&m, "e")->id, id);
	lab_unmap(m.site, m.e);
	cr_assert_eq(lab_machine_find(m.site, id), -1);
	mapped_free(&m);
}

Test(vnodes, too_many_links_that_leave_are_refused)
{
	struct buf ns = BUF_INIT(1 << 16);
	struct mapped m;

	buf_adds(&ns, NS_HEAD "set v [$ns node]\ntb-set-hardware $v pcvm\n");
	for (int i = 0; i < 5; i++)
		buf_addf(&ns,
			"set n%d [$ns node]\n"
			"$ns duplex-link $v $n%d 100Mb 0ms DropTail\n",
			i, i);
	buf_adds(&ns, NS_TAIL);
	m = mapped_new(buf_str(&ns));
	cr_assert_eq(m.result, -NFZ_E_RESOURCES);
	cr_assert_not_null(
		strstr(m.err.text, "(5 requested, 4 found)"), "%s", m.err.text);
	mapped_free(&m);
	buf_release(&ns);
}

Test(vnodes, hosts_are_filled_card_by_card_when_they_must)
{
	/* a ring of ten machines, each with a virtual node of its own: all ten
	 * on one host would take ten cards */
	struct buf ns = BUF_INIT(1 << 16);
	struct mapped m;

	buf_adds(&ns, NS_HEAD);
	for (int i = 0; i < 10; i++)
		buf_addf(&ns,
			"set n%d [$ns node]\nset v%d [$ns node]\n"
			"tb-set-hardware $v%d pcvm\n"
			"$ns duplex-link $v%d $n%d 100Mb 0ms DropTail\n",
			i, i, i, i, i);
	buf_adds(&ns, NS_TAIL);
	m = mapped_new(buf_str(&ns));
	cr_assert_eq(m.result, 0, "%s", m.err.text);
	cr_assert_not_null(mapped_machine(&m, "vhost-2"));
	cr_assert_null(mapped_machine(&m, "vhost-3"));
	mapped_free(&m);
	buf_release(&ns);
}

static const char *file_text(const struct nodefiles *files, const char *path)
{
	for (size_t i = 0; i < files->n; i++)
		if (strcmp(files->files[i].path, path) == 0)
			return files->files[i].text;
	cr_assert_fail("no %s", path);
	return "";
}

Test(vnodes, a_virtual_node_is_told_both_cards)
{
	struct mapped m = mapped_new(mixed);
	struct nodefiles files = {0};
	const char *text;

	cr_assert_eq(m.result, 0, "%s", m.err.text);
	nodefiles_boot(m.site, m.e, lab_machine_of(m.site, m.e, "b"), &files);
	text = file_text(&files, "/usr/local/etc/emulab/tmcc.d/ifconfig");
	cr_assert_not_null(
		strstr(text, "IFACETYPE=veth INET=10.1."), "%s", text);
	cr_assert_not_null(strstr(text, "VMAC=00000a01"), "%s", text);
	cr_assert_not_null(strstr(text, "PMAC=none"), "%s", text);
	text = file_text(&files, "/var/emulab/boot/nodeid");
	cr_assert_eq(strncmp(text, "pcvm", 4), 0);
	nodefiles_release(&files);
	mapped_free(&m);
}
