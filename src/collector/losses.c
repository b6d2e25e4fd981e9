#include "collector/losses.h"
#include "collector/owners.h"
#include "base/clock.h"
#include "base/mem.h"
#include "store/events.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	SOON_MS = 10000,
	SELDOM_MS = 600000,
	MODULES = 1 << 16,
	NOTES_MAX = EVENTS_MAX / 2, /* marks have to go in, too */
	END_MAX = 100
};

struct loss {
	uint64_t noted[TAP_LOSS_COUNT], now[TAP_LOSS_COUNT];
	uint64_t left_noted, left; /* of what it said of taps of others */
	int64_t next_ms, wait_ms;
};

struct losses {
	size_t n;
	struct loss *by_peer;
	size_t turn;          /* whose it is to be noted first */
	size_t left;          /* notes */
	uint32_t at[MODULES]; /* by module: its peer + 1 */
};

/* Sums over all lives and taps of each. */
static void count(struct losses *l, const struct collector *c)
{
	const struct store_tap *tap;

	for (size_t i = 0; i < l->n; i++) {
		memset(l->by_peer[i].now, 0, sizeof(l->by_peer[i].now));
		l->by_peer[i].left =
			owners_left_out(c->owners, c->setup->peers[i].id);
	}
	for (size_t i = 0; (tap = store_tap(c->store, i)); i++) {
		size_t at = l->at[tap->source.module];

		for (int k = 0; at && tap->known && k < TAP_LOSS_COUNT; k++)
			l->by_peer[at - 1].now[k] += tap->counters.lost[k];
	}
}

struct losses *losses_new(const struct collector *c)
{
	struct losses *l = mem_zalloc(1, sizeof(*l));

	l->n = c->setup->n_peers;
	l->left = NOTES_MAX;
	l->by_peer = mem_zalloc(l->n + 1, sizeof(*l->by_peer));
	for (size_t i = 0; i < l->n; i++)
		l->at[c->setup->peers[i].id] = (uint32_t)i + 1;
	count(l, c);
	for (size_t i = 0; i < l->n; i++)
		memcpy(l->by_peer[i].noted, l->by_peer[i].now,
			sizeof(l->by_peer[i].noted));
	return l;
}

void losses_free(struct losses *l)
{
	if (!l)
		return;
	free(l->by_peer);
	free(l);
}

/* "lost 1234 frames: 1200 ring, 34 cache"; how many. */
static uint64_t describe(const struct loss *loss, struct buf *to)
{
	uint64_t all = 0;
	const char *between = ":";

	for (int k = 0; k < TAP_LOSS_COUNT; k++)
		all += loss->now[k] - loss->noted[k];
	if (!all)
		return 0;
	buf_addf(to, "lost %" PRIu64 " frame%s", all, all == 1 ? "" : "s");
	for (int k = 0; k < TAP_LOSS_COUNT; k++) {
		if (loss->now[k] == loss->noted[k])
			continue;
		buf_addf(to, "%s %" PRIu64 " %s", between,
			loss->now[k] - loss->noted[k],
			tap_loss_name((enum tap_loss)k));
		between = ",";
	}
	return all;
}

/* How much was left out. */
static uint64_t describe_left_out(const struct loss *loss, struct buf *to)
{
	const uint64_t n = loss->left - loss->left_noted;

	if (n)
		buf_addf(to,
			"%ssent %" PRIu64 " record%s or counters of taps that "
			"are not its own: left out",
			to->len ? "; " : "", n, n == 1 ? "" : "s");
	return n;
}

/* Was there anything to note? */
static bool note(struct loss *loss, uint16_t module, struct collector *c)
{
	struct buf text = BUF_INIT(EVENT_TEXT_MAX);
	const int64_t now = mono_now().ns / NS_PER_MS;
	bool lost;

	if (now < loss->next_ms)
		return false;
	for (int k = 0; k < TAP_LOSS_COUNT; k++) /* a life was forgotten */
		if (loss->now[k] < loss->noted[k])
			loss->noted[k] = loss->now[k];
	lost = describe(loss, &text) > 0;
	lost = describe_left_out(loss, &text) > 0 || lost;
	if (lost) {
		collector_note(c, &(struct event){.at_ns = wall_now().ns,
					  .kind = EVENT_PROBE,
					  .module = module,
					  .text = buf_str(&text)});
		memcpy(loss->noted, loss->now, sizeof(loss->noted));
		loss->left_noted = loss->left;
		loss->wait_ms = loss->wait_ms ? 2 * loss->wait_ms : SOON_MS;
		if (loss->wait_ms > SELDOM_MS)
			loss->wait_ms = SELDOM_MS;
		loss->next_ms = now + loss->wait_ms;
	} else {
		loss->wait_ms = 0;
	}
	buf_release(&text);
	return lost;
}

/* Of so many modules at most: each note waits for the disk. */
static void look(struct losses *l, struct collector *c, size_t most)
{
	count(l, c);
	for (size_t i = 0; i < l->n && most && l->left; i++) {
		const size_t at = l->turn++ % l->n;

		if (note(&l->by_peer[at], c->setup->peers[at].id, c)) {
			most--;
			l->left--;
		}
	}
}

void losses_look(struct losses *l, struct collector *c)
{
	look(l, c, 1);
}

void losses_end(struct losses *l, struct collector *c)
{
	for (size_t i = 0; i < l->n; i++)
		l->by_peer[i].next_ms = 0;
	look(l, c, END_MAX);
}
