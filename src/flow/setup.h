/* What one module (meter, cache, collector) is told at its start: who it is,
 * who its peers are and their keys, what to tap and how to count.
 *
 * Written by deploy, sent over SSH, stored 0600 on the node, read by the
 * module.  Text form: one `word value...` per line (netflowize-protocol(7));
 * keys are hex.  Readable without any library. */
#ifndef NFZ_FLOW_SETUP_H
#define NFZ_FLOW_SETUP_H

#include "base/buf.h"
#include "base/err.h"
#include "base/net.h"
#include "flow/target.h"

#include <stdbool.h>
#include <stdint.h>

enum module_role {
	MODULE_METER = 1,
	MODULE_CACHE,
	MODULE_COLLECTOR,
	MODULE_CONTROLLER
};

enum {
	SETUP_KEY_BYTES = 32,
	SETUP_MEMBERS_MAX = 1024, /* of one tap */
	SETUP_TAPS_MAX = 4096,
	SETUP_PEERS_MAX = 1024,
	SETUP_ALLOW_MAX = 256,
	SETUP_THREADS_MAX = 16,
	SETUP_TEXT_MAX = 8 << 20 /* bytes of the text form */
};

struct setup_peer {
	uint16_t id; /* module id, unique in the deployment */
	enum module_role role;
	struct net_addr addr; /* control network */
	uint16_t port;        /* UDP; 0: it will contact us first */
	uint8_t send_key[SETUP_KEY_BYTES], receive_key[SETUP_KEY_BYTES];
};

/* One member of a LAN as a tap must know it. */
struct setup_member {
	uint16_t slot;
	uint8_t mac[6];
	bool watched; /* some tap counts what this member sends */
};

struct setup_tap {
	uint16_t id;
	char ifname[16]; /* "" : find by MAC */
	bool has_mac;
	uint8_t mac[6];
	char link[64]; /* for messages only; names live in the catalog */
	uint8_t count_received, count_sent; /* enum count_rule's values */
	bool lowest;
	bool lan;
	uint16_t near_slot; /* the member on this side of the interface: the
	                      * node itself, or whom a bridge's port faces */
	uint16_t far_slot;  /* p2p: the other one */
	bool facing;        /* a bridge's port: frames received come from
	                      * near_slot; else frames sent do */
	struct setup_member *members; /* LAN only */
	size_t n_members;
};

struct setup {
	uint64_t deployment;
	uint16_t id;
	enum module_role role;
	struct net_addr listen; /* where to bind */
	uint16_t port;
	int64_t active_ms, idle_ms, fin_ms, lease_ms;
	uint32_t cache_flows; /* most flows at once */
	char store[256];      /* collector: directory of the run */
	/* collector: how long flows are kept, and how many bytes; 0: all */
	int64_t keep_ms;
	uint64_t keep_bytes;
	int64_t pack_ms; /* collector: age of flows that take less room; 0: none */
	/* meter: how to capture, as its --backend says; "": what is best */
	char backend[16];
	unsigned threads; /* meter: that read rings; 0: by the processors */
	/* collector: where to take flows of others, off when 0, from whom */
	uint16_t import_port;
	struct net_prefix *import_from;
	size_t n_import_from;
	/* meter and cache: collectors of others to tell as well; at most
	 * EXPORT_TARGETS_MAX */
	struct export_target *exports;
	size_t n_exports;
	struct setup_peer *peers;
	size_t n_peers;
	struct setup_tap *taps;
	size_t n_taps;
};

/* Times of a module that nobody told otherwise; no peers, no taps. */
void setup_init(struct setup *s);
void setup_print(const struct setup *s, struct buf *out);
/* Hostile input: every number is bounded.  Release with setup_release. */
int setup_parse(const char *text, size_t len, struct setup *ret,
	struct err *err) NFZ_MUST_CHECK;
/* More collectors of others: texts as export_target_parse() takes. */
int setup_add_exports(struct setup *s, char *const *texts, size_t n,
	struct err *err) NFZ_MUST_CHECK;
void setup_release(struct setup *s);                 /* wipes keys */
const char *module_role_name(enum module_role role); /* "meter" */
const struct setup_peer *setup_peer(const struct setup *s, uint16_t id);
/* The key for what `from` sends to `to`, from the deployment's master key:
 * send_key of the one is receive_key of the other. */
void setup_pair_key(const uint8_t master[static SETUP_KEY_BYTES], uint16_t from,
	uint16_t to, uint8_t ret[static SETUP_KEY_BYTES]);

#endif
