/* The language of NS files: what the reference files do not show. */
#include "unit/testbed/ns_text.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODES3 "set a [$ns node]\nset b [$ns node]\nset c [$ns node]\n"
#define RUN "$ns run\n"

static void near(double got, double want)
{
	cr_expect(fabs(got - want) < 1e-9, "%.12g is not %.12g", got, want);
}

Test(ns_language, names_follow_variables)
{
	struct ns_experiment *e = ns_text(NS_HEAD
		"for {set i 1} {$i < 3} {incr i} {set n($i) [$ns node]}\n"
		"set m(a)(b) [$ns node]\n"
		"$ns duplex-link [$ns node] $n(1) 10Mb 0ms DropTail\n"
		"proc inside {} {global ns; set x [$ns node]; return $x}\n"
		"set outside [inside]\n"
		"proc loose {} {global ns; set y [$ns node]}\n"
		"loose\n"
		"$ns make-lan \"$n(1) $n(2)\" 100Mb 0ms\n" RUN);

	ns_text_node(e, "n-1");
	ns_text_node(e, "n-2");
	ns_text_node(e, "m-a-b");
	ns_text_node(e, "tbnode-n4");
	ns_text_lan(e, "tblink-l5");
	ns_text_node(e, "outside");
	ns_text_node(e, "tbnode-n7");
	ns_text_lan(e, "tblan-lan8");
	cr_expect_eq(e->n_nodes, 6);
	ns_free(e);
}

Test(ns_language, units)
{
	static const struct {
		const char *bw, *delay;
		int64_t kbps;
		double half;
	} cases[] = {
		{"1.5Mbps", "10ms", 1500, 5},
		{"100kb", "0.01s", 100, 5},
		{"1Gb", "2", 1000000, 1000},
		{"20000", "0", 20, 0},
		{"*", "7ms", 0, 3.5},
		{"12Kb", "2.9ms", 12, 1},
		{"3M", "5000000ns", 3000, 2500},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[400];
		struct ns_experiment *e;
		const struct ns_lan *l;

		snprintf(text, sizeof(text),
			NS_HEAD NODES3 "set l [$ns duplex-link $a $b %s %s "
				       "DropTail]\n" RUN,
			cases[i].bw, cases[i].delay);
		e = ns_text(text);
		l = ns_text_lan(e, "l");
		cr_expect(l->is_link);
		cr_expect_eq(l->members[0].bandwidth, cases[i].kbps, "%s",
			cases[i].bw);
		near(l->members[1].rdelay, cases[i].half);
		ns_free(e);
	}
}

Test(ns_language, traces)
{
	struct ns_experiment *e = ns_text(NS_HEAD NODES3
		"set l [$ns duplex-link $a $b 100Mb 0ms DropTail]\n"
		"set q [[$ns link $b $a] queue]\n"
		"$q trace monitor \"len >= 0\"\n"
		"set m [$ns duplex-link $b $c 100Mb 0ms DropTail]\n"
		"$m trace\n$m trace_snaplen 128\n$m trace_endnode 1\n"
		"set n [$ns make-lan \"$a $b $c\" 100Mb 0ms]\n"
		"[[$ns lanlink $n $b] queue] trace packet\n" RUN);
	const struct ns_lan *l = ns_text_lan(e, "l"), *m = ns_text_lan(e, "m"),
			    *n = ns_text_lan(e, "n");
	bool shapes;

	cr_expect_str_eq(l->members[0].traced, "");
	cr_expect_str_eq(l->members[1].traced, "1");
	cr_expect_str_eq(l->members[1].trace_type, "monitor");
	cr_expect_str_eq(l->members[1].trace_expr, "len >= 0");
	cr_expect_str_eq(m->members[0].trace_type, "header");
	cr_expect_eq(m->members[1].trace_snaplen, 128);
	cr_expect_str_eq(m->members[1].trace_endnode, "1");
	cr_expect_str_eq(n->members[1].trace_type, "packet");
	cr_expect_str_eq(n->members[0].traced, "");
	cr_expect(ns_member_needs_shaper(e, l, &l->members[0], &shapes));
	cr_expect_not(shapes);
	cr_expect_not(ns_member_needs_shaper(e, m, &m->members[0], &shapes));
	cr_expect(ns_member_needs_shaper(e, n, &n->members[1], &shapes));
	cr_expect_not(ns_member_needs_shaper(e, n, &n->members[0], &shapes));
	ns_free(e);
}

