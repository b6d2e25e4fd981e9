/* Deterministic graphs for planner tests and benches:
 *
 *	tool-gengraph KIND LINKS [--seed N] [--shaped PCT] [--as FORM]
 *		[--objective NAME]
 *
 * KIND: ts (transit-stub: small rings of routers, stub trees, hosts), ba
 * (Barabasi-Albert, two links a newcomer), geo (random points, six neighbours
 * on average), er3 er5 (uniform, mean degree 3 or 5), fattree (k chosen for
 * LINKS, hosts included), star, lan (one LAN of LINKS members, or many small
 * ones: lans).  About LINKS links; equal links and loops are left out.
 *
 * FORM: gr ("p td N M", pairs; the default), scp (rows columns, costs, rows),
 * json (netflowize.topology/1).  Every two shaped links share one shaper,
 * which is a column of its own.  NAME, for scp: cost (shaper 1, router 3, node
 * of one link 10; the default), count (1000 1001 1005), impact (1 1000 5000).
 * LANs are written as json only. */
#include "base/mix.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pair {
	int u, v;
};

struct graph {
	int n;
	size_t m, cap;
	struct pair *link;
	int *lan_start; /* json only: members of LAN i in lan_node */
	int *lan_node;
	int n_lans;
};

struct want {
	const char *kind, *form, *objective;
	int links, shaped;
	uint64_t seed;
};

static double unit(uint64_t *s)
{
	return (double)(mix_next(s) >> 11) / 9007199254740992.0;
}

static void *need(void *p)
{
	if (!p) {
		fputs("gengraph: out of memory\n", stderr);
		exit(1);
	}
	return p;
}

static void add(struct graph *g, int u, int v)
{
	if (g->m == g->cap) {
		g->cap = g->cap ? 2 * g->cap : 1024;
		g->link = need(realloc(g->link, g->cap * sizeof(*g->link)));
	}
	g->link[g->m++] = (struct pair){u < v ? u : v, u < v ? v : u};
}

/* Rings of 8 transit routers joined in a tree with chords; every router
 * carries stubs: rings or trees of routers with hosts. */
static void make_ts(struct graph *g, const struct want *w, uint64_t *s)
{
	int core = 0, per = w->links / 120 + 1;

	for (int d = 0; d < per; d++) {
		int base = g->n;

		g->n += 8;
		for (int i = 0; i < 8; i++)
			add(g, base + i, base + (i + 1) % 8);
		if (d)
			add(g, base, mix_below(s, core));
		if (d > 1)
			add(g, base + 4, mix_below(s, core));
		for (int i = 0; i < 8; i++) {
			int stub = g->n, size = 5 + mix_below(s, 5);

			g->n += size;
			add(g, base + i, stub);
			for (int k = 1; k < size; k++)
				add(g, stub + k, stub + mix_below(s, k));
			for (int k = 0; k < 2; k++)
				add(g, stub + mix_below(s, size),
					stub + mix_below(s, size));
			for (int k = mix_below(s, 6); k > 0; k--)
				add(g, stub + mix_below(s, size), g->n++);
		}
		core = g->n;
	}
}

static void make_ba(struct graph *g, const struct want *w, uint64_t *s)
{
	add(g, 0, 1);
	g->n = 2;
	while (g->m + 2 <= (size_t)w->links) {
		int v = g->n++;

		for (int k = 0; k < 2; k++) {
			struct pair p = g->link[mix_below(s, (int)g->m)];

			add(g, v, mix_below(s, 2) || p.u == v ? p.v : p.u);
			if (g->link[g->m - 1].u == g->link[g->m - 1].v)
				g->m--;
		}
	}
}

static void make_er(
	struct graph *g, const struct want *w, uint64_t *s, int degree)
{
	g->n = (int)(2 * (int64_t)w->links / degree);
	if (g->n < 2)
		g->n = 2;
	for (int i = 0; i < w->links; i++)
		add(g, mix_below(s, g->n), mix_below(s, g->n));
}

/* Points in the unit square, joined within the radius that gives six
 * neighbours; a grid of cells keeps the search linear. */
static void make_geo(struct graph *g, const struct want *w, uint64_t *s)
{
	int n = w->links / 3 + 1, side;
	double r = sqrt(6.0 / (3.14159265358979 * n));
	double *x = need(malloc(sizeof(double) * 2 * (size_t)n));
	int *head, *more = need(malloc(sizeof(int) * (size_t)n));

	g->n = n;
	side = (int)(1.0 / r);
	if (side < 1)
		side = 1;
	head = need(malloc(sizeof(int) * (size_t)side * (size_t)side));
	memset(head, 0xff, sizeof(int) * (size_t)side * (size_t)side);
	for (int i = 0; i < n; i++) {
		int cx, cy;

		x[2 * i] = unit(s);
		x[2 * i + 1] = unit(s);
		cx = (int)(x[2 * i] * side);
		cy = (int)(x[2 * i + 1] * side);
		for (int k = 0; k < 9; k++) {
			int ax = cx + k % 3 - 1, ay = cy + k / 3 - 1;

			if (ax < 0 || ay < 0 || ax >= side || ay >= side)
				continue;
			for (int j = head[ay * side + ax]; j >= 0; j = more[j])
				if (hypot(x[2 * i] - x[2 * j],
					    x[2 * i + 1] - x[2 * j + 1]) <= r)
					add(g, i, j);
		}
		more[i] = head[cy * side + cx];
		head[cy * side + cx] = i;
	}
	free(x);
	free(head);
	free(more);
}

