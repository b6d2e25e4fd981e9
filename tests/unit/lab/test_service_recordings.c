/* Every recorded exchange of the original server, asked again in the same
 * situation: same members, types, codes and fault texts; values of a site's
 * own making aside. */
#define _GNU_SOURCE
#include "test_service_world.h"

#include "base/buf.h"
#include "base/mem.h"
#include "format/xmlrpc.h"
#include "lab/pyrepr.h"

#include <criterion/criterion.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

/* What a site makes up itself: types are compared, values not. */
static const char *const own_members[] = {"mac", "uuid", "eid_uuid", "keyhash",
	"eventkey", "idx", "exptidx", "interface_type", "current_speed",
	"pid_idx", "gid_idx", "fullosid", "rsrcidx", "eventstatus", "port",
	"card", "sshrsa_v2", "free", "actual_nodes", NULL};
/* Members that come and go. */
static const char *const optional_members[] = {"idle", "load_1min", "load_5min",
	"load_15min", "sshrsa_v1", "sshdsa_v2", NULL};
/* Lists whose order is the database's whim. */
static const char *const unordered_members[] = {"lans", NULL};

static bool in_list(const char *const *list, const char *name)
{
	for (; name && *list; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

struct rule {
	const char *pattern, *by;
};

/* Texts of a site's own making inside longer ones. */
static const struct rule own_texts[] = {
	{"<DateTime '[^']*' at [0-9a-f]*>", "D"},
	{"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "U"},
	{"'(idx|exptidx|pid_idx|gid_idx|fullosid)': [0-9]+", "I"},
	{"'actual_nodes': [0-9]+", "A"}, {"'free': (True|False)", "F"},
	{"'(sshrsa_v2)': '[^']*'", "K"},
	{"'(sshrsa_v1|sshdsa_v2)': '[^']*'", ""},
	{"([0-9a-f]{2}:){5}[0-9a-f]{2} *", "M "},
	{"[0-9]+/[0-9]+ (<-> [0-9]+/[0-9]+ +|eth[0-9]+ +)?(cisco|procurve)"
	 "[0-9]+ *([0-9]+/[0-9]+ *)?",
		"P "},
	{"(pc|d)[0-9]+(-[0-9]+)? +|pc[0-9]+|d710", "PC "},
	{"198\\.18\\.[0-9]+\\.[0-9]+", "C"},
	{"/var/tmp/php[0-9A-Za-z_]+", "/var/tmp/T"},
	{"[0-9]+\\.ns\" line [0-9]+", "N"},
	{"parse.tcl\" line [0-9]+", "parse.tcl"},
	{"<(idx|exptidx|pid_idx|gid_idx|keyhash|eventkey)>[^<]*<", "<"},
	{NULL, NULL}};

enum { N_RULES = sizeof(own_texts) / sizeof(own_texts[0]) - 1 };

struct rules {
	regex_t re[N_RULES];
};

static void rules_init(struct rules *r)
{
	for (size_t i = 0; i < N_RULES; i++)
		cr_assert_eq(
			regcomp(&r->re[i], own_texts[i].pattern, REG_EXTENDED),
			0);
}

static void rules_release(struct rules *r)
{
	for (size_t i = 0; i < N_RULES; i++)
		regfree(&r->re[i]);
}

/* One rule on one piece of text. */
static void apply_rule(
	const regex_t *re, const char *by, const char *at, struct buf *out)
{
	regmatch_t m[1];
	int flags = 0;

	while (*at && regexec(re, at, 1, m, flags) == 0 && m[0].rm_eo > 0) {
		buf_add(out, at, (size_t)m[0].rm_so);
		buf_adds(out, by);
		at += m[0].rm_eo;
		flags = REG_NOTBOL;
	}
	buf_adds(out, at);
}

/* Line by line, and lists piece by piece: long texts make regexec slow. */
static char *replace_all(struct rules *r, const char *text)
{
	struct buf all = BUF_INIT(16 << 20), a = BUF_INIT(1 << 20),
		   b = BUF_INIT(1 << 20);
	char *result;

	while (*text) {
		size_t n = strcspn(text, "\n,");

		n += text[n] != '\0';
		buf_reset(&a);
		buf_add(&a, text, n);
		for (size_t i = 0; i < N_RULES; i++) {
			struct buf swap = a;

			buf_reset(&b);
			apply_rule(&r->re[i], own_texts[i].by, buf_str(&a), &b);
			a = b;
			b = swap;
		}
		buf_adds(&all, buf_str(&a));
		text += n;
	}
	result = mem_strdup(buf_str(&all));
	buf_release(&all);
	buf_release(&a);
	buf_release(&b);
	return result;
}

static int by_text(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* The pieces between such characters, sorted: order is no matter. */
static char *sorted_pieces(const char *text, const char *between)
{
	struct buf out = BUF_INIT(16 << 20);
	char *copy = mem_strdup(text), *save = NULL, *result;
	const char **pieces = mem_zalloc(strlen(text) + 1, sizeof(*pieces));
	size_t n = 0;

	for (char *p = strtok_r(copy, between, &save); p;
		p = strtok_r(NULL, between, &save)) {
		p += strspn(p, " ");
		if (*p)
			pieces[n++] = p;
	}
	qsort(pieces, n, sizeof(*pieces), by_text);
	for (size_t i = 0; i < n; i++)
		buf_addf(&out, "%s\n", pieces[i]);
	result = mem_strdup(buf_str(&out));
	buf_release(&out);
	free(copy);
	free(pieces);
	return result;
}

static void canonical(struct rules *r, const struct value *v, const char *name,
	struct buf *out);

static void canonical_struct(
	struct rules *r, const struct value *v, struct buf *out)
{
	char **lines = mem_zalloc(v->n + 1, sizeof(*lines));
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++) {
		struct buf line = BUF_INIT(16 << 20);
		char *key;

		if (in_list(optional_members, v->names[i]))
			continue;
		key = replace_all(r, v->names[i]);
		buf_addf(&line, "%s=", key);
		free(key);
		canonical(r, v->items[i], v->names[i], &line);
		lines[n++] = mem_strdup(buf_str(&line));
		buf_release(&line);
	}
	qsort(lines, n, sizeof(*lines), by_text);
	buf_adds(out, "{\n");
	for (size_t i = 0; i < n; i++) {
		buf_addf(out, "%s\n", lines[i]);
		free(lines[i]);
	}
	buf_adds(out, "}");
	free(lines);
}

static void canonical_array(struct rules *r, const struct value *v,
	const char *name, struct buf *out)
{
	char **lines = mem_zalloc(v->n + 1, sizeof(*lines));

	for (size_t i = 0; i < v->n; i++) {
		struct buf line = BUF_INIT(16 << 20);

		canonical(r, v->items[i], NULL, &line);
		lines[i] = mem_strdup(buf_str(&line));
		buf_release(&line);
	}
	if (in_list(unordered_members, name))
		qsort(lines, v->n, sizeof(*lines), by_text);
	buf_adds(out, "[\n");
	for (size_t i = 0; i < v->n; i++) {
		buf_addf(out, "%s\n", lines[i]);
		free(lines[i]);
	}
	buf_adds(out, "]");
	free(lines);
}

static void canonical(struct rules *r, const struct value *v, const char *name,
	struct buf *out)
{
	bool own = in_list(own_members, name);
	char *text;

	buf_addf(out, "%s ", pyrepr_type(v));
	if (v->kind == VALUE_STRUCT) {
		canonical_struct(r, v, out);
	} else if (v->kind == VALUE_ARRAY) {
		canonical_array(r, v, name, out);
	} else if (v->kind == VALUE_STRING && !own) {
		text = replace_all(r, v->text);
		if (strncmp(text, "<?xml", 5) == 0) {
			char *pieces = sorted_pieces(text, "<>\n");

			buf_adds(out, pieces);
			free(pieces);
		} else {
			buf_adds(out, text);
		}
		free(text);
	} else if (v->kind != VALUE_TIME && v->kind != VALUE_BASE64 && !own) {
		pyrepr_value(v, out);
	}
}

/* Where two texts part: false, and the places shown. */
static bool same(const char *a, const char *b, const char *what, struct buf *d)
{
	size_t i = 0, from;

	while (a[i] && a[i] == b[i])
		i++;
	if (a[i] == b[i])
		return true;
	from = i;
	while (from > 0 && a[from - 1] != '\n' && i - from < 60)
		from--;
	buf_addf(d, "%s\n      recorded: %.120s\n      ours:     %.120s\n",
		what, a + from, b + from);
	return false;
}

/* One member whose name and value stand for all the others. */
static const struct value *one_of(const struct value *v)
{
	return v && v->kind == VALUE_STRUCT && v->n > 0 ? v->items[0] : v;
}

static bool same_value(struct rules *r, const char *method,
	const struct value *a, const struct value *b, struct buf *d)
{
	struct buf x cleanup(buf_release) = BUF_INIT(16 << 20);
	struct buf y cleanup(buf_release) = BUF_INIT(16 << 20);
	const char *name = NULL;

	if (strcmp(method, "node.available") == 0 ||
		strcmp(method, "user.nodecount") == 0) {
		if (a->kind == b->kind)
			return true;
		buf_adds(d, "kind of value\n");
		return false;
	}
	if (strcmp(method, "osid.getlist") == 0) { /* its own images */
		a = one_of(a);
		b = one_of(b);
		return same(pyrepr_type(a), pyrepr_type(b), "value", d) &&
		       a->n == b->n;
	}
	if (strcmp(method, "experiment.event_agentlist") == 0)
		name = "lans"; /* in no order either */
	canonical(r, a, name, &x);
	canonical(r, b, name, &y);
	return same(buf_str(&x), buf_str(&y), "value", d);
}

static bool same_output(struct rules *r, const char *method,
	const struct value *a, const struct value *b, struct buf *d)
{
	char *x, *y;
	bool ok;

	if (strcmp(method, "node.available") == 0 ||
		strcmp(method, "user.nodecount") == 0)
		return b->text[0] >= '0' && b->text[0] <= '9';
	x = replace_all(r, a->text);
	y = replace_all(r, b->text);
	if (x[0] == '{' || x[0] == '[') {
		char *p = sorted_pieces(x, "{}[](),");
		char *q = sorted_pieces(y, "{}[](),");

		ok = same(p, q, "output", d);
		free(p);
		free(q);
	} else {
		ok = same(x, y, "output", d);
	}
	free(x);
	free(y);
	return ok;
}

static bool same_answer(struct rules *r, const char *method,
	const struct xmlrpc_response *a, const struct xmlrpc_response *b,
	struct buf *d)
{
	if (a->fault || b->fault)
		return same(a->fault ? a->fault_text : "no fault",
			b->fault ? b->fault_text : "no fault", "fault", d);
	return same_value(r, method, value_get(a->value, "code"),
		       value_get(b->value, "code"), d) &&
	       same_value(r, method, value_get(a->value, "value"),
		       value_get(b->value, "value"), d) &&
	       same_output(r, method, value_get(a->value, "output"),
		       value_get(b->value, "output"), d);
}

/* The recorded situation of these is not to be had here. */
static const struct {
	const char *prefix, *why;
} beyond[] = {
	{"big200-", "its NS text was not recorded"},
	{"err-statewait-noevents", "that server had no event system"},
};

static const char *why_not(const char *name)
{
	for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++)
		if (strncmp(name, beyond[i].prefix, strlen(beyond[i].prefix)) ==
			0)
			return beyond[i].why;
	return NULL;
}

struct tally {
	int asked, alike, exact, beyond;
	struct rules rules;
};

static void ask(
	struct world *w, const char *name, const char *caller, struct tally *t)
{
	struct buf d cleanup(buf_release) = BUF_INIT(1 << 20);
	struct xmlrpc_response a = {0}, b = {0};
	struct xmlrpc_request rq = {0};
	size_t len, n;
	char *request = world_file(REPLIES, name, ".request.xml", &n);
	char *recorded = world_file(REPLIES, name, ".response.xml", &len);
	char *ours = NULL;

	if (!request || !recorded)
		goto out;
	free(w->site->nologins);
	w->site->nologins =
		strncmp(name, "nologins-", 9) == 0 ||
				strcmp(name, "message") == 0
			? mem_strdup("The testbed is down until 14:00 for "
				     "maintenance.")
			: NULL;
	t->asked++;
	ours = world_call(w, caller, request, n);
	t->exact += strcmp(ours, recorded) == 0;
	if (xmlrpc_parse_request(request, n, &rq, NULL) < 0 || !rq.method)
		rq.method = mem_strdup("");
	if (strcmp(ours, recorded) == 0) {
		t->alike++;
	} else if (xmlrpc_parse_response(ours, strlen(ours), &b, NULL) < 0 ||
		   xmlrpc_parse_response(recorded, len, &a, NULL) < 0) {
		buf_adds(&d, "cannot be read\n");
	} else if (same_answer(&t->rules, rq.method, &a, &b, &d)) {
		t->alike++;
	}
	if (d.len > 0 && why_not(name))
		t->beyond++;
	if (d.len > 0)
		fprintf(stderr, "  %s %s: %s",
			why_not(name) ? "(not here)" : "DIFFERS", name,
			why_not(name) ? why_not(name) : buf_str(&d));
	if (d.len > 0 && why_not(name))
		fputc('\n', stderr);
out:
	xmlrpc_request_release(&rq);
	xmlrpc_response_release(&a);
	xmlrpc_response_release(&b);
	free(request);
	free(recorded);
	free(ours);
}

/* The index names caller and file of every exchange: | file | method | caller */
Test(service_recordings, answers_as_recorded, .timeout = 120)
{
	struct world *w = world_new(1000);
	struct tally t = {0};
	char *index, *save = NULL;

	if (!w)
		return;
	rules_init(&t.rules);
	w->site->message =
		mem_strdup("The testbed is down until 14:00 for maintenance.");
	index = world_file(REPLIES, "INDEX.md", "", NULL);
	for (char *line = strtok_r(index, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save)) {
		char name[64], method[64], caller[16];

		if (sscanf(line, "| %63[^ |] | %63[^ |] | %15[^ |] |", name,
			    method, caller) == 3 &&
			world_user(w, caller))
			ask(w, name, caller, &t);
	}
	free(index);
	fprintf(stderr,
		"[ recorded exchanges ] %d asked, %d alike (%d to the byte), "
		"%d not to be had here\n",
		t.asked, t.alike, t.exact, t.beyond);
	world_free(w);
	rules_release(&t.rules);
	cr_assert_gt(t.asked, 190);
	cr_assert_eq(t.alike + t.beyond, t.asked);
}
