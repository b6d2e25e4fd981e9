/* Connections of foreign exporters: who gives way when there are too many. */
#include "base/mem.h"
#include "collector/foreign.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 64, HALF_AN_HOUR_MS = 1800000 };

struct scene {
	struct setup setup;
	struct collector collector;
	struct foreign f;
};

static void on_rows(void *data, const struct flow_rows *rows)
{
	(void)data;
	(void)rows;
}

static void listen_anywhere(struct scene *s)
{
	const unsigned from = (unsigned)getpid() % 20000;

	for (unsigned i = 0; i < 20000; i++) {
		s->setup.import_port = (uint16_t)(10000 + (from + i) % 20000);
		if (foreign_streams_open(&s->f, NULL) == 0)
			return;
		foreign_streams_close(&s->f);
	}
	cr_assert_fail("no port");
}

static struct scene *new_scene(void)
{
	struct scene *s = mem_zalloc(1, sizeof(*s));

	setup_init(&s->setup);
	s->setup.listen = net_addr_v4_host(0x7f000001);
	s->setup.import_from = mem_zalloc(1, sizeof(*s->setup.import_from));
	s->setup.n_import_from = 1;
	cr_assert(net_prefix_parse("127.0.0.0/8", s->setup.import_from));
	s->collector = (struct collector){
		.loop = loop_new(), .setup = &s->setup, .foreign = &s->f};
	s->f.c = &s->collector;
	s->f.sets = flowset_new(on_rows, s);
	listen_anywhere(s);
	return s;
}

static void free_scene(struct scene *s)
{
	foreign_streams_close(&s->f);
	flowset_free(s->f.sets);
	loop_free(s->collector.loop);
	setup_release(&s->setup);
	free(s);
}

enum { PATIENCE_MS = 20000 };

/* Something is to come; when is the kernel's affair. */
static void step(struct scene *s)
{
	cr_assert_eq(loop_step(s->collector.loop, PATIENCE_MS, NULL), 0);
}

/* From 127.0.0.`host`, and taken. */
static int connection(struct scene *s, uint32_t host)
{
	struct sockaddr_in from = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0x7f000000 + host)};
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(s->setup.import_port),
		.sin_addr.s_addr = htonl(0x7f000001)};
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_geq(fd, 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	step(s);
	return fd;
}

/* One whole message, of nothing. */
static void speak(struct scene *s, int fd)
{
	static const uint8_t message[16] = {0, 10, 0, 16};
	const uint64_t heard = s->f.sources.heard;

	cr_assert_eq(send(fd, message, sizeof(message), 0), sizeof(message));
	while (s->f.sources.heard == heard)
		step(s);
}

static bool is_open(int fd)
{
	uint8_t byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* That it is closed may take a while to get here. */
static bool is_closed(int fd)
{
	struct pollfd in = {.fd = fd, .events = POLLIN};

	return poll(&in, 1, PATIENCE_MS) == 1 && !is_open(fd);
}

Test(streams, nobody_takes_the_places_of_others, .timeout = 60)
{
	struct scene *s = new_scene();
	const int quiet = connection(s, 2), other = connection(s, 3);
	int strange[MOST + 1];

	for (int i = 0; i < MOST - 2; i++)
		strange[i] = connection(s, 4);
	cr_expect_eq(s->f.dropped, 0);
	speak(s, strange[0]);
	for (int i = MOST - 2; i < MOST + 1; i++)
		strange[i] = connection(s, 4);
	cr_expect_eq(s->f.dropped, 3);
	cr_expect(is_open(quiet) && is_open(other));
	cr_expect(is_open(strange[0])); /* it had said something */
	for (int i = 1; i < MOST + 1; i++)
		cr_expect(i > 3 ? is_open(strange[i]) : is_closed(strange[i]),
			"%d", i);
	close(quiet);
	close(other);
	for (int i = 0; i < MOST + 1; i++)
		close(strange[i]);
	free_scene(s);
}

Test(streams, who_says_nothing_for_long_is_let_go, .timeout = 60)
{
	struct scene *s = new_scene();
	const int idle = connection(s, 2), busy = connection(s, 2);
	const struct mono_time before =
		mono_add_ms(mono_now(), HALF_AN_HOUR_MS);

	cr_assert_eq(send(idle, "\0", 1, 0), 1); /* that is no message */
	clock_sleep_ms(2);
	speak(s, busy);
	foreign_streams_expire(&s->f, mono_now());
	cr_expect_eq(s->f.dropped, 0);
	foreign_streams_expire(&s->f, before);
	cr_expect_eq(s->f.dropped, 1);
	cr_expect(is_closed(idle) && is_open(busy));
	close(idle);
	close(busy);
	free_scene(s);
}
