#include "base/unixsock.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { WAITING = 16 };

static int address(const char *path, struct sockaddr_un *ret, struct err *err)
{
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(ret->sun_path))
		return err_set(err, NFZ_E_LIMIT,
			"%s: longer than a socket's path may be", path);
	snprintf(ret->sun_path, sizeof(ret->sun_path), "%s", path);
	return 0;
}

int unixsock_listen(const char *path, int *ret_fd, struct err *err)
{
	cleanup_close int fd = -1;
	struct sockaddr_un at;
	int r = address(path, &at, err);

	if (r < 0)
		return r;
	unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
		chmod(path, 0600) < 0 || listen(fd, WAITING) < 0)
		return err_sys(err, "%s", path);
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int unixsock_connect(
	const char *path, int64_t timeout_ms, int *ret_fd, struct err *err)
{
	const struct timeval limit = {
		timeout_ms / 1000, timeout_ms % 1000 * 1000};
	cleanup_close int fd = -1;
	struct sockaddr_un to;
	int r = address(path, &to, err);

	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) <
			0 ||
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) <
			0 ||
		connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return err_sys(err, "%s", path);
	*ret_fd = fd;
	fd = -1;
	return 0;
}
