/* An image's name is only a hint: people put Linux into images called
 * anything.  A node of the user's that seems to run another system is asked,
 * where somebody can be; a shaper is not, because the testbed itself sets up
 * shapers by image. */
#include "testbed/import.h"
#include "testbed/import_data.h"

#include <string.h>

static bool seems_foreign(const struct topo_node *n)
{
	return n->m->unusable && strcmp(n->m->unusable, "os") == 0 &&
	       n->role != ROLE_SHAPER;
}

int import_systems(struct import *i)
{
	if (!i->options->node_file)
		return 0;
	for (size_t k = 0; k < i->t->n_nodes; k++) {
		const struct topo_node *n = &i->t->nodes[k];
		struct buf out = BUF_INIT(256);
		struct err err = ERR_INIT;
		int rc;

		if (!seems_foreign(n))
			continue;
		rc = i->options->node_file(
			i->options->ctx, n, IMPORT_UNAME, &out, &err);
		if (rc == 0 && strncmp(buf_str(&out), "Linux", 5) == 0)
			topology_machine(i->t, (int)k)->unusable = NULL;
		buf_release(&out);
		if (rc == -NFZ_E_INTERRUPTED) {
			if (i->err)
				*i->err = err;
			return rc;
		}
	}
	return 0;
}
