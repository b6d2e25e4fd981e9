/* Building and inventing small topologies and demands. */
#include "spec.h"
#include "base/buf.h"
#include "base/mem.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

unsigned rng_below(struct rng *r, unsigned n)
{
	r->state = r->state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(r->state >> 33) % n;
}

int spec_node(struct spec *s, enum node_role role)
{
	cr_assert(s->n_nodes < SPEC_NODES);
	s->node[s->n_nodes] = (struct spec_node){.role = role, .host = -1};
	s->order[s->n_nodes] = s->n_nodes;
	return s->n_nodes++;
}

struct spec_link *spec_link(struct spec *s, enum link_kind kind)
{
	struct spec_link *l = &s->link[s->n_links];

	cr_assert(s->n_links < SPEC_LINKS);
	*l = (struct spec_link){.kind = kind};
	for (int i = 0; i < SPEC_MEMBERS; i++)
		l->bridge[i] = -1;
	s->link_order[s->n_links] = s->n_links;
	s->n_links++;
	return l;
}

static void random_nodes(struct spec *s, struct rng *r, int n)
{
	int host = -1;

	for (int i = 0; i < n; i++) {
		int v = spec_node(s, ROLE_HOST);

		if (rng_below(r, 10) == 0)
			s->node[v].unusable = "os";
		else if (rng_below(r, 14) == 0)
			s->node[v].role = ROLE_SWITCH;
		else if (rng_below(r, 14) == 0)
			s->node[v].role = ROLE_EXTERNAL;
		else if (rng_below(r, 8) == 0) {
			s->node[v].role = ROLE_VIRTHOST;
			host = v;
		} else if (rng_below(r, 5) == 0) {
			s->node[v].role = ROLE_VIRTUAL;
			s->node[v].host = rng_below(r, 3) ? host : -1;
			s->node[v].shared = rng_below(r, 4) == 0;
		}
	}
}

static void random_link(struct spec *s, struct rng *r, int n)
{
	bool lan = rng_below(r, 3) == 0;
	struct spec_link *l = spec_link(s, lan ? LINK_LAN : LINK_P2P);
	int most = lan ? 2 + (int)rng_below(r, 5) : 2;

	if (rng_below(r, 25) == 0)
		most = (int)rng_below(r, 2); /* one member, or none */
	for (int m = 0; m < most; m++)
		l->member[l->n++] = (int)rng_below(r, (unsigned)n);
	l->floods = lan && rng_below(r, 8) == 0;
	l->shapes = rng_below(r, 4) != 0;
	/* mostly no loops */
	for (int m = 1; m < l->n && rng_below(r, 12); m++)
		for (int k = 0; k < m; k++)
			if (l->member[k] == l->member[m]) {
				l->member[m] = (l->member[m] + 1) % n;
				k = -1;
				if (l->n > n)
					l->n = n;
				if (m >= l->n)
					break;
			}
}

static void random_shapers(struct spec *s, struct rng *r, int most)
{
	int shaper = -1, uses = 0;

	for (int i = 0; i < s->n_links; i++)
		for (int m = 0; m < s->link[i].n; m++) {
			if ((m && s->link[i].kind == LINK_P2P) ||
				rng_below(r, 4))
				continue;
			if (shaper < 0 || uses == 2) {
				if (s->n_nodes >= most)
					return;
				shaper = spec_node(s, ROLE_SHAPER);
				uses = 0;
				if (rng_below(r, 12) == 0)
					s->node[shaper].unusable = "os";
			}
			s->link[i].bridge[m] = shaper;
			uses++;
		}
}

void spec_random(struct spec *s, struct rng *r, int most_nodes)
{
	int n = 1 + (int)rng_below(r, (unsigned)most_nodes - 2);
	int links = (int)rng_below(r, 11);

	*s = (struct spec){0};
	random_nodes(s, r, n);
	for (int i = 0; i < links; i++)
		random_link(s, r, n);
	random_shapers(s, r, most_nodes);
}

static void build_node(const struct spec *s, int i, struct topology *t)
{
	const struct spec_node *from = &s->node[i];
	char name[16], phys[16], host[16];
	struct topo_machine m = {
		.unusable = from->unusable, .host_shared = from->shared};
	const struct topo_node n = {.name = name, .m = &m, .role = from->role};

	snprintf(name, sizeof(name), "n%d", i + s->names);
	snprintf(phys, sizeof(phys), "pc%d", i);
	snprintf(host, sizeof(host), "pc%d", from->host < 0 ? 900 : from->host);
	m.phys = phys;
	m.host = from->role == ROLE_VIRTUAL ? host : phys;
	cr_assert_eq(topology_add_node(t, &n, NULL, NULL), 0);
}

