/* Tables and sentences for those without JavaScript, and for those who want
 * to know how it was measured. */
#include "base/mem.h"
#include "report/page_parts.h"
#include "report/text.h"
#include "report/words.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 50 };

static void open_table(struct buf *out, const char *title, const char *heads)
{
	buf_addf(out, "<h3>%s</h3><table><thead><tr>", title);
	while (*heads) {
		size_t n = strcspn(heads, "|");

		buf_addf(out,
			*heads == '>' ? "<th class=\"n\">%.*s</th>"
				      : "<th>%.*s</th>",
			(int)n - (*heads == '>'), heads + (*heads == '>'));
		heads += n + (heads[n] == '|');
	}
	buf_adds(out, "</tr></thead><tbody>");
}

static void close_table(struct buf *out)
{
	buf_adds(out, "</tbody></table>\n");
}

static void cell(struct buf *out, const char *text)
{
	buf_adds(out, "<td>");
	text_xml(out, text);
	buf_adds(out, "</td>");
}

static void number(struct buf *out, const char *text)
{
	buf_addf(out, "<td class=\"n\">%s</td>", text);
}

static void count(struct buf *out, uint64_t n)
{
	char text[WORDS];

	number(out, n == FACTS_UNKNOWN ? "unknown" : words_count(n, text));
}

static void sums(struct buf *out, const struct facts_sums *s)
{
	count(out, s->flows);
	count(out, s->packets);
	count(out, s->bytes);
}

static void links_table(const struct facts *f, struct buf *out)
{
	open_table(out, "Links",
		"Link|Members|>Flows|>Packets|>Bytes|Not seen because");
	for (size_t i = 0; i < f->n_links; i++) {
		const struct facts_link *l = &f->links[i];

		buf_adds(out, "<tr>");
		cell(out, l->name);
		buf_adds(out, "<td>");
		for (size_t k = 0; k < l->n_members; k++) {
			buf_adds(out, k ? " " : "");
			text_xml(out, l->members[k] ? l->members[k] : "?");
		}
		buf_adds(out, "</td>");
		sums(out, &l->all);
		cell(out, l->gap ? l->gap : "");
		buf_adds(out, "</tr>");
	}
	close_table(out);
}

static void protocols_table(const struct facts *f, struct buf *out)
{
	char text[8];

	open_table(out, "Protocols", "Protocol|>Flows|>Packets|>Bytes");
	for (size_t i = 0; i < f->n_protos; i++) {
		buf_adds(out, "<tr>");
		cell(out, facts_proto(f->protos[i].proto, text));
		sums(out, &f->protos[i].all);
		buf_adds(out, "</tr>");
	}
	close_table(out);
}

static void talkers_table(const struct facts *f, struct buf *out)
{
	char text[8];

	open_table(
		out, "Top talkers", "From|To|Protocol|>Flows|>Packets|>Bytes");
	for (size_t i = 0; i < f->n_groups && i < ROWS; i++) {
		const struct facts_group *g = &f->groups[i];

		buf_adds(out, "<tr>");
		cell(out, facts_end(f, g->src));
		cell(out, facts_end(f, g->dst));
		cell(out, facts_proto(g->proto, text));
		sums(out, &g->all);
		buf_adds(out, "</tr>");
	}
	close_table(out);
}

static void end_cell(struct buf *out, const struct facts *f, int end,
	const char *addr, int port)
{
	buf_adds(out, "<td>");
	text_xml(out,
		end >= 0 && f->ends[end].is_node ? f->ends[end].name : addr);
	if (port > 0)
		buf_addf(out, ":%d", port);
	buf_adds(out, "</td>");
}

static void flows_table(const struct facts *f, struct buf *out)
{
	char text[WORDS];

	open_table(out, "Largest flows",
		"First|>Duration|Protocol|Source|Destination|>Packets|>Bytes|"
		"Packets on each link of its path");
	for (size_t i = 0; i < f->n_rows && i < ROWS; i++) {
		const struct facts_row *r = &f->rows[i];

		buf_adds(out, "<tr>");
		cell(out, words_moment(f, r->first_ms, text));
		number(out, words_span(r->last_ms - r->first_ms, text));
		cell(out, facts_proto(r->proto, text));
		end_cell(out, f, r->src_end, r->src, r->sport);
		end_cell(out, f, r->dst_end, r->dst, r->dport);
		count(out, r->packets);
		count(out, r->bytes);
		buf_adds(out, "<td>");
		for (size_t k = 0; k < r->n_hops; k++) {
			text_xml(out, f->links[r->hops[k].link].name);
			buf_addf(out, " %s ",
				words_count(r->hops[k].packets, text));
		}
		buf_adds(out, "</td></tr>");
	}
	close_table(out);
}

static void ledger_row(struct buf *out, const char *what, uint64_t n)
{
	buf_adds(out, "<tr>");
	cell(out, what);
	count(out, n);
	buf_adds(out, "</tr>");
}

static void ledger_table(const struct facts *f, struct buf *out)
{
	open_table(out, "Accounting", "What|>Number");
	ledger_row(out, "frames on watched links", f->wire);
	ledger_row(out, "of them IP", f->ip);
	ledger_row(out, "not IP", f->non_ip);
	ledger_row(out, "ours, or counted elsewhere", f->excluded);
	ledger_row(out, "lost", f->lost_frames);
	ledger_row(out, "packets metered", f->metered);
	ledger_row(out, "packets in stored records", f->stored);
	ledger_row(out, "records sent by probes", f->records_sent);
	ledger_row(out, "records stored", f->records_stored);
	close_table(out);
}

