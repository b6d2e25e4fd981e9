/* What the controller remembers of a deployment between commands.  Only a
 * cache: everything works without it, the nodes are the truth.  It saves
 * restarting all modules when one changes, because it holds the key.
 *
 * $XDG_STATE_HOME/netflowize/PROJECT/EXPERIMENT/deployment, mode 0600. */
#ifndef NFZ_DEPLOY_STATE_H
#define NFZ_DEPLOY_STATE_H

#include "base/err.h"
#include "base/opt.h"
#include "flow/setup.h"

#include <stdbool.h>
#include <stdint.h>

struct deploy_state {
	bool known;
	uint64_t deployment;
	uint8_t key[SETUP_KEY_BYTES];
	char collector[128];   /* node name, "" unknown */
	struct opt_list nodes; /* names it was put on */
	bool nodes_all;        /* every one of them was heard of then */
};

/* dir NULL: the usual place.  A missing or damaged file is an unknown state. */
void state_load(const char *dir, const char *project, const char *experiment,
	struct deploy_state *ret);
bool state_known(const char *project, const char *experiment);
int state_save(const char *dir, const char *project, const char *experiment,
	const struct deploy_state *s, struct err *err) NFZ_MUST_CHECK;
void state_forget(const char *dir, const char *project, const char *experiment);
/* Calls fn for every experiment that is remembered; stops when it returns
 * non-zero. */
void state_each(const char *dir,
	int (*fn)(void *ctx, const char *project, const char *experiment),
	void *ctx);
void state_wipe(struct deploy_state *s); /* wipes the key */
/* Keeps a text beside it, for people: what was sent and what was before.  "":
 * forgotten.  Nowhere to keep it is no error. */
int state_note(const char *project, const char *experiment, const char *name,
	const char *text, struct err *err) NFZ_MUST_CHECK;
/* The same of what the next run can do without: waits for no disk. */
int state_jot(const char *project, const char *experiment, const char *name,
	const char *text, struct err *err) NFZ_MUST_CHECK;
/* Either of them back; free it.  NULL when there is none. */
char *state_noted(
	const char *project, const char *experiment, const char *name);
/* One controller on this machine at a time; NFZ_E_BUSY. */
int state_lock(const char *dir, const char *project, const char *experiment,
	int *ret_fd, struct err *err) NFZ_MUST_CHECK;

#endif
