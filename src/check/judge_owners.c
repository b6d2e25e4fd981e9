/* Each frame of a covered link is counted exactly once (DESIGN section 6,
 * rules 7 to 10).
 *
 * A frame from member s to member d of a link passes these points, in this
 * order: s sends it; the bridge of s, if there is one, receives it on the port
 * that faces s and sends it on the other; the bridge of d receives it on its
 * far port and sends it on the near one; d receives it.  On a flooding LAN
 * every other member, and every other bridge, receives it, too.  The sum of
 * the taps at these points must be 1 for every pair (s, d), and for frames
 * addressed to the group. */
#include "base/mem.h"
#include "check/judge.h"

#include <stdint.h>
#include <string.h>

/* What the taps at one member, and at its own bridge, count. */
struct point {
	int out;      /* frames this member sends, at its side */
	int in_all;   /* frames it receives, whoever sent them */
	int in_rest;  /* those it receives from members without a tap */
	int in_group; /* group-addressed ones of members without a tap */
	bool watched;
};

struct owners {
	const struct judge *j;
	int *start; /* taps by link, n_links + 1 */
	size_t *at;
	bool once; /* exactly; else at least */
	struct trouble wrong;
};

static void sort_taps(struct owners *o)
{
	const struct claim *c = o->j->claim;
	size_t links = o->j->t->n_links;
	cleanup_free int *next = mem_zalloc(links + 1, sizeof(int));

	for (size_t i = 0; i < c->n_tap; i++)
		o->start[c->tap[i].link + 1]++;
	for (size_t i = 0; i < links; i++) {
		o->start[i + 1] += o->start[i];
		next[i] = o->start[i];
	}
	for (size_t i = 0; i < c->n_tap; i++)
		o->at[next[c->tap[i].link]++] = i;
}

static const char *link_of(const struct owners *o, const struct claim_tap *tap)
{
	return o->j->t->links[tap->link].name;
}

/* Which side of its bridge this interface is, -1: it is no port of it. */
static int port_side(const struct topo_bridge *b, int iface)
{
	return b->port[0] == iface ? 0 : b->port[1] == iface ? 1 : -1;
}

static void count_in(struct point *p, const struct claim_tap *tap)
{
	p->in_all += tap->received == RULE_ALL;
	p->in_rest += tap->received == RULE_UNWATCHED;
	p->in_group += tap->received == RULE_UNWATCHED && tap->lowest;
}

/* The interface is the member's own: what it sends goes out, and the rest
 * comes in. */
static void at_member(struct point *p, const struct claim_tap *tap)
{
	p->out += tap->sent == RULE_ALL;
	count_in(p, tap);
}

/* A port of a bridge: the near one receives what the member sends and sends
 * what the member receives; the far one the other way round. */
static void at_bridge(struct point *p, const struct claim_tap *tap, int side)
{
	if (side == 0) {
		p->out += tap->received == RULE_ALL;
		p->in_all += tap->sent == RULE_ALL;
		return;
	}
	p->out += tap->sent == RULE_ALL;
	count_in(p, tap);
}

/* The bridge of a point-to-point link serves both: port 0 is near member 0,
 * port 1 near member 1. */
static void at_middle(
	struct point *points, size_t n, const struct claim_tap *tap, int side)
{
	if (tap->received == RULE_ALL && (size_t)side < n)
		points[side].out++;
	if (tap->sent == RULE_ALL && (size_t)(1 - side) < n)
		points[1 - side].out++;
}

static void place_tap(
	struct owners *o, const struct claim_tap *tap, struct point *points)
{
	const struct topology *t = o->j->t;
	const struct topo_link *l = &t->links[tap->link];
	const struct topo_iface *iface = &t->ifaces[tap->iface];
	int bridge = need_bridge(o->j->need, tap->link, tap->slot), side = -1;

	if (!o->j->chosen[tap->node]) {
		trouble_add(&o->wrong, "%s: %s is no probe", link_of(o, tap),
			t->nodes[tap->node].name);
		return;
	}
	if (iface->link != tap->link ||
		o->j->need->place[iface->node] != tap->node) {
		trouble_add(&o->wrong,
			"%s: interface %d is not one that %s has there",
			link_of(o, tap), tap->iface, t->nodes[tap->node].name);
		return;
	}
	if (bridge >= 0)
		side = port_side(&t->bridges[bridge], tap->iface);
	if (side >= 0 && t->bridges[bridge].slot < 0)
		at_middle(points, l->n_members, tap, side);
	else if (side >= 0)
		at_bridge(&points[tap->slot], tap, side);
	else if ((size_t)tap->slot < l->n_members &&
		 l->members[tap->slot].iface == tap->iface)
		at_member(&points[tap->slot], tap);
	else
		trouble_add(&o->wrong,
			"%s: interface %d does not stand for member %d",
			link_of(o, tap), tap->iface, tap->slot);
	points[tap->slot].watched = true;
}