static void probes_table(const struct facts *f, struct buf *out)
{
	open_table(out, "Probes", "Node|Links|>Packets|>Frames lost");
	for (size_t i = 0; i < f->n_probes; i++) {
		const struct facts_probe *p = &f->probes[i];

		buf_adds(out, "<tr>");
		cell(out, p->node);
		buf_adds(out, "<td>");
		for (size_t k = 0; k < p->n_taps; k++) {
			buf_adds(out, k ? " " : "");
			text_xml(out, p->taps[k].link);
		}
		buf_adds(out, "</td>");
		count(out, p->packets);
		count(out, p->lost);
		buf_adds(out, "</tr>");
	}
	close_table(out);
}

static void events_table(const struct facts *f, struct buf *out)
{
	char text[WORDS];

	if (!f->n_events)
		return;
	open_table(out, "Marks and events", "Time|What");
	for (size_t i = 0; i < f->n_events; i++) {
		buf_adds(out, "<tr>");
		cell(out, words_moment(f, f->events[i].at_ms, text));
		cell(out, f->events[i].text);
		buf_adds(out, "</tr>");
	}
	close_table(out);
}

void page_tables(const struct page *p, struct buf *out)
{
	buf_adds(out, "<p>With JavaScript this page has charts; these are its "
		      "figures.</p>");
	events_table(p->facts, out);
	links_table(p->facts, out);
	protocols_table(p->facts, out);
	talkers_table(p->facts, out);
	flows_table(p->facts, out);
	if (!p->facts->n_probes)
		return;
	ledger_table(p->facts, out);
	probes_table(p->facts, out);
}

void page_findings(const struct findings *f, struct buf *out)
{
	static const char *const classes[] = {"bad", "warn", "note", "good"};

	for (size_t i = 0; i < f->n; i++) {
		buf_addf(out, "<li class=\"%s\"><b>%s</b>",
			classes[f->all[i].level],
			finding_level_name(f->all[i].level));
		text_xml(out, f->all[i].text);
		buf_adds(out, "</li>\n");
	}
}

void page_subtitle(const struct page *p, struct buf *out)
{
	const struct facts *f = p->facts;
	char from[WORDS], to[WORDS], span[WORDS];
	double end = f->begin_ms + (double)f->n_buckets * (double)f->bucket_ms;

	if (!f->first) {
		buf_adds(out, "nothing recorded");
		return;
	}
	text_xml(out, f->mode ? f->mode : "");
	buf_addf(out, "%s%.10s, %s – %s UTC (%s)", f->mode ? ", " : "",
		f->first, words_clock(f->begin_ms, from),
		words_moment(f, end, to), words_span(end - f->begin_ms, span));
	if (f->filter && *f->filter) {
		buf_adds(out, ", filter: ");
		text_xml(out, f->filter);
	}
	if (p->refresh_ms)
		return;
	buf_adds(out, "; made ");
	if (p->user && *p->user && !p->anonymised) {
		buf_adds(out, "by ");
		text_xml(out, p->user);
		buf_addc(out, ' ');
	}
	buf_addf(out, "with netflowize %s", p->version);
	if (f->plan)
		buf_addf(out, ", plan %.16s", f->plan);
}

static void method_counting(const struct facts *f, struct buf *out)
{
	if (!f->n_probes)
		buf_adds(out,
			"<p>No probe of ours took part: these records are what "
			"others told. What they did not see, sampled or lost "
			"is not known here.</p>");
	else
		buf_addf(out,
			"<p>Every IP packet that a watched link carried is in "
			"a flow record%s. A flow seen by several probes counts "
			"once, as the probe nearest its source saw it; its "
			"path is the walk of the links it was seen on. Numbers "
			"of links are what that link carried.</p>",
			f->estimated ? "; where packets were sampled, or how "
				       "super-frames are cut is not told, its "
				       "numbers are estimates"
				     : "; there is no sampling");
}

void page_method(const struct page *p, struct buf *out)
{
	const struct facts *f = p->facts;
	char n[WORDS], topology[65];

	plan_digest(p->topology, topology);
	method_counting(f, out);
	buf_addf(out,
		"<p>Bytes are those of IP packets. Rates are means over pieces "
		"of %s; a record's packets are spread evenly over its time. "
		"Times are UTC, by the nodes' clocks corrected with the "
		"measured offsets.</p>",
		words_span((double)f->bucket_ms, n));
	buf_adds(out,
		"<p>What no probe sees is unknown and not drawn as 0: such "
		"links are dashed. Capacities are those of the experiment's "
		"description; where it has none, none is shown.</p>");
	if (p->anonymised)
		buf_adds(out,
			"<p>Addresses are not the real ones: others stand for "
			"them, of which any two have as long a prefix in "
			"common as those have. Names are as they were. A "
			"command with an address finds nothing.</p>");
	buf_adds(out, "<p>The same figures on the command line: <code>");
	text_xml(out, p->command);
	buf_adds(out,
		"</code> with <code>--by link</code>, <code>--by proto</code>, "
		"<code>--by src_node,dst_node</code>; the accounting: "
		"<code>status</code> and <code>verify</code>.</p><p>Made ");
	if (!p->refresh_ms) /* they go on counting */
		buf_addf(out, "from %s records ", words_count(f->records, n));
	buf_addf(out, "with netflowize %s", p->version);
	if (!p->refresh_ms && f->made)
		buf_addf(out, " at %s", f->made);
	buf_addf(out, ". Topology %.16s.</p>", topology);
	buf_adds(out, "<p>To cite: netflowize, flow report of ");
	text_xml(out, f->experiment ? f->experiment
		      : p->name     ? p->name
				    : "a network");
	if (f->first)
		buf_addf(out, ", %.10s", f->first);
	buf_addf(out, ", version %s.</p>", p->version);
}
