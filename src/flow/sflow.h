/* sFlow version 5 (sflow.org, "sFlow Version 5"): flow samples of an agent
 * nobody vouches for -> records.  Bytes only.
 *
 * A sample is one packet of so many: its record has that many packets and
 * octets and is RECORD_ESTIMATED.  Counter samples are passed over. */
#ifndef NFZ_FLOW_SFLOW_H
#define NFZ_FLOW_SFLOW_H

#include "flow/extra.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SFLOW_RECORDS = 256 /* of one datagram */ };

struct sflow_datagram {
	struct net_addr agent;
	uint32_t sub_agent, sequence;
	int64_t boot_ns;            /* of the agent, by our clock */
	uint32_t samples, left_out; /* flow samples; those that are no IP */
	size_t n;
	struct flow_record records[SFLOW_RECORDS];
	struct flow_extra extras[SFLOW_RECORDS];
};

/* False when it is none.  Of one that ends too early, what came before the end
 * counts. */
bool sflow_read(const void *data, size_t len, int64_t now_ns,
	struct sflow_datagram *ret);

#endif
