/* The template with its places filled in.
 *
 * Names reach the document in two ways: as text, with <, >, & and quotes
 * escaped, and within JSON, where every < is written as \u003c, so that no
 * name can end the script element.  Scripts and style are allowed by their
 * hash alone. */
#include "report/page.h"
#include "base/mem.h"
#include "format/base64.h"
#include "format/crypto.h"
#include "format/jsonw.h"
#include "report/netmap.h"
#include "report/page_parts.h"
#include "report/text.h"
#include "topology/topofile.h"

#include <stdio.h>
#include <string.h>

static void add_hash(struct buf *out, const char *const *texts)
{
	struct crypto_sha256 sha;
	uint8_t digest[CRYPTO_SHA256];

	crypto_sha256_init(&sha);
	for (size_t i = 0; texts[i]; i++)
		crypto_sha256_add(&sha, texts[i], strlen(texts[i]));
	crypto_sha256_end(&sha, digest);
	buf_adds(out, "'sha256-");
	base64_encode(digest, sizeof(digest), 0, out);
	buf_addc(out, '\'');
}

void page_policy(const struct page *p, struct buf *out)
{
	const char *const style[] = {page_style(), NULL};

	buf_adds(out, "default-src 'none'; script-src ");
	for (size_t i = 0; page_scripts[i]; i++) {
		const char *const one[] = {page_scripts[i], NULL};

		add_hash(out, one);
		buf_addc(out, ' ');
	}
	buf_adds(out, "; style-src ");
	add_hash(out, style);
	buf_adds(out, p->refresh_ms ? "; connect-src 'self'" : "");
	buf_adds(out, "; base-uri 'none'; form-action 'none'");
}

/* JSON is UTF-8 and holds < in strings only. */
static void add_json(struct buf *out, const char *json, size_t len)
{
	const char *end = json + len;

	while (json < end) {
		const char *stop = memchr(json, '<', (size_t)(end - json));

		buf_add(out, json, (size_t)((stop ? stop : end) - json));
		if (!stop)
			return;
		buf_adds(out, "\\u003c");
		json = stop + 1;
	}
}

