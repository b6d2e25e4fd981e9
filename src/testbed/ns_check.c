/* What parses and still cannot be brought up.
 *
 * The testbed's parser lets these pass; its database, its mapper or the
 * machines refuse them later.  We say so before anything is started, with the
 * line of the file where we can find it. */
#include "base/net.h"
#include "testbed/ns.h"

#include <ctype.h>
#include <string.h>

enum { NAME_MAX_LEN = 32 };

struct source {
	const char *text;
	size_t len;
	const char *name;
};

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static unsigned line_at(const struct source *src, size_t offset)
{
	unsigned line = 1;

	for (size_t i = 0; i < offset && i < src->len; i++)
		line += src->text[i] == '\n';
	return line;
}

static bool stands_at(
	const struct source *src, size_t i, const char *word, size_t n)
{
	return i + n <= src->len && memcmp(src->text + i, word, n) == 0 &&
	       (i == 0 || !is_word(src->text[i - 1])) &&
	       (i + n == src->len || !is_word(src->text[i + n]));
}

/* The line where a word first stands by itself; 0 when nowhere. */
static unsigned line_of(const struct source *src, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; n && i < src->len; i++) {
		if (stands_at(src, i, word, n))
			return line_at(src, i);
	}
	return 0;
}

static int refuse(const struct source *src, const char *word, struct err *err,
	const char *what)
{
	unsigned line = line_of(src, word);

	if (line)
		return err_set(
			err, NFZ_E_NS, "%s:%u: %s", src->name, line, what);
	return err_set(err, NFZ_E_NS, "%s: %s", src->name, what);
}

/* "@OS@": the length, 0 when there is no macro here. */
static size_t macro_len(const char *s, const char *end)
{
	const char *at = s + 1;

	if (*s != '@' || at == end || !isupper((unsigned char)*at))
		return 0;
	while (at < end && (isupper((unsigned char)*at) ||
				   isdigit((unsigned char)*at) || *at == '_'))
		at++;
	return at < end && *at == '@' ? (size_t)(at - s) + 1 : 0;
}

static int check_macros(const struct source *src, struct err *err)
{
	const char *end = src->text + src->len;
	bool comment = false, fresh = true;
	unsigned line = 1;

	for (const char *s = src->text; s < end; s++) {
		size_t n = comment ? 0 : macro_len(s, end);

		if (n) {
			err_set(err, NFZ_E_NS,
				"%s:%u: %.*s is a macro that nobody replaced",
				src->name, line, (int)(n < 64 ? n : 64), s);
			return err_hint(err,
				"Replace it by a value, for example: sed "
				"'s/%.*s/VALUE/' %s",
				(int)(n < 64 ? n : 64), s, src->name);
		}
		if (*s == '\n') {
			line++;
			comment = false;
			fresh = true;
		} else if (!isspace((unsigned char)*s)) {
			comment = comment || (fresh && *s == '#');
			fresh = false;
		}
	}
	return 0;
}

static int check_name(
	const struct source *src, const char *name, struct err *err)
{
	if (strlen(name) <= NAME_MAX_LEN)
		return 0;
	refuse(src, name, err, "a name has more than 32 characters");
	return err_hint(err, "Shorten the name \"%.64s\".", name);
}

/* What the testbed's database takes in a column of words. */
static bool is_plain(const char *s, size_t max)
{
	size_t n = 0;

	while (s[n] && (is_word(s[n]) || strchr(".+:/@", s[n])))
		n++;
	return s[n] == '\0' && n <= max;
}

static int check_node(
	const struct source *src, const struct ns_node *n, struct err *err)
{
	const struct {
		const char *what, *value;
		size_t max;
	} words[] = {
		{"hardware type", n->type, 30},
		{"operating system", n->os, 30},
		{"parent operating system", n->parent_os, 30},
		{"fixed machine", n->fixed, 32},
		{"sharing mode", n->sharing_mode, 32},
	};
	int code = check_name(src, n->name, err);

	if (code < 0)
		return code;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (is_plain(words[i].value, words[i].max))
			continue;
		return err_set(err, NFZ_E_NS,
			"%s: node %s: \"%.64s\" cannot be a %s", src->name,
			n->name, words[i].value, words[i].what);
	}
	return 0;
}

static bool is_trace_type(const char *s)
{
	return *s == '\0' || !strcmp(s, "header") || !strcmp(s, "packet") ||
	       !strcmp(s, "monitor");
}

/* The same address on two links is odd but the testbed allows it. */
static bool given_before(const struct ns_lan *lan, const struct ns_member *m)
{
	for (const struct ns_member *o = lan->members; o < m; o++) {
		if (strcmp(o->ip, m->ip) == 0)
			return true;
	}
	return false;
}

static int check_member(const struct source *src, const struct ns_lan *lan,
	const struct ns_member *m, struct err *err)
{
	struct net_addr address;

	if (!is_trace_type(m->trace_type))
		return refuse(src, m->trace_type, err,
			"the type of a trace is none of header, packet, "
			"monitor");
	if (!is_plain(m->fixed_iface, 32))
		return refuse(src, m->fixed_iface, err,
			"an interface has a name no interface can have");
	if (*m->ip == '\0' || !strcmp(m->ip, "0.0.0.0"))
		return err_set(err, NFZ_E_NS,
			"%s: %s has no address on %s (tb-use-ipassign is not "
			"available here)",
			src->name, m->node, lan->name);
	if (!net_addr_parse(m->ip, &address))
		return refuse(src, m->ip, err,
			"the numbers of an address go from 0 to 255");
	if (given_before(lan, m))
		return refuse(src, m->ip, err,
			"two members of a link have the same address");
	return 0;
}

static int check_lan(
	const struct source *src, const struct ns_lan *lan, struct err *err)
{
	int code = check_name(src, lan->name, err);

	for (size_t i = 0; code == 0 && i < lan->n_members; i++)
		code = check_member(src, lan, &lan->members[i], err);
	return code;
}

int ns_check_real(const struct ns_experiment *e, const char *text, size_t len,
	const char *name, struct err *err)
{
	const struct source src = {text, len, name};
	int code = check_macros(&src, err);

	for (size_t i = 0; code == 0 && i < e->n_nodes; i++)
		code = check_node(&src, &e->nodes[i], err);
	for (size_t i = 0; code == 0 && i < e->n_lans; i++)
		code = check_lan(&src, &e->lans[i], err);
	return code;
}
