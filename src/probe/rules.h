/* Which frames of a tap are counted, and between which members of its link
 * they travelled (DESIGN section 6, rules 7 to 10).
 *
 * A tap stands for one member, the near one.  Frames either come from it or go
 * towards it; which of the two "received by the interface" means depends on
 * whether the interface is the member's own or a bridge's port that faces it.
 * On a LAN the other end is found by MAC, never by IP address. */
#ifndef NFZ_PROBE_RULES_H
#define NFZ_PROBE_RULES_H

#include "flow/record.h"
#include "flow/setup.h"

#include <stdbool.h>
#include <stdint.h>

struct rules;

/* A frame as the rules see it. */
struct rules_frame {
	const uint8_t *dst_mac, *src_mac; /* NULL: the link has none */
	bool sent;                        /* it left through the interface */
	bool to_host;                     /* the system takes it as its own */
};

struct rules_verdict {
	bool counted;
	bool from_near; /* not towards it */
	uint16_t src_slot, dst_slot;
};

/* Copies what it needs of tap. */
struct rules *rules_new(const struct setup_tap *tap);
void rules_free(struct rules *rules);
struct rules_verdict rules_apply(
	const struct rules *rules, const struct rules_frame *frame);

#endif
