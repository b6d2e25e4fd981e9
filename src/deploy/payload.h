/* The bundled programs for the nodes, as the controller holds them.
 *
 * One archive per architecture (deploy/payload_read.h), made at build time,
 * looked for in $NETFLOWIZE_PAYLOAD (a directory or one archive), in
 * ../payload beside the running program (as built), and in ../lib/netflowize
 * beside it (as installed). */
#ifndef NFZ_DEPLOY_PAYLOAD_H
#define NFZ_DEPLOY_PAYLOAD_H

#include "base/buf.h"
#include "base/err.h"
#include "deploy/payload_read.h"

#include <stdbool.h>
#include <stddef.h>

/* The agent as it gets to a node that has none. */
struct payload_boot {
	struct buf unpack; /* a program that takes the rest: nfz-agent(8) */
	const char *block; /* of LZ4, as the archive has it */
	size_t packed;
	struct buf line; /* of shell, to begin with; empty: not made yet */
};

struct payload {
	char arch[32];
	struct payload_entry *entries;
	size_t *offsets; /* of each packed file in `bytes` */
	bool *good;      /* it was unpacked once, to see whether that works */
	size_t n;
	struct buf bytes;                  /* the archive */
	const struct payload_entry *agent; /* what bootstraps a node */
	struct payload_boot *boot;         /* and as what, once asked for */
};

struct payloads {
	struct payload *items;
	size_t n, cap;
};

/* Finds and loads all architectures.  A file is looked at when it is first asked
 * for: most runs send none.  NFZ_E_CONFIG when there is none. */
int payloads_load(struct payloads *ret, struct err *err) NFZ_MUST_CHECK;
/* Verifies every file, of one and of all; each is looked at once. */
int payload_check(const struct payload *p, struct err *err) NFZ_MUST_CHECK;
int payloads_check(const struct payloads *p, struct err *err) NFZ_MUST_CHECK;
/* One archive from memory, which is taken over. */
int payload_parse(
	struct buf *bytes, struct payload *ret, struct err *err) NFZ_MUST_CHECK;
void payloads_release(struct payloads *p);
/* NULL when there is no program for this architecture. */
const struct payload *payloads_for(const struct payloads *p, const char *arch);
const struct payload_entry *payload_entry(
	const struct payload *p, const char *name);
int payload_boot(const struct payload *p, const struct payload_boot **ret,
	struct err *err) NFZ_MUST_CHECK;
/* Appends the file itself, verified. */
int payload_file(const struct payload *p, const struct payload_entry *e,
	struct buf *out, struct err *err) NFZ_MUST_CHECK;
/* Appends an archive of just these files (in the archive's order). */
int payload_choose(const struct payload *p, const char *const *names, size_t n,
	struct buf *out, struct err *err) NFZ_MUST_CHECK;

#endif
