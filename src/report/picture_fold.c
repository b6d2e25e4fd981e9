/* Folding: leaves that hang at the same node and differ in nothing but their
 * name become one. */
#include "base/mem.h"
#include "report/picture_parts.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct leaf {
	int to;        /* what it hangs at; -1: nothing */
	unsigned kind; /* what must be equal besides */
	int node, line;
};

static int by_place(const void *x, const void *y)
{
	const struct leaf *a = x, *b = y;

	if (a->to != b->to)
		return a->to < b->to ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return a->node < b->node ? -1 : a->node > b->node;
}

static unsigned kind_of(const struct picture *p, const struct picture_node *n,
	const struct picture_line *l)
{
	unsigned kind = (unsigned)n->shape << 8 | n->probe;

	if (!l)
		return kind;
	if (l->shaper >= 0)
		kind |= p->nodes[l->shaper].probe ? 4 : 2;
	return kind | (unsigned)l->state << 4;
}

/* All leaves that may go, in order of where they hang. */
static size_t find_leaves(const struct picture *p, struct leaf *leaves)
{
	cleanup_free int *degree = mem_zalloc(p->n_nodes, sizeof(*degree));
	cleanup_free int *line = mem_zalloc(p->n_nodes, sizeof(*line));
	size_t n = 0;

	for (size_t i = 0; i < p->n_lines; i++) {
		degree[p->lines[i].a]++;
		degree[p->lines[i].b]++;
		line[p->lines[i].a] = line[p->lines[i].b] = (int)i;
	}
	for (size_t i = 0; i < p->n_nodes; i++) {
		const struct picture_node *v = &p->nodes[i];
		const struct picture_line *l = NULL;
		int to = -1;

		if (v->line >= 0 || v->collector || v->shape == SHAPE_LAN ||
			degree[i] > 1)
			continue;
		if (degree[i]) {
			l = &p->lines[line[i]];
			to = l->a == (int)i ? l->b : l->a;
		}
		leaves[n++] = (struct leaf){to, kind_of(p, v, l), (int)i,
			l ? (int)(l - p->lines) : -1};
	}
	qsort(leaves, n, sizeof(*leaves), by_place);
	return n;
}

static void drop(struct picture *p, const struct leaf *leaf, bool *gone)
{
	gone[leaf->node] = true;
	if (leaf->line >= 0 && p->lines[leaf->line].shaper >= 0)
		gone[p->lines[leaf->line].shaper] = true;
}

/* The first of a group stays and stands for all. */
static void fold_group(
	struct picture *p, const struct leaf *group, size_t n, bool *gone)
{
	struct picture_node *first = &p->nodes[group[0].node];
	struct picture_line *l =
		group[0].line < 0 ? NULL : &p->lines[group[0].line];

	int *folded = arena_alloc(&p->arena, n, sizeof(*folded));

	for (size_t i = 0; i < n; i++)
		folded[i] = p->nodes[group[i].node].node;
	first->folded = folded;
	first->many = n;
	first->shape = SHAPE_FOLD;
	if (l) {
		l->many = n;
		if (l->shaper >= 0)
			p->nodes[l->shaper].many = n;
	}
	for (size_t i = 1; i < n; i++) {
		if (l)
			l->taps |= p->lines[group[i].line].taps;
		drop(p, &group[i], gone);
	}
}

static void compact(struct picture *p, const bool *gone)
{
	cleanup_free int *now = mem_zalloc(p->n_nodes + 1, sizeof(*now));
	cleanup_free int *line = mem_zalloc(p->n_lines + 1, sizeof(*line));
	size_t n = 0, m = 0;

	for (size_t i = 0; i < p->n_nodes; i++) {
		now[i] = (int)n;
		if (!gone[i])
			p->nodes[n++] = p->nodes[i];
	}
	for (size_t i = 0; i < p->n_lines; i++) {
		struct picture_line l = p->lines[i];

		line[i] = (int)m;
		if (gone[l.a] || gone[l.b])
			continue;
		l.a = now[l.a];
		l.b = now[l.b];
		l.shaper = l.shaper < 0 ? -1 : now[l.shaper];
		p->lines[m++] = l;
	}
	for (size_t i = 0; i < n; i++)
		if (p->nodes[i].line >= 0)
			p->nodes[i].line = line[p->nodes[i].line];
	p->n_nodes = n;
	p->n_lines = m;
}

void picture_fold(struct picture *p)
{
	cleanup_free struct leaf *leaves =
		mem_zalloc(p->n_nodes + 1, sizeof(*leaves));
	cleanup_free bool *gone = mem_zalloc(p->n_nodes + 1, sizeof(*gone));
	size_t n, end;

	if (p->n_nodes <= PICTURE_FOLD)
		return;
	n = find_leaves(p, leaves);
	for (size_t i = 0; i < n; i = end) {
		for (end = i + 1; end < n && leaves[end].to == leaves[i].to &&
				  leaves[end].kind == leaves[i].kind;
			end++)
			;
		if (end - i > 1)
			fold_group(p, &leaves[i], end - i, gone);
	}
	compact(p, gone);
}
