/* Who gets which machine.  Fixed nodes first, then survivors on the machines
 * they have, then the choosy before the easy; a greedy choice is enough
 * because only types differ and machines of one type are all alike.
 *
 * Ties are broken by a hash of the experiment's name, so that a file lands on
 * the same machines every time but not always on pc1, pc2, pc3. */
#include "base/mem.h"
#include "base/mix.h"
#include "lab/mapper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One wish: a node, a shaper box, or a host for virtual nodes. */
struct wish {
	const struct ns_node *node; /* NULL: a box or a host */
	const char *erole, *fixed;
	const char *vname, *vtype;
	uint32_t types; /* bit i: site->types[i] will do */
	int machine;    /* -1 until placed */
	size_t order;
};

struct placing {
	struct mapper *m;
	struct wish *wishes;
	size_t n;
	uint64_t salt;
};

static uint64_t fold(uint64_t h, const char *s)
{
	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3u;
	return mix_bits(h);
}

static uint32_t types_named(const struct lab_site *site, const char *name)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < site->n_types; i++)
		if (strcmp(site->types[i].name, name) == 0 ||
			strcmp(site->types[i].class_name, name) == 0)
			bits |= 1u << i;
	return bits;
}

static const struct ns_vtype *find_vtype(
	const struct ns_experiment *ns, const char *name)
{
	for (size_t i = 0; i < ns->n_vtypes; i++)
		if (strcmp(ns->vtypes[i].name, name) == 0)
			return &ns->vtypes[i];
	return NULL;
}

static uint32_t types_of_vtype(
	const struct lab_site *site, const struct ns_vtype *vtype)
{
	char *copy = mem_strdup(vtype->members), *save = NULL;
	uint32_t bits = 0;

	for (char *t = strtok_r(copy, " \t", &save); t != NULL;
		t = strtok_r(NULL, " \t", &save))
		bits |= types_named(site, t);
	free(copy);
	return bits;
}

static int64_t speed_needed(const struct ns_experiment *ns, const char *node)
{
	int64_t most = 0;

	for (size_t i = 0; i < ns->n_lans; i++)
		for (size_t k = 0; k < ns->lans[i].n_members; k++) {
			const struct ns_member *m = &ns->lans[i].members[k];
			int64_t bw = m->bandwidth > m->rbandwidth
					     ? m->bandwidth
					     : m->rbandwidth;

			if (strcmp(m->node, node) == 0 && bw > most)
				most = bw;
		}
	return most;
}

uint32_t mapper_types(const struct mapper *m, const char *name,
	const char *node, bool *ret_known)
{
	uint32_t types = types_named(m->site, name);
	int64_t speed = speed_needed(m->ns, node);

	*ret_known = types != 0;
	for (size_t i = 0; i < m->site->n_types; i++)
		if (m->site->types[i].speed_kbps < speed)
			types &= ~(1u << i);
	return types;
}

static int check_desires(const struct ns_node *node, struct err *err)
{
	for (size_t i = 0; i < node->n_desires; i++)
		if (node->desires[i].weight >= 1.0)
			return err_set(err, NFZ_E_RESOURCES,
				"  *** No possible mapping for %s\n"
				"      No physical nodes have feature %s!\n"
				"Node mapping precheck failed!",
				node->name, node->desires[i].name);
	return 0;
}

static int wish_types(const struct placing *p, struct wish *w, struct err *err)
{
	const struct lab_site *site = p->m->site;
	const char *type = w->node->type != NULL ? w->node->type : "pc";
	const struct ns_vtype *vtype = find_vtype(p->m->ns, type);
	int64_t speed = speed_needed(p->m->ns, w->vname);

	w->types = vtype != NULL ? types_of_vtype(site, vtype)
				 : types_named(site, type);
	w->vtype = vtype != NULL ? vtype->name : NULL;
	if (w->types == 0)
		return err_set(err, NFZ_E_RESOURCES,
			"*** 1 nodes of type %s requested, but only 0 "
			"available nodes of type %s found",
			type, type);
	for (size_t i = 0; i < site->n_types; i++)
		if (site->types[i].speed_kbps < speed)
			w->types &= ~(1u << i);
	if (w->types == 0)
		return err_set(err, NFZ_E_RESOURCES,
			"  *** No possible mapping for %s\n"
			"      Too much bandwidth on emulated links!\n"
			"Node mapping precheck failed!",
			w->vname);
	return check_desires(w->node, err);
}

static bool is_free(const struct placing *p, size_t i)
{
	return lab_is_free(&p->m->machines[i]);
}

