/* The host keys a user knows, from any number of known hosts files, read once.
 *
 * A file of many thousand hashed lines costs a hash a line for each host that
 * is asked for.  Whoever presents a key that stands in the file is asked for on
 * that key's lines only; all lines are gone through for strangers. */
#ifndef NFZ_DEPLOY_KNOWNHOSTS_H
#define NFZ_DEPLOY_KNOWNHOSTS_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct knownhosts;

enum knownhosts_answer {
	KNOWNHOSTS_SAME,
	KNOWNHOSTS_NEW,     /* no line names this host */
	KNOWNHOSTS_CHANGED, /* one does, with another key of this kind */
	KNOWNHOSTS_OTHER,   /* only with keys of other kinds */
	KNOWNHOSTS_REVOKED  /* this key is not to be trusted, whoever has it */
};

struct knownhosts *knownhosts_new(void);
void knownhosts_free(struct knownhosts *k); /* NULL is fine */
/* Names a file that knownhosts_read() shall read. */
void knownhosts_file(struct knownhosts *k, const char *path);
/* Reads the files not read so far; before a host is asked for.  One that is
 * absent is empty; NFZ_E_HOST_KEY for one that cannot be read, which the next
 * call tries again. */
int knownhosts_read(struct knownhosts *k, struct err *err) NFZ_MUST_CHECK;
/* The same from text. */
void knownhosts_text(struct knownhosts *k, const char *text, size_t len);
/* name: host name, address or alias; port 0 or 22: the usual one.  type and
 * base64: of the key, as in a line.  With OTHER, kinds (may be NULL) gets the
 * known ones: "ssh-rsa,ssh-dss". */
enum knownhosts_answer knownhosts_ask(struct knownhosts *k, const char *name,
	uint16_t port, const char *type, const char *base64, char *kinds,
	size_t size);
/* Adds to err what to do after CHANGED or OTHER: the command that makes the
 * file forget that host. */
int knownhosts_remedy(const struct knownhosts *k, struct err *err);

#endif
