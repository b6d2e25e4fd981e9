/* Foreign exporters, and what of theirs got lost.
 *
 * An exporter is (address, port, format, domain): on one machine there may be
 * several.  One that is started again comes from another port: where nothing
 * came from the old one since, both are shown as one.  Its sequence numbers
 * count flows (NetFlow 5, 7), data records (IPFIX) or messages (NetFlow 9,
 * sFlow), so what is missing is known exactly: the gaps between numbers that
 * nothing filled.
 * Late datagrams fill theirs; datagrams that come twice fill nothing. */
#ifndef NFZ_COLLECTOR_SOURCES_H
#define NFZ_COLLECTOR_SOURCES_H

#include "base/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SOURCES_MAX = 256, SOURCE_GAPS = 256 };

/* X(name, text, what its numbers count) */
#define SOURCE_KINDS(X)                                                        \
	X(NF1, "nf1", "")                                                      \
	X(NF5, "nf5", "flows")                                                 \
	X(NF7, "nf7", "flows")                                                 \
	X(NF9, "nf9", "messages")                                              \
	X(IPFIX, "ipfix", "flows")                                             \
	X(SFLOW, "sflow", "messages")

enum source_kind {
#define X(name, text, unit) SOURCE_##name,
	SOURCE_KINDS(X)
#undef X
};
const char *source_kind_name(enum source_kind kind);
/* "" where nothing is counted */
const char *source_kind_unit(enum source_kind kind);

/* From one start of an exporter to the next. */
struct source_life {
	uint32_t first, next; /* first number; the one after the highest */
	uint32_t heard;       /* messages */
	uint64_t lost;        /* units */
	/* what is missing; of more, the oldest are lost for good */
	struct source_range {
		uint32_t from, n;
	} gaps[SOURCE_GAPS];
	size_t n_gaps;
};

struct source_sum {
	uint64_t messages, flows, restarts, lost;
};

/* HEALTH_UNKNOWN: nobody knows. */
struct source_flows {
	uint64_t sent, lost;
};

struct source {
	struct net_addr addr;
	uint16_t port;
	/* Where its numbers go on from other ports: the first that it left, 0
	 * when it left more; and how many messages came since from this one. */
	uint16_t left;
	unsigned stayed;
	struct source_flows place; /* of those that had its place before */
	/* The place, from 1, of the one that was heard before this one began,
	 * and how many messages it had; 0: none. */
	size_t predecessor;
	uint64_t predecessor_messages;
	struct source_sum past; /* of those before, whose places are taken */
	enum source_kind kind;
	uint32_t domain; /* or engine type and id, or sub agent */
	uint64_t messages, flows;
	uint64_t restarts;
	uint64_t lost;             /* units, of the lives before */
	uint64_t heard;            /* the last message, of all exporters' */
	int64_t boot_ns, heard_ns; /* heard: our clock, which steps */
	uint32_t uptime_ms;
	struct source_life now;
	/* One that may have begun, without a word of it, and what there was
	 * before it: of late messages nobody knows yet whose they are. */
	struct source_life maybe, before;
	bool is_maybe;
	/* its messages that were not just late; how many numbers they had */
	unsigned strange;
	uint32_t strange_units;
	unsigned in_order; /* the last of these, that went on from each other */
	bool unknown;      /* the last message had more than we could count */
};

struct sources {
	struct source items[SOURCES_MAX];
	size_t n;
	uint64_t heard;   /* messages of all exporters */
	uint64_t refused; /* messages of exporters there was no room for */
};

/* What a message says. */
struct source_news {
	struct net_addr addr;
	uint16_t port;
	enum source_kind kind;
	uint32_t domain, sequence;
	uint32_t units; /* it brings, by its numbers */
	uint32_t flows;
	bool unknown;    /* more units than we could count */
	int64_t boot_ns; /* 0: not told */
	uint32_t uptime_ms;
};

/* Notes a message; NULL when there are too many exporters. */
struct source *sources_note(
	struct sources *s, const struct source_news *news, int64_t now_ns);
uint64_t source_lost(const struct source *s);
/* Of all that ever had its place, so that these never go back. */
struct source_flows source_flows(const struct source *s);
/* Of the i-th and those before it that it stands for; false: another stands
 * for it. */
bool sources_sum(const struct sources *s, size_t i, struct source_sum *ret);

#endif
