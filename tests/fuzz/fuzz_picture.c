/* Whatever a topology is called and made of, its picture is well-formed XML
 * without scripts, and its DOT has no unquoted word of it. */
#include "format/xml.h"
#include "report/dot.h"
#include "report/svg.h"
#include "topology/topofile.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NODES_MAX = 200, LINKS_MAX = 400 };

static void look(const struct topology *t)
{
	struct buf out = BUF_INIT((size_t)1 << 26);
	struct xdoc *doc = NULL;
	struct picture *p = NULL;

	if (picture_new(t, NULL, NULL, &p, NULL) < 0)
		abort();
	svg_print(p, &out);
	if (!buf_ok(&out) ||
		xdoc_parse(buf_str(&out), out.len, XDOC_STRICT, &doc, NULL) <
			0 ||
		strstr(buf_str(&out), "<script"))
		abort();
	xdoc_free(doc);
	buf_reset(&out);
	dot_print(p, &out);
	if (!buf_ok(&out))
		abort();
	buf_release(&out);
	picture_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct topology *t = NULL;

	if (topofile_parse((const char *)data, size, "fuzz", &t, NULL) < 0)
		return 0;
	if (t->n_nodes <= NODES_MAX && t->n_links <= LINKS_MAX)
		look(t);
	topology_free(t);
	return 0;
}
