/* An SSH agent with only some of another one's keys.
 *
 * A server hangs up after six keys it does not know, and people have agents
 * with more.  This one shows the first few, those wanted first, and passes
 * signing on; it is a process of its own because who asks an agent waits for
 * it. */
#ifndef NFZ_DEPLOY_AGENTFILTER_H
#define NFZ_DEPLOY_AGENTFILTER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/opt.h"

#include <stdbool.h>
#include <stddef.h>

struct agentfilter;

/* agent: the other one's socket.  first: base64 of public keys to show before
 * others; only: no others at all.  At most max keys.  NULL when the agent does
 * not answer or has nothing to show. */
struct agentfilter *agentfilter_new(
	const char *agent, const struct opt_list *first, bool only, size_t max);
void agentfilter_free(struct agentfilter *f); /* NULL is fine */
/* The socket to use instead. */
const char *agentfilter_socket(const struct agentfilter *f);
/* How many keys it shows, and how many the other one has. */
size_t agentfilter_shown(const struct agentfilter *f);
size_t agentfilter_of(const struct agentfilter *f);

/* Pure: from the answer that lists identities, the same with only some; -1
 * when it is none.  *ret_of: how many it had. */
int agentfilter_choose(const struct buf *answer, const struct opt_list *first,
	bool only, size_t max, struct buf *out, size_t *ret_of);

#endif
