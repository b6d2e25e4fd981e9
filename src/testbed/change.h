/* Changing the description of an experiment while it runs (emulab-api
 * reference, section 9): sent without waiting, then watched.
 *
 * What counts is what the testbed has: its state, and the text it keeps.  A
 * connection that breaks decides nothing. */
#ifndef NFZ_TESTBED_CHANGE_H
#define NFZ_TESTBED_CHANGE_H

#include "base/buf.h"
#include "testbed/client.h"

struct change_watch {
	/* the state now, and how long it has been waited; may be NULL */
	void (*state)(void *ctx, const char *state, int64_t ms);
	bool (*cancelled)(void *ctx); /* may be NULL */
	void *ctx;
	int64_t limit_ms; /* 0: two hours */
};

enum { CHANGE_STATE_MAX = 32 };

/* Waits until nothing is under way, and tells the state: "active", "swapped"
 * or another one that does not pass by itself.  NFZ_E_TIMEOUT,
 * NFZ_E_INTERRUPTED.  A testbed that does not answer the first question is an
 * error; one that falls silent later is asked again for minutes. */
int change_settle(struct client *c, const struct client_exp *e,
	const struct change_watch *watch, char ret[static CHANGE_STATE_MAX],
	struct err *err) NFZ_MUST_CHECK;

/* Sends a text and waits for the end.  0: the experiment runs by it, or, when
 * it was swapped out before, will run by it.  Else the sentence says where the
 * experiment stands: NFZ_E_NS refused by the parser and NFZ_E_RESOURCES by the
 * mapper, both with the old experiment as it was; NFZ_E_SWAPPED failed late
 * and swapped out; NFZ_E_BUSY somebody else's text is there instead;
 * NFZ_E_TIMEOUT and NFZ_E_INTERRUPTED it goes on without us. */
int change_send(struct client *c, const struct client_exp *e, const char *text,
	const struct change_watch *watch, struct err *err) NFZ_MUST_CHECK;

/* Who is where and what addresses they have; taken before and after. */
struct change_view {
	struct value *mapping, *links; /* links NULL: the testbed cannot say */
	const char *ours; /* a node that is not the user's; NULL: none */
};
int change_view(struct client *c, const struct client_exp *e,
	struct change_view *ret, struct err *err) NFZ_MUST_CHECK;
void change_view_release(struct change_view *v);
/* Adds a line to out for each node of before (but shapers and ours) that is on
 * another machine now or gone, and for each address that is another one;
 * returns how many. */
size_t change_compare(const struct change_view *before,
	const struct change_view *after, struct buf *out);
/* Adds one line "NAME MACHINE ROLE" for each machine, sorted. */
void change_machines(const struct change_view *v, struct buf *out);

/* Images for the nodes a change adds: those of the experiment's own nodes
 * and shapers where they are Linux, else one of the site's.  "" when nothing
 * is known. */
struct change_images {
	char node[64], delay[64];
};
int change_pick_images(struct client *c, const struct change_view *v,
	struct change_images *ret, struct err *err) NFZ_MUST_CHECK;

#endif
