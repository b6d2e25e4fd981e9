/* Reference: ssh_config(5), ssh(1) -G. */
#define _GNU_SOURCE
#include "deploy/sshconf.h"
#include "base/file.h"
#include "base/lines.h"
#include "base/mem.h"
#include "base/proc.h"

#include <ctype.h>
#include <glob.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
	CONFIG_MAX = 1 << 20,
	ANSWER_MAX = 1 << 20,
	DEPTH_MAX = 16,
	ASK_MS = 10000
};

/* One answer, for all hosts with this signature; `one` only for its host. */
struct answer {
	char *signature, *host;
	bool one, known;
	struct ssh_settings s;
};

struct sshconf {
	char *file;
	int64_t ask_ms;
	bool hangs;            /* ssh did not answer in time */
	struct opt_list lines; /* arguments of all Host lines */
	bool each;             /* every host must be asked for */
	bool algorithms;       /* some line names ciphers or their like */
	bool plain_known;      /* what ssh says without configuration */
	struct ssh_settings plain;
	struct answer *answers;
	size_t n, cap;
};

/* ---- what ssh -G says ---- */

static void set(char *to, size_t size, const char *value)
{
	if (strlen(value) < size) /* what is too long is not half true */
		snprintf(to, size, "%s", value);
}

static void set_path(struct opt_list *to, const char *value)
{
	const struct passwd *me = getpwuid(getuid());
	bool home = strncmp(value, "~/", 2) == 0;

	/* commas and all: opt_list_add would split it */
	MEM_PUSH(to->items, to->n, to->cap) =
		mem_printf("%s%s", home && me ? me->pw_dir : "", value + home);
}

static void set_paths(struct opt_list *to, char *value)
{
	char *save = NULL;

	for (char *word = strtok_r(value, " \t", &save); word;
		word = strtok_r(NULL, " \t", &save))
		set_path(to, word);
}

static void set_user_known_hosts(struct ssh_settings *s, char *value)
{
	size_t first = s->known_hosts.n;

	if (strcmp(value, "none") == 0)
		return;
	set_paths(&s->known_hosts, value);
	if (first < s->known_hosts.n)
		set(s->remember, sizeof(s->remember),
			s->known_hosts.items[first]);
}

static void take_value(struct ssh_settings *s, const char *key, char *value)
{
	struct {
		const char *key;
		char *to;
		size_t size;
	} texts[] = {{"hostname", s->hostname, sizeof(s->hostname)},
		{"user", s->user, sizeof(s->user)},
		{"identityagent", s->agent, sizeof(s->agent)},
		{"proxyjump", s->jump, sizeof(s->jump)},
		{"proxycommand", s->command, sizeof(s->command)},
		{"hostkeyalias", s->alias, sizeof(s->alias)},
		{"kexalgorithms", s->kex, sizeof(s->kex)},
		{"ciphers", s->ciphers, sizeof(s->ciphers)},
		{"macs", s->macs, sizeof(s->macs)},
		{"hostkeyalgorithms", s->host_keys, sizeof(s->host_keys)}};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (strcmp(key, texts[i].key) == 0)
			set(texts[i].to, texts[i].size, value);
	if (strcmp(key, "port") == 0)
		s->port = (uint16_t)strtoul(value, NULL, 10);
	else if (strcmp(key, "identityfile") == 0)
		set_path(&s->identities, value);
	else if (strcmp(key, "certificatefile") == 0)
		set_path(&s->certificates, value);
	else if (strcmp(key, "identitiesonly") == 0)
		s->identities_only = strcmp(value, "yes") == 0;
	else if (strcmp(key, "stricthostkeychecking") == 0)
		s->strict =
			strcmp(value, "true") == 0 || strcmp(value, "yes") == 0;
	else if (strcmp(key, "globalknownhostsfile") == 0)
		set_paths(&s->known_hosts, value);
	else if (strcmp(key, "userknownhostsfile") == 0)
		set_user_known_hosts(s, value);
}

