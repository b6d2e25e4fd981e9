/* Digests: what a meter tells a flow cache of another process about packets.
 *
 * A digest is one packet, or several packets of one flow added up by the meter
 * (DESIGN section 5).  A datagram carries digests of one format: 48 bytes each
 * for IPv4, 72 for IPv6.  Its header numbers *digests*, so that a loss is known
 * in digests.
 *
 * Bytes only: no sockets, no clock, no allocation.  netflowize-protocol(7). */
#ifndef NFZ_FLOW_DIGEST_H
#define NFZ_FLOW_DIGEST_H

#include "base/cursor.h"
#include "flow/key.h"
#include "flow/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DIGEST_V4 = 48,
	DIGEST_V6 = 72,
	DIGEST_HEADER = 40,
	DIGEST_MAX = 28 /* in one datagram */
};

/* The same bits as flow_record's flags, but for the last: flows of another ToS
 * are others. */
enum { DIGEST_SENT = 1, DIGEST_ESTIMATED = 4, DIGEST_BY_TOS = 8 };

struct digest {
	struct flow_key key;
	uint64_t bytes;            /* IP octets */
	int64_t first_ns, last_ns; /* node's CLOCK_REALTIME */
	uint32_t packets;
	uint16_t times; /* of estimates: there are so many of each; 0 is 1 */
	uint16_t tap, src_slot, dst_slot;
	uint16_t vlan; /* flows of another are others; 0 */
	uint8_t tcp_flags, tos;
	uint8_t flags; /* DIGEST_... */
};

struct digest_header {
	uint8_t format; /* DIGEST_V4 or DIGEST_V6 */
	uint8_t shift;  /* time offsets count 2^shift ns */
	uint16_t count;
	uint16_t meter;    /* module id */
	uint64_t datagram; /* number of this datagram, from 0 */
	uint64_t seq;      /* number of its first digest, from 0 */
	int64_t base_ns;
};

/* One datagram body being filled. */
struct digest_writer {
	struct wire wire;
	struct digest_header header;
};

bool digest_is_v4(const struct digest *d);
/* Starts a body of at most len bytes fit for `first`; adds nothing yet. */
void digest_begin(struct digest_writer *w, void *body, size_t len,
	const struct digest *first);
/* False when d does not fit: full, other format, or its time is out of reach
 * of this body's base.  Finish this one and begin another. */
bool digest_add(struct digest_writer *w, const struct digest *d);
/* Writes the header; returns the length of the body. */
size_t digest_end(struct digest_writer *w, const struct digest_header *numbers);

/* A body without digests: it only says which numbers were used up, so that the
 * cache knows of datagrams that were lost behind the last it got. */
size_t digest_empty(
	void *body, size_t len, const struct digest_header *numbers);

/* Reads the header and up to DIGEST_MAX digests.  False: the body is not one.
 * Hostile input: count, format, shift and length must agree exactly, and a
 * digest of no packets is none. */
bool digest_read(const void *body, size_t len, struct digest_header *ret,
	struct digest *digests);

#endif
