/* Exporters and collectors of others on the command line of `up`. */
#ifndef NFZ_CLI_OTHERS_H
#define NFZ_CLI_OTHERS_H

#include "base/err.h"
#include "base/opt.h"
#include "deploy/rollout.h"

/* As typed. */
struct others_options {
	int64_t port;
	struct opt_list allow;
	struct opt_list export_to; /* "ipfix://192.0.2.1:4739" */
};
/* For the option table of a command whose struct S has an others_options member
 * called others. */
#define OTHERS_OPTIONS(S)                                                      \
	{"import-port", 0, OPT_INT, offsetof(S, others.port), "PORT",          \
		"let the collector take NetFlow, IPFIX, sFlow here, too",      \
		NULL, 1, 65535},                                               \
		{"import-from", 0, OPT_LIST, offsetof(S, others.allow),        \
			"PREFIX,...", "from these exporters", NULL, 0, 0},     \
	{                                                                      \
		"export", 0, OPT_LIST, offsetof(S, others.export_to),          \
			"FORMAT://ADDR:PORT,...",                              \
			"let the meters send nf5, nf9, ipfix there, too",      \
			NULL, 0, 0                                             \
	}

/* NFZ_E_USAGE says what was not understood.  Release in any case. */
int others_read(const struct others_options *typed, struct rollout_others *ret,
	struct err *err) NFZ_MUST_CHECK;
void others_release(
	struct others_options *typed, struct rollout_others *others);

#endif
