#include "cli/heavy.h"
#include "base/mem.h"
#include "cli/experiment.h"
#include "cli/say.h"

#include <string.h>

enum { IFACES = 4 };

static void only_type(struct heavy_goal *g, const char *type)
{
	struct heavy_type *pool = (struct heavy_type *)(uintptr_t)g->pool;
	size_t n = 0;

	for (size_t i = 0; i < g->n_pool; i++)
		if (strcmp(pool[i].name, type) == 0)
			pool[n++] = pool[i];
	g->n_pool = n;
}

int heavy_goal_of(const struct heavy_options *o, bool mixed,
	struct arena *arena, struct heavy_goal *ret, struct err *err)
{
	struct heavy_type *pool = NULL;
	int r = 0;

	*ret = (struct heavy_goal){.mixed = mixed,
		.any = {.name = o->node_type,
			.have = -1,
			.ifaces = o->ifaces ? (int)o->ifaces : IFACES},
		.max_kbps = o->gbps * 1000000,
		.max_pps = o->pps};
	if (o->free)
		r = heavy_pool_parse(o->free, arena, &pool, &ret->n_pool, err);
	ret->pool = pool;
	if (r == 0 && o->free && o->node_type)
		only_type(ret, o->node_type);
	if (r == 0 && o->free && !ret->n_pool)
		ret->any.have = 0;
	return r;
}

int heavy_goal_ask(struct app *app, const struct heavy_options *o,
	const char *experiment, struct heavy_goal *g, struct err *err)
{
	struct client *client;
	struct experiment_name name;
	struct heavy_type *pool;
	int64_t n = 0;
	int r;

	if (o->free || !experiment)
		return 0;
	r = app_experiment(app, experiment, &name, err);
	if (r == 0)
		r = experiment_connect(app, &client, err);
	if (r < 0)
		return r;
	r = client_available(client, name.project, o->node_type, &n, err);
	if (r < 0 || n < 0) {
		say_note(app, "the testbed does not tell how many nodes are "
			      "free; --free TYPE=N does");
		err_clear(err);
		return 0;
	}
	pool = mem_zalloc(1, sizeof(*pool));
	*pool = g->any;
	pool->have = n;
	g->pool = pool;
	g->n_pool = 1;
	return 0;
}

void heavy_goal_release(struct heavy_goal *g)
{
	free((struct heavy_type *)(uintptr_t)g->pool);
	g->pool = NULL;
}
