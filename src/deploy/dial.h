/* A TCP connection without waiting: neither for the host, nor for its name,
 * which the system's resolver may take minutes to look up or give up. */
#ifndef NFZ_DEPLOY_DIAL_H
#define NFZ_DEPLOY_DIAL_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { DIAL_NAMES_MAX = 8 };

/* What a name stands for. */
struct dial_names {
	int error; /* of getaddrinfo(3) */
	size_t n;
	struct sockaddr_storage addrs[DIAL_NAMES_MAX];
};

struct dial {
	int fd;      /* -1: none; the caller closes it, at any time */
	bool naming; /* the name is being looked up: fd tells when it was */
};

/* Errors are NFZ_E_UNREACHABLE with the cause alone. */
int dial_start(struct dial *d, const char *host, uint16_t port,
	struct err *err) NFZ_MUST_CHECK;
/* Goes on: 1 when fd is connected, 0 when it is not yet. */
int dial_step(struct dial *d, struct err *err) NFZ_MUST_CHECK;
/* For poll(2). */
short dial_events(const struct dial *d);

/* Looks a name up and waits for it, but not longer than ms: false when nothing
 * was found. */
bool dial_names(const char *host, int64_t ms, struct dial_names *ret);

#endif
