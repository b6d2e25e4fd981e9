/* From link to link: what was seen before a node and what behind it, over all
 * flows whose path does not divide; and when, of those that lose most. */
#include "base/mem.h"
#include "store/summary_parts.h"

#include <stdlib.h>

enum { COURSES = 30 }; /* steps with a course */

const struct flow_link *summary_on_link(const struct flow *f, int link)
{
	for (size_t i = 0; i < f->n_links; i++)
		if (f->links[i].link == link)
			return &f->links[i];
	return NULL;
}

/* A path that never divides: each link is there once. */
static bool is_line(const struct flow *f)
{
	return f->n_path == f->n_links;
}

static size_t find(const struct summary *s, int from, int to)
{
	const struct step step = {.key = {from, to}};

	return index_find(&s->by_step, s->steps, &step.key);
}

void summary_count_steps(struct summary *s, const struct flow *f)
{
	for (size_t i = 0; is_line(f) && i + 1 < f->n_path; i++) {
		const struct flow_link *a = summary_on_link(f, f->path[i]);
		const struct flow_link *b = summary_on_link(f, f->path[i + 1]);
		struct step step = {.key = {f->path[i], f->path[i + 1]}};
		size_t at = find(s, step.key.from, step.key.to);

		if (!a || !b)
			continue;
		if (!at) {
			MEM_PUSH(s->steps, s->n_steps, s->steps_cap) = step;
			at = s->n_steps;
			index_add(&s->by_step, s->steps, at - 1);
		}
		s->steps[at - 1].flows++;
		s->steps[at - 1].all.sent += a->packets;
		s->steps[at - 1].all.arrived += b->packets;
	}
}

struct rank {
	uint64_t lost;
	size_t at;
};

static int by_loss(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->lost != y->lost)
		return x->lost > y->lost ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

void summary_choose_steps(struct summary *s)
{
	cleanup_free struct rank *order =
		mem_zalloc(s->n_steps + 1, sizeof(*order));
	size_t n = 0;

	for (size_t i = 0; i < s->n_steps; i++) {
		const struct step_piece *all = &s->steps[i].all;

		if (all->sent > all->arrived)
			order[n++] = (struct rank){all->sent - all->arrived, i};
	}
	if (n)
		qsort(order, n, sizeof(*order), by_loss);
	for (size_t i = 0; i < n && i < COURSES; i++) {
		struct step *step = &s->steps[order[i].at];

		step->course = arena_alloc(
			&s->arena, s->n_buckets, sizeof(*step->course));
		s->links[step->key.from].loses = true;
		s->links[step->key.to].loses = true;
	}
}

struct spreading {
	const struct summary *s;
	struct step_piece *sent, *arrived; /* or NULL */
};

static int add_piece(void *ctx, int64_t at_ns, uint64_t packets, uint64_t bytes,
	struct err *err)
{
	const struct spreading *to = ctx;
	size_t at = summary_piece(to->s, at_ns);

	(void)bytes;
	(void)err;
	if (to->sent)
		to->sent[at].sent += packets;
	if (to->arrived)
		to->arrived[at].arrived += packets;
	return 0;
}

static struct step_piece *course_of(const struct summary *s, int from, int to)
{
	size_t at = find(s, from, to);

	return at ? s->steps[at - 1].course : NULL;
}

int summary_spread_steps(
	struct summary *s, const struct flow *f, struct err *err)
{
	int r = 0;

	for (size_t i = 0; is_line(f) && r == 0 && i < f->n_path; i++) {
		const int link = f->path[i];
		struct spreading to = {.s = s};

		if (!s->links[link].loses)
			continue;
		if (i + 1 < f->n_path)
			to.sent = course_of(s, link, f->path[i + 1]);
		if (i > 0)
			to.arrived = course_of(s, f->path[i - 1], link);
		for (size_t k = 0;
			(to.sent || to.arrived) && k < f->n_rows && r == 0; k++)
			if (summary_link(s, f->rows[k]) == link)
				r = summary_deal(
					s, f->rows[k], add_piece, &to, err);
	}
	return r;
}

static void put_course(
	struct jsonw *w, const struct summary *s, const struct step *step)
{
	jsonw_array(w);
	for (size_t i = 0; i < s->n_buckets; i++) {
		if (!step->course[i].sent && !step->course[i].arrived)
			continue;
		jsonw_uint(w, i);
		jsonw_uint(w, step->course[i].sent);
		jsonw_uint(w, step->course[i].arrived);
	}
	jsonw_end(w);
}

/* [from, to, flows, sent, arrived], and a course where there is one. */
void summary_write_steps(struct jsonw *w, const struct summary *s)
{
	jsonw_key(w, "steps");
	jsonw_array(w);
	for (size_t i = 0; i < s->n_steps; i++) {
		const struct step *p = &s->steps[i];

		jsonw_array(w);
		jsonw_int(w, p->key.from);
		jsonw_int(w, p->key.to);
		jsonw_uint(w, p->flows);
		jsonw_uint(w, p->all.sent);
		jsonw_uint(w, p->all.arrived);
		if (p->course)
			put_course(w, s, p);
		jsonw_end(w);
	}
	jsonw_end(w);
}
