/* Every cell is cut to its column, names in their middle; what a name holds
 * beyond printable characters is shown as "?", so that no name can steer the
 * terminal. */
#include "report/top.h"
#include "base/mem.h"
#include "report/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 1024, BAR = 8, HEAD_LINES = 3 };

const char *const top_screen_names[] = {
	"links", "flows", "hosts", "probes", NULL};
const char *const top_screen_parts[] = {"links", "flows", "groups", "probes"};

static const char keys[] =
	"[l]inks [f]lows [h]osts [p]robes  sort [b]its [k]pkts  [/]find "
	"[ ]pause [q]uit";

struct row {
	double bits, packets;
	size_t at; /* of the screen's list */
};

struct frame {
	const struct top *top;
	const struct facts *f;
	const struct topology *t;
	struct arena arena;
	struct row *rows;
	size_t n, cap;
	double seconds;              /* that are looked at */
	struct facts_sums *out, *in; /* of hosts */
};

/* A screen is a list.  Lines are only made of rows that are seen or searched:
 * of a thousand links, of a few. */
struct list {
	const char *head;
	size_t (*count)(struct frame *fr);
	/* false: not shown */
	bool (*measure)(struct frame *fr, size_t i, struct row *ret);
	const char *(*line)(struct frame *fr, size_t i);
};

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

/* Of all pieces of time. */
static struct facts_sums whole(const struct facts_course *c)
{
	struct facts_sums sum = {0};

