/* The session explored: two of them, and every way in which up to two
 * datagrams at a time can be lost, repeated or exchanged. */
#include "flow/session.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_MAX_SAID = 16, STEP_MS = 100 };

/* What is on the way to one side. */
struct line {
	struct message items[PATH_MAX_SAID];
	size_t n;
};

struct world {
	struct session meter, collector;
	struct line to_meter, to_collector;
	int64_t now_ms;
	bool end_heard, left;
	bool drop_all; /* partition */
	uint64_t flushes;
	int ups; /* times the collector saw the meter come up */
};

static void deliver(struct line *l, const struct session_output *out)
{
	for (size_t i = 0; i < out->n && l->n < PATH_MAX_SAID; i++)
		l->items[l->n++] = out->send[i];
}

/* A tick before it is due does nothing, and then it does. */
static void check_due(const struct session *s, int64_t now_ms)
{
	const int64_t due_ms = session_due_ms(s);
	const int64_t at_ms[] = {due_ms - 1, due_ms > now_ms ? due_ms : now_ms};

	for (int i = 0; i < 2; i++) {
		const struct session_input in = {
			.kind = SESSION_TICK, .now_ms = at_ms[i]};
		struct session_output out;
		struct session copy = *s;

		if (due_ms == INT64_MAX || at_ms[i] < now_ms)
			continue;
		session_step(&copy, &in, &out);
		cr_assert_eq(out.n || out.events, i);
	}
}

static void step(struct world *w, bool meter, enum session_input_kind kind,
	const struct message *m, uint64_t number)
{
	struct session *s = meter ? &w->meter : &w->collector;
	const struct session_input in = {.kind = kind,
		.message = m,
		.number = number,
		.now_ms = w->now_ms};
	struct session_output out;
	enum session_state before = s->state;

	if (m)
		cr_assert(message_allowed(m->kind, s->peer, s->self), "kind %d",
			(int)m->kind);
	session_step(s, &in, &out);
	check_due(s, w->now_ms);
	cr_assert_leq(out.n, SESSION_SENDS);
	cr_assert_eq((out.events & SESSION_EV_STATE) != 0, before != s->state);
	if (!w->drop_all)
		deliver(meter ? &w->to_collector : &w->to_meter, &out);
	if (meter) {
		w->end_heard |= (out.events & SESSION_EV_END_ASKED) != 0;
		w->left |= (out.events & SESSION_EV_LEFT) != 0;
		w->flushes += (out.events & SESSION_EV_FLUSH) != 0;
	} else {
		w->ups += s->state == SESSION_UP && before != SESSION_UP;
	}
	if (meter && out.events & SESSION_EV_END_ASKED)
		step(w, true, SESSION_DO_LEAVE, NULL, 0);
}

static struct world new_world(void)
{
	struct world w = {.now_ms = 1000};

	session_init(&w.meter, MODULE_METER, MODULE_COLLECTOR, w.now_ms);
	session_init(&w.collector, MODULE_COLLECTOR, MODULE_METER, w.now_ms);
	return w;
}

/* Takes the i-th message off the line. */
static struct message pick(struct line *l, size_t i)
{
	struct message m = l->items[i];

	memmove(&l->items[i], &l->items[i + 1],
		(l->n - i - 1) * sizeof(l->items[0]));
	l->n--;
	return m;
}

static void hear(struct world *w, bool meter, const struct message *m)
{
	step(w, meter, SESSION_MESSAGE, m, 0);
}

/* Everything arrives, in order, and time passes. */
static void run_well(struct world *w, int64_t ms)
{
	for (int64_t t = 0; t < ms; t += STEP_MS) {
		for (int i = 0; i < 4; i++) {
			while (w->to_meter.n) {
				struct message m = pick(&w->to_meter, 0);

				hear(w, true, &m);
			}
			while (w->to_collector.n) {
				struct message m = pick(&w->to_collector, 0);

				hear(w, false, &m);
			}
		}
		w->now_ms += STEP_MS;
		step(w, true, SESSION_TICK, NULL, 0);
		step(w, false, SESSION_TICK, NULL, 0);
	}
}

Test(session, connects_and_stays)
{
	struct world w = new_world();

	run_well(&w, 20000);
	cr_assert_eq(w.meter.state, SESSION_UP);
	cr_assert_eq(w.collector.state, SESSION_UP);
	cr_assert_eq(w.ups, 1);
}

