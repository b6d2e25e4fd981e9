/* What nfz-meter and nfz-cache have in common: an endpoint on a loop, flushes
 * and the end in order, the READY line and the status file. */
#ifndef NFZ_PROBE_MODULE_H
#define NFZ_PROBE_MODULE_H

#include "base/loop.h"
#include "flow/endpoint.h"
#include "probe/courier.h"
#include "probe/privs.h"

#include <stdbool.h>

struct module;

/* What the program does.  flush and end say whether everything was handed
 * over; if not, flush_rest and end_rest are called until they say so. */
struct module_hooks {
	void *data;
	bool (*flush)(void *data);
	bool (*flush_rest)(void *data);
	bool (*end)(void *data);
	bool (*end_rest)(void *data);
	/* of one meter */
	void (*digests)(
		void *data, uint16_t from, const struct digest *d, size_t n);
	void (*health)(void *data, struct module_health *ret);
	void (*status)(void *data, struct buf *out); /* "word value" lines */
	void (*reload)(void *data);   /* SIGHUP; NULL: nothing to do */
	uint64_t (*lost)(void *data); /* packets in no record; NULL: unknown */
};

struct module_options {
	struct loop *loop;
	const struct setup *setup;
	enum module_role role;   /* the setup must be for it */
	const char *status_path; /* NULL: none; opened now, kept open */
	bool balance;            /* of the setup's exports: courier_options */
	uint32_t pace;
	/* module_lock_up() starts it, too; NULL: nothing */
	int (*beside)(void *data, struct err *err);
	void *data;
};

/* Binds and begins to look for its peers.  The hooks may come later, with
 * module_run(): until then nothing is asked of the program. */
int module_open(const struct module_options *options, struct module **ret,
	struct err *err) NFZ_MUST_CHECK;
void module_close(struct module *module);
struct endpoint *module_endpoint(struct module *module);
/* When all is open: gives privileges up, starts what runs beside the loop, and
 * locks the program up (privs.h). */
int module_lock_up(struct module *module, uint32_t uid, enum privs_keep keep,
	struct err *err) NFZ_MUST_CHECK;
/* To the collector and, where the setup says so, to those of others.  False:
 * the queue is full, keep them, none was taken.  At most ENDPOINT_ROWS; item:
 * the same for the others. */
bool module_send_rows(struct module *module, const struct flow_rows *rows,
	const struct courier_item *item);
/* Runs until the module has left: asked by the collector, by SIGTERM or
 * SIGINT, or since its lease is over.  A second signal ends it at once.
 * NFZ_E_REMOTE when the deployment was aborted, NFZ_E_TIMEOUT when not all
 * that was counted could be delivered.
 *
 * Prints "READY ROLE id=N port=N collector=STATE <about>" to stdout as soon as
 * the collector answers, or after MODULE_READY_MS without it. */
enum { MODULE_READY_MS = 3000, MODULE_LEAVE_MS = 8000 };
int module_run(struct module *module, const struct module_hooks *hooks,
	const char *about, struct err *err) NFZ_MUST_CHECK;

#endif