/* The two largest and smallest of a sum over members, so that "all but this
 * one" is known at once. */
struct extremes {
	int64_t sum, most, least;
	size_t most_at, least_at;
	int64_t most2, least2;
};

static void take_in(struct extremes *e, size_t at, int64_t value)
{
	e->sum += value;
	if (value > e->most) {
		e->most2 = e->most;
		e->most = value;
		e->most_at = at;
	} else if (value > e->most2) {
		e->most2 = value;
	}
	if (value < e->least) {
		e->least2 = e->least;
		e->least = value;
		e->least_at = at;
	} else if (value < e->least2) {
		e->least2 = value;
	}
}

static const struct extremes extremes_none = {
	.most = INT64_MIN,
	.least = INT64_MAX,
	.most2 = INT64_MIN,
	.least2 = INT64_MAX,
};

/* Once, or at least once where more than one was asked for. */
static bool right(const struct owners *o, int64_t n)
{
	return o->once ? n == 1 : n >= 1;
}

static bool each_right(const struct owners *o, const struct extremes *e,
	size_t but, int64_t plus)
{
	int64_t most = e->most_at == but ? e->most2 : e->most;
	int64_t least = e->least_at == but ? e->least2 : e->least;

	return right(o, plus + most) && right(o, plus + least);
}

static void wrong_count(struct owners *o, const struct topo_link *l, size_t s,
	const char *which)
{
	const struct topo_iface *from = &o->j->t->ifaces[l->members[s].iface];

	trouble_add(&o->wrong, "%s: %s %s are not counted %s once", l->name,
		which, o->j->t->nodes[from->node].name,
		o->once ? "exactly" : "at least");
}

/* Frames go to one other member (unicast), or to all of them (group). */
static void count_switched(
	struct owners *o, const struct topo_link *l, const struct point *points)
{
	struct extremes all = extremes_none, both = extremes_none,
			group = extremes_none;

	for (size_t d = 0; d < l->n_members; d++) {
		take_in(&all, d, points[d].in_all);
		take_in(&both, d, points[d].in_all + points[d].in_rest);
		take_in(&group, d, points[d].in_group);
	}
	for (size_t s = 0; s < l->n_members; s++) {
		const struct point *p = &points[s];
		int64_t others;

		if (l->n_members > 1 &&
			!each_right(o, p->watched ? &all : &both, s, p->out))
			wrong_count(o, l, s, "frames sent by");
		others = all.sum - p->in_all;
		if (!p->watched)
			others += group.sum - p->in_group;
		if (l->n_members > 2 && !right(o, p->out + others))
			wrong_count(o, l, s, "frames to the group from");
	}
}

/* Every other member receives every frame. */
static void count_flooded(
	struct owners *o, const struct topo_link *l, const struct point *points)
{
	int64_t all = 0, rest = 0;

	for (size_t d = 0; d < l->n_members; d++) {
		all += points[d].in_all;
		rest += points[d].in_rest;
	}
	for (size_t s = 0; s < l->n_members; s++) {
		const struct point *p = &points[s];
		int64_t n = p->out + all - p->in_all;

		if (!p->watched)
			n += rest - p->in_rest;
		if (!right(o, n))
			wrong_count(o, l, s, "frames sent by");
	}
}

enum covered { COVERED_NONE, COVERED_PART, COVERED_ALL };

static void count_link(struct owners *o, int link, enum covered covered)
{
	const struct topo_link *l = &o->j->t->links[link];
	cleanup_free struct point *points =
		mem_zalloc(l->n_members + 2, sizeof(*points));
	int first = o->start[link], end = o->start[link + 1];

	for (int i = first; i < end; i++)
		place_tap(o, &o->j->claim->tap[o->at[i]], points);
	if (o->j->ask->cover == ASK_PATHS)
		return;
	if (covered == COVERED_NONE && first < end)
		trouble_add(
			&o->wrong, "%s has taps, but is not covered", l->name);
	if (covered != COVERED_ALL)
		return;
	if (first == end)
		trouble_add(&o->wrong, "%s has no owner", l->name);
	else if (l->kind == LINK_LAN && l->floods)
		count_flooded(o, l, points);
	else
		count_switched(o, l, points);
}

static enum covered how_covered(const struct judge *j, int link)
{
	const struct need *n = j->need;
	int g = n->group_of[link], all = 0, covered = 0;

