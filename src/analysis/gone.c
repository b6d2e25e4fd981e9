#include "analysis/gone.h"
#include "base/clock.h"
#include "base/mem.h"
#include "store/answer_given.h"
#include "store/history.h"

#include <inttypes.h>
#include <stdio.h>

static bool wants(const struct query *q, int64_t first_ns, int64_t last_ns)
{
	return (q->from_ns == 0 && q->to_ns == 0) ||
	       (last_ns >= q->from_ns && first_ns < q->to_ns);
}

void gone_say(const struct store *s, const struct query *q, bool asked)
{
	const struct store_retired *t = store_retired(s);
	char first[ANSWER_TIME], last[ANSWER_TIME];

	if (!t->rows || !wants(q, t->first_ns, t->last_ns)) {
		if (asked)
			fputs("Nothing of that time is gone: ask without "
			      "--history.\n",
				stderr);
		return;
	}
	fprintf(stderr,
		"Not there any more, because the store keeps no more: "
		"%" PRIu64 " records from %s to %s.\n",
		t->rows, answer_time(t->first_ns, first),
		answer_time(t->last_ns, last));
	if (!asked && store_history(s)->n)
		fprintf(stderr, "--history shows what they carried.\n");
}

/* Cells with the same keys become one group. */
struct gathered {
	struct {
		int64_t time_ns;
		int32_t link;
		uint32_t proto;
	} key;
	uint64_t records, packets, bytes;
};
struct gathering {
	const struct answer *a;
	int64_t unit_ns;
	struct gathered *items;
	size_t n, cap;
	struct index by_key;
};

static void gather(void *ctx, int link, const struct history_cell *c)
{
	struct gathering *g = ctx;
	const struct answer *a = g->a;
	struct gathered new = {.key.link = link};
	size_t at;

	if (!wants(&a->query, c->at_ns, c->at_ns + g->unit_ns - 1))
		return;
	if (group_by_has(&a->by, GROUP_PROTO))
		new.key.proto = history_proto(c);
	if (group_by_has(&a->by, GROUP_TIME))
		new.key.time_ns = group_floor(c->at_ns, a->by.bucket_ns);
	at = index_find(&g->by_key, g->items, &new.key);
	if (!at) {
		MEM_PUSH(g->items, g->n, g->cap) = new;
		at = g->n;
		index_add(&g->by_key, g->items, at - 1);
	}
	g->items[at - 1].records += c->records;
	g->items[at - 1].packets += c->packets;
	g->items[at - 1].bytes += c->bytes;
}

static int set_keys(struct answer *a, const struct history *h, struct err *err)
{
	char unit[32];
	const char *const all[] = {unit, "link", "proto"};
	const size_t n_all = a->by.n ? 0 : sizeof(all) / sizeof(*all);
	int r = 0;

	snprintf(unit, sizeof(unit), "time:%" PRId64, h->unit_ns / NS_PER_S);
	for (size_t i = 0; i < n_all && r == 0; i++)
		r = group_by_add(&a->by, all[i], err);
	for (size_t i = 0; i < a->by.n && r == 0; i++)
		if (a->by.keys[i] != GROUP_LINK &&
			a->by.keys[i] != GROUP_PROTO &&
			a->by.keys[i] != GROUP_TIME)
			r = err_set(err, NFZ_E_USAGE,
				"--history is by link, proto and time: of %s "
				"nothing remains",
				group_key_name(a->by.keys[i]));
	if (r == 0 && !group_by_has(&a->by, GROUP_LINK)) {
		err_set(err, NFZ_E_USAGE, "--history is of links");
		r = err_hint(err, "A packet that crossed several was counted "
				  "on each: --by link, and proto and time.");
	}
	if (r == 0 && group_by_has(&a->by, GROUP_TIME) &&
		a->by.bucket_ns % h->unit_ns) {
		err_set(err, NFZ_E_USAGE,
			"what remains has pieces of %s seconds", unit + 5);
		r = err_hint(err, "--by %s, or a multiple.", unit);
	}
	return r;
}

static int write_groups(const struct answer *a, const struct gathering *g,
	struct answer_sums *ret, struct err *err)
{
	struct answer_given *rows = answer_given_new(a);
	int r = 0;

	for (size_t i = 0; i < g->n && r == 0; i++) {
		const struct gathered *from = &g->items[i];
		const struct group_row row = {
			.value = {.time_ns = from->key.time_ns,
				.link = from->key.link,
				.proto = (uint8_t)from->key.proto},
			.flows = from->records,
			.packets = from->packets,
			.bytes = from->bytes};

		r = answer_given_group(rows, &row, err);
	}
	if (r == 0)
		r = answer_given_write(rows, ret, err);
	answer_given_free(rows);
	return r;
}

int gone_write(const struct store *s, const struct answer *asked,
	struct answer_sums *ret, struct err *err)
{
	const struct history *h = store_history(s);
	struct answer a = *asked;
	struct gathering g = {.a = &a, .unit_ns = h->unit_ns};
	int r;

	a.counted = "records";
	if (a.sort == SORT_DEFAULT && !a.sort_figure)
		a.sort = SORT_KEY;
	r = set_keys(&a, h, err);
	index_init(&g.by_key, sizeof(*g.items), sizeof(g.items->key));
	if (r == 0)
		history_links(h, a.query.catalog, gather, &g);
	if (r == 0)
		r = write_groups(&a, &g, ret, err);
	index_release(&g.by_key);
	free(g.items);
	return r;
}
