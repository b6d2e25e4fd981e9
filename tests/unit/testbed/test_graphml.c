/* GraphML: names, what counts as a link, what is refused. */
#define _GNU_SOURCE /* asprintf */
#include "unit/testbed/foreign.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD                                                                   \
	"<?xml version=\"1.0\"?>\n"                                            \
	"<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n"          \
	"<key id=\"d0\" for=\"node\" attr.name=\"label\"/>\n"                  \
	"<key id=\"d1\" for=\"edge\" attr.name=\"LinkSpeedRaw\"/>\n"
#define TAIL "</graph></graphml>\n"

Test(graphml, nodes_have_their_label_or_their_id)
{
	struct topology *t = foreign(HEAD
		"<graph edgedefault=\"undirected\">\n"
		"<edge source=\"0\" target=\"1\"><data key=\"d1\">1e9</data>"
		"</edge>\n"
		"<node id=\"0\"><data key=\"d0\"> New\n York </data></node>\n"
		"<node id=\"1\"/>\n"
		"<node id=\"2\"><data key=\"d0\">New York</data></node>\n"
		"<edge source=\"1\" target=\"2\" sourceport=\"eth0\"/>\n" TAIL);

	foreign_nodes(t, "New York 1 New York#2");
	foreign_expect(t, "New York--1: New York 1\n"
			  "1--New York#2: 1 New York#2\n");
	cr_expect_eq(t->ifaces[0].card->speed_kbps, 1000000);
	cr_expect_str_eq(t->ifaces[2].card->name, "eth0");
	cr_expect_null(t->ifaces[3].card->name);
	topology_free(t);
}

Test(graphml, what_yed_draws_is_a_label_too)
{
	struct topology *t = foreign(HEAD
		"<graph><node id=\"n0\"><data key=\"x\">"
		"<y:ShapeNode xmlns:y=\"http://www.yworks.com/xml/graphml\">"
		"<y:NodeLabel>Ros\xc3\xa1rio</y:NodeLabel></y:ShapeNode></data>"
		"</node><node id=\"n1\"/>"
		"<edge source=\"n0\" target=\"n1\"><data key=\"y\">"
		"<y:EdgeLabel xmlns:y=\"http://www.yworks.com/xml/graphml\">"
		"OC-48</y:EdgeLabel></data></edge>" TAIL);

	foreign_expect(t, "OC-48: Ros\xc3\xa1rio n1\n");
	topology_free(t);
}

Test(graphml, a_directed_graph_both_ways_is_one_link_each)
{
	struct topology *t =
		foreign(HEAD "<graph edgedefault=\"directed\"><node id=\"a\"/>"
			     "<node id=\"b\"/><node id=\"c\"/>"
			     "<edge source=\"a\" target=\"b\"/>"
			     "<edge source=\"b\" target=\"a\"/>"
			     "<edge source=\"c\" target=\"b\"/>"
			     "<edge source=\"b\" target=\"c\"/>" TAIL);

	foreign_expect(t, "a--b: a b\nc--b: c b\n");
	topology_free(t);
	/* one of them leads one way only: these are three links */
	t = foreign(HEAD "<graph edgedefault=\"directed\"><node id=\"a\"/>"
			 "<node id=\"b\"/><node id=\"c\"/>"
			 "<edge source=\"a\" target=\"b\"/>"
			 "<edge source=\"b\" target=\"a\"/>"
			 "<edge source=\"b\" target=\"c\"/>" TAIL);
	foreign_expect(t, "a--b: a b\nb--a: b a\nb--c: b c\n");
	topology_free(t);
}

Test(graphml, hyperedges_are_lans_and_nested_graphs_belong)
{
	struct topology *t = foreign(HEAD
		"<graph><node id=\"a\"><graph><node id=\"b\"/>"
		"<edge source=\"a\" target=\"b\"/></graph></node>"
		"<node id=\"c\"/><hyperedge id=\"h\"><endpoint node=\"a\"/>"
		"<endpoint node=\"b\" port=\"p1\"/><endpoint node=\"c\"/>"
		"</hyperedge>" TAIL);

	foreign_expect(t, "a--b: a b\nh: a b c []\n");
	topology_free(t);
}

Test(graphml, loops_and_parallel_edges)
{
	char *said;
	struct topology *t =
		foreign_warned(HEAD "<graph><node id=\"a\"/><node id=\"b\"/>\n"
				    "<edge source=\"a\" target=\"a\"/>"
				    "<edge source=\"a\" target=\"b\"/>"
				    "<edge source=\"a\" target=\"b\"/>" TAIL,
			&said);

	foreign_expect(t, "a--b: a b\na--b#2: a b\n");
	cr_expect_str_eq(
		said, "f:6: a link from a node to itself was left out\n");
	free(said);
	topology_free(t);
}

Test(graphml, names_made_to_hurt)
{
	struct topology *t = foreign(HEAD
		"<graph><node id=\"a\"><data key=\"d0\">x&#x202e;y&#x9b;31m"
		"</data></node><node id=\"b\"><data key=\"d0\">&lt;b&gt;'\""
		"</data></node><node id=\"c\"><data key=\"d0\">&#x200b;</data>"
		"</node>" TAIL);

	foreign_nodes(t, "x y 31m <b>'\" node");
	topology_free(t);
}

