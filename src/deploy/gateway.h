/* Nodes behind a gateway: their SSH connections as byte streams through one
 * connection of the user's own ssh program to it, so that what the user has
 * configured for the gateway (names, keys, further hops) holds.
 *
 * The first stream makes that connection, the others share it: a gateway
 * counts connections that are not logged in yet, and drops what is too many.
 * No shell is involved, but for a ProxyCommand of the user's own, which is one;
 * names that could be options are refused. */
#ifndef NFZ_DEPLOY_GATEWAY_H
#define NFZ_DEPLOY_GATEWAY_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct gateways;

struct gateway_options {
	const char *const *files; /* private keys to offer, NULL-ended */
	const char *known_hosts;  /* files for host keys */
	const char *accepted;
	const char *config; /* ssh_config(5); NULL: the usual ones */
};

/* How to get to a host. */
struct gateway_way {
	const char
		*gateway; /* "[user@]host[:port],...": the last is next to it */
	const char *command; /* instead: ProxyCommand, with its tokens */
	const char *user;    /* to log into the gateway as, or NULL */
	const char *host;
	uint16_t port;     /* 0: 22 */
	const char *login; /* on the host: for tokens, or NULL */
};

struct gateway_stream {
	int fd;    /* not blocking */
	pid_t pid; /* the program that serves it */
	int log;   /* what it says, for gateway_said() */
};

struct gateways *gateways_new(const struct gateway_options *options);
/* Ends the connections; streams must have been closed. */
void gateways_free(struct gateways *g); /* NULL is fine */
/* Is that the machine we run on?  Then nodes are reached directly. */
bool gateway_is_here(struct gateways *g, const char *gateway);
/* Begins to connect.  Whether it works shows on the stream only. */
int gateway_open(struct gateways *g, const struct gateway_way *way,
	struct gateway_stream *ret, struct err *err) NFZ_MUST_CHECK;
/* The last line of what the program said, "" when it said nothing. */
void gateway_said(const struct gateway_stream *s, char *text, size_t size);
/* Ends the program and closes what is ours but fd, which has had an owner. */
void gateway_close(struct gateway_stream *s);

#endif
