/* The few fixed lines of shell that bring the agent to life on a node.
 *
 * One exec channel carries everything: a constant command, one line of script
 * on its standard input, for a node that lacks the agent another one and the
 * agent's bytes, then frames.  No string of a user is in the command or the
 * script.  It works whatever the login shell is and whatever that prints: only
 * lines that begin with "NFZ 1 " count. */
#ifndef NFZ_DEPLOY_BOOTSTRAP_H
#define NFZ_DEPLOY_BOOTSTRAP_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An agent we could send. */
struct bootstrap_agent {
	const char *arch;   /* as `uname -m` says */
	const char *sha256; /* 64 hex digits */
};

/* What a line from the node means. */
enum bootstrap_word {
	BOOTSTRAP_NOISE,    /* not ours */
	BOOTSTRAP_USER,     /* logged in: what sshd says of the connection */
	BOOTSTRAP_ROOT,     /* and root: "<system> <machine>" follows */
	BOOTSTRAP_NONE,     /* look: nothing of ours is there; it waits */
	BOOTSTRAP_OS,       /* no agent for "<system> <machine>" */
	BOOTSTRAP_NO_PLACE, /* no directory to put it */
	BOOTSTRAP_NEED,     /* waits for bootstrap_send() */
	BOOTSTRAP_PACKED,   /* and then for the agent's block */
	BOOTSTRAP_FULL,     /* the disk is full */
	BOOTSTRAP_BAD,      /* what arrived is not what was announced */
	BOOTSTRAP_AGENT     /* frames from here on */
};

/* The command for the exec channel, for who is logged in there. */
const char *bootstrap_command(const char *user);
/* The line for its standard input.  With look, a node without any trace of us
 * is left as it is, says so, and waits for bootstrap_send() or the end. */
void bootstrap_script(const struct bootstrap_agent *agents, size_t n, bool look,
	struct buf *out);
/* The line for one that waits to be sent the agent: nfz-unpack is in it. */
void bootstrap_send(const char *sha256, size_t size, size_t packed,
	const struct buf *unpack, struct buf *out);
/* line: without its newline; *ret_rest: what follows the word. */
enum bootstrap_word bootstrap_parse(const char *line, const char **ret_rest);

#endif
