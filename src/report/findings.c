/* Each rule looks at the facts alone and says nothing where it has nothing to
 * say.  Figures are those of the tables; a rule's threshold is a number here,
 * so that a sentence can be checked by hand. */
#include "report/findings.h"
#include "base/mem.h"
#include "report/findings_parts.h"
#include "report/text.h"
#include "report/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* LOSS_LEAST: packets before a share of them means something. */
enum { LINKS_SAID = 3, LOSSES_SAID = 3, GAPS_SAID = 4, LOSS_LEAST = 100 };
#define BUSY 0.80
#define LOSS_SHARE 0.005

/* Does the path take this link away from its member `slot`? */
static bool leaves(const struct facts *f, const struct facts_group *g, int link,
	size_t slot)
{
	const struct facts_link *l = &f->links[link];
	const struct facts_path *p = g->path < 0 ? NULL : &f->paths[g->path];
	const char *from = l->members[slot];

	for (size_t i = 0; p && from && i < p->n; i++) {
		if (p->links[i] != link)
			continue;
		if (i == 0)
			return g->src >= 0 &&
			       strcmp(f->ends[g->src].name, from) == 0;
		const struct facts_link *before = &f->links[p->links[i - 1]];

		for (size_t m = 0; m < before->n_members; m++)
			if (before->members[m] &&
				strcmp(before->members[m], from) == 0)
				return true;
	}
	return false;
}

/* Bytes of a group in the pieces of time that `in` marks. */
static uint64_t bytes_in(const struct facts_group *g, const bool *in)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < g->course.n; i++)
		if (in[g->course.pieces[i].at])
			sum += g->course.pieces[i].sum.bytes;
	return sum;
}

/* "84 % of it UDP, most from zombie1", of what left the link's member then. */
static void compose(const struct facts *f, int link, size_t slot,
	const bool *in, char *text, size_t size)
{
	uint64_t by_proto[256] = {0}, all = 0, most = 0;
	cleanup_free uint64_t *by_end =
		mem_zalloc(f->n_ends + 1, sizeof(*by_end));
	char name[8], share[WORDS], of[WORDS];
	int proto = 0, end = -1;

	for (size_t i = 0; i < f->n_groups; i++) {
		const struct facts_group *g = &f->groups[i];
		uint64_t bytes;

		if (g->proto < 0 || !leaves(f, g, link, slot))
			continue;
		bytes = bytes_in(g, in);
		all += bytes;
		by_proto[g->proto] += bytes;
		if (by_proto[g->proto] > by_proto[proto])
			proto = g->proto;
		if (g->src >= 0 && (by_end[g->src] += bytes) > most) {
			most = by_end[g->src];
			end = g->src;
		}
	}
	text[0] = '\0';
	if (all && end >= 0)
		snprintf(text, size,
			"; %s of its bytes then were %s, most of all from %s "
			"(%s)",
			words_percent(
				(double)by_proto[proto] / (double)all, share),
			facts_proto(proto, name), f->ends[end].name,
			words_percent((double)most / (double)all, of));
}

struct busy {
	int link;
	size_t slot, at;
	double share; /* of the capacity, at most */
};

static int by_share(const void *a, const void *b)
{
	const struct busy *x = a, *y = b;

	return (x->share < y->share) - (x->share > y->share);
}

static double piece_ms(const struct facts *f, size_t at)
{
	return f->begin_ms + (double)at * (double)f->bucket_ms;
}

static const char *member_name(const struct facts_link *l, size_t slot)
{
	return slot < l->n_members && l->members[slot] ? l->members[slot] : "?";
}

/* The link and the way: "core, r1 to r2"; "west, from r1". */
static const char *way(const struct facts_link *l, size_t slot, char text[256])
{
	if (!l->lan && l->n_members == 2)
		snprintf(text, 256, "%.60s, %.60s to %.60s", l->name,
			member_name(l, slot), member_name(l, 1 - slot));
	else
		snprintf(text, 256, "%.60s, from %.60s", l->name,
			member_name(l, slot));
	return text;
}

static void say_busy(const struct facts *f, const struct topology *t,
	const struct busy *b, struct findings *to)
{
	const struct facts_link *l = &f->links[b->link];
	const struct facts_course *c = &l->sides[b->slot].course;
	double capacity = facts_capacity(l, t, b->slot);
	cleanup_free bool *in = mem_zalloc(f->n_buckets + 1, sizeof(*in));
	char name[256], span[WORDS], rate[WORDS], when[WORDS], of[400];
	char filter[128];
	size_t n = 0, first = SIZE_MAX;

	for (size_t i = 0; i < c->n; i++) {
		if (facts_rate(f, c->pieces[i].sum.bytes) < BUSY * capacity)
			continue;
		in[c->pieces[i].at] = true;
		first = first == SIZE_MAX ? c->pieces[i].at : first;
		n++;
	}
	if (n == 0)
		return;
	compose(f, b->link, b->slot, in, of, sizeof(of));
	snprintf(filter, sizeof(filter), "link %.100s", l->name);
	findings_add(to, FINDING_WARN, filter,
		"Link %s was above 80 %% of its %s for %s, first at %s%s.",
		way(l, b->slot, name), words_rate(capacity, rate),
		words_span((double)n * (double)f->bucket_ms, span),
		words_moment(f, piece_ms(f, first), when), of);
}

