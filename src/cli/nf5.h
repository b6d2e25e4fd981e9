/* NetFlow v5 on the command line of `up`. */
#ifndef NFZ_CLI_NF5_H
#define NFZ_CLI_NF5_H

#include "base/err.h"
#include "base/opt.h"
#include "deploy/rollout.h"

/* As typed. */
struct nf5_options {
	int64_t port;
	struct opt_list allow;
	const char *export_to; /* "192.0.2.1:2055" */
};
/* For the option table of a command whose struct S has an nf5_options member
 * called nf5. */
#define NF5_OPTIONS(S)                                                         \
	{"nf5-port", 0, OPT_INT, offsetof(S, nf5.port), "PORT",                \
		"let the collector take NetFlow v5 here, too", NULL, 1,        \
		65535},                                                        \
		{"nf5-allow", 0, OPT_LIST, offsetof(S, nf5.allow),             \
			"PREFIX,...", "from these exporters", NULL, 0, 0},     \
	{                                                                      \
		"nf5-export", 0, OPT_TEXT, offsetof(S, nf5.export_to),         \
			"ADDR:PORT",                                           \
			"let the meters send NetFlow v5 there, too", NULL, 0,  \
			0                                                      \
	}

/* NFZ_E_USAGE says what was not understood.  Release in any case. */
int nf5_read(const struct nf5_options *typed, struct rollout_nf5 *ret,
	struct err *err) NFZ_MUST_CHECK;
void nf5_release(struct nf5_options *typed, struct rollout_nf5 *nf5);

#endif
