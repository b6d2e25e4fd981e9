/* Failed conversations as tries at targets, those of a scan together; then
 * scans with their targets counted. */
#include "analysis/scans.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct target {
	struct scan_key scan;
	struct net_addr host; /* of a host scan; else 0 */
	uint64_t port;        /* of a port scan; else 0 */
	uint64_t tries;
};
enum {
	ROWS = 50,
	SCAN_WORDS = sizeof(struct scan_key) / sizeof(uint64_t),
	TARGET_WORDS = offsetof(struct target, tries) / sizeof(uint64_t)
};

void scans_init(struct scans *s)
{
	*s = (struct scans){.n = 0};
	index_init(&s->by_key, sizeof(*s->v), sizeof(s->v->key));
}

void scans_release(struct scans *s)
{
	index_release(&s->by_key);
	free(s->v);
}

static struct target target_of(const struct talk *t, bool hosts)
{
	struct target to = {.scan = {.src = t->key.src,
				    .proto = t->key.proto,
				    .hosts = hosts},
		.tries = 1};

	if (hosts) {
		to.scan.port = t->key.dport;
		to.host = t->key.dst;
	} else {
		to.scan.dst = t->key.dst;
		to.port = t->key.dport;
	}
	return to;
}

static void add_tries(void *to, const void *more)
{
	((struct target *)to)->tries += ((const struct target *)more)->tries;
}

static int add_targets(void *ctx, const struct talk *t, struct err *err)
{
	const struct target host = target_of(t, true);
	const struct target port = target_of(t, false);
	int r = 0;

	if (!talk_failed(t))
		return 0;
	r = fold_add(ctx, &host, err);
	return r == 0 ? fold_add(ctx, &port, err) : r;
}

struct counting {
	struct scans *to;
	uint64_t least;
	struct scan last; /* whose targets are being counted */
};

static int keep_last(struct counting *c, struct err *err)
{
	struct scans *s = c->to;

	if (!c->last.targets || c->last.targets < c->least)
		return 0;
	if (s->n == STUDY_ROWS)
		return study_too_many(err, "scans");
	MEM_PUSH(s->v, s->n, s->cap) = c->last;
	index_add(&s->by_key, s->v, s->n - 1);
	return 0;
}

static int count_target(void *ctx, const void *item, struct err *err)
{
	struct counting *c = ctx;
	const struct target *t = item;
	int r = 0;

	if (memcmp(&t->scan, &c->last.key, sizeof(t->scan)) != 0) {
		r = keep_last(c, err);
		c->last = (struct scan){.key = t->scan};
	}
	c->last.targets++;
	c->last.tries += t->tries;
	return r;
}

int scans_find(
	struct scans *s, struct talks *t, uint64_t least, struct err *err)
{
	struct counting c = {.to = s, .least = least};
	struct fold *targets = fold_new(&(struct fold_form){
		sizeof(struct target), TARGET_WORDS, SCAN_WORDS, add_tries, 0});
	int r = talks_each(t, add_targets, targets, err);

	if (r == 0)
		r = fold_each(targets, count_target, &c, err);
	if (r == 0)
		r = keep_last(&c, err);
	fold_free(targets);
	return r;
}

bool scans_have(const struct scans *s, const struct talk *t, bool hosts)
{
	const struct target target = target_of(t, hosts);

	return index_find(&s->by_key, s->v, &target.scan);
}

/* As a study ----------------------------------------------------------- */

static int by_targets(const void *a, const void *b)
{
	const struct scan *x = a, *y = b;

	if (x->targets != y->targets)
		return x->targets < y->targets ? 1 : -1;
	return memcmp(&x->key, &y->key, sizeof(x->key));
}

static int write_scans(void *it, struct sheet *to, struct err *err)
{
	struct talks *t = it;
	const size_t limit = t->ask->limit ? t->ask->limit : ROWS;
	struct scans s;
	int r;

	scans_init(&s);
	r = scans_find(
		&s, t, t->ask->threshold ? t->ask->threshold : SCAN_FROM, err);
	to->n_all = s.n;
	if (s.n)
		qsort(s.v, s.n, sizeof(*s.v), by_targets);
	for (size_t i = 0; i < s.n && i < limit && r == 0; i++) {
		const struct scan *scan = &s.v[i];

		sheet_text(to, scan->key.hosts ? "hosts" : "ports");
		study_end_cell(to, t->ask->catalog, &scan->key.src);
		if (scan->key.hosts)
			sheet_null(to);
		else
			study_end_cell(to, t->ask->catalog, &scan->key.dst);
		if (scan->key.hosts)
			sheet_plain(to, scan->key.port);
		else
			sheet_null(to);
		study_proto_cell(to, (uint8_t)scan->key.proto);
		sheet_uint(to, scan->targets);
		sheet_uint(to, scan->tries);
	}
	scans_release(&s);
	return r;
}

static const struct sheet_column scan_columns[] = {{.name = "of"},
	{.name = "src"}, {.name = "dst"}, {.name = "dport"}, {.name = "proto"},
	{.name = "targets", .right = true}, {.name = "tries", .right = true}};

const struct study study_scans = {scan_columns,
	sizeof(scan_columns) / sizeof(*scan_columns), talks_begin, talks_add,
	write_scans, talks_free};