	for (; g >= 0 && g < n->n_groups && n->groups[g].link == link; g++) {
		all++;
		covered += need_covered(n, &n->groups[g], j->chosen);
	}
	return covered == 0     ? COVERED_NONE
	       : covered == all ? COVERED_ALL
				: COVERED_PART;
}

/* On each covered path some tap sees its flows: on a link of it, at a node of
 * it. */
static void count_paths(struct owners *o)
{
	const struct judge *j = o->j;
	const struct need *n = j->need;
	struct map taps;
	char name[256];

	map_init(&taps);
	for (size_t i = 0; i < j->claim->n_tap; i++) {
		int key[2] = {j->claim->tap[i].node, j->claim->tap[i].link};

		map_put(&taps, key, sizeof(key), &taps);
	}
	for (int g = 0; g < n->n_groups; g++) {
		const struct need_group *p = &n->groups[g];
		const int *seq = n->seq + p->seq;
		bool seen = !need_covered(n, p, j->chosen);

		for (int i = 0; i < p->n_nodes && !seen; i++)
			for (int k = 0; k < p->n_links && !seen; k++) {
				int key[2] = {
					n->place[seq[i]], seq[p->n_nodes + k]};

				seen = map_has(&taps, key, sizeof(key));
			}
		if (!seen)
			trouble_add(&o->wrong, "no tap sees %s",
				need_group_name(n, g, name, sizeof(name)));
	}
	map_release(&taps);
}

/* A link has two directions to own; of three who share its record one owns
 * nothing.  How many share the record at i? */
static size_t sharers(const struct judge *j, const struct jval *list, size_t i)
{
	const struct jval *first = jval_at(list, i);
	int64_t slot = -1, other = -1;
	size_t n = 0;

	(void)jval_int(jval_get(first, "slot"), &slot);
	for (size_t k = 0; k < jval_count(list); k++) {
		const struct jval *o = jval_at(list, k);

		other = -1;
		(void)jval_int(jval_get(o, "slot"), &other);
		n += judge_group_of(j, o) == judge_group_of(j, first) &&
		     other == slot;
	}
	return n;
}

/* On a LAN with a tap at every member nothing is left to be counted where it is
 * received. */
static bool is_left_over(const struct jval *record)
{
	const char *part = jval_get_text(record, "part");

	return part && strcmp(part, "rx") == 0 && jval_get(record, "slot");
}

/* May this probe be without a tap? */
static bool may_be_idle(const struct judge *j, int node)
{
	const struct jval *list =
		jval_get(jval_get(j->plan, "capacity"), "records");
	bool shares = false;

	for (size_t i = 0; i < jval_count(list); i++) {
		const char *name = jval_get_text(jval_at(list, i), "node");

		if (names_node(j->names, name) != node)
			continue;
		shares = is_left_over(jval_at(list, i)) ||
			 sharers(j, list, i) > 1;
		if (!shares)
			return false;
	}
	return shares;
}

static void idle_probes(struct owners *o)
{
	const struct judge *j = o->j;
	cleanup_free bool *busy = mem_zalloc(j->t->n_nodes + 1, sizeof(bool));

	for (size_t i = 0; i < j->claim->n_tap; i++)
		busy[j->claim->tap[i].node] = true;
	for (size_t i = 0; i < j->claim->n_probe; i++) {
		int node = j->claim->probe[i].node;

		if (!busy[node] && !j->need->required[node] &&
			!may_be_idle(j, node))
			trouble_add(&o->wrong, "%s owns nothing",
				j->t->nodes[node].name);
	}
}

void judge_owners(const struct judge *j)
{
	cleanup_free int *start = mem_zalloc(j->t->n_links + 2, sizeof(int));
	cleanup_free size_t *at =
		mem_zalloc(j->claim->n_tap + 1, sizeof(size_t));
	struct owners o = {.j = j,
		.start = start,
		.at = at,
		.once = j->ask->cover <= ASK_DIRECTIONS &&
			j->ask->redundancy == 1 && j->ask->dedupe == ASK_OWNER};

	sort_taps(&o);
	for (size_t i = 0; i < j->t->n_links; i++)
		count_link(&o, (int)i, how_covered(j, (int)i));
	if (j->ask->cover == ASK_PATHS)
		count_paths(&o);
	if (o.once)
		idle_probes(&o);
	verdict_close(j->v, "owners", &o.wrong, "%zu taps %s", j->claim->n_tap,
		j->ask->cover == ASK_PATHS ? "see every covered path"
		: o.once ? "count every frame of each covered link exactly once"
			 : "count every frame of each covered link");
}