Test(ns_language, queues)
{
	struct ns_experiment *e = ns_text(NS_HEAD NODES3
		"set l [$ns duplex-link $a $b 100Mb 0ms GRED]\n"
		"set q [[$ns link $a $b] queue]\n"
		"foreach {k v} {limit_ 70 thresh_ 6 maxthresh_ 21 linterm_ 9\n"
		" q_weight_ 0.01 queue-in-bytes_ true gentle_ false} {\n"
		"  $q set $k $v\n}\n" RUN);
	const struct ns_lan *l = ns_text_lan(e, "l");
	const struct ns_member *x = &l->members[0], *y = &l->members[1];

	cr_expect(x->mustdelay && y->mustdelay);
	cr_expect_eq(x->q_limit, 70);
	cr_expect_eq(x->q_minthresh, 6);
	cr_expect_eq(x->q_maxthresh, 21);
	cr_expect_eq(x->q_linterm, 9);
	near(x->q_weight, 0.01);
	cr_expect_eq(x->q_qinbytes, 1);
	cr_expect_eq(x->q_gentle, 0);
	cr_expect_eq(y->q_limit, 50);
	cr_expect_eq(y->q_gentle, 1);
	cr_expect_eq(y->q_red, 1);
	ns_free(e);
}

Test(ns_language, losses_and_members)
{
	struct ns_experiment *e = ns_text(NS_HEAD NODES3
		"set l [$ns duplex-link $a $b 100Mb 20ms DropTail]\n"
		"tb-set-link-loss $a $b 0.19\n"
		"tb-set-link-simplex-params $l $a 40ms 10Mb 0.36\n"
		"set n [$ns make-lan \"$a $b $c\" 100Mb 10ms]\n"
		"tb-set-lan-loss $n 0.19\n"
		"tb-set-node-lan-params $b $n 8ms 20Mb 0.5\n"
		"tb-set-lan-simplex-params $n $c 4ms 1Mb 0.1 6ms 2Mb 0.2\n"
		"tb-set-lan-loss $n 0\n" RUN);
	const struct ns_member *l = ns_text_lan(e, "l")->members;
	const struct ns_member *n = ns_text_lan(e, "n")->members;

	near(l[0].delay, 20);
	near(l[0].rdelay, 10);
	near(l[1].rdelay, 20);
	near(l[0].lossrate, 0.2);
	near(l[0].rlossrate, 0.1);
	cr_expect_eq(l[0].bandwidth, 10000);
	cr_expect_eq(l[0].rbandwidth, 100000);
	near(n[0].delay, 5);
	near(n[1].delay, 8);
	near(n[1].rdelay, 8);
	cr_expect_eq(n[1].rbandwidth, 20000);
	near(n[2].delay, 4);
	near(n[2].rdelay, 6);
	cr_expect_eq(n[2].rbandwidth, 2000);
	near(n[2].lossrate, 0);
	ns_free(e);
}

Test(ns_language, addresses)
{
	struct ns_experiment *e = ns_text(NS_HEAD NODES3
		"set l [$ns duplex-link $a $b 100Mb 0ms DropTail]\n"
		"tb-set-ip-link $b $l 192.168.7.2\n"
		"set n [$ns make-lan \"$a $b $c\" 100Mb 0ms]\n"
		"tb-set-netmask $n 255.255.255.248\n" RUN);
	const struct ns_lan *l = ns_text_lan(e, "l"), *n = ns_text_lan(e, "n");

	/* The first free host is .2, but that one is taken. */
	cr_expect_str_eq(l->members[0].ip, "192.168.7.3");
	cr_expect_str_eq(n->members[0].ip, "10.1.1.10");
	cr_expect_str_eq(n->members[2].ip, "10.1.1.12");
	cr_expect_str_eq(n->members[2].mask, "255.255.255.248");
	cr_expect_eq(n->members[1].port, 1);
	ns_free(e);
}

Test(ns_language, bridges_share_a_subnet)
{
	struct ns_experiment *e = ns_text(NS_HEAD NODES3
		"set br [$ns bridge]\n"
		"set l [$ns duplex-link $a $br 100Mb 0ms DropTail]\n"
		"set m [$ns duplex-link $br $b 100Mb 0ms DropTail]\n" RUN);
	const struct ns_lan *l = ns_text_lan(e, "l"), *m = ns_text_lan(e, "m");

	cr_expect_str_eq(ns_text_node(e, "br")->role, "bridge");
	cr_expect(strncmp(l->members[0].ip, m->members[1].ip, 7) == 0);
	cr_expect_str_neq(l->members[0].ip, m->members[1].ip);
	ns_free(e);
}

