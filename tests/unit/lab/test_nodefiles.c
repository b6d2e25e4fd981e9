#include "mapped.h"

#include "base/mem.h"
#include "lab/netplan.h"
#include "lab/nodefiles.h"
#include "lab/snapshot.h"
#include "lab/state.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The text of one file of one node, NULL when it has none; to be freed. */
static char *file_of(
	const struct mapped *m, const char *vname, const char *path)
{
	struct nodefiles list = {0};
	int at = lab_machine_of(m->site, m->e, vname);
	char *text = NULL;

	cr_assert(at >= 0, "%s", vname);
	nodefiles_boot(m->site, m->e, at, &list);
	nodefiles_system(m->site, m->e, at, "ssh-ed25519 AAAA\n", &list);
	for (size_t i = 0; i < list.n; i++)
		if (strcmp(list.files[i].path, path) == 0)
			text = mem_strdup(list.files[i].text);
	nodefiles_release(&list);
	return text;
}

static const char *os_name(const struct mapped *m, const char *vname, int card)
{
	return mapped_machine(m, vname)->ifaces[card].os_name;
}

Test(nodefiles, ifmap_names_what_the_system_names)
{
	struct mapped m = mapped_new(ns_lan3);
	char *client = file_of(&m, "client", "/var/emulab/boot/ifmap");
	char *box = file_of(&m, "tbdelay0", "/var/emulab/boot/ifmap");
	const struct lab_iface *i = &mapped_machine(&m, "client")->ifaces[1];
	char wanted[80], line[80];

	snprintf(wanted, sizeof(wanted),
		"%s 10.1.1.2 %02x%02x%02x%02x%02x%02x\n", i->os_name, i->mac[0],
		i->mac[1], i->mac[2], i->mac[3], i->mac[4], i->mac[5]);
	cr_assert_str_eq(client, wanted);
	/* four ports without addresses: the field is empty, not missing */
	snprintf(line, sizeof(line), "%s  ", os_name(&m, "tbdelay0", 1));
	cr_assert_eq(strncmp(box, line, strlen(line)), 0);
	cr_assert_eq(strlen(box), 4 * strlen("enp2s0  0123456789ab\n"));
	free(client);
	free(box);
	mapped_free(&m);
}

Test(nodefiles, delay_mapping_has_eight_fields)
{
	struct mapped m = mapped_new(ns_tutbasic);
	char *box = file_of(&m, "tbdelay0", "/var/emulab/boot/delay_mapping");
	char wanted[128];

	snprintf(wanted, sizeof(wanted),
		"link0 duplex nodeA nodeB %s %s 110 120\n",
		os_name(&m, "tbdelay0", 1), os_name(&m, "tbdelay0", 2));
	cr_assert_str_eq(box, wanted);
	cr_assert_null(file_of(&m, "nodeA", "/var/emulab/boot/delay_mapping"));
	cr_assert_null(file_of(&m, "nodeA", "/var/emulab/boot/isdelaynode"));
	free(box);
	mapped_free(&m);
}

Test(nodefiles, a_bridge_that_only_traces_has_no_line)
{
	struct mapped m = mapped_new(ns_tracebr);
	char *box = file_of(&m, "tbdelay2", "/var/emulab/boot/delay_mapping");
	char *tmcc = file_of(
		&m, "tbdelay2", "/usr/local/etc/emulab/tmcc.d/traceinfo");
	char *delay =
		file_of(&m, "tbdelay2", "/usr/local/etc/emulab/tmcc.d/delay");

	cr_assert_str_eq(box, "");
	cr_assert_not_null(strstr(delay, "NOSHAPING=1"));
	cr_assert_not_null(strstr(delay, "VNODE0=left VNODE1=router"));
	cr_assert_not_null(strstr(tmcc, "TRACE LINKNAME=link0 IDX=2 MAC0="));
	cr_assert_not_null(strstr(tmcc, "TRACE_EXPR='len >= 0'"));
	free(box);
	free(tmcc);
	free(delay);
	mapped_free(&m);
}

Test(nodefiles, end_node_shaping_has_five_fields_on_links)
{
	struct mapped m = mapped_new(
		NS_HEAD "set a [$ns node]\nset b [$ns node]\n"
			"set l [$ns duplex-link $a $b 10Mb 20ms DropTail]\n"
			"tb-use-endnodeshaping 1\n" NS_TAIL);
	char *a = file_of(&m, "a", "/var/emulab/boot/delay_mapping");
	char wanted[80];

	snprintf(wanted, sizeof(wanted), "l simplex a %s 110\n",
		os_name(&m, "a", 1));
	cr_assert_str_eq(a, wanted);
	free(a);
	mapped_free(&m);
}

