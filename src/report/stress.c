/* Stress by stochastic gradient descent.
 *
 * Reference: Zheng, Pawar, Goodman, "Graph Drawing by Stochastic Gradient
 * Descent" (2018): pairs in random order are moved towards their distance by
 * min(1, step / distance^2), the step falling from the largest to the least
 * squared distance.  We: all pairs up to ALL_PAIRS points; above, each wire and
 * each pair with one of PIVOTS points spread far apart, which keeps the shape
 * at linear cost.  Distances by Dijkstra with the wires' wished lengths. */
#include "report/stress.h"
#include "base/mem.h"

#include <math.h>
#include <stdint.h>

enum { ALL_PAIRS = 1500, PIVOTS = 60, ROUNDS = 30 };

struct pair {
	int a, b;
	float d;
};

struct work {
	size_t n;
	size_t *start; /* of each point's wires */
	int *to;
	double *len;
	double *dist;     /* from the last source */
	int *heap, *seat; /* binary heap of points; where each sits, -1 */
	size_t n_heap;
	struct pair *pairs;
	size_t n_pairs;
	uint64_t random;
};

static uint64_t draw(struct work *w)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random;
}

static void link_up(
	struct work *w, const struct graph_wire *wires, size_t n_wires)
{
	w->start = mem_zalloc(w->n + 2, sizeof(*w->start));
	w->to = mem_zalloc(2 * n_wires + 1, sizeof(*w->to));
	w->len = mem_zalloc(2 * n_wires + 1, sizeof(*w->len));
	for (size_t i = 0; i < n_wires; i++) {
		w->start[wires[i].a + 2]++;
		w->start[wires[i].b + 2]++;
	}
	for (size_t v = 0; v < w->n; v++)
		w->start[v + 2] += w->start[v + 1];
	for (size_t i = 0; i < n_wires; i++) {
		size_t p = w->start[wires[i].a + 1]++;
		size_t q = w->start[wires[i].b + 1]++;

		w->to[p] = wires[i].b;
		w->to[q] = wires[i].a;
		w->len[p] = w->len[q] = wires[i].length;
	}
}

static void sit(struct work *w, size_t at, int v)
{
	w->heap[at] = v;
	w->seat[v] = (int)at;
}