Test(ns_language, routes_desires_and_the_rest)
{
	struct ns_experiment *e = ns_text(NS_HEAD NODES3
		"set l [$ns duplex-link $a $b 100Mb 0ms DropTail]\n"
		"set m [$ns duplex-link $b $c 100Mb 0ms DropTail]\n"
		"tb-set-hardware $a pc3000\ntb-set-node-os $a RHL90-STD\n"
		"tb-set-node-startcmd $a \"ls -l\"\n"
		"tb-set-node-startup $b /bin/true\n"
		"tb-set-node-rpms $b a.rpm b.rpm\n"
		"tb-set-node-tarfiles $b /usr/site /proj/p/x.tar.gz\n"
		"tb-set-node-failure-action $b nonfatal\n"
		"tb-fix-node $c pc42\ntb-fix-interface $b $m eth3\n"
		"$c add-desire wild 1.0\n$a add-route $c $b\n"
		"$a add-route $m $b\n"
		"tb-set-delay-os LINUX\ntb-set-colocate-factor 3\n"
		"set opt(DIR) /x\nset opt(N) 5\n"
		"tb-make-weighted-vtype v 0.3 {pc600 pc850}\n"
		"tb-set-link-failure-action $l nonfatal\n"
		"tb-set-multiplexed $m 1\ntb-set-noshaping $m 1\n"
		"$ns rtproto Session\n" RUN);
	const struct ns_node *a = ns_text_node(e, "a");
	const struct ns_node *b = ns_text_node(e, "b");

	cr_expect_str_eq(a->type, "pc3000");
	cr_expect_str_eq(a->os, "RHL90-STD");
	cr_expect_str_eq(a->routing, "ospf");
	cr_expect_str_eq(ns_text_cell(e, "virt_programs", 0, "command"),
		"(ls -l ; /usr/local/etc/emulab/startcmddone $?)");
	cr_expect_eq(a->n_routes, 2);
	cr_expect_str_eq(a->routes[0].dst_type, "host");
	cr_expect_str_eq(a->routes[1].dst_type, "net");
	cr_expect_str_eq(
		a->routes[1].nexthop, ns_text_lan(e, "l")->members[1].ip);
	cr_expect_str_eq(b->startup, "/bin/true");
	cr_expect_str_eq(b->rpms, "a.rpm;b.rpm");
	cr_expect_str_eq(b->tarfiles, "/usr/site /proj/p/x.tar.gz");
	cr_expect_str_eq(
		ns_text_cell(e, "virt_nodes", 1, "failureaction"), "nonfatal");
	cr_expect_str_eq(ns_text_node(e, "c")->fixed, "pc42");
	cr_expect_str_eq(ns_text_node(e, "c")->desires[0].name, "wild");
	cr_expect_str_eq(ns_text_lan(e, "m")->members[0].fixed_iface, "eth3");
	cr_expect_str_eq(ns_text_cell(e, "virt_lan_lans", 0, "failureaction"),
		"nonfatal");
	cr_expect(ns_text_lan(e, "m")->members[0].emulated);
	cr_expect(ns_text_lan(e, "m")->members[0].nobwshaping);
	cr_expect_str_eq(ns_setting(e, "delay_osname"), "LINUX");
	cr_expect_str_eq(ns_setting(e, "multiplex_factor"), "3");
	cr_expect_str_eq(ns_setting(e, "sync_server"), "a");
	cr_expect_eq(e->n_environment, 2);
	cr_expect_str_eq(e->environment[1].name, "N");
	cr_expect_str_eq(e->vtypes[0].members, "pc600 pc850");
	ns_free(e);
}

