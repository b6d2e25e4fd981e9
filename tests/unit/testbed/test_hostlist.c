/* Lists of hosts: both forms, what is taken for one, what is refused; and the
 * same rules for logins in topologies of our own. */
#include "unit/testbed/foreign.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

Test(hostlist, a_line_for_each)
{
	struct topology *t = foreign("# ours\n"
				     "a me@a.example.net\n"
				     "b 192.0.2.7\r\n"
				     "\n"
				     "c c.example.net:2202 via gw.example.net\n"
				     "d root@[2001:db8::1]:22\n"
				     "e 2001:db8::2\n");
	const struct topo_node *n = t->nodes;

	foreign_nodes(t, "a b c d e");
	cr_expect_eq(t->n_links, 0);
	cr_expect_str_eq(t->source, "hosts");
	cr_expect_str_eq(n[0].m->user, "me");
	cr_expect_str_eq(n[0].m->hostname, "a.example.net");
	cr_expect_null(n[0].m->address);
	cr_expect_str_eq(n[1].m->address, "192.0.2.7");
	cr_expect_eq(n[2].m->port, 2202);
	cr_expect_str_eq(n[2].m->gateway, "gw.example.net");
	cr_expect_str_eq(topology_login(n[3].m), "2001:db8::1");
	cr_expect_eq(n[3].m->port, 22);
	cr_expect_str_eq(n[4].m->address, "2001:db8::2");
	topology_free(t);
}

Test(hostlist, ansible)
{
	struct topology *t = foreign("[clients]\n"
				     "c1 ansible_host=10.0.0.1 ansible_user=me "
				     "x=y # note\n"
				     "c2 ansible_port=2022\n"
				     "[servers]\n"
				     "s1.example.net\n"
				     "c1\n"
				     "[all:vars]\n"
				     "nothing here\n"
				     "[group:children]\n"
				     "clients\n");

	foreign_nodes(t, "c1 c2 s1.example.net");
	cr_expect_str_eq(t->nodes[0].m->address, "10.0.0.1");
	cr_expect_str_eq(t->nodes[0].m->user, "me");
	cr_expect_str_eq(t->nodes[1].m->hostname, "c2");
	cr_expect_eq(t->nodes[1].m->port, 2022);
	topology_free(t);
}

Test(hostlist, other_texts_are_none)
{
	static const char *const texts[] = {"one two\n", "a b three\n",
		"Dear all\nhello\n", "a b via\n", "x $(id).net\n",
		"a -oProxyCommand=x.net\n"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		foreign_refused(texts[i],
			"f: is no topology in a format known here (JSON, NS, "
			"RSpec, GraphML, .gr, SNDlib, Rocketfuel, "
			"containerlab, list of hosts)");
}

Test(hostlist, refusals)
{
	foreign_refused("a a.net\nb -oProxyCommand=id\n",
		"f:2: \"-oProxyCommand=id\" cannot be a host");
	foreign_refused(
		"a a.net\nb b;id.net\n", "f:2: \"b;id.net\" cannot be a host");
	foreign_refused(
		"a a.net\nb $(id)@b.net\n", "f:2: \"$(id)\" cannot be a user");
	foreign_refused(
		"a a.net\nb b.net:70000\n", "f:2: the port of \"b\" is none");
	foreign_refused("a a.net\nb b.net via -J\n",
		"f:2: \"-J\" cannot be a host to go through");
	foreign_refused(
		"a a.net\na b.net\n", "f:2: a second node has the id \"a\"");
	foreign_refused("a a.net\nb b.net through c\n",
		"f:2: expected NAME [USER@]HOST[:PORT] [via JUMP]");
	foreign_refused("[all]\n", "f: holds no node");
	foreign_refused("[all]\na ansible_host=`id`\n",
		"f:2: \"`id`\" cannot be a host");
}

Test(hostlist, logins_of_our_own_json_are_held_to_the_same)
{
	static const char *const bad[] = {"\"hostname\": \"-oProxyCommand=id\"",
		"\"address\": \"$(id)\"", "\"login\": \"a b\"",
		"\"user\": \"-l\"", "\"user\": \"a;id\"",
		"\"gateway\": \"ok,-oProxyCommand=id\"", "\"gateway\": \"x|y\"",
		"\"port\": 70000", "\"port\": -1"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[200];
		struct draft_text from = {.text = text, .name = "f"};
		struct topology *t = NULL;
		struct err err;

		snprintf(text, sizeof(text),
			"{\"nodes\": [{\"name\": \"a\", %s}]}", bad[i]);
		from.len = strlen(text);
		cr_expect_eq(topology_parse(&from, &t, &err), -NFZ_E_INPUT,
			"%s", bad[i]);
		cr_expect(strncmp(err.text, "f:1", 3) == 0, "%s", err.text);
		topology_free(t);
	}
}
