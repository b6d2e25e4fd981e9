/* Which application a flow is of, by what is in its first packets.  What would
 * only be guessed from ports is not told.
 *
 * Only few flows are being looked at at a time.  Where more begin, those that
 * began first are given up: a flow that ends, or is silent, holds nothing. */
#include "base/buf.h"
#include "base/mem.h"
#include "probe/inspector.h"
#include "probe/metric_kinds.h"

#include <inttypes.h>
#include <string.h>

enum { PACKETS = 8 /* of each direction */ };
_Static_assert((int)INSPECTOR_NAME <= (int)METRIC_TEXT, "room for names");

struct application {
	char name[METRIC_TEXT]; /* "": not known */
	uint64_t turn;          /* whose flow it is; 0: none yet */
	uint8_t packets;        /* looked at */
};

/* Flows begin in turns, and the one of INSPECTOR_FLOWS turns before makes room. */
struct applications {
	struct inspector *inspector;
	struct {
		uint64_t turn; /* 0: nobody's */
		uint8_t proto;
	} at[INSPECTOR_FLOWS];
	uint64_t turns, known, given_up, lost;
};

static void *start(struct err *err)
{
	struct inspector *inspector;
	struct applications *all;

	if (inspector_new(&inspector, err) < 0)
		return NULL;
	all = mem_zalloc(1, sizeof(*all));
	all->inspector = inspector;
	return all;
}

static void end(void *shared)
{
	struct applications *all = shared;

	inspector_free(all->inspector);
	free(all);
}

/* --- packets -------------------------------------------------------------- */

/* What is cut, or only the start of a handshake, tells nothing.  Between the
 * headers of IP and of transport there may be others, in which the library
 * would look for another transport than we have found. */
static bool tells(const struct metric_packet *p)
{
	return p->ip && p->n_ip == p->octets && p->n_ip <= UINT16_MAX &&
	       p->ip[p->version == 4 ? 9 : 6] == p->proto &&
	       (!p->tcp || p->payload);
}

static uint64_t begin(struct applications *all, uint8_t proto)
{
	const uint64_t turn = ++all->turns;
	const size_t i = turn % INSPECTOR_FLOWS;

	all->given_up += all->at[i].turn != 0;
	all->at[i].turn = turn;
	all->at[i].proto = proto;
	return turn;
}

/* Is it being looked at?  The library has one piece of memory for what it keeps
 * of TCP or of UDP, and who tells flows apart by addresses has both in one: a
 * flow is of the transport that its first packet is of. */
static bool goes_on(
	const struct applications *all, uint64_t turn, uint8_t proto)
{
	const size_t i = turn % INSPECTOR_FLOWS;

	return all->at[i].turn == turn && all->at[i].proto == proto;
}

/* All flows that were being looked at are given up. */
static void lose(struct applications *all)
{
	for (size_t i = 0; i < INSPECTOR_FLOWS; i++) {
		all->given_up += all->at[i].turn != 0;
		all->at[i].turn = 0;
	}
	all->lost++;
}

static void ask(struct applications *all, struct application *a,
	struct inspection *q, char name[static INSPECTOR_NAME])
{
	switch (inspector_ask(all->inspector, q, name)) {
	case INSPECTOR_KNOWN:
		all->known++;
		memcpy(a->name, name, INSPECTOR_NAME);
		break;
	case INSPECTOR_LOST:
		lose(all);
		return;
	default:
		if (!q->ends)
			return;
	}
	all->at[q->flow].turn = 0;
}

static void inspect(
	void *shared, void *state, void *other, const struct metric_packet *p)
{
	struct applications *all = shared;
	struct application *a = state, *back = other;
	char name[INSPECTOR_NAME];
	struct inspection q = {
		.time_ns = p->time_ns, .ip = p->ip, .len = (uint16_t)p->n_ip};

	if (a->name[0] || a->packets == PACKETS || !tells(p))
		return;
	if (!a->turn && back)
		a->turn = back->turn;
	q.begins = !a->turn;
	if (q.begins)
		a->turn = begin(all, p->proto);
	a->packets++;
	if (!goes_on(all, a->turn, p->proto))
		return;
	q.flow = a->turn % INSPECTOR_FLOWS;
	q.ends = a->packets == PACKETS && (!back || back->packets == PACKETS);
	ask(all, a, &q, name);
	if (back)
		memcpy(back->name, a->name, sizeof(back->name));
}

/* --- records -------------------------------------------------------------- */

static uint8_t *tell(const void *state, uint8_t *to)
{
	const struct application *a = state;

	memcpy(to, a->name, sizeof(a->name));
	return to + sizeof(a->name);
}

/* It is of the flow's beginning, and told in each record. */
static void restart(void *state)
{
	(void)state;
}

static void say(const void *shared, struct buf *out)
{
	const struct applications *all = shared;

	buf_addf(out,
		"applications: flows looked at %" PRIu64 ", known %" PRIu64
		", given up for others %" PRIu64
		", times that a packet ended libndpi %" PRIu64 "\n",
		all->turns, all->known, all->given_up, all->lost);
}

const struct flow_metric metric_application = {.name = "application",
	.about = "name by content, as libndpi's",
	.size = sizeof(struct application),
	.fields = &metric_fields[METRIC_APPLICATION],
	.n_fields = 1,
	.write = tell,
	.restart = restart,
	.offline = true,
	.shared_bytes = INSPECTOR_BYTES,
	.start = start,
	.end = end,
	.inspect = inspect,
	.say = say};