static void put_capacity(struct jsonw *w, const struct page *p)
{
	const struct facts *f = p->facts;

	jsonw_key(w, "capacity"); /* bits a second, of each member */
	jsonw_array(w);
	for (size_t i = 0; i < f->n_links; i++) {
		jsonw_array(w);
		for (size_t s = 0; s < f->links[i].n_members; s++)
			jsonw_fixed(w,
				facts_capacity(&f->links[i], p->topology, s),
				0);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void put_findings(struct jsonw *w, const struct findings *all)
{
	jsonw_key(w, "findings");
	jsonw_array(w);
	for (size_t i = 0; i < all->n; i++) {
		jsonw_object(w);
		jsonw_put(w, "level", finding_level_name(all->all[i].level));
		jsonw_put(w, "text", all->all[i].text);
		jsonw_put_optional(w, "filter", all->all[i].filter);
		jsonw_end(w);
	}
	jsonw_end(w);
}

/* The summary is put in as the text it is. */
static void print_data(const struct page *p, const struct findings *findings,
	const struct netmap *map, struct buf *out)
{
	struct buf head = BUF_INIT((size_t)64 << 20);
	struct jsonw w;
	size_t len = p->summary_len;

	jsonw_init(&w, &head, JSONW_COMPACT);
	jsonw_object(&w);
	jsonw_put(&w, "schema", "netflowize.page/1");
	jsonw_put(&w, "version", p->version);
	jsonw_put(&w, "command", p->command);
	jsonw_put(&w, "times", p->times ? p->times : "");
	jsonw_put(&w, "user", p->user ? p->user : "");
	jsonw_put_bool(&w, "live", p->refresh_ms > 0);
	jsonw_put_int(&w, "refresh_ms", p->refresh_ms);
	put_capacity(&w, p);
	put_findings(&w, findings);
	if (map) {
		jsonw_key(&w, "lines");
		netmap_print_lines(map, &w);
	}
	jsonw_end(&w);
	while (head.len && head.data[head.len - 1] != '}')
		head.len--;
	add_json(out, buf_str(&head), head.len ? head.len - 1 : 0);
	buf_adds(out, ",\"summary\":");
	while (len && p->summary[len - 1] == '\n')
		len--;
	add_json(out, p->summary, len);
	buf_addc(out, '}');
	buf_release(&head);
}

static void print_key(struct buf *out)
{
	static const char *const words[] = {
		"idle", "≤ 10 %", "≤ 25 %", "≤ 50 %", "≤ 80 %", "> 80 %"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		buf_addf(out,
			"<li><svg viewBox=\"0 0 22 12\" aria-hidden=\"true\">"
			"<path class=\"k u%zu\" d=\"M0 6H22\"/></svg>%s</li>",
			i, words[i]);
	buf_adds(out, "<li>of the capacity, each direction on its sender's "
		      "half, when it was highest</li>");
}

static const char live_bar[] =
	"<label>Last <select id=\"live-last\" aria-label=\"Time shown\">"
	"<option>1m</option><option selected>5m</option><option>15m</option>"
	"<option>1h</option><option value=\"all\">all</option></select>"
	"</label>\n<button id=\"live-pause\" aria-pressed=\"false\">Pause"
	"</button>";

struct filling {
	const struct page *page;
	const struct picture *picture;
	const struct netmap *map;
	const struct findings *findings;
};

static void fill_in(const struct filling *f, const char *name, struct buf *out)
{
	const struct page *p = f->page;

	if (strcmp(name, "title") == 0)
		text_xml(out, f->picture->title);
	else if (strcmp(name, "subtitle") == 0)
		page_subtitle(p, out);
	else if (strcmp(name, "live-bar") == 0)
		buf_adds(out, p->refresh_ms ? live_bar : "");
	else if (strcmp(name, "findings") == 0)
		page_findings(f->findings, out);
	else if (strcmp(name, "map") == 0)
		netmap_print_svg(f->map, out);
	else if (strcmp(name, "mapkey") == 0)
		print_key(out);
	else if (strcmp(name, "tables") == 0)
		page_tables(p, out);
	else if (strcmp(name, "method") == 0)
		page_method(p, out);
	else if (strcmp(name, "footer") == 0)
		buf_addf(out,
			"netflowize %s. This page makes no request to "
			"any network.",
			p->version);
}

static void print_body(const struct filling *f, struct buf *out)
{
	const char *at = page_template();

	for (;;) {
		const char *mark = strstr(at, "<!--"), *end;
		char name[32];

		end = mark ? strstr(mark, "-->") : NULL;
		if (!end)
			break;
		buf_add(out, at, (size_t)(mark - at));
		snprintf(name, sizeof(name), "%.*s", (int)(end - mark - 4),
			mark + 4);
		fill_in(f, name, out);
		at = end + 3;
	}
	buf_adds(out, at);
}

static void print_head(const struct filling *f, struct buf *out)
{
	buf_adds(out,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
		"<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, "
		"initial-scale=1\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"");
	page_policy(f->page, out);
	buf_adds(out, "\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
		      "<title>");
	text_xml(out, f->picture->title);
	buf_adds(out, " – netflowize</title>\n<style>");
	buf_adds(out, page_style());
	buf_adds(out, "</style>\n</head>\n<body>\n");
}

/* So that it can be opened again (page_read.h).  Its addresses would tell who
 * the others are. */
static void print_topology(const struct page *p, struct buf *out)
{
	struct buf text = BUF_INIT((size_t)256 << 20);

	if (p->anonymised || p->refresh_ms)
		return;
	topofile_print(p->topology, &text);
	buf_adds(out, "<script type=\"application/json\" id=\"topology\">");
	add_json(out, buf_str(&text), text.len);
	buf_adds(out, "</script>\n");
	buf_release(&text);
}

static void print_document(const struct filling *f, struct buf *out)
{
	print_head(f, out);
	print_body(f, out);
	buf_adds(out, "<script type=\"application/json\" id=\"data\">");
	print_data(f->page, f->findings, f->map, out);
	buf_adds(out, "</script>\n");
	print_topology(f->page, out);
	for (size_t i = 0; page_scripts[i]; i++) {
		buf_adds(out, "<script>");
		buf_adds(out, page_scripts[i]);
		buf_adds(out, "</script>\n");
	}
	buf_adds(out, "</body>\n</html>\n");
}

int page_print(const struct page *p, struct buf *out, struct err *err)
{
	struct plan *plan = facts_plan(p->facts, p->topology);
	cleanup(picture_free_at) struct picture *picture = NULL;
	cleanup(netmap_free_at) struct netmap *map = NULL;
	struct findings findings;
	char name[300];
	int r;

	snprintf(name, sizeof(name), "%.100s%s%.100s",
		p->facts->project ? p->facts->project : "",
		p->facts->project ? "/" : "",
		p->facts->experiment ? p->facts->experiment : "");
	r = picture_new(
		p->topology, plan, *name ? name : p->name, &picture, err);

	if (r == 0) {
		map = netmap_new(picture, p->facts, p->topology);
		findings_make(p->facts, p->topology, &findings);
		print_document(
			&(struct filling){p, picture, map, &findings}, out);
		findings_release(&findings);
	}
	if (r == 0 && !buf_ok(out))
		r = err_set(err, NFZ_E_LIMIT, "the page is larger than %zu MiB",
			out->max >> 20);
	netmap_free(take(map));
	picture_free(take(picture));
	plan_free(plan);
	return r;
}

int page_print_data(const struct page *p, struct buf *out, struct err *err)
{
	struct findings findings;

	findings_make(p->facts, p->topology, &findings);
	print_data(p, &findings, NULL, out);
	findings_release(&findings);
	return buf_ok(out) ? 0
			   : err_set(err, NFZ_E_LIMIT,
				     "the data is larger than %zu MiB",
				     out->max >> 20);
}
