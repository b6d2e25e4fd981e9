/* A change of an NS text, tried out here before it is sent: what will it do? */
#ifndef NFZ_TESTBED_NS_CHANGE_H
#define NFZ_TESTBED_NS_CHANGE_H

#include "base/opt.h"
#include "testbed/change.h"
#include "testbed/ns_block.h"

/* Evaluates the text of an experiment that runs, with the addresses it has
 * (view->links) in place of those it would get.  NFZ_E_NS and others of
 * ns_evaluate. */
int ns_running(const char *text, const struct change_view *view,
	struct ns_experiment **ret, struct err *err) NFZ_MUST_CHECK;

/* The names of all nodes a text makes, shapers too. */
int ns_node_names(
	const char *text, struct opt_list *ret, struct err *err) NFZ_MUST_CHECK;

struct ns_effect {
	size_t shapers_before, shapers_after; /* machines for them */
	struct opt_list unbridged; /* traced links that get no bridge: their
				    * ends shape, or are virtual */
};
/* NFZ_E_NS when the new text would change more than it should: other nodes,
 * links, members or addresses. */
int ns_try(const struct ns_experiment *before, const char *text,
	const struct ns_change *change, struct ns_effect *ret,
	struct err *err) NFZ_MUST_CHECK;

#endif
