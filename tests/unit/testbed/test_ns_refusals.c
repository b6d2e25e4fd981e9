/* What is refused, in the parser's own words and with the line; and texts
 * written to do harm. */
#include "unit/testbed/ns_text.h"
#include "base/clock.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TWO "set a [$ns node]\nset b [$ns node]\n"
#define LINK "set l [$ns duplex-link $a $b 100Mb 0ms DropTail]\n"
#define RUN "$ns run\n"

static const struct {
	const char *text, *reason;
} cases[] = {
	{"set cli_ent [$ns node]\n" RUN,
		"t.ns:4: [run] Invalid node name cli_ent.  Can only contain "
		"[-0-9A-Za-z] due to DNS limitations."},
	{TWO "set l_0 [$ns duplex-link $a $b 100Mb 0ms DropTail]\n" RUN,
		"t.ns:6: [run] Invalid lan/link name l_0.  Can only contain "
		"[-0-9A-Za-z] for symmetry with node DNS limitations."},
	{TWO "set l [$ns make-lan \"$a\" 100Mb 0ms]\n" RUN,
		"t.ns:6: [run] l has only a single node.  LANs must have at "
		"least 2 nodes in them."},
	{TWO LINK, "t.ns: No 'Simulator run' statement found."},
	{TWO LINK RUN RUN,
		"t.ns:7: The Simulator 'run' statement can only be run once."},
	{TWO "set l [$ns duplex-link $a $b 1Mb 1.5ms DropTail]\n" RUN,
		"t.ns:5: The delay of 1.5ms is invalid, it must be either 0 "
		"or at least 2ms."},
	{TWO "set l [$ns duplex-link $a $b 1Mb 3min DropTail]\n" RUN,
		"t.ns:5: Unknown delay unit min."},
	{TWO "set l [$ns duplex-link $a $b 5kb 0ms DropTail]\n" RUN,
		"t.ns:5: Bandwidth of 5 Kbs is too low."},
	{TWO "set l [$ns duplex-link $a $b 3MB 0ms DropTail]\n" RUN,
		"t.ns:5: Unknown bandwidth unit MB."},
	{TWO "set l [$ns duplex-link $a $b fast 0ms DropTail]\n" RUN,
		"t.ns:5: Bandwidth \"fast\" is no number with a unit, like "
		"10Mb."},
	{TWO "set l [$ns duplex-link $a $b 1Mb {} DropTail]\n" RUN,
		"t.ns:5: Delay \"\" is no number with a unit, like 10ms."},
	{TWO LINK "$ns at 5 \"$l modify DELAY=10ms\"\n" RUN,
		"t.ns:6: l has no event modify DELAY=10ms"},
	{TWO "set l [$ns duplex-link $a $b 20Gb 0ms DropTail]\n" RUN,
		"t.ns:5: Bandwidth requested (20000000) exceeds maximum of "
		"10000000 kbps!"},
	{TWO LINK "tb-set-hardware $a mainframe\n" RUN,
		"t.ns:6: [tb-set-hardware] Invalid hardware type mainframe."},
	{TWO LINK "tb-set-link-loss $l 1.5\n" RUN,
		"t.ns:6: [tb-set-link-loss] 1.5 is not a valid loss rate."},
	{TWO LINK "tb-set-link-loss $l 0.000001\n" RUN,
		"t.ns:6: [tb-set-link-loss] 0.000001 is not a valid loss "
		"rate."},
	{TWO LINK "tb-set-ip-link $a $l 10.1\n" RUN,
		"t.ns:6: tb-set-ip-link - 10.1 is not a valid IP address."},
	{TWO LINK "tb-set-ip-lan $a $l 10.1.1.2\n" RUN,
		"t.ns:6: [tb-set-ip-lan] l is not a LAN."},
	{TWO LINK "tb-set-ip $a 10.1.1.255\n" RUN,
		"t.ns:7: [check-ip-mask] IP address 10.1.1.255 with netmask "
		"255.255.255.0 has either all '0's (reserved) or all '1's "
		"(broadcast) in the host portion of the address."},
	{TWO "tb-set-ip $a 10.1.1.5\n" RUN,
		"t.ns:5: [tb-set-ip] a does not have a single connection."},
	{TWO LINK "tb-set-netmask $l 255.0.0.0\n" RUN,
		"t.ns:6: [tb-set-netmask] - 255.0.0.0 is too big"},
	{TWO LINK "tb-set-node-tarfiles $a dir x.tar\n" RUN,
		"t.ns:6: [tb-set-node-tarfiles] 'dir' is not an absolute "
		"path."},
	{TWO LINK "tb-set-node-lan-delay $a $l 10ms\n" RUN,
		"t.ns:6: [tb-set-node-lan-delay] l is not a lan."},
	{TWO LINK "$a add-desire x 1\n$a add-desire x 1\n" RUN,
		"t.ns:7: [add-desire] Desire x on a already exists!"},
	{TWO LINK "$ns at soon \"$l down\"\n" RUN,
		"t.ns:6: Invalid time spec: soon"},
	{TWO LINK "tb-set-node-failure-action $a maybe\n" RUN,
		"t.ns:6: [tb-set-node-failure-action] type must be one of "
		"fatal|nonfatal|ignore."},
	/* Tcl's own words */
	{TWO "set l [$ns duplex-link $a $c 1Mb 0ms DropTail]\n" RUN,
		"t.ns:5: can't read \"c\": no such variable"},
	{TWO LINK "tb-set-node-colour $a red\n" RUN,
		"t.ns:6: Unknown: tb-set-node-colour a red"},
	{TWO "set a [$ns node]\n" RUN,
		"t.ns:5: can't rename to \"a\": command already exists"},
	{TWO "set source [$ns node]\n" RUN,
		"t.ns:5: Already have an object named source."},
	{TWO LINK RUN "proc x { if {\n", "t.ns:7: missing close-brace"},
	{"for {set i 0} {$i < 3} {incr i} {\n set x 1\n"
	 " tb-set-colocate-factor 0\n}\n" RUN,
		"t.ns:5: [tb-set-colocate-factor] factor must be 1 <= factor "
		"<= 100"},
	{TWO LINK "break\n" RUN, "t.ns:6: invoked \"break\" outside of a loop"},
	/* No way out */
	{"exec id\n", "t.ns:3: Unknown: exec id"},
	{"open /etc/passwd\n", "t.ns:3: Unknown: open /etc/passwd"},
	{"socket localhost 22\n", "t.ns:3: Unknown: socket localhost 22"},
	{"after 100000\n", "t.ns:3: Unknown: after 100000"},
	{"source /etc/passwd\n",
		"t.ns:3: couldn't read file \"/etc/passwd\": an NS file may "
		"only read tb_compat.tcl"},
	{"exit\n", "t.ns:3: The file calls exit before run."},
	{"proc f {} {f}\nf\n",
		"t.ns:4: too many nested evaluations (infinite loop?)"},
	/* Rows of one's own are looked at like any others. */
	{"::nfz::emit virt_nodes {vname ../../etc}\n" TWO LINK RUN,
		"t.ns: \"../../etc\" cannot be the name of a node, or is there "
		"twice"},
	{"proc ::nfz::perror t {}\nset a_b [$ns node]\n" RUN,
		"t.ns: \"a_b\" cannot be the name of a node, or is there "
		"twice"},
};

