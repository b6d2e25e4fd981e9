/* NetFlow version 5, and 1 and 7, which differ little: datagrams <-> records.  Bytes only: no sockets, no clock.  The formats are Cisco's
 * (NetFlow Export Datagram Format); IPv4 only, 32-bit counters, times in ms of
 * the exporter's uptime. */
#ifndef NFZ_FLOW_NF5_H
#define NFZ_FLOW_NF5_H

#include "flow/extra.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NF5_HEADER = 24,
	NF5_RECORD = 48,
	NF5_RECORDS = 30, /* in one datagram */
	NF5_DATAGRAM = NF5_HEADER + NF5_RECORDS * NF5_RECORD,
	/* versions 1 and 7: other records, fewer of them */
	NF1_HEADER = 16,
	NF1_RECORD_LONG = 52, /* of some exporters; of others as NF5_RECORD */
	NF1_RECORDS = 24,
	NF7_RECORDS = 27, /* 28 may be; so all fit NF5_DATAGRAM */
	NF7_RECORD = 52
};
_Static_assert(NF5_HEADER + NF7_RECORDS * NF7_RECORD <= NF5_DATAGRAM,
	"room for all versions");

struct nf5_header {
	uint16_t version, count;
	uint32_t uptime_ms, unix_s, unix_ns;
	uint32_t sequence; /* flows sent before this datagram */
	uint8_t engine_type, engine_id;
	uint16_t sampling; /* mode 2 bits, interval 14 */
};

/* Reads a datagram.  False: not version 1, 5 or 7, a count of 0 or over 30, or
 * not exactly that many records.  Version 1 has no sequence.  Records carry RECORD_FOREIGN, tap TAP_FOREIGN
 * and unknown slots; sampled counts are multiplied and RECORD_ESTIMATED.
 * Masks are dropped; ICMP has no ports. */
bool nf5_decode(const void *data, size_t len, struct nf5_header *ret,
	struct flow_record records[static NF5_RECORDS],
	struct flow_extra extras[static NF5_RECORDS]);
/* When the exporter says it was started, ns since 1970. */
int64_t nf5_boot_ns(const struct nf5_header *h);

struct nf5_exporter {
	int64_t boot_ns; /* flows older than that begin then */
	uint32_t sequence;
	uint8_t engine_type, engine_id;
	uint8_t version;         /* 1 or 7 in place of 5; 0: 5 */
	uint16_t sampling;       /* as in the header; not in 1 and 7 */
	uint64_t left_out;       /* records that are not IPv4 */
	struct flow_record rest; /* of one too large for 32 bits; 0 packets
	                          * and bytes: none */
};

/* Records in a full datagram. */
uint16_t nf5_most(const struct nf5_exporter *e);
/* Makes one datagram of the first of n records; *ret_used gets how many were
 * used up.  Returns its length; 0: nothing to send.  Call again with the rest
 * until 0 comes back: a record over 32 bits fills several rows.  A record sent
 * through its interface has the tap as output, else as input. */
size_t nf5_encode(struct nf5_exporter *e, int64_t now_ns,
	const struct flow_record *records, size_t n,
	uint8_t out[static NF5_DATAGRAM], size_t *ret_used);

#endif
