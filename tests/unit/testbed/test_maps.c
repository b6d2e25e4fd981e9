/* SNDlib networks and Rocketfuel weights. */
#include "unit/testbed/foreign.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define LINK_END " 0.00 0.00 0.00 0.00 ( 40.00 6.92 )\n"

Test(sndlib, nodes_and_links_by_name)
{
	struct topology *t = foreign(
		"?SNDlib native format; type: network; version: 1.0\r\n"
		"# network x\r\nMETA (\r\n  origin = a (b, c:)\r\n)\r\n"
		"NODES (\r\n A ( 1.0 2.0 )\r\n B\r\n C ( -1 2 )\r\n)\r\n"
		"LINKS (\r\n L1 ( A B )" LINK_END " L2 ( B A )" LINK_END
		" L3 ( B C ) 1 2 3 4 ( )\r\n)\r\n"
		"DEMANDS (\r\n D1 ( A B ) 1 2.0 UNLIMITED\r\n)\r\n"
		"ADMISSIBLE_PATHS (\r\n D1 (\r\n P_0 ( L1 L2 )\r\n )\r\n)\r\n");

	foreign_nodes(t, "A B C");
	foreign_expect(t, "L1: A B\nL2: B A\nL3: B C\n");
	topology_free(t);
}

Test(sndlib, a_network_of_directed_links_is_folded)
{
	struct topology *t =
		foreign("NODES ( A B C )\nLINKS (\n"
			"L1 ( A B )" LINK_END "L2 ( C B )" LINK_END
			"L3 ( B A )" LINK_END "L4 ( B C )" LINK_END ")\n");

	foreign_expect(t, "L1: A B\nL2: C B\n");
	topology_free(t);
}

Test(sndlib, names_given_twice)
{
	struct topology *t =
		foreign("NODES ( A B )\nLINKS (\n"
			"L ( A B )" LINK_END "L ( A B )" LINK_END ")\n");

	foreign_expect(t, "L: A B\nL#2: A B\n");
	topology_free(t);
	foreign_refused(
		"NODES (\n A\n A\n)\n", "f:3: a second node has the id \"A\"");
}

Test(sndlib, refusals)
{
	foreign_refused("?SNDlib native format; type: demand matrix; v\n",
		"f:1: is SNDlib, but no network: \"?SNDlib native format; "
		"type: demand matrix; v\"");
	foreign_refused("NODES (\n A B\n",
		"f:3: the file ends inside NODES: is it cut?");
	foreign_refused("NODES ( A )\nLINKS ( L1 ( A Z )" LINK_END ")\n",
		"f:2: there is no node \"Z\"");
	foreign_refused("NODES ( A B )\nLINKS ( L1 ( A B ) 1 2 )\n",
		"f:2: expected a number in LINKS, found \")\"");
	foreign_refused("NODES ( A B )\nLINKS ( L1 ( A\n",
		"f:3: the file ends inside LINKS: is it cut?");
	foreign_refused("NODES ( A B )\nLINKS ( L1 A B )\n",
		"f:2: expected \"(\" in LINKS, found \"A\"");
	foreign_refused("NODES ( ( ) )\n",
		"f:1: expected a name in NODES, found \"(\"");
	foreign_refused("NODES (\n)\n", "f: holds no node");
}

Test(rocketfuel, both_directions_are_one_link)
{
	struct topology *t = foreign("# weights\n"
				     "Oslo,+Norway1 Bergen2 2.5\n"
				     "Bergen2 Oslo,+Norway1 2.5\r\n"
				     "Bergen2 Voss3 1\n"
				     "Voss3 Voss3 1\n"
				     "Bergen2 Voss3 1\n"
				     "Voss3 Bergen2 7\n");

	foreign_nodes(t, "Oslo,+Norway1 Bergen2 Voss3");
	foreign_expect(t, "Oslo,+Norway1--Bergen2: Oslo,+Norway1 Bergen2\n"
			  "Bergen2--Voss3: Bergen2 Voss3\n"
			  "Bergen2--Voss3#2: Bergen2 Voss3\n");
	topology_free(t);
}

Test(rocketfuel, refusals)
{
	foreign_refused(
		"a b 1\nb c\n", "f:2: expected \"FROM TO WEIGHT\" here");
	foreign_refused(
		"a b 1\nb c -2\n", "f:2: expected \"FROM TO WEIGHT\" here");
	foreign_refused(
		"a b 1\nb c 1e999\n", "f:2: expected \"FROM TO WEIGHT\" here");
}
