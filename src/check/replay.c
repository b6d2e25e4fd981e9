/* Replays the lines of a proof.
 *
 * The claim, at any moment: whatever covers everything and agrees with what is
 * decided costs `bound` at least, counting the nodes of the part that is looked
 * at.  A line may
 *
 *   drop N M      leave N out because M does all that N does, for no more
 *   idle R S      no longer look at row R when nodes are compared: S implies it
 *   take R        buy what row R cannot do without
 *   half R ...    add half the sum of rows, everything rounded up, as a row:
 *                 nodes are bought or not
 *   buy N, spare N  divide: first this choice; when it is closed, the other
 *   part B N ...  show that these nodes cost B by themselves; closed, it counts
 *   weigh S [R W ...]  weights on rows, in parts of 1/S: what they prove closes
 *                 the choice or part, or decides the nodes that would close it
 *
 * Rows are numbered as in the table; those made by `half` are -1, -2, ... */
#include "check/replay.h"
#include "base/clock.h"
#include "base/mem.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const int64_t WEIGHT_MOST = INT64_C(1) << 56,
		     SCALE_MOST = INT64_C(1) << 40,
		     BOUND_MOST = INT64_C(1) << 60,
		     VALUE_MOST = INT64_C(1) << 24;

enum { LOOK_AT_CLOCK = 16 };

static const char *name_of(const struct replay *s, int node)
{
	return s->need->t->nodes[node].name;
}

/* --- words of a line ------------------------------------------------------- */

static bool more(const char **at)
{
	*at += strspn(*at, " ");
	return **at != '\0';
}

static int read_number(struct replay *s, const char **at, int64_t *ret)
{
	bool below = more(at) && **at == '-';
	int64_t n = 0;

	*at += below;
	if (!isdigit((unsigned char)**at))
		return replay_wrong(s, "a number is missing");
	for (; isdigit((unsigned char)**at); ++*at) {
		if (n > BOUND_MOST / 10)
			return replay_wrong(s, "a number is too large");
		n = n * 10 + (**at - '0');
	}
	*ret = below ? -n : n;
	return 0;
}

static int read_node(struct replay *s, const char **at, int *ret)
{
	int64_t n;

	if (read_number(s, at, &n) < 0)
		return -1;
	if (n < 0 || (uint64_t)n >= s->n_nodes)
		return replay_wrong(s, "there is no node %" PRId64, n);
	*ret = s->node_of[n];
	return 0;
}

static int read_row(struct replay *s, const char **at, struct replay_row **ret)
{
	size_t made = s->n_rows - s->n_table;
	int64_t n;

	if (read_number(s, at, &n) < 0)
		return -1;
	if (n >= 0 ? (uint64_t)n >= s->n_table : (uint64_t)-n > made)
		return replay_wrong(s, "there is no row %" PRId64, n);
	*ret = &s->rows[n >= 0 ? (size_t)n : s->n_table + (size_t)-n - 1];
	return 0;
}

/* A row of the need. */
static int read_base(struct replay *s, const char **at, int *ret)
{
	struct replay_row *row;

	if (read_row(s, at, &row) < 0)
		return -1;
	if (row->base < 0)
		return replay_wrong(s, "a row of the table is wanted");
	*ret = row->base;
	return 0;
}

/* --- the lines ------------------------------------------------------------- */

static bool row_has(const struct need *n, int row, int node)
{
	for (int i = n->row_start[row]; i < n->row_start[row + 1]; i++)
		if (n->row_node[i] == node)
			return true;
	return false;
}

/* Whoever buys `out` may buy `in` instead, and loses no row. */
static int do_drop(struct replay *s, const char **at)
{
	const struct need *n = s->need;
	int out, in;

	if (read_node(s, at, &out) < 0 || read_node(s, at, &in) < 0)
		return -1;
	if (out == in || s->fate[out] != FATE_FREE || s->fate[in] == FATE_OUT)
		return replay_wrong(s, "%s and %s are not both to be had",
			name_of(s, out), name_of(s, in));
	if (s->fate[in] == FATE_FREE && s->cost[in] > s->cost[out])
		return replay_wrong(s, "%s is dearer than %s", name_of(s, in),
			name_of(s, out));
	for (int i = s->col_start[out]; i < s->col_start[out + 1]; i++) {
		int r = s->col_row[i];

		if (s->idle[r] || replay_seen(s, r))
			continue;
		if (n->each > 1 || !row_has(n, r, in))
			return replay_wrong(s,
				"%s does not do all that %s does",
				name_of(s, in), name_of(s, out));
	}
	replay_set(s, OLD_FATE, out, FATE_OUT);
	return 0;
}

