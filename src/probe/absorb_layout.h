/* What the program in the kernel (probe/bpf/absorb.c) and the meter
 * (probe/absorb.c) share: tables the one fills and the other reads.
 *
 * Each processor has a lane of its own, once for each of the two epochs, so
 * that no two ever write to the same place. */
#ifndef NFZ_PROBE_ABSORB_LAYOUT_H
#define NFZ_PROBE_ABSORB_LAYOUT_H

#include "flow/sizes.h"

#include <stdint.h>

enum { ABSORB_SENT = 1, ABSORB_TO_HOST = 2 };

enum {
	ABSORB_KEY_WORDS = 7,
	ABSORB_KEY_MACS = 5, /* the first of their words */
	ABSORB_BUCKET = 8,   /* flows that share a place in the index */
	ABSORB_LANE_FLOWS = 16384,
	ABSORB_SAMPLE = 256
};

/* One flow of one lane.  Compared and hashed as words. */
struct absorb_key {
	uint8_t src[16], dst[16]; /* IPv4 as v4-mapped */
	uint8_t ports[4];         /* source, destination, as on the wire */
	uint8_t proto, way;       /* ABSORB_... */
	uint8_t pad[2];
	uint8_t macs[12]; /* destination, source; 0 unless asked for */
	uint8_t pad_more[4];
};

struct absorb_flow {
	struct absorb_key key;
	uint64_t first_ns, last_ns; /* CLOCK_BOOTTIME */
	uint32_t frames;
	uint8_t tcp_flags, tos;
	uint8_t pad[2];
	/* by class: packets, and above them octets.  No packet has so few that
	 * those could overflow before these say that it is enough */
	uint64_t sizes[PACKET_SIZES];
};

enum { ABSORB_OCTETS_AT = 30 };
#define ABSORB_ENOUGH (UINT64_C(1) << 63)

/* Numbers of flows of the lane, from 1, below a tag of their hash; filled from
 * the front, 0 ends. */
struct absorb_bucket {
	uint32_t slots[ABSORB_BUCKET];
};

/* Of one lane. */
struct absorb_tally {
	uint64_t frames; /* in flows */
	uint32_t flows;
	uint32_t missed; /* frames there was no room for */
	/* at a hook without a ring behind it, of what is not absorbed: */
	uint64_t sampled, dropped;
	/* not chosen, [sent]: frames, and their packets beyond one each */
	uint64_t passed[2], more[2];
};

/* How frames of an epoch are chosen. */
struct absorb_choice {
	uint32_t one_of; /* 0: all */
	uint8_t random;  /* else: each so-many-th */
	uint8_t leave;   /* nothing is absorbed */
	uint8_t pad[2];
};

struct absorb_control {
	uint32_t epoch; /* being written, 0 or 1 */
	uint32_t snap;  /* bytes of a frame that is not absorbed */
	uint64_t secret[ABSORB_KEY_WORDS];
	struct absorb_choice choice[2]; /* by epoch */
	/* frames so far.  Processors may overtake each other: the choice is
	 * another one then, but each frame is chosen or passed */
	uint32_t turn;
	uint32_t away; /* programs at hooks let all pass, uncounted */
};

/* The start of a frame that is not absorbed. */
struct absorb_sample {
	uint64_t time_ns;
	uint32_t wire, captured;
	uint16_t gso_size;
	uint8_t way, epoch;
	uint16_t tag; /* 802.1Q, that the kernel keeps beside the frame; 0 */
	uint16_t unused;
	uint8_t bytes[ABSORB_SAMPLE];
};

/* One frame that was read and found no room, at an interface's own hooks.  Told
 * from the above by its length; without MAC addresses the last of its key's
 * words are not there. */
struct absorb_digest {
	uint64_t time_ns;
	uint32_t octets; /* of its last packet */
	uint32_t whole;  /* packets before that, */
	uint32_t each;   /* of so many octets */
	uint8_t tcp_flags, tos;
	uint8_t epoch, unused;
	struct absorb_key key;
};
enum { ABSORB_DIGEST_SHORT = 24 + 8 * ABSORB_KEY_MACS };

/* Where the program has these, loading puts descriptors and numbers of the
 * tables into its instructions. */
#define ABSORB_MARK UINT64_C(0x6e667a0000000000)
enum absorb_hole {
	ABSORB_HOLE_CONTROL, /* the one struct absorb_control */
	ABSORB_HOLE_TALLIES,
	ABSORB_HOLE_BUCKETS,
	ABSORB_HOLE_FLOWS,
	ABSORB_HOLE_ARRAYS, /* the above can be mapped as they are */
	ABSORB_HOLE_SAMPLES = ABSORB_HOLE_ARRAYS,
	ABSORB_HOLE_CPUS,         /* a number, as are the rest */
	ABSORB_HOLE_LANE_BUCKETS, /* a power of two */
	ABSORB_HOLE_LANE_FLOWS,
	ABSORB_HOLE_WITH_MACS, /* they are part of keys */
	ABSORB_HOLE_WAKE, /* bytes of samples worth waking for: a power of two */
	ABSORB_HOLES
};

_Static_assert(
	sizeof(struct absorb_key) == 8 * ABSORB_KEY_WORDS &&
		sizeof(struct absorb_flow) == 136 &&
		sizeof(struct absorb_digest) == ABSORB_DIGEST_SHORT + 16 &&
		sizeof(struct absorb_tally) == 64,
	"no hidden padding");

#endif
