/* Lines that stand for several links (folded leaves) show the busiest. */
#include "report/netmap.h"
#include "base/mem.h"
#include "report/svg_draw.h"
#include "report/text.h"

#include <math.h>
#include <stdlib.h>

enum { LEAST_WIDTH = 420, LEAST_HEIGHT = 240 }; /* of what is in view */

/* Where a node that hangs on one link hangs. */
static bool leaf_side(const struct netmap *m, int node, struct netmap_side *ret)
{
	const struct topology *t = m->topology;

	for (size_t i = 0; i < t->n_ifaces; i++) {
		const struct topo_iface *f = &t->ifaces[i];

		if (f->node != node || f->link < 0 || f->slot < 0)
			continue;
		*ret = (struct netmap_side){m->link_of[f->link], f->slot};
		return ret->link >= 0;
	}
	return false;
}

static void add_sides(struct netmap *m, size_t i)
{
	const struct picture *p = m->picture;
	const struct picture_line *l = &p->lines[i];
	const struct picture_node *a = &p->nodes[l->a];
	const struct picture_node *fold = a->folded ? a : &p->nodes[l->b];
	struct netmap_side *sides = mem_zalloc(l->many + 1, sizeof(*sides));
	size_t n = 0;

	if (l->many > 1 && fold->folded) {
		for (size_t k = 0; k < fold->many && k < l->many; k++) {
			if (!leaf_side(m, fold->folded[k], &sides[n]))
				continue;
			/* seen from end a, which may be the other member */
			if (fold != a && l->slot < 0)
				sides[n].slot = 1 - sides[n].slot;
			n++;
		}
	} else if (m->link_of[l->link] >= 0) {
		sides[n++] = (struct netmap_side){
			m->link_of[l->link], l->slot < 0 ? 0 : l->slot};
	}
	m->sides[i] = sides;
	m->n_sides[i] = n;
}

struct netmap *netmap_new(const struct picture *p, const struct facts *f,
	const struct topology *t)
{
	struct netmap *m = mem_zalloc(1, sizeof(*m));

	*m = (struct netmap){.picture = p, .facts = f, .topology = t};
	m->link_of = mem_zalloc(t->n_links + 1, sizeof(*m->link_of));
	m->sides = mem_zalloc(p->n_lines + 1, sizeof(*m->sides));
	m->n_sides = mem_zalloc(p->n_lines + 1, sizeof(*m->n_sides));
	for (size_t i = 0; i < t->n_links; i++)
		m->link_of[i] = -1;
	for (size_t i = 0; i < f->n_links; i++)
		if (f->links[i].in_topology >= 0)
			m->link_of[f->links[i].in_topology] = (int)i;
	for (size_t i = 0; i < p->n_lines; i++)
		add_sides(m, i);
	return m;
}

void netmap_free(struct netmap *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->picture->n_lines; i++)
		free(m->sides[i]);
	free(m->sides);
	free(m->n_sides);
	free(m->link_of);
	free(m);
}

static int netmap_step(double share)
{
	static const double upto[] = {0.001, 0.10, 0.25, 0.50, 0.80};
	int i = 0;

	while (i < NETMAP_STEPS - 1 && share > upto[i])
		i++;
	return i;
}

/* The busiest piece of time of what leaves end a (or comes to it). */
static double busiest(
	const struct netmap *m, const struct netmap_side *side, bool to)
{
	const struct facts *f = m->facts;
	const struct facts_link *l = &f->links[side->link];
	size_t slot = (size_t)side->slot, from = slot;
	const struct facts_course *c;
	double capacity;

	if (slot >= l->n_members)
		return 0;
	if (to && !l->lan && l->n_members == 2)
		from = 1 - slot;
	c = to && from == slot ? &l->sides[slot].to_course
			       : &l->sides[from].course;
	capacity = facts_capacity(l, m->topology, from);
	if (!capacity)
		return c->n ? -1 : 0;
	return facts_rate(f, facts_peak(c, NULL)) / capacity;
}

static const char *load_class(const struct netmap *m, size_t line, bool to)
{
	static const char *const names[] = {"u0", "u1", "u2", "u3", "u4", "u5"};
	double most = 0;
	bool unknown = false;

	for (size_t i = 0; i < m->n_sides[line]; i++) {
		double share = busiest(m, &m->sides[line][i], to);

		unknown |= share < 0;
		most = share > most ? share : most;
	}
	return unknown && most == 0 ? "un" : names[netmap_step(most)];
}

static void point(struct buf *out, char command, double x, double y)
{
	if (command)
		buf_addc(out, command);
	svg_number(out, x);
	buf_addc(out, ' ');
	svg_number(out, y);
}

/* One half of the course: from an end to the middle. */
static void half(const struct picture *p, const struct picture_line *l,
	bool second, const char *class, struct buf *out)
{
	const struct picture_node *end =
		second ? &p->nodes[l->b] : &p->nodes[l->a];
	double x, y;

	buf_addf(out, "<path class=\"h %s\" d=\"", class);
	point(out, 'M', end->x, end->y);
	picture_along(p, l, 0.5, &x, &y);
	if (l->curved) {
		point(out, 'Q', (end->x + l->cx) / 2, (end->y + l->cy) / 2);
		point(out, ' ', x, y);
	} else {
		point(out, 'L', x, y);
	}
	buf_adds(out, "\"/>");
}