Test(nodefiles, names_mean_the_nearest_interface)
{
	struct mapped m = mapped_new(ns_tutbasic);
	char *a = file_of(&m, "nodeA", "/etc/hosts");
	char *c = file_of(&m, "nodeC", "/etc/hosts");
	char *topo = file_of(&m, "nodeC", "/var/emulab/boot/topomap");

	cr_assert_not_null(
		strstr(a, "10.1.1.2\tnodeB-link0 nodeB-0 nodeB\n"), "%s", a);
	cr_assert_not_null(
		strstr(c, "10.1.2.4\tnodeB-lan0 nodeB-1 nodeB\n"), "%s", c);
	cr_assert_not_null(strstr(c, "nodeB.exp.proj.example.net"));
	cr_assert_not_null(strstr(topo, "\nnodeB,"), "%s", topo);
	cr_assert_not_null(strstr(topo, "link0:10.1.1.2"));
	free(a);
	free(c);
	free(topo);
	mapped_free(&m);
}

/* ---- routes ---- */

/* Follows the routes hop by hop; the number of hops to a LAN, -1 if lost. */
static int walk(const struct mapped *m, char **routes, int from, size_t lan)
{
	const struct lab_lookup *look = &m->e->lookup;
	char net[64], text[NET_ADDR_TEXT];

	snprintf(net, sizeof(net), "route replace %s/%d via ",
		net_addr_print(&look->nets[lan].prefix.addr, text),
		look->nets[lan].prefix.len - 96);
	for (int hops = 0; hops < 100; hops++) {
		const char *route, *via;
		int next = -1;

		for (size_t k = 0; k < m->e->ns->lans[lan].n_members; k++)
			if (look->nets[lan].nodes[k] == from)
				return hops;
		route = strstr(routes[from], net);
		if (route == NULL)
			return -1;
		via = route + strlen(net);
		for (int s = 0; s < look->n_seats[from]; s++) {
			int l = look->seats[from][s].lan;
			const struct ns_lan *on = &m->e->ns->lans[l];

			for (size_t k = 0; k < on->n_members; k++)
				if (strncmp(via, on->members[k].ip,
					    strcspn(via, "\n")) == 0)
					next = look->nets[l].nodes[k];
		}
		cr_assert(next >= 0, "a hop that is no neighbour: %s", via);
		from = next;
	}
	return -1;
}

/* The same distance by plain breadth-first search. */
static int distance(const struct mapped *m, int from, size_t lan)
{
	const struct lab_lookup *look = &m->e->lookup;
	size_t n = m->e->ns->n_nodes;
	int *at = mem_zalloc(n, sizeof(int)), found = -1;

	for (size_t i = 0; i < n; i++)
		at[i] = (int)i == from ? 0 : -1;
	for (int d = 0; found < 0 && d < (int)n; d++) {
		for (size_t k = 0; k < m->e->ns->lans[lan].n_members; k++)
			if (at[look->nets[lan].nodes[k]] == d)
				found = d;
		for (size_t l = 0; l < m->e->ns->n_lans; l++)
			for (size_t a = 0; a < m->e->ns->lans[l].n_members; a++)
				for (size_t b = 0;
					b < m->e->ns->lans[l].n_members; b++)
					if (at[look->nets[l].nodes[a]] == d &&
						at[look->nets[l].nodes[b]] < 0)
						at[look->nets[l].nodes[b]] =
							d + 1;
	}
	free(at);
	return found;
}

Test(routes, lead_everywhere_on_shortest_paths)
{
	/* a ring with a chord, a LAN, and a tail */
	struct mapped m = mapped_new(NS_HEAD
		"for {set i 0} {$i < 8} {incr i} {set n($i) [$ns node]}\n"
		"for {set i 0} {$i < 6} {incr i} {\n"
		"set r($i) [$ns duplex-link $n($i) $n([expr ($i+1)%6]) 100Mb "
		"0ms DropTail]\n}\n"
		"set chord [$ns duplex-link $n(0) $n(3) 100Mb 0ms DropTail]\n"
		"set lan [$ns make-lan \"$n(5) $n(6) $n(7)\" 100Mb "
		"0ms]\n" NS_TAIL);
	char *routes[8];
	struct buf ip = BUF_INIT(64 << 10);

	cr_assert_eq(m.result, 0, "%s", m.err.text);
	for (int i = 0; i < 8; i++) {
		netplan_routes(m.site, m.e, m.e->lookup.machine[i], &ip);
		routes[i] = mem_strdup(buf_str(&ip));
		buf_reset(&ip);
	}
	for (int i = 0; i < 8; i++)
		for (size_t l = 0; l < m.e->ns->n_lans; l++)
			cr_assert_eq(walk(&m, routes, i, l), distance(&m, i, l),
				"from %s to %s", m.e->ns->nodes[i].name,
				m.e->ns->lans[l].name);
	for (int i = 0; i < 8; i++)
		free(routes[i]);
	buf_release(&ip);
	mapped_free(&m);
}