void sshconf_parse(const char *text, size_t len, struct ssh_settings *ret)
{
	struct lines lines = lines_over(text, len);
	struct span s;

	*ret = (struct ssh_settings){0};
	while (lines_next(&lines, &s)) {
		cleanup_free char *line = mem_strndup(s.s, s.n);
		char *value = strchr(line, ' ');

		if (value) {
			*value++ = '\0';
			take_value(ret, line, value);
		}
	}
	if (strcmp(ret->jump, "none") == 0)
		ret->jump[0] = '\0';
	if (strcmp(ret->command, "none") == 0)
		ret->command[0] = '\0';
}

void sshconf_settings_release(struct ssh_settings *s)
{
	opt_list_release(&s->identities);
	opt_list_release(&s->certificates);
	opt_list_release(&s->known_hosts);
	*s = (struct ssh_settings){0};
}

/* ---- which lines count ---- */

static bool glob_same(const char *p, const char *s)
{
	const char *star = NULL, *back = NULL;

	while (*s) {
		if (*p == '*') {
			star = p++;
			back = s;
		} else if (*p == '?' || tolower((unsigned char)*p) ==
						tolower((unsigned char)*s)) {
			p++;
			s++;
		} else if (star) {
			p = star + 1;
			s = ++back;
		} else {
			return false;
		}
	}
	while (*p == '*')
		p++;
	return !*p;
}

bool sshconf_match(const char *patterns, const char *host)
{
	cleanup_free char *copy = mem_strdup(patterns);
	char *save = NULL;
	bool named = false;

	for (char *p = strtok_r(copy, " \t\"", &save); p;
		p = strtok_r(NULL, " \t\"", &save)) {
		bool no = *p == '!';

		if (!glob_same(p + no, host))
			continue;
		if (no)
			return false;
		named = true;
	}
	return named;
}

static void read_config(
	struct sshconf *c, const char *path, const char *dir, int depth);

static void include(struct sshconf *c, char *words, const char *dir, int depth)
{
	char *save = NULL;

	for (char *word = strtok_r(words, " \t\"", &save); word;
		word = strtok_r(NULL, " \t\"", &save)) {
		cleanup_free char *path =
			*word == '/' || *word == '~'
				? mem_strdup(word)
				: mem_printf("%s/%s", dir, word);
		glob_t found;

		if (glob(path, GLOB_TILDE, NULL, &found) != 0)
			continue;
		for (size_t i = 0; i < found.gl_pathc; i++)
			read_config(c, found.gl_pathv[i], dir, depth + 1);
		globfree(&found);
	}
}

