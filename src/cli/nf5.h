/* The formats of others on the command line of `up`: NetFlow v5 in, exports
 * out. */
#ifndef NFZ_CLI_NF5_H
#define NFZ_CLI_NF5_H

#include "base/err.h"
#include "base/opt.h"
#include "deploy/rollout.h"

/* As typed. */
struct nf5_options {
	int64_t port;
	struct opt_list allow;
	struct opt_list export_to; /* "ipfix://192.0.2.1:4739" */
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
		"export", 0, OPT_LIST, offsetof(S, nf5.export_to),             \
			"FORMAT://ADDR:PORT,...",                              \
			"let the meters send nf5, nf9, ipfix there, too",      \
			NULL, 0, 0                                             \
	}

/* NFZ_E_USAGE says what was not understood.  Release in any case. */
int nf5_read(const struct nf5_options *typed, struct rollout_nf5 *ret,
	struct err *err) NFZ_MUST_CHECK;
void nf5_release(struct nf5_options *typed, struct rollout_nf5 *nf5);

#endif
