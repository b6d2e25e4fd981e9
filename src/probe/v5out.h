/* Records as NetFlow v5 datagrams to somebody else's collector.  UDP without
 * an answer: what could not be sent is counted, what gets lost is not known. */
#ifndef NFZ_PROBE_V5OUT_H
#define NFZ_PROBE_V5OUT_H

#include "base/err.h"
#include "base/net.h"
#include "flow/record.h"

#include <stdint.h>

struct v5out;

struct v5out_options {
	struct net_addr to;
	uint16_t port;
	uint16_t engine;  /* engine type and id: who we are */
	bool paced;       /* wait a little now and then: not in a live meter */
	int64_t start_ns; /* of uptime; 0: now */
};

struct v5out_stats {
	uint64_t records, datagrams;
	uint64_t left_out; /* not IPv4 */
	uint64_t unsent;   /* datagrams the system refused */
};

int v5out_open(const struct v5out_options *options, struct v5out **ret,
	struct err *err) NFZ_MUST_CHECK;
/* NULL-safe, as the next two; does not push. */
void v5out_close(struct v5out *v);
/* Sent when a datagram is full, or pushed. */
void v5out_add(struct v5out *v, const struct flow_record *r);
void v5out_push(struct v5out *v);
void v5out_stats(const struct v5out *v, struct v5out_stats *ret);
/* "10.1.2.3:2055" or "[2001:db8::1]:2055". */
int v5out_parse(const char *text, struct v5out_options *ret,
	struct err *err) NFZ_MUST_CHECK;

#endif
