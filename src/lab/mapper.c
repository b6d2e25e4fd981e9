/* Nodes and shapers to machines.
 *
 * The testbed's mapper searches for a good assignment in a switched network;
 * here every machine is on one switch, so what is left of the problem is
 * types, fixed machines, free ports and the rules for shapers.  Those rules,
 * and the wording of refusals, are the testbed's. */
#include "lab/model.h"
#include "base/buf.h"
#include "base/mem.h"
#include "lab/mapper.h"

#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
	const struct ns_lan *x = *(const struct ns_lan *const *)a;
	const struct ns_lan *y = *(const struct ns_lan *const *)b;

	return strcmp(x->name, y->name);
}

static void sort_lans(struct mapper *m)
{
	m->n_lans = m->ns->n_lans;
	m->lans = arena_alloc(&m->arena, m->n_lans, sizeof(void *));
	for (size_t i = 0; i < m->n_lans; i++)
		m->lans[i] = &m->ns->lans[i];
	qsort(m->lans, m->n_lans, sizeof(*m->lans), by_name);
}

/* Virtual in ways that cannot be had here: on machines elsewhere, or only in
 * a simulator. */
static bool is_beyond(const char *type)
{
	return type != NULL && strncmp(type, "pcvm", 4) != 0 &&
	       (strncmp(type, "pcv", 3) == 0 || strcmp(type, "sim") == 0 ||
		       strcmp(type, "pcplab") == 0);
}

static bool all_virtual(const struct mapper *m, const struct ns_lan *lan)
{
	for (size_t k = 0; k < lan->n_members; k++) {
		int at = (int)(intptr_t)map_gets(
				 &m->numbers, lan->members[k].node) -
			 1;

		if (at < 0 || !mapper_is_virtual(&m->ns->nodes[at]))
			return false;
	}
	return true;
}

/* What real testbeds have and this one cannot make. */
static int check_supported(const struct mapper *m, struct err *err)
{
	const struct ns_experiment *ns = m->ns;

	for (size_t i = 0; i < ns->n_nodes; i++) {
		const struct ns_node *n = &ns->nodes[i];
		const char *what = NULL;

		if (is_beyond(n->type))
			what = "a node on machines elsewhere";
		else if (n->role != NULL && strcmp(n->role, "bridge") == 0)
			what = "an explicit bridge node";
		if (what == NULL)
			continue;
		err_set(err, NFZ_E_RESOURCES,
			"*** %s is %s (type %s): this local testbed has "
			"none of these",
			n->name, what, n->type != NULL ? n->type : "?");
		return err_hint(err,
			"remove tb-set-hardware from %s, or run "
			"it on a testbed that has them",
			n->name);
	}
	for (size_t i = 0; i < ns->n_lans; i++)
		for (size_t k = 0; k < ns->lans[i].n_members; k++) {
			const struct ns_member *member =
				&ns->lans[i].members[k];

			if (!member->emulated || all_virtual(m, &ns->lans[i]))
				continue;
			err_set(err, NFZ_E_RESOURCES,
				"*** %s is a multiplexed link: this local "
				"testbed gives every link its own wire",
				ns->lans[i].name);
			return err_hint(err, "remove tb-set-multiplexed for %s",
				ns->lans[i].name);
		}
	return 0;
}

static int count_links(const struct ns_experiment *ns, const char *node)
{
	int n = 0;

	for (size_t i = 0; i < ns->n_lans; i++)
		for (size_t k = 0; k < ns->lans[i].n_members; k++)
			n += strcmp(ns->lans[i].members[k].node, node) == 0;
	return n;
}

/* The mapper's own pre-check, in its own words. */
static int check_ports(const struct mapper *m, struct err *err)
{
	int most = 0;
	struct buf text = BUF_INIT(ERR_TEXT_MAX - 64);
	int r = 0;

	for (size_t i = 0; i < m->site->n_types; i++)
		if (m->site->types[i].expt_ifaces > most)
			most = m->site->types[i].expt_ifaces;
	for (size_t i = 0; i < m->ns->n_nodes; i++) {
		int n = count_links(m->ns, m->ns->nodes[i].name);
		int have = mapper_is_virtual(&m->ns->nodes[i])
				   ? m->site->vm_type.expt_ifaces
				   : most;

		if (n <= have)
			continue;
		buf_addf(&text,
			"  *** No possible mapping for %s\n"
			"      Too many links of type ethernet! "
			"(%d requested, %d found)\n",
			m->ns->nodes[i].name, n, have);
	}
	if (text.len > 0 || !buf_ok(&text)) {
		err_set(err, NFZ_E_RESOURCES, "%sNode mapping precheck failed!",
			buf_str(&text));
		r = err_hint(err,
			"machines here have %d experiment "
			"interfaces: spread the links over more "
			"nodes or use a LAN",
			most);
	}
	buf_release(&text);
	return r;
}