Test(ns_refusals, reasons)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[1000];

		snprintf(text, sizeof(text), "%s%s", NS_HEAD, cases[i].text);
		cr_expect_str_eq(ns_refusal(text), cases[i].reason);
	}
}

Test(ns_refusals, output_is_that_of_the_check)
{
	char *output = ns_refused_output(NS_HEAD TWO
		"set l [$ns duplex-link $a $b 1Mb 1ms DropTail]\n" RUN);

	cr_expect_str_eq(output,
		"*** /usr/testbed/lib/ns2ir/parse.tcl: \n"
		"    The delay of 1.0ms is invalid, it must be either 0 or at "
		"least 2ms.\n"
		"*** ERROR: parse-ns: Parsing failed (error code 256)!\n"
		"*** ERROR: nscheck: NS Parse failed!\n");
	free(output);
	output = ns_refused_output(NS_HEAD TWO
		"set l [$ns make-lan \"$a $sever\" 10Mb 10ms]\n" RUN);
	cr_expect(strstr(output, "can't read \"sever\": no such variable\n"
				 "    while executing\n"
				 "\"$ns make-lan \"$a $sever\" 10Mb 10ms\"\n"
				 "    (file \"t.ns\" line 5)\n") == output);
	free(output);
}

/* The reason, or how long it took in *ret_ms. */
static const char *limited(
	const char *text, struct ns_limits limits, int64_t *ret_ms)
{
	static struct err err;
	struct ns_experiment *e = NULL;
	struct mono_time start = mono_now();
	int code = ns_evaluate(
		text, strlen(text), "t.ns", &limits, &e, NULL, &err);

	*ret_ms = (mono_now().ns - start.ns) / NS_PER_MS;
	cr_assert_eq(code, -NFZ_E_NS, "accepted: %.60s", text);
	return err.text;
}

