/* The control socket.  A socket address holds 107 bytes of path and a store
 * may lie deeper, so both sides reach it through /proc/self/fd. */
#include "store/control.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/unixsock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PLACE_MAX = 80 };

/* Where the socket is, and the directory that makes it so. */
static int open_place(const char *dir, char ret[static PLACE_MAX], int *ret_dir,
	struct err *err)
{
	*ret_dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*ret_dir < 0)
		return err_sys(err, "%s", dir);
	snprintf(ret, PLACE_MAX, "/proc/self/fd/%d/" CONTROL_SOCKET, *ret_dir);
	return 0;
}

int control_listen(const char *dir, int *ret_fd, struct err *err)
{
	cleanup_close int at = -1;
	char path[PLACE_MAX];
	int r = open_place(dir, path, &at, err);

	if (r < 0)
		return r;
	r = unixsock_listen(path, ret_fd, err);
	return r < 0 ? err_wrap(err, "%s", dir) : 0;
}

/* Reads until the other side closes. */
static int read_all(
	int fd, struct mono_time until, struct buf *answer, struct err *err)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		char chunk[4096];
		ssize_t n;

		n = poll(&p, 1, mono_ms_until(until));
		if (n == 0)
			return err_set(err, NFZ_E_TIMEOUT,
				"the collector did not answer in time");
		n = n < 0 ? n : read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "answer of the collector");
		if (n == 0)
			return 0;
		buf_add(answer, chunk, (size_t)n);
		if (!buf_ok(answer))
			return err_set(err, NFZ_E_LIMIT,
				"the collector's answer is too long");
	}
}

/* Takes the last line, "ok" or "error ...", off the answer. */
static int verdict(struct buf *answer, struct err *err)
{
	char *text, *start;
	const char *last;
	bool ok;

	while (answer->len && answer->data[answer->len - 1] == '\n')
		answer->data[--answer->len] = '\0';
	text = answer->len ? answer->data : NULL;
	start = text ? strrchr(text, '\n') : NULL;
	start = start ? start + 1 : text;
	if (!start)
		return err_set(err, NFZ_E_REMOTE,
			"the collector closed without an answer");
	last = start;
	ok = strcmp(last, "ok") == 0;
	if (!ok && strncmp(last, "error ", 6) == 0)
		last += 6;
	if (!ok)
		err_set(err, NFZ_E_REMOTE, "the collector says: %s", last);
	if (strcmp(last, CONTROL_NOT_WRITTEN) == 0)
		err_hint(err,
			"Is its disk full (netflowize logs has the cause)?  "
			"When there is room, it goes on by itself;\n"
			"what was kept before: --no-flush");
	answer->len = (size_t)(start - text);
	*start = '\0';
	return ok ? 0 : -NFZ_E_REMOTE;
}

int control_ask(const char *dir, const char *line, int64_t timeout_ms,
	struct buf *answer, struct err *err)
{
	const struct mono_time until = mono_add_ms(mono_now(), timeout_ms);
	cleanup_free char *text = mem_printf("%s\n", line);
	cleanup_close int at = -1;
	cleanup_close int fd = -1;
	char path[PLACE_MAX];
	int r = open_place(dir, path, &at, err);

	if (r < 0)
		return r;
	if (unixsock_connect(path, timeout_ms, &fd, NULL) < 0)
		return err_set(err, NFZ_E_UNREACHABLE,
			"no collector is running for %s", dir);
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		return err_sys(err, "question to the collector");
	r = read_all(fd, until, answer, err);
	return r < 0 ? r : verdict(answer, err);
}
