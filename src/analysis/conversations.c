/* Conversations by volume, and those with symptoms by the weight of these. */
#include "analysis/talks.h"
#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum {
	FIN = 1,
	RST = 4,
	SYN_ACK = 18,
	TINY = 64,
	ROWS = 50,
	SCAN_FROM = 16,
	ICMP = 1,
	ICMP6 = 58
};

/* An ICMP message nobody asked for, for this address. */
struct complaint {
	struct net_addr to;
	int64_t first_ns, last_ns;
};

struct diagnosis {
	struct talks *t;
	struct scans scans;
	struct complaint *complaints; /* by address */
	size_t n, cap;
	uint64_t many; /* targets that make a scan */
};

struct rated {
	const struct talk *talk;
	uint32_t symptoms;
	uint64_t score, bytes;
};

static int by_address(const void *a, const void *b)
{
	const struct complaint *x = a, *y = b;

	return memcmp(&x->to, &y->to, sizeof(x->to));
}

static void find_complaints(struct diagnosis *d)
{
	for (size_t i = 0; i < d->t->n; i++) {
		const struct talk *t = &d->t->v[i];

		if ((t->key.proto != ICMP && t->key.proto != ICMP6) ||
			t->side[1].packets)
			continue;
		MEM_PUSH(d->complaints, d->n, d->cap) = (struct complaint){
			t->key.dst, t->side[0].first_ns, t->side[0].last_ns};
	}
	if (d->n)
		qsort(d->complaints, d->n, sizeof(*d->complaints), by_address);
}

/* Did one come while it was tried, or within a second? */
static bool complained(const struct diagnosis *d, const struct talk *t)
{
	size_t low = 0, high = d->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(&d->complaints[middle].to, &t->key.src,
			    sizeof(t->key.src)) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < d->n && memcmp(&d->complaints[low].to, &t->key.src,
				     sizeof(t->key.src)) == 0;
		low++)
		if (d->complaints[low].last_ns >= t->side[0].first_ns &&
			d->complaints[low].first_ns - NS_PER_S <=
				t->side[0].last_ns)
			return true;
	return false;
}

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
		[SYMPTOM_UNREACHABLE] = silent && complained(d, t),
		[SYMPTOM_HOST_SCAN] =
			failed && scans_targets(&d->scans, t, true) >= d->many,
		[SYMPTOM_PORT_SCAN] =
			failed && scans_targets(&d->scans, t, false) >= d->many,
		[SYMPTOM_TINY] = is_tiny(out) && is_tiny(back)};
	uint32_t bits = t->symptoms;

	for (size_t i = 0; i < SYMPTOM_COUNT; i++)
		bits |= (uint32_t)is[i] << i;
	return bits;
}

static struct rated rate(const struct diagnosis *d, const struct talk *t)
{
	const struct symptoms *s = d->t->ask->symptoms;
	struct rated r = {.talk = t,
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
	return flow_key_compare(&x->talk->key, &y->talk->key);
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
	const struct talk *t = r->talk;
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

static int write_rated(struct talks *t, struct sheet *to, bool sick)
{
	const size_t limit = t->ask->limit ? t->ask->limit : ROWS;
	struct diagnosis d = {.t = t,
		.many = t->ask->threshold ? t->ask->threshold : SCAN_FROM};
	cleanup_free struct rated *rows = mem_zalloc(t->n, sizeof(*rows));
	size_t n = 0;

	talks_turn(t);
	scans_init(&d.scans, t);
	find_complaints(&d);
	for (size_t i = 0; i < t->n; i++) {
		rows[n] = rate(&d, &t->v[i]);
		n += !sick || rows[n].score;
	}
	if (n)
		qsort(rows, n, sizeof(*rows), sick ? by_score : by_bytes);
	for (size_t i = 0; i < n && i < limit; i++)
		write_row(t->ask, &rows[i], to);
	scans_release(&d.scans);
	free(d.complaints);
	return 0;
}

static int write_all(void *it, struct sheet *to, struct err *err)
{
	(void)err;
	return write_rated(it, to, false);
}

static int write_sick(void *it, struct sheet *to, struct err *err)
{
	(void)err;
	return write_rated(it, to, true);
}

static const struct sheet_column columns[] = {{.name = "src"}, {.name = "dst"},
	{.name = "sport"}, {.name = "dport"}, {.name = "proto"},
	{.name = "packets", .right = true}, {.name = "bytes", .right = true},
	{.name = "packets_back", .right = true},
	{.name = "bytes_back", .right = true}, {.name = "score", .right = true},
	{.name = "symptoms"}};
#define N (sizeof(columns) / sizeof(*columns))

const struct study study_conversations = {
	columns, N, talks_begin, talks_add, write_all, talks_free};
const struct study study_symptoms = {
	columns, N, talks_begin, talks_add, write_sick, talks_free};

/* Scans ---------------------------------------------------------------- */

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
	const uint64_t many = t->ask->threshold ? t->ask->threshold : SCAN_FROM;
	const size_t limit = t->ask->limit ? t->ask->limit : ROWS;
	struct scans s;

	(void)err;
	talks_turn(t);
	scans_init(&s, t);
	if (s.n)
		qsort(s.v, s.n, sizeof(*s.v), by_targets);
	for (size_t i = 0; i < s.n && i < limit && s.v[i].targets >= many;
		i++) {
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
	return 0;
}

static const struct sheet_column scan_columns[] = {{.name = "of"},
	{.name = "src"}, {.name = "dst"}, {.name = "dport"}, {.name = "proto"},
	{.name = "targets", .right = true}, {.name = "tries", .right = true}};

const struct study study_scans = {scan_columns,
	sizeof(scan_columns) / sizeof(*scan_columns), talks_begin, talks_add,
	write_scans, talks_free};
