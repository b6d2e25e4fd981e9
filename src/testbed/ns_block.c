/* The block's form:
 *
 *	# BEGIN netflowize heavy 1 sha256=<64 digits>
 *	# ...
 *	<statements>
 *	# END netflowize
 *
 * Form 1 is lines of its own; where `run` is behind something else on its line
 * ("else { $ns run }") form 2 splits that line, and its first line break is ours.
 *
 * Objects are named by their commands, not by variables: an array's element or
 * a link made inside a procedure has a name all the same.  Statements are the
 * last before `run`, so nothing that has no name of its own is renumbered. */
#include "testbed/ns_block.h"
#include "base/mem.h"
#include "format/crypto.h"

#include <stdio.h>
#include <string.h>

#define BEGIN "# BEGIN netflowize "
#define END "# END netflowize"
#define MEMBER "] queue] trace monitor"
#define LINK_TRACE " trace monitor"

enum { LINES = 1, SPLIT = 2, MAX_SIMULATORS = 8 };

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');

	return end ? end + 1 : line + strlen(line);
}

/* Without white space at either end; *ret_len is what is left. */
static const char *trim(const char *line, const char *end, size_t *ret_len)
{
	while (line < end && strchr(" \t\r\n", *line))
		line++;
	while (end > line && strchr(" \t\r\n", end[-1]))
		end--;
	*ret_len = (size_t)(end - line);
	return line;
}

static bool is_line(const char *line, const char *what)
{
	size_t len;
	const char *at = trim(line, next_line(line), &len);

	return len == strlen(what) && strncmp(at, what, len) == 0;
}

static bool has_prefix(const char *line, const char *what)
{
	return strncmp(line, what, strlen(what)) == 0;
}

/* ---- reading ---- */

static int damaged(const char *why, struct err *err)
{
	err_set(err, NFZ_E_NS,
		"netflowize's part of the NS file cannot be told apart: %s",
		why);
	return err_hint(err,
		"Its lines are between \"" BEGIN "...\" and \"" END
		"\": take them\nout by hand (web page: Modify Experiment), "
		"then run this again");
}

static int read_head(const char *line, struct ns_block *b, unsigned *ret_form,
	struct err *err)
{
	int n = 0;

	if (sscanf(line, BEGIN "%7[a-z] %u sha256=%64[0-9a-f]%n", b->mode,
		    ret_form, b->digest, &n) != 3 ||
		strlen(b->digest) != 64)
		return damaged("its first line was changed", err);
	if (*ret_form > SPLIT)
		return damaged("a newer netflowize made it", err);
	return 0;
}

/* "[[$ns lanlink LAN NODE] queue] trace monitor" */
static bool read_member(const char *at, struct arena *arena, struct ns_trace *t)
{
	const char *name = strstr(at, " lanlink ");
	size_t n, m;

	if (!has_prefix(at, "[[$") || !name)
		return false;
	name += strlen(" lanlink ");
	n = strcspn(name, " ]\n");
	if (name[n] != ' ')
		return false;
	m = strcspn(name + n + 1, " ]\n");
	if (!has_prefix(name + n + 1 + m, MEMBER))
		return false;
	t->link = arena_strndup(arena, name, n);
	t->node = arena_strndup(arena, name + n + 1, m);
	return true;
}

static bool read_trace(const char *at, struct arena *arena, struct ns_trace *t)
{
	size_t n = strcspn(at, " \n");

	if (*at == '#' || n == 0)
		return false;
	if (*at == '[')
		return read_member(at, arena, t);
	if (!has_prefix(at + n, LINK_TRACE))
		return false;
	t->link = arena_strndup(arena, at, n);
	t->node = NULL;
	return true;
}

static void read_body(const char *at, const char *end, struct arena *arena,
	struct ns_block *b)
{
	size_t lines = 0;

	for (const char *s = at; s < end; s = next_line(s))
		lines++;
	b->traces = arena_alloc(arena, lines + 1, sizeof(*b->traces));
	for (; at < end; at = next_line(at)) {
		if (read_trace(at, arena, &b->traces[b->n_traces]))
			b->n_traces++;
		if (has_prefix(at, "set nfz-"))
			b->collector = true;
	}
}

int ns_block_find(const char *text, struct arena *arena, struct ns_block *ret,
	struct err *err)
{
	const char *begin = NULL, *end = NULL;
	unsigned form;

	*ret = (struct ns_block){0};
	for (const char *at = text; *at; at = next_line(at)) {
		if (has_prefix(at, BEGIN)) {
			if (begin)
				return damaged("it begins twice", err);
			begin = at;
		} else if (is_line(at, END)) {
			if (!begin || end)
				return damaged("it ends twice", err);
			end = at;
		}
	}
	if (!begin)
		return end ? damaged("its first line is gone", err) : 0;
	if (!end)
		return damaged("its last line is gone", err);
	if (read_head(begin, ret, &form, err) < 0)
		return -NFZ_E_NS;
	read_body(next_line(begin), end, arena, ret);
	ret->start = (size_t)(begin - text) - (form == SPLIT && begin > text);
	ret->end = (size_t)(next_line(end) - text);
	return 1;
}

