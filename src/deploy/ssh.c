/* Adapter for libssh 0.10: a connection as a state machine.
 *
 * The TCP connection is made here and given to the library, so that a host
 * that is down, one that refuses and one that never says a word can be told
 * apart.  The library is used without blocking and without its own reading of
 * the user's configuration. */
#define _GNU_SOURCE
#include "deploy/ssh.h"
#include "base/mem.h"
#include "deploy/dial.h"
#include "deploy/gateway.h"
#include "deploy/pinned.h"
#include "deploy/ssh_keys.h"

#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <libssh/libssh.h>

#if LIBSSH_VERSION_INT < SSH_VERSION_INT(0, 10, 6)
#error "libssh before 0.10.6 has known weaknesses"
#endif

enum state {
	TCP,    /* our own connection: deploy/dial.h */
	BANNER, /* version and key exchange */
	LOGIN,
	OPENING,  /* the channel */
	STARTING, /* the command */
	RUNNING
};

struct remote {
	const struct remote_target *target;
	struct remote_keys *keys;
	const struct ssh_profile *profile;
	const char *address, *user; /* where and as whom, all told */
	uint16_t port;
	const char *command;
	enum state state;
	struct dial dial; /* its descriptor is ours until the library has it */
	size_t offer;     /* key being tried; profile->n: the agent */
	bool heard;       /* the other side has said something */
	ssh_session session;
	ssh_channel channel;
	struct gateway_stream through;
	char kinds[256]; /* of host keys that are known for it */
	bool again;
	char new_key[128];
};

/* Says of whom the cause is told. */
static int not_reached(const struct remote *r, int result, struct err *err)
{
	if (result < 0)
		err_wrap(err, "%s (%s)", r->target->name, r->address);
	return result;
}

static int start_direct(struct remote *r, struct err *err)
{
	return not_reached(
		r, dial_start(&r->dial, r->address, r->port, err), err);
}

/* A gateway of the testbed takes our login name; who is logged in where on the
 * way that ssh's configuration names, that says as well. */
static int start_through(struct remote *r, struct err *err)
{
	const struct remote_target *t = r->target;
	const struct gateway_way way = {
		.gateway = t->gateway ? t->gateway : r->profile->jump,
		.command = t->gateway ? NULL : r->profile->command,
		.user = t->gateway ? t->user : NULL,
		.host = r->address,
		.port = r->port,
		.login = r->user};
	int result = gateway_open(
		ssh_keys_gateways(r->keys), &way, &r->through, err);

	r->dial.fd = r->through.fd;
	return result < 0 ? err_wrap(err, "%s", t->name) : 0;
}

static bool is_direct(const struct remote *r)
{
	if (r->target->gateway)
		return gateway_is_here(
			ssh_keys_gateways(r->keys), r->target->gateway);
	return !r->profile->jump && !r->profile->command;
}

static const struct ssh_profile *profile_of(
	const struct remote_target *target, struct remote_keys *keys)
{
	return ssh_keys_profile(
		keys, target->host ? target->host : target->address);
}

void remote_prepare(
	const struct remote_target *target, struct remote_keys *keys)
{
	if (!target->address)
		return;
	(void)profile_of(target, keys);
	if (target->gateway)
		(void)gateway_is_here(ssh_keys_gateways(keys), target->gateway);
}

const char *remote_user(
	const struct remote_target *target, struct remote_keys *keys)
{
	if (target->user || !target->address)
		return target->user ? target->user : "";
	return profile_of(target, keys)->user;
}

int remote_new(const struct remote_target *target, struct remote_keys *keys,
	const char *command, struct remote **ret, struct err *err)
{
	const struct ssh_profile *p;
	struct remote *r;
	int result;

	/* names end up in no command line of ours, still: no nonsense */
	if (!target->address || target->address[0] == '-' ||
		!target->address[0])
		return err_set(err, NFZ_E_UNREACHABLE,
			"%s: its address is not known", target->name);
	p = profile_of(target, keys);
	r = mem_zalloc(1, sizeof(*r));
	r->target = target;
	r->keys = keys;
	r->profile = p;
	r->address = p->hostname ? p->hostname : target->address;
	r->port = target->port ? target->port : p->port;
	r->user = remote_user(target, keys);
	r->command = command;
	r->dial.fd = r->through.fd = r->through.log = -1;
	result = is_direct(r) ? start_direct(r, err) : start_through(r, err);
	if (result < 0)
		remote_free(r);
	else
		*ret = r;
	return result;
}

