/* What a page is made of, as it is in page/: linked in, so that the program
 * needs no file at run time. */
#include "report/page_parts.h"

#include <stddef.h>

#define EMBED(name, file)                                                      \
	__asm__(".section .rodata\n"                                           \
		".global page_text_" #name "\n"                                \
		"page_text_" #name ":\n"                                       \
		".incbin \"src/report/page/" file "\"\n"                       \
		".byte 0\n"                                                    \
		".previous\n");                                                \
	extern const char page_text_##name[]

EMBED(template, "page.html");
EMBED(style, "page.css");
EMBED(core, "core.js");
EMBED(map, "map.js");
EMBED(traffic, "traffic.js");
EMBED(panels, "panels.js");
EMBED(matrix, "matrix.js");
EMBED(flows, "flows.js");
EMBED(live, "live.js");

const char *const page_scripts[] = {page_text_core, page_text_map,
	page_text_traffic, page_text_panels, page_text_matrix, page_text_flows,
	page_text_live, NULL};

const char *page_template(void)
{
	return page_text_template;
}

const char *page_style(void)
{
	return page_text_style;
}
