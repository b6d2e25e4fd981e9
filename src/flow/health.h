/* What a module says of itself with every sign of life, for `status`: numbers
 * since its start.  HEALTH_UNKNOWN is unknown, never 0. */
#ifndef NFZ_FLOW_HEALTH_H
#define NFZ_FLOW_HEALTH_H

#include "base/cursor.h"
#include "flow/wire.h"

#include <stdint.h>

#define HEALTH_UNKNOWN UINT64_MAX
enum { HEALTH_BACKEND = 16 };

struct module_health {
	int64_t at_ns;         /* node's CLOCK_REALTIME; set by the endpoint,
	                        * so much later as on_health says */
	uint64_t records_sent; /* taken by the transport; set by the endpoint */
	uint64_t records_lost; /* made, but never to be sent */
	uint64_t digests_sent; /* set by the endpoint, as the next two */
	uint64_t digests_received;
	uint64_t digests_lost; /* sent to it, never arrived */
	uint64_t flows_now, flows_max, flows_room; /* of its flow cache */
	uint64_t cpu_us;      /* user and system; set by the endpoint */
	uint64_t auth_failed; /* datagrams refused; set by the endpoint */
	uint64_t bytes_sent;  /* with IP headers; set by the endpoint */
	char backend[HEALTH_BACKEND]; /* "ring"; NUL-terminated */
};

void module_health_encode(const struct module_health *h, struct wire *w);
void module_health_decode(struct cursor *c, struct module_health *ret);

#endif
