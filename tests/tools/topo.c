/* topo FILE...: what an import makes of each, one line of numbers or the
 * error.  For tests that count by other means. */
#include "testbed/load.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct buf said = BUF_INIT(1 << 20);
		struct topology *t = NULL;
		struct err err = ERR_INIT;

		if (topology_load(argv[i], &t, &said, &err))
			printf("%s: error %s\n", argv[i], err.text);
		else
			printf("%s: %s nodes %zu links %zu members %zu "
			       "bridges %zu\n",
				argv[i], t->source, t->n_nodes, t->n_links,
				t->n_ifaces - 2 * t->n_bridges, t->n_bridges);
		topology_free(t);
		buf_release(&said);
	}
	return 0;
}