static int at(const struct topology *t, const struct spec *s, int node)
{
	char name[16];

	snprintf(name, sizeof(name), "n%d", node + s->names);
	return topology_node(t, name);
}

static void build_bridge(const struct spec *s, const struct spec_link *from,
	int link, int slot, struct topology *t)
{
	struct topo_bridge b = {.node = at(t, s, from->bridge[slot]),
		.link = link,
		.slot = from->kind == LINK_P2P ? -1 : slot,
		.shapes = from->shapes};

	for (int i = 0; i < 2; i++) {
		struct topo_iface port = {
			.node = b.node, .link = link, .slot = -1};

		cr_assert_eq(topology_add_port(t, &port, &b.port[i], NULL), 0);
	}
	cr_assert_eq(topology_add_bridge(t, &b, NULL, NULL), 0);
}

static void build_link(const struct spec *s, int i, struct topology *t)
{
	const struct spec_link *from = &s->link[i];
	char name[16];
	int link;

	snprintf(name, sizeof(name), "l%d", i + s->names);
	cr_assert_eq(topology_add_link(t, name, from->kind, &link, NULL), 0);
	t->links[link].floods = from->floods;
	for (int m = 0; m < from->n; m++) {
		struct topo_iface iface = {
			.node = at(t, s, from->member[m]), .link = link};
		int ret;

		cr_assert_eq(
			topology_add_member(t, &iface, NULL, &ret, NULL), 0);
	}
	for (int m = 0; m < from->n; m++)
		if (from->bridge[m] >= 0)
			build_bridge(s, from, link, m, t);
}

struct topology *spec_build(const struct spec *s)
{
	struct topology *t = topology_new();

	for (int i = 0; i < s->n_nodes; i++)
		build_node(s, s->order[i], t);
	for (int i = 0; i < s->n_links; i++)
		build_link(s, s->link_order[i], t);
	topology_finish(t);
	return t;
}

/* --- demands ---------------------------------------------------------------- */

static bool can_carry(const struct spec *s, int v)
{
	enum node_role role = s->node[v].role;

	return !s->node[v].unusable && role != ROLE_SWITCH &&
	       role != ROLE_EXTERNAL;
}

void wish_random(struct wish *w, const struct spec *s, struct rng *r)
{
	static const char *const covers[] = {"links", "links", "links",
		"directions", "segments", "segments", "paths", "paths"};
	static const char *const objectives[] = {"impact", "count", "cost"};
	static const char *const dedupes[] = {
		"owner", "owner", "owner", "path", "none"};

	*w = (struct wish){.cover = covers[rng_below(r, 8)],
		.objective = objectives[rng_below(r, 3)],
		.dedupe = dedupes[rng_below(r, 5)],
		.redundancy =
			1 + (rng_below(r, 3) == 0) * (1 + (int)rng_below(r, 2)),
		.selective = rng_below(r, 6) == 0};
	for (int i = 0; i < 2; i++)
		w->change[i] = rng_below(r, 6) == 0
				       ? (int)rng_below(r, (unsigned)s->n_nodes)
				       : -1;
	w->forced = rng_below(r, 6) == 0;
	for (int i = 0; i < s->n_links; i++)
		w->load[i] = 1 + (int)rng_below(r, 9);
	switch (rng_below(r, 8)) {
	case 0:
		w->budget = 1 + (int)rng_below(r, 5);
		break;
	case 1:
		w->percent = 1 + (int)rng_below(r, 100);
		break;
	case 2:
		w->max_ifaces = 1 + (int)rng_below(r, 6);
		if (rng_below(r, 3) == 0)
			w->cover = "directions";
		break;
	case 3:
		w->max_pps = 1 + (int)rng_below(r, 25);
		if (rng_below(r, 4) == 0)
			w->max_ifaces = 1 + (int)rng_below(r, 4);
		break;
	}
	for (int v = 0; v < s->n_nodes; v++) {
		w->avoid[v] = rng_below(r, 12) == 0;
		w->cost[v] = rng_below(r, 5) ? 1 + rng_below(r, 4) : 0;
		if (rng_below(r, 40) == 0)
			w->cost[v] = 2147483647;
	}
	for (int v = 0; v < s->n_nodes; v++) {
		int host =
			s->node[v].role == ROLE_VIRTUAL ? s->node[v].host : -1;

		w->require[v] =
			!w->avoid[v] && can_carry(s, v) &&
			(host < 0 || (!w->avoid[host] && can_carry(s, host))) &&
			rng_below(r, 16) == 0;
	}
	for (int i = 0; i < s->n_links; i++)
		w->select[i] = rng_below(r, 3) != 0;
}

