#include "store/catalog.h"
#include "unit/store/run.h"

#include <criterion/criterion.h>
#include <string.h>

static struct catalog *parsed(const char *text)
{
	struct catalog *c = NULL;
	struct err err = ERR_INIT;

	cr_assert_eq(
		catalog_parse(text, strlen(text), &c, &err), 0, "%s", err.text);
	return c;
}

static char *printed(const struct catalog *c)
{
	struct buf text = BUF_INIT(1 << 20);

	catalog_print(c, &text);
	return buf_take(&text);
}

Test(catalog, comes_back_as_it_was)
{
	struct catalog *c = run_catalog(), *again;
	struct net_addr extra = run_addr("192.168.0.9");
	char *text, *text2;

	catalog_add_node(c, "odd %name with\ttab");
	catalog_add_node(c, "-");
	catalog_add_addr(c, NODE_B, &extra);
	catalog_set_gap(c, LINK_LC, "os: FreeBSD, no probe");
	c->collector = NODE_B;
	c->nodes[NODE_R2].cache = 65500;
	c->nodes[NODE_R2].why = "only node that sees la";
	c->plan = "0011ff";
	c->several = true;
	text = printed(c);
	again = parsed(text);
	text2 = printed(again);
	cr_assert_str_eq(text, text2);
	cr_assert_eq(again->n_nodes, 7);
	cr_assert_str_eq(again->nodes[5].name, "odd %name with\ttab");
	cr_assert_str_eq(again->nodes[6].name, "-");
	cr_assert_str_eq(again->links[LINK_LC].gap, "os: FreeBSD, no probe");
	cr_assert_not(again->links[LINK_LC].covered);
	cr_assert_eq(again->deployment, 0x1234);
	cr_assert_eq(again->idle_ms, 15000);
	cr_assert(again->several);
	cr_assert_eq(again->nodes[NODE_R2].cache, 65500);
	cr_assert_str_eq(again->nodes[NODE_R2].why, "only node that sees la");
	cr_assert_str_eq(again->plan, "0011ff");
	cr_assert_eq(again->collector, NODE_B);
	cr_assert_eq(catalog_node_of(again, &extra), NODE_B);
	cr_assert_eq(catalog_tap(again, 3)->node, NODE_R2);
	cr_assert_null(catalog_tap(again, 5));
	free(text);
	free(text2);
	catalog_free(c);
	catalog_free(again);
}

Test(catalog, finds_names_and_addresses)
{
	struct catalog *c = run_catalog();
	struct net_addr a = run_addr("10.0.2.2");

	cr_assert_eq(catalog_node(c, "r1"), NODE_R1);
	cr_assert_eq(catalog_node(c, "R1"), NODE_R1, "as testbeds do");
	cr_assert_eq(catalog_node(c, "core"), -1);
	cr_assert_eq(catalog_link(c, "core"), LINK_CORE);
	cr_assert_eq(catalog_node_of(c, &a), NODE_R2);
	a = run_addr("10.0.2.3");
	cr_assert_eq(catalog_node_of(c, &a), -1);
	catalog_free(c);
}

Test(catalog, addresses_have_names_for_people)
{
	struct catalog *c = run_catalog();
	const struct net_addr r2 = run_addr("10.0.2.2");
	const struct net_addr nobody = run_addr("10.0.9.9");
	const struct net_addr control = run_addr("192.168.0.9");
	const struct net_addr alone = run_addr("10.0.9.1");
	const int link = catalog_add_link(c, "lonely", false);
	const int node = catalog_add_node(c, "hermit");
	char text[CATALOG_ADDR_TEXT];

	catalog_add_member(c, link, node, &alone);
	catalog_add_addr(c, node, &control);
	cr_assert_str_eq(catalog_addr_name(c, &alone, text), "hermit");
	cr_assert_str_eq(
		catalog_addr_name(c, &control, text), "hermit (192.168.0.9)");
	cr_assert_str_eq(catalog_addr_name(c, &r2, text), "r2 (10.0.2.2)");
	cr_assert_str_eq(catalog_addr_name(c, &nobody, text), "10.0.9.9");
	catalog_free(c);
}