Test(routes, overlapping_networks_get_a_route_for_each_host)
{
	struct mapped m = mapped_new(NS_HEAD
		"set a [$ns node]\nset b [$ns node]\nset c [$ns node]\n"
		"set l [$ns duplex-link $a $b 100Mb 0ms DropTail]\n"
		"set k [$ns duplex-link $b $c 100Mb 0ms DropTail]\n"
		"tb-set-ip-link $a $l 10.9.9.1\ntb-set-ip-link $b $l 10.9.9.2\n"
		"tb-set-ip-link $b $k 10.9.9.3\ntb-set-ip-link $c $k "
		"10.9.9.4\n" NS_TAIL);
	struct buf ip = BUF_INIT(4096);

	cr_assert_eq(m.result, 0, "%s", m.err.text);
	netplan_routes(m.site, m.e, lab_machine_of(m.site, m.e, "a"), &ip);
	cr_assert_not_null(strstr(buf_str(&ip),
				   "route replace 10.9.9.4/32 via 10.9.9.2\n"),
		"%s", buf_str(&ip));
	cr_assert_null(strstr(buf_str(&ip), "/24"));
	buf_release(&ip);
	mapped_free(&m);
}

Test(routes, manual_ones_are_taken_as_written)
{
	struct mapped m = mapped_new(
		NS_HEAD "set a [$ns node]\nset b [$ns node]\nset c [$ns node]\n"
			"set l [$ns duplex-link $a $b 100Mb 0ms DropTail]\n"
			"set k [$ns duplex-link $b $c 100Mb 0ms DropTail]\n"
			"$ns rtproto Manual\n$a add-route $c $b\n$ns run\n");
	struct buf ip = BUF_INIT(4096);

	cr_assert_eq(m.result, 0, "%s", m.err.text);
	netplan_routes(m.site, m.e, lab_machine_of(m.site, m.e, "a"), &ip);
	cr_assert_not_null(strstr(buf_str(&ip), " via "), "%s", buf_str(&ip));
	buf_reset(&ip);
	netplan_routes(m.site, m.e, lab_machine_of(m.site, m.e, "c"), &ip);
	cr_assert_str_eq(buf_str(&ip), "");
	buf_release(&ip);
	mapped_free(&m);
}

Test(netplan, the_pipe_of_a_port_sits_on_the_other_ports_way_out)
{
	struct mapped m = mapped_new(ns_tutbasic);
	struct buf ip = BUF_INIT(4096), tc = BUF_INIT(4096);
	int box = lab_machine_of(m.site, m.e, "tbdelay0");
	char wanted[96];

	m.e->delays[0].bandwidth[0] = 5000; /* from nodeA, port 1 */
	cr_assert(netplan_delay(m.site, m.e, box, &ip, &tc));
	snprintf(wanted, sizeof(wanted),
		"dev %s root handle 1: tbf rate 5000kbit",
		os_name(&m, "tbdelay0", 2));
	cr_assert_not_null(strstr(buf_str(&tc), wanted), "%s", buf_str(&tc));
	cr_assert_null(strstr(buf_str(&tc), "netem"));
	buf_reset(&tc);
	m.site->has_netem = true;
	netplan_delay(m.site, m.e, box, &ip, &tc);
	cr_assert_not_null(strstr(buf_str(&tc), "delay 50.000ms loss 1.0000"),
		"%s", buf_str(&tc));
	buf_release(&ip);
	buf_release(&tc);
	mapped_free(&m);
}

/* ---- state and snapshots ---- */

Test(state, names_are_what_the_testbed_takes)
{
	static const char *const bad[] = {"", "a", "/b", "a/", "a/b/c", "a b/c",
		"../x/y", "a/..", "-a/b", "a/b+c"};
	struct testbed t;
	struct err err = ERR_INIT;

	cr_assert_eq(state_name("lab/first-1", &t, &err), 0);
	cr_assert_str_eq(t.eid, "first-1");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(state_name(bad[i], &t, &err), -NFZ_E_USAGE, "%s",
			bad[i]);
}

static char *listing(const char *dir)
{
	struct buf out = BUF_INIT(1 << 20);
	struct err err = ERR_INIT;

	cr_assert_eq(snapshot_tree(dir, &out, &err), 0, "%s", err.text);
	return buf_take(&out);
}

Test(snapshot, shows_every_change_and_its_undoing)
{
	char dir[] = "/tmp/nfz-snapshot-XXXXXX", path[80], row[80];
	const struct timespec old[2] = {{1000, 5}, {1000, 5}};

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a", dir);
	cr_assert_eq(mkdir(path, 0755), 0);
	cr_assert_eq(utimensat(AT_FDCWD, path, old, 0), 0);
	char *before = listing(dir);
	snprintf(row, sizeof(row), "d 0755 %u 0 1000.000000005 /a\n",
		(unsigned)getuid());
	cr_assert_str_eq(before, row);
	snprintf(path, sizeof(path), "%s/a/f", dir);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	char *during = listing(dir);
	cr_assert_str_neq(before, during);
	unlink(path);
	char *late = listing(dir);
	cr_assert_str_neq(before, late, "the time of a changed directory");
	snprintf(path, sizeof(path), "%s/a", dir);
	utimensat(AT_FDCWD, path, old, 0);
	char *after = listing(dir);
	cr_assert_str_eq(before, after);
	rmdir(path);
	rmdir(dir);
	free(before);
	free(during);
	free(late);
	free(after);
}
