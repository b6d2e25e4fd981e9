/* Descriptors of connections, which are shared with the library: each is closed
 * once, whoever ends it. */
#include "deploy/ssh.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int closed_again;

/* The library's, too: instead of that of the C library. */
int close(int fd)
{
	int r = (int)syscall(SYS_close, fd);

	closed_again += r < 0 && errno == EBADF;
	return r;
}

static int listener(uint16_t *ret_port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&at, len), 0);
	cr_assert_eq(listen(fd, 1), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

/* Steps until the library has said who it is; the descriptor of the server. */
static int introduce(struct remote *r, int server)
{
	struct mono_time end = mono_add_ms(mono_now(), 10000);
	int fd = accept(server, NULL, NULL);
	char said[256] = "";

	cr_assert_eq(write(fd, "SSH-2.0-x\r\n", 11), 11);
	while (recv(fd, said, sizeof(said), MSG_DONTWAIT) <= 0) {
		struct pollfd p = {remote_fd(r), POLLIN, 0};

		cr_assert(!mono_passed(end));
		cr_assert_eq(remote_step(r, NULL), 0);
		poll(&p, 1, 10);
	}
	cr_assert_eq(strncmp(said, "SSH-2.0-", 8), 0);
	/* it finds out that more could be written */
	for (int i = 0; i < 5; i++)
		cr_assert_eq(remote_step(r, NULL), 0);
	return fd;
}

static void ends(bool reset)
{
	static const char *const none[] = {NULL};
	const struct remote_options o = {.identities = none,
		.no_agent = true,
		.known_hosts = "/dev/null",
		.config = "/dev/null"};
	const struct linger at_once = {1, 0};
	struct remote_keys *keys = remote_keys_load(&o);
	struct remote_target t = {.name = "n", .address = "127.0.0.1"};
	struct remote *r = NULL;
	int server = listener(&t.port), fd, ours;

	cr_assert_eq(remote_new(&t, keys, "true", &r, NULL), 0);
	fd = introduce(r, server);
	ours = remote_fd(r);
	if (reset)
		setsockopt(
			fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	if (reset)
		close(fd);
	closed_again = 0;
	remote_free(r);
	cr_expect_eq(closed_again, 0);
	cr_expect_eq(fcntl(ours, F_GETFD), -1);
	if (!reset)
		close(fd);
	close(server);
	remote_keys_free(keys);
}

Test(ssh, closes_once)
{
	ends(false);
}

Test(ssh, closes_once_what_was_reset)
{
	ends(true);
}
