/* Only signs that occur are explained. */
#include "base/mem.h"
#include "report/svg_legend.h"
#include "report/svg_draw.h"
#include "report/text.h"
#include "topology/plan_heavy.h"

#include <string.h>

/* GAPS: links named before "and N more". */
enum { ROW = 24, LEFT = 24, GAPS = 12, GAP_LINES = 3 };

struct legend {
	struct buf *out;
	double x, y, width;
};

/* Room for a sign and its word; on the next row if need be. */
static void step(struct legend *g, const char *word)
{
	double need = 30 + text_width(word, 12, false);

	if (g->x > LEFT && g->x + need > g->width - LEFT) {
		g->x = LEFT;
		g->y += ROW;
	}
}

static void word(struct legend *g, const char *text)
{
	svg_text(g->out, "key", g->x + 30, g->y + 4, text);
	buf_addc(g->out, '\n');
	g->x += 30 + text_width(text, 12, false) + 20;
}

static void sign(struct legend *g, const char *text, enum picture_shape shape,
	bool probe, bool collector)
{
	static const char *const classes[] = {"host", "router", "switch",
		"shaper", "virtual", "virthost", "external", "lan", "fold"};
	struct picture_node n = {.shape = shape,
		.probe = probe,
		.collector = collector,
		.many = 9,
		.half_w = 8,
		.half_h = 8};

	if (shape == SHAPE_LAN)
		n.half_h = 4;
	if (shape == SHAPE_FOLD)
		n.half_h = 7;
	if (shape == SHAPE_SHAPER)
		n.half_w = n.half_h = 6;
	step(g, text);
	n.x = g->x + 12;
	n.y = g->y;
	buf_addf(g->out, "<g class=\"%s%s\">", classes[shape],
		probe ? " probe" : "");
	svg_symbol(g->out, &n);
	buf_adds(g->out, "</g>");
	word(g, text);
}

static void line(struct legend *g, const char *text, enum picture_state state,
	bool tapped)
{
	step(g, text);
	buf_addf(g->out, "<path class=\"l %s\" d=\"M", svg_line_class(state));
	svg_number(g->out, g->x);
	buf_addc(g->out, ' ');
	svg_number(g->out, g->y);
	buf_adds(g->out, "h24\"/>");
	if (tapped) {
		buf_adds(g->out, "<circle class=\"tap\" r=\"3.2\"");
		svg_attribute(g->out, "cx", g->x + 6);
		svg_attribute(g->out, "cy", g->y);
		buf_adds(g->out, "/>");
	}
	word(g, text);
}

static void signs(struct legend *g, const struct picture *p)
{
	static const char *const words[SHAPE_COUNT] = {"host", "router",
		"switch", "shaper or bridge", "virtual node",
		"host of virtual nodes", "outside", "LAN", "hosts folded"};
	bool shapes[SHAPE_COUNT] = {false}, probe = false, collector = false;
	bool states[LINE_UNCOVERED + 1] = {false}, tapped = false;

	for (size_t i = 0; i < p->n_nodes; i++) {
		shapes[p->nodes[i].shape] = true;
		probe = probe || p->nodes[i].probe;
		collector = collector || p->nodes[i].collector;
	}
	for (size_t i = 0; i < p->n_lines; i++) {
		states[p->lines[i].state] = true;
		tapped = tapped || p->lines[i].taps;
	}
	if (probe)
		sign(g, "probe", SHAPE_ROUTER, true, false);
	if (collector)
		sign(g, "collector", SHAPE_HOST, false, true);
	if (tapped)
		line(g, "tap on a watched link", LINE_WATCHED, true);
	if (states[LINE_UNCOVERED])
		line(g, "link not covered", LINE_UNCOVERED, false);
	if (states[LINE_PLAIN] && p->plan)
		line(g, "link not asked for", LINE_PLAIN, false);
	for (int s = 0; s < SHAPE_COUNT; s++)
		if (shapes[s])
			sign(g, words[s], (enum picture_shape)s, false, false);
}

static bool fits(const struct legend *g, const char *text)
{
	return text_width(text, 12, false) <= g->width - 2 * LEFT;
}

/* How much of the text a line holds, up to a space if there is one. */
static size_t line_of(
	const struct legend *g, struct arena *arena, const char *text)
{
	size_t end = 0, next;

	for (size_t i = 0; text[i]; i = next) {
		next = i + strspn(text + i, " ");
		next += strcspn(text + next, " ");
		if (!fits(g, arena_strndup(arena, text, next)))
			break;
		end = next;
	}
	return end ? end : strlen(text);
}

/* As much of the text as a few lines hold. */
static void gap(struct legend *g, struct arena *arena, const char *text)
{
	for (int i = 0; *text && i < GAP_LINES; i++) {
		size_t n = i + 1 < GAP_LINES ? line_of(g, arena, text)
					     : strlen(text);
		const char *part = arena_strndup(arena, text, n);
		size_t max = n;

		while (max > 20 && !fits(g, text_shorten(arena, part, max)))
			max -= max / 16 + 1;
		g->y += i ? 15 : 18;
		svg_text(g->out, "warn", LEFT + (i ? 12 : 0), g->y,
			text_shorten(arena, part, max));
		buf_addc(g->out, '\n');
		text += n + strspn(text + n, " ");
	}
}

static void name_gap(struct legend *g, struct arena *arena, const char *name,
	const char *cause)
{
	gap(g, arena,
		arena_printf(arena, "%s is not covered: %s", name, cause));
}

static void gaps(struct legend *g, const struct picture *p)
{
	const struct plan *plan = p->plan;
	const struct plan_heavy *h = plan ? plan->heavy : NULL;
	size_t n = plan ? plan->n_gaps + (h ? h->n_gaps : 0) : 0;
	struct arena arena = ARENA_INIT;

	g->y += n ? 6 : 0;
	for (size_t i = 0; i < n && i < GAPS; i++) {
		const struct heavy_gap *new =
			i < plan->n_gaps ? NULL : &h->gaps[i - plan->n_gaps];
		struct buf name = BUF_INIT(4096);

		if (new)
			buf_adds(&name, p->topology->links[new->link].name);
		else
			plan_element_name(
				&plan->gaps[i].what, p->topology, &name);
		name_gap(g, &arena, buf_str(&name),
			new ? new->cause : plan->gaps[i].cause);
		buf_release(&name);
	}
	if (n > GAPS)
		gap(g, &arena, arena_printf(&arena, "and %zu more", n - GAPS));
	arena_release(&arena);
}

double svg_legend(const struct picture *p, double width, struct buf *out)
{
	struct legend g = {out, LEFT, 12, width};

	signs(&g, p);
	gaps(&g, p);
	return g.y + 12;
}
