/* A round: what has ended since the last one, gathered, sorted, sent.  When
 * more ended than fits, the round is cut short in time and another follows. */
#include "exchange/sink.h"
#include "base/clock.h"
#include "base/mem.h"
#include "exchange/clickhouse.h"
#include "exchange/position.h"
#include "format/checksum.h"
#include "store/control.h"
#include "store/query.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	ROUND_BATCHES = 4, /* at once in memory, about */
	BYTES_MAX = 1 << 30,
	ANSWER_MAX = 4096,
	STATUS_MS = 3000,
	FIRST_WAIT_MS = 200,
	LAST_WAIT_MS = 60000,
	TRIES = 10 /* two minutes; who follows tries on */
};
#define NS_PER_DAY (INT64_C(86400) * NS_PER_S)

/* A flow that has ended: its row in `bytes`, all but the batch.  Of those that
 * end at the same time, `tie` says the order: the same in every reading. */
struct ended {
	int64_t first_ns, last_ns;
	uint64_t tie;
	size_t at, len;
	uint64_t packets, octets;
};

struct sink {
	const struct sink_ask *ask;
	struct clickhouse *server;
	struct position position;
	struct sink_sums sums;
	size_t batch, most; /* rows; of a round */
	int64_t low_ns;     /* rows from then on are looked at */
	/* of the round */
	const struct catalog *names;
	struct ended *rows;
	size_t n, cap;
	struct buf bytes;
	int64_t span_ns;     /* of the next one at most, 0: any */
	int64_t until_ns;    /* flows that end from then on go later... */
	int64_t low_next_ns; /* ...and began no earlier */
	int64_t idle_ns;
	bool cut; /* in time: there is more */
};

/* Gathering -------------------------------------------------------------- */

static int by_end(const void *a, const void *b)
{
	const struct ended *x = a, *y = b;

	if (x->last_ns != y->last_ns)
		return x->last_ns < y->last_ns ? -1 : 1;
	return (x->tie > y->tie) - (x->tie < y->tie);
}

static void later(struct sink *s, int64_t first_ns)
{
	if (first_ns < s->low_next_ns)
		s->low_next_ns = first_ns;
}

/* Too many: the later half of the time is for another round.  Flows that all
 * end at once stay together. */
static void cut_in_time(struct sink *s)
{
	struct buf kept = BUF_INIT(BYTES_MAX);
	int64_t middle;
	size_t to = 0;

	qsort(s->rows, s->n, sizeof(*s->rows), by_end);
	middle = s->rows[s->n / 2].last_ns;
	s->most = middle == s->rows[0].last_ns ? 2 * s->most : s->most;
	if (middle == s->rows[0].last_ns)
		return;
	for (size_t i = 0; i < s->n; i++) {
		struct ended row = s->rows[i];

		if (row.last_ns >= middle) {
			later(s, row.first_ns);
			continue;
		}
		row.at = kept.len;
		buf_add(&kept, s->bytes.data + s->rows[i].at, row.len);
		s->rows[to++] = row;
	}
	buf_release(&s->bytes);
	s->bytes = kept;
	s->n = to;
	s->until_ns = middle;
	s->cut = true;
}

static int gather_flow(void *ctx, const struct flow *f, struct err *err)
{
	struct sink *s = ctx;
	struct ended row = {.first_ns = f->first_ns,
		.last_ns = f->last_ns,
		.at = s->bytes.len,
		.packets = f->packets,
		.octets = f->bytes};

	if (f->last_ns < s->position.done_ns)
		return 0;
	if (f->last_ns >= s->until_ns) {
		later(s, f->first_ns);
		return 0;
	}
	clickhouse_row(&s->bytes, f, s->names, s->names->experiment);
	if (!buf_ok(&s->bytes))
		return err_set(err, NFZ_E_LIMIT,
			"too many flows end in the same moment");
	row.len = s->bytes.len - row.at;
	row.tie = checksum(s->bytes.data + row.at, row.len);
	MEM_PUSH(s->rows, s->n, s->cap) = row;
	/* a window that was begun keeps its end: batches are told by it */
	if (s->n >= s->most && s->position.until_ns == s->position.done_ns)
		cut_in_time(s);
	return 0;
}

