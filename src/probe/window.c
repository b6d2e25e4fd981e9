/* One buffer: what is left of a block moves to its start, the next block is
 * read behind it.  Small enough to stay in the second-level cache, so walking
 * a block costs no memory traffic of its own. */
#include "probe/window.h"
#include "probe/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAUSE_MS = 100, EACH_MS = 1000 };

/* A named pipe is there when it is opened so, and is waited for as any other
 * when it is read: its first writer, too. */
static int open_path(struct window *w, const char *path)
{
	const int how = O_RDONLY | O_CLOEXEC;
	struct stat st;

	if (strcmp(path, "-") == 0)
		return STDIN_FILENO;
	if (!w->pause.call || stat(path, &st) < 0 || !S_ISFIFO(st.st_mode))
		return open(path, how);
	return open(path, how | O_NONBLOCK);
}

int window_open(struct window *w, const char *path,
	const struct window_pause *pause, struct err *err)
{
	struct stat st;

	*w = (struct window){.path = path};
	if (pause)
		w->pause = *pause;
	w->fd = open_path(w, path);
	if (w->fd < 0 || fstat(w->fd, &st) < 0)
		return err_sys(err, "%s", path);
	w->waits = !S_ISREG(st.st_mode);
	w->size = w->waits ? 0 : (uint64_t)st.st_size;
	(void)posix_fadvise(w->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	w->bytes = pages_map(WINDOW_MOST);
	return 0;
}

void window_close(struct window *w)
{
	if (w->fd > STDIN_FILENO)
		close(w->fd);
	pages_unmap(w->bytes, WINDOW_MOST);
	w->bytes = NULL;
	w->fd = -1;
}

/* Until a read takes no time; false: it is not wanted any more. */
static bool pause_first(struct window *w)
{
	struct pollfd in = {.fd = w->fd, .events = POLLIN};

	while (poll(&in, 1, PAUSE_MS) == 0)
		if (!w->pause.call(w->pause.data))
			return false;
	if (!mono_passed(w->next))
		return true;
	w->next = mono_add_ms(mono_now(), EACH_MS);
	return w->pause.call(w->pause.data);
}

static int read_block(struct window *w, struct err *err)
{
	ssize_t n;

	if (w->waits && w->pause.call && !pause_first(w))
		return err_set(err, NFZ_E_INTERRUPTED, "interrupted");
	do
		n = read(w->fd, w->bytes + w->end, WINDOW_READ);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN && w->pause.call)
		return 0; /* somebody else was faster */
	if (n < 0)
		return err_sys(err, "%s", w->path);
	w->eof = n == 0;
	w->end += (size_t)n;
	w->read += (size_t)n;
	return 0;
}

int window_fill(struct window *w, size_t n, struct err *err)
{
	if (window_left(w) >= n)
		return 1;
	memmove(w->bytes, window_here(w), window_left(w));
	w->end -= w->at;
	w->at = 0;
	while (w->end < n && !w->eof) {
		int r = read_block(w, err);

		if (r < 0)
			return r;
	}
	return w->end >= n;
}

int window_skip(struct window *w, uint64_t n, struct err *err)
{
	while (n > window_left(w)) {
		int r;

		n -= window_left(w);
		w->at = w->end;
		r = window_fill(w, 1, err);
		if (r <= 0)
			return r;
	}
	w->at += n;
	return 1;
}
