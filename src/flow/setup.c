/* The setup's text form.  First line `netflowize-setup 1`; then one item a
 * line, words separated by single blanks; '#' starts a comment line.  Words
 * that could hold anything (interface, link, directory) are percent-encoded,
 * the empty one is "-".  `member` lines belong to the `tap` line above them.
 *
 * Refused: unknown words, numbers out of range, a second module or tap of one
 * id, members of a tap that is no LAN, and more than the header's limits. */
#include "flow/setup.h"
#include "base/mem.h"
#include "base/word.h"
#include "format/crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 16, LINE_LIMIT = 1024 };

static const char magic[] = "netflowize-setup";

const char *module_role_name(enum module_role role)
{
	switch (role) {
	case MODULE_METER:
		return "meter";
	case MODULE_CACHE:
		return "cache";
	case MODULE_COLLECTOR:
		return "collector";
	case MODULE_CONTROLLER:
		return "controller";
	}
	return "unknown";
}

const struct setup_peer *setup_peer(const struct setup *s, uint16_t id)
{
	for (size_t i = 0; i < s->n_peers; i++)
		if (s->peers[i].id == id)
			return &s->peers[i];
	return NULL;
}

void setup_pair_key(const uint8_t master[static SETUP_KEY_BYTES], uint16_t from,
	uint16_t to, uint8_t ret[static SETUP_KEY_BYTES])
{
	crypto_derive(master, (uint64_t)from << 16 | to, "nfz pair", ret);
}

void setup_init(struct setup *s)
{
	*s = (struct setup){.role = MODULE_METER,
		.active_ms = 60000,
		.idle_ms = 15000,
		.fin_ms = 5000,
		.cache_flows = 65536,
		.threads = 1};
}

void setup_release(struct setup *s)
{
	for (size_t i = 0; i < s->n_peers; i++)
		crypto_wipe(&s->peers[i], sizeof(s->peers[i]));
	for (size_t i = 0; i < s->n_taps; i++)
		free(s->taps[i].members);
	free(s->peers);
	free(s->taps);
	free(s->import_from);
	free(s->exports);
	*s = (struct setup){0};
}

int setup_add_exports(
	struct setup *s, char *const *texts, size_t n, struct err *err)
{
	size_t cap = s->n_exports;

	for (size_t i = 0; i < n; i++) {
		struct export_target target;
		int r = export_target_parse(texts[i], &target, err);

		if (r < 0)
			return r;
		if (s->n_exports >= EXPORT_TARGETS_MAX)
			return err_set(err, NFZ_E_USAGE,
				"more than %d collectors to export to",
				EXPORT_TARGETS_MAX);
		MEM_PUSH(s->exports, s->n_exports, cap) = target;
	}
	return 0;
}

/* --- parsing ----------------------------------------------------------- */

struct parse {
	struct setup *s;
	struct err *err;
	unsigned line;
	bool has_module;
	char **words; /* of the line at hand; words[0] is its keyword */
	size_t n;
	size_t peers_cap, taps_cap, members_cap, allow_cap, exports_cap;
};

static int refuse(struct parse *p, const char *what, const char *word)
{
	return err_set(p->err, NFZ_E_INPUT, "setup line %u: %s \"%.60s\"",
		p->line, what, word);
}

static int number(
	struct parse *p, const char *word, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;
	const char *at = word;

	for (; *at >= '0' && *at <= '9'; at++) {
		uint64_t digit = (uint64_t)(*at - '0');

		if (digit > max || v > (max - digit) / 10)
			return refuse(p, "number too large:", word);
		v = v * 10 + digit;
	}
	if (at == word || *at)
		return refuse(p, "not a number:", word);
	*ret = v;
	return 0;
}

static int number_u16(struct parse *p, const char *word, uint16_t *ret)
{
	uint64_t v = 0;
	int r = number(p, word, UINT16_MAX, &v);

	if (!r)
		*ret = (uint16_t)v;
	return r;
}

static int text_word(struct parse *p, const char *word, char *to, size_t room)
{
	if (word_undo(strcmp(word, "-") == 0 ? "" : word, to, room))
		return 0;
	return refuse(p, "a name badly written or too long:", word);
}