Test(session, death_is_noticed_within_three_intervals)
{
	struct world w = new_world();

	run_well(&w, 2000);
	w.drop_all = true;
	run_well(&w, SESSION_DEAD_MS + STEP_MS);
	cr_assert_eq(w.meter.state, SESSION_SILENT);
	cr_assert_eq(w.collector.state, SESSION_SILENT);
	w.drop_all = false;
	run_well(&w, 2000);
	cr_assert_eq(w.meter.state, SESSION_UP);
	cr_assert_eq(w.collector.state, SESSION_UP);
}

Test(session, one_interval_of_silence_is_nothing)
{
	struct world w = new_world();

	run_well(&w, 2000);
	w.drop_all = true;
	run_well(&w, SESSION_ALIVE_MS);
	w.drop_all = false;
	run_well(&w, 3000);
	cr_assert_eq(w.ups, 1);
}

Test(session, flush_is_heard_once)
{
	struct world w = new_world();

	run_well(&w, 1000);
	step(&w, false, SESSION_DO_FLUSH, NULL, 7);
	run_well(&w, 2000); /* asked many times */
	cr_assert_eq(w.flushes, 1);
	cr_assert_eq(w.meter.flush_heard, 7);
	step(&w, false, SESSION_FLUSHED, NULL, 7);
	cr_assert_eq(w.collector.flush_asked, 0);
}

Test(session, end_makes_it_leave)
{
	struct world w = new_world();

	run_well(&w, 1000);
	step(&w, false, SESSION_DO_END, NULL, 0);
	run_well(&w, 2000);
	cr_assert(w.end_heard && w.left);
	cr_assert_eq(w.meter.state, SESSION_GONE);
	cr_assert_eq(w.collector.state, SESSION_GONE);
}

Test(session, late_conn_does_not_open_a_closed_session)
{
	const struct message conn = {.kind = MESSAGE_CONN};
	struct world w = new_world();

	run_well(&w, 1000);
	step(&w, false, SESSION_DO_END, NULL, 0);
	run_well(&w, 2000);
	hear(&w, false, &conn);
	cr_assert_eq(w.collector.state, SESSION_GONE);
	step(&w, false, SESSION_FRESH, NULL, 0); /* a new life may */
	hear(&w, false, &conn);
	cr_assert_eq(w.collector.state, SESSION_UP);
}

Test(session, abort_is_told_to_latecomers)
{
	const struct message conn = {.kind = MESSAGE_CONN};
	struct world w = new_world();

	run_well(&w, 1000);
	step(&w, false, SESSION_DO_ABORT, NULL, 0);
	run_well(&w, 1000);
	cr_assert_eq(w.meter.state, SESSION_ABORTED);
	step(&w, false, SESSION_FRESH, NULL, 0);
	hear(&w, false, &conn);
	cr_assert_eq(w.collector.state, SESSION_ABORTED);
	cr_assert_eq(w.to_meter.items[w.to_meter.n - 1].kind, MESSAGE_ABORT);
}

/* --- exploration ----------------------------------------------------------- */

/* What the network or the world does next, at one place of a schedule. */
enum deed {
	DEED_DELIVER_METER,
	DEED_DELIVER_COLLECTOR,
	DEED_SWAP_METER, /* the second message first */
	DEED_SWAP_COLLECTOR,
	DEED_REPEAT_METER, /* deliver, and keep a copy on the way */
	DEED_REPEAT_COLLECTOR,
	DEED_LOSE_METER,
	DEED_LOSE_COLLECTOR,
	DEED_TIME,
	DEED_COUNT
};

static void arrive(struct world *w, bool meter, size_t i, bool keep)
{
	struct line *l = meter ? &w->to_meter : &w->to_collector;
	struct message m;

	if (i >= l->n)
		return;
	m = pick(l, i);
	if (keep && l->n < PATH_MAX_SAID)
		l->items[l->n++] = m;
	hear(w, meter, &m);
}

static void lose(struct line *l)
{
	if (l->n)
		pick(l, 0);
}