Test(ns_refusals, time_ends)
{
	const struct ns_limits l = {.time_ms = 200};
	int64_t ms;

	cr_expect_str_eq(limited("while 1 {}\n", l, &ms),
		"t.ns:1: evaluation takes longer than 200 ms");
	cr_expect_lt(ms, 30000);
	/* Not Tcl's to interrupt: one command that takes for ever. */
	cr_expect_str_eq(limited("set n [string repeat 9 300000]\n"
				 "expr {$n ** 7}\n",
				 l, &ms),
		"t.ns: evaluation takes longer than 200 ms");
	cr_expect_lt(ms, 30000);
	cr_expect_str_eq(limited("while 1 {catch {while 1 {}}}\n", l, &ms),
		"t.ns:1: evaluation takes longer than 200 ms");
}

Test(ns_refusals, commands_end)
{
	const struct ns_limits l = {.commands = 20000};
	int64_t ms;

	cr_expect_str_eq(limited("while {1} {set x 1}\n", l, &ms),
		"t.ns:1: evaluation takes more than 20000 commands");
}

Test(ns_refusals, memory_ends)
{
	static const char reason[] = "t.ns: evaluation needs more than 64 MiB "
				     "of memory, or is nested too deeply";
	/* on a busy machine the default time may be over first */
	const struct ns_limits timed = {.time_ms = 120000};
	const struct ns_limits l = {
		.time_ms = timed.time_ms, .memory_bytes = 64 << 20};
	static char deep[400001];
	int64_t ms;

	cr_expect_str_eq(limited("set x [string repeat a 1000000]\n"
				 "while 1 {lappend l $x[incr i]}\n",
				 l, &ms),
		reason);
	cr_expect_str_eq(limited("lrepeat 500000000 a\n", l, &ms), reason);
	memset(deep, '[', sizeof(deep) - 1);
	cr_expect_str_eq(limited(deep, l, &ms), reason);
	cr_expect_str_eq(limited("while 1 {::nfz::emit virt_nodes {vname x}}\n",
				 timed, &ms),
		"t.ns:1: the experiment is too large");
}

Test(ns_refusals, bytes_that_are_no_text)
{
	static const char bytes[] = "set x \001\377\376\0set y {\0}\n";
	struct ns_experiment *e = NULL;
	struct err err;

	cr_expect_eq(
		ns_evaluate(bytes, sizeof(bytes), "t", NULL, &e, NULL, &err),
		-NFZ_E_NS);
	cr_expect_eq(ns_evaluate("", 0, "t", NULL, &e, NULL, &err), -NFZ_E_NS);
	cr_expect_str_eq(err.text, "t: No 'Simulator run' statement found.");
}

static int check(const char *text, struct err *err)
{
	struct ns_experiment *e = ns_text(text);
	int code = ns_check_real(e, text, strlen(text), "t.ns", err);

	ns_free(e);
	return code;
}

Test(ns_refusals, not_to_be_brought_up)
{
	struct err err;

	cr_expect_eq(check(NS_HEAD TWO LINK "# @OS@\n" RUN, &err), 0);
	cr_expect_eq(
		check(NS_HEAD TWO LINK "tb-set-node-os $a @OS@\n" RUN, &err),
		-NFZ_E_NS);
	cr_expect_str_eq(
		err.text, "t.ns:6: @OS@ is a macro that nobody replaced");
	cr_expect_eq(check(NS_HEAD TWO LINK "$l trace everything\n" RUN, &err),
		-NFZ_E_NS);
	cr_expect_str_eq(err.text, "t.ns:6: the type of a trace is none of "
				   "header, packet, monitor");
	cr_expect_eq(check(NS_HEAD TWO LINK "tb-set-ip $a 10.9.1.2\n"
					    "tb-set-ip $b 10.9.1.2\n" RUN,
			     &err),
		-NFZ_E_NS);
	cr_expect_str_eq(err.text,
		"t.ns:6: two members of a link have the same address");
	cr_expect_eq(
		check(NS_HEAD TWO LINK "tb-set-ip $a 10.9.1.999\n" RUN, &err),
		-NFZ_E_NS);
	cr_expect_eq(
		check(NS_HEAD TWO LINK "tb-fix-node $a ../x\n" RUN, &err), 0);
	cr_expect_eq(check(NS_HEAD TWO LINK "tb-fix-node $a {x y}\n" RUN, &err),
		-NFZ_E_NS);
	cr_expect_eq(
		check(NS_HEAD
			"set a [$ns node]\n"
			"set abcdefghijabcdefghijabcdefghijabc [$ns node]\n"
			"$ns duplex-link $a $abcdefghijabcdefghijabcdefghijabc"
			" 1Gb 0ms DropTail\n" RUN,
			&err),
		-NFZ_E_NS);
	cr_expect_str_eq(
		err.text, "t.ns:4: a name has more than 32 characters");
}
