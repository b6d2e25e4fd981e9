/* Reference: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. */
#include "deploy/knownhosts.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"
#include "deploy/sshconf.h"
#include "format/hmac.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MAX = 64 << 20, NAME_MAX_LEN = 300, TAIL = 16 };

struct line {
	const char *hosts, *type, *base64; /* in the text */
	const char *file;                  /* NULL: of none */
	bool revoked, authority;
	size_t next; /* with the same tail; 0: none, else index + 1 */
};

struct knownhosts {
	struct arena arena;
	struct opt_list files;
	size_t n_read; /* of them */
	struct line *lines;
	size_t n, cap;
	struct map by_key; /* tail of base64 -> index + 1 of the last line */
	struct hmac *hmac;
	const char *blamed; /* file with the line the last answer came of */
	char asked[NAME_MAX_LEN];
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

/* Keys of a kind begin alike; the end tells nearly all of them apart. */
static const char *tail_of(const char *base64)
{
	size_t n = strlen(base64);

	return n > TAIL ? base64 + n - TAIL : base64;
}

static void take_line(struct knownhosts *k, char *text)
{
	struct line l = {.file = k->n_read < k->files.n
					 ? k->files.items[k->n_read]
					 : NULL};
	char *word = next_word(&text);
	const char *tail;

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
	if (!*l.base64)
		return;
	tail = tail_of(l.base64);
	l.next = (size_t)map_put(
		&k->by_key, tail, strlen(tail), (void *)(uintptr_t)(k->n + 1));
	MEM_PUSH(k->lines, k->n, k->cap) = l;
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
	if (!opt_list_has(&k->files, path))
		MEM_PUSH(k->files.items, k->files.n, k->files.cap) =
			mem_strdup(path);
}

/* As ssh has it, a file that is absent or not for us is empty.  One that could
 * not be read for other reasons (no descriptor left) may hold the very line
 * that refuses a key, and is asked for again. */
static bool is_empty(const struct err *why)
{
	return why->sys == ENOENT || why->sys == ENOTDIR || why->sys == EACCES;
}

int knownhosts_read(struct knownhosts *k, struct err *err)
{
	struct buf text = BUF_INIT(FILE_MAX);
	struct err why = ERR_INIT;
	int r = 0;

	for (; k->n_read < k->files.n; k->n_read++) {
		buf_reset(&text);
		r = file_read(k->files.items[k->n_read], &text, &why);
		if (r == 0)
			knownhosts_text(k, buf_str(&text), text.len);
		else if (!is_empty(&why))
			break;
		r = 0;
	}
	buf_release(&text);
	if (r == 0)
		return 0;
	err_set(err, NFZ_E_HOST_KEY, "host keys cannot be checked: %s",
		why.text);
	return err_hint(err, "Nobody is trusted before the known keys can be "
			     "read: run this again, or mend that file");
}

/* ---- asking ---- */

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

/* |1|salt|hash: taken apart when a name is asked for.  Few of the lines ever
 * are, and this would be half of reading them. */
static bool is_hash_of(
	struct knownhosts *k, const char *hosts, const char *name)
{
	uint8_t salt[HMAC_SHA1], hash[HMAC_SHA1], sum[HMAC_SHA1];

	return strlen(hosts) == 3 + 28 + 1 + 28 && hosts[31] == '|' &&
	       unbase64(hosts + 3, salt) && unbase64(hosts + 32, hash) &&
	       hmac_sha1(k->hmac, salt, name, strlen(name), sum) &&
	       memcmp(sum, hash, sizeof(sum)) == 0;
}

static bool names(struct knownhosts *k, const struct line *l, const char *name)
{
	cleanup_free char *list = NULL;

	if (strncmp(l->hosts, "|1|", 3) == 0)
		return is_hash_of(k, l->hosts, name);
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
		k->blamed = l->file;
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
	char *full = k->asked;
	bool same = false;

	if (port && port != 22)
		snprintf(full, sizeof(k->asked), "[%.280s]:%u", name, port);
	else
		snprintf(full, sizeof(k->asked), "%.280s", name);
	for (char *c = full; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (kinds)
		kinds[0] = '\0';
	for (size_t i = (size_t)map_gets(&k->by_key, tail_of(base64)); i;
		i = k->lines[i - 1].next) {
		const struct line *l = &k->lines[i - 1];

		if (strcmp(l->type, type) != 0 || l->authority ||
			strcmp(l->base64, base64) != 0)
			continue;
		if (l->revoked && names(k, l, full))
			return KNOWNHOSTS_REVOKED;
		same = same || (!l->revoked && names(k, l, full));
	}
	return same ? KNOWNHOSTS_SAME : ask_all(k, full, type, kinds, size);
}

int knownhosts_remedy(const struct knownhosts *k, struct err *err)
{
	return err_hint(err,
		"Was the node loaded with a new image? Then its old key must "
		"be forgotten:\n    ssh-keygen -f '%s' -R '%s'\n"
		"  If not, somebody may be in between.",
		k->blamed ? k->blamed : "known_hosts", k->asked);
}