static void act(struct world *w, enum deed deed)
{
	switch (deed) {
	case DEED_DELIVER_METER:
	case DEED_DELIVER_COLLECTOR:
		arrive(w, deed == DEED_DELIVER_METER, 0, false);
		break;
	case DEED_SWAP_METER:
	case DEED_SWAP_COLLECTOR:
		arrive(w, deed == DEED_SWAP_METER, 1, false);
		break;
	case DEED_REPEAT_METER:
	case DEED_REPEAT_COLLECTOR:
		arrive(w, deed == DEED_REPEAT_METER, 0, true);
		break;
	case DEED_LOSE_METER:
		lose(&w->to_meter);
		break;
	case DEED_LOSE_COLLECTOR:
		lose(&w->to_collector);
		break;
	case DEED_TIME:
		w->now_ms += SESSION_RETRY_MS;
		step(w, true, SESSION_TICK, NULL, 0);
		step(w, false, SESSION_TICK, NULL, 0);
		break;
	case DEED_COUNT:
		break;
	}
}

/* After any disorder, when the network is well again, both must agree. */
static void check_heals(struct world w, bool ended, bool aborted)
{
	run_well(&w, 8000);
	if (aborted) {
		cr_assert_eq(w.collector.state, SESSION_ABORTED);
		cr_assert_eq(w.meter.state, SESSION_ABORTED);
	} else if (ended) {
		cr_assert_eq(w.collector.state, SESSION_GONE);
		cr_assert_eq(w.meter.state, SESSION_GONE);
		cr_assert(w.left);
	} else {
		cr_assert_eq(w.collector.state, SESSION_UP);
		cr_assert_eq(w.meter.state, SESSION_UP);
	}
}

struct explorer {
	int depth;
	int ended_at, aborted_at; /* depth at which it is asked; -1: never */
	unsigned long leaves;
};

static void explore(struct explorer *x, const struct world *w, int depth)
{
	if (depth == x->depth) {
		x->leaves++;
		/* an END asked before the two ever met is refused: then they
		 * are to be up */
		check_heals(*w,
			w->collector.end_asked || w->collector.ending ||
				w->end_heard,
			w->collector.state == SESSION_ABORTED);
		return;
	}
	for (int deed = 0; deed < DEED_COUNT; deed++) {
		struct world copy = *w;

		if (depth == x->ended_at)
			step(&copy, false, SESSION_DO_END, NULL, 0);
		if (depth == x->aborted_at)
			step(&copy, false, SESSION_DO_ABORT, NULL, 0);
		act(&copy, (enum deed)deed);
		explore(x, &copy, depth + 1);
	}
}

Test(session, every_disorder_of_connecting_heals, .timeout = 60)
{
	struct explorer x = {.depth = 5, .ended_at = -1, .aborted_at = -1};
	struct world w = new_world();

	step(&w, true, SESSION_TICK, NULL, 0);
	explore(&x, &w, 0);
	cr_assert_eq(x.leaves, 59049);
}

Test(session, every_disorder_of_ending_heals, .timeout = 60)
{
	struct explorer x = {.depth = 5, .ended_at = 0, .aborted_at = -1};
	struct world w = new_world();

	run_well(&w, 1000);
	explore(&x, &w, 0);
	cr_assert_eq(x.leaves, 59049);
}

Test(session, end_in_the_middle_of_connecting_heals, .timeout = 60)
{
	struct explorer x = {.depth = 5, .ended_at = 2, .aborted_at = -1};
	struct world w = new_world();

	step(&w, true, SESSION_TICK, NULL, 0);
	explore(&x, &w, 0);
	cr_assert_eq(x.leaves, 59049);
}

Test(session, every_disorder_of_aborting_heals, .timeout = 60)
{
	struct explorer x = {.depth = 5, .ended_at = -1, .aborted_at = 0};
	struct world w = new_world();

	run_well(&w, 1000);
	explore(&x, &w, 0);
	cr_assert_eq(x.leaves, 59049);
}

/* Its good-bye was heard and the answers were lost, until the meter took the
 * collector for dead: it says good-bye again, not hello. */
Test(session, good_bye_survives_a_silence)
{
	struct world w = new_world();

	run_well(&w, 1000);
	step(&w, true, SESSION_DO_LEAVE, NULL, 0);
	for (int i = 0; w.meter.state != SESSION_SILENT; i++) {
		cr_assert_lt(i, 100);
		while (w.to_collector.n)
			act(&w, DEED_DELIVER_COLLECTOR);
		w.to_meter.n = 0;
		act(&w, DEED_TIME);
	}
	cr_assert_eq(w.collector.state, SESSION_GONE);
	run_well(&w, 1000);
	cr_expect(w.left);
	cr_expect_eq(w.meter.state, SESSION_GONE);
}