static int gather(struct sink *s, struct err *err)
{
	cleanup(catalog_free_at) struct catalog *c = NULL;
	cleanup(filter_free_at) struct filter *f = NULL;
	cleanup(store_close_at) struct store *store = NULL;
	const char *text = s->ask->filter;
	struct query q = {
		.from_ns = s->low_ns, .to_ns = INT64_MAX, .extras = true};
	int r = catalog_load(s->ask->dir, &c, err);

	if (r == 0)
		r = filter_parse(text, strlen(text), c, &f, err);
	if (r == 0)
		r = store_open(s->ask->dir, STORE_READ, NULL, &store, err);
	s->names = q.catalog = c;
	q.filter = f;
	/* what comes after such a silence is no part of them */
	s->idle_ns =
		(r == 0 && c->idle_ms ? c->idle_ms : MERGE_IDLE_MS) * NS_PER_MS;
	if (s->until_ns < INT64_MAX - s->idle_ns)
		q.to_ns = s->until_ns + s->idle_ns;
	s->n = 0;
	buf_reset(&s->bytes);
	s->cut = false;
	s->low_next_ns = s->until_ns;
	if (r == 0)
		r = query_flows(store, &q, gather_flow, s, NULL, err);
	s->names = NULL;
	return r;
}

/* Sending ---------------------------------------------------------------- */

static bool stopped(const struct sink *s)
{
	return s->ask->interrupted && *s->ask->interrupted;
}

static void tell(const struct sink *s, const char *what)
{
	if (s->ask->tell)
		s->ask->tell(s->ask->ctx, what);
}

static void wait_ms(const struct sink *s, int64_t ms)
{
	const struct mono_time end = mono_add_ms(mono_now(), ms);

	while (!mono_passed(end) && !stopped(s)) {
		const int64_t left = mono_ms_until(end);

		clock_sleep_ms(left < 200 ? left : 200);
	}
}

/* How many rows of the batch under way the table has. */
static int count_batch(struct sink *s, uint64_t *ret, struct err *err)
{
	struct buf answer = BUF_INIT(ANSWER_MAX);
	cleanup_free char *sql = mem_printf(
		"SELECT count() FROM %s WHERE batch = %" PRIu64
		" FORMAT TabSeparated",
		clickhouse_table(s->server), position_batch(&s->position));
	int r = clickhouse_ask(s->server, sql, &answer, err);
	char *end;

	if (r == 0) {
		*ret = strtoull(buf_str(&answer), &end, 10);
		if (end == buf_str(&answer))
			r = err_set(err, NFZ_E_SERVICE,
				"the server did not count: %.100s",
				buf_str(&answer));
	}
	buf_release(&answer);
	return r;
}

/* Once; in_doubt: it may be there already. */
static int try_batch(struct sink *s, const struct buf *rows, size_t n,
	bool in_doubt, struct err *err)
{
	const uint64_t batch = position_batch(&s->position);
	uint64_t there = 0;
	int r = in_doubt ? count_batch(s, &there, err) : 0;

	if (r < 0 || there == n)
		return r;
	if (there) {
		err_set(err, NFZ_E_REMOTE,
			"the table has %" PRIu64 " of the %zu rows of batch "
			"%" PRIu64,
			there, n, batch);
		return err_hint(err,
			"The server took a part of it, or it was begun with "
			"another --batch.  ALTER TABLE %s DELETE WHERE batch = "
			"%" PRIu64 ", then start again.",
			clickhouse_table(s->server), batch);
	}
	return clickhouse_insert(s->server, batch, rows, err);
}

