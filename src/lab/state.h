/* Which testbeds are up: a directory for each under /run/nfz-testbed (or
 * NFZ_TESTBED_DIR), with the launcher's identity, its control socket and its
 * certificates.  Whose launcher is dead is swept. */
#ifndef NFZ_LAB_STATE_H
#define NFZ_LAB_STATE_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct testbed {
	char pid[64], eid[64]; /* project and experiment */
	char dir[256];
	pid_t launcher;
	uint64_t start;
};

const char *state_root(void);
/* "P/E" into its parts; refuses what the testbed refuses in names. */
int state_name(
	const char *name, struct testbed *ret, struct err *err) NFZ_MUST_CHECK;
/* All testbeds whose launcher lives; dead ones are swept on the way. */
int state_list(
	struct testbed **ret, size_t *ret_n, struct err *err) NFZ_MUST_CHECK;
/* The named one, or (name NULL) the only one there is. */
int state_find(
	const char *name, struct testbed *ret, struct err *err) NFZ_MUST_CHECK;
/* Makes the directory of a new one and holds its lock; NFZ_E_BUSY when it is
 * up already. */
int state_claim(
	struct testbed *t, int *ret_lock, struct err *err) NFZ_MUST_CHECK;
/* Gives the claim back: it is up, or it failed. */
void state_unlock(const struct testbed *t, int lock);
/* Writes our own identity as its launcher. */
int state_publish(struct testbed *t, struct err *err) NFZ_MUST_CHECK;
void state_remove(const struct testbed *t);
/* Waits until the launcher has gone, at most ms; true when it has. */
bool state_gone(const struct testbed *t, int64_t ms);
/* One request (words separated by tabs) to the launcher; the answer's body or
 * the launcher's own error. */
int state_ask(const struct testbed *t, const char *request, struct buf *answer,
	struct err *err) NFZ_MUST_CHECK;
/* The launcher's side: how an answer is written. */
void state_answer(
	struct buf *out, int result, const struct err *err, const char *body);

#endif