static void whole(const struct picture *p, const struct picture_line *l,
	const char *class, struct buf *out)
{
	const struct picture_node *a = &p->nodes[l->a], *b = &p->nodes[l->b];

	if (l->a == l->b) {
		buf_addf(out, "<circle class=\"%s\"", class);
		svg_attribute(out, "cx", l->cx);
		svg_attribute(out, "cy", l->cy);
		svg_attribute(out, "r", hypot(a->x - l->cx, a->y - l->cy));
		buf_adds(out, "/>");
		return;
	}
	buf_addf(out, "<path class=\"%s\" d=\"", class);
	point(out, 'M', a->x, a->y);
	if (l->curved) {
		point(out, 'Q', l->cx, l->cy);
		point(out, ' ', b->x, b->y);
	} else {
		point(out, 'L', b->x, b->y);
	}
	buf_adds(out, "\"/>");
}

/* Not watched, and nobody else told of it. */
static bool unseen(const struct netmap *m, size_t line)
{
	for (size_t i = 0; i < m->n_sides[line]; i++) {
		const struct facts_link *l =
			&m->facts->links[m->sides[line][i].link];

		if (!l->gap || l->all.bytes)
			return false;
	}
	return true;
}

static void print_line(const struct netmap *m, size_t i, struct buf *out)
{
	const struct picture *p = m->picture;
	const struct picture_line *l = &p->lines[i];

	buf_addf(out, "<g class=\"line %s%s\" data-line=\"%zu\"><title>",
		svg_line_class(l->state), l->many > 1 ? " many" : "", i);
	text_xml(out, l->note);
	buf_adds(out, "</title>");
	whole(p, l, "hit", out);
	if (unseen(m, i) || l->a == l->b) {
		whole(p, l, "h un", out);
	} else {
		half(p, l, false, load_class(m, i, false), out);
		half(p, l, true, load_class(m, i, true), out);
	}
	buf_adds(out, "</g>\n");
}

static void print_node(const struct netmap *m, size_t i, struct buf *out)
{
	const struct picture_node *n = &m->picture->nodes[i];

	buf_addf(out, "<g class=\"node %s%s\" data-node=\"",
		picture_shape_name(n->shape), n->probe ? " probe" : "");
	if (n->node >= 0 && !n->folded)
		text_xml(out, m->topology->nodes[n->node].name);
	buf_adds(out, "\" data-at=\"");
	point(out, 0, n->x, n->y);
	buf_addc(out, ' ');
	point(out, 0, n->half_w, n->half_h);
	buf_adds(out, "\"><title>");
	text_xml(out, n->note);
	buf_adds(out, "</title>");
	svg_symbol(out, n);
	buf_adds(out, "</g>\n");
}

/* The page finds another place for it where the map is shown small. */
static void print_name(const struct netmap *m, size_t i, struct buf *out)
{
	const struct picture_node *n = &m->picture->nodes[i];

	if (!n->text.shown)
		return;
	buf_addf(out, "<g data-of=\"%zu\">", i);
	svg_label(out,
		n->shape == SHAPE_SHAPER ? "name small"
		: n->probe               ? "name bold"
					 : "name",
		&n->text);
	buf_adds(out, "</g>");
}

void netmap_print_svg(const struct netmap *m, struct buf *out)
{
	const struct picture *p = m->picture;
	const double margin = 16; /* and what makes few nodes no giants */
	const double wide = fmax(p->width + 2 * margin, LEAST_WIDTH);
	const double tall = fmax(p->height + 2 * margin, LEAST_HEIGHT);

	buf_adds(out, "<svg id=\"map\" xmlns=\"http://www.w3.org/2000/svg\" "
		      "role=\"img\" aria-label=\"Map of the network\" "
		      "viewBox=\"");
	point(out, 0, (p->width - wide) / 2, (p->height - tall) / 2);
	buf_addc(out, ' ');
	point(out, 0, wide, tall);
	buf_addf(out, "\"><g%s>\n", p->dense ? " class=\"dense\"" : "");
	for (size_t i = 0; i < p->n_lines; i++)
		print_line(m, i, out);
	for (size_t i = 0; i < p->n_nodes; i++)
		print_node(m, i, out);
	for (size_t i = 0; i < p->n_lines; i++)
		svg_taps(p, &p->lines[i], out);
	buf_addc(out, '\n');
	for (size_t i = 0; i < p->n_lines; i++)
		svg_label(out, "name link", &p->lines[i].text);
	for (size_t i = 0; i < p->n_nodes; i++)
		print_name(m, i, out);
	buf_adds(out, "</g></svg>\n");
}

void netmap_print_lines(const struct netmap *m, struct jsonw *w)
{
	jsonw_array(w);
	for (size_t i = 0; i < m->picture->n_lines; i++) {
		jsonw_array(w);
		for (size_t k = 0; k < m->n_sides[i]; k++) {
			jsonw_array(w);
			jsonw_int(w, m->sides[i][k].link);
			jsonw_int(w, m->sides[i][k].slot);
			jsonw_end(w);
		}
		jsonw_end(w);
	}
	jsonw_end(w);
}