static int send_batch(struct sink *s, const struct buf *rows, size_t n,
	bool in_doubt, struct err *err)
{
	int64_t wait = FIRST_WAIT_MS;
	int r;

	for (int i = 1;; i++) {
		r = try_batch(s, rows, n, in_doubt || i > 1, err);
		if (r != -NFZ_E_SERVICE || stopped(s) ||
			(i == TRIES && !s->ask->follow))
			return r;
		tell(s, err->text);
		wait_ms(s, wait);
		if (stopped(s))
			return err_set(err, NFZ_E_INTERRUPTED, "interrupted");
		err_clear(err);
		wait = wait * 2 < LAST_WAIT_MS ? wait * 2 : LAST_WAIT_MS;
	}
}

static int save(struct sink *s, struct err *err)
{
	return position_save(&s->position, s->ask->to, s->ask->filter, err);
}

static int64_t day_of(int64_t ns)
{
	return ns / NS_PER_DAY - (ns % NS_PER_DAY < 0);
}

/* Rows from `from` on that are one batch: of one day, as the table is divided.
 * Twins stay together: a position lies before or behind both. */
static size_t batch_end(const struct sink *s, size_t from)
{
	const struct ended *rows = s->rows;
	size_t to = from + 1;

	while (to < s->n &&
		(to - from < s->batch ||
			by_end(&rows[to - 1], &rows[to]) == 0) &&
		day_of(rows[to].last_ns) == day_of(rows[from].last_ns))
		to++;
	return to;
}

/* The first row that is not known to be there.  Rows are found by what they
 * are, not by their number: there may be fewer or more than when the window
 * began, and batches of another size. */
static size_t first_unsent(const struct sink *s)
{
	const struct ended sent = {
		.last_ns = s->position.sent_ns, .tie = s->position.sent_tie};
	size_t i = 0;

	while (i < s->n && by_end(&s->rows[i], &sent) <= 0)
		i++;
	return i;
}

static int send_rows(
	struct sink *s, size_t from, size_t to, bool in_doubt, struct err *err)
{
	const uint64_t batch = position_batch(&s->position);
	struct buf rows = BUF_INIT(BYTES_MAX);
	int r;

	for (size_t i = from; i < to; i++) {
		buf_add(&rows, s->bytes.data + s->rows[i].at, s->rows[i].len);
		clickhouse_u64(&rows, batch);
	}
	r = buf_ok(&rows) ? send_batch(s, &rows, to - from, in_doubt, err)
			  : err_set(err, NFZ_E_LIMIT, "a batch is too large");
	buf_release(&rows);
	for (size_t i = from; i < to && r == 0; i++) {
		s->sums.flows++;
		s->sums.packets += s->rows[i].packets;
		s->sums.bytes += s->rows[i].octets;
	}
	if (r < 0)
		return r;
	s->sums.batches++;
	s->position.sent_ns = s->rows[to - 1].last_ns;
	s->position.sent_tie = s->rows[to - 1].tie;
	s->position.flows += to - from;
	return save(s, err);
}

static int send_all(struct sink *s, struct err *err)
{
	const bool again = s->position.until_ns != s->position.done_ns;
	int r = 0;

	if (!again) {
		s->position.until_ns = s->until_ns;
		position_rewind(&s->position);
		r = s->n ? save(s, err) : 0;
	}
	for (size_t from = first_unsent(s), to; from < s->n && r == 0;
		from = to) {
		to = batch_end(s, from);
		if (stopped(s))
			return err_set(err, NFZ_E_INTERRUPTED, "interrupted");
		r = send_rows(s, from, to, again, err);
	}
	if (r < 0)
		return r;
	s->position.done_ns = s->position.until_ns;
	position_rewind(&s->position);
	/* a flow's times are those of where it was counted; what others saw of
	 * it began and ended a little off, and must not be seen without it */
	if (s->low_next_ns > INT64_MIN + s->idle_ns)
		s->low_ns = s->low_next_ns - s->idle_ns;
	return save(s, err);
}

/* Rounds ----------------------------------------------------------------- */

