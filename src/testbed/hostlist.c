/* A list is taken for one only when its first line is a host's without doubt:
 * any text consists of words, and a wrong guess would hide what is wrong. */
#include "testbed/hostlist.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct host {
	char *name, *login, *user, *gateway;
	int64_t port; /* -1: none that can be */
};

static void host_release(struct host *h)
{
	free(h->name);
	free(h->login);
	free(h->user);
	free(h->gateway);
	*h = (struct host){0};
}

static char *copy(struct span s)
{
	return mem_strndup(s.s, s.n);
}

/* The next line that says something. */
static bool next_line(struct lines *l, struct span *ret)
{
	while (lines_next(l, ret)) {
		struct span rest = *ret, word;

		if (span_word(&rest, &word) && *word.s != '#' && *word.s != ';')
			return true;
	}
	return false;
}

static bool is_section(struct span line)
{
	struct span word, more;

	return span_word(&line, &word) && !span_word(&line, &more) &&
	       word.n > 2 && word.s[0] == '[' && word.s[word.n - 1] == ']' &&
	       !memchr(word.s, '"', word.n); /* a list in JSON */
}

/* "[x:vars]" and "[x:children]" hold no hosts. */
static bool holds_hosts(struct span line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.s[i] == ':')
			return false;
	return true;
}

/* "[user@]host[:port]"; an IPv6 address with a port is in brackets. */
static void split_login(struct span s, struct host *h)
{
	const char *at = memchr(s.s, '@', s.n), *colon = NULL;

	h->port = 0;
	if (at) {
		h->user = mem_strndup(s.s, (size_t)(at - s.s));
		s.n -= (size_t)(at + 1 - s.s);
		s.s = at + 1;
	}
	if (s.n && *s.s == '[') {
		const char *end = memchr(s.s, ']', s.n);

		if (end && end + 1 < s.s + s.n && end[1] == ':')
			colon = end + 1;
		h->login = mem_strndup(
			s.s + 1, end ? (size_t)(end - s.s) - 1 : s.n - 1);
	} else {
		colon = memchr(s.s, ':', s.n);
		if (colon &&
			memchr(colon + 1, ':', (size_t)(s.s + s.n - colon - 1)))
			colon = NULL; /* an IPv6 address alone */
		h->login =
			mem_strndup(s.s, colon ? (size_t)(colon - s.s) : s.n);
	}
	if (colon && !span_count((struct span){colon + 1,
					 (size_t)(s.s + s.n - colon - 1)},
			     65535, &h->port))
		h->port = -1;
}

static bool split_line(struct span line, struct host *h)
{
	struct span word, via;

	if (!span_word(&line, &word))
		return false;
	h->name = copy(word);
	if (!span_word(&line, &word))
		return false;
	split_login(word, h);
	if (!span_word(&line, &via))
		return true;
	if (!span_is(via, "via") || !span_word(&line, &word))
		return false;
	h->gateway = copy(word);
	return !span_word(&line, &word);
}

static bool is_set(struct span word, const char *key, struct span *ret)
{
	size_t n = strlen(key);

	if (!span_starts(word, key))
		return false;
	*ret = (struct span){word.s + n, word.n - n};
	return true;
}

static void put(char **to, struct span value)
{
	free(*to);
	*to = copy(value);
}

/* Ansible: what else is set there is no matter of ours. */
static void split_ini(struct span line, struct host *h)
{
	struct span word = {0}, value;

	if (span_word(&line, &word)) {
		h->name = copy(word);
		h->login = copy(word);
	}
	while (span_word(&line, &word)) {
		if (*word.s == '#')
			return;
		if (is_set(word, "ansible_host=", &value) ||
			is_set(word, "ansible_ssh_host=", &value))
			put(&h->login, value);
		else if (is_set(word, "ansible_user=", &value) ||
			 is_set(word, "ansible_ssh_user=", &value))
			put(&h->user, value);
		else if ((is_set(word, "ansible_port=", &value) ||
				 is_set(word, "ansible_ssh_port=", &value)) &&
			 !span_count(value, 65535, &h->port))
			h->port = -1;
	}
}

/* A word that is more than a word: a host after it is plain to see. */
static bool is_plain_host(const struct host *h)
{
	return h->user || h->port || h->gateway || strchr(h->login, '.') ||
	       strchr(h->login, ':');
}

bool hostlist_is(const char *text, size_t len)
{
	struct lines l = lines_over(text, len);
	struct host h = {0};
	struct span line;
	bool is = false;

	if (!next_line(&l, &line))
		return false;
	if (is_section(line))
		return true;
	is = split_line(line, &h) && is_plain_host(&h) && h.port >= 0 &&
	     topology_host_valid(h.login);
	host_release(&h);
	return is;
}

static int add_host(struct draft *d, long line, const struct host *h)
{
	struct topo_machine m = {.user = h->user, .gateway = h->gateway};
	struct topo_node n = {.name = h->name, .m = &m};
	struct net_addr parsed;
	int index;

	if (!topology_host_valid(h->login))
		return draft_fail(
			d, line, "\"%.60s\" cannot be a host", h->login);
	if (h->user && !topology_user_valid(h->user))
		return draft_fail(
			d, line, "\"%.60s\" cannot be a user", h->user);
	if (h->gateway && !topology_gateway_valid(h->gateway))
		return draft_fail(d, line,
			"\"%.60s\" cannot be a host to go through", h->gateway);
	if (h->port < 0)
		return draft_fail(
			d, line, "the port of \"%.60s\" is none", h->name);
	m.port = (uint16_t)h->port;
	/* where another passes the login on, its address is not the node's */
	if (net_addr_parse(h->login, &parsed) && !h->port && !h->gateway)
		m.address = h->login;
	else
		m.hostname = h->login;
	return draft_node_id(
		d, line, (struct span){h->name, strlen(h->name)}, &n, &index);
}

static int read_list(struct draft *d)
{
	struct lines l = lines_over(d->from->text, d->from->len);
	bool ini = false, hosts = true;
	struct span line;
	int rc = 0;

	while (!rc && next_line(&l, &line)) {
		struct host h = {0};
		bool good = true;

		if (is_section(line)) {
			ini = true;
			hosts = holds_hosts(line);
			continue;
		}
		if (!hosts)
			continue;
		if (ini)
			split_ini(line, &h);
		else
			good = split_line(line, &h);
		if (!good)
			rc = draft_fail(d, l.no,
				"expected NAME [USER@]HOST[:PORT] [via JUMP]");
		/* a host may be in several groups */
		else if (!ini || draft_find(d, (struct span){h.name,
						       strlen(h.name)}) < 0)
			rc = add_host(d, l.no, &h);
		host_release(&h);
	}
	return rc;
}

int hostlist_parse(
	const struct draft_text *from, struct topology **ret, struct err *err)
{
	struct draft d;
	int rc;

	draft_open(&d, from, "hosts", err);
	rc = read_list(&d);
	if (!rc)
		rc = draft_finish(&d, ret);
	draft_release(&d);
	return rc;
}
