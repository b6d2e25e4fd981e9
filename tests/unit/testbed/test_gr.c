/* Graph files: what is read, what is refused, with which words. */
#include "unit/testbed/foreign.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(gr, nodes_are_numbers_and_links_are_called_after_their_ends)
{
	struct topology *t = foreign("c made by hand\n"
				     "p td 4 3\n1 2\nc between\n\n2 3\n4 2\n");

	foreign_nodes(t, "1 2 3 4");
	foreign_expect(t, "1--2: 1 2\n2--3: 2 3\n4--2: 4 2\n");
	cr_expect_eq(t->nodes[0].role, ROLE_HOST);
	cr_expect_eq(t->nodes[1].role, ROLE_ROUTER);
	topology_free(t);
}

Test(gr, other_problem_words_and_edge_marks_are_taken)
{
	struct topology *t = foreign("# x\np tw 2 1\n1 2\n");

	foreign_expect(t, "1--2: 1 2\n");
	topology_free(t);
	t = foreign("p edge 2 1\r\ne 2 1\r\n");
	foreign_expect(t, "2--1: 2 1\n");
	topology_free(t);
}

Test(gr, parallel_links_stay_apart)
{
	struct topology *t = foreign("p td 2 3\n1 2\n2 1\n1 2\n");

	foreign_expect(t, "1--2: 1 2\n2--1: 2 1\n1--2#2: 1 2\n");
	topology_free(t);
}

Test(gr, a_link_to_itself_is_left_out_aloud)
{
	char *said;
	struct topology *t = foreign_warned("p td 2 3\n1 1\n1 2\n2 2\n", &said);

	foreign_expect(t, "1--2: 1 2\n");
	cr_expect_str_eq(said, "f:2: this and 1 more links from a node to "
			       "itself were left out\n");
	free(said);
	topology_free(t);
}

Test(gr, separate_parts_idle_nodes_and_nothing_at_all_are_fine)
{
	struct topology *t = foreign("p td 5 2\n1 2\n3 4\n");

	cr_expect_eq(t->n_nodes, 5);
	cr_expect_eq(t->n_links, 2);
	topology_free(t);
	t = foreign("p td 0 0\n");
	cr_expect_eq(t->n_nodes, 0);
	topology_free(t);
}

Test(gr, wrong_counts)
{
	foreign_refused("p td 3 2\n1 2\n",
		"f:2: the file ends after 1 of 2 links: is it cut?");
	foreign_refused("p td 3 1\n1 2\n2 3\n",
		"f:3: more links than the 1 the file speaks of");
	foreign_refused(
		"p td 3\n1 2\n", "f:1: expected \"p td NODES LINKS\" here");
	foreign_refused(
		"p td -3 1\n1 2\n", "f:1: \"-3\" is no number of nodes");
	foreign_refused("p td 3 99999999999999999999\n1 2\n",
		"f:1: \"99999999999999999999\" is no number of links");
	foreign_refused("p td 2 4000000\n1 2\n",
		"f:1: 4000000 links in a file of 19 bytes cannot be right: is "
		"it cut?");
	foreign_refused("p td 2000000000 1\n1 2\n",
		"f:1: 2000000000 nodes in a file of 22 bytes cannot be right");
}

Test(gr, wrong_lines)
{
	foreign_refused("p td 3 2\n1 2\n2 4\n",
		"f:3: there is no node 4: they go from 1 to 3");
	foreign_refused("p td 3 1\n0 2\n",
		"f:2: there is no node 0: they go from 1 to 3");
	foreign_refused("p td 3 1\n1 two\n", "f:2: \"two\" is no node number");
	foreign_refused("p td 3 1\n1\n", "f:2: expected two node numbers");
	foreign_refused("p td 3 1\n1 2 3\n", "f:2: expected two node numbers");
}
