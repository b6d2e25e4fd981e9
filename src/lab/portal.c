/* Names of a portal's experiment. */
#include "lab/portal.h"
#include "base/hash.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

struct lab_portal *lab_portal_new(void)
{
	struct lab_portal *p = mem_zalloc(1, sizeof(*p));

	p->n_sites = 1;
	p->answers = LAB_IN_BOTH;
	return p;
}

void lab_portal_free(struct lab_portal *p)
{
	if (p == NULL)
		return;
	arena_release(&p->arena);
	free(p->nodes);
	free(p->links);
	free(p->bridges);
	free(p);
}

void lab_portal_name(struct lab_portal *p, const char *pid, const char *eid)
{
	struct hash_key key = {0};
	uint64_t a = hash_bytes(&key, pid, strlen(pid)), b;

	key.k0 = a;
	b = hash_bytes(&key, eid, strlen(eid));

	snprintf(p->uuid, sizeof(p->uuid), "%08x-%04x-11f0-8%03x-%012llx",
		(unsigned)(b >> 32), (unsigned)(b & 0xffff),
		(unsigned)(a & 0xfff), (unsigned long long)(a >> 16));
}

static const char *find(
	const struct lab_name *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i].ns, name) == 0)
			return names[i].id;
	return name;
}

const char *lab_portal_node(const struct lab_experiment *e, const char *vname)
{
	return e->portal != NULL
		       ? find(e->portal->nodes, e->portal->n_nodes, vname)
		       : vname;
}

const char *lab_portal_link(const struct lab_experiment *e, const char *lan)
{
	return e->portal != NULL
		       ? find(e->portal->links, e->portal->n_links, lan)
		       : lan;
}

const char *lab_portal_vname(const struct lab_experiment *e, const char *id)
{
	for (size_t i = 0; e->portal != NULL && i < e->portal->n_nodes; i++)
		if (strcmp(e->portal->nodes[i].id, id) == 0)
			return e->portal->nodes[i].ns;
	return id;
}

const struct lab_bridge *lab_portal_bridge(
	const struct lab_experiment *e, const char *lan, const char *member)
{
	for (size_t i = 0; e->portal != NULL && i < e->portal->n_bridges; i++) {
		const struct lab_bridge *b = &e->portal->bridges[i];

		if (strcmp(b->lan, lan) == 0 &&
			(b->member == NULL ||
				(member != NULL &&
					strcmp(b->member, member) == 0)))
			return b;
	}
	return NULL;
}