static int check_members(const struct ns_experiment *ns, struct err *err)
{
	for (size_t i = 0; i < ns->n_lans; i++) {
		const struct ns_lan *lan = &ns->lans[i];

		if (lan->n_members < 2)
			return err_set(err, NFZ_E_RESOURCES,
				"*** %s has fewer than two members", lan->name);
	}
	return 0;
}

static void begin(struct mapper *m)
{
	size_t n = m->site->n_machines;

	m->owner = lab_index(m->site, m->e);
	m->machines = mem_zalloc(n, sizeof(*m->machines));
	memcpy(m->machines, m->site->machines, n * sizeof(*m->machines));
	for (size_t i = 0; i < n; i++)
		if (m->machines[i].owner == m->owner)
			lab_machine_release(&m->machines[i]);
	map_init(&m->nodes);
	map_init(&m->numbers);
	for (size_t i = 0; i < m->ns->n_nodes; i++)
		map_puts(&m->numbers, m->ns->nodes[i].name,
			(void *)(intptr_t)(i + 1));
	sort_lans(m);
}

static void *keep(struct arena *arena, const void *from, size_t n, size_t size)
{
	void *to = arena_alloc(arena, n > 0 ? n : 1, size);

	if (n > 0)
		memcpy(to, from, n * size);
	return to;
}

static void commit(struct mapper *m, struct ns_experiment *ns)
{
	struct lab_experiment *e = m->e;

	memcpy(m->site->machines, m->machines,
		m->site->n_machines * sizeof(*m->machines));
	e->wires = keep(&m->arena, m->wires, m->n_wires, sizeof(*m->wires));
	e->delays = keep(&m->arena, m->delays, m->n_delays, sizeof(*m->delays));
	e->traces = keep(&m->arena, m->traces, m->n_traces, sizeof(*m->traces));
	e->linkdelays = keep(&m->arena, m->linkdelays, m->n_linkdelays,
		sizeof(*m->linkdelays));
	e->veths = keep(&m->arena, m->veths, m->n_veths, sizeof(*m->veths));
	e->lookup = m->lookup;
	e->n_veths = m->n_veths;
	e->n_wires = m->n_wires;
	e->n_delays = m->n_delays;
	e->n_traces = m->n_traces;
	e->n_linkdelays = m->n_linkdelays;
	arena_release(&e->arena);
	e->arena = m->arena;
	m->arena = (struct arena)ARENA_INIT;
	if (e->ns != ns)
		ns_free(e->ns);
	e->ns = ns;
}

static void end(struct mapper *m)
{
	map_release(&m->nodes);
	map_release(&m->numbers);
	arena_release(&m->arena);
	free(m->machines);
	free(m->wires);
	free(m->delays);
	free(m->traces);
	free(m->linkdelays);
	free(m->hosts);
	free(m->veths);
}

int lab_map(struct lab_site *site, struct lab_experiment *e,
	struct ns_experiment *ns, struct err *err)
{
	struct mapper m = {.site = site, .e = e, .ns = ns};
	int r;

	begin(&m);
	r = check_supported(&m, err);
	if (r == 0)
		r = check_members(ns, err);
	if (r == 0)
		r = check_ports(&m, err);
	if (r == 0) {
		mapper_find_delays(&m);
		r = mapper_pack(&m, err);
	}
	if (r == 0)
		r = mapper_place(&m, err);
	if (r == 0)
		r = mapper_seat(&m, err);
	if (r == 0)
		r = mapper_wire(&m, err);
	if (r == 0) {
		mapper_look_up(&m);
		commit(&m, ns);
	}
	end(&m);
	return r;
}