/* k pods; k^2/4 cores, k/2 + k/2 switches a pod, k/2 hosts an edge switch:
 * 3 k^3 / 4 links. */
static void make_fattree(struct graph *g, const struct want *w)
{
	int k = 2, half, cores;

	while (3 * (int64_t)(k + 2) * (k + 2) * (k + 2) / 4 <= w->links)
		k += 2;
	half = k / 2;
	cores = half * half;
	g->n = cores;
	for (int pod = 0; pod < k; pod++) {
		int agg = g->n, edge = agg + half;

		g->n += k;
		for (int i = 0; i < half; i++)
			for (int j = 0; j < half; j++) {
				add(g, i * half + j, agg + i);
				add(g, agg + i, edge + j);
				add(g, edge + j, g->n++);
			}
	}
}

static void make_star(struct graph *g, const struct want *w)
{
	g->n = w->links + 1;
	for (int i = 1; i <= w->links; i++)
		add(g, 0, i);
}

/* One LAN of everybody, or LANs of 3 to 10 members that share routers. */
static void make_lans(
	struct graph *g, const struct want *w, uint64_t *s, bool one)
{
	size_t n = 0;

	g->lan_start = need(calloc((size_t)w->links + 2, sizeof(int)));
	g->lan_node = need(calloc((size_t)w->links * 11 + 16, sizeof(int)));
	if (one) {
		for (; n < (size_t)w->links; n++)
			g->lan_node[n] = g->n++;
		g->lan_start[g->n_lans = 1] = (int)n;
		return;
	}
	g->n = 1;
	for (int i = 0; i < w->links; i++) {
		int size = 3 + mix_below(s, 8), routers = 1 + mix_below(s, 2);
		int first = g->n;

		g->lan_node[n++] = mix_below(s, first);
		if (routers == 2 && first > 1) {
			int other = mix_below(s, first);

			if (other != g->lan_node[n - 1])
				g->lan_node[n++] = other;
		}
		for (int k = 0; k < size; k++)
			g->lan_node[n++] = g->n++;
		g->lan_start[++g->n_lans] = (int)n;
	}
}

static int by_ends(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return x->u != y->u ? (x->u > y->u) - (x->u < y->u)
			    : (x->v > y->v) - (x->v < y->v);
}

static void tidy(struct graph *g)
{
	size_t n = 0;

	if (g->m)
		qsort(g->link, g->m, sizeof(*g->link), by_ends);
	for (size_t i = 0; i < g->m; i++) {
		struct pair p = g->link[i];

		if (p.u == p.v || (n && g->link[n - 1].u == p.u &&
					  g->link[n - 1].v == p.v))
			continue;
		g->link[n++] = p;
	}
	g->m = n;
}

/* Shaper of each link, -1 without; returns how many shapers there are. */
static int shape(
	const struct graph *g, const struct want *w, uint64_t *s, int *shaper)
{
	int *at = need(malloc(sizeof(int) * (g->m + 1)));
	int n = 0;

	for (size_t i = 0; i < g->m; i++) {
		shaper[i] = -1;
		if (mix_below(s, 100) < w->shaped)
			at[n++] = (int)i;
	}
	for (int i = n - 1; i > 0; i--) { /* which two share is chance */
		int j = mix_below(s, i + 1), t = at[i];

		at[i] = at[j];
		at[j] = t;
	}
	for (int i = 0; i < n; i++)
		shaper[at[i]] = i / 2;
	free(at);
	return (n + 1) / 2;
}

static void print_gr(const struct graph *g)
{
	printf("p td %d %zu\n", g->n, g->m);
	for (size_t i = 0; i < g->m; i++)
		printf("%d %d\n", g->link[i].u + 1, g->link[i].v + 1);
}

