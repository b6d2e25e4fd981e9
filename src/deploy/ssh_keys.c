/* Keys as the user's own ssh would offer them: files that are named, with their
 * certificates, then the agent's, those that belong to named files first. */
#define _GNU_SOURCE
#include "deploy/ssh_keys.h"
#include "base/file.h"
#include "base/mem.h"
#include "deploy/agentfilter.h"
#include "deploy/sshconf.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libssh/libssh.h>

struct profile {
	struct ssh_profile p;
	const struct ssh_settings *settings; /* NULL: nothing is known */
	struct opt_list wanted; /* public keys of the files, base64 */
	struct agentfilter *filter;
};

struct remote_keys {
	struct remote_options options;
	char *home, *known_hosts, *accepted;
	char user[64];
	struct sshconf *conf;
	struct knownhosts *known;
	struct gateways *gateways;
	struct profile **profiles;
	size_t n, cap;
	/* a host's answer, by name: asked for at each try */
	struct opt_list names;
	struct profile **of;
	size_t n_of, of_cap;
	char *files[SSH_FILES + 1]; /* given ones, for the gateways */
};

/* ---- keys ---- */

static void offer(struct profile *p, ssh_key key, const char *path)
{
	if (p->p.n == SSH_FILES) {
		ssh_key_free(key);
		return;
	}
	p->p.keys[p->p.n] = key;
	p->p.files[p->p.n++] = mem_strdup(path);
}

static void want(struct profile *p, const char *path)
{
	cleanup_free char *public = mem_printf("%s.pub", path);
	char *base64 = NULL;
	ssh_key key = NULL;

	if (ssh_pki_import_pubkey_file(public, &key) != SSH_OK)
		return;
	if (ssh_pki_export_pubkey_base64(key, &base64) == SSH_OK)
		MEM_PUSH(p->wanted.items, p->wanted.n, p->wanted.cap) = base64;
	ssh_key_free(key);
}

static void add_certificate(
	struct profile *p, const char *path, const char *certificate)
{
	ssh_key cert = NULL, both = NULL;

	if (ssh_pki_import_cert_file(certificate, &cert) != SSH_OK)
		return;
	/* a key of its own: the bare one is offered, too */
	if (ssh_pki_import_privkey_file(path, NULL, NULL, NULL, &both) ==
			SSH_OK &&
		ssh_pki_copy_cert_to_privkey(cert, both) == SSH_OK) {
		offer(p, both, certificate);
		both = NULL;
	}
	ssh_key_free(both);
	ssh_key_free(cert);
}

/* The library cannot tell which key a certificate is for: the only one, or the
 * one it is named after. */
static void add_certificates(struct profile *p, const char *path)
{
	const struct ssh_settings *s = p->settings;
	cleanup_free char *beside = mem_printf("%s-cert.pub", path);
	size_t n = strlen(path);

	add_certificate(p, path, beside);
	for (size_t i = 0; s && i < s->certificates.n; i++) {
		const char *file = s->certificates.items[i];

		if (strcmp(file, beside) != 0 &&
			(s->identities.n == 1 || strncmp(file, path, n) == 0))
			add_certificate(p, path, file);
	}
}

static void add_file(struct profile *p, const char *path)
{
	ssh_key key = NULL;

	for (size_t i = 0; i < p->p.n; i++)
		if (strcmp(p->p.files[i], path) == 0)
			return;
	want(p, path);
	/* without a passphrase: nobody can be asked 200 times */
	if (ssh_pki_import_privkey_file(path, NULL, NULL, NULL, &key) != SSH_OK)
		return;
	add_certificates(p, path);
	offer(p, key, path);
}

static void add_files(const struct remote_keys *k, struct profile *p)
{
	static const char *const usual[] = {
		"id_ed25519", "id_ecdsa", "id_rsa", NULL};
	const struct ssh_settings *s = p->settings;

	for (size_t i = 0; k->options.identities && k->options.identities[i];
		i++)
		add_file(p, k->options.identities[i]);
	for (size_t i = 0; s && i < s->identities.n; i++)
		add_file(p, s->identities.items[i]);
	for (size_t i = 0; !s && !k->options.identities && usual[i]; i++) {
		cleanup_free char *path =
			mem_printf("%s/.ssh/%s", k->home, usual[i]);

		add_file(p, path);
	}
}