Test(graphml, ids_are_told_apart_however_long)
{
	enum { LONG = 1 << 16 };
	char *id = malloc(LONG + 1), *text = NULL;
	struct topology *t;

	memset(id, 'x', LONG);
	id[LONG] = '\0';
	cr_assert_gt(asprintf(&text,
			     HEAD "<graph><node id=\"%s1\">"
				  "<data key=\"d0\">a</data></node>"
				  "<node id=\"%s2\">"
				  "<data key=\"d0\">b</data></node>"
				  "<edge source=\"%s2\" target=\"%s1\"/>" TAIL,
			     id, id, id, id),
		0);
	t = foreign(text);
	foreign_expect(t, "b--a: b a\n");
	topology_free(t);
	free(text);
	free(id);
}

Test(graphml, refusals)
{
	foreign_refused(HEAD "<graph><node id=\"a\"/>\n<node id=\"a\"/>" TAIL,
		"f:6: a second node has the id \"a\"");
	foreign_refused(HEAD "<graph><node id=\"a\"/>\n"
			     "<edge source=\"a\" target=\"zz\"/>" TAIL,
		"f:6: there is no node \"zz\"");
	foreign_refused(HEAD
		"<graph><node id=\"a\"/>\n<edge source=\"a\"/>" TAIL,
		"f:6: an <edge> without target");
	foreign_refused(HEAD "<graph><node/>" TAIL, "f:5: a node without id");
	foreign_refused(HEAD "<key id=\"d0\"/><graph>" TAIL,
		"f:5: a second <key> has the id \"d0\"");
	foreign_refused(HEAD "<graph>" TAIL, "f: holds no node");
	foreign_refused(HEAD "</graphml>", "f:2: holds no <graph>");
}

Test(graphml, cut_and_hostile_documents)
{
	struct topology *t = NULL;
	static const char *const texts[] = {HEAD
		"<graph><node id=\"a\"/>\n<nod",
		"<!DOCTYPE graphml [<!ENTITY a "
		"\"b\">]>\n<graphml>&a;</graphml>"};

	for (size_t i = 0; i < 2; i++) {
		struct draft_text from = {
			.text = texts[i], .len = strlen(texts[i]), .name = "f"};
		struct err err;

		cr_assert_eq(topology_parse(&from, &t, &err), -NFZ_E_INPUT);
		cr_expect(strncmp(err.text, i ? "f:1: " : "f:6: ", 5) == 0,
			"%s", err.text);
	}
}

Test(load, what_is_nothing_we_know_is_said)
{
	foreign_refused(" \n", "f: is empty");
	foreign_refused("<?xml version='1.0'?><svg/>",
		"f: is XML, but <svg> is neither RSpec nor GraphML");
	foreign_refused("hello\n",
		"f: is no topology in a format known here (JSON, NS, RSpec, "
		"GraphML, .gr, SNDlib, Rocketfuel, containerlab, list of "
		"hosts)");
	foreign_refused("[\"a\", \"b\"]\n",
		"f: is no topology in a format known here (JSON, NS, RSpec, "
		"GraphML, .gr, SNDlib, Rocketfuel, containerlab, list of "
		"hosts)");
	foreign_refused("\x1f\x8b\x08 whatever",
		"f: is compressed: unpack it first (gunzip)");
	foreign_refused("\xff\xfe<",
		"f: is in UTF-16, not in UTF-8: convert it (iconv)");
}

Test(load, a_byte_order_mark_is_passed_over)
{
	static const char *const texts[] = {
		"\xef\xbb\xbf{\"nodes\": [\"a\", \"b\"], "
		"\"links\": [{\"nodes\": [\"a\", \"b\"]}]}",
		"\xef\xbb\xbfset ns [new Simulator]\r\n"
		"source tb_compat.tcl\r\nset a [$ns node]\r\n"
		"set b [$ns node]\r\n$ns duplex-link $a $b 100Mb 0 DropTail\r\n"
		"$ns run\r\n",
		"\xef\xbb\xbf<graphml><graph><node id='a'/><node id='b'/>"
		"<edge source='a' target='b'/></graph></graphml>",
		"\xef\xbb\xbfp td 2 1\r\n1 2\r\n"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct topology *t = foreign(texts[i]);

		cr_expect_eq(t->n_nodes, 2, "text %zu", i);
		cr_expect_eq(t->n_links, 1, "text %zu", i);
		topology_free(t);
	}
}

/* Of a text beyond all measure the beginning counts. */
Test(graphml, endless_labels_are_cut)
{
	struct buf text = BUF_INIT(1 << 20);
	struct topology *t;

	buf_adds(&text, HEAD "<graph><node id=\"a\"><data key=\"d0\">");
	for (int i = 0; i < 100000; i++)
		buf_adds(&text, "n");
	buf_adds(&text, "</data></node>" TAIL);
	t = foreign(buf_str(&text));
	cr_expect_eq(strlen(t->nodes[0].name), 200);
	topology_free(t);
	buf_release(&text);
}
