/* Reference: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. */
#include "deploy/knownhosts.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"
#include "deploy/sshconf.h"
#include "format/hmac.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MAX = 64 << 20, NAME_MAX_LEN = 300 };

struct line {
	const char *hosts, *type, *base64; /* in the text */
	bool hashed, revoked, authority;
	uint8_t salt[HMAC_SHA1], hash[HMAC_SHA1];
	size_t next; /* of the same key; 0: none, else index + 1 */
};

struct knownhosts {
	struct arena arena;
	struct opt_list files;
	struct line *lines;
	size_t n, cap;
	struct map by_key; /* base64 -> index + 1 of the last line */
	struct hmac *hmac;
};

struct knownhosts *knownhosts_new(void)
{
	struct knownhosts *k = mem_zalloc(1, sizeof(*k));

	map_init(&k->by_key);
	k->hmac = hmac_new();
	return k;
}

void knownhosts_free(struct knownhosts *k)
{
	if (!k)
		return;
	hmac_free(k->hmac);
	map_release(&k->by_key);
	opt_list_release(&k->files);
	arena_release(&k->arena);
	free(k->lines);
	free(k);
}

/* ---- reading ---- */

static int digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn"
				     "opqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* 20 bytes are 28 characters, the last of them '='. */
static bool unbase64(const char *text, uint8_t ret[HMAC_SHA1])
{
	size_t n = 0;

	for (int i = 0; i < 27; i += 4) {
		uint32_t v = 0;

		for (int k = 0; k < 4; k++) {
			int d = i + k == 27 ? 0 : digit(text[i + k]);

			if (d < 0)
				return false;
			v = v << 6 | (uint32_t)d;
		}
		for (int k = 16; k >= 0 && n < HMAC_SHA1; k -= 8)
			ret[n++] = (uint8_t)(v >> k);
	}
	return text[27] == '=';
}

/* |1|salt|hash */
static bool take_hash(struct line *l)
{
	const char *p = l->hosts;

	if (strncmp(p, "|1|", 3) != 0)
		return true;
	l->hashed = true;
	return strlen(p) == 3 + 28 + 1 + 28 && p[31] == '|' &&
	       unbase64(p + 3, l->salt) && unbase64(p + 32, l->hash);
}

static char *next_word(char **at)
{
	char *word;

	*at += strspn(*at, " \t\r");
	word = *at;
	*at += strcspn(*at, " \t\r");
	if (**at)
		*(*at)++ = '\0';
	return word;
}

static void take_line(struct knownhosts *k, char *text)
{
	struct line l = {.next = 0};
	char *word = next_word(&text);
	void *last;

	if (!*word || *word == '#')
		return;
	if (*word == '@') {
		l.revoked = strcmp(word, "@revoked") == 0;
		l.authority = strcmp(word, "@cert-authority") == 0;
		if (!l.revoked && !l.authority)
			return;
		word = next_word(&text);
	}
	l.hosts = word;
	l.type = next_word(&text);
	l.base64 = next_word(&text);
	if (!*l.base64 || !take_hash(&l))
		return;
	last = map_get(&k->by_key, l.base64, strlen(l.base64));
	l.next = (size_t)last;
	MEM_PUSH(k->lines, k->n, k->cap) = l;
	map_put(&k->by_key, l.base64, strlen(l.base64),
		(void *)(uintptr_t)k->n);
}

void knownhosts_text(struct knownhosts *k, const char *text, size_t len)
{
	char *copy = arena_alloc(&k->arena, len + 1, 1);

	memcpy(copy, text, len);
	copy[len] = '\0';
	for (char *at = copy, *end = copy + len; at < end;) {
		char *stop = memchr(at, '\n', (size_t)(end - at));

		if (stop)
			*stop = '\0';
		take_line(k, at);
		at = stop ? stop + 1 : end;
	}
}

void knownhosts_file(struct knownhosts *k, const char *path)
{
	struct buf text = BUF_INIT(FILE_MAX);

	if (opt_list_has(&k->files, path))
		return;
	MEM_PUSH(k->files.items, k->files.n, k->files.cap) = mem_strdup(path);
	if (file_read(path, &text, NULL) == 0)
		knownhosts_text(k, buf_str(&text), text.len);
	buf_release(&text);
}

/* ---- asking ---- */

static bool names(struct knownhosts *k, const struct line *l, const char *name)
{
	uint8_t hash[HMAC_SHA1];
	cleanup_free char *list = NULL;

	if (l->hashed)
		return hmac_sha1(k->hmac, l->salt, name, strlen(name), hash) &&
		       memcmp(hash, l->hash, sizeof(hash)) == 0;
	list = mem_strdup(l->hosts);
	for (char *c = list; *c; c++)
		if (*c == ',')
			*c = ' ';
	return sshconf_match(list, name);
}

static void add_kind(char *kinds, size_t size, const char *kind)
{
	size_t n = kinds ? strlen(kinds) : 0;

	if (kinds && !strstr(kinds, kind))
		snprintf(kinds + n, size - n, "%s%s", n ? "," : "", kind);
}

static enum knownhosts_answer ask_all(struct knownhosts *k, const char *name,
	const char *type, char *kinds, size_t size)
{
	enum knownhosts_answer answer = KNOWNHOSTS_NEW;

	for (size_t i = 0; i < k->n; i++) {
		const struct line *l = &k->lines[i];

		if (l->revoked || l->authority || !names(k, l, name))
			continue;
		if (strcmp(l->type, type) == 0)
			return KNOWNHOSTS_CHANGED;
		add_kind(kinds, size, l->type);
		answer = KNOWNHOSTS_OTHER;
	}
	return answer;
}

enum knownhosts_answer knownhosts_ask(struct knownhosts *k, const char *name,
	uint16_t port, const char *type, const char *base64, char *kinds,
	size_t size)
{
	char full[NAME_MAX_LEN];
	size_t at = (size_t)map_gets(&k->by_key, base64);
	bool same = false;

	if (port && port != 22)
		snprintf(full, sizeof(full), "[%.280s]:%u", name, port);
	else
		snprintf(full, sizeof(full), "%.280s", name);
	for (char *c = full; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (kinds)
		kinds[0] = '\0';
	for (size_t i = at; i; i = k->lines[i - 1].next) {
		const struct line *l = &k->lines[i - 1];

		if (strcmp(l->type, type) != 0 || l->authority)
			continue;
		if (l->revoked && names(k, l, full))
			return KNOWNHOSTS_REVOKED;
		same = same || (!l->revoked && names(k, l, full));
	}
	return same ? KNOWNHOSTS_SAME : ask_all(k, full, type, kinds, size);
}