static int start_session(struct remote *r, struct err *err)
{
	const char *const known[] = {r->kinds, NULL};
	unsigned int port = r->port;
	char kinds[256];
	long limit = 30;
	int no = 0;

	r->session = ssh_new();
	if (!r->session)
		return err_set(err, NFZ_E_NOMEM, "no memory for a session");
	ssh_options_set(r->session, SSH_OPTIONS_PROCESS_CONFIG, &no);
	ssh_options_set(r->session, SSH_OPTIONS_HOST, r->address);
	ssh_options_set(r->session, SSH_OPTIONS_PORT, &port);
	ssh_options_set(r->session, SSH_OPTIONS_USER, r->user);
	/* or each session reads who we are, to find files it does not need */
	ssh_options_set(r->session, SSH_OPTIONS_SSH_DIR, "/nonexistent");
	ssh_options_set(r->session, SSH_OPTIONS_KNOWNHOSTS, "/dev/null");
	ssh_options_set(r->session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null");
	ssh_keys_apply(r->profile, r->session);
	/* a floor under our own deadlines, should the library ever wait */
	ssh_options_set(r->session, SSH_OPTIONS_TIMEOUT, &limit);
	if (r->target->host_keys && r->target->host_keys[0])
		pinned_kinds(r->target->host_keys, kinds, sizeof(kinds));
	else
		pinned_kinds(known, kinds, sizeof(kinds));
	if (kinds[0])
		ssh_options_set(r->session, SSH_OPTIONS_HOSTKEYS, kinds);
	ssh_options_set(r->session, SSH_OPTIONS_FD, &r->dial.fd);
	ssh_set_blocking(r->session, 0);
	r->state = BANNER;
	return 0;
}

static int lost(struct remote *r, const char *what, struct err *err)
{
	char said[200];

	gateway_said(&r->through, said, sizeof(said));
	if (said[0] && !r->heard)
		return err_set(err, NFZ_E_UNREACHABLE, "%s: through %s: %s",
			r->target->name,
			r->target->gateway ? r->target->gateway : "its gateway",
			said);
	return err_set(err, r->heard ? NFZ_E_REMOTE : NFZ_E_UNREACHABLE,
		"%s: %s: %s", r->target->name, what, ssh_get_error(r->session));
}

static int wrong_key(
	struct remote *r, const char *why, const char *hint, struct err *err)
{
	err_set(err, NFZ_E_HOST_KEY, "%s: %s", r->target->name, why);
	return err_hint(err, "%s", hint);
}

static int unlike_known(struct remote *r, const char *why, struct err *err)
{
	(void)wrong_key(r, why, "", err);
	return knownhosts_remedy(ssh_keys_known(r->keys), err);
}

/* The key's kind and text as in a known hosts file; free(*ret_base64). */
static int server_key(struct remote *r, const char **ret_type,
	char **ret_base64, struct err *err)
{
	ssh_key key = NULL;
	int rc;

	if (ssh_get_server_publickey(r->session, &key) != SSH_OK)
		return lost(r, "host key", err);
	*ret_type = ssh_key_type_to_char(ssh_key_type(key));
	if (ssh_key_type(key) >= SSH_KEYTYPE_ECDSA_P256 &&
		ssh_key_type(key) <= SSH_KEYTYPE_ECDSA_P521)
		*ret_type = ssh_pki_key_ecdsa_name(key);
	rc = ssh_pki_export_pubkey_base64(key, ret_base64);
	ssh_key_free(key);
	return rc == SSH_OK ? 0 : lost(r, "host key", err);
}

static int check_pinned(
	struct remote *r, const char *type, const char *base64, struct err *err)
{
	for (size_t i = 0; r->target->host_keys[i]; i++)
		if (pinned_same(r->target->host_keys[i], type, base64))
			return 0;
	return wrong_key(r, "its host key is not the one the testbed reports",
		"Was the node loaded with a new image? Then run this again, "
		"and fetch a saved topology anew.\n"
		"  If not, somebody may be in between.",
		err);
}

static void accept_new(struct remote *r)
{
	unsigned char *hash = NULL;
	ssh_key key = NULL;
	size_t n = 0;

	if (ssh_get_server_publickey(r->session, &key) == SSH_OK &&
		ssh_get_publickey_hash(
			key, SSH_PUBLICKEY_HASH_SHA256, &hash, &n) == SSH_OK) {
		char *text = ssh_get_fingerprint_hash(
			SSH_PUBLICKEY_HASH_SHA256, hash, n);

		snprintf(r->new_key, sizeof(r->new_key), "%s",
			text ? text : "?");
		ssh_string_free_char(text);
		ssh_clean_pubkey_hash(&hash);
	}
	ssh_key_free(key);
	ssh_options_set(
		r->session, SSH_OPTIONS_KNOWNHOSTS, r->profile->remember);
	/* failing to remember it only means to be asked again */
	(void)ssh_session_update_known_hosts(r->session);
}

static int check_known(
	struct remote *r, const char *type, const char *base64, struct err *err)
{
	const struct ssh_profile *p = r->profile;
	struct knownhosts *known = ssh_keys_known(r->keys);

	if (knownhosts_read(known, err) < 0)
		return err_wrap(err, "%s", r->target->name);
	switch (knownhosts_ask(known, p->alias ? p->alias : r->address,
		p->alias ? 22 : r->port, type, base64, r->kinds,
		sizeof(r->kinds))) {
	case KNOWNHOSTS_SAME:
		return 0;
	case KNOWNHOSTS_CHANGED:
		return unlike_known(r, "its host key has changed", err);
	case KNOWNHOSTS_REVOKED:
		return wrong_key(r, "its host key is revoked",
			"Your known hosts say so: it needs another one", err);
	case KNOWNHOSTS_OTHER:
		if (!r->again)
			return 1; /* ask it for a key of a kind we know */
		return unlike_known(
			r, "it is known with another kind of host key", err);
	case KNOWNHOSTS_NEW:
		break;
	}
	if (p->strict)
		return wrong_key(r,
			"its host key is not known, and your ssh "
			"configuration accepts no new ones",
			"Put it into your known hosts, or set "
			"\"StrictHostKeyChecking accept-new\"",
			err);
	accept_new(r);
	return 0;
}

/* 1: connect again. */
static int check_host(struct remote *r, struct err *err)
{
	cleanup_free char *base64 = NULL;
	const char *type = "";
	int rc = server_key(r, &type, &base64, err);

	if (rc < 0)
		return rc;
	return r->target->host_keys && r->target->host_keys[0]
		       ? check_pinned(r, type, base64, err)
		       : check_known(r, type, base64, err);
}

/* Disconnecting, the library lets go of a descriptor that it was given and
 * leaves it open, unless it closes it because the last words do not go out.
 * One that it was not given it closes in any case: so that is forgotten, which
 * it calls invalid, and does. */
static void close_session(struct remote *r)
{
	ssh_set_blocking(r->session, 0);
	(void)ssh_options_set(r->session, SSH_OPTIONS_FD, NULL);
	if (ssh_is_connected(r->session))
		ssh_disconnect(r->session);
	ssh_free(r->session);
	r->session = NULL;
	r->dial = (struct dial){.fd = -1};
}

/* Once more from the start, asking for r->kinds of host keys. */
static int start_again(struct remote *r, struct err *err)
{
	close_session(r);
	gateway_close(&r->through);
	r->state = TCP;
	r->again = true;
	return is_direct(r) ? start_direct(r, err) : start_through(r, err);
}

static int step_banner(struct remote *r, struct err *err)
{
	int rc = ssh_connect(r->session);

	if (rc == SSH_AGAIN)
		return 0;
	if (rc != SSH_OK)
		return lost(r, "no SSH session", err);
	r->heard = true;
	r->state = LOGIN;
	rc = check_host(r, err);
	if (rc == 1)
		rc = start_again(r, err);
	return rc < 0 ? rc : 1;
}

static int login_failed(struct remote *r, struct err *err)
{
	char tried[700] = "";

	for (size_t i = 0; i < r->profile->n; i++) {
		size_t n = strlen(tried);

		snprintf(tried + n, sizeof(tried) - n, "%s%s", n ? ", " : "",
			r->profile->files[i]);
	}
	if (r->profile->agent) {
		size_t n = strlen(tried);

		snprintf(tried + n, sizeof(tried) - n,
			"%s%zu of %zu keys of the SSH agent", n ? ", " : "",
			r->profile->agent_shown, r->profile->agent_of);
	}
	err_set(err, NFZ_E_NODE_AUTH, "%s: login refused (tried %s)",
		r->target->name, tried[0] ? tried : "no key: none was found");
	return err_hint(err,
		"Is your public key known to the testbed? Try: ssh %s@%s",
		r->user, r->address);
}

static int step_login(struct remote *r, struct err *err)
{
	for (;;) {
		int rc;

		if (r->offer < r->profile->n)
			rc = ssh_userauth_publickey(
				r->session, NULL, r->profile->keys[r->offer]);
		else if (r->offer == r->profile->n && r->profile->agent)
			rc = ssh_userauth_agent(r->session, NULL);
		else
			return login_failed(r, err);
		if (rc == SSH_AUTH_AGAIN)
			return 0;
		if (rc == SSH_AUTH_SUCCESS) {
			r->state = OPENING;
			r->channel = ssh_channel_new(r->session);
			if (!r->channel)
				return lost(r, "channel", err);
			return 1;
		}
		if (rc == SSH_AUTH_ERROR && !ssh_is_connected(r->session))
			return login_failed(r, err);
		r->offer++;
	}
}

static int step_channel(struct remote *r, struct err *err)
{
	bool opening = r->state == OPENING;
	int rc = opening ? ssh_channel_open_session(r->channel)
			 : ssh_channel_request_exec(r->channel, r->command);

	if (rc == SSH_AGAIN)
		return 0;
	if (rc != SSH_OK)
		return lost(r, opening ? "no channel" : "no command", err);
	r->state = opening ? STARTING : RUNNING;
	return 1;
}

static int step_tcp(struct remote *r, struct err *err)
{
	int rc = not_reached(r, dial_step(&r->dial, err), err);

	if (rc <= 0)
		return rc;
	rc = start_session(r, err);
	return rc < 0 ? rc : 1;
}

int remote_step(struct remote *r, struct err *err)
{
	for (;;) {
		int rc = 1;

		switch (r->state) {
		case TCP:
			rc = step_tcp(r, err);
			break;
		case BANNER:
			rc = step_banner(r, err);
			break;
		case LOGIN:
			rc = step_login(r, err);
			break;
		case OPENING:
		case STARTING:
			rc = step_channel(r, err);
			break;
		case RUNNING:
			return 1;
		}
		if (rc <= 0)
			return rc;
	}
}

const char *remote_phase(const struct remote *r)
{
	static const char *const names[] = {[TCP] = "connection",
		[BANNER] = "banner",
		[LOGIN] = "login",
		[OPENING] = "session",
		[STARTING] = "session",
		[RUNNING] = "answer"};

	return r->dial.naming ? "name lookup" : names[r->state];
}

bool remote_heard(const struct remote *r)
{
	return r->heard;
}

bool remote_refused(const struct remote *r)
{
	return !r->heard && remote_fd(r) >= 0;
}

const char *remote_new_key(const struct remote *r)
{
	return r->new_key[0] ? r->new_key : NULL;
}

int remote_fd(const struct remote *r)
{
	return r->session && r->state != TCP ? ssh_get_fd(r->session)
					     : r->dial.fd;
}

int remote_unsent(const struct remote *r)
{
	int n = 0;

	return ioctl(remote_fd(r), SIOCOUTQ, &n) < 0 ? 0 : n;
}

short remote_events(const struct remote *r)
{
	int flags;

	if (r->state == TCP)
		return dial_events(&r->dial);
	flags = ssh_get_poll_flags(r->session);
	return (short)(POLLIN | (flags & SSH_WRITE_PENDING ? POLLOUT : 0));
}

ssize_t remote_read(struct remote *r, bool is_stderr, void *to, size_t len)
{
	int n = ssh_channel_read_nonblocking(
		r->channel, to, (uint32_t)len, is_stderr);

	if (n > 0)
		return n;
	if (n == SSH_EOF || (n == 0 && ssh_channel_is_eof(r->channel)))
		return -1;
	if (n == SSH_ERROR || !ssh_is_connected(r->session))
		return ssh_channel_is_eof(r->channel) ? -1 : -2;
	return 0;
}

ssize_t remote_write(struct remote *r, const void *data, size_t len)
{
	uint32_t window = ssh_channel_window_size(r->channel);
	int n;

	if (len > REMOTE_PACKET)
		len = REMOTE_PACKET;
	if (len > window)
		len = window;
	if (len == 0 || ssh_get_poll_flags(r->session) & SSH_WRITE_PENDING)
		return 0;
	n = ssh_channel_write(r->channel, data, (uint32_t)len);
	if (n == SSH_AGAIN)
		return 0;
	return n < 0 ? -2 : n;
}

void remote_end_input(struct remote *r)
{
	if (r->channel && ssh_channel_is_open(r->channel))
		ssh_channel_send_eof(r->channel);
}

void remote_free(struct remote *r)
{
	if (!r)
		return;
	if (r->channel)
		ssh_channel_free(r->channel);
	if (r->session)
		close_session(r);
	else if (r->dial.fd >= 0)
		close(r->dial.fd);
	gateway_close(&r->through);
	free(r);
}
