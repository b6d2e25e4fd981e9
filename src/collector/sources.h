/* Foreign exporters, and what of theirs got lost.
 *
 * An exporter is (address, format, domain).  Its sequence numbers count flows
 * (NetFlow 5, 7), data records (IPFIX) or messages (NetFlow 9, sFlow), so what
 * is missing is known exactly: what the numbers span, less what arrived.
 * Counting the difference, not the gaps, makes late datagrams heal it. */
#ifndef NFZ_COLLECTOR_SOURCES_H
#define NFZ_COLLECTOR_SOURCES_H

#include "base/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SOURCES_MAX = 256 };

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

struct source {
	struct net_addr addr;
	enum source_kind kind;
	uint32_t domain; /* or engine type and id, or sub agent */
	uint64_t messages, flows;
	uint64_t restarts;
	uint64_t lost_before;      /* of its earlier lives */
	int64_t boot_ns, heard_ns; /* heard: our clock */
	uint64_t span; /* units since the first message, by number */
	uint64_t got;  /* of those, arrived */
	uint32_t next; /* number after the highest */
	bool unknown;  /* the last message had more than we could count */
};

struct sources {
	struct source items[SOURCES_MAX];
	size_t n;
	uint64_t refused; /* messages of exporters there was no room for */
};

/* What a message says. */
struct source_news {
	struct net_addr addr;
	enum source_kind kind;
	uint32_t domain, sequence;
	uint32_t units; /* it brings, by its numbers */
	uint32_t flows;
	bool unknown;    /* more units than we could count */
	int64_t boot_ns; /* 0: not told */
};

/* Notes a message; NULL when there are too many exporters. */
struct source *sources_note(
	struct sources *s, const struct source_news *news, int64_t now_ns);
uint64_t source_lost(const struct source *s);

#endif
