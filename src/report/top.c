/* Every cell is cut to its column, names in their middle; what a name holds
 * beyond printable characters is shown as "?", so that no name can steer the
 * terminal. */
#include "report/top.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "report/words.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 1024, BAR = 8, HEAD_LINES = 3, CELLS = 8 };

const char *const top_screen_names[] = {
	"links", "flows", "hosts", "probes", NULL};
const char *const top_screen_parts[] = {"links", "flows", "groups", "probes"};

static const char keys[] =
	"[l]inks [f]lows [h]osts [p]robes  sort [b]its [k]pkts  [/]find "
	"[ ]pause [q]uit";
static const char few_keys[] = "[l]inks [f]lows [h]osts [p]robes [q]uit";

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

struct column {
	const char *head;
	int width; /* negative: begins at the left */
	int goes;  /* 1: the first to go where there is no room; 0: never */
};

/* A screen is a list.  Lines are only made of rows that are seen or searched:
 * of a thousand links, of a few. */
struct list {
	struct column columns[CELLS]; /* head NULL: no more */
	size_t (*count)(struct frame *fr);
	/* false: not shown */
	bool (*measure)(struct frame *fr, size_t i, struct row *ret);
	/* NULL: empty from there on */
	void (*line)(struct frame *fr, size_t i, const char *cells[CELLS]);
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

static const char *text_of(struct frame *fr, const char *text)
{
	return arena_strdup(&fr->arena, text);
}

static void link_line(struct frame *fr, size_t i, const char *cells[CELLS])
{
	const struct facts_link *l = &fr->f->links[i];
	const struct facts_sums all = whole(&l->course);
	uint64_t bytes[2] = {0, all.bytes};
	char text[WORDS] = "-";
	double most;
	bool known;

	cells[0] = cut(fr, l->name, 10);
	cells[1] = cut(fr, ends_of(fr, l), 18);
	if (is_unwatched(l)) {
		cells[2] = arena_printf(
			&fr->arena, "not watched: %s", cut(fr, l->gap, 60));
		return;
	}
	if (has_two_ends(l)) {
		bytes[0] = whole(&l->sides[0].course).bytes;
		bytes[1] = whole(&l->sides[1].course).bytes;
	}
	known = use_of(fr, l, &most);
	if (most > 0 && most < 0.001)
		snprintf(text, sizeof(text), "<0.1 %%");
	else if (known)
		words_percent(most, text);
	cells[5] = text_of(fr, text);
	cells[2] =
		l->lan ? "" : text_of(fr, words_rate(rate(fr, bytes[0]), text));
	cells[3] = text_of(fr, words_rate(rate(fr, bytes[1]), text));
	cells[4] = bar(fr, most, known);
	cells[6] =
		text_of(fr, words_si(each_second(fr, all.packets), "", text));
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

static void flow_line(struct frame *fr, size_t i, const char *cells[CELLS])
{
	const struct facts_row *r = &fr->f->rows[i];
	char text[WORDS], proto[8];
	struct buf path = BUF_INIT(512);

	for (size_t k = 0; k < r->n_hops; k++)
		buf_addf(&path, "%s%s", k ? " " : "",
			fr->f->links[r->hops[k].link].name);
	cells[0] = endpoint(fr, r->src_end, r->src, r->sport);
	cells[1] = ">";
	cells[2] = endpoint(fr, r->dst_end, r->dst, r->dport);
	cells[3] = text_of(fr, facts_proto(r->proto, proto));
	cells[4] = text_of(
		fr, words_rate((double)r->bytes * 8 / lasted_s(r), text));
	cells[5] = text_of(
		fr, words_si((double)r->packets / lasted_s(r), "", text));
	cells[6] = cut(fr, buf_str(&path), 40);
	buf_release(&path);
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

static const char *packets_each(struct frame *fr, uint64_t n)
{
	char text[WORDS];

	return arena_printf(
		&fr->arena, "%s/s", words_si(each_second(fr, n), "", text));
}

static void host_line(struct frame *fr, size_t i, const char *cells[CELLS])
{
	char text[WORDS];

	cells[0] = cut(fr, fr->f->ends[i].name, 20);
	cells[1] = text_of(fr, words_rate(rate(fr, fr->out[i].bytes), text));
	cells[2] = text_of(fr, words_rate(rate(fr, fr->in[i].bytes), text));
	cells[3] = packets_each(fr, fr->out[i].packets);
	cells[4] = packets_each(fr, fr->in[i].packets);
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

static void probe_line(struct frame *fr, size_t i, const char *cells[CELLS])
{
	const struct facts_probe *p = &fr->f->probes[i];
	char cpu[WORDS];

	cells[0] = cut(fr, p->node, 14);
	cells[1] = arena_printf(&fr->arena, "%zu", p->n_taps);
	cells[2] = counted(fr, p->packets);
	cells[3] = counted(fr, p->lost);
	cells[4] = counted(fr, p->flows_now);
	cells[5] = counted(fr, p->flows_max);
	cells[6] = p->cpu_us == FACTS_UNKNOWN
			   ? "unknown"
			   : text_of(fr, words_si((double)p->cpu_us / 1e6, "s",
						 cpu));
	cells[7] = arena_printf(&fr->arena, "%.1f ms", p->clock_ms);
}

static const struct list lists[] = {
	[TOP_LINKS] = {{{"LINK", -10, 0}, {"ENDS", -18, 3}, {"A>B", 10, 0},
			       {"B>A", 10, 0}, {"", BAR, 1}, {"UTIL", 6, 0},
			       {"PACKETS/S", 9, 2}},
		count_links, measure_link, link_line},
	[TOP_FLOWS] = {{{"FLOW", -21, 0}, {"", -1, 0}, {"", -21, 0},
			       {"PROTO", -5, 2}, {"BIT/S", 10, 0},
			       {"PACKETS/S", 9, 1}, {"PATH", -17, 0}},
		count_flows, measure_flow, flow_line},
	[TOP_HOSTS] = {{{"HOST", -20, 0}, {"SENT", 11, 0}, {"RECEIVED", 10, 0},
			       {"PACKETS SENT", 12, 2}, {"RECEIVED", 11, 1}},
		count_hosts, measure_host, host_line},
	[TOP_PROBES] = {{{"NODE", -14, 0}, {"TAPS", 4, 4}, {"PACKETS", 13, 0},
				{"LOST", 8, 0}, {"CACHE", 7, 2}, {"MAX", 7, 1},
				{"CPU", 7, 5}, {"CLOCK", 9, 3}},
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

/* A column goes before others are cut, the least important first. */
static bool goes(const struct list *list, int c, int width)
{
	int all = -1;

	for (int i = 0; i < CELLS && list->columns[i].head; i++)
		all += abs(list->columns[i].width) + 1;
	for (int rank = 1; all > width && rank < CELLS; rank++)
		for (int i = 0; i < CELLS && list->columns[i].head; i++) {
			if (list->columns[i].goes != rank)
				continue;
			if (i == c)
				return true;
			all -= abs(list->columns[i].width) + 1;
		}
	return false;
}

static const char *join(struct frame *fr, const struct list *list,
	const char *const cells[CELLS], int width)
{
	struct buf out = BUF_INIT(LINE);
	const char *ret;

	for (int i = 0; i < CELLS && cells[i]; i++) {
		const int wide = list->columns[i].width;
		const int pad = abs(wide) - (int)utf8_columns(cells[i]);

		if (goes(list, i, width))
			continue;
		buf_addf(&out, "%s%*s%s%*s", out.len ? " " : "",
			wide > 0 && pad > 0 ? pad : 0, "", cells[i],
			wide < 0 && pad > 0 ? pad : 0, "");
	}
	ret = text_of(fr, buf_str(&out));
	buf_release(&out);
	return ret;
}

static const char *line_of(
	struct frame *fr, const struct list *list, size_t i, int width)
{
	const char *cells[CELLS] = {NULL};

	list->line(fr, i, cells);
	return join(fr, list, cells, width);
}

static void put_head(struct frame *fr, const struct list *list, struct buf *out)
{
	const char *cells[CELLS];

	for (int i = 0; i < CELLS; i++)
		cells[i] = list->columns[i].head;
	put(fr, out, join(fr, list, cells, fr->top->width));
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
	put(fr, out, fr->top->width < (int)strlen(keys) ? few_keys : keys);
}

static bool is_sought(struct frame *fr, const struct list *list, size_t i)
{
	const char *find = fr->top->find;

	return !find || !*find || strstr(line_of(fr, list, i, INT_MAX), find);
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
	put_head(&fr, list, out);
	for (size_t i = top->skip; i < fr.n && i - top->skip < room; i++)
		put(&fr, out, line_of(&fr, list, fr.rows[i].at, top->width));
	if (fr.n == 0)
		put(&fr, out, top->asking ? "  asking ..." : "  nothing here");
	free(fr.rows);
	arena_release(&fr.arena);
}