static int choice(struct parse *p, const char *word, const char *yes, bool *ret)
{
	*ret = strcmp(word, yes) == 0;
	if (!*ret && strcmp(word, "-") != 0)
		return refuse(p, "expected \"-\" or a flag, not", word);
	return 0;
}

static int role_word(struct parse *p, const char *word, enum module_role *ret)
{
	for (int r = MODULE_METER; r <= MODULE_CONTROLLER; r++)
		if (strcmp(word, module_role_name((enum module_role)r)) == 0) {
			*ret = (enum module_role)r;
			return 0;
		}
	return refuse(p, "no such role:", word);
}

static int address(struct parse *p, const char *word, struct net_addr *ret)
{
	if (!net_addr_parse(word, ret))
		return refuse(p, "not an address:", word);
	return 0;
}

static int read_deployment(struct parse *p)
{
	uint8_t b[8];
	uint64_t v = 0;

	if (!crypto_unhex(p->words[1], b, sizeof(b)))
		return refuse(p, "not 16 hex digits:", p->words[1]);
	for (size_t i = 0; i < sizeof(b); i++)
		v = v << 8 | b[i];
	p->s->deployment = v;
	return 0;
}

static int read_module(struct parse *p)
{
	int r = number_u16(p, p->words[1], &p->s->id);

	p->has_module = true;
	return r ? r : role_word(p, p->words[2], &p->s->role);
}

static int read_listen(struct parse *p)
{
	int r = address(p, p->words[1], &p->s->listen);

	return r ? r : number_u16(p, p->words[2], &p->s->port);
}

static int read_span(struct parse *p)
{
	static const struct {
		const char *word;
		size_t offset;
	} spans[] = {{"active_ms", offsetof(struct setup, active_ms)},
		{"idle_ms", offsetof(struct setup, idle_ms)},
		{"fin_ms", offsetof(struct setup, fin_ms)},
		{"lease_ms", offsetof(struct setup, lease_ms)},
		{"keep_ms", offsetof(struct setup, keep_ms)},
		{"pack_ms", offsetof(struct setup, pack_ms)}};
	uint64_t v = 0;
	int r = number(p, p->words[1], UINT64_C(31622400000), &v); /* a year */

	for (size_t i = 0; !r && i < sizeof(spans) / sizeof(spans[0]); i++)
		if (strcmp(p->words[0], spans[i].word) == 0) {
			int64_t ms = (int64_t)v;

			memcpy((char *)p->s + spans[i].offset, &ms, sizeof(ms));
		}
	return r;
}

static int read_flows(struct parse *p)
{
	uint64_t v = 0;
	int r = number(p, p->words[1], 1 << 26, &v);

	p->s->cache_flows = (uint32_t)v;
	return r;
}

static int read_store(struct parse *p)
{
	return text_word(p, p->words[1], p->s->store, sizeof(p->s->store));
}

static int read_keep_bytes(struct parse *p)
{
	return number(p, p->words[1], INT64_MAX, &p->s->keep_bytes);
}

static int read_backend(struct parse *p)
{
	return text_word(p, p->words[1], p->s->backend, sizeof(p->s->backend));
}

static int read_threads(struct parse *p)
{
	uint64_t v = 0;
	int r = number(p, p->words[1], SETUP_THREADS_MAX, &v);

	p->s->threads = (unsigned)v;
	return r;
}

static int read_import_port(struct parse *p)
{
	return number_u16(p, p->words[1], &p->s->import_port);
}

static int read_import_from(struct parse *p)
{
	struct setup *s = p->s;
	struct net_prefix prefix;

	if (s->n_import_from >= SETUP_ALLOW_MAX)
		return refuse(p, "too many exporters, at", p->words[1]);
	if (!net_prefix_parse(p->words[1], &prefix))
		return refuse(p, "not a prefix:", p->words[1]);
	MEM_PUSH(s->import_from, s->n_import_from, p->allow_cap) = prefix;
	return 0;
}