Test(catalog, passes_over_words_of_later_versions)
{
	struct catalog *c = parsed("netflowize.catalog/1\n"
				   "colour blue\n\n# by hand\nnode a\n");

	cr_assert_eq(c->n_nodes, 1);
	catalog_free(c);
}

Test(catalog, refuses_what_makes_no_sense)
{
	static const char *const all[] = {"", "netflowize.catalog/2\n",
		"netflowize.catalog/1\nnode\n",
		"netflowize.catalog/1\nnode -\n",
		"netflowize.catalog/1\nmember 0 10.0.0.1\n",
		"netflowize.catalog/1\nnode a\nmember 0 10.0.0.1\n",
		"netflowize.catalog/1\nlink l p2p\n",
		"netflowize.catalog/1\nnode a\nlink l p2p covered\n"
		"member 1 10.0.0.1\n",
		"netflowize.catalog/1\nnode a\nlink l p2p covered\n"
		"member 0 10.0.0.300\n",
		"netflowize.catalog/1\nnode a\nlink l p2p covered\n"
		"tap 1 0 1 0 0 eth0\n",
		"netflowize.catalog/1\nnode a\nlink l p2p covered\n"
		"tap 1 0 0 0 0 eth0\ntap 1 0 0 0 0 eth1\n",
		"netflowize.catalog/1\nnode a\nlink l p2p covered\n"
		"tap 65536 0 0 0 0 eth0\n",
		"netflowize.catalog/1\nidle_ms -5\n"};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct catalog *c = NULL;
		struct err err = ERR_INIT;

		cr_expect_eq(catalog_parse(all[i], strlen(all[i]), &c, &err),
			-NFZ_E_INPUT, "%s", all[i]);
		cr_expect_null(c);
	}
}

/* Of the other store: c is d, core has one member more, la is the same; taps 1
 * to 3 have its numbers. */
Test(catalog, of_two_stores_has_the_names_of_both)
{
	static const char text[] = "netflowize.catalog/1\n"
				   "idle_ms 20000\n"
				   "node d\nnode r1\nnode a\n"
				   "link la p2p covered\n"
				   "member 2 10.0.1.1\nmember 1 10.0.1.2\n"
				   "link core lan gap why\n"
				   "member 0 10.0.9.1 1000\n"
				   "tap 1 1 0 1 1 eth5\n"
				   "tap 7 0 1 0 2 eth0\n";
	struct catalog *all = catalog_new(), *c = run_catalog();
	struct catalog *other = parsed(text);
	uint16_t first[CATALOG_TAPS], second[CATALOG_TAPS];
	struct net_addr d = run_addr("10.0.9.1");
	struct err err = ERR_INIT;
	int link;

	cr_assert_eq(catalog_join(all, c, first, &err), 0);
	cr_assert_eq(all->n_nodes, c->n_nodes);
	cr_assert_eq(all->n_taps, c->n_taps);
	cr_assert_not(all->several);
	cr_assert_eq(catalog_join(all, other, second, &err), 0);
	cr_assert_eq(all->n_nodes, c->n_nodes + 1);
	cr_assert_eq(all->n_links, c->n_links + 1);
	cr_assert_eq(all->idle_ms, 20000);
	cr_assert(all->several, "two taps are on la");
	link = catalog_link(all, "core~2");
	cr_assert_geq(link, 0);
	cr_assert(all->links[link].lan && !all->links[link].covered);
	cr_assert_eq(all->links[link].members[0].speed_bps, 1000);
	cr_assert_eq(catalog_node_of(all, &d), catalog_node(all, "d"));
	for (size_t i = 0; i < c->n_taps; i++)
		cr_assert_eq(catalog_tap(all, first[c->taps[i].id])->link,
			c->taps[i].link);
	cr_assert_eq(catalog_tap(all, second[7])->link, link);
	cr_assert_str_eq(catalog_tap(all, second[1])->iface, "eth5");
	cr_assert_neq(second[1], first[1]);
	cr_assert_eq(second[2], TAP_FOREIGN);
	catalog_free(other);
	catalog_free(c);
	catalog_free(all);
}
