/* NS texts in tests: evaluated, looked into. */
#ifndef NFZ_TESTS_TESTBED_NS_TEXT_H
#define NFZ_TESTS_TESTBED_NS_TEXT_H

#include "testbed/ns.h"

/* The two lines every file begins with. */
#define NS_HEAD "source tb_compat.tcl\nset ns [new Simulator]\n"

/* Evaluates a text that must be accepted; ns_free() the result. */
struct ns_experiment *ns_text(const char *text);
/* Evaluates a text that must be refused; the error's sentence. */
const char *ns_refusal(const char *text);
/* As ns_refusal, and what the parser prints (free() it). */
char *ns_refused_output(const char *text);
const struct ns_lan *ns_text_lan(
	const struct ns_experiment *e, const char *name);
const struct ns_node *ns_text_node(
	const struct ns_experiment *e, const char *name);
/* The value of a column in the n-th row of a table. */
const char *ns_text_cell(const struct ns_experiment *e, const char *table,
	size_t n, const char *column);

#endif
