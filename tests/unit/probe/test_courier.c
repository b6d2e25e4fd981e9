/* A thread tells a collector what it is given. */
#include "probe/courier.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <sys/socket.h>
#include <unistd.h>

/* A collector's socket that hears nothing for a minute at most. */
static int listen_at(uint16_t *ret_port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct timeval minute = {.tv_sec = 60};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	cr_assert_eq(bind(fd, (void *)&at, len), 0);
	cr_assert_eq(getsockname(fd, (void *)&at, &len), 0);
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &minute,
			     sizeof(minute)),
		0);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

static struct courier *begin(const struct setup *setup)
{
	const struct courier_options o = {.setup = setup};
	struct courier *c = NULL;
	struct err err = ERR_INIT;

	cr_assert_eq(courier_open(&o, &c, &err), 0);
	cr_assert_eq(courier_start(c, &err), 0, "%s", err.text);
	return c;
}

static void add(struct courier *c)
{
	const int64_t now_ns = wall_now().ns;
	struct flow_record r = {.packets = 3,
		.bytes = 120,
		.first_ns = now_ns,
		.last_ns = now_ns};

	r.key.src = net_addr_v4_host(0x0a000001);
	r.key.dst = net_addr_v4_host(0x0a000002);
	courier_add(c, &(struct courier_item){.record = &r});
}

/* Nobody wakes it, and the ring is nowhere near full. */
Test(courier, a_record_goes_by_itself)
{
	struct export_target to = {.format = EXPORT_NF5};
	const struct setup setup = {.exports = &to, .n_exports = 1};
	const int fd = listen_at(&to.port);
	uint8_t got[2048];
	struct courier *c;

	cr_assert(net_addr_parse("127.0.0.1", &to.addr));
	c = begin(&setup);
	for (int i = 0; i < 3; i++) {
		add(c);
		cr_assert_eq(recv(fd, got, sizeof(got), 0), 24 + 48);
	}
	add(c);
	add(c);
	courier_finish(c, 60000);
	cr_expect_gt(recv(fd, got, sizeof(got), 0), 24);
	courier_close(c);
	close(fd);
}
