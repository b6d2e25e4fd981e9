/* The experiment's description as up --heavy, plan --diff and strip see it:
 * read from the testbed, with or without our block, and changed. */
#ifndef NFZ_CLI_HEAVY_CHANGE_H
#define NFZ_CLI_HEAVY_CHANGE_H

#include "cli/app.h"
#include "testbed/change.h"
#include "testbed/ns_block.h"

struct heavy_now {
	struct app *app;
	struct experiment_name name;
	struct client_exp exp;        /* the same */
	struct client *client;        /* NULL: a file */
	const char *label;            /* "PROJ/EXP.ns", or the file */
	char state[CHANGE_STATE_MAX]; /* "active" or "swapped" */
	char *text;                   /* as it would travel; NULL: none */
	size_t lost;                  /* characters that do not travel */
	struct arena arena;
	struct ns_block block;
	bool has_block;
	bool of_profile;         /* the classic service does not know it */
	struct change_view view; /* empty unless active */
};

/* Waits until no change is under way, then reads.  NFZ_E_SWAPPED in any state
 * but active and swapped.  An experiment of the portal has no text. */
int heavy_open(struct app *app, const char *word, struct heavy_now *ret,
	struct err *err) NFZ_MUST_CHECK;
/* Reads again when a change has begun since that nobody waits for: one that was
 * sent by somebody who was killed. */
int heavy_reopen(struct heavy_now *now, struct err *err) NFZ_MUST_CHECK;
/* An NS file instead of an experiment: it can only be looked at. */
int heavy_open_file(struct app *app, const char *path, struct heavy_now *ret,
	struct err *err) NFZ_MUST_CHECK;
void heavy_close(struct heavy_now *now);
/* The text without our block; free it. */
char *heavy_original(const struct heavy_now *now);

/* Sends the text, after nscheck and a note on this machine of what is sent;
 * waits until the experiment is as before, and holds nodes and addresses
 * against what they were (NFZ_E_VERIFY). */
int heavy_send(struct heavy_now *now, const char *text,
	struct err *err) NFZ_MUST_CHECK;

#endif
