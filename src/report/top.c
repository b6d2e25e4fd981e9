/* Every cell is cut to its column, names in their middle; what a name holds
 * beyond printable characters is shown as "?", so that no name can steer the
 * terminal. */
#include "report/top.h"
#include "base/mem.h"
#include "report/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 1024, BAR = 8, HEAD_LINES = 3 };

const char *const top_screen_names[] = {
	"links", "flows", "hosts", "probes", NULL};

static const char keys[] =
	"[l]inks [f]lows [h]osts [p]robes  sort [b]its [k]pkts  [/]find "
	"[ ]pause [q]uit";

struct row {
	double bits, packets;
	const char *text; /* the whole line */
};

struct frame {
	const struct top *top;
	const struct facts *f;
	const struct topology *t;
	struct arena arena;
	struct row *rows;
	size_t n, cap;
	double seconds; /* that are looked at */
	size_t from;    /* the first piece of time of them */
	const char *head;
};

size_t top_columns(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

/* At most `max` columns of text, the middle left out. */
static const char *cut(struct frame *fr, const char *text, size_t max)
{
	size_t n = strlen(text), keep;
	char *copy = arena_strdup(&fr->arena, text), *ret;

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)copy[i] < ' ' ||
			(unsigned char)copy[i] > '~')
			copy[i] = '?';
	if (n <= max)
		return copy;
	keep = max - 1;
	ret = arena_printf(&fr->arena, "%.*s~%s", (int)(keep - keep / 2), copy,
		copy + n - keep / 2);
	return ret;
}

static const char *bar(struct frame *fr, double share, bool known)
{
	const char *full = fr->top->ascii ? "#" : "█";
	const char *none = fr->top->ascii ? "." : "░";
	struct buf out = BUF_INIT(256);
	int n = (int)(share * BAR + 0.5);
	const char *ret;

	for (int i = 0; i < BAR; i++)
		buf_adds(&out, !known ? " " : i < n ? full : none);
	ret = arena_strdup(&fr->arena, buf_str(&out));
	buf_release(&out);
	return ret;
}

static void add(struct frame *fr, double bits, double packets, const char *fmt,
	...) NFZ_PRINTF(4, 5);
static void add(
	struct frame *fr, double bits, double packets, const char *fmt, ...)
{
	char text[LINE];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (fr->top->find && *fr->top->find && !strstr(text, fr->top->find))
		return;
	MEM_PUSH(fr->rows, fr->n, fr->cap) =
		(struct row){bits, packets, arena_strdup(&fr->arena, text)};
}

/* What of it falls into the window. */
static struct facts_sums within(
	const struct frame *fr, const struct facts_course *c)
{
	struct facts_sums sum = {0};

	for (size_t i = 0; i < c->n; i++) {
		if (c->pieces[i].at < fr->from)
			continue;
		sum.bytes += c->pieces[i].sum.bytes;
		sum.packets += c->pieces[i].sum.packets;
	}
	return sum;
}

static double rate(const struct frame *fr, uint64_t bytes)
{
	return fr->seconds > 0 ? (double)bytes * 8 / fr->seconds : 0;
}

static double each_second(const struct frame *fr, uint64_t n)
{
	return fr->seconds > 0 ? (double)n / fr->seconds : 0;
}

static void add_link(struct frame *fr, const struct facts_link *l)
{
	double most = 0, share, any = 0;
	const struct facts_sums all = within(fr, &l->course);
	uint64_t bytes[2] = {0, all.bytes};
	char ab[WORDS], ba[WORDS], util[WORDS] = "-", ends[300], packets[WORDS];

	if (!l->lan && l->n_members == 2) {
		bytes[0] = within(fr, &l->sides[0].course).bytes;
		bytes[1] = within(fr, &l->sides[1].course).bytes;
		snprintf(ends, sizeof(ends), "%.100s-%.100s",
			l->members[0] ? l->members[0] : "?",
			l->members[1] ? l->members[1] : "?");
	} else {
		snprintf(ends, sizeof(ends), "LAN of %zu", l->n_members);
	}
	if (l->gap && !l->all.packets) {
		add(fr, -1, -1, "%-10s %-18s not watched: %s",
			cut(fr, l->name, 10), cut(fr, ends, 18),
			cut(fr, l->gap, 60));
		return;
	}
	for (size_t s = 0; s < l->n_members; s++) {
		double c = facts_capacity(l, fr->t, s);
		uint64_t sent = within(fr, &l->sides[s].course).bytes;
		uint64_t got = within(fr, &l->sides[s].to_course).bytes;

		share = c > 0 ? rate(fr, sent > got ? sent : got) / c : 0;
		most = share > most ? share : most;
		any = c > any ? c : any;
	}
	if (most > 0 && most < 0.001)
		snprintf(util, sizeof(util), "<0.1 %%");
	else if (any > 0)
		words_percent(most, util);
	add(fr, rate(fr, bytes[0]) + rate(fr, bytes[1]),
		each_second(fr, all.packets),
		"%-10s %-18s %10s %10s %s %6s %9s", cut(fr, l->name, 10),
		cut(fr, ends, 18),
		l->lan ? "" : words_rate(rate(fr, bytes[0]), ab),
		words_rate(rate(fr, bytes[1]), ba), bar(fr, most, any > 0),
		util, words_si(each_second(fr, all.packets), "", packets));
}

