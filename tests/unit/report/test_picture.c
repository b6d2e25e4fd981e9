/* What holds for every picture, tried on made topologies of many kinds. */
#include "planner/heavy.h"
#include "report/dot.h"
#include "report/picture.h"
#include "report/svg.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct err err;

static int node(struct topology *t, const char *name)
{
	int at;

	cr_assert_eq(topology_add_node(
			     t, &(struct topo_node){.name = name}, &at, &err),
		0, "%s", err.text);
	return at;
}

static int numbered(struct topology *t, int i)
{
	char name[16];

	snprintf(name, sizeof(name), "n%d", i);
	return node(t, name);
}

static int link_of(struct topology *t, const int *nodes, size_t n, bool lan)
{
	char name[16];
	int at, iface;

	snprintf(name, sizeof(name), "l%zu", t->n_links);
	cr_assert_eq(topology_add_link(
			     t, name, lan ? LINK_LAN : LINK_P2P, &at, &err),
		0, "%s", err.text);
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(topology_add_member(t,
				     &(struct topo_iface){
					     .node = nodes[i], .link = at},
				     &(struct topo_shape){0}, &iface, &err),
			0, "%s", err.text);
	return at;
}

static void wire(struct topology *t, int a, int b)
{
	link_of(t, (int[]){a, b}, 2, false);
}

static void star(struct topology *t, int n)
{
	int hub = numbered(t, 0);

	for (int i = 1; i <= n; i++)
		wire(t, hub, numbered(t, i));
}

static void grid(struct topology *t, int side)
{
	for (int i = 0; i < side * side; i++)
		numbered(t, i);
	for (int i = 0; i < side * side; i++) {
		if (i % side)
			wire(t, i - 1, i);
		if (i >= side)
			wire(t, i - side, i);
	}
}

/* Parallel links, a loop, a LAN that meets itself, parts, lone nodes. */
static void odd(struct topology *t)
{
	int lan[3];

	for (int i = 0; i < 9; i++)
		numbered(t, i);
	for (int i = 0; i < 4; i++)
		wire(t, 0, 1);
	wire(t, 1, 1);
	wire(t, 1, 1);
	lan[0] = 1;
	lan[1] = lan[2] = 2;
	link_of(t, lan, 3, true);
	link_of(t, lan, 1, true);
	link_of(t, NULL, 0, true);
	wire(t, 4, 5);
}

static void random_net(struct topology *t, int n, int links)
{
	unsigned seed = 7;

	for (int i = 0; i < n; i++)
		numbered(t, i);
	for (int i = 0; i < links; i++) {
		int a, b;

		seed = seed * 1103515245 + 12345;
		a = (int)(seed >> 8) % n;
		seed = seed * 1103515245 + 12345;
		b = (int)(seed >> 8) % n;
		wire(t, a, b);
	}
}

enum { KINDS = 8 };

static struct topology *make(int kind)
{
	struct topology *t = topology_new();

	switch (kind) {
	case 0:
		break;
	case 1:
		node(t, "alone");
		break;
	case 2:
		star(t, 40);
		break;
	case 3:
		star(t, 1000);
		break;
	case 4:
		grid(t, 7);
		break;
	case 5:
		odd(t);
		break;
	case 6:
		random_net(t, 60, 90);
		break;
	case 7:
		random_net(t, 700, 900);
		break;
	}
	topology_finish(t);
	return t;
}

static struct plan *solve(const struct topology *t)
{
	struct plan *plan;

	cr_assert_eq(plan_solve(t, &(struct plan_goal){0}, &plan, &err), 0,
		"%s", err.text);
	return plan;
}

static struct picture *draw(const struct topology *t, const struct plan *plan)
{
	struct picture *p;

	cr_assert_eq(picture_new(t, plan, "made", &p, &err), 0, "%s", err.text);
	return p;
}

static bool meet(const struct picture_box *a, const struct picture_box *b)
{
	return a->x0 < b->x1 && b->x0 < a->x1 && a->y0 < b->y1 && b->y0 < a->y1;
}