static void add_agent(const struct remote_keys *k, struct profile *p)
{
	const char *agent = getenv("SSH_AUTH_SOCK");
	const struct ssh_settings *s = p->settings;
	cleanup_free char *path = NULL;

	if (s && s->agent[0] == '$')
		agent = getenv(s->agent + 1);
	else if (s && s->agent[0] && strcmp(s->agent, "SSH_AUTH_SOCK") != 0)
		agent = s->agent;
	if (k->options.no_agent || !agent || !*agent ||
		strcmp(agent, "none") == 0)
		return;
	if (strncmp(agent, "~/", 2) == 0)
		agent = path = mem_printf("%s%s", k->home, agent + 1);
	p->filter = agentfilter_new(agent, &p->wanted, s && s->identities_only,
		SSH_OFFERS - p->p.n);
	if (!p->filter)
		return;
	p->p.agent = agentfilter_socket(p->filter);
	p->p.agent_shown = agentfilter_shown(p->filter);
	p->p.agent_of = agentfilter_of(p->filter);
}

/* ---- profiles ---- */

static const char *or_null(const char *text)
{
	return *text ? text : NULL;
}

static void take_settings(struct ssh_profile *p, const struct ssh_settings *s)
{
	p->hostname = or_null(s->hostname);
	p->user = *s->user ? s->user : p->user;
	p->port = s->port ? s->port : 22;
	p->jump = or_null(s->jump);
	p->command = or_null(s->command);
	p->alias = or_null(s->alias);
	p->strict = s->strict;
	p->kex = or_null(s->kex);
	p->ciphers = or_null(s->ciphers);
	p->macs = or_null(s->macs);
	p->host_keys = or_null(s->host_keys);
}

static struct profile *make_profile(
	struct remote_keys *k, const struct ssh_settings *s)
{
	struct profile *p = mem_zalloc(1, sizeof(*p));

	p->settings = s;
	p->p.user = k->user;
	p->p.port = 22;
	p->p.remember = k->accepted;
	/* a configuration that was named says this as well */
	if (s && k->options.config && !k->options.accepted && s->remember[0])
		p->p.remember = s->remember;
	if (s)
		take_settings(&p->p, s);
	for (size_t i = 0; s && !k->options.known_hosts && i < s->known_hosts.n;
		i++)
		knownhosts_file(k->known, s->known_hosts.items[i]);
	add_files(k, p);
	add_agent(k, p);
	MEM_PUSH(k->profiles, k->n, k->cap) = p;
	return p;
}

const struct ssh_profile *ssh_keys_profile(
	struct remote_keys *k, const char *host)
{
	const struct ssh_settings *s;
	struct profile *p = NULL;

	for (size_t i = 0; i < k->names.n; i++)
		if (strcmp(k->names.items[i], host) == 0)
			return &k->of[i]->p;
	s = sshconf_for(k->conf, host);
	for (size_t i = 0; i < k->n && !p; i++)
		if (k->profiles[i]->settings == s)
			p = k->profiles[i];
	if (!p)
		p = make_profile(k, s);
	MEM_PUSH(k->names.items, k->names.n, k->names.cap) = mem_strdup(host);
	MEM_PUSH(k->of, k->n_of, k->of_cap) = p;
	return &p->p;
}

/* ---- all of it ---- */

struct remote_keys *remote_keys_load(const struct remote_options *options)
{
	struct remote_keys *k = mem_zalloc(1, sizeof(*k));
	const struct passwd *me = getpwuid(getuid());
	cleanup_free char *second = NULL;

