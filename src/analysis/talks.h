/* Conversations: both directions of the same addresses, ports and protocol. */
#ifndef NFZ_ANALYSIS_TALKS_H
#define NFZ_ANALYSIS_TALKS_H

#include "analysis/study.h"
#include "base/map.h"

/* One direction; packets 0: there is none. */
struct talk_side {
	uint64_t packets, bytes;
	int64_t first_ns, last_ns;
	uint8_t tcp_flags;
};

struct talk {
	struct flow_key key;      /* of side 0; in the end, of who began */
	struct talk_side side[2]; /* who began; who answers */
	uint32_t symptoms;        /* bits, as symptom_name counts them */
};

struct talks {
	const struct study_ask *ask;
	struct map by_key; /* index + 1 */
	struct talk *v;
	size_t n, cap;
};

void *talks_begin(const struct study_ask *ask); /* struct talks */
void talks_free(void *it);
int talks_add(void *it, const struct flow *f, struct err *err) NFZ_MUST_CHECK;
/* All was added: turns each so that side 0 is who began. */
void talks_turn(struct talks *t);
/* Nobody answered, or refused, or the one who began never went on. */
bool talk_failed(const struct talk *t);
/* Was it tried, by a protocol that has ports? */
bool talk_has_ports(const struct talk *t);

/* One who tries many: hosts at one port, or ports of one host. */
struct scan {
	struct {
		struct net_addr src;
		struct net_addr dst;  /* of a port scan; else 0 */
		uint16_t port, proto; /* of a host scan; else 0 */
		uint32_t hosts;       /* 1: of hosts */
	} key;
	uint64_t targets, tries;
};
struct scans {
	struct map seen, by_key;
	struct scan *v;
	size_t n, cap;
};
/* From the failed ones of conversations that were turned. */
void scans_init(struct scans *s, const struct talks *t);
void scans_release(struct scans *s);
/* How many targets the scan had that this conversation was part of. */
uint64_t scans_targets(const struct scans *s, const struct talk *t, bool hosts);

#endif
