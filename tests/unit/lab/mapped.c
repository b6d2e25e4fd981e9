#include "mapped.h"

#include <criterion/criterion.h>
#include <string.h>

const char ns_lan3[] = NS_HEAD "set client [$ns node]\nset server [$ns node]\n"
			       "set monitor [$ns node]\n"
			       "set lan0 [$ns make-lan \"$client $server "
			       "$monitor\" 10Mb 10ms]\n" NS_TAIL;

const char ns_tutbasic[] =
	NS_HEAD "set nodeA [$ns node]\nset nodeB [$ns node]\n"
		"set nodeC [$ns node]\nset nodeD [$ns node]\n"
		"set link0 [$ns duplex-link $nodeB $nodeA 30Mb 50ms DropTail]\n"
		"tb-set-link-loss $link0 0.01\n"
		"set lan0 [$ns make-lan \"$nodeD $nodeC $nodeB \" 100Mb 0ms]\n"
		"tb-set-node-os $nodeA FBSD-STD\n" NS_TAIL;

const char ns_tracebr[] = NS_HEAD
	"set left [$ns node]\nset router [$ns node]\n"
	"set right [$ns node]\nset extra [$ns node]\n"
	"tb-set-hardware $left pc850\ntb-set-hardware $router pc850\n"
	"tb-set-hardware $right pc850\n"
	"set link0 [$ns duplex-link $left $router 100Mb 0ms DropTail]\n"
	"$link0 trace monitor \"len >= 0\"\n"
	"set link1 [$ns duplex-link $router $right 10Mb 20ms DropTail]\n"
	"$link1 trace header \"icmp or tcp\"\n$link1 trace_snaplen 128\n"
	"set lanx [$ns make-lan \"$router $right $extra\" 100Mb 0ms]\n"
	"$lanx trace packet\n" NS_TAIL;

int mapped_again(struct mapped *m, const char *ns_text)
{
	struct ns_limits limits = {0};
	struct ns_experiment *ns = NULL;

	err_clear(&m->err);
	cr_assert_eq(ns_evaluate(ns_text, strlen(ns_text), "test.ns", &limits,
			     &ns, NULL, &m->err),
		0, "%s", m->err.text);
	m->result = lab_map(m->site, m->e, ns, &m->err);
	if (m->result != 0)
		ns_free(ns);
	return m->result;
}

struct mapped mapped_new(const char *ns_text)
{
	struct mapped m = {.site = lab_site_new("example.net", 7)};

	m.e = lab_experiment_add(m.site, "proj", "exp", "user");
	mapped_again(&m, ns_text);
	return m;
}

void mapped_free(struct mapped *m)
{
	lab_site_free(m->site);
	m->site = NULL;
}

const struct lab_machine *mapped_machine(
	const struct mapped *m, const char *vname)
{
	int at = lab_machine_of(m->site, m->e, vname);

	return at < 0 ? NULL : &m->site->machines[at];
}
