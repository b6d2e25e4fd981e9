/* The checker's own index of names: exact, and of constant cost however many
 * wrong names a hostile plan holds. */
#include "check/names.h"

void names_init(struct names *n, const struct topology *t)
{
	n->t = t;
	map_init(&n->nodes);
	map_init(&n->links);
	for (size_t i = 0; i < t->n_nodes; i++)
		map_puts(&n->nodes, t->nodes[i].name,
			(void *)(uintptr_t)(i + 1));
	for (size_t i = 0; i < t->n_links; i++)
		map_puts(&n->links, t->links[i].name,
			(void *)(uintptr_t)(i + 1));
}

void names_release(struct names *n)
{
	map_release(&n->nodes);
	map_release(&n->links);
}

int names_node(const struct names *n, const char *name)
{
	return name ? (int)(uintptr_t)map_gets(&n->nodes, name) - 1 : -1;
}

int names_link(const struct names *n, const char *name)
{
	return name ? (int)(uintptr_t)map_gets(&n->links, name) - 1 : -1;
}
