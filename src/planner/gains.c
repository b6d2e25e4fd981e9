/* Reference: pseudocosts (Benichou, Gauthier, Girodet, Hentges, Ribiere, Vincent
 * 1971), the product of both ways (Achterberg 2007).  What was tried seldom is
 * believed to bring what the others do on the average, those in many rows
 * more. */
#define _GNU_SOURCE
#include "planner/gains.h"
#include "base/mem.h"

#include <stdlib.h>

static const double LEAST = 1e-6, DOUBT = 2 /* tries */;

void gains_init(struct gains *g, int n_cols, const double *weight)
{
	size_t n = (size_t)n_cols + 1;
	double sum = 0;

	*g = (struct gains){.all = {{1, 1}, {1, 1}}};
	g->one[0] = mem_zalloc(n, sizeof(struct gain));
	g->one[1] = mem_zalloc(n, sizeof(struct gain));
	g->weight = mem_zalloc(n, sizeof(double));
	for (int c = 0; c < n_cols; c++)
		sum += weight[c];
	for (int c = 0; c < n_cols && sum > 0; c++)
		g->weight[c] = weight[c] * n_cols / sum;
}

void gains_release(struct gains *g)
{
	free(g->one[0]);
	free(g->one[1]);
	free(g->weight);
}

/* How far a value has to go. */
static double way(double x, bool value)
{
	double far = value ? 1 - x : x;

	return far > LEAST ? far : LEAST;
}

void gains_note(struct gains *g, int col, bool value, double x, double grown)
{
	double gain = grown > 0 ? grown / way(x, value) : 0;

	g->one[value][col].sum += gain;
	g->one[value][col].n++;
	g->all[value].sum += gain;
	g->all[value].n++;
}

static double expect(const struct gains *g, int col, bool value, double x)
{
	const struct gain *one = &g->one[value][col], *all = &g->all[value];
	double usual = all->sum / all->n * g->weight[col];
	double gain =
		(one->sum + DOUBT * usual) / (one->n + DOUBT) * way(x, value);

	return gain > LEAST ? gain : LEAST;
}

double gains_expect(const struct gains *g, int col, double x)
{
	if (x < LEAST || x > 1 - LEAST)
		return 0;
	return expect(g, col, false, x) * expect(g, col, true, x);
}
