/* What belongs to the user: keys, agent, known hosts, and what ssh's
 * configuration says.  Private to the ssh adapter. */
#ifndef NFZ_DEPLOY_SSH_KEYS_H
#define NFZ_DEPLOY_SSH_KEYS_H

#include "deploy/gateway.h"
#include "deploy/knownhosts.h"
#include "deploy/ssh.h"

/* A server counts six failed offers; one is left over for what we forgot. */
enum { SSH_OFFERS = 5, SSH_FILES = 4 };

struct ssh_key_struct; /* the library's */
struct ssh_session_struct;

/* How to log into hosts for which the same configuration holds. */
struct ssh_profile {
	const char *hostname; /* NULL: the target's address */
	const char *user;     /* never NULL */
	uint16_t port;
	const char *jump, *command; /* of the way there, or NULL */
	const char *alias; /* what known hosts files call it, or NULL */
	bool strict;
	const char *remember; /* file that new hosts are added to */
	const char *kex, *ciphers, *macs, *host_keys; /* NULL: the library's */
	struct ssh_key_struct *keys[SSH_FILES];
	char *files[SSH_FILES + 1];
	size_t n;
	const char *agent; /* socket, or NULL */
	size_t agent_shown, agent_of;
};

/* Made when it is first asked for. */
const struct ssh_profile *ssh_keys_profile(
	struct remote_keys *keys, const char *host);
struct gateways *ssh_keys_gateways(struct remote_keys *keys);
struct knownhosts *ssh_keys_known(struct remote_keys *keys);
/* Sets the algorithms the configuration asks for, else the fastest, and the
 * agent; the library drops what it does not know, and keeps its own when
 * nothing is left. */
void ssh_keys_apply(
	const struct ssh_profile *p, struct ssh_session_struct *session);

#endif
