/* Which counters of one epoch were seen: the highest, and the REPLAY_WINDOW
 * before it (RFC 6479's idea: a ring of bits). */
#ifndef NFZ_FLOW_REPLAY_H
#define NFZ_FLOW_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

enum { REPLAY_WINDOW = 2048 };

struct replay {
	uint64_t highest;
	uint64_t bits[REPLAY_WINDOW / 64];
};

enum replay_verdict { REPLAY_FRESH, REPLAY_SEEN, REPLAY_OLD };

/* Of an epoch that is met at this counter: what was sent before is not fresh. */
void replay_begin(struct replay *w, uint64_t counter);
/* Counter 0 is never used and counts as seen.  Changes nothing. */
enum replay_verdict replay_check(const struct replay *w, uint64_t counter);
/* Only after the datagram has been authenticated. */
void replay_mark(struct replay *w, uint64_t counter);

#endif
