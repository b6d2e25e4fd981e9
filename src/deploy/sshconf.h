/* What the user's own ssh would do for a host: `ssh -G` tells, so that Match,
 * Include, Host patterns, tokens and defaults hold just as they do at the
 * prompt.
 *
 * Starting ssh for each of 200 nodes would cost more than reaching them.  Hosts
 * for which the same Host lines of the configuration count get the same answer
 * (but for their name); Match lines may look at anything, with them every host
 * is asked for. */
#ifndef NFZ_DEPLOY_SSHCONF_H
#define NFZ_DEPLOY_SSHCONF_H

#include "base/opt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ssh_settings {
	char hostname[256]; /* "" : the host asked for */
	char user[64];      /* "" : not told */
	uint16_t port;
	struct opt_list identities, certificates;
	bool identities_only;
	char agent[256];    /* "": $SSH_AUTH_SOCK; "none" */
	char jump[512];     /* "user@host:port,...", "": none */
	char command[1024]; /* ProxyCommand, "": none */
	struct opt_list known_hosts;
	char remember[512]; /* the one new hosts are added to, or "" */
	bool strict;        /* unknown hosts are refused */
	char alias[256];    /* HostKeyAlias */
	char kex[1024], ciphers[1024], macs[1024], host_keys[1024];
};

struct sshconf;

/* file: what ssh gets with -F, NULL for the usual ones.  One answer may take
 * ask_ms (0: 10 s); when one has taken longer, ssh is asked no more. */
struct sshconf *sshconf_new(const char *file, int64_t ask_ms);
void sshconf_free(struct sshconf *c); /* NULL is fine */
/* NULL when there is no ssh, or it failed: then nothing is known. */
const struct ssh_settings *sshconf_for(struct sshconf *c, const char *host);

/* The pieces, pure.  Takes apart what ssh -G prints; lines it does not know
 * are passed over. */
void sshconf_parse(const char *text, size_t len, struct ssh_settings *ret);
void sshconf_settings_release(struct ssh_settings *s);
/* Does a Host line's list of patterns name this host?  With '*', '?', and '!'
 * for those it does not name. */
bool sshconf_match(const char *patterns, const char *host);

#endif
