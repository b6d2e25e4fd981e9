/* A file seen through a window: bytes in place, read in large blocks.  What
 * came out lives until the window is moved. */
#ifndef NFZ_PROBE_WINDOW_H
#define NFZ_PROBE_WINDOW_H

#include "base/clock.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WINDOW_READ = 256 << 10, WINDOW_MOST = 768 << 10 };

/* Called where the next bytes of a pipe or the like have not come for a tenth
 * of a second, and each second; false: they are not waited for.  NULL: nobody
 * waits for what was read. */
struct window_pause {
	bool (*call)(void *data);
	void *data;
};

struct window {
	int fd;
	const char *path; /* for messages; the caller's */
	uint8_t *bytes;
	size_t at, end;
	uint64_t read; /* bytes of the file so far */
	bool eof;
	uint64_t size; /* of a file; 0 of what may keep us waiting, as a pipe */
	bool waits;
	struct window_pause pause;
	struct mono_time next;
};

/* "-" is stdin; pause may be NULL. */
int window_open(struct window *w, const char *path,
	const struct window_pause *pause, struct err *err) NFZ_MUST_CHECK;
void window_close(struct window *w);
static inline size_t window_left(const struct window *w)
{
	return w->end - w->at;
}
static inline const uint8_t *window_here(const struct window *w)
{
	return w->bytes + w->at;
}
/* Moves the window until n bytes (at most WINDOW_MOST - WINDOW_READ) are in it:
 * 1; the file ends before: 0. */
int window_fill(struct window *w, size_t n, struct err *err) NFZ_MUST_CHECK;
/* Goes n bytes on, whether or not they are in the window; 0 when the file ends
 * before. */
int window_skip(struct window *w, uint64_t n, struct err *err) NFZ_MUST_CHECK;

#endif
