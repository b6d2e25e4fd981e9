/* From topology and plan to what each module is told: who runs where, with
 * which peers, keys, taps and counting rules; and the names for the store.
 *
 * Pure: no connection, no clock, no randomness; the same input gives the same
 * setups.  A module's stamp changes exactly when it must be restarted: it
 * covers the setup, the key's name and (rollout_program) the program, but
 * holds no secret: "KEYID.SETUP.PROGRAM". */
#ifndef NFZ_DEPLOY_ROLLOUT_H
#define NFZ_DEPLOY_ROLLOUT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/net.h"
#include "flow/setup.h"
#include "topology/plan.h"
#include "topology/topology.h"

#include <stdbool.h>
#include <stdint.h>

enum { ROLLOUT_STAMP = 64, ROLLOUT_KEYID = 17, ROLLOUT_CACHES_MAX = 8 };

/* Exporters and collectors of others, beside our own records. */
struct rollout_others {
	uint16_t port; /* the collector receives here; 0: not at all */
	struct net_prefix *allow; /* from these only */
	size_t n_allow;
	struct export_target *exports; /* meters send there, too */
	size_t n_exports;
};

struct rollout_options {
	uint64_t deployment;
	const uint8_t *key; /* 32 bytes; NULL: unknown, only stamps are right */
	char keyid[ROLLOUT_KEYID];          /* when key is NULL */
	int64_t active_ms, idle_ms, fin_ms; /* 0: the defaults */
	uint32_t cache_flows;
	unsigned caches;     /* flow caches of their own; 0: in the meters */
	const char *backend; /* of the meters; NULL: what is best */
	int threads; /* that read rings; 0: one; -1: by the processors */
	const struct rollout_others *others; /* NULL: none */
	int64_t keep_ms;     /* how long the collector keeps flows... */
	uint64_t keep_bytes; /* ...and how many bytes; 0: all */
	int64_t pack_ms;     /* how old those are that it packs; 0: none */
};

struct module {
	int node; /* topology node */
	enum module_role role;
	const char *name;    /* "meter": also its role on the node */
	const char *program; /* "nfz-meter" */
	struct setup setup;
	char stamp[ROLLOUT_STAMP];
};

struct rollout {
	uint64_t deployment;
	char id[17]; /* deployment in 16 hex digits */
	char keyid[ROLLOUT_KEYID];
	struct module *modules;
	size_t n, cap;
	struct buf catalog; /* text of the store's catalog */
	int collector;      /* topology node */
};

/* NFZ_E_INPUT when the plan has no collector, a node no address we could use,
 * a tap's interface neither name nor MAC, or there are fewer nodes than
 * caches.
 *
 * Caches stand on the collector's node, then on those of the probes.  Where
 * there are any, meters and the collector know all that may come, so that none
 * of them starts again when one more or less is asked for. */
int rollout_make(const struct topology *t, const struct plan *plan,
	const struct rollout_options *options, struct rollout *ret,
	struct err *err) NFZ_MUST_CHECK;
void rollout_release(struct rollout *r); /* wipes keys */
/* A node has said how its system calls the interfaces; no stamp depends on that
 * where they have MAC addresses.  The same in the catalog, for all nodes. */
void rollout_name_taps(const struct topology *t, const struct plan *plan,
	int node, struct rollout *r);
void rollout_name_all(
	const struct topology *t, const struct plan *plan, struct rollout *r);
/* Completes the stamp with the program that shall run: its SHA-256, which
 * depends on the node's architecture. */
void rollout_program(struct module *m, const char *sha);
/* Short public name of a key. */
void rollout_keyid(const uint8_t key[static SETUP_KEY_BYTES],
	char ret[static ROLLOUT_KEYID]);
/* The control-network address of a node as a number. */
bool rollout_address(const struct topo_node *n, struct net_addr *ret);

#endif
