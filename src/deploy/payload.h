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

#include <stddef.h>

struct payload {
	char arch[32];
	struct payload_entry *entries;
	size_t *offsets; /* of each packed file in `bytes` */
	size_t n;
	struct buf bytes; /* the archive */
	struct buf agent; /* nfz-agent, unpacked: what bootstraps a node */
	const char *agent_packed; /* the same by gzip, in `bytes` */
	size_t agent_packed_len;
	char agent_sha[65];
};

struct payloads {
	struct payload *items;
	size_t n, cap;
};

/* Finds and loads all architectures; every file in them is verified.
 * NFZ_E_CONFIG when there is none. */
int payloads_load(struct payloads *ret, struct err *err) NFZ_MUST_CHECK;
/* One archive from memory: takes a copy. */
int payload_parse(const void *data, size_t len, struct payload *ret,
	struct err *err) NFZ_MUST_CHECK;
void payloads_release(struct payloads *p);
/* NULL when there is no program for this architecture. */
const struct payload *payloads_for(const struct payloads *p, const char *arch);
const struct payload_entry *payload_entry(
	const struct payload *p, const char *name);
/* Appends an archive of just these files (in the archive's order). */
void payload_choose(const struct payload *p, const char *const *names, size_t n,
	struct buf *out);

#endif
