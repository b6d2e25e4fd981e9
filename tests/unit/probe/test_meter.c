/* A meter at the lo of a network namespace of the test's own. */
#define _GNU_SOURCE
#include "probe/meter.h"
#include "topology/plan.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { TOS = 0x20, PORT = 4000, TICK_MS = 100 };

struct bench {
	struct loop *loop;
	struct meter *meter;
	int fd;
	bool takes; /* records, now */
	/* packets of ours: in flows with a TOS, with the right one; in others */
	uint64_t with_tos, right, plain;
};

static bool on_record(void *data, struct flows *f, const struct flow_record *r)
{
	struct bench *b = data;
	struct flowcache_offer offer;

	if (!b->takes || r->key.dport != PORT)
		return b->takes;
	flowcache_offered(f->cache, r, &offer);
	if (!(f->definition.key & KEY_TOS)) {
		b->plain += r->packets;
		return true;
	}
	b->with_tos += r->packets;
	b->right += offer.point->tos == TOS ? r->packets : 0;
	return true;
}

static void on_counters(void *data, const struct tap_counters *c, size_t n)
{
	(void)data;
	(void)c;
	(void)n;
}

static int own_lo(void)
{
	struct ifreq up = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	const int tos = TOS;
	int fd;

	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0)
		return -1;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(ioctl(fd, SIOCSIFFLAGS, &up), 0);
	cr_assert_eq(setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof(tos)), 0);
	return fd;
}

static bool begin(struct bench *b, struct setup *setup)
{
	static struct setup_tap tap = {
		.id = 1, .ifname = "lo", .count_received = COUNT_ALL};
	const struct meter_output output = {
		.data = b, .record = on_record, .counters = on_counters};
	const struct meter_options o = {.loop = loop_new(),
		.setup = setup,
		.output = &output,
		.choice = CAPTURE_EBPF,
		.definition = {.key = KEY_TOS}};
	struct err err = ERR_INIT;

	*b = (struct bench){.loop = o.loop, .fd = own_lo()};
	setup_init(setup);
	setup->listen = net_addr_v4_host(0);
	setup->cache_flows = 100;
	setup->taps = &tap;
	setup->n_taps = 1;
	if (b->fd >= 0 && meter_new(&o, &b->meter, &err) == 0)
		return true;
	fprintf(stderr, "SKIPPED: no program at lo: %s\n", err.text);
	return false;
}

static void end(struct bench *b)
{
	b->takes = true;
	if (b->meter)
		cr_expect(meter_end(b->meter));
	meter_free(b->meter);
	loop_free(b->loop);
	if (b->fd >= 0)
		close(b->fd);
}

static void turn(struct bench *b, int times)
{
	for (int i = 0; i < times; i++)
		cr_assert_geq(loop_step(b->loop, TICK_MS, NULL), 0);
}

static void send_one(struct bench *b)
{
	const struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	cr_assert_eq(sendto(b->fd, "", 1, 0, (const void *)&to, sizeof(to)), 1);
}

/* One more, and it is in the flow cache. */
static void count_one(struct bench *b)
{
	struct flowcache_stats s;
	uint64_t before;

	meter_cache_stats(b->meter, &s);
	before = s.packets;
	send_one(b);
	while (s.packets == before) {
		turn(b, 1);
		meter_cache_stats(b->meter, &s);
	}
}

/* Where nothing happens; and what happens then is found all the same. */
Test(meter, rests_where_nothing_comes, .timeout = 60)
{
	struct mono_time until;
	struct setup setup;
	struct bench b;
	int woken = 0;

	if (!begin(&b, &setup)) {
		end(&b);
		return;
	}
	b.takes = true;
	count_one(&b);
	until = mono_add_ms(mono_now(), 3000);
	while (!mono_passed(until))
		turn(&b, 1);
	until = mono_add_ms(mono_now(), 4000);
	while (!mono_passed(until)) {
		cr_assert_geq(loop_step(b.loop, -1, NULL), 0);
		woken++;
	}
	cr_expect_leq(woken, 4 * 6, "%d times", woken);
	count_one(&b);
	end(&b);
	cr_expect_eq(b.with_tos, 2);
}

/* As long as what was counted cannot leave, flows are what they were, and what
 * the kernel adds up by itself does not tell enough of them. */
Test(meter, flows_become_others_with_the_last_record_of_before, .timeout = 30)
{
	const struct definition plain = {0};
	struct setup setup;
	struct bench b;

	if (!begin(&b, &setup)) {
		end(&b);
		return;
	}
	count_one(&b);
	meter_set_definition(b.meter, &plain);
	turn(&b, 3);
	for (int i = 0; i < 3; i++)
		count_one(&b);
	cr_expect(meter_takes_frames(b.meter));
	b.takes = true;
	while (meter_takes_frames(b.meter))
		turn(&b, 1);
	count_one(&b);
	end(&b);
	cr_expect_eq(b.with_tos, 4);
	cr_expect_eq(b.right, b.with_tos);
	cr_expect_eq(b.plain, 1);
}

/* Of rings: what is mapped of sockets. */
static uint64_t ring_bytes(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	unsigned long from, to;
	uint64_t sum = 0;
	char line[512];

	cr_assert(f);
	while (fgets(line, sizeof(line), f))
		if (strstr(line, "socket:") &&
			sscanf(line, "%lx-%lx", &from, &to) == 2)
			sum += to - from;
	fclose(f);
	return sum;
}

/* However many share it. */
Test(meter, threads_share_the_memory_there_is)
{
	static struct setup_tap tap = {
		.id = 1, .ifname = "lo", .count_received = COUNT_ALL};
	static const unsigned threads[] = {1, 3, 16};
	const struct meter_output output = {
		.record = on_record, .counters = on_counters};
	struct setup setup;
	const int fd = own_lo();

	setup_init(&setup);
	setup.listen = net_addr_v4_host(0);
	setup.cache_flows = 100;
	setup.taps = &tap;
	setup.n_taps = 1;
	for (size_t i = 0; fd >= 0 && i < 3; i++) {
		const struct meter_options o = {.loop = loop_new(),
			.setup = &setup,
			.output = &output,
			.choice = CAPTURE_PACKET,
			.ring_bytes = 4 << 20,
			.threads = threads[i]};
		struct meter *m = NULL;
		struct err err = ERR_INIT;

		cr_assert_eq(meter_new(&o, &m, &err), 0, "%s", err.text);
		cr_expect(ring_bytes() > 3 << 20 && ring_bytes() <= 4 << 20,
			"%u threads: %lu", threads[i],
			(unsigned long)ring_bytes());
		meter_free(m);
		loop_free(o.loop);
	}
	if (fd < 0)
		fprintf(stderr, "SKIPPED: no namespace of its own\n");
	else
		close(fd);
}
