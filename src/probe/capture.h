/* Where a tap's frames come from: one interface behind which the ways of
 * capture stand (`--backend`), with the same counting rules.
 *
 * A way hands over frames, or flows that it has added up itself, each frame in
 * exactly one of the two.  At a mark the kernel's counts and what is read up
 * to it are of the same frames: that makes a ledger possible. */
#ifndef NFZ_PROBE_CAPTURE_H
#define NFZ_PROBE_CAPTURE_H

#include "base/err.h"
#include "flow/exporter.h"
#include "flow/sizes.h"
#include "probe/dissect.h"
#include "probe/netdev.h"

#include <stdbool.h>
#include <stdint.h>

struct guard;

enum { CAPTURE_BATCH = 64, CAPTURE_SNAP = 256, CAPTURE_LANES = 16 };

struct capture_frame {
	struct frame frame;
	struct segmentation seg;
	int64_t time_ns; /* CLOCK_REALTIME */
	enum link_layer layer;
	bool sent, to_host;
	uint16_t vlan; /* of a tag that the kernel keeps beside the frame; 0 */
	uint16_t tag_type, tag; /* as it was behind the addresses; type 0: none
	                         */
	/* the kernel chose one of so many, 1: takes all; 0: as choose() said
	 * of all that come */
	uint16_t one_of;
};

/* Frames of one key and direction. */
struct capture_flow {
	struct flow_key key;
	uint64_t octets;
	int64_t first_ns, last_ns; /* CLOCK_REALTIME */
	uint32_t frames, packets;
	struct size_count sizes[PACKET_SIZES]; /* sums: packets, octets */
	uint8_t tcp_flags;                     /* of all */
	uint8_t tos;                           /* of the first */
	bool sent, to_host;
	uint8_t dst_mac[6], src_mac[6]; /* where asked for, else 0 */
	uint16_t one_of;                /* as of a frame */
};

/* Frames that the kernel did not choose, and what they are as packets beyond
 * one each; [sent]. */
struct capture_passed {
	uint64_t frames[2], more[2];
};

/* At most CAPTURE_BATCH at a time. */
struct capture_sink {
	void *data;
	void (*frames)(void *data, const struct capture_frame *f, size_t n);
	void (*flows)(void *data, const struct capture_flow *f, size_t n);
	void (*passed)(void *data, const struct capture_passed *p);
};

/* Where programs of eBPF are. */
enum capture_place {
	PLACE_BEST,   /* the first of those below that can be had */
	PLACE_TCX,    /* an interface's hooks (Linux 6.6) */
	PLACE_CLSACT, /* filters at an interface */
	PLACE_SOCKET  /* the filter of a packet socket */
};

struct capture_options {
	uint32_t bytes;  /* of memory */
	uint32_t snap;   /* bytes of each frame; 0: CAPTURE_SNAP */
	bool all_groups; /* multicast that nobody here asked for, too */
	bool with_macs;  /* they tell flows apart */
	enum capture_place place;
	/* Where it will be attached first, as it is; NULL: not known yet. */
	const struct netdev *dev;
	struct guard *guard; /* for PLACE_CLSACT; NULL: not there */
	/* It may hand over in so many lanes, one for each thread; 0: 1 */
	unsigned lanes;
	struct capture_sink sinks[CAPTURE_LANES]; /* by lane */
};

struct capture_statistics {
	uint64_t placed;  /* frames handed over or kept for it */
	uint64_t dropped; /* for want of room */
	uint64_t ahead;   /* of those placed: handed over, but after the mark */
};

struct capture;

/* One way.  `attach` may be called again after `detach`, with another
 * interface (but see `once`); nothing before it needs to be opened again then, so that a
 * process without rights but CAP_NET_RAW can. */
struct capture_way {
	/* How it is done where it is attached. */
	const char *(*name)(const struct capture *c);
	int (*open)(const struct capture_options *options, struct capture **ret,
		struct err *err);
	void (*close)(struct capture *c);
	int (*attach)(
		struct capture *c, const struct netdev *dev, struct err *err);
	void (*detach)(struct capture *c);
	/* POLLIN when there is something to read */
	int (*fd)(const struct capture *c, unsigned lane);
	/* Takes the error of a POLLERR; 0 none, or an errno. */
	int (*error)(struct capture *c, unsigned lane);
	/* False: its interface has been deleted, or is no longer as it must be
	 * for what was attached; it may be attached to again.  now: what the
	 * interface is like; NULL: it is gone. */
	bool (*bound)(const struct capture *c, const struct netdev *now);
	/* Asks the kernel for its counts since `attach`.  False: it does not
	 * say.  After all taps' marks capture_settle() is to be called. */
	bool (*mark)(struct capture *c);
	/* Hands over what is ready of at most `blocks` blocks; with to_mark
	 * nothing beyond the mark but what is `ahead`.  True: the mark is
	 * reached, in this lane.  Lanes may be read at the same time, and
	 * nothing else of the capture be called meanwhile. */
	bool (*read)(struct capture *c, unsigned lane, unsigned blocks,
		bool to_mark);
	/* A flow's frames are in one lane, both directions, by addresses or by
	 * ports, too; as at first, or from now on.  NULL: there is one. */
	void (*split)(struct capture *c, bool by_ports);
	/* From the next mark on, or from `attach`: frames are chosen before
	 * they come here.  False, or NULL: who takes them has to.  each: of
	 * those chosen, none are added up. */
	bool (*choose)(struct capture *c, const struct export_sampling *how,
		bool each);
	/* As of the mark, when it is settled. */
	struct capture_statistics (*statistics)(const struct capture *c);
	/* Does it tell how super-frames are cut?  Else that is estimated. */
	bool (*has_segments)(const struct capture *c);
	/* Frames dropped since the kernel cannot say how they are segmented;
	 * among those dropped. */
	uint64_t (*unfilled)(const struct capture *c);
	/* Flows are added up elsewhere and come only with marks. */
	bool adds_up;
	/* It needs more rights to attach, so that it can be done but once. */
	bool once;
	/* Then: has nothing come since the last one? */
	bool (*idle)(const struct capture *c);
};

/* What all ways begin with. */
struct capture {
	const struct capture_way *way;
	unsigned lanes;
	/* why it is not a better one, or not at a better place; code 0: it is
	 * the best */
	struct err why;
};

enum capture_choice {
	CAPTURE_AUTO, /* the first that works here of those below */
	CAPTURE_EBPF,
	CAPTURE_TCX, /* at that place, else not at all */
	CAPTURE_CLSACT,
	CAPTURE_SOCKET,
	CAPTURE_PACKET,
	CAPTURE_PCAP
};
extern const char *const capture_choices[]; /* by choice; NULL ends */

int capture_open(enum capture_choice choice,
	const struct capture_options *options, struct capture **ret,
	struct err *err) NFZ_MUST_CHECK;
void capture_close(struct capture *c); /* may be NULL */
/* Would it hand over in lanes, where it is asked to? */
bool capture_splits(
	enum capture_choice choice, const struct capture_options *options);
/* After marks of captures that add up: waits until what the kernel had begun
 * before is done.  Milliseconds. */
void capture_settle(void);

#endif
