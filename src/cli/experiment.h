/* An experiment as the commands see it: the testbed's client and its
 * topology. */
#ifndef NFZ_CLI_EXPERIMENT_H
#define NFZ_CLI_EXPERIMENT_H

#include "cli/app.h"
#include "testbed/client.h"
#include "topology/topology.h"

/* The client with the configured certificate; its passphrase, where it has one,
 * is asked for the first time only.  It is the app's: nobody closes it. */
int experiment_connect(
	struct app *app, struct client **ret, struct err *err) NFZ_MUST_CHECK;
/* The topology of PROJ/EXP from the testbed, completed from the shapers' own
 * files over SSH; says what it did. */
int experiment_topology(struct app *app, const struct experiment_name *name,
	struct topology **ret, struct err *err) NFZ_MUST_CHECK;
/* The same over a connection that is open already. */
int experiment_topology_over(struct app *app, struct client *client,
	const struct experiment_name *name, struct topology **ret,
	struct err *err) NFZ_MUST_CHECK;
/* From --topology FILE when file is not NULL, else from the testbed. */
int experiment_or_file(struct app *app, const char *file, const char *word,
	struct topology **ret, struct err *err) NFZ_MUST_CHECK;

#endif