static struct picture_box box_of(const struct picture_node *n)
{
	return (struct picture_box){n->x - n->half_w, n->y - n->half_h,
		n->x + n->half_w, n->y + n->half_h};
}

static const struct picture_text *text_of(const struct picture *p, size_t i)
{
	return i < p->n_nodes ? &p->nodes[i].text
			      : &p->lines[i - p->n_nodes].text;
}

static void no_pile_ups(const struct picture *p)
{
	for (size_t i = 0; i < p->n_nodes + p->n_lines; i++) {
		const struct picture_text *a = text_of(p, i);

		if (!a->shown)
			continue;
		cr_assert(a->box.x0 >= -0.1 && a->box.y0 >= -0.1 &&
				  a->box.x1 <= p->width + 0.1 &&
				  a->box.y1 <= p->height + 0.1,
			"%s is outside", a->text);
		for (size_t k = 0; k < p->n_nodes + p->n_lines; k++) {
			const struct picture_text *b = text_of(p, k);

			cr_assert(
				k == i || !b->shown || !meet(&a->box, &b->box),
				"%s lies on %s", a->text, b->text);
			if (k >= p->n_nodes)
				continue;
			struct picture_box box = box_of(&p->nodes[k]);

			cr_assert(!meet(&a->box, &box), "%s lies on node %s",
				a->text, p->nodes[k].text.text);
		}
	}
}

/* Every node of the topology, and every member of a link, exactly once. */
static void nothing_lost(const struct picture *p)
{
	size_t nodes = 0, hubs = 0, members = 0, expected = 0;

	for (size_t i = 0; i < p->n_nodes; i++) {
		hubs += p->nodes[i].shape == SHAPE_LAN;
		nodes += p->nodes[i].shape == SHAPE_LAN ? 0 : p->nodes[i].many;
	}
	for (size_t i = 0; i < p->n_lines; i++)
		members += p->lines[i].many * (p->lines[i].slot < 0 ? 2 : 1);
	for (size_t i = 0; i < p->topology->n_links; i++) {
		expected += p->topology->links[i].n_members;
		hubs -= p->topology->links[i].kind == LINK_LAN;
	}
	cr_assert_eq(nodes, p->topology->n_nodes);
	cr_assert_eq(hubs, 0);
	cr_assert_eq(members, expected);
}

static void no_nodes_on_nodes(const struct picture *p)
{
	for (size_t i = 0; i < p->n_nodes; i++)
		for (size_t k = 0; k < i; k++) {
			struct picture_box a = box_of(&p->nodes[i]);
			struct picture_box b = box_of(&p->nodes[k]);

			cr_assert(!meet(&a, &b), "%s lies on %s",
				p->nodes[i].text.text, p->nodes[k].text.text);
		}
}

Test(picture, holds_what_it_promises)
{
	for (int kind = 0; kind < KINDS; kind++) {
		struct topology *t = make(kind);
		struct plan *plan = solve(t);
		struct picture *p = draw(t, plan);

		nothing_lost(p);
		no_nodes_on_nodes(p);
		no_pile_ups(p);
		picture_free(p);
		plan_free(plan);
		topology_free(t);
	}
}

static void print(const struct picture *p, struct buf *out)
{
	svg_print(p, out);
	dot_print(p, out);
	cr_assert(buf_ok(out));
}

Test(picture, is_the_same_every_time)
{
	for (int kind = 0; kind < KINDS; kind++) {
		struct topology *t = make(kind);
		struct plan *plan = solve(t);
		struct picture *a = draw(t, plan), *b = draw(t, plan);
		struct buf x = BUF_INIT(1 << 24), y = BUF_INIT(1 << 24);

		print(a, &x);
		print(b, &y);
		cr_assert_str_eq(buf_str(&x), buf_str(&y));
		buf_release(&x);
		buf_release(&y);
		picture_free(a);
		picture_free(b);
		plan_free(plan);
		topology_free(t);
	}
}