static void list_links(struct frame *fr)
{
	fr->head =
		"LINK       ENDS                      A>B        B>A          "
		"  UTIL PACKETS/S";
	for (size_t i = 0; i < fr->f->n_links; i++)
		add_link(fr, &fr->f->links[i]);
}

static const char *endpoint(
	struct frame *fr, int end, const char *addr, int port)
{
	const char *name = end >= 0 && fr->f->ends[end].is_node
				   ? fr->f->ends[end].name
				   : addr;

	return port > 0 ? arena_printf(
				  &fr->arena, "%s:%d", cut(fr, name, 15), port)
			: cut(fr, name, 21);
}

static void list_flows(struct frame *fr)
{
	char bits[WORDS], packets[WORDS], proto[8];

	fr->head = "FLOW                                          PROTO      "
		   "BIT/S "
		   "PACKETS/S PATH";
	for (size_t i = 0; i < fr->f->n_rows; i++) {
		const struct facts_row *r = &fr->f->rows[i];
		double s = (r->last_ms - r->first_ms) / 1000;
		double begin = fr->f->begin_ms +
			       (double)fr->from * (double)fr->f->bucket_ms;
		struct buf path = BUF_INIT(512);

		if (r->last_ms < begin)
			continue;
		s = s < 1 ? 1 : s;
		for (size_t k = 0; k < r->n_hops; k++)
			buf_addf(&path, "%s%s", k ? " " : "",
				fr->f->links[r->hops[k].link].name);
		add(fr, (double)r->bytes * 8 / s, (double)r->packets / s,
			"%-21s > %-21s %-5s %10s %9s %s",
			endpoint(fr, r->src_end, r->src, r->sport),
			endpoint(fr, r->dst_end, r->dst, r->dport),
			facts_proto(r->proto, proto),
			words_rate((double)r->bytes * 8 / s, bits),
			words_si((double)r->packets / s, "", packets),
			cut(fr, buf_str(&path), 40));
		buf_release(&path);
	}
}

static void list_hosts(struct frame *fr)
{
	const struct facts *f = fr->f;
	cleanup_free struct facts_sums *out =
		mem_zalloc(f->n_ends + 1, sizeof(*out));
	cleanup_free struct facts_sums *in =
		mem_zalloc(f->n_ends + 1, sizeof(*in));
	char a[WORDS], b[WORDS], c[WORDS], d[WORDS];

	fr->head = "HOST                        SENT   RECEIVED  PACKETS SENT"
		   "  RECEIVED";
	for (size_t i = 0; i < f->n_groups; i++) {
		const struct facts_group *g = &f->groups[i];

		const struct facts_sums sum = within(fr, &g->course);

		if (g->src >= 0) {
			out[g->src].bytes += sum.bytes;
			out[g->src].packets += sum.packets;
		}
		if (g->dst >= 0) {
			in[g->dst].bytes += sum.bytes;
			in[g->dst].packets += sum.packets;
		}
	}
	for (size_t i = 0; i < f->n_ends; i++)
		add(fr, rate(fr, out[i].bytes + in[i].bytes),
			each_second(fr, out[i].packets + in[i].packets),
			"%-20s %11s %10s  %9s/s %9s/s",
			cut(fr, f->ends[i].name, 20),
			words_rate(rate(fr, out[i].bytes), a),
			words_rate(rate(fr, in[i].bytes), b),
			words_si(each_second(fr, out[i].packets), "", c),
			words_si(each_second(fr, in[i].packets), "", d));
}

