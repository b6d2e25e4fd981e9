/* The rows and nodes that the lines of a proof have numbers for. */
#include "base/mem.h"
#include "check/replay.h"

enum { ENTRIES_MOST = 1 << 24 };

void replay_add_entry(struct replay *s, int node, int64_t value)
{
	MEM_PUSH(s->entries, s->n_entries, s->entries_cap) =
		(struct replay_entry){node, value};
	s->rows[s->n_rows - 1].n++;
}

int replay_open_row(struct replay *s, int base)
{
	if (s->n_entries > ENTRIES_MOST)
		return replay_wrong(s, "the rows are too many");
	MEM_PUSH(s->rows, s->n_rows, s->rows_cap) =
		(struct replay_row){.at = s->n_entries, .base = base};
	return 0;
}

/* How many of a group's rows that can be seen need not be. */
static int spare_rows(const struct need *n, int base, int *ret_group)
{
	int g = 0, able = 0, high = n->n_groups - 1;

	while (g < high) {
		int middle = g + (high - g) / 2;

		if (n->groups[middle].end <= base)
			g = middle + 1;
		else
			high = middle;
	}
	for (int r = n->groups[g].first; r < n->groups[g].end; r++)
		able += n->row_start[r + 1] - n->row_start[r] >= n->each;
	*ret_group = g;
	return able - n->groups[g].demand;
}

static int add_base(struct replay *s, int base)
{
	const struct need *n = s->need;
	int g;

	if (s->idle[base] || spare_rows(n, base, &g) != 0)
		return replay_wrong(s, "rows: one that need not be seen");
	if (replay_open_row(s, base) < 0)
		return -1;
	s->rows[s->n_rows - 1].need = n->each;
	for (int i = n->row_start[base]; i < n->row_start[base + 1]; i++)
		replay_add_entry(s, n->row_node[i], 1);
	return 0;
}

/* Of two rows of a group that can miss only one, one is seen. */
static int add_either(struct replay *s, int a, int b)
{
	const struct need *n = s->need;
	const int two[] = {a, b};
	int g, other;

	if (a == b || s->idle[a] || s->idle[b] || n->each != 1 ||
		spare_rows(n, a, &g) != 1 || spare_rows(n, b, &other) != 1 ||
		g != other)
		return replay_wrong(s, "rows: two that may both be missing");
	if (replay_open_row(s, -1) < 0)
		return -1;
	s->rows[s->n_rows - 1].need = 1;
	for (int k = 0; k < 2; k++)
		for (int i = n->row_start[two[k]]; i < n->row_start[two[k] + 1];
			i++) {
			int v = n->row_node[i];

			if (s->sum[v]++ == 0)
				replay_add_entry(s, v, 1);
		}
	for (int k = 0; k < 2; k++)
		for (int i = n->row_start[two[k]]; i < n->row_start[two[k] + 1];
			i++)
			s->sum[n->row_node[i]] = 0;
	return 0;
}

static bool ordinal(const struct jval *list, size_t i, int n, int *ret)
{
	int64_t at;

	if (!jval_int(jval_at(list, i), &at) || at < 0 || at >= n)
		return false;
	*ret = (int)at;
	return true;
}

/* "link", ["link", i] or ["link", i, j]: its row, row i, or one of i and j. */
static int read_link_row(struct replay *s, const struct jval *from)
{
	const struct need *n = s->need;
	const char *name =
		jval_text(jval_is_array(from) ? jval_at(from, 0) : from);
	int link = names_link(s->names, name), a = 0, b, first, end, g;

	if (link < 0 || n->group_of[link] < 0)
		return replay_wrong(s, "rows: %s is no link that was asked for",
			name ? name : "one");
	g = n->group_of[link];
	first = n->groups[g].first;
	while (g + 1 < n->n_groups && n->groups[g + 1].link == link)
		g++;
	end = n->groups[g].end;
	if (first == end ||
		(jval_count(from) > 1 && !ordinal(from, 1, end - first, &a)))
		return replay_wrong(s, "rows: %s has no such row", name);
	if (jval_count(from) < 3)
		return add_base(s, first + a);
	if (!ordinal(from, 2, end - first, &b))
		return replay_wrong(s, "rows: %s has no such row", name);
	return add_either(s, first + a, first + b);
}

int replay_read_rows(struct replay *s, const struct jval *list)
{
	struct claim_reader r = {s->names, s->need, NULL, NULL};

	for (size_t i = 0; i < jval_count(list); i++) {
		const struct jval *from = jval_at(list, i);
		int g = -1, code;

		if (jval_is_object(from))
			code = claim_path(&r, from, &g) < 0
				       ? replay_wrong(s, "rows: no path")
				       : add_base(s, s->need->groups[g].first);
		else
			code = read_link_row(s, from);
		if (code < 0)
			return code;
	}
	s->n_table = s->n_rows;
	return 0;
}

int replay_read_nodes(struct replay *s, const struct jval *list)
{
	s->n_nodes = jval_count(list);
	s->node_of = mem_zalloc(s->n_nodes + 1, sizeof(int));
	for (size_t i = 0; i < s->n_nodes; i++) {
		const char *name = jval_text(jval_at(list, i));

		s->node_of[i] = names_node(s->names, name);
		if (s->node_of[i] < 0)
			return replay_wrong(
				s, "nodes: %s is none", name ? name : "one");
	}
	return 0;
}