void wish_goal(const struct wish *w, const struct spec *s,
	const struct topology *t, struct plan_goal *goal)
{
	char name[32];

	goal->cover = w->cover;
	goal->objective = w->objective;
	goal->dedupe = w->dedupe;
	goal->redundancy = w->redundancy;
	goal->budget = w->budget;
	goal->percent = w->percent;
	goal->max_ifaces = w->max_ifaces;
	goal->max_pps = w->max_pps;
	goal->forced = w->forced;
	for (int i = 0; i < 2; i++)
		if (w->change[i] >= 0) {
			snprintf(name, sizeof(name), "+%s n%d",
				i ? "require" : "avoid",
				w->change[i] + s->names);
			opt_list_add(&goal->what_if, name);
		}
	if (w->max_pps)
		goal->wishes.loads =
			mem_zalloc(t->n_links + 1, sizeof(int64_t));
	for (int i = 0; w->max_pps && i < s->n_links; i++) {
		snprintf(name, sizeof(name), "l%d", i + s->names);
		goal->wishes.loads[topology_link(t, name)] = w->load[i];
	}
	for (int v = 0; v < s->n_nodes; v++) {
		snprintf(name, sizeof(name), "n%d", v + s->names);
		if (w->avoid[v])
			opt_list_add(&goal->avoid, name);
		if (w->require[v])
			opt_list_add(&goal->require, name);
	}
	if (w->selective) {
		goal->wishes.select = mem_zalloc(t->n_links + 1, sizeof(bool));
		for (int i = 0; i < s->n_links; i++) {
			snprintf(name, sizeof(name), "l%d", i + s->names);
			goal->wishes.select[topology_link(t, name)] =
				w->select[i];
		}
	}
	if (strcmp(w->objective, "cost") == 0) {
		goal->wishes.costs =
			mem_zalloc(t->n_nodes + 1, sizeof(int64_t));
		for (int v = 0; v < s->n_nodes; v++)
			goal->wishes.costs[at(t, s, v)] = w->cost[v];
	}
}

void wish_goal_release(struct plan_goal *goal)
{
	opt_list_release(&goal->avoid);
	opt_list_release(&goal->require);
	opt_list_release(&goal->what_if);
	wishes_release(&goal->wishes);
}

static void json_names(struct buf *to, const char *key, const char *letter,
	const bool *in, int n, int names)
{
	bool first = true;

	buf_addf(to, ",\"%s\":[", key);
	for (int i = 0; i < n; i++)
		if (in[i]) {
			buf_addf(to, "%s\"%s%d\"", first ? "" : ",", letter,
				i + names);
			first = false;
		}
	buf_adds(to, "]");
}

char *wish_json(const struct wish *w, const struct spec *s)
{
	struct buf to = BUF_INIT(1 << 20);

	buf_addf(&to,
		"{\"cover\":\"%s\",\"objective\":{\"name\":\"%s\"},"
		"\"demand\":{\"redundancy\":%d,\"dedupe\":\"%s\"",
		w->cover, w->objective, w->redundancy, w->dedupe);
	json_names(&to, "avoid", "n", w->avoid, s->n_nodes, s->names);
	json_names(&to, "require", "n", w->require, s->n_nodes, s->names);
	if (w->selective)
		json_names(&to, "select", "l", w->select, s->n_links, s->names);
	if (w->budget)
		buf_addf(&to, ",\"budget\":%d", w->budget);
	if (w->percent)
		buf_addf(&to, ",\"coverage\":%d", w->percent);
	if (w->max_ifaces)
		buf_addf(&to, ",\"max_ifaces\":%d", w->max_ifaces);
	if (w->max_pps) {
		buf_addf(&to, ",\"max_pps\":%d,\"loads\":{", w->max_pps);
		for (int i = 0; i < s->n_links; i++)
			buf_addf(&to, "%s\"l%d\":%d", i ? "," : "",
				i + s->names, w->load[i]);
		buf_adds(&to, "}");
	}
	buf_adds(&to, ",\"costs\":{");
	for (int v = 0; v < s->n_nodes; v++)
		buf_addf(&to, "%s\"n%d\":%lld", v ? "," : "", v + s->names,
			(long long)w->cost[v]);
	buf_adds(&to, "}}}");
	return buf_take(&to);
}