Test(picture, folds_leaves_of_large_networks)
{
	struct topology *t = make(3);
	struct picture *p = draw(t, NULL);

	cr_assert_eq(p->n_nodes, 2);
	cr_assert_eq(p->nodes[1].many, 1000);
	cr_assert_str_eq(p->nodes[1].text.text, "+1000 hosts");
	cr_assert_eq(p->lines[0].many, 1000);
	picture_free(p);
	topology_free(t);
}

Test(picture, says_when_there_is_too_much)
{
	struct topology *t = topology_new();
	struct picture *p = NULL;

	for (int i = 0; i < PICTURE_MAX + 1; i++) {
		numbered(t, i);
		if (i)
			wire(t, i - 1, i);
	}
	cr_assert_eq(picture_new(t, NULL, "long", &p, &err), -NFZ_E_LIMIT);
	cr_assert_null(p);
	topology_free(t);
}

Test(picture, marks_probes_taps_and_gaps)
{
	struct topology *t = topology_new();
	int a = node(t, "a"), b = node(t, "b"), c = node(t, "c");
	int d = node(t, "d");

	wire(t, a, b);
	wire(t, b, c);
	wire(t, c, d);
	topology_finish(t);

	struct opt_list avoid = {0};

	opt_list_add(&avoid, "a,b");

	struct plan_goal goal = {.avoid = avoid};
	struct plan *plan;

	cr_assert_eq(plan_solve(t, &goal, &plan, &err), 0, "%s", err.text);

	struct picture *p = draw(t, plan);
	struct buf out = BUF_INIT(1 << 20);

	cr_assert(p->nodes[c].probe && !p->nodes[b].probe);
	cr_assert_eq(p->lines[0].state, LINE_UNCOVERED);
	cr_assert_eq(p->lines[1].state, LINE_WATCHED);
	cr_assert_eq(p->lines[1].taps, TAP_B);
	cr_assert_eq(p->lines[2].taps, TAP_A);
	svg_print(p, &out);
	cr_assert_not_null(strstr(buf_str(&out), "l0 is not covered: "));
	buf_release(&out);
	picture_free(p);
	plan_free(plan);
	opt_list_release(&avoid);
	topology_free(t);
}

Test(picture, shows_new_nodes)
{
	struct topology *t = make(2);
	struct heavy_goal with = {.any = {.have = -1, .ifaces = 4}};
	struct plan_goal goal = {0};
	struct plan *plan;
	size_t bridges = 0, collectors = 0;

	cr_assert_eq(
		heavy_solve(t, &goal, &with, &plan, &err), 0, "%s", err.text);

	struct picture *p = draw(t, plan);

	for (size_t i = 0; i < p->n_nodes; i++) {
		bridges += p->nodes[i].fresh && p->nodes[i].line >= 0;
		collectors += p->nodes[i].fresh && p->nodes[i].collector;
	}
	for (size_t i = 0; i < p->n_lines; i++)
		cr_assert_eq(p->lines[i].state, LINE_WATCHED);
	cr_assert_eq(bridges, 40);
	cr_assert_eq(collectors, 1);
	no_pile_ups(p);
	picture_free(p);
	plan_free(plan);
	topology_free(t);
}

/* Names that would end an element, a string or a comment. */
Test(picture, takes_hostile_names_for_names)
{
	struct topology *t = topology_new();
	int a = node(t, "<script>alert(1)</script>");
	int b = node(t, "\"]; x -- y [label=\"");

	wire(t, a, b);
	topology_finish(t);

	struct picture *p = draw(t, NULL);
	struct buf out = BUF_INIT(1 << 20);

	svg_print(p, &out);
	cr_assert_null(strstr(buf_str(&out), "<script"));
	cr_assert_null(strstr(buf_str(&out), "href"));
	cr_assert_null(strstr(buf_str(&out), "url("));
	buf_reset(&out);
	dot_print(p, &out);
	cr_assert_null(strstr(buf_str(&out), "label=\"\"]; x"));
	cr_assert_not_null(strstr(buf_str(&out), "\\\"]; x"));
	buf_release(&out);
	picture_free(p);
	topology_free(t);
}