static void put(struct placing *p, struct wish *w, size_t machine)
{
	struct lab_machine *to = &p->m->machines[machine];
	const struct lab_site *site = p->m->site;

	w->machine = (int)machine;
	to->owner = p->m->owner;
	to->vname = arena_strdup(&p->m->arena, w->vname);
	to->erole = w->erole;
	if (w->node != NULL) {
		const char *os = w->node->os;

		to->osid = os != NULL && *os != '\0'
				   ? arena_strdup(&p->m->arena, os)
				   : to->type->default_os;
		map_puts(&p->m->nodes, w->vname,
			(void *)(intptr_t)(machine + 1));
		return;
	}
	const bool box = strcmp(w->erole, "delaynode") == 0;
	const char *set =
		lab_setting(p->m->ns, box ? "delay_osname" : "jail_osname");
	if (!box) {
		to->osid = set != NULL && *set != '\0'
				   ? arena_strdup(&p->m->arena, set)
				   : to->type->default_os;
		return;
	}
	/* an experiment's own wish comes before the site's habit */
	to->osid = set != NULL && *set != '\0' ? arena_strdup(&p->m->arena, set)
		   : site->delay_os != NULL    ? site->delay_os
					       : to->type->delay_os;
}

static int put_fixed(struct placing *p, struct wish *w, struct err *err)
{
	int i = lab_machine_find(p->m->site, w->fixed);

	if (i < 0)
		return err_set(err, NFZ_E_RESOURCES,
			"*** Could not map %s to %s: there is no machine %s",
			w->vname, w->fixed, w->fixed);
	if (!is_free(p, (size_t)i))
		return err_set(err, NFZ_E_RESOURCES,
			"*** Could not map %s to %s: %s is not available",
			w->vname, w->fixed, w->fixed);
	put(p, w, (size_t)i);
	return 0;
}

/* The machine it had, if the wish still allows it. */
static void put_survivor(struct placing *p, struct wish *w)
{
	const struct lab_site *site = p->m->site;
	for (size_t i = 0; i < site->n_machines; i++) {
		const struct lab_machine *was = &site->machines[i];

		if (was->owner != p->m->owner || was->vname == NULL ||
			strcmp(was->vname, w->vname) != 0 ||
			strcmp(was->erole, w->erole) != 0 || was->is_virtual)
			continue;
		if (is_free(p, i) &&
			(w->types >> (was->type - site->types) & 1) != 0)
			put(p, w, i);
		return;
	}
}

static size_t free_of_type(const struct placing *p, size_t type)
{
	size_t n = 0;

	for (size_t i = 0; i < p->m->site->n_machines; i++)
		n += is_free(p, i) &&
		     p->m->machines[i].type == &p->m->site->types[type];
	return n;
}

static int take_of_type(const struct placing *p, size_t type)
{
	uint64_t best = UINT64_MAX;
	int found = -1;

	for (size_t i = 0; i < p->m->site->n_machines; i++) {
		const struct lab_machine *c = &p->m->machines[i];
		uint64_t rank = fold(p->salt, c->id);

		if (!is_free(p, i) || c->type != &p->m->site->types[type] ||
			rank >= best)
			continue;
		best = rank;
		found = (int)i;
	}
	return found;
}

/* How many unplaced wishes are like this one: they should share a type. */
static size_t alike(const struct placing *p, const struct wish *w)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += p->wishes[i].machine < 0 &&
		     p->wishes[i].types == w->types &&
		     p->wishes[i].vtype == w->vtype;
	return n;
}

/* The type for a wish: one that holds all wishes like it, else the one with
 * most machines left; the oldest type last, so that it stays for those who
 * ask for it. */
static int choose_type(const struct placing *p, const struct wish *w)
{
	size_t wanted = alike(p, w), n = p->m->site->n_types, most = 0;
	size_t start = n > 1 ? p->salt % (n - 1) : 0;
	int found = -1;

	for (size_t k = 0; k < n; k++) {
		size_t t = k == n - 1 ? 0 : 1 + (start + k) % (n - 1);
		size_t left;

		if ((w->types >> t & 1) == 0)
			continue;
		left = free_of_type(p, t);
		if (left >= wanted)
			return (int)t;
		if (left > most) {
			most = left;
			found = (int)t;
		}
	}
	return found;
}

static int refuse(
	const struct placing *p, const struct wish *w, struct err *err)
{
	const char *name = w->vtype;
	size_t requested = 0, found = 0;

	if (name == NULL)
		name = w->node == NULL || w->node->type == NULL ? "pc"
								: w->node->type;
	for (size_t i = 0; i < p->n; i++)
		requested += p->wishes[i].types == w->types;
	for (size_t t = 0; t < p->m->site->n_types; t++)
		if ((w->types >> t & 1) != 0)
			found += free_of_type(p, t);
	for (size_t i = 0; i < p->n; i++)
		found += p->wishes[i].types == w->types &&
			 p->wishes[i].machine >= 0;
	return err_set(err, NFZ_E_RESOURCES,
		"*** %zu nodes of type %s requested, but only %zu available "
		"nodes of type %s found",
		requested, name, found, name);
}