static const char *counted(struct frame *fr, uint64_t n)
{
	char text[WORDS];

	return n == FACTS_UNKNOWN
		       ? "unknown"
		       : arena_strdup(&fr->arena, words_count(n, text));
}

static void list_probes(struct frame *fr)
{
	char cpu[WORDS];

	fr->head = "NODE           TAPS       PACKETS     LOST   CACHE     MAX "
		   "    CPU"
		   "     CLOCK";
	for (size_t i = 0; i < fr->f->n_probes; i++) {
		const struct facts_probe *p = &fr->f->probes[i];

		add(fr, (double)p->packets, (double)p->packets,
			"%-14s %4zu %13s %8s %7s %7s %7s %6.1f ms",
			cut(fr, p->node, 14), p->n_taps,
			counted(fr, p->packets), counted(fr, p->lost),
			counted(fr, p->flows_now), counted(fr, p->flows_max),
			p->cpu_us == FACTS_UNKNOWN
				? "unknown"
				: words_si((double)p->cpu_us / 1e6, "s", cpu),
			p->clock_ms);
	}
}

static int by_bits(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return (x->bits < y->bits) - (x->bits > y->bits);
}

static int by_packets(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return (x->packets < y->packets) - (x->packets > y->packets);
}

/* One line, cut to the width at a character's end. */
static void put(struct frame *fr, struct buf *out, const char *text)
{
	size_t at = 0;

	for (int n = 0; text[at]; at++) {
		n += (text[at] & 0xc0) != 0x80;
		if (n > fr->top->width)
			break;
	}
	buf_add(out, text, at);
	buf_addc(out, '\n');
}

static void print_title(struct frame *fr, struct buf *out)
{
	const struct facts *f = fr->f;
	char lost[WORDS], span[WORDS], bits[WORDS], text[LINE];
	uint64_t all = 0;
	const char *made = f->made ? strchr(f->made, 'T') : NULL;

	for (size_t i = 0; i < f->n_groups; i++)
		all += within(fr, &f->groups[i].course).bytes;
	snprintf(text, sizeof(text),
		"%s/%s  %.8s  %zu/%zu links  %s  lost %s  last %s%s",
		f->project ? cut(fr, f->project, 20) : "store",
		f->experiment ? cut(fr, f->experiment, 20) : "",
		made ? cut(fr, made + 1, 64) : "", f->n_covered, f->n_links,
		words_rate(rate(fr, all), bits),
		f->lost_frames == FACTS_UNKNOWN
			? "unknown"
			: words_count(f->lost_frames, lost),
		words_span(fr->seconds * 1000, span),
		fr->top->paused ? "  PAUSED" : "");
	put(fr, out, text);
	put(fr, out, keys);
}

void top_print(const struct top *top, const struct facts *f,
	const struct topology *t, struct buf *out)
{
	struct frame fr = {.top = top, .f = f, .t = t};
	size_t room =
		top->height > HEAD_LINES ? (size_t)top->height - HEAD_LINES : 0;
	size_t pieces = f->n_buckets;

	if (top->window_ms && (size_t)(top->window_ms / f->bucket_ms) < pieces)
		pieces = (size_t)(top->window_ms / f->bucket_ms);
	pieces = pieces == 0 && f->n_buckets ? 1 : pieces;
	fr.from = f->n_buckets - pieces;
	fr.seconds = (double)pieces * (double)f->bucket_ms / 1000;
	switch (top->screen) {
	case TOP_LINKS:
		list_links(&fr);
		break;
	case TOP_FLOWS:
		list_flows(&fr);
		break;
	case TOP_HOSTS:
		list_hosts(&fr);
		break;
	case TOP_PROBES:
		list_probes(&fr);
		break;
	}
	if (fr.n)
		qsort(fr.rows, fr.n, sizeof(*fr.rows),
			top->sort == TOP_BITS ? by_bits : by_packets);
	print_title(&fr, out);
	put(&fr, out, fr.head);
	for (size_t i = top->skip; i < fr.n && i - top->skip < room; i++)
		put(&fr, out, fr.rows[i].text);
	if (fr.n == 0)
		put(&fr, out, "  nothing here");
	free(fr.rows);
	arena_release(&fr.arena);
}
