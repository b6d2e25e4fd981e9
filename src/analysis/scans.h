/* Who tries many hosts at one port, or many ports of one host, in vain. */
#ifndef NFZ_ANALYSIS_SCANS_H
#define NFZ_ANALYSIS_SCANS_H

#include "analysis/talks.h"

struct scan_key {
	struct net_addr src;
	struct net_addr dst; /* of a port scan; else 0 */
	uint16_t port;       /* of a host scan; else 0 */
	uint16_t proto;
	uint32_t hosts; /* 1: of hosts */
};
struct scan {
	struct scan_key key;
	uint64_t targets, tries;
};

struct scans {
	struct scan *v;
	size_t n, cap;
	struct index by_key;
};

enum { SCAN_FROM = 16 /* targets, where nobody says */ };

void scans_init(struct scans *s);
void scans_release(struct scans *s);
/* Those of so many targets and more, of the failed ones of conversations. */
int scans_find(struct scans *s, struct talks *t, uint64_t least,
	struct err *err) NFZ_MUST_CHECK;
/* Is this conversation part of one of them? */
bool scans_have(const struct scans *s, const struct talk *t, bool hosts);

#endif
