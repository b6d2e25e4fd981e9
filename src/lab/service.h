/* The testbed's XML-RPC service: HTTPS with client certificates, one
 * connection a child process or thread as the original forks, answers exactly
 * as the recorded server does. */
#ifndef NFZ_LAB_SERVICE_H
#define NFZ_LAB_SERVICE_H

#include "base/buf.h"
#include "base/err.h"
#include "format/xmlrpc.h"
#include "lab/model.h"

struct lab_service;

/* What the service asks the rest of the testbed to do. */
struct lab_actions {
	/* The experiment's mapping was changed: make the nodes follow.  Runs
	 * while the caller's reply may already have been sent. */
	int (*apply)(void *ctx, struct lab_experiment *e, struct err *err);
	void *ctx;
};

/* One call of one user, without any network: what tests and fuzzers use.
 * Appends the methodResponse document to out. */
void lab_service_call(struct lab_site *site, const struct lab_user *caller,
        const struct lab_actions *actions, const char *request, size_t len,
        struct buf *out);

#endif
