/* Names of well-known ports, as /etc/services has them, and which end of a
 * flow is the server by them. */
#ifndef NFZ_STORE_SERVICES_H
#define NFZ_STORE_SERVICES_H

#include "base/err.h"
#include "flow/key.h"

#include <stddef.h>

struct services;

/* What is no line of such a file is left out. */
struct services *services_parse(const char *text, size_t len);
/* A file that is not there has no names in it. */
int services_load(const char *path, struct services **ret,
	struct err *err) NFZ_MUST_CHECK;
void services_free(struct services *s); /* NULL is fine */
static inline void services_free_at(struct services **s)
{
	services_free(*s);
}
/* "domain"; NULL when it has none. */
const char *services_name(
	const struct services *s, uint8_t proto, uint16_t port);
/* The server's port: the one with a name; of two or none, the lower one.  s may
 * be NULL. */
uint16_t services_port(const struct services *s, const struct flow_key *k);

#endif