void ns_block_remove(
	const char *text, const struct ns_block *block, struct buf *out)
{
	buf_add(out, text, block->start);
	buf_adds(out, text + block->end);
}

void ns_text_digest(const char *text, size_t len, char hex[static 65])
{
	uint8_t sum[CRYPTO_SHA256];
	struct crypto_sha256 s;

	crypto_sha256_init(&s);
	for (size_t i = 0; i < len; i++)
		if (text[i] != '\r' || i + 1 == len || text[i + 1] != '\n')
			crypto_sha256_add(&s, &text[i], 1);
	crypto_sha256_end(&s, sum);
	crypto_hex(sum, sizeof(sum), hex);
}

bool ns_block_intact(const char *text, const struct ns_block *block)
{
	struct buf rest = BUF_INIT(SIZE_MAX / 2);
	char hex[65];

	ns_block_remove(text, block, &rest);
	ns_text_digest(buf_str(&rest), rest.len, hex);
	buf_release(&rest);
	return strcmp(hex, block->digest) == 0;
}

/* ---- writing ---- */

/* The statement that ends the description. */
struct run {
	const char *before; /* where statements before it go */
	bool splits;        /* ... which is within a line */
	const char *ns;     /* "$ns", what the simulator is called */
	int ns_len;
};

/* Names in the text; none: any name will do. */
struct simulators {
	const char *name[MAX_SIMULATORS];
	size_t len[MAX_SIMULATORS], n;
};

/* "$ns run": the length of "$ns", 0 when it is something else. */
static size_t is_run(const char *at, const char *end)
{
	size_t name = 0, word;

	if (at == end || *at != '$')
		return 0;
	while (at + name < end && !strchr(" \t\r\n;", at[name]))
		name++;
	word = name;
	while (at + word < end && strchr(" \t", at[word]))
		word++;
	if (word == name || end - (at + word) < 3 ||
		strncmp(at + word, "run", 3) != 0)
		return 0;
	word += 3;
	return at + word == end || strchr(" \t\r\n;#}]", at[word]) ? name : 0;
}

static const char *skip_back(const char *text, const char *at)
{
	while (at > text && strchr(" \t", at[-1]))
		at--;
	return at;
}

/* Where the word before `at` begins. */
static const char *word_before(const char *text, const char *at, size_t *len)
{
	const char *end = skip_back(text, at);

	for (at = end; at > text && !strchr(" \t\r\n;[", at[-1]);)
		at--;
	*len = (size_t)(end - at);
	return at;
}

/* What simulators are called: "set NAME [new Simulator". */
static void find_simulators(const char *text, struct simulators *ret)
{
	const char *at = text;

	*ret = (struct simulators){0};
	for (; ret->n < MAX_SIMULATORS && (at = strstr(at, "Simulator"));
		at++) {
		size_t n;
		const char *s = skip_back(text, at);

		if (s == at) /* within a word, which may be long */
			continue;
		s = word_before(text, s, &n);
		if (n != 3 || !has_prefix(s, "new") || s == text ||
			s[-1] != '[')
			continue;
		s = word_before(text, s - 1, &ret->len[ret->n]);
		ret->name[ret->n] = s;
		if (has_prefix(word_before(text, s, &n), "set") && n == 3)
			ret->n++;
	}
}

static bool is_simulator(const struct simulators *of, const struct run *run)
{
	bool brace = run->ns_len > 2 && run->ns[1] == '{';
	size_t len = (size_t)run->ns_len - 1 - 2 * brace;

	for (size_t i = 0; i < of->n; i++)
		if (of->len[i] == len &&
			strncmp(of->name[i], run->ns + 1 + brace, len) == 0)
			return true;
	return false;
}

/* In a line: alone, or behind what else may end before a statement.  Programs
 * and sequences of events are run by such words, too. */
static bool find_in_line(
	const char *at, const struct simulators *of, struct run *ret)
{
	const char *end = next_line(at);
	bool begins = true, first = true;

	for (; at < end && !(begins && *at == '#'); at++) {
		struct run run = {.before = at, .splits = !first, .ns = at};

		run.ns_len = begins ? (int)is_run(at, end) : 0;
		if (run.ns_len && (!of->n || is_simulator(of, &run))) {
			*ret = run;
			return true;
		}
		begins = strchr(";{[", *at) || (begins && strchr(" \t", *at));
		first = first && strchr(" \t", *at);
	}
	return false;
}

/* Does the line before go on in this one? */
static bool is_continued(const char *text, const char *line)
{
	size_t n = 0;

	if (line > text)
		line--;
	if (line > text && line[-1] == '\r')
		line--;
	while (line > text && line[-1] == '\\') {
		line--;
		n++;
	}
	return n % 2;
}

