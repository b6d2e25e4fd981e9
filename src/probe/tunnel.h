/* The flow inside a tunnel: GRE (with PPTP and ERSPAN), IP in IP, VXLAN,
 * Geneve, GTP-U. */
#ifndef NFZ_PROBE_TUNNEL_H
#define NFZ_PROBE_TUNNEL_H

#include "probe/dissect.h"

/* Where f, dissected as d, is a tunnel's whose inside can be read: key, ToS and
 * TCP flags of *d become those of the innermost packet, and true.  Octets and
 * all that is said of the frame stay those outside. */
bool tunnel_enter(const struct frame *f, struct dissect *d);
/* Where the TCP header of the innermost packet starts; 0: there is none. */
uint32_t tunnel_tcp_at(const struct frame *f, const struct dissect *d);

#endif
