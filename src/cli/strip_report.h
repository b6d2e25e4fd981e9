/* What strip did, as JSON: node by node, with what was checked. */
#ifndef NFZ_CLI_STRIP_REPORT_H
#define NFZ_CLI_STRIP_REPORT_H

#include "cli/nodes.h"
#include "format/jsonw.h"

/* Adds the member "nodes". */
void strip_put_nodes(struct jsonw *w, const struct nodes_context *n,
	const struct deploy_report *r);
/* To standard output, when that is what -o asks for, and into a file, when one
 * is named.  Releases doc. */
int strip_write(const struct app *app, struct buf *doc, const char *file,
	struct err *err) NFZ_MUST_CHECK;

#endif