Test(ns_language, events_programs_and_traffic)
{
	struct ns_experiment *e = ns_text(NS_HEAD NODES3
		"set l [$ns duplex-link $a $b 100Mb 0ms DropTail]\n"
		"set p [$a program-agent -command {x y} -dir /tmp]\n"
		"set udp [new Agent/UDP]\n$ns attach-agent $a $udp\n"
		"set cbr [new Application/Traffic/CBR]\n"
		"$cbr attach-agent $udp\n$cbr set rate_ 1Mbps\n"
		"set sink [new Agent/Null]\n$ns attach-agent $b $sink\n"
		"$ns connect $udp $sink\n"
		"set t [$ns event-timeline]\n$t at 1m5s \"$p stop\"\n"
		"set s [$ns event-sequence {\n $p run -command z\n $l "
		"down\n}]\n"
		"set g [$ns event-group \"$l\"]\n"
		"$ns at 2.5 \"$p start; $l bandwidth 10Mb duplex\"\n"
		"$ns at 3 \"$cbr start\"\n" RUN);

	cr_expect_str_eq(ns_text_cell(e, "virt_programs", 0, "dir"), "{/tmp}");
	cr_expect_null(ns_text_cell(e, "virt_programs", 1, "dir"));
	cr_expect_str_eq(ns_text_cell(e, "virt_trafgens", 0, "vname"), "cbr");
	cr_expect_str_eq(ns_text_cell(e, "virt_trafgens", 0, "proto"), "udp");
	cr_expect_str_eq(ns_text_cell(e, "virt_trafgens", 1, "role"), "sink");
	cr_expect_str_eq(ns_text_cell(e, "eventlist", 0, "arguments"),
		"PACKETSIZE=210 RATE=1000 INTERVAL=-1 IPTOS=-1");
	cr_expect_str_eq(ns_text_cell(e, "eventlist", 1, "time"), "65");
	cr_expect_str_eq(ns_text_cell(e, "eventlist", 2, "eventtype"), "20");
	cr_expect_str_eq(
		ns_text_cell(e, "eventlist", 2, "arguments"), "COMMAND=z");
	cr_expect_str_eq(ns_text_cell(e, "eventlist", 5, "arguments"),
		"BANDWIDTH=10000");
	cr_expect_str_eq(ns_text_cell(e, "eventlist", 6, "objecttype"), "2");
	cr_expect_null(ns_text_cell(e, "eventlist", 7, "time"));
	cr_expect_str_eq(ns_text_cell(e, "eventlist", 3, "parent"), "s");
	cr_expect_eq(e->n_inert, 3);
	ns_free(e);
}

Test(ns_language, warnings_do_not_refuse)
{
	struct ns_experiment *e = ns_text(NS_HEAD NODES3
		"$ns nosuchthing 1\n$a frobnicate\nset x [new Thing]\n"
		"$x whatever 3\n"
		"set l [$ns duplex-link $a $b 100Mb 0ms SFQ]\n"
		"set n [$ns make-lan \"$a $b\" 100Mb 5ms]\n"
		"puts {to nobody}\n" RUN);

	cr_assert_geq(e->n_warnings, 6);
	cr_expect_str_eq(e->warnings[0],
		"*** WARNING: Unsupported NS Statement!\n"
		"    Object nosuchthing");
	cr_expect_str_eq(e->warnings[1],
		"*** WARNING: Unsupported NS Statement!\n    Node frobnicate");
	cr_expect_str_eq(e->warnings[3],
		"*** WARNING: Unsupported NS Statement!\n    Thing whatever");
	ns_free(e);
}

Test(ns_language, security_level_brings_a_firewall)
{
	struct ns_experiment *e = ns_text(NS_HEAD NODES3
		"set l [$ns duplex-link $a $b 100Mb 0ms DropTail]\n"
		"tb-set-security-level Yellow\n" RUN);

	cr_expect_str_eq(ns_text_cell(e, "firewalls", 0, "style"), "basic");
	cr_expect_str_eq(ns_text_node(e, "a")->desires[0].name, "firewallable");
	ns_free(e);
}

Test(ns_language, types_systems_and_threshold_are_the_sites)
{
	static const char text[] = NS_HEAD NODES3
		"tb-set-hardware $a shark\ntb-set-node-os $b TINY\n"
		"set l [$ns duplex-link $a $b 100Mb 1ms DropTail]\n" RUN;
	static const char *const types[] = {"shark", NULL};
	static const char *const oses[] = {"TINY", NULL};
	struct ns_limits limits = {
		.types = types, .oses = oses, .delay_threshold_ms = 0.5};
	struct ns_experiment *e = NULL;
	struct err err;

	cr_assert_eq(
		ns_evaluate(text, strlen(text), "t", &limits, &e, NULL, &err),
		0, "%s", err.text);
	ns_free(e);
	limits.oses = types;
	cr_assert_eq(
		ns_evaluate(text, strlen(text), "t", &limits, &e, NULL, &err),
		-NFZ_E_NS);
	cr_expect_str_eq(err.text, "t:7: [tb-set-node-os] Invalid osid TINY.");
	/* A mere check does not look at systems, and gives no rows. */
	limits.check_only = true;
	cr_assert_eq(
		ns_evaluate(text, strlen(text), "t", &limits, &e, NULL, &err),
		0, "%s", err.text);
	cr_expect_eq(e->n_rows, 0);
	ns_free(e);
}
