/* plan's pictures: --svg and --dot. */
#ifndef NFZ_CLI_DRAWING_H
#define NFZ_CLI_DRAWING_H

#include "base/err.h"
#include "topology/plan.h"

#include <stdbool.h>
#include <stddef.h>

struct drawing_options {
	const char *svg, *dot; /* files, "-" is stdout, NULL: none */
};
#define DRAWING_OPTIONS(S)                                                     \
	{"svg", 0, OPT_TEXT, offsetof(S, drawing.svg), "FILE",                 \
		"draw the plan as an SVG picture (- is stdout)", NULL, 0, 0},  \
	{                                                                      \
		"dot", 0, OPT_TEXT, offsetof(S, drawing.dot), "FILE",          \
			"draw it in Graphviz' language, too", NULL, 0, 0       \
	}

/* A picture goes to stdout: nothing else may. */
bool drawing_on_stdout(const struct drawing_options *o);
/* Both pictures to stdout is NFZ_E_USAGE; ask before the work is done. */
int drawing_check(
	const struct drawing_options *o, struct err *err) NFZ_MUST_CHECK;
/* Writes what is wished; name: the file or experiment planned for. */
int drawing_write(const struct drawing_options *o, const struct topology *t,
	const struct plan *plan, const char *name,
	struct err *err) NFZ_MUST_CHECK;

#endif