	k->options = *options;
	k->home = mem_strdup(file_home());
	snprintf(k->user, sizeof(k->user), "%s", me ? me->pw_name : "root");
	k->known_hosts = options->known_hosts
				 ? mem_strdup(options->known_hosts)
				 : mem_printf("%s/.ssh/known_hosts", k->home);
	k->accepted = mem_strdup(
		options->accepted ? options->accepted : k->known_hosts);
	k->known = knownhosts_new();
	knownhosts_file(k->known, k->known_hosts);
	knownhosts_file(k->known, k->accepted);
	k->conf = sshconf_new(options->config, options->ask_ms);
	for (size_t i = 0;
		options->identities && i < SSH_FILES && options->identities[i];
		i++)
		k->files[i] = mem_strdup(options->identities[i]);
	k->gateways = gateways_new(
		&(struct gateway_options){(const char *const *)k->files,
			k->known_hosts, k->accepted, options->config});
	return k;
}

static void free_profile(struct profile *p)
{
	for (size_t i = 0; i < p->p.n; i++) {
		ssh_key_free(p->p.keys[i]);
		free(p->p.files[i]);
	}
	for (size_t i = 0; i < p->wanted.n; i++)
		ssh_string_free_char(p->wanted.items[i]);
	free(p->wanted.items);
	agentfilter_free(p->filter);
	free(p);
}

void remote_keys_free(struct remote_keys *k)
{
	if (!k)
		return;
	gateways_free(k->gateways);
	for (size_t i = 0; i < k->n; i++)
		free_profile(k->profiles[i]);
	for (size_t i = 0; i < SSH_FILES; i++)
		free(k->files[i]);
	sshconf_free(k->conf);
	knownhosts_free(k->known);
	opt_list_release(&k->names);
	free(k->profiles);
	free(k->of);
	free(k->home);
	free(k->known_hosts);
	free(k->accepted);
	free(k);
}

struct gateways *ssh_keys_gateways(struct remote_keys *keys)
{
	return keys->gateways;
}

struct knownhosts *ssh_keys_known(struct remote_keys *keys)
{
	return keys->known;
}

static bool has_aes(void)
{
#if defined(__x86_64__) || defined(__i386__)
	return __builtin_cpu_supports("aes");
#else
	return true;
#endif
}

/* What costs both sides least, where the user says nothing: OpenSSH's own code
 * for curve25519 and poly1305 is portable C, several times slower than the
 * assembly it has of OpenSSL for P-256 and, with the processor's help, GCM. */
static void prefer_fast(const struct ssh_profile *p, ssh_session session)
{
	static const char kex[] =
		"ecdh-sha2-nistp256,curve25519-sha256,"
		"curve25519-sha256@libssh.org,ecdh-sha2-nistp384,"
		"ecdh-sha2-nistp521,diffie-hellman-group14-sha256,"
		"diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,"
		"diffie-hellman-group-exchange-sha256";
	static const char ciphers[] =
		"aes128-gcm@openssh.com,aes256-gcm@openssh.com,"
		"chacha20-poly1305@openssh.com,"
		"aes128-ctr,aes192-ctr,aes256-ctr";

	if (!p->kex)
		ssh_options_set(session, SSH_OPTIONS_KEY_EXCHANGE, kex);
	if (p->ciphers || !has_aes())
		return;
	ssh_options_set(session, SSH_OPTIONS_CIPHERS_C_S, ciphers);
	ssh_options_set(session, SSH_OPTIONS_CIPHERS_S_C, ciphers);
}

void ssh_keys_apply(
	const struct ssh_profile *p, struct ssh_session_struct *session)
{
	const struct {
		enum ssh_options_e option;
		const char *value;
	} lists[] = {{SSH_OPTIONS_KEY_EXCHANGE, p->kex},
		{SSH_OPTIONS_CIPHERS_C_S, p->ciphers},
		{SSH_OPTIONS_CIPHERS_S_C, p->ciphers},
		{SSH_OPTIONS_HMAC_C_S, p->macs},
		{SSH_OPTIONS_HMAC_S_C, p->macs},
		{SSH_OPTIONS_HOSTKEYS, p->host_keys}};

	prefer_fast(p, session);
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		if (lists[i].value)
			ssh_options_set(
				session, lists[i].option, lists[i].value);
	if (p->agent)
		ssh_options_set(session, SSH_OPTIONS_IDENTITY_AGENT, p->agent);
}
