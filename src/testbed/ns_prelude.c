/* The text of the commands NS files use, as it is in the ns_*.tcl beside this
 * file: linked in, so that a program needs no file at run time. */
#include "testbed/ns_prelude.h"

#define EMBED(name, file)                                                      \
	__asm__(".section .rodata\n"                                           \
		".global ns_prelude_" #name "\n"                               \
		"ns_prelude_" #name ":\n"                                      \
		".incbin \"src/testbed/" file "\"\n"                           \
		".byte 0\n"                                                    \
		".previous\n");                                                \
	extern const char ns_prelude_##name[]

EMBED(core, "ns_core.tcl");
EMBED(units, "ns_units.tcl");
EMBED(sim, "ns_sim.tcl");
EMBED(node, "ns_node.tcl");
EMBED(lanlink, "ns_lanlink.tcl");
EMBED(lanrows, "ns_lanrows.tcl");
EMBED(event, "ns_event.tcl");
EMBED(agent, "ns_agent.tcl");
EMBED(traffic, "ns_traffic.tcl");
EMBED(tb, "ns_tb.tcl");
EMBED(tblan, "ns_tblan.tcl");

const struct ns_prelude *ns_prelude(void)
{
	static const struct ns_prelude parts[] = {
		{"core", ns_prelude_core},
		{"units", ns_prelude_units},
		{"sim", ns_prelude_sim},
		{"node", ns_prelude_node},
		{"lanlink", ns_prelude_lanlink},
		{"lanrows", ns_prelude_lanrows},
		{"event", ns_prelude_event},
		{"agent", ns_prelude_agent},
		{"traffic", ns_prelude_traffic},
		{"tb", ns_prelude_tb},
		{"tblan", ns_prelude_tblan},
		{NULL, NULL},
	};

	return parts;
}
