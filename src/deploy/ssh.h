/* One SSH connection with one exec channel, driven from outside: nothing here
 * waits.  The only place that knows libssh.
 *
 * Call remote_step() whenever the descriptor is ready, and every 50 ms at the
 * latest (the library may hold decoded data while the socket is silent).
 * Deadlines belong to the caller: remote_phase() says what it is waiting for,
 * remote_free() ends it at any moment.
 *
 * How to get to a host, as whom and with which keys is what the user's own ssh
 * would do (deploy/sshconf.h), where the target does not say it.
 *
 * A host key is compared with the keys the testbed gave, if it gave any: then
 * nothing else counts.  Otherwise the user's known_hosts decides, and an
 * unknown host is accepted once, into `accepted` when that is set, and said
 * (remote_new_key).  A changed key is never accepted. */
#ifndef NFZ_DEPLOY_SSH_H
#define NFZ_DEPLOY_SSH_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct remote;

/* What goes out in one packet: each costs a walk through the network, but the
 * library keeps two buffers for every session, of the next power of two that
 * has room for it and its head. */
enum { REMOTE_PACKET = (16 << 10) - 256 };

/* The user's private keys, loaded once and offered to every node; at most four
 * files, then the agent. */
struct remote_keys;

struct remote_options {
	const char *const
		*identities; /* files; NULL-ended or NULL: ~/.ssh/id_* */
	bool no_agent;
	const char *known_hosts; /* NULL: what ssh reads */
	const char *
		accepted; /* file new hosts are added to; NULL: as config says */
	const char *config; /* ssh_config(5); NULL: what ssh reads */
	int64_t ask_ms;     /* how long ssh may think about it; 0: 10 s */
};

struct remote_target {
	const char *name;    /* for messages */
	const char *host;    /* the name ssh's configuration knows, or NULL */
	const char *address; /* numeric, or a host name */
	uint16_t port;       /* 0: as configured, or 22 */
	const char *user;    /* NULL: as configured, or ours */
	const char *gateway; /* a host to go through, or NULL */
	const char *const
		*host_keys; /* public-key lines, NULL-ended; or NULL */
};

/* Never fails for lack of keys: logging in will, and says what was tried. */
struct remote_keys *remote_keys_load(const struct remote_options *options);
void remote_keys_free(struct remote_keys *keys);

/* Finds out, if that is not done yet, how to get to this host: asks ssh, and
 * whether its gateway is this machine.  The one thing here that waits, so it is
 * best done while no deadline runs. */
void remote_prepare(
	const struct remote_target *target, struct remote_keys *keys);
/* As whom one logs in there. */
const char *remote_user(
	const struct remote_target *target, struct remote_keys *keys);
/* Begins to connect.  target and keys must outlive it; command is sent as it
 * is: it must be a constant of ours. */
int remote_new(const struct remote_target *target, struct remote_keys *keys,
	const char *command, struct remote **ret,
	struct err *err) NFZ_MUST_CHECK;
/* Goes on as far as it can: 1 the command runs, 0 not yet, or an error:
 * UNREACHABLE, HOST_KEY, NODE_AUTH, REMOTE. */
int remote_step(struct remote *r, struct err *err) NFZ_MUST_CHECK;
/* "name lookup", "connection", "banner", "login", "session": what remote_step waits for. */
const char *remote_phase(const struct remote *r);
/* The other side has agreed on keys: it is a host, and at work. */
bool remote_heard(const struct remote *r);
/* It has a name, but has not answered yet: trying again later makes sense. */
bool remote_refused(const struct remote *r);
/* The fingerprint of a host key that was accepted for the first time. */
const char *remote_new_key(const struct remote *r);

/* Bytes the other side has not taken yet, as far as our kernel knows. */
int remote_unsent(const struct remote *r);
/* For poll(2). */
int remote_fd(const struct remote *r);
short remote_events(const struct remote *r);

/* After remote_step said 1.  Reads what is there (is_stderr: the other
 * stream): bytes, 0 none now, -1 the end, -2 the connection is lost. */
ssize_t remote_read(struct remote *r, bool is_stderr, void *to, size_t len);
/* Hands over as much as fits now, one packet at most: bytes, or -2. */
ssize_t remote_write(struct remote *r, const void *data, size_t len);
void remote_end_input(struct remote *r);
void remote_free(struct remote *r); /* NULL is fine; never waits */

#endif