/* Links near their capacity; if there is none, how busy the busiest was. */
static void busy_links(
	const struct facts *f, const struct topology *t, struct findings *to)
{
	struct busy *all = NULL;
	size_t n = 0, cap = 0;
	char name[256], rate[WORDS], share[WORDS];

	for (size_t i = 0; i < f->n_links; i++)
		for (size_t s = 0; s < f->links[i].n_members; s++) {
			struct busy b = {.link = (int)i, .slot = s};
			double c = facts_capacity(&f->links[i], t, s);
			uint64_t peak =
				facts_peak(&f->links[i].sides[s].course, &b.at);

			if (!c || !peak)
				continue;
			b.share = facts_rate(f, peak) / c;
			MEM_PUSH(all, n, cap) = b;
		}
	if (n)
		qsort(all, n, sizeof(*all), by_share);
	for (size_t i = 0; i < n && i < LINKS_SAID; i++)
		if (all[i].share >= BUSY)
			say_busy(f, t, &all[i], to);
	if (n && all[0].share < BUSY)
		findings_add(to, FINDING_GOOD, NULL,
			"No link was above 80 %% of its capacity; the busiest, "
			"%s, reached %s of %s.",
			way(&f->links[all[0].link], all[0].slot, name),
			words_percent(all[0].share, share),
			words_rate(facts_capacity(&f->links[all[0].link], t,
					   all[0].slot),
				rate));
	free(all);
}

static uint64_t step_lost(const struct facts_step *s)
{
	return s->sent > s->arrived ? s->sent - s->arrived : 0;
}

static int by_lost(const void *a, const void *b)
{
	uint64_t x = step_lost(*(const struct facts_step *const *)a);
	uint64_t y = step_lost(*(const struct facts_step *const *)b);

	return (x < y) - (x > y);
}

enum { WHEN = 3 * WORDS };

static uint64_t piece_lost(const struct facts_loss *l)
{
	return l->sent > l->arrived ? l->sent - l->arrived : 0;
}

/* The shortest time with nine tenths of what was lost; "" where that is not
 * known, or much of the time. */
static const char *when_lost(const struct facts *f, const struct facts_step *s,
	char text[static WHEN])
{
	uint64_t all = 0, part = 0;
	size_t from = 0, begin = 0, end = SIZE_MAX;
	char first[WORDS], last[WORDS];

	for (size_t i = 0; i < s->n_losses; i++)
		all += piece_lost(&s->losses[i]);
	for (size_t i = 0; all && i < s->n_losses; i++) {
		part += piece_lost(&s->losses[i]);
		for (; part - piece_lost(&s->losses[from]) >= all - all / 10;
			from++)
			part -= piece_lost(&s->losses[from]);
		if (part >= all - all / 10 &&
			s->losses[i].at - s->losses[from].at < end - begin) {
			begin = s->losses[from].at;
			end = s->losses[i].at;
		}
	}
	text[0] = '\0';
	if (end != SIZE_MAX && (end - begin + 1) * 4 <= f->n_buckets * 3)
		snprintf(text, WHEN, "; most from %s to %s",
			words_moment(f, piece_ms(f, begin), first),
			words_moment(f, piece_ms(f, end + 1), last));
	return text;
}

static void losses(const struct facts *f, struct findings *to)
{
	cleanup_free const struct facts_step **order =
		mem_zalloc(f->n_steps + 1, sizeof(*order));
	size_t n = 0, bad = 0;
	char lost[WORDS], sent[WORDS], share[WORDS], filter[256], when[WHEN];

	for (size_t i = 0; i < f->n_steps; i++)
		if (f->steps[i].sent >= LOSS_LEAST)
			order[n++] = &f->steps[i];
	if (n)
		qsort(order, n, sizeof(*order), by_lost);
	for (size_t i = 0; i < n && i < LOSSES_SAID; i++) {
		const struct facts_step *s = order[i];
		double part = (double)step_lost(s) / (double)s->sent;

		if (part < LOSS_SHARE)
			continue;
		bad++;
		snprintf(filter, sizeof(filter), "link %.60s and link %.60s",
			f->links[s->from].name, f->links[s->to].name);
		findings_add(to, FINDING_WARN, filter,
			"Packets die between %s and %s: of %s that were seen "
			"on %s, %s (%s) did not come through to where %s is "
			"watched%s.",
			f->links[s->from].name, f->links[s->to].name,
			words_count(s->sent, sent), f->links[s->from].name,
			words_count(step_lost(s), lost),
			words_percent(part, share), f->links[s->to].name,
			when_lost(f, s, when));
	}
	if (n && !bad)
		findings_add(to, FINDING_GOOD, NULL,
			"No loss to speak of on any path that is watched at "
			"two places or more (under 0.5 %% each).");
}