static void rise(struct work *w, int v)
{
	size_t at = (size_t)w->seat[v];

	while (at && w->dist[w->heap[(at - 1) / 2]] > w->dist[v]) {
		sit(w, at, w->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	sit(w, at, v);
}

static int nearest(struct work *w)
{
	int first = w->heap[0], v = w->heap[--w->n_heap];
	size_t at = 0, kid;

	while ((kid = 2 * at + 1) < w->n_heap) {
		if (kid + 1 < w->n_heap &&
			w->dist[w->heap[kid + 1]] < w->dist[w->heap[kid]])
			kid++;
		if (w->dist[w->heap[kid]] >= w->dist[v])
			break;
		sit(w, at, w->heap[kid]);
		at = kid;
	}
	if (w->n_heap)
		sit(w, at, v);
	w->seat[first] = -1;
	return first;
}

static void measure(struct work *w, int from)
{
	for (size_t v = 0; v < w->n; v++) {
		w->dist[v] = INFINITY;
		w->seat[v] = -1;
	}
	w->dist[from] = 0;
	w->n_heap = 1;
	sit(w, 0, from);
	while (w->n_heap) {
		int v = nearest(w);

		for (size_t i = w->start[v]; i < w->start[v + 1]; i++) {
			double d = w->dist[v] + w->len[i];
			int u = w->to[i];

			if (d >= w->dist[u])
				continue;
			w->dist[u] = d;
			if (w->seat[u] < 0)
				sit(w, w->n_heap++, u);
			rise(w, u);
		}
	}
}

static void pair(struct work *w, int a, int b, double d)
{
	if (a != b && d > 0 && d < INFINITY)
		w->pairs[w->n_pairs++] = (struct pair){a, b, (float)d};
}

static void pair_all(struct work *w)
{
	w->pairs = mem_zalloc(w->n * (w->n - 1) / 2, sizeof(*w->pairs));
	for (int a = 1; a < (int)w->n; a++) {
		measure(w, a);
		for (int b = 0; b < a; b++)
			pair(w, a, b, w->dist[b]);
	}
}

/* Each pivot is the point farthest from all before it. */
static void pair_some(
	struct work *w, const struct graph_wire *wires, size_t n_wires)
{
	cleanup_free double *far = mem_zalloc(w->n, sizeof(*far));
	int pivot = 0;

	w->pairs = mem_zalloc(w->n * PIVOTS + n_wires, sizeof(*w->pairs));
	for (size_t i = 0; i < n_wires; i++)
		pair(w, wires[i].a, wires[i].b, wires[i].length);
	for (int p = 0; p < PIVOTS; p++) {
		int best = 0;

		measure(w, pivot);
		for (int v = 0; v < (int)w->n; v++) {
			pair(w, pivot, v, w->dist[v]);
			if (!p || w->dist[v] < far[v])
				far[v] = w->dist[v];
			if (far[v] > far[best])
				best = v;
		}
		pivot = best;
	}
}

static void shuffle(struct work *w)
{
	for (size_t i = w->n_pairs; i > 1; i--) {
		size_t j = draw(w) % i;
		struct pair swap = w->pairs[i - 1];

		w->pairs[i - 1] = w->pairs[j];
		w->pairs[j] = swap;
	}
}

static void move(const struct pair *p, double step, struct graph_point *at)
{
	struct graph_point *a = &at[p->a], *b = &at[p->b];
	double dx = a->x - b->x, dy = a->y - b->y, d = p->d;
	double now = sqrt(dx * dx + dy * dy), share = step / (d * d);

	if (now < 1e-9) {
		a->x += 1e-3;
		return;
	}
	share = (share > 1 ? 1 : share) * (now - d) / (2 * now);
	a->x -= share * dx;
	a->y -= share * dy;
	b->x += share * dx;
	b->y += share * dy;
}

static void descend(struct work *w, struct graph_point *at)
{
	double most = 0, least = INFINITY;

	for (size_t i = 0; i < w->n_pairs; i++) {
		double d = w->pairs[i].d;

		most = d > most ? d : most;
		least = d < least ? d : least;
	}
	for (int r = 0; r < ROUNDS; r++) {
		double step = most * most *
			      pow(0.1 * least * least / (most * most),
				      (double)r / (ROUNDS - 1));

		shuffle(w);
		for (size_t i = 0; i < w->n_pairs; i++)
			move(&w->pairs[i], step, at);
	}
}

static void work_open(
	struct work *w, const struct graph_wire *wires, size_t n_wires)
{
	link_up(w, wires, n_wires);
	w->dist = mem_zalloc(w->n, sizeof(*w->dist));
	w->heap = mem_zalloc(w->n, sizeof(*w->heap));
	w->seat = mem_zalloc(w->n, sizeof(*w->seat));
}

static void work_close(struct work *w)
{
	free(w->start);
	free(w->to);
	free(w->len);
	free(w->dist);
	free(w->heap);
	free(w->seat);
	free(w->pairs);
}

void stress_place(size_t n, const struct graph_wire *wires, size_t n_wires,
	struct graph_point *ret)
{
	struct work w = {.n = n, .random = 0x9e3779b97f4a7c15};

	work_open(&w, wires, n_wires);
	if (n <= ALL_PAIRS)
		pair_all(&w);
	else
		pair_some(&w, wires, n_wires);
	for (size_t v = 0; v < n; v++) {
		ret[v].x = (double)(draw(&w) >> 11) / (double)(1LL << 53);
		ret[v].y = (double)(draw(&w) >> 11) / (double)(1LL << 53);
	}
	descend(&w, ret);
	work_close(&w);
}

double stress_of(size_t n, const struct graph_wire *wires, size_t n_wires,
	const struct graph_point *at)
{
	struct work w = {.n = n};
	double sum = 0;

	work_open(&w, wires, n_wires);
	pair_all(&w);
	for (size_t i = 0; i < w.n_pairs; i++) {
		const struct pair *p = &w.pairs[i];
		double now =
			hypot(at[p->a].x - at[p->b].x, at[p->a].y - at[p->b].y);

		sum += (now - p->d) * (now - p->d) / (p->d * p->d);
	}
	work_close(&w);
	return sum;
}
