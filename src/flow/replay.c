#include "flow/replay.h"

#include <string.h>

enum { WORDS = REPLAY_WINDOW / 64 };

void replay_begin(struct replay *w, uint64_t counter)
{
	w->highest = counter;
	memset(w->bits, 0xff, sizeof(w->bits));
}

enum replay_verdict replay_check(const struct replay *w, uint64_t counter)
{
	if (!counter)
		return REPLAY_SEEN;
	if (counter > w->highest)
		return REPLAY_FRESH;
	if (w->highest - counter >= REPLAY_WINDOW)
		return REPLAY_OLD;
	return w->bits[counter / 64 % WORDS] >> counter % 64 & 1 ? REPLAY_SEEN
								 : REPLAY_FRESH;
}

void replay_mark(struct replay *w, uint64_t counter)
{
	if (counter > w->highest) {
		if (counter - w->highest >= REPLAY_WINDOW)
			memset(w->bits, 0, sizeof(w->bits));
		else
			for (uint64_t i = w->highest + 1; i < counter; i++)
				w->bits[i / 64 % WORDS] &=
					~(UINT64_C(1) << i % 64);
		w->highest = counter;
	}
	w->bits[counter / 64 % WORDS] |= UINT64_C(1) << counter % 64;
}
