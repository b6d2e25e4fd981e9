/* Foreign exporters, and what of theirs got lost.
 *
 * An exporter is (address, engine).  Its sequence number counts flows, so the
 * flows missing are known exactly: what the numbers span, less what arrived.
 * Counting the difference, not the gaps, makes late datagrams heal it. */
#ifndef NFZ_COLLECTOR_SOURCES_H
#define NFZ_COLLECTOR_SOURCES_H

#include "base/net.h"
#include "flow/nf5.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SOURCES_MAX = 256 };

struct source {
	struct net_addr addr;
	uint16_t engine; /* type and id */
	uint64_t datagrams, flows;
	uint64_t restarts;
	uint64_t lost_before;      /* of its earlier lives */
	int64_t boot_ns, heard_ns; /* heard: our clock */
	uint64_t span; /* flows since the first datagram, by number */
	uint64_t got;  /* of those, arrived */
	uint32_t next; /* number after the highest */
};

struct sources {
	struct source items[SOURCES_MAX];
	size_t n;
	uint64_t refused; /* datagrams of exporters there was no room for */
};

/* Notes a datagram; NULL when there are too many exporters. */
struct source *sources_note(struct sources *s, const struct net_addr *addr,
	const struct nf5_header *h, int64_t now_ns);
uint64_t source_lost(const struct source *s);

#endif