static bool find_run(
	const char *text, const struct simulators *of, struct run *ret)
{
	const char *whole = text; /* the first line of a continued one */

	*ret = (struct run){0};
	for (const char *at = text; *at; at = next_line(at)) {
		if (!is_continued(text, at))
			whole = at;
		if (find_in_line(at, of, ret) && !ret->splits)
			ret->before = whole;
	}
	return ret->before;
}

static bool can_name(const char *s)
{
	return *s &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz"
			 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == strlen(s);
}

/* Every member, also those whose address was given: the subnets that others
 * get depend on all of them. */
static void put_pins(const struct ns_experiment *e, struct buf *out)
{
	for (size_t i = 0; i < e->n_lans; i++) {
		const struct ns_lan *lan = &e->lans[i];

		for (size_t k = 0; k < lan->n_members; k++) {
			const struct ns_member *m = &lan->members[k];
			bool again = false;

			/* a node's second place on a LAN has no name */
			for (size_t p = 0; p < k; p++)
				again = again || strcmp(lan->members[p].node,
							 m->node) == 0;
			if (m->widearea || again || !m->ip || !*m->ip ||
				!can_name(m->node) || !can_name(lan->name))
				continue;
			buf_addf(out, "tb-set-ip-%s %s %s %s\n",
				lan->is_link ? "link" : "lan", m->node,
				lan->name, m->ip);
		}
	}
}

/* In a procedure, only what is stored in a global variable gets its name. */
static void put_collector(const struct ns_change *c, const struct run *run,
	bool procedures, struct buf *out)
{
	const char *n = c->collector, *sync;

	if (procedures)
		buf_addf(out, "global %s\n", n);
	buf_addf(out, "set %s [%.*s node]\n", n, run->ns_len, run->ns);
	if (c->type)
		buf_addf(out, "tb-set-hardware ${%s} %s\n", n, c->type);
	if (c->os)
		buf_addf(out, "tb-set-node-os ${%s} %s\n", n, c->os);
	buf_addf(out, "tb-set-node-failure-action ${%s} \"nonfatal\"\n", n);
	/* unless named, the first node by name is the one others wait on */
	sync = c->pins ? ns_setting(c->pins, "sync_server") : "";
	if (strcmp(sync, n) > 0 && can_name(sync))
		buf_addf(out, "tb-set-sync-server %s\n", sync);
}

static int put_traces(const struct ns_change *c, const struct run *run,
	struct buf *out, struct err *err)
{
	for (size_t i = 0; i < c->n_traces; i++) {
		const struct ns_trace *t = &c->traces[i];

		if (!can_name(t->link) || (t->node && !can_name(t->node)))
			return err_set(err, NFZ_E_NS,
				"the name of %s cannot be written into the "
				"NS file",
				t->link);
		if (t->node)
			buf_addf(out, "[[%.*s lanlink %s %s" MEMBER "\n",
				run->ns_len, run->ns, t->link, t->node);
		else
			buf_addf(out, "%s" LINK_TRACE "\n", t->link);
	}
	return 0;
}

static int put_block(const char *text, const struct ns_change *c,
	const struct run *run, struct buf *out, struct err *err)
{
	char hex[65];

	ns_text_digest(text, strlen(text), hex);
	buf_addf(out,
		"%s" BEGIN "%s %d sha256=%s\n"
		"# Added by netflowize, which takes these lines out again "
		"(netflowize strip).\n",
		run->splits ? "\n" : "", c->mode, run->splits ? SPLIT : LINES,
		hex);
	if (!strstr(text, "tb_compat.tcl"))
		buf_adds(out, "source tb_compat.tcl\n");
	if (c->delay_os)
		buf_addf(out, "tb-set-delay-os %s\n", c->delay_os);
	if (c->pins)
		put_pins(c->pins, out);
	if (c->collector)
		put_collector(c, run, strstr(text, "proc "), out);
	if (put_traces(c, run, out, err) < 0)
		return -NFZ_E_NS;
	buf_adds(out, END "\n");
	return 0;
}

int ns_block_insert(const char *text, const struct ns_change *change,
	struct buf *out, struct err *err)
{
	const struct simulators any = {0};
	struct simulators known;
	struct run run;
	int r;

	find_simulators(text, &known);
	if (!find_run(text, &known, &run) && !find_run(text, &any, &run)) {
		err_set(err, NFZ_E_NS,
			"the NS file has no \"$ns run\" to put statements "
			"before");
		return err_hint(err, "Write its run statement on a line of its "
				     "own, as in: $ns run");
	}
	buf_add(out, text, (size_t)(run.before - text));
	r = put_block(text, change, &run, out, err);
	buf_adds(out, run.before);
	return r;
}

size_t ns_text_plain(const char *text, struct buf *out)
{
	size_t lost = 0;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '\r' && text[1] == '\n')
			continue;
		if (c >= 0x80 && (c & 0xc0) == 0x80)
			continue; /* the rest of a character */
		if (c >= 0x7f || (c < ' ' && !strchr("\t\n\r", c))) {
			lost++;
			buf_addc(out, c == '\f' || c == '\v' ? ' ' : '?');
		} else {
			buf_addc(out, (char)c);
		}
	}
	return lost;
}
