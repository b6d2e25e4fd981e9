/* Experiments of the portal that Emulab, CloudLab, POWDER and others share:
 * the same service, certificate and calling convention as the classic
 * interface, another module, and answers that are JSON inside a string.  The
 * topology is in RSpec manifests, one from each site (aggregate). */
#ifndef NFZ_TESTBED_PORTAL_H
#define NFZ_TESTBED_PORTAL_H

#include "base/buf.h"
#include "testbed/client.h"
#include "testbed/draft.h"
#include "topology/topology.h"

#include <stdbool.h>

struct portal_options {
	const char *user;  /* whose logins to prefer; NULL: the first ones */
	struct buf *notes; /* gets a line for what is odd; may be NULL */
};

/* The experiment from its manifests.  NFZ_E_NO_EXPERIMENT, NFZ_E_SWAPPED while
 * it is not ready, NFZ_E_FAULT where the service has no portal.  e->proj "":
 * e->exp is an experiment's UUID. */
int portal_import(struct client *client, const struct client_exp *e,
	const struct portal_options *options, struct topology **ret,
	struct err *err) NFZ_MUST_CHECK;

/* What portal.experimentStatus answers. */
struct portal_status {
	char status[32];        /* "ready", "provisioning", "failed", ... */
	char url[256];          /* its page, "" when unknown */
	char message[256];      /* why it failed, "" when not said */
	int64_t failed_startup; /* nodes whose startup commands failed */
	struct buf bad_nodes;   /* names of those that are not well, by lines */
};
/* Reads that answer; the error names what is missing. */
int portal_status_parse(const char *text, size_t len, struct portal_status *ret,
	struct err *err) NFZ_MUST_CHECK;
void portal_status_release(struct portal_status *s);
/* Asks. */
int portal_status(struct client *client, const struct client_exp *e,
	struct portal_status *ret, struct err *err) NFZ_MUST_CHECK;
/* 0 when the status allows to measure, else NFZ_E_SWAPPED with what it means. */
int portal_require_ready(const struct client_exp *e,
	const struct portal_status *s, struct err *err) NFZ_MUST_CHECK;

/* The answer to portal.experimentManifests, as its JSON or from a file where
 * it was saved: any JSON document with RSpecs among its strings. */
bool portal_manifests_is(const char *text, size_t len);
int portal_manifests_parse(const struct draft_text *from, struct topology **ret,
	struct err *err) NFZ_MUST_CHECK;

#endif