static int do_idle(struct replay *s, const char **at)
{
	const struct need *n = s->need;
	int out = 0, by = 0;

	if (read_base(s, at, &out) < 0 || read_base(s, at, &by) < 0)
		return -1;
	if (out == by || s->idle[by])
		return replay_wrong(s, "a row cannot be implied by that one");
	for (int i = n->row_start[by]; i < n->row_start[by + 1]; i++)
		if (s->fate[n->row_node[i]] != FATE_OUT &&
			!row_has(n, out, n->row_node[i]))
			return replay_wrong(s, "%s does not see both rows",
				name_of(s, n->row_node[i]));
	replay_set(s, OLD_IDLE, out, 1);
	return 0;
}

static int do_take(struct replay *s, const char **at)
{
	struct replay_row *row;
	int64_t sum = 0;

	if (read_row(s, at, &row) < 0)
		return -1;
	for (int i = 0; i < row->n; i++) {
		const struct replay_entry *e = &s->entries[row->at + (size_t)i];

		if (s->fate[e->node] != FATE_OUT)
			sum += e->value;
	}
	for (int i = 0; i < row->n; i++) {
		const struct replay_entry *e = &s->entries[row->at + (size_t)i];

		if (s->fate[e->node] == FATE_FREE && sum - e->value < row->need)
			replay_set(s, OLD_FATE, e->node, FATE_IN);
	}
	return 0;
}

/* sum[] of those noted, as a row; sum[] is 0 again. */
static void close_row(struct replay *s, const int *noted, int n, int64_t need)
{
	s->rows[s->n_rows - 1].need = need;
	for (int i = 0; i < n; i++) {
		int64_t *sum = &s->sum[noted[i]];

		replay_add_entry(s, noted[i], *sum < need ? *sum : need);
		*sum = 0;
	}
}

static int do_half(struct replay *s, const char **at)
{
	size_t most = s->need->t->n_nodes;
	cleanup_free int *noted = mem_zalloc(most + 1, sizeof(int));
	int64_t need = 0;
	int n = 0, code = 0;

	while (code == 0 && more(at)) {
		struct replay_row *row;

		code = read_row(s, at, &row);
		for (int i = 0; code == 0 && i < row->n; i++) {
			const struct replay_entry *e =
				&s->entries[row->at + (size_t)i];

			if (s->sum[e->node] == 0)
				noted[n++] = e->node;
			s->sum[e->node] += e->value;
		}
		need += code == 0 ? row->need : 0;
	}
	for (int i = 0; i < n; i++)
		s->sum[noted[i]] = (s->sum[noted[i]] + 1) / 2;
	if (replay_open_row(s, -1) < 0)
		return -1;
	close_row(s, noted, n, (need + 1) / 2);
	if (code == 0 && need > VALUE_MOST)
		return replay_wrong(s, "the row needs too much");
	return code;
}

static int do_divide(struct replay *s, const char **at, int fate)
{
	int node;

	if (read_node(s, at, &node) < 0)
		return -1;
	if (s->fate[node] != FATE_FREE)
		return replay_wrong(
			s, "%s is decided already", name_of(s, node));
	MEM_PUSH(s->frames, s->n_frames, s->frames_cap) = (struct replay_frame){
		.node = node, .fate = fate, .trail = s->n_trail};
	replay_set(s, OLD_FATE, node, fate);
	return 0;
}

static int do_part(struct replay *s, const char **at)
{
	size_t first = s->n_parts;
	int64_t bound;
	int node;

	if (read_number(s, at, &bound) < 0)
		return -1;
	while (more(at)) {
		if (read_node(s, at, &node) < 0)
			return -1;
		MEM_PUSH(s->parts, s->n_parts, s->parts_cap) = node;
	}
	if (bound < 1 || s->bank > BOUND_MOST)
		return replay_wrong(s, "a part costs 1 at least");
	return replay_open_part(s, first, bound);
}

/* The weights' loads into load[]; what the rows are worth. */
static int read_weights(
	struct replay *s, const char **at, replay_wide *ret_worth)
{
	while (more(at)) {
		struct replay_row *row;
		int64_t weight;

		if (read_row(s, at, &row) < 0 ||
			read_number(s, at, &weight) < 0)
			return -1;
		if (weight < 0 || weight > WEIGHT_MOST)
			return replay_wrong(
				s, "a weight below 0, or too large");
		*ret_worth += (replay_wide)weight * row->need;
		for (int i = 0; i < row->n; i++) {
			const struct replay_entry *e =
				&s->entries[row->at + (size_t)i];

			s->load[e->node] += (replay_wide)weight * e->value;
		}
	}
	return 0;
}

