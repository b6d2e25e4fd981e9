/* What an exporter may tell of a flow besides its record: where it came in and
 * went out, whose networks, which labels it wore.  0 in any of these is what
 * exporters say when they do not know; so it is here, and what nobody told
 * takes no room in a log or a store.
 *
 * X(NAME, member, type): the order on the wire and in stores; more may be
 * added at the end. */
#ifndef NFZ_FLOW_EXTRA_H
#define NFZ_FLOW_EXTRA_H

#include "flow/others.h"
#include "flow/record.h"

#define FLOW_EXTRAS(X)                                                         \
	X(NEXT_HIGH, next_high,                                                \
		uint64_t) /* next hop, as an address's bytes */                \
	X(NEXT_LOW, next_low, uint64_t)                                        \
	X(SRC_MAC, src_mac, uint64_t) /* 48 bits */                            \
	X(DST_MAC, dst_mac, uint64_t)                                          \
	X(SRC_AS, src_as, uint32_t)                                            \
	X(DST_AS, dst_as, uint32_t)                                            \
	X(IN_IF, in_if, uint32_t) /* as SNMP numbers interfaces */             \
	X(OUT_IF, out_if, uint32_t)                                            \
	X(MPLS, mpls, uint32_t) /* the top label */                            \
	X(VLAN, vlan, uint16_t) /* as it came */                               \
	X(OUT_VLAN, out_vlan, uint16_t)

enum flow_extra_field {
#define X(name, member, type) EXTRA_##name,
	FLOW_EXTRAS(X)
#undef X
		EXTRA_COUNT,
	EXTRA_OTHERS = EXTRA_COUNT /* no number: elements nobody knows */
};
#define EXTRA_BIT(name) (1u << EXTRA_##name)
enum { EXTRAS_ALL = (2 << EXTRA_OTHERS) - 1 };

struct flow_extra {
#define X(name, member, type) type member;
	FLOW_EXTRAS(X)
#undef X
	struct flow_others others; /* lent by who gives the rows */
};
_Static_assert(sizeof(struct flow_extra) == 72, "no hidden padding");

/* Records with what was told besides; extras NULL: of none of them anything. */
struct flow_rows {
	const struct flow_record *records;
	const struct flow_extra *extras;
	size_t n;
};

/* EXTRA_BITs of what any of them has. */
unsigned flow_extras_of(const struct flow_extra *e, size_t n);
uint64_t flow_extra_get(const struct flow_extra *e, enum flow_extra_field f);
void flow_extra_set(struct flow_extra *e, enum flow_extra_field f, uint64_t v);
/* The next hop; all zeros when it is not known, as when 0.0.0.0 was told. */
struct net_addr flow_extra_next(const struct flow_extra *e);
void flow_extra_set_next(struct flow_extra *e, const struct net_addr *next);
uint64_t flow_extra_mac(const uint8_t mac[static 6]);
/* Of the other direction; what the elements nobody knows mean there, nobody
 * knows either. */
struct flow_extra flow_extra_reverse(const struct flow_extra *e);

/* Those of `has` alone, big-endian; the others last, behind their length, 2. */

/* Bytes of them, at least: with others there are as many more as these have. */
size_t flow_extra_wire(unsigned has);
void flow_extra_encode(
	const struct flow_extra *e, unsigned has, struct buf *out);
void flow_extra_skip(struct cursor *c, unsigned has);
/* Others are lent by what the cursor is over; those that make no sense make it
 * bad. */
void flow_extra_decode(struct cursor *c, unsigned has, struct flow_extra *ret);

#endif
