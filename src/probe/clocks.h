/* The clocks of those who send time stamps, as heard here: how far each is
 * ahead of our own, whatever that says.
 *
 * Nothing arrives before it was sent, so the stamp that is most ahead is
 * nearest the truth; those of the last ten seconds count, so that a clock that
 * was put back by less than that is not believed ahead for good.  What is more
 * out of line is another clock: a sender has two, in turn, so that what was
 * dated before the step is still held against the clock it was dated by. */
#ifndef NFZ_PROBE_CLOCKS_H
#define NFZ_PROBE_CLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clocks {
	struct clocks_sender *senders;
	size_t n, max;
	uint16_t *by_module; /* number + 1; 0: not heard yet */
};

enum { CLOCKS_EACH = 2 };

/* Of at most max modules, whose clocks have numbers below CLOCKS_EACH * max. */
void clocks_init(struct clocks *c, size_t max);
void clocks_release(struct clocks *c);

/* Any number may come as a stamp: one of which the difference of two, and what
 * is added to it, are numbers still.  Those from 1934 to 2116 stay. */
static inline int64_t clocks_believe(int64_t stamp_ns)
{
	const int64_t first_ns = -(INT64_MAX / 8), last_ns = INT64_MAX / 2;

	if (stamp_ns > last_ns)
		return last_ns;
	return stamp_ns < first_ns ? first_ns : stamp_ns;
}

struct clocks_heard {
	uint16_t clock;   /* its number */
	int64_t ahead_ns; /* of ours */
	int64_t step_ns;  /* from the one it had before; 0: still that */
};
/* A stamp of that module came at now_ns.  False: it is one too many. */
bool clocks_hear(struct clocks *c, uint16_t module, int64_t now_ns,
	int64_t stamp_ns, struct clocks_heard *ret);

#endif