/* One disorder after the other, with an end and an abort somewhere, or not;
 * true: both came to the same, when the network was well again. */
static bool schedule_heals(unsigned seed)
{
	struct world w = new_world();
	unsigned state = seed;
	const int n = 20 + rand_r(&state) % 100;
	const int end = rand_r(&state) % (2 * n);
	const int abort = rand_r(&state) % (2 * n);

	for (int i = 0; i < n; i++) {
		act(&w, (enum deed)(rand_r(&state) % DEED_COUNT));
		if (i == end)
			step(&w, false, SESSION_DO_END, NULL, 0);
		if (i == abort)
			step(&w, false, SESSION_DO_ABORT, NULL, 0);
	}
	run_well(&w, 8000);
	if (w.meter.state == SESSION_GONE) /* perhaps just before the abort */
		return w.left && (w.collector.state == SESSION_GONE ||
					 w.collector.state == SESSION_ABORTED);
	return w.collector.state == w.meter.state &&
	       (w.meter.state == SESSION_UP ||
		       w.meter.state == SESSION_ABORTED);
}

/* SEED=N in the environment: from that one on. */
Test(session, a_million_random_schedules_heal, .timeout = 600)
{
	const char *text = getenv("SEED");
	const unsigned first = text ? (unsigned)strtoul(text, NULL, 10) : 1;

	for (unsigned i = 0; i < 1000000; i++)
		cr_assert(schedule_heals(first + i), "seed %u", first + i);
}

Test(message, decode_undoes_encode)
{
	for (int kind = MESSAGE_CONN; kind < MESSAGE_COUNT; kind++) {
		struct message m = {.kind = (enum message_kind)kind}, back;
		uint8_t body[MESSAGE_WIRE_MAX];
		size_t len;

		m.of = kind == MESSAGE_ACK ? MESSAGE_END : MESSAGE_NONE;
		m.number = kind == MESSAGE_FLUSH ? 77 : 0;
		if (kind == MESSAGE_ALIVE)
			m.health = (struct module_health){.at_ns = -3,
				.cpu_us = 9,
				.flows_room = 65536,
				.bytes_sent = 1234,
				.backend = "ring"};
		if (kind == MESSAGE_RECEIVED)
			m.received =
				(struct received){1, 2, 3, 4, {5, 6, 7, 8}};
		if (kind == MESSAGE_CREDIT)
			m.credit = (struct credit){1, 2, 3, 4, 5};
		len = message_encode(&m, body, sizeof(body));
		cr_assert_gt(len, 0);
		if (kind == MESSAGE_BATCH || kind == MESSAGE_DIGESTS) {
			cr_assert_not(message_decode(body, len, &back));
			continue;
		}
		cr_assert(message_decode(body, len, &back));
		cr_assert_arr_eq(&m, &back, sizeof(m));
		for (size_t cut = 0; cut < len; cut++)
			cr_assert_not(message_decode(body, cut, &back));
		cr_assert_not(message_decode(body, len + 1, &back));
	}
}

Test(message, roles_may_say_only_what_is_theirs)
{
	cr_assert(message_allowed(MESSAGE_END, MODULE_COLLECTOR, MODULE_METER));
	cr_assert_not(
		message_allowed(MESSAGE_END, MODULE_METER, MODULE_COLLECTOR));
	cr_assert_not(message_allowed(MESSAGE_END, MODULE_METER, MODULE_CACHE));
	cr_assert_not(
		message_allowed(MESSAGE_ABORT, MODULE_METER, MODULE_CACHE));
	cr_assert_not(
		message_allowed(MESSAGE_BATCH, MODULE_METER, MODULE_CACHE));
	cr_assert_not(
		message_allowed(MESSAGE_FLUSH, MODULE_CACHE, MODULE_METER));
	cr_assert_not(message_allowed(
		MESSAGE_ACK, (enum module_role)9, MODULE_METER));
	cr_assert_not(message_allowed(
		(enum message_kind)200, MODULE_COLLECTOR, MODULE_METER));
}