static int read_export(struct parse *p)
{
	struct setup *s = p->s;
	struct export_target target;

	if (s->n_exports >= EXPORT_TARGETS_MAX)
		return refuse(p, "too many exports, at", p->words[1]);
	if (export_target_parse(p->words[1], &target, NULL) < 0)
		return refuse(p, "not FORMAT://ADDR:PORT:", p->words[1]);
	MEM_PUSH(s->exports, s->n_exports, p->exports_cap) = target;
	return 0;
}

static int read_peer(struct parse *p)
{
	struct setup *s = p->s;
	struct setup_peer *peer;
	int r;

	/* room for all was made at once: keys must not be left behind in
	 * memory that a growing array gave back */
	if (s->n_peers >= p->peers_cap)
		return refuse(p, "too many peers, at", p->words[1]);
	peer = &s->peers[s->n_peers];
	if ((r = number_u16(p, p->words[1], &peer->id)) ||
		(r = role_word(p, p->words[2], &peer->role)) ||
		(r = address(p, p->words[3], &peer->addr)) ||
		(r = number_u16(p, p->words[4], &peer->port)))
		return r;
	if (setup_peer(s, peer->id))
		return refuse(p, "a second peer", p->words[1]);
	s->n_peers++; /* from here on setup_release wipes it */
	if (!crypto_unhex(p->words[5], peer->send_key, SETUP_KEY_BYTES) ||
		!crypto_unhex(p->words[6], peer->receive_key, SETUP_KEY_BYTES))
		return refuse(p, "bad key of peer", p->words[1]);
	return 0;
}

static int tap_flags(struct parse *p, struct setup_tap *t)
{
	uint64_t received = 0, sent = 0;
	int r;

	if ((r = number(p, p->words[5], 2, &received)) ||
		(r = number(p, p->words[6], 2, &sent)) ||
		(r = choice(p, p->words[7], "lowest", &t->lowest)) ||
		(r = number_u16(p, p->words[9], &t->near_slot)) ||
		(r = number_u16(p, p->words[10], &t->far_slot)) ||
		(r = choice(p, p->words[11], "facing", &t->facing)))
		return r;
	t->count_received = (uint8_t)received;
	t->count_sent = (uint8_t)sent;
	t->lan = strcmp(p->words[8], "lan") == 0;
	if (!t->lan && strcmp(p->words[8], "p2p") != 0)
		return refuse(p, "expected lan or p2p, not", p->words[8]);
	return 0;
}

static int read_tap(struct parse *p)
{
	struct setup *s = p->s;
	struct setup_tap t = {0};
	int r;

	if (s->n_taps >= SETUP_TAPS_MAX)
		return refuse(p, "too many taps, at", p->words[1]);
	if ((r = number_u16(p, p->words[1], &t.id)) ||
		(r = text_word(p, p->words[2], t.ifname, sizeof(t.ifname))) ||
		(r = text_word(p, p->words[4], t.link, sizeof(t.link))) ||
		(r = tap_flags(p, &t)))
		return r;
	t.has_mac = strcmp(p->words[3], "-") != 0;
	if (t.has_mac && !net_mac_parse(p->words[3], t.mac))
		return refuse(p, "not a MAC address:", p->words[3]);
	if (!t.has_mac && !t.ifname[0])
		return refuse(p, "neither interface nor MAC: tap", p->words[1]);
	for (size_t i = 0; i < s->n_taps; i++)
		if (s->taps[i].id == t.id)
			return refuse(p, "a second tap", p->words[1]);
	MEM_PUSH(s->taps, s->n_taps, p->taps_cap) = t;
	p->members_cap = 0;
	return 0;
}

static int read_member(struct parse *p)
{
	struct setup *s = p->s;
	struct setup_tap *t = s->n_taps ? &s->taps[s->n_taps - 1] : NULL;
	struct setup_member m = {0};
	int r;

	if (!t || !t->lan || t->n_members >= SETUP_MEMBERS_MAX)
		return refuse(p, "out of place: member", p->words[1]);
	if ((r = number_u16(p, p->words[1], &m.slot)) ||
		(r = choice(p, p->words[3], "watched", &m.watched)))
		return r;
	if (!net_mac_parse(p->words[2], m.mac))
		return refuse(p, "not a MAC address:", p->words[2]);
	MEM_PUSH(t->members, t->n_members, p->members_cap) = m;
	return 0;
}