/* Above this, nothing that costs less than the bound is left. */
static replay_wide target(const struct replay *s, int64_t scale)
{
	int64_t below =
		s->bound > 0 ? (s->bound - 1) / s->grain * s->grain : -1;

	return (replay_wide)below * scale;
}

/* load[] becomes what is left of the costs. */
static void use_weights(struct replay *s, int64_t scale, replay_wide worth)
{
	size_t n = s->need->t->n_nodes;
	replay_wide gap;

	worth += (replay_wide)s->bank * scale;
	for (size_t v = 0; v < n; v++) {
		s->load[v] = (replay_wide)s->cost[v] * scale - s->load[v];
		if (s->fate[v] == FATE_IN ||
			(s->fate[v] == FATE_FREE && s->load[v] < 0))
			worth += s->load[v];
	}
	gap = target(s, scale) - worth;
	if (gap < 0) {
		replay_close(s);
		return;
	}
	for (size_t v = 0; v < n; v++)
		if (s->fate[v] == FATE_FREE &&
			(s->load[v] > gap || -s->load[v] > gap))
			replay_set(s, OLD_FATE, (int)v,
				s->load[v] < 0 ? FATE_IN : FATE_OUT);
}

static int do_weigh(struct replay *s, const char **at)
{
	int64_t scale;
	replay_wide worth = 0;
	int code;

	if (read_number(s, at, &scale) < 0)
		return -1;
	if (scale < 1 || scale > SCALE_MOST)
		return replay_wrong(s, "a scale below 1, or too large");
	code = read_weights(s, at, &worth);
	if (code == 0)
		use_weights(s, scale, worth);
	memset(s->load, 0, s->need->t->n_nodes * sizeof(*s->load));
	return code;
}

static int do_line(struct replay *s, const char *line)
{
	static const struct {
		const char *word;
		int (*run)(struct replay *s, const char **at);
	} words[] = {{"weigh", do_weigh}, {"half", do_half}, {"drop", do_drop},
		{"idle", do_idle}, {"take", do_take}, {"part", do_part}};
	size_t n = strcspn(line, " ");
	const char *at = line + n;
	int code = 1;

	if (s->proven)
		return replay_wrong(s, "nothing is open any more");
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strlen(words[i].word) == n &&
			memcmp(line, words[i].word, n) == 0)
			code = words[i].run(s, &at);
	if (n == 3 && memcmp(line, "buy", n) == 0)
		code = do_divide(s, &at, FATE_IN);
	else if (n == 5 && memcmp(line, "spare", n) == 0)
		code = do_divide(s, &at, FATE_OUT);
	if (code > 0)
		return replay_wrong(s, "%.20s is no step", line);
	if (code == 0 && more(&at))
		return replay_wrong(s, "%.20s: too many words", line);
	return code;
}

static enum replay_end replay(
	struct replay *s, const struct jval *lines, int64_t deadline_ns)
{
	for (size_t i = 0; i < jval_count(lines); i++) {
		const char *line = jval_text(jval_at(lines, i));
		char what[200];

		if (i % LOOK_AT_CLOCK == 0 && mono_now().ns >= deadline_ns)
			return REPLAY_LATE;
		if (line && do_line(s, line) == 0)
			continue;
		snprintf(what, sizeof(what), "%s", line ? s->why : "no text");
		snprintf(s->why, 300, "step %zu: %s", i + 1, what);
		return REPLAY_FAILS;
	}
	if (s->proven)
		return REPLAY_PROVES;
	replay_wrong(s,
		"the steps end before it is shown; %zu choices or parts are "
		"open",
		s->n_frames);
	return REPLAY_FAILS;
}

enum replay_end replay_steps(const struct names *names, const struct need *need,
	const struct jval *certificate, int64_t bound, int64_t deadline_ns,
	char why[300])
{
	const struct jval *from = jval_get(certificate, "steps");
	struct replay s = {.names = names, .why = why};
	enum replay_end ret = REPLAY_FAILS;

	why[0] = '\0';
	replay_open(&s, need, bound);
	if (replay_read_rows(&s, jval_get(from, "rows")) == 0 &&
		replay_read_nodes(&s, jval_get(from, "nodes")) == 0)
		ret = replay(&s, jval_get(from, "lines"), deadline_ns);
	replay_release(&s);
	return ret;
}
