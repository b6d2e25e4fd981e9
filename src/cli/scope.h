/* Which experiments an administrator's command is about: those of a project,
 * those of a list, the caller's own, or just some nodes. */
#ifndef NFZ_CLI_SCOPE_H
#define NFZ_CLI_SCOPE_H

#include "base/opt.h"
#include "cli/app.h"
#include "testbed/client.h"
#include "topology/topology.h"

#include <stdbool.h>
#include <stddef.h>

struct scope_options {
	const char *project, *from_list;
	struct opt_list nodes;
};
/* For the option table of a command whose struct S has a scope_options member
 * called scope. */
#define SCOPE_OPTIONS(S) SCOPE_OPTIONS_OF(S, scope)
#define SCOPE_OPTIONS_OF(S, member)                                            \
	{"project", 0, OPT_TEXT, offsetof(S, member.project), "PROJ",          \
		"all experiments of this project that you head", NULL, 0, 0},  \
		{"from-list", 0, OPT_TEXT, offsetof(S, member.from_list),      \
			"FILE",                                                \
			"the experiments named in a file (- is stdin)", NULL,  \
			0, 0},                                                 \
	{                                                                      \
		"nodes", 0, OPT_LIST, offsetof(S, member.nodes), "HOST,...",   \
			"these hosts, whatever experiment they are in", NULL,  \
			0, 0                                                   \
	}

/* One of them. */
struct scope_item {
	char *word; /* PROJ/EXP, a topology file, or what --nodes said */
	bool is_file, is_nodes;
};

struct scope {
	struct app *app;
	const struct scope_options *o;
	struct client *client; /* the app's, once it was needed */
	struct scope_item *items;
	size_t n, cap;
};

/* Is any of the options given? */
bool scope_is_given(const struct scope_options *o);
/* Finds the experiments.  With no option given: the caller's own, which are
 * those he heads and those remembered here.  NFZ_E_USAGE when options do not
 * go together with each other or with word or file (of the command line). */
int scope_open(struct app *app, const struct scope_options *o, const char *word,
	const char *file, struct scope *ret, struct err *err) NFZ_MUST_CHECK;
/* The nodes of one of them; quiet but for problems. */
int scope_topology(struct scope *s, size_t i, struct topology **ret,
	struct err *err) NFZ_MUST_CHECK;
/* Releases the options' lists as well. */
void scope_release(struct scope *s, struct scope_options *o);

#endif