static bool names_algorithms(const char *keyword)
{
	static const char *const words[] = {
		"Ciphers", "HostKeyAlgorithms", "KexAlgorithms", "MACs"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strncasecmp(keyword, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

static void take_line(struct sshconf *c, char *line, const char *dir, int depth)
{
	size_t n;
	char *rest;

	line += strspn(line, " \t");
	n = strcspn(line, " \t=");
	rest = line + n;
	rest += strspn(rest, " \t");
	rest += *rest == '=';
	rest += strspn(rest, " \t");
	rest[strcspn(rest, "\r")] = '\0';
	if (n == 4 && strncasecmp(line, "Host", n) == 0)
		MEM_PUSH(c->lines.items, c->lines.n, c->lines.cap) =
			mem_strdup(rest);
	else if (n == 5 && strncasecmp(line, "Match", n) == 0)
		c->each = c->each || strcasecmp(rest, "all") != 0;
	else if (n == 7 && strncasecmp(line, "Include", n) == 0)
		include(c, rest, dir, depth);
	c->algorithms =
		c->algorithms || names_algorithms(line + (*line == '"'));
}

static void read_config(
	struct sshconf *c, const char *path, const char *dir, int depth)
{
	struct buf text = BUF_INIT(CONFIG_MAX);
	char *save = NULL;

	if (depth < DEPTH_MAX && file_read(path, &text, NULL) == 0 && text.len)
		for (char *line = strtok_r(text.data, "\n", &save); line;
			line = strtok_r(NULL, "\n", &save))
			take_line(c, line, dir, depth);
	buf_release(&text);
}

struct sshconf *sshconf_new(const char *file, int64_t ask_ms)
{
	struct sshconf *c = mem_zalloc(1, sizeof(*c));
	const struct passwd *me = getpwuid(getuid());
	cleanup_free char *dir =
		mem_printf("%s/.ssh", me ? me->pw_dir : "/nonexistent");
	cleanup_free char *own = mem_printf("%s/config", dir);

	c->file = file ? mem_strdup(file) : NULL;
	c->ask_ms = ask_ms > 0 ? ask_ms : ASK_MS;
	read_config(c, file ? file : own, dir, 0);
	if (!file)
		read_config(c, "/etc/ssh/ssh_config", "/etc/ssh", 0);
	return c;
}

void sshconf_free(struct sshconf *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++) {
		free(c->answers[i].signature);
		free(c->answers[i].host);
		sshconf_settings_release(&c->answers[i].s);
	}
	sshconf_settings_release(&c->plain);
	opt_list_release(&c->lines);
	free(c->answers);
	free(c->file);
	free(c);
}

/* ---- asking ---- */

static bool ask(struct sshconf *c, const char *file, const char *host,
	struct ssh_settings *ret)
{
	struct buf out = BUF_INIT(ANSWER_MAX), noise = BUF_INIT(65536);
	const struct proc_io io = {
		.out = &out, .err_out = &noise, .timeout_ms = c->ask_ms};
	const char *argv[] = {"ssh", "-G", file ? "-F" : "--",
		file ? file : host, file ? "--" : NULL, host, NULL};
	int status = -1;
	int r = c->hangs ? -NFZ_E_TIMEOUT : proc_run(argv, &io, &status, NULL);
	bool known = r == 0 && status == 0;

	c->hangs = r == -NFZ_E_TIMEOUT;
	if (known)
		sshconf_parse(buf_str(&out), out.len, ret);
	buf_release(&out);
	buf_release(&noise);
	return known;
}

/* Lists that are only ssh's own defaults are none of the user's wishes: ours
 * may be better. */
static void forget_defaults(struct sshconf *c, struct ssh_settings *s)
{
	if (!c->algorithms) {
		s->kex[0] = s->ciphers[0] = s->macs[0] = s->host_keys[0] = '\0';
		return;
	}
	if (!c->plain_known && !ask(c, "none", "localhost", &c->plain))
		return;
	c->plain_known = true;
	if (strcmp(s->kex, c->plain.kex) == 0)
		s->kex[0] = '\0';
	if (strcmp(s->ciphers, c->plain.ciphers) == 0)
		s->ciphers[0] = '\0';
	if (strcmp(s->macs, c->plain.macs) == 0)
		s->macs[0] = '\0';
	if (strcmp(s->host_keys, c->plain.host_keys) == 0)
		s->host_keys[0] = '\0';
}

/* A '1' or '0' for each Host line. */
static char *signature_of(const struct sshconf *c, const char *host)
{
	char *text = mem_zalloc(c->lines.n + 1, 1);

	for (size_t i = 0; i < c->lines.n; i++)
		text[i] = sshconf_match(c->lines.items[i], host) ? '1' : '0';
	return text;
}

static bool host_name_ok(const char *host)
{
	return host && *host && *host != '-' &&
	       strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX"
			    "YZ0123456789-_.:") == strlen(host);
}

const struct ssh_settings *sshconf_for(struct sshconf *c, const char *host)
{
	cleanup_free char *signature = NULL;
	struct answer *a;

	if (!host_name_ok(host))
		return NULL;
	signature = signature_of(c, host);
	for (size_t i = 0; i < c->n; i++) {
		a = &c->answers[i];
		if (a->one || c->each ? strcasecmp(a->host, host) == 0
				      : strcmp(a->signature, signature) == 0)
			return a->known ? &a->s : NULL;
	}
	a = &MEM_PUSH(c->answers, c->n, c->cap);
	*a = (struct answer){.host = mem_strdup(host)};
	a->signature = take(signature);
	a->known = ask(c, c->file, host, &a->s);
	if (!a->known)
		return NULL;
	forget_defaults(c, &a->s);
	/* a name made of the host's own: not another one's */
	if (strcasecmp(a->s.hostname, host) == 0)
		a->s.hostname[0] = '\0';
	else
		a->one = true;
	return &a->s;
}