static const struct {
	const char *word;
	size_t words;
	int (*read)(struct parse *p);
} items[] = {{"deployment", 2, read_deployment}, {"module", 3, read_module},
	{"listen", 3, read_listen}, {"active_ms", 2, read_span},
	{"idle_ms", 2, read_span}, {"fin_ms", 2, read_span},
	{"lease_ms", 2, read_span}, {"cache_flows", 2, read_flows},
	{"store", 2, read_store}, {"keep_ms", 2, read_span},
	{"keep_bytes", 2, read_keep_bytes}, {"pack_ms", 2, read_span},
	{"backend", 2, read_backend}, {"threads", 2, read_threads},
	{"import_port", 2, read_import_port},
	{"import_from", 2, read_import_from}, {"export", 2, read_export},
	{"peer", 7, read_peer}, {"tap", 12, read_tap},
	{"member", 4, read_member}};

static int read_item(struct parse *p)
{
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		if (strcmp(p->words[0], items[i].word) != 0)
			continue;
		if (p->n != items[i].words)
			return refuse(
				p, "wrong number of words after", p->words[0]);
		return items[i].read(p);
	}
	return refuse(p, "unknown word", p->words[0]);
}

static int read_line(struct parse *p, const char *text, size_t len)
{
	char line[LINE_LIMIT], *words[WORDS_MAX], *at = line;
	int r;

	p->line++;
	if (len >= sizeof(line) || memchr(text, '\0', len))
		return err_set(p->err, NFZ_E_INPUT,
			"setup line %u: too long or not text", p->line);
	if (p->line > 1 && (!len || text[0] == '#'))
		return 0;
	memcpy(line, text, len);
	line[len] = '\0';
	p->words = words;
	for (p->n = 0; at && p->n < WORDS_MAX; p->n++)
		words[p->n] = strsep(&at, " ");
	if (p->line > 1)
		r = read_item(p);
	else if (p->n == 2 && strcmp(words[0], magic) == 0 &&
		 strcmp(words[1], "1") == 0)
		r = 0;
	else
		r = err_set(p->err, NFZ_E_INPUT,
			"this is no setup of version 1 (\"%s 1\")", magic);
	crypto_wipe(line, sizeof(line));
	p->words = NULL;
	return r;
}

/* At most this many `peer` lines are in the text. */
static size_t count_peers(const char *text, size_t len)
{
	static const char word[] = "peer ";
	const char *end = text + len;
	size_t n = 0;

	while (text && n < SETUP_PEERS_MAX) {
		size_t left = (size_t)(end - text);

		if (left < sizeof(word))
			break;
		n += memcmp(text, word, sizeof(word) - 1) == 0;
		text = memchr(text, '\n', left);
		text = text ? text + 1 : NULL;
	}
	return n;
}

static int read_lines(struct parse *p, const char *text, size_t len)
{
	int r = 0;

	while (len && !r) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;

		r = read_line(p, text, n);
		text += n + (end != NULL);
		len -= n + (end != NULL);
	}
	if (!r && !p->has_module)
		r = err_set(p->err, NFZ_E_INPUT,
			"the setup is cut short: no \"module\" line");
	return r;
}

int setup_parse(
	const char *text, size_t len, struct setup *ret, struct err *err)
{
	struct setup s;
	struct parse p = {.s = &s, .err = err};
	int r;

	if (len > SETUP_TEXT_MAX)
		return err_set(err, NFZ_E_LIMIT,
			"the setup has more than %d bytes", SETUP_TEXT_MAX);
	setup_init(&s);
	p.peers_cap = count_peers(text, len);
	if (p.peers_cap)
		s.peers = mem_zalloc(p.peers_cap, sizeof(*s.peers));
	r = read_lines(&p, text, len);
	if (r) {
		setup_release(&s);
		return r;
	}
	*ret = s;
	return 0;
}