/* Names of the links that share the cause of link `first`. */
static void add_cause(const struct facts *f, size_t first, struct buf *to)
{
	const char *cause = f->links[first].gap;
	size_t n = 0;

	buf_addf(to, "%s%s:", to->len ? "; " : "", cause);
	for (size_t i = first; i < f->n_links; i++) {
		if (!f->links[i].gap || strcmp(f->links[i].gap, cause) != 0)
			continue;
		if (n++ < GAPS_SAID)
			buf_addf(to, " %.60s", f->links[i].name);
	}
	if (n > GAPS_SAID)
		buf_addf(to, " and %zu more", n - GAPS_SAID);
}

static bool is_new_cause(const struct facts *f, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (f->links[i].gap &&
			strcmp(f->links[i].gap, f->links[at].gap) == 0)
			return false;
	return true;
}

static void coverage(const struct facts *f, struct findings *to)
{
	struct buf causes = BUF_INIT(1 << 16);
	size_t n = 0;

	for (size_t i = 0; i < f->n_links; i++) {
		if (!f->links[i].gap)
			continue;
		n++;
		if (causes.len < 400 && is_new_cause(f, i))
			add_cause(f, i, &causes);
	}
	if (n)
		findings_add(to, FINDING_WARN, NULL,
			"%zu of %zu links are not seen completely; what else "
			"they carry is unknown, not 0. %.700s.",
			n, f->n_links, buf_str(&causes));
	else if (f->n_links == 1)
		findings_add(
			to, FINDING_GOOD, NULL, "The only link is watched.");
	else if (f->n_links)
		findings_add(to, FINDING_GOOD, NULL,
			"All %zu links are watched.", f->n_links);
	buf_release(&causes);
}

static void accounting(const struct facts *f, struct findings *to)
{
	char a[WORDS], b[WORDS], c[WORDS];

	if (!f->n_probes) {
		findings_add(to, FINDING_NOTE, NULL,
			"No probe of ours took part: what was lost before "
			"these records were written is unknown.");
	} else if (f->wire == FACTS_UNKNOWN ||
		   f->records_sent == FACTS_UNKNOWN) {
		findings_add(to, FINDING_NOTE, NULL,
			"The accounting from the wire to the disk is not "
			"complete: some counters are unknown.");
	} else if (f->lost_frames || f->records_sent != f->records_stored) {
		findings_add(to, FINDING_BAD, NULL,
			"Something was lost on the way to the disk: %s of %s "
			"frames, and %s records.",
			words_count(f->lost_frames, a), words_count(f->wire, b),
			words_count(
				f->records_sent > f->records_stored
					? f->records_sent - f->records_stored
					: 0,
				c));
	} else {
		findings_add(to, FINDING_GOOD, NULL,
			"Nothing was lost between the wire and the disk: %s "
			"frames and %s records are accounted for.",
			words_count(f->wire, a),
			words_count(f->records_stored, b));
	}
	if (f->foreign)
		findings_add(to, FINDING_NOTE, NULL,
			"Some records come from exporters that cannot prove "
			"who they are.");
	if (f->estimated)
		findings_add(to, FINDING_NOTE, NULL,
			"Some packet counts are estimates: of sampled "
			"packets, or of super-frames.");
}

/* The most important first; within a level as they were found. */
static void order(struct findings *f)
{
	for (size_t i = 1; i < f->n; i++)
		for (size_t k = i;
			k > 0 && f->all[k].level < f->all[k - 1].level; k--) {
			struct finding later = f->all[k];

			f->all[k] = f->all[k - 1];
			f->all[k - 1] = later;
		}
}

void findings_make(
	const struct facts *f, const struct topology *t, struct findings *ret)
{
	*ret = (struct findings){0};
	if (f->all.flows == 0)
		findings_add(ret, FINDING_NOTE, NULL,
			"No flow was recorded in this time.");
	findings_floods(f, ret);
	busy_links(f, t, ret);
	losses(f, ret);
	findings_talker(f, ret);
	coverage(f, ret);
	accounting(f, ret);
	order(ret);
}
