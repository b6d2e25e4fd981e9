/* Conversations by volume, and those with symptoms by the weight of these. */
#include "analysis/best.h"
#include "analysis/complaints.h"
#include "analysis/scans.h"

enum { RST = 4, SYN_ACK = 18, TINY = 64, ROWS = 50 };

struct diagnosis {
	const struct study_ask *ask;
	struct scans scans;
	struct complaints complaints;
	bool sick; /* only those that something is wrong with */
	struct best rows;
};

struct rated {
	struct talk talk;
	uint32_t symptoms;
	uint64_t score, bytes;
};

static bool is_group(const struct net_addr *a)
{
	if (net_addr_is_v4(a))
		return net_addr_v4_value(a) >= 0xe0000000;
	return a->b[0] == 0xff;
}

static bool is_tiny(const struct talk_side *s)
{
	return s->packets == 0 || s->bytes / s->packets < TINY;
}

static uint32_t diagnose(const struct diagnosis *d, const struct talk *t)
{
	const struct talk_side *out = &t->side[0], *back = &t->side[1];
	const bool silent =
		talk_has_ports(t) && !back->packets && !is_group(&t->key.dst);
	const bool tcp = t->key.proto == 6, failed = talk_failed(t);
	const bool is[SYMPTOM_COUNT] = {[SYMPTOM_NO_REPLY] = silent,
		[SYMPTOM_RESET] =
			tcp && ((out->tcp_flags | back->tcp_flags) & RST),
		[SYMPTOM_SYN_ONLY] = tcp && (out->tcp_flags & SYN_ACK) == 2,
		[SYMPTOM_UNREACHABLE] =
			silent && complaints_have(&d->complaints, t),
		[SYMPTOM_HOST_SCAN] = failed && scans_have(&d->scans, t, true),
		[SYMPTOM_PORT_SCAN] = failed && scans_have(&d->scans, t, false),
		[SYMPTOM_TINY] = is_tiny(out) && is_tiny(back)};
	uint32_t bits = (uint32_t)t->symptoms;

	for (size_t i = 0; i < SYMPTOM_COUNT; i++)
		bits |= (uint32_t)is[i] << i;
	return bits;
}

static struct rated rate(const struct diagnosis *d, const struct talk *t)
{
	const struct symptoms *s = d->ask->symptoms;
	struct rated r = {.talk = *t,
		.bytes = t->side[0].bytes + t->side[1].bytes,
		.symptoms = diagnose(d, t)};

	for (size_t i = 0; i < SYMPTOM_COUNT + s->n_own; i++) {
		const int64_t weight = symptom_weight(s, i);

		if (!(r.symptoms >> i & 1))
			continue;
		if (weight)
			r.score += (uint64_t)weight;
		else
			r.symptoms &= ~(1u << i);
	}
	return r;
}

static int by_bytes(const void *a, const void *b)
{
	const struct rated *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return flow_key_compare(&x->talk.key, &y->talk.key);
}

static int by_score(const void *a, const void *b)
{
	const struct rated *x = a, *y = b;

	if (x->score != y->score)
		return x->score < y->score ? 1 : -1;
	return by_bytes(a, b);
}

static void write_row(
	const struct study_ask *ask, const struct rated *r, struct sheet *to)
{
	const struct symptoms *s = ask->symptoms;
	const struct talk *t = &r->talk;
	const char *names[SYMPTOM_COUNT + SYMPTOMS_OWN];
	size_t n = 0;

	for (size_t i = 0; i < SYMPTOM_COUNT + s->n_own; i++)
		if (r->symptoms >> i & 1)
			names[n++] = symptom_name(s, i);
	study_end_cell(to, ask->catalog, &t->key.src);
	study_end_cell(to, ask->catalog, &t->key.dst);
	sheet_plain(to, t->key.sport);
	sheet_plain(to, t->key.dport);
	study_proto_cell(to, t->key.proto);
	for (size_t i = 0; i < 2; i++) {
		sheet_uint(to, t->side[i].packets);
		sheet_uint(to, t->side[i].bytes);
	}
	sheet_uint(to, r->score);
	sheet_list(to, names, n);
}

static int add_rated(void *ctx, const struct talk *t, struct err *err)
{
	struct diagnosis *d = ctx;
	const struct rated rated = rate(d, t);

	(void)err;
	if (!d->sick || rated.score)
		best_add(&d->rows, &rated);
	return 0;
}

static int write_rated(
	struct talks *t, struct sheet *to, bool sick, struct err *err)
{
	const struct study_ask *ask = t->ask;
	struct diagnosis d = {.ask = ask, .sick = sick};
	int r;

	best_init(&d.rows, sizeof(struct rated), ask->limit ? ask->limit : ROWS,
		sick ? by_score : by_bytes);
	scans_init(&d.scans);
	r = scans_find(
		&d.scans, t, ask->threshold ? ask->threshold : SCAN_FROM, err);
	if (r == 0)
		r = complaints_gather(&d.complaints, t, err);
	if (r == 0)
		r = talks_each(t, add_rated, &d, err);
	best_sort(&d.rows);
	to->n_all = d.rows.given;
	for (size_t i = 0; i < d.rows.n && r == 0; i++)
		write_row(ask, best_at(&d.rows, i), to);
	scans_release(&d.scans);
	complaints_release(&d.complaints);
	best_release(&d.rows);
	return r;
}

static int write_all(void *it, struct sheet *to, struct err *err)
{
	return write_rated(it, to, false, err);
}

static int write_sick(void *it, struct sheet *to, struct err *err)
{
	return write_rated(it, to, true, err);
}

static const struct sheet_column columns[] = {{.name = "src"}, {.name = "dst"},
	{.name = "sport", .spare = 4}, {.name = "dport"}, {.name = "proto"},
	{.name = "packets", .right = true, .spare = 3},
	{.name = "bytes", .right = true},
	{.name = "packets_back", .right = true, .spare = 5},
	{.name = "bytes_back", .right = true},
	{.name = "score", .right = true, .spare = 2},
	{.name = "symptoms", .list = 16}};
#define N (sizeof(columns) / sizeof(*columns))

const struct study study_conversations = {
	columns, N, talks_begin, talks_add, write_all, talks_free};
const struct study study_symptoms = {
	columns, N, talks_begin, talks_add, write_sick, talks_free};