/* Up to when flows have surely ended. */
static int64_t horizon(const struct sink *s)
{
	struct buf answer = BUF_INIT(1 << 20);
	const int64_t lag_ms = s->ask->lag_ms ? s->ask->lag_ms : SINK_LAG_MS;
	const int r =
		control_ask(s->ask->dir, "status", STATUS_MS, &answer, NULL);

	buf_release(&answer);
	if (r == -NFZ_E_UNREACHABLE && !s->ask->follow)
		return INT64_MAX; /* nobody writes */
	return wall_now().ns - lag_ms * NS_PER_MS;
}

/* Where the round ends, unless too much has ended by then. */
static int64_t end_of_round(const struct sink *s, int64_t until_ns)
{
	const struct position *p = &s->position;
	int64_t near;

	if (p->until_ns != p->done_ns)
		return p->until_ns;
	if (s->span_ns && p->done_ns != INT64_MIN &&
		!__builtin_add_overflow(p->done_ns, s->span_ns, &near) &&
		near < until_ns)
		return near;
	return until_ns;
}

/* *ret_more: not everything up to until_ns went. */
static int round_of(
	struct sink *s, int64_t until_ns, bool *ret_more, struct err *err)
{
	int r;

	s->until_ns = end_of_round(s, until_ns);
	*ret_more = s->until_ns < until_ns;
	r = gather(s, err);
	if (r < 0)
		return r;
	if (s->n)
		qsort(s->rows, s->n, sizeof(*s->rows), by_end);
	if (s->cut)
		s->span_ns = s->until_ns - s->rows[0].last_ns;
	else if (__builtin_mul_overflow(s->span_ns, 2, &s->span_ns))
		s->span_ns = 0;
	*ret_more |= s->cut;
	/* of a store that nobody writes: the end of what there is */
	if (s->until_ns == INT64_MAX)
		s->until_ns = s->n ? s->rows[s->n - 1].last_ns + 1
				   : s->position.done_ns;
	return send_all(s, err);
}

static int run(struct sink *s, struct err *err)
{
	bool more = false;
	int r = 0;

	for (;;) {
		const int64_t until_ns = horizon(s);

		do {
			r = until_ns > s->position.done_ns ||
					    s->position.until_ns !=
						    s->position.done_ns
				    ? round_of(s, until_ns, &more, err)
				    : 0;
		} while (r == 0 && more && !stopped(s));
		if (r == 0 && more) /* not all of it went */
			r = err_set(err, NFZ_E_INTERRUPTED, "interrupted");
		if (s->ask->follow && stopped(s) && r == -NFZ_E_INTERRUPTED) {
			err_clear(err); /* so it ends */
			return 0;
		}
		if (r < 0 || !s->ask->follow || stopped(s))
			return r;
		wait_ms(s, s->ask->every_ms ? s->ask->every_ms : SINK_EVERY_MS);
	}
}

/* Beside the store: they belong together. */
static char *position_path(const struct sink_ask *ask)
{
	cleanup_free char *way = mem_printf("%s %s", ask->to, ask->filter);

	if (ask->position)
		return mem_strdup(ask->position);
	return mem_printf(
		"%s/sent-%016" PRIx64, ask->dir, checksum(way, strlen(way)));
}

int sink_run(const struct sink_ask *ask, struct sink_sums *ret, struct err *err)
{
	cleanup_free char *path = position_path(ask);
	struct sink s = {.ask = ask,
		.position = {.lock = -1},
		.batch = ask->batch ? ask->batch : SINK_BATCH,
		.low_ns = INT64_MIN,
		.bytes = BUF_INIT(BYTES_MAX)};
	const struct clickhouse_way way = {
		ask->to, ask->credentials, ask->interrupted};
	int r = clickhouse_open(&way, &s.server, err);

	s.most = ROUND_BATCHES * s.batch;
	if (r == 0 && ask->create)
		r = clickhouse_create(s.server, err);
	if (r == 0)
		r = position_open(path, ask->to, ask->filter, &s.position, err);
	s.sums.before = s.position.flows;
	if (r == 0)
		r = run(&s, err);
	*ret = s.sums;
	position_close(&s.position);
	clickhouse_close(s.server);
	buf_release(&s.bytes);
	free(s.rows);
	return r;
}