	for (size_t i = 0; i < c->n; i++) {
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

/* Links ---------------------------------------------------------------- */

static bool has_two_ends(const struct facts_link *l)
{
	return !l->lan && l->n_members == 2;
}

static bool is_unwatched(const struct facts_link *l)
{
	return l->gap && !l->all.packets;
}

static size_t count_links(struct frame *fr)
{
	return fr->f->n_links;
}

static bool measure_link(struct frame *fr, size_t i, struct row *ret)
{
	const struct facts_link *l = &fr->f->links[i];
	const struct facts_sums all = whole(&l->course);

	ret->bits = is_unwatched(l) ? -1 : rate(fr, all.bytes);
	ret->packets = is_unwatched(l) ? -1 : each_second(fr, all.packets);
	return true;
}

/* The most of a direction's capacity that is used; false: no capacity is
 * known. */
static bool use_of(struct frame *fr, const struct facts_link *l, double *ret)
{
	bool known = false;

	*ret = 0;
	for (size_t s = 0; s < l->n_members; s++) {
		double c = facts_capacity(l, fr->t, s), share;
		uint64_t sent = whole(&l->sides[s].course).bytes;
		uint64_t got = whole(&l->sides[s].to_course).bytes;

		share = c > 0 ? rate(fr, sent > got ? sent : got) / c : 0;
		*ret = share > *ret ? share : *ret;
		known |= c > 0;
	}
	return known;
}

static const char *ends_of(struct frame *fr, const struct facts_link *l)
{
	if (!has_two_ends(l))
		return arena_printf(&fr->arena, "LAN of %zu", l->n_members);
	return arena_printf(&fr->arena, "%.100s-%.100s",
		l->members[0] ? l->members[0] : "?",
		l->members[1] ? l->members[1] : "?");
}

static const char *link_line(struct frame *fr, size_t i)
{
	const struct facts_link *l = &fr->f->links[i];
	const struct facts_sums all = whole(&l->course);
	uint64_t bytes[2] = {0, all.bytes};
	char ab[WORDS], ba[WORDS], util[WORDS] = "-", packets[WORDS];
	double most;
	bool known;

	if (is_unwatched(l))
		return arena_printf(&fr->arena, "%-10s %-18s not watched: %s",
			cut(fr, l->name, 10), cut(fr, ends_of(fr, l), 18),
			cut(fr, l->gap, 60));
	if (has_two_ends(l)) {
		bytes[0] = whole(&l->sides[0].course).bytes;
		bytes[1] = whole(&l->sides[1].course).bytes;
	}
	known = use_of(fr, l, &most);
	if (most > 0 && most < 0.001)
		snprintf(util, sizeof(util), "<0.1 %%");
	else if (known)
		words_percent(most, util);
	return arena_printf(&fr->arena, "%-10s %-18s %10s %10s %s %6s %9s",
		cut(fr, l->name, 10), cut(fr, ends_of(fr, l), 18),
		l->lan ? "" : words_rate(rate(fr, bytes[0]), ab),
		words_rate(rate(fr, bytes[1]), ba), bar(fr, most, known), util,
		words_si(each_second(fr, all.packets), "", packets));
}

/* Flows ---------------------------------------------------------------- */

static size_t count_flows(struct frame *fr)
{
	return fr->f->n_rows;
}

static double lasted_s(const struct facts_row *r)
{
	double s = (r->last_ms - r->first_ms) / 1000;

	return s < 1 ? 1 : s;
}

/* One that ended before the time looked at is not shown. */
static bool measure_flow(struct frame *fr, size_t i, struct row *ret)
{
	const struct facts_row *r = &fr->f->rows[i];

	ret->bits = (double)r->bytes * 8 / lasted_s(r);
	ret->packets = (double)r->packets / lasted_s(r);
	return r->last_ms >= fr->f->begin_ms;
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

static const char *flow_line(struct frame *fr, size_t i)
{
	const struct facts_row *r = &fr->f->rows[i];
	char bits[WORDS], packets[WORDS], proto[8];
	struct buf path = BUF_INIT(512);
	const char *ret;

	for (size_t k = 0; k < r->n_hops; k++)
		buf_addf(&path, "%s%s", k ? " " : "",
			fr->f->links[r->hops[k].link].name);
	ret = arena_printf(&fr->arena, "%-21s > %-21s %-5s %10s %9s %s",
		endpoint(fr, r->src_end, r->src, r->sport),
		endpoint(fr, r->dst_end, r->dst, r->dport),
		facts_proto(r->proto, proto),
		words_rate((double)r->bytes * 8 / lasted_s(r), bits),
		words_si((double)r->packets / lasted_s(r), "", packets),
		cut(fr, buf_str(&path), 40));
	buf_release(&path);
	return ret;
}

/* Hosts ---------------------------------------------------------------- */

static void add_sums(struct facts_sums *to, const struct facts_sums *sums)
{
	to->bytes += sums->bytes;
	to->packets += sums->packets;
}

static size_t count_hosts(struct frame *fr)
{
	const struct facts *f = fr->f;

	fr->out = arena_alloc(&fr->arena, f->n_ends + 1, sizeof(*fr->out));
	fr->in = arena_alloc(&fr->arena, f->n_ends + 1, sizeof(*fr->in));
	for (size_t i = 0; i < f->n_groups; i++) {
		const struct facts_group *g = &f->groups[i];
		const struct facts_sums sum = whole(&g->course);

		if (g->src >= 0)
			add_sums(&fr->out[g->src], &sum);
		if (g->dst >= 0)
			add_sums(&fr->in[g->dst], &sum);
	}
	return f->n_ends;
}

static bool measure_host(struct frame *fr, size_t i, struct row *ret)
{
	ret->bits = rate(fr, fr->out[i].bytes + fr->in[i].bytes);
	ret->packets = each_second(fr, fr->out[i].packets + fr->in[i].packets);
	return true;
}

static const char *host_line(struct frame *fr, size_t i)
{
	char a[WORDS], b[WORDS], c[WORDS], d[WORDS];

	return arena_printf(&fr->arena, "%-20s %11s %10s  %9s/s %9s/s",
		cut(fr, fr->f->ends[i].name, 20),
		words_rate(rate(fr, fr->out[i].bytes), a),
		words_rate(rate(fr, fr->in[i].bytes), b),
		words_si(each_second(fr, fr->out[i].packets), "", c),
		words_si(each_second(fr, fr->in[i].packets), "", d));
}

/* Probes --------------------------------------------------------------- */

static size_t count_probes(struct frame *fr)
{
	return fr->f->n_probes;
}

static bool measure_probe(struct frame *fr, size_t i, struct row *ret)
{
	ret->bits = ret->packets = (double)fr->f->probes[i].packets;
	return true;
}

static const char *counted(struct frame *fr, uint64_t n)
{
	char text[WORDS];

	return n == FACTS_UNKNOWN
		       ? "unknown"
		       : arena_strdup(&fr->arena, words_count(n, text));
}

static const char *probe_line(struct frame *fr, size_t i)
{
	const struct facts_probe *p = &fr->f->probes[i];
	char cpu[WORDS];

	return arena_printf(&fr->arena,
		"%-14s %4zu %13s %8s %7s %7s %7s %6.1f ms",
		cut(fr, p->node, 14), p->n_taps, counted(fr, p->packets),
		counted(fr, p->lost), counted(fr, p->flows_now),
		counted(fr, p->flows_max),
		p->cpu_us == FACTS_UNKNOWN
			? "unknown"
			: words_si((double)p->cpu_us / 1e6, "s", cpu),
		p->clock_ms);
}

static const struct list lists[] = {
	[TOP_LINKS] = {"LINK       ENDS                      A>B        B>A "
		       "           UTIL PACKETS/S",
		count_links, measure_link, link_line},
	[TOP_FLOWS] = {"FLOW                                          PROTO "
		       "     BIT/S PACKETS/S PATH",
		count_flows, measure_flow, flow_line},
	[TOP_HOSTS] = {"HOST                        SENT   RECEIVED  PACKETS "
		       "SENT  RECEIVED",
		count_hosts, measure_host, host_line},
	[TOP_PROBES] = {"NODE           TAPS       PACKETS     LOST   CACHE  "
			"   MAX     CPU     CLOCK",
		count_probes, measure_probe, probe_line},
};

static int by_bits(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->bits != y->bits)
		return x->bits < y->bits ? 1 : -1;
	return (x->at > y->at) - (x->at < y->at);
}

static int by_packets(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->packets != y->packets)
		return x->packets < y->packets ? 1 : -1;
	return by_bits(a, b);
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
	const char *made = f->made ? strchr(f->made, 'T') : NULL;

	snprintf(text, sizeof(text),
		"%s/%s  %.8s  %zu/%zu links  %s  unmetered %s  last %s%s",
		f->project ? cut(fr, f->project, 20) : "store",
		f->experiment ? cut(fr, f->experiment, 20) : "",
		made ? cut(fr, made + 1, 64) : "", f->n_covered, f->n_links,
		words_rate(rate(fr, whole(&f->course).bytes), bits),
		f->lost_frames == FACTS_UNKNOWN
			? "unknown"
			: words_count(f->lost_frames, lost),
		words_span(fr->seconds * 1000, span),
		fr->top->paused ? "  PAUSED" : "");
	put(fr, out, text);
	put(fr, out, keys);
}

static bool is_sought(struct frame *fr, const struct list *list, size_t i)
{
	const char *find = fr->top->find;

	return !find || !*find || strstr(list->line(fr, i), find);
}

void top_print(const struct top *top, const struct facts *f,
	const struct topology *t, struct buf *out)
{
	const struct list *list = &lists[top->screen];
	struct frame fr = {.top = top, .f = f, .t = t};
	size_t room =
		top->height > HEAD_LINES ? (size_t)top->height - HEAD_LINES : 0;
	size_t n;

	fr.seconds = (double)f->n_buckets * (double)f->bucket_ms / 1000;
	n = list->count(&fr);
	for (size_t i = 0; i < n; i++) {
		struct row row = {.at = i};

		if (list->measure(&fr, i, &row) && is_sought(&fr, list, i))
			MEM_PUSH(fr.rows, fr.n, fr.cap) = row;
	}
	if (fr.n)
		qsort(fr.rows, fr.n, sizeof(*fr.rows),
			top->sort == TOP_BITS ? by_bits : by_packets);
	print_title(&fr, out);
	put(&fr, out, list->head);
	for (size_t i = top->skip; i < fr.n && i - top->skip < room; i++)
		put(&fr, out, list->line(&fr, fr.rows[i].at));
	if (fr.n == 0)
		put(&fr, out, top->asking ? "  asking ..." : "  nothing here");
	free(fr.rows);
	arena_release(&fr.arena);
}