static void print_scp(const struct graph *g, const struct want *w,
	const int *shaper, int n_shapers)
{
	static const int costs[3][3] = {
		{1, 3, 10}, {1000, 1001, 1005}, {1, 1000, 5000}};
	const int *c = costs[strcmp(w->objective, "count") == 0    ? 1
			     : strcmp(w->objective, "impact") == 0 ? 2
								   : 0];
	int *degree = need(calloc((size_t)g->n + 1, sizeof(int)));

	for (size_t i = 0; i < g->m; i++) {
		degree[g->link[i].u]++;
		degree[g->link[i].v]++;
	}
	printf("%zu %d\n", g->m, g->n + n_shapers);
	for (int v = 0; v < g->n; v++)
		printf("%d ", degree[v] <= 1 ? c[2] : c[1]);
	for (int i = 0; i < n_shapers; i++)
		printf("%d ", c[0]);
	putchar('\n');
	for (size_t i = 0; i < g->m; i++) {
		printf("%d\n%d %d", shaper[i] < 0 ? 2 : 3, g->link[i].u + 1,
			g->link[i].v + 1);
		if (shaper[i] >= 0)
			printf(" %d", g->n + shaper[i] + 1);
		putchar('\n');
	}
	free(degree);
}

static void print_json(const struct graph *g, const int *shaper, int n_shapers)
{
	const char *sep = "";

	puts("{\"schema\": \"netflowize.topology/1\", \"nodes\": [");
	for (int v = 0; v < g->n; v++)
		printf("%s\"n%d\"", v ? ",\n" : "", v);
	for (int i = 0; i < n_shapers; i++)
		printf(",\n{\"name\": \"d%d\", \"role\": \"shaper\"}", i);
	puts("],\n\"links\": [");
	for (size_t i = 0; i < g->m; i++, sep = ",\n")
		printf("%s{\"name\": \"l%zu\", \"nodes\": [\"n%d\", \"n%d\"]}",
			sep, i, g->link[i].u, g->link[i].v);
	for (int i = 0; i < g->n_lans; i++, sep = ",\n") {
		printf("%s{\"name\": \"lan%d\", \"lan\": true, \"nodes\": [",
			sep, i);
		for (int k = g->lan_start[i]; k < g->lan_start[i + 1]; k++)
			printf("%s\"n%d\"", k == g->lan_start[i] ? "" : ", ",
				g->lan_node[k]);
		fputs("]}", stdout);
	}
	puts("],\n\"bridges\": [");
	sep = "";
	for (size_t i = 0; i < g->m; i++)
		if (shaper[i] >= 0) {
			printf("%s{\"node\": \"d%d\", \"link\": \"l%zu\"}", sep,
				shaper[i], i);
			sep = ",\n";
		}
	puts("]}");
}

static int usage(void)
{
	fputs("usage: tool-gengraph ts|ba|geo|er3|er5|fattree|star|lan|lans "
	      "LINKS\n\t[--seed N] [--shaped PCT] [--as gr|scp|json] "
	      "[--objective cost|count|impact]\n",
		stderr);
	return 2;
}

static bool make(struct graph *g, const struct want *w, uint64_t *s)
{
	if (strcmp(w->kind, "ts") == 0)
		make_ts(g, w, s);
	else if (strcmp(w->kind, "ba") == 0)
		make_ba(g, w, s);
	else if (strcmp(w->kind, "geo") == 0)
		make_geo(g, w, s);
	else if (strcmp(w->kind, "er3") == 0)
		make_er(g, w, s, 3);
	else if (strcmp(w->kind, "er5") == 0)
		make_er(g, w, s, 5);
	else if (strcmp(w->kind, "fattree") == 0)
		make_fattree(g, w);
	else if (strcmp(w->kind, "star") == 0)
		make_star(g, w);
	else if (strncmp(w->kind, "lan", 3) == 0)
		make_lans(g, w, s, w->kind[3] == '\0');
	else
		return false;
	return true;
}

static bool read_options(int argc, char **argv, struct want *w)
{
	for (int i = 3; i < argc; i += 2) {
		if (i + 1 == argc)
			return false;
		if (strcmp(argv[i], "--seed") == 0)
			w->seed = strtoull(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--shaped") == 0)
			w->shaped = (int)strtol(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--as") == 0)
			w->form = argv[i + 1];
		else if (strcmp(argv[i], "--objective") == 0)
			w->objective = argv[i + 1];
		else
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct want w = {.form = "gr", .objective = "cost", .seed = 1};
	struct graph g = {0};
	int *shaper, n_shapers;
	uint64_t s;

	if (argc < 3 || !read_options(argc, argv, &w))
		return usage();
	w.kind = argv[1];
	w.links = (int)strtol(argv[2], NULL, 10);
	s = w.seed;
	if (w.links < 1 || !make(&g, &w, &s))
		return usage();
	tidy(&g);
	shaper = need(malloc(sizeof(int) * (g.m + 1)));
	n_shapers = shape(&g, &w, &s, shaper);
	if (strcmp(w.form, "gr") == 0)
		print_gr(&g);
	else if (strcmp(w.form, "scp") == 0)
		print_scp(&g, &w, shaper, n_shapers);
	else if (strcmp(w.form, "json") == 0)
		print_json(&g, shaper, n_shapers);
	else
		return usage();
	free(shaper);
	free(g.link);
	free(g.lan_start);
	free(g.lan_node);
	return 0;
}
