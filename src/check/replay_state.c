/* What is decided while steps are replayed, and how it is taken back. */
#include "base/mem.h"
#include "check/replay.h"

#include <stdarg.h>
#include <stdio.h>

static int64_t common_divisor(int64_t a, int64_t b)
{
	while (b) {
		int64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

static int64_t grain_of(const struct replay *s)
{
	int64_t grain = 0;

	for (size_t v = 0; v < s->need->t->n_nodes && grain != 1; v++)
		grain = common_divisor(grain, s->cost[v]);
	return grain ? grain : 1;
}

static void index_rows(struct replay *s)
{
	const struct need *n = s->need;
	size_t cols = n->t->n_nodes;
	cleanup_free int *at = mem_zalloc(cols + 1, sizeof(int));

	s->col_start = mem_zalloc(cols + 2, sizeof(int));
	s->col_row = mem_zalloc(n->n_entries + 1, sizeof(int));
	for (size_t i = 0; i < n->n_entries; i++)
		s->col_start[n->row_node[i] + 1]++;
	for (size_t v = 0; v < cols; v++) {
		s->col_start[v + 1] += s->col_start[v];
		at[v] = s->col_start[v];
	}
	for (int r = 0; r < n->n_rows; r++)
		for (int i = n->row_start[r]; i < n->row_start[r + 1]; i++)
			s->col_row[at[n->row_node[i]]++] = r;
}

/* Rows that no placement can see, or whose group cannot be covered, are no
 * business of anybody. */
static void mark_hopeless(struct replay *s)
{
	const struct need *n = s->need;

	for (int g = 0; g < n->n_groups; g++)
		for (int r = n->groups[g].first; r < n->groups[g].end; r++)
			s->idle[r] =
				!n->groups[g].possible ||
				n->row_start[r + 1] - n->row_start[r] < n->each;
}

void replay_open(struct replay *s, const struct need *need, int64_t bound)
{
	size_t n = need->t->n_nodes;

	s->need = need;
	s->bound = bound;
	s->idle = mem_zalloc((size_t)need->n_rows + 1, sizeof(bool));
	s->fate = mem_zalloc(n + 1, 1);
	s->cost = mem_zalloc(n + 1, sizeof(int64_t));
	s->load = mem_zalloc(n + 1, sizeof(replay_wide));
	s->sum = mem_zalloc(n + 1, sizeof(int64_t));
	for (size_t v = 0; v < n; v++) {
		s->fate[v] = need->obstacle[v]   ? FATE_OUT
			     : need->required[v] ? FATE_IN
						 : FATE_FREE;
		s->cost[v] = need->obstacle[v] ? 0 : need->ask->cost[v];
	}
	s->grain = grain_of(s);
	index_rows(s);
	mark_hopeless(s);
}

void replay_release(struct replay *s)
{
	free(s->rows);
	free(s->entries);
	free(s->node_of);
	free(s->idle);
	free(s->col_start);
	free(s->col_row);
	free(s->fate);
	free(s->cost);
	free(s->frames);
	free(s->trail);
	free(s->parts);
	free(s->load);
	free(s->sum);
}

int replay_wrong(struct replay *s, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(s->why, 200, fmt, args);
	va_end(args);
	return -1;
}

static int64_t put(struct replay *s, int of, int at, int64_t value)
{
	int64_t old = 0;

	switch (of) {
	case OLD_FATE:
		old = s->fate[at];
		s->fate[at] = (char)value;
		break;
	case OLD_COST:
		old = s->cost[at];
		s->cost[at] = value;
		break;
	case OLD_IDLE:
		old = s->idle[at];
		s->idle[at] = value != 0;
		break;
	case OLD_BOUND:
		old = s->bound;
		s->bound = value;
		break;
	case OLD_GRAIN:
		old = s->grain;
		s->grain = value;
		break;
	default:
		old = s->bank;
		s->bank = value;
	}
	return old;
}

void replay_set(struct replay *s, int of, int at, int64_t value)
{
	int64_t old = put(s, of, at, value);

	MEM_PUSH(s->trail, s->n_trail, s->trail_cap) =
		(struct replay_change){of, at, old};
}

static void replay_undo(struct replay *s, size_t trail)
{
	while (s->n_trail > trail) {
		const struct replay_change *c = &s->trail[--s->n_trail];

		(void)put(s, c->of, c->at, c->old);
	}
}

int replay_open_part(struct replay *s, size_t first, int64_t bound)
{
	size_t n = s->need->t->n_nodes;
	cleanup_free bool *inside = mem_zalloc(n + 1, sizeof(bool));

	MEM_PUSH(s->frames, s->n_frames, s->frames_cap) = (struct replay_frame){
		.node = -1, .trail = s->n_trail, .part = first, .bound = bound};
	for (size_t i = first; i < s->n_parts; i++)
		inside[s->parts[i]] = true;
	for (size_t v = 0; v < n; v++)
		if (!inside[v] && s->cost[v])
			replay_set(s, OLD_COST, (int)v, 0);
	replay_set(s, OLD_BOUND, 0, bound);
	replay_set(s, OLD_BANK, 0, 0);
	replay_set(s, OLD_GRAIN, 0, grain_of(s));
	return 0;
}

/* Its nodes have paid, for whoever looks from outside. */
static void bank_part(struct replay *s, const struct replay_frame *f)
{
	replay_undo(s, f->trail);
	for (size_t i = f->part; i < s->n_parts; i++)
		replay_set(s, OLD_COST, s->parts[i], 0);
	replay_set(s, OLD_BANK, 0, s->bank + f->bound);
	s->n_parts = f->part;
}

void replay_close(struct replay *s)
{
	struct replay_frame *f;

	while (s->n_frames) {
		f = &s->frames[s->n_frames - 1];
		if (f->node < 0) {
			s->n_frames--;
			bank_part(s, f);
			return;
		}
		replay_undo(s, f->trail);
		if (!f->second) {
			f->second = true;
			replay_set(s, OLD_FATE, f->node,
				f->fate == FATE_IN ? FATE_OUT : FATE_IN);
			return;
		}
		s->n_frames--;
	}
	s->proven = true;
}

bool replay_seen(const struct replay *s, int base)
{
	const struct need *n = s->need;
	int in = 0;

	for (int i = n->row_start[base]; i < n->row_start[base + 1]; i++)
		in += s->fate[n->row_node[i]] == FATE_IN;
	return in >= n->each;
}
