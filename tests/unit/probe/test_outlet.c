#include "probe/outlet.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define S INT64_C(1000000000)

enum { PACKETS = 3, OCTETS = 120 };

/* A socket of a port that nobody listens at yet. */
static int reserve(uint16_t *ret_port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	cr_assert_eq(bind(fd, (void *)&at, len), 0);
	cr_assert_eq(getsockname(fd, (void *)&at, &len), 0);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

static struct outlet_options to_port(uint16_t port)
{
	struct outlet_options o = {
		.target = {.format = EXPORT_IPFIX, .tcp = true, .port = port},
		.patience_s = 2,
		.later = true};

	cr_assert(net_addr_parse("127.0.0.1", &o.target.addr));
	return o;
}

static bool add(struct outlet *o)
{
	struct flow_record r = {.packets = PACKETS,
		.bytes = OCTETS,
		.first_ns = S,
		.last_ns = S};

	r.key.src = net_addr_v4_host(0x0a000001);
	r.key.dst = net_addr_v4_host(0x0a000002);
	return outlet_add(o, &r, NULL, S);
}

/* Reads what has come, at least `least` bytes of it. */
static void read_some(int fd, size_t least)
{
	char bytes[4096];

	for (size_t got = 0; got < least;) {
		ssize_t n = recv(fd, bytes, sizeof(bytes), 0);

		cr_assert_gt(n, 0);
		got += (size_t)n;
	}
}

static void expect_lost(struct outlet *o, uint64_t records)
{
	const struct outlet_lost lost = outlet_lost(o);

	cr_expect_eq(lost.records, records);
	cr_expect_eq(lost.packets, records * PACKETS);
	cr_expect_eq(lost.octets, records * OCTETS);
}

Test(outlet, a_stream_that_is_not_there_is_opened_later)
{
	uint16_t port;
	struct err err = ERR_INIT;
	struct outlet *o = NULL;
	const int listener = reserve(&port);
	struct outlet_options options = to_port(port);

	options.later = false;
	cr_expect_lt(outlet_open(&options, &o, &err), 0);
	options.later = true;
	cr_assert_eq(outlet_open(&options, &o, &err), 0);
	cr_expect_lt(outlet_failed(o, NULL), 0);
	cr_expect_not(add(o));
	cr_expect_not(outlet_reopen(o));
	cr_assert_eq(listen(listener, 1), 0);
	cr_expect(outlet_reopen(o));
	cr_expect(add(o));
	cr_expect(outlet_push(o, S));
	expect_lost(o, 0);
	outlet_close(o);
	close(listener);
}

/* All of a message, not only the record that did not go into it any more. */
Test(outlet, what_a_stream_does_not_take_is_counted)
{
	uint16_t port;
	struct err err = ERR_INIT;
	struct outlet_stats stats;
	struct outlet *o = NULL;
	const int listener = reserve(&port);
	const struct outlet_options options = to_port(port);
	int collector;

	cr_assert_eq(listen(listener, 1), 0);
	cr_assert_eq(outlet_open(&options, &o, &err), 0);
	collector = accept(listener, NULL, NULL);
	cr_expect(add(o) && outlet_push(o, S));
	outlet_stats(o, &stats);
	read_some(collector, stats.octets);
	close(collector);
	for (int i = 0; i < 5; i++)
		cr_expect(add(o)); /* into a message */
	cr_expect_not(outlet_push(o, S));
	expect_lost(o, 5);
	expect_lost(o, 0); /* told once */
	outlet_stats(o, &stats);
	cr_expect_eq(stats.records, 1);
	cr_expect_not(add(o));
	cr_expect(outlet_reopen(o));
	cr_expect(add(o) && outlet_push(o, S));
	expect_lost(o, 0);
	outlet_close(o);
	close(listener);
}
