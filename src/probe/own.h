/* Traffic of netflowize itself: never metered, or a probe that exports over a
 * watched interface would feed itself. */
#ifndef NFZ_PROBE_OWN_H
#define NFZ_PROBE_OWN_H

#include "flow/key.h"
#include "flow/setup.h"

#include <stdbool.h>
#include <stddef.h>

struct own_end {
	struct net_addr addr;
	uint16_t port;
	uint8_t proto; /* UDP, or TCP */
};

struct own {
	struct own_end *ends; /* this module's, its peers', and those of the
	                      * collectors of others it tells */
	size_t n;
};

/* `port` is the one the module is bound to. */
void own_init(struct own *own, const struct setup *setup, uint16_t port);
void own_release(struct own *own);
/* From or to one of our sockets. */
bool own_traffic(const struct own *own, const struct flow_key *key);

#endif
