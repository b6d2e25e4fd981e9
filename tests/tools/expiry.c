/* How flows that are silent are found: the list in order of use against the
 * lazy timing wheel.
 *
 *	tool-expiry [PACKETS]
 *
 * The same packets, an even choice of flows and one by Zipf's law, go to both,
 * at 5,000 a second (flows come and go) and at a million (they stay); each
 * knows a flow's record by number, so only the price of expiry differs. List: the record of the packet goes to the head, a sweep
 * from the tail stops at the first that is not due. Wheel: a packet writes a
 * time; a flow is looked at when its slot comes.
 *
 * The list costs a few lines a packet, the wheel a few a flow and idle time:
 * it wins where a flow has more packets than that. CSV: choice, packets a
 * second, flows, ns a packet by list and by wheel, expiries by each. */
#include "base/clock.h"
#include "base/mem.h"
#include "probe/wheel.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { NONE = -1, IDLE_S = 60 };

struct flow {
	int64_t last_ns;
	int32_t next, prev; /* of the list */
	bool alive;
	uint8_t rest[64 - 17]; /* a record fills a cache line */
};

struct table {
	struct flow *flows;
	struct wheel wheel;
	int32_t head, tail;
	int64_t now_ns;
	uint64_t expired;
};

static void take_out(struct table *t, int32_t i)
{
	struct flow *f = &t->flows[i];

	*(f->prev == NONE ? &t->head : &t->flows[f->prev].next) = f->next;
	*(f->next == NONE ? &t->tail : &t->flows[f->next].prev) = f->prev;
}

static void put_first(struct table *t, int32_t i)
{
	struct flow *f = &t->flows[i];

	f->prev = NONE;
	f->next = t->head;
	*(t->head == NONE ? &t->tail : &t->flows[t->head].prev) = i;
	t->head = i;
}

static void by_list(struct table *t, uint32_t i, int64_t now)
{
	struct flow *f = &t->flows[i];

	if (f->alive && t->head != (int32_t)i)
		take_out(t, (int32_t)i);
	if (!f->alive || t->head != (int32_t)i)
		put_first(t, (int32_t)i);
	f->alive = true;
	f->last_ns = now;
	while (t->tail != NONE &&
		now - t->flows[t->tail].last_ns > IDLE_S * NS_PER_S) {
		int32_t last = t->tail;

		take_out(t, last);
		t->flows[last].alive = false;
		t->expired++;
	}
}

static void file(struct table *t, uint32_t i)
{
	int64_t due = t->flows[i].last_ns + IDLE_S * NS_PER_S;

	wheel_file(&t->wheel, i,
		(uint64_t)(due / (WHEEL_TICK_MS * NS_PER_MS)) + 1);
}

static void attend(void *data, const uint32_t *ids, size_t n)
{
	struct table *t = data;

	for (size_t i = 0; i < n; i++) {
		struct flow *f = &t->flows[ids[i]];

		if (t->now_ns - f->last_ns <= IDLE_S * NS_PER_S) {
			file(t, ids[i]);
			continue;
		}
		f->alive = false;
		t->expired++;
	}
}

static void by_wheel(struct table *t, uint32_t i, int64_t now)
{
	struct flow *f = &t->flows[i];

	t->now_ns = now;
	wheel_advance(&t->wheel, (uint64_t)(now / (WHEEL_TICK_MS * NS_PER_MS)),
		attend, t);
	f->last_ns = now;
	if (f->alive)
		return;
	f->alive = true;
	file(t, i);
}

struct result {
	double ns;
	uint64_t expired;
};

struct traffic {
	const uint32_t *choice;
	size_t n;
	uint32_t flows;
	int64_t step_ns;
};

static struct result run(void (*add)(struct table *, uint32_t, int64_t),
	const struct traffic *traffic)
{
	uint32_t flows = traffic->flows;
	size_t n = traffic->n;
	struct table *t = mem_zalloc(1, sizeof(*t));
	struct timespec a, b;
	struct result r;

	t->flows = mem_zalloc(flows, sizeof(*t->flows));
	t->head = t->tail = NONE;
	wheel_init(&t->wheel, flows);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	for (size_t i = 0; i < n; i++)
		add(t, traffic->choice[i], (int64_t)i * traffic->step_ns);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	r.ns = ((double)(b.tv_sec - a.tv_sec) * 1e9 +
		       (double)(b.tv_nsec - a.tv_nsec)) /
	       (double)n;
	r.expired = t->expired;
	wheel_release(&t->wheel);
	free(t->flows);
	free(t);
	return r;
}

static void compare(uint32_t *choice, size_t n, uint32_t flows, bool zipf)
{
	static const int64_t rates[] = {5000, 1000000};
	unsigned seed = 1;

	for (size_t i = 0; i < n; i++) {
		double u = rand_r(&seed) / (RAND_MAX + 1.0);

		choice[i] = (uint32_t)(zipf ? exp(u * log(flows + 1.0)) - 1
					    : u * flows);
	}
	for (size_t r = 0; r < 2; r++) {
		const struct traffic t = {
			choice, n, flows, NS_PER_S / rates[r]};
		struct result list = run(by_list, &t);
		struct result wheel = run(by_wheel, &t);

		printf("%s,%lld,%u,%.1f,%.1f,%" PRIu64 ",%" PRIu64 "\n",
			zipf ? "zipf" : "even", (long long)rates[r], flows,
			list.ns, wheel.ns, list.expired, wheel.expired);
	}
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 2000000;
	uint32_t *choice = mem_zalloc(n + 1, sizeof(*choice));
	static const uint32_t sizes[] = {1000, 100000, 1000000};

	printf("choice,rate,flows,list_ns,wheel_ns,list_expired,"
	       "wheel_expired\n");
	for (size_t s = 0; s < 6; s++)
		compare(choice, n, sizes[s % 3], s >= 3);
	free(choice);
	return 0;
}
