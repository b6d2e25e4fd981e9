/* NetFlow 9 (RFC 3954) and IPFIX (RFC 7011, 5103) messages of exporters that
 * nobody vouches for -> records.  Bytes only: no sockets, no clock.
 *
 * A template belongs to (session, domain, id).  Over UDP, data whose own port
 * told no template of that number goes by what another port of the address told
 * last for the domain: an exporter that starts again comes from a new port, and
 * some change theirs all the time.  So does sampling, of those that did not send
 * from one port for long.
 *
 * Templates, their fields and data that came before its template are bounded
 * over all exporters together, so a flood of exporters or templates costs no
 * more than a few megabytes.  Where there is no room, domains over UDP that know
 * nothing or that another port stands for give way; then those that told nothing
 * for FLOWSET_IDLE_NS, or never yet; else what fits no more is counted and left
 * out. */
#ifndef NFZ_FLOW_FLOWSET_H
#define NFZ_FLOW_FLOWSET_H

#include "flow/extra.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FLOWSET_TEMPLATES = 4096, /* of all exporters */
	FLOWSET_EACH = 512,       /* of one session's domain */
	FLOWSET_FIELDS = 512,     /* of one template */
	FLOWSET_WAITING = 4 << 20 /* bytes of data before its template */
};
#define FLOWSET_WAIT_NS (INT64_C(60) * 1000000000)
#define FLOWSET_IDLE_NS (INT64_C(600) * 1000000000)

/* Who sends: a port of an address over UDP, or a connection. */
struct flowset_session {
	struct net_addr addr;
	uint64_t connection; /* 0: UDP */
	uint64_t port;
};

struct flowset_counts {
	uint64_t templates; /* now */
	uint64_t refused;   /* templates: too many, or senseless */
	uint64_t waiting;   /* bytes, now */
	uint64_t given_up;  /* bytes whose template did not come in time */
	uint64_t left_out;  /* data records that are no flows */
	uint64_t cut;       /* values of elements nobody knows: too much */
	uint64_t bad_sets;  /* that end too early */
};

/* The records carry RECORD_FOREIGN, tap TAP_FOREIGN, unknown slots. */
typedef void (*flowset_records_fn)(void *ctx, const struct flow_rows *rows);

struct flowset;

struct flowset *flowset_new(flowset_records_fn fn, void *ctx);
void flowset_free(struct flowset *f);

/* What a message said of itself. */
struct flowset_message {
	uint16_t version; /* 9 or 10 */
	uint32_t domain, sequence;
	int64_t export_ns;
	int64_t boot_ns; /* NetFlow 9, as the next */
	uint32_t uptime_ms;
	uint32_t records; /* data records, options included */
	bool unknown;     /* there is data without template: more records */
};
/* Reads one message; false when it is none.  Of one that ends too early, what
 * came before the end counts. */
bool flowset_read(struct flowset *f, const struct flowset_session *from,
	const void *data, size_t len, int64_t now_ns,
	struct flowset_message *ret);
/* The length of an IPFIX message from its first four bytes; 0: none. */
size_t flowset_length(const uint8_t head[static 4]);
/* A connection ended: its templates go. */
void flowset_forget(struct flowset *f, const struct flowset_session *from);
const struct flowset_counts *flowset_counts(const struct flowset *f);

/* What is known of exporters over UDP, for who starts again: they would tell
 * their templates only minutes later. */

/* Differs when that changed. */
uint64_t flowset_changes(const struct flowset *f);
/* As bytes, as far as FLOWSET_KEPT go. */
enum { FLOWSET_KEPT = 1 << 20 };
void flowset_save(const struct flowset *f, int64_t now_ns, struct buf *out);
/* Takes them in, unless they are damaged or older than FLOWSET_KEPT_NS; says
 * whether it did. */
#define FLOWSET_KEPT_NS (INT64_C(3600) * 1000000000)
bool flowset_restore(
	struct flowset *f, const void *data, size_t len, int64_t now_ns);

#endif
