/* The cover problem behind a topology, for other solvers:
 *
 *	tool-coverproblem TOPOLOGY COVER OBJECTIVE [COSTS] LP
 *
 * writes it as an LP file (glpsol --lp, cbc) and prints
 *
 *	columns,rows,import_ms,greedy,greedy_ms,thinned,thinned_ms
 *
 * where greedy is the cost of taking, again and again, the node that sees most
 * for its price, and thinned the same with what turned out superfluous left
 * out.  The problem is the one that nfz-plan-check derives, and owes nothing to
 * the planner. */
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "check/need.h"
#include "testbed/load.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

struct greedy {
	const struct need *n;
	int *col_start, *col_row, *row_group;
	int *row_seen, *group_seen; /* probes, rows */
	bool *chosen;
	int *order, n_order;
};

static double cpu_ms(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

static void index_columns(struct greedy *x)
{
	const struct need *n = x->n;
	size_t nodes = n->t->n_nodes;
	cleanup_free int *at = mem_zalloc(nodes + 1, sizeof(int));

	for (size_t i = 0; i < n->n_entries; i++)
		x->col_start[n->row_node[i] + 1]++;
	for (size_t v = 0; v < nodes; v++) {
		x->col_start[v + 1] += x->col_start[v];
		at[v] = x->col_start[v];
	}
	for (int g = 0; g < n->n_groups; g++)
		for (int r = n->groups[g].first; r < n->groups[g].end; r++) {
			x->row_group[r] = g;
			for (int i = n->row_start[r]; i < n->row_start[r + 1];
				i++)
				x->col_row[at[n->row_node[i]]++] = r;
		}
}

static bool wants(const struct greedy *x, int r)
{
	const struct need_group *g = &x->n->groups[x->row_group[r]];

	return g->possible && x->row_seen[r] < x->n->each &&
	       x->group_seen[x->row_group[r]] < g->demand;
}

static int gain(const struct greedy *x, int v)
{
	int n = 0;

	for (int i = x->col_start[v]; i < x->col_start[v + 1]; i++)
		n += wants(x, x->col_row[i]);
	return n;
}

static void choose(struct greedy *x, int v)
{
	x->chosen[v] = true;
	x->order[x->n_order++] = v;
	for (int i = x->col_start[v]; i < x->col_start[v + 1]; i++) {
		int r = x->col_row[i];

		if (++x->row_seen[r] == x->n->each)
			x->group_seen[x->row_group[r]]++;
	}
}

struct entry {
	double price; /* for what it sees */
	int node;
};

static bool before(const struct entry *a, const struct entry *b)
{
	return a->price != b->price ? a->price < b->price : a->node < b->node;
}

static void sink(struct entry *heap, int n, int i)
{
	for (;;) {
		int least = i;

		for (int c = 2 * i + 1; c <= 2 * i + 2 && c < n; c++)
			if (before(&heap[c], &heap[least]))
				least = c;
		if (least == i)
			return;
		struct entry e = heap[i];

		heap[i] = heap[least];
		heap[least] = e;
		i = least;
	}
}

/* Lazily: what a node sees only shrinks, so an entry that is still right at the
 * top is the best. */
static void be_greedy(struct greedy *x)
{
	const int64_t *cost = x->n->ask->cost;
	int nodes = (int)x->n->t->n_nodes, n = 0;
	cleanup_free struct entry *heap =
		mem_zalloc((size_t)nodes + 1, sizeof(*heap));

	for (int v = 0; v < nodes; v++)
		if (gain(x, v))
			heap[n++] =
				(struct entry){(double)cost[v] / gain(x, v), v};
	for (int i = n / 2; i >= 0; i--)
		sink(heap, n, i);
	while (n) {
		int v = heap[0].node, now = gain(x, v);
		double price = now ? (double)cost[v] / now : 0;

		if (now && price > heap[0].price) {
			heap[0].price = price;
			sink(heap, n, 0);
			continue;
		}
		heap[0] = heap[--n];
		sink(heap, n, 0);
		if (now)
			choose(x, v);
	}
}

static bool is_superfluous(struct greedy *x, int v)
{
	bool fine = true;
	int end = x->col_start[v + 1];

	for (int i = x->col_start[v]; i < end; i++)
		if (x->row_seen[x->col_row[i]]-- == x->n->each)
			x->group_seen[x->row_group[x->col_row[i]]]--;
	for (int i = x->col_start[v]; i < end && fine; i++) {
		int g = x->row_group[x->col_row[i]];

		fine = !x->n->groups[g].possible ||
		       x->group_seen[g] >= x->n->groups[g].demand;
	}
	for (int i = x->col_start[v]; i < end && !fine; i++)
		if (++x->row_seen[x->col_row[i]] == x->n->each)
			x->group_seen[x->row_group[x->col_row[i]]]++;
	return fine;
}

static int64_t cost_of(const struct greedy *x)
{
	int64_t sum = 0;

	for (size_t v = 0; v < x->n->t->n_nodes; v++)
		sum += x->chosen[v] ? x->n->ask->cost[v] : 0;
	return sum;
}

static void thin(struct greedy *x)
{
	for (int i = x->n_order; i-- > 0;)
		if (is_superfluous(x, x->order[i]))
			x->chosen[x->order[i]] = false;
}

static void run_greedy(const struct need *n)
{
	size_t nodes = n->t->n_nodes + 2, rows = (size_t)n->n_rows + 1;
	struct greedy x = {.n = n};
	double begun = cpu_ms(), took;
	int64_t cost;

	x.col_start = mem_zalloc(nodes, sizeof(int));
	x.col_row = mem_zalloc(n->n_entries + 1, sizeof(int));
	x.row_group = mem_zalloc(rows, sizeof(int));
	x.row_seen = mem_zalloc(rows, sizeof(int));
	x.group_seen = mem_zalloc((size_t)n->n_groups + 1, sizeof(int));
	x.chosen = mem_zalloc(nodes, sizeof(bool));
	x.order = mem_zalloc(nodes, sizeof(int));
	index_columns(&x);
	be_greedy(&x);
	took = cpu_ms() - begun;
	cost = cost_of(&x);
	thin(&x);
	printf("%" PRId64 ",%.3f,%" PRId64 ",%.3f\n", cost, took, cost_of(&x),
		cpu_ms() - begun);
	free(x.col_start);
	free(x.col_row);
	free(x.row_group);
	free(x.row_seen);
	free(x.group_seen);
	free(x.chosen);
	free(x.order);
}

static void write_row(const struct need *n, int r, bool optional, FILE *to)
{
	fprintf(to, " r%d:", r);
	for (int i = n->row_start[r]; i < n->row_start[r + 1]; i++)
		fprintf(to, "%s + x%d", i % 10 == 9 ? "\n" : "",
			n->row_node[i]);
	if (optional)
		fprintf(to, " - %d y%d >= 0\n", n->each, r);
	else
		fprintf(to, " >= %d\n", n->each);
}

static void write_group(const struct need *n, int g, FILE *to)
{
	const struct need_group *group = &n->groups[g];
	bool optional = group->demand < group->end - group->first;

	if (!group->possible)
		return;
	for (int r = group->first; r < group->end; r++)
		write_row(n, r, optional, to);
	if (!optional)
		return;
	fprintf(to, " g%d:", g);
	for (int r = group->first; r < group->end; r++)
		fprintf(to, "%s + y%d", r % 10 == 9 ? "\n" : "", r);
	fprintf(to, " >= %d\n", group->demand);
}

static int write_lp(const struct need *n, const char *path)
{
	FILE *to = fopen(path, "w");

	if (!to)
		return -1;
	fputs("Minimize\n cost: 0 x_none", to);
	for (size_t v = 0; v < n->t->n_nodes; v++)
		if (!n->obstacle[v])
			fprintf(to, "%s + %" PRId64 " x%zu",
				v % 10 == 9 ? "\n" : "", n->ask->cost[v], v);
	fputs("\nSubject To\n none: x_none >= 0\n", to);
	for (int g = 0; g < n->n_groups; g++)
		write_group(n, g, to);
	fputs("Binary\n", to);
	for (size_t v = 0; v < n->t->n_nodes; v++)
		if (!n->obstacle[v])
			fprintf(to, " x%zu\n", v);
	for (int g = 0; g < n->n_groups; g++)
		for (int r = n->groups[g].first;
			n->groups[g].possible && r < n->groups[g].end; r++)
			if (n->groups[g].demand <
				n->groups[g].end - n->groups[g].first)
				fprintf(to, " y%d\n", r);
	fputs("End\n", to);
	return fclose(to);
}

/* Lines "NODE COST" as a demand's costs. */
static int add_costs(const char *path, struct buf *to, struct err *err)
{
	struct buf text = BUF_INIT(64 << 20);
	int r = file_read(path, &text, err);
	char *rest = NULL, *line;
	bool first = true;

	if (r == 0 && text.len)
		for (line = strtok_r(text.data, "\n", &rest); line;
			line = strtok_r(NULL, "\n", &rest)) {
			char *space = strrchr(line, ' ');

			if (!space)
				continue;
			*space = 0;
			buf_addf(to, "%s\"%s\":%s", first ? "" : ",", line,
				space + 1);
			first = false;
		}
	buf_release(&text);
	return r;
}

static int make_ask(const struct names *names, char **argv, const char *costs,
	struct ask *ret, struct err *err)
{
	cleanup(jval_free_at) struct jval *demand = NULL;
	struct buf text = BUF_INIT(256 << 20);
	int r = 0;

	buf_addf(&text,
		"{\"cover\":\"%s\",\"objective\":{\"name\":\"%s\"},"
		"\"demand\":{\"costs\":{",
		argv[2], argv[3]);
	if (costs)
		r = add_costs(costs, &text, err);
	buf_adds(&text, "}}}");
	if (r == 0)
		r = jval_parse(
			buf_str(&text), text.len, "demand", &demand, err);
	if (r == 0)
		r = ask_read(names, demand, ret, err);
	buf_release(&text);
	return r;
}

int main(int argc, char **argv)
{
	cleanup(topology_free_at) struct topology *t = NULL;
	struct err err = ERR_INIT;
	struct names names;
	struct ask ask;
	struct need need;
	double begun = cpu_ms();
	int r;

	if (argc != 5 && argc != 6) {
		fputs("usage: coverproblem TOPOLOGY COVER OBJECTIVE [COSTS] "
		      "LP\n",
			stderr);
		return 2;
	}
	r = topology_load(argv[1], &t, NULL, &err);
	if (r == 0) {
		begun = cpu_ms() - begun;
		names_init(&names, t);
		r = make_ask(
			&names, argv, argc == 6 ? argv[4] : NULL, &ask, &err);
	}
	if (r < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	need_init(&need, t, &ask);
	printf("%zu,%d,%.3f,", t->n_nodes, need.n_rows, begun);
	run_greedy(&need);
	r = write_lp(&need, argv[argc - 1]);
	need_release(&need);
	ask_release(&ask);
	names_release(&names);
	return r ? 1 : 0;
}