static int is_hard(const struct placing *p, const struct wish *w)
{
	const struct ns_vtype *v =
		w->vtype != NULL ? find_vtype(p->m->ns, w->vtype) : NULL;

	return v != NULL && v->weight >= 1.0;
}

/* All nodes of a hard vtype are of one type. */
static int narrow_hard(struct placing *p, struct wish *w, struct err *err)
{
	int t = choose_type(p, w);

	if (t < 0 || free_of_type(p, (size_t)t) < alike(p, w))
		return refuse(p, w, err);
	const char *vtype = w->vtype;
	for (size_t i = 0; i < p->n; i++)
		if (p->wishes[i].vtype == vtype && p->wishes[i].machine < 0)
			p->wishes[i].types = 1u << t;
	return 0;
}

static int by_choice(const void *a, const void *b)
{
	const struct wish *x = a, *y = b;
	int nx = __builtin_popcount(x->types),
	    ny = __builtin_popcount(y->types);

	if (nx != ny)
		return nx < ny ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static int put_rest(struct placing *p, struct err *err)
{
	for (size_t i = 0; i < p->n; i++) {
		struct wish *w = &p->wishes[i];
		int r = 0, t;

		if (w->machine >= 0)
			continue;
		if (is_hard(p, w))
			r = narrow_hard(p, w, err);
		if (r != 0)
			return r;
		t = choose_type(p, w);
		if (t < 0)
			return refuse(p, w, err);
		put(p, w, (size_t)take_of_type(p, (size_t)t));
	}
	return 0;
}

static void give_boxes(struct placing *p)
{
	for (size_t d = 0; d < p->m->n_delays; d++)
		for (size_t i = 0; i < p->n; i++)
			if (p->wishes[i].node == NULL &&
				strcmp(p->wishes[i].vname,
					p->m->delays[d].vname) == 0)
				p->m->delays[d].machine = p->wishes[i].machine;
	for (size_t h = 0; h < p->m->n_hosts; h++)
		for (size_t i = 0; i < p->n; i++)
			if (p->wishes[i].node == NULL &&
				strcmp(p->wishes[i].vname,
					p->m->hosts[h].vname) == 0)
				p->m->hosts[h].machine = p->wishes[i].machine;
}

static struct wish *add_wish(
	struct placing *p, const char *vname, const char *erole, uint32_t types)
{
	p->wishes[p->n] = (struct wish){.vname = vname,
		.erole = erole,
		.types = types,
		.machine = -1,
		.order = p->n};
	return &p->wishes[p->n++];
}

/* A wish for every node that is no virtual one, one for every box (its first
 * delay names it) and one for every host. */
static int make_wishes(struct placing *p, struct err *err)
{
	const struct ns_experiment *ns = p->m->ns;
	const char *last = "";
	int r = 0;

	p->wishes = mem_zalloc(ns->n_nodes + p->m->n_delays + p->m->n_hosts + 1,
		sizeof(*p->wishes));
	for (size_t i = 0; i < ns->n_nodes && r == 0; i++) {
		struct wish *w;

		if (p->m->host_of[i] != MAPPER_NO_HOST)
			continue;
		w = add_wish(p, ns->nodes[i].name, "node", 0);
		w->node = &ns->nodes[i];
		w->fixed = w->node->fixed;
		r = wish_types(p, w, err);
	}
	for (size_t i = 0; i < p->m->n_delays; i++) {
		const struct lab_delay *d = &p->m->delays[i];

		if (strcmp(last, d->vname) == 0)
			continue;
		last = d->vname;
		add_wish(p, d->vname, "delaynode",
			types_named(p->m->site, "pc"));
	}
	for (size_t i = 0; i < p->m->n_hosts; i++)
		add_wish(p, p->m->hosts[i].vname, "virthost",
			p->m->hosts[i].types)
			->fixed = p->m->hosts[i].fixed;
	return r;
}

int mapper_place(struct mapper *m, struct err *err)
{
	struct placing p = {.m = m};
	int r;

	p.salt = fold(fold(m->site->seed ^ 0xcbf29ce484222325u, m->e->pid),
		m->e->eid);
	r = make_wishes(&p, err);
	for (size_t i = 0; i < p.n && r == 0; i++)
		if (p.wishes[i].fixed != NULL && *p.wishes[i].fixed != '\0')
			r = put_fixed(&p, &p.wishes[i], err);
	for (size_t i = 0; i < p.n && r == 0; i++)
		if (p.wishes[i].machine < 0)
			put_survivor(&p, &p.wishes[i]);
	if (r == 0) {
		qsort(p.wishes, p.n, sizeof(*p.wishes), by_choice);
		r = put_rest(&p, err);
	}
	if (r == 0)
		give_boxes(&p);
	free(p.wishes);
	return r;
}
