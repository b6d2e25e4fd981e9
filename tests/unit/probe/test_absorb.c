/* The program in the kernel against dissect_frame(), over all captures at hand:
 * the kernel runs it on each frame, and what it says it has added up must be
 * what our own reading of the same frames adds up to. */
#include "captures.h"
#include "base/proc.h"
#include "probe/absorb.h"
#include "probe/capfile.h"
#include "probe/flowcache.h"

#include <criterion/criterion.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	PREFIX = 14, /* the kernel takes one link header off before */
	FRAMES_A_FILE = 3000,
	LONGEST = 9000
};

struct sums {
	struct flowcache *cache;
	uint64_t frames, packets, octets, check, passed, samples;
	struct size_count sizes[PACKET_SIZES];
};

/* Order does not matter: a sum over all records of a hash of each. */
static bool add_record(void *data, const struct flow_record *r)
{
	static const struct hash_key seed = {1, 2};
	struct sums *s = data;
	struct {
		struct flow_key key;
		uint64_t packets, octets, flags;
	} one = {r->key, r->packets, r->bytes, r->tcp_flags};

	s->packets += r->packets;
	s->octets += r->bytes;
	s->check += hash_bytes(&seed, &one, sizeof(one));
	return true;
}

static void start(struct sums *s)
{
	const struct flowcache_options o = {.flows = 100000,
		.idle_ms = 1 << 30,
		.active_ms = 1 << 30,
		.sink = add_record,
		.data = s};
	const struct flow_point p = {.tap = 1};

	*s = (struct sums){.cache = flowcache_new(&o)};
	cr_assert_eq(flowcache_point(s->cache, &p), 0);
}

static void finish(struct sums *s)
{
	cr_assert(flowcache_end(s->cache, END_FORCED));
	flowcache_free(s->cache);
}

static void put(struct sums *s, struct flow_addition a, uint32_t frames)
{
	/* the program does not know of time */
	a.first_ns = a.last_ns = 0;
	cr_assert_eq(flowcache_add(s->cache, &a, 1), 0);
	s->frames += frames;
}

static void add_flows(void *data, const struct capture_flow *f, size_t n)
{
	struct sums *s = data;

	for (size_t i = 0; i < n; i++) {
		put(s,
			(struct flow_addition){.key = f[i].key,
				.octets = f[i].octets,
				.packets = f[i].packets,
				.tcp_flags = f[i].tcp_flags},
			f[i].frames);
		sizes_merge(s->sizes, f[i].sizes, 1);
	}
}

struct bench {
	struct absorb *absorb;
	struct sums ours, kernels;
	uint64_t tried, plain, up;
	uint64_t missed; /* no room, by chance or since flows come once */
	void (*each)(struct bench *b, const struct frame *f);
};

/* Has the kernel run it, and what came of it? */
static bool run_at(struct bench *b, enum bpf_place place, const uint8_t *data,
	uint32_t n, uint16_t gso_size, uint32_t *ret)
{
	struct __sk_buff skb = {.gso_size = gso_size, .gso_segs = gso_size > 0};
	union bpf_attr attr = {
		.test = {.prog_fd = (uint32_t)absorb_program(b->absorb, place),
			.data_in = (uintptr_t)data,
			.data_size_in = n,
			.ctx_in = (uintptr_t)&skb,
			.ctx_size_in = sizeof(skb),
			.repeat = 1}};

	if (syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr)) < 0)
		return false;
	*ret = attr.test.retval;
	return true;
}

/* 1: absorbed, 0: to be handed over, -1: the kernel runs no program on it. */
static int run(struct bench *b, const struct frame *f, uint16_t gso_size)
{
	static uint8_t data[PREFIX + LONGEST];
	uint32_t left;

	if (f->captured > LONGEST || f->captured < 14)
		return -1;
	memcpy(data + 12, f->data + 12, 2);
	memcpy(data + PREFIX, f->data, f->captured);
	if (!run_at(b, BPF_SOCKET, data, PREFIX + f->captured, gso_size, &left))
		return -1;
	cr_assert(left == 0 || left == CAPTURE_SNAP);
	return left == 0;
}

static bool is_plain(
	enum dissect_verdict v, const struct dissect *d, const struct frame *f)
{
	const unsigned most = d->key.proto == 6 ? 14 : 8;

	return v == DISSECT_IP && d->l3_at == 14 && !d->later &&
	       (d->key.proto == 6 || d->key.proto == 17) &&
	       d->l3_len == (net_addr_is_v4(&d->key.src) ? 20 : 40) &&
	       !(net_addr_is_v4(&d->key.src) && f->data[20] & 0x20) &&
	       d->octets >= d->l3_len + most &&
	       f->captured >= 14u + d->l3_len + most;
}

static void put_frame(struct sums *s, const struct frame *f,
	const struct dissect *d, uint16_t gso_size)
{
	const struct segmentation seg = {
		.type = gso_size ? GSO_TCP4 : GSO_NONE, .size = gso_size};
	const struct wire_count n = dissect_segments(f, d, &seg);

	put(s,
		(struct flow_addition){.key = d->key,
			.octets = n.octets,
			.packets = n.packets,
			.tcp_flags = d->tcp_flags},
		1);
	sizes_add(s->sizes, n.packets, n.octets, n.each, 1);
}

static void compare(struct bench *b, const struct frame *f, uint16_t gso_size)
{
	struct dissect d;
	enum dissect_verdict v = dissect_frame(LAYER_ETHERNET, f, &d);
	int absorbed = run(b, f, gso_size);

	if (absorbed < 0)
		return;
	b->tried++;
	if (!absorbed) {
		*(is_plain(v, &d, f) ? &b->missed : &b->up) += 1;
		return;
	}
	b->plain++;
	cr_assert_eq(v, DISSECT_IP);
	put_frame(&b->ours, f, &d, gso_size);
}

static void compare_plain(struct bench *b, const struct frame *f)
{
	compare(b, f, 0);
}

static bool open_tables(struct bench *b, uint32_t bytes, bool with_macs)
{
	const struct absorb_options o = {
		.bytes = bytes, .snap = CAPTURE_SNAP, .with_macs = with_macs};
	struct err err = ERR_INIT;

	*b = (struct bench){0};
	if (absorb_new(&o, &b->absorb, &err) < 0) {
		fprintf(stderr, "SKIPPED: %s\n", err.text);
		return false;
	}
	start(&b->ours);
	start(&b->kernels);
	return true;
}

static bool open_bench(struct bench *b, bool with_macs)
{
	return open_tables(b, 64 << 20, with_macs);
}

static void put_verdict(
	struct sums *s, const struct frame *f, uint16_t gso_size)
{
	struct dissect d;

	if (dissect_frame(LAYER_ETHERNET, f, &d) == DISSECT_IP)
		put_frame(s, f, &d, gso_size);
	else
		s->frames++;
}

static void add_samples(void *data, const struct capture_frame *f, size_t n)
{
	struct sums *s = data;

	s->samples += n;
	for (size_t i = 0; i < n; i++)
		put_verdict(data, &f[i].frame, f[i].seg.size);
}

static void free_bench(struct bench *b)
{
	finish(&b->kernels);
	finish(&b->ours);
	absorb_free(b->absorb);
}

static void close_bench(struct bench *b)
{
	const struct capture_sink sink = {
		.data = &b->kernels, .frames = add_samples, .flows = add_flows};

	/* once collected, gone */
	for (int i = 0; i < 2; i++) {
		absorb_turn(b->absorb);
		cr_assert_eq(absorb_settle(NULL), 0);
		absorb_collect(b->absorb, &sink);
		cr_assert_eq(
			absorb_statistics(b->absorb).placed, b->kernels.frames);
	}
	free_bench(b);
	cr_assert_eq(b->ours.frames, b->kernels.frames);
	cr_assert_eq(b->ours.packets, b->kernels.packets);
	cr_assert_eq(b->ours.octets, b->kernels.octets);
	cr_assert_eq(b->ours.check, b->kernels.check);
	cr_assert_arr_eq(
		b->ours.sizes, b->kernels.sizes, sizeof(b->ours.sizes));
}

static void each_file(const struct capture_row *row, void *data)
{
	struct capfile_frame frames[CAPFILE_BATCH];
	struct capfile *file = NULL;
	struct bench *b = data;
	int n, left = FRAMES_A_FILE;

	if (capfile_open(row->path, NULL, &file, NULL) < 0)
		return;
	while (left > 0 &&
		(n = capfile_read(file, frames, CAPFILE_BATCH, NULL)) > 0) {
		for (int i = 0; i < n; i++)
			if (frames[i].layer == LAYER_ETHERNET)
				b->each(b, &frames[i].frame);
		left -= n;
	}
	capfile_close(file);
}

Test(absorb, as_we_read_the_same_frames, .timeout = 60)
{
	struct bench b;

	if (!open_bench(&b, false))
		return;
	b.each = compare_plain;
	(void)captures_each(each_file, &b);
	fprintf(stderr,
		"absorbed %lu of %lu frames, %lu not plain, %lu no room\n",
		(unsigned long)b.plain, (unsigned long)b.tried,
		(unsigned long)b.up, (unsigned long)b.missed);
	close_bench(&b);
	if (b.tried > 10000)
		cr_expect_gt(b.plain, b.tried / 4);
	cr_expect_lt(b.missed, b.plain / 4 + 1);
}

/* What the hook takes, and what it leaves. */
static void pass(struct bench *b, const struct frame *f)
{
	const struct capture_sink sink = {
		.data = &b->kernels, .frames = add_samples, .flows = add_flows};
	struct frame sample = {f->data, f->captured, f->captured};
	uint32_t verdict;

	if (f->captured < 14 ||
		!run_at(b, BPF_INGRESS, f->data, f->captured, 0, &verdict))
		return;
	cr_assert_eq((int32_t)verdict, -1);
	b->tried++;
	if (sample.captured > CAPTURE_SNAP)
		sample.captured = CAPTURE_SNAP;
	put_verdict(&b->ours, &sample, 0);
	if (b->tried % 256 == 0)
		cr_assert(absorb_read(b->absorb, &sink));
}

/* At an interface's hook what is not absorbed comes as a sample: both together
 * are all there was. */
Test(absorb, hooks_leave_nothing_out, .timeout = 60)
{
	struct bench b;

	if (!open_bench(&b, true))
		return;
	if (absorb_program(b.absorb, BPF_INGRESS) < 0) {
		fprintf(stderr, "SKIPPED: no hooks\n");
		free_bench(&b);
		return;
	}
	b.each = pass;
	(void)captures_each(each_file, &b);
	cr_expect_eq(b.ours.frames, b.tried);
	close_bench(&b);
}

static void crowd(bool with_macs)
{
	uint8_t bytes[60] = {[12] = 8, [14] = 0x45, [16] = 2, [23] = 6};
	struct frame f = {bytes, sizeof(bytes), 526};
	uint32_t verdict;
	struct bench b;
	const struct capture_sink sink = {
		.data = &b.kernels, .frames = add_samples, .flows = add_flows};

	if (!open_tables(&b, 0, with_macs))
		return;
	if (absorb_program(b.absorb, BPF_INGRESS) < 0) {
		fprintf(stderr, "SKIPPED: no hooks\n");
		free_bench(&b);
		return;
	}
	bytes[46] = 5 << 4;
	for (unsigned i = 0; i < 3000; i++) {
		const uint16_t gso_size = (uint16_t)(i % 3 * 100);

		bytes[11] = (uint8_t)(i % 5); /* of a MAC address */
		bytes[28] = (uint8_t)(i % 7);
		bytes[36] = (uint8_t)(i >> 8);
		bytes[37] = (uint8_t)i;
		bytes[47] = (uint8_t)(i % 64);
		cr_assert(run_at(&b, BPF_INGRESS, bytes, sizeof(bytes),
			gso_size, &verdict));
		put_verdict(&b.ours, &f, gso_size);
		if (i % 1000 == 0)
			cr_assert(absorb_read(b.absorb, &sink));
	}
	close_bench(&b);
	cr_expect_eq(b.kernels.samples, 0);
}

/* Frames of more flows than there is room for come one by one, as flows; those
 * and what is added up are all there was, to the last octet. */
Test(absorb, more_flows_than_room)
{
	crowd(false);
	crowd(true);
}

static unsigned maps_of_kernel(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[512];
	unsigned n = 0;

	cr_assert_not_null(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, "bpf-map") != NULL;
	fclose(f);
	return n;
}

/* A meter starts others: the guard, the inspector. */
Test(absorb, no_child_gets_the_tables)
{
	struct bench b;
	pid_t child;

	if (!open_bench(&b, true))
		return;
	cr_assert_gt(maps_of_kernel(), 0);
	child = fork();
	if (child == 0)
		_exit((int)maps_of_kernel());
	cr_expect_eq(proc_exit_code(proc_wait(child)), 0);
	free_bench(&b);
}

/* What is handed over with the mark but came after it is told apart. */
Test(absorb, samples_after_the_mark_are_ahead)
{
	static const uint8_t arp[64] = {[12] = 8, [13] = 6};
	struct bench b;
	const struct capture_sink to = {
		.data = &b.kernels, .frames = add_samples, .flows = add_flows};
	uint32_t verdict;

	if (!open_bench(&b, true))
		return;
	if (absorb_program(b.absorb, BPF_INGRESS) < 0 ||
		!run_at(&b, BPF_INGRESS, arp, sizeof(arp), 0, &verdict)) {
		fprintf(stderr, "SKIPPED: no hooks\n");
		free_bench(&b);
		return;
	}
	absorb_turn(b.absorb);
	for (int i = 0; i < 2; i++)
		cr_assert(
			run_at(&b, BPF_INGRESS, arp, sizeof(arp), 0, &verdict));
	cr_assert_eq(absorb_settle(NULL), 0);
	absorb_collect(b.absorb, &to);
	cr_assert_eq(b.kernels.frames, 3);
	cr_expect_eq(absorb_statistics(b.absorb).placed, 3);
	cr_expect_eq(absorb_statistics(b.absorb).ahead, 2);
	absorb_turn(b.absorb);
	absorb_collect(b.absorb, &to);
	cr_expect_eq(absorb_statistics(b.absorb).placed, 3);
	cr_expect_eq(absorb_statistics(b.absorb).ahead, 0);
	free_bench(&b);
}

static void add_passed(void *data, const struct capture_passed *p)
{
	struct sums *s = data;

	s->passed += p->frames[0] + p->frames[1];
}

/* From the next turn on the kernel passes frames over, and counts them. */
Test(absorb, chooses_one_of_so_many)
{
	static const uint8_t arp[64] = {[12] = 8, [13] = 6};
	const struct export_sampling hash = {.one_of = 4, .by = EXPORT_HASH};
	const struct export_sampling each = {.one_of = 4};
	struct bench b;
	const struct capture_sink to = {.data = &b.kernels,
		.frames = add_samples,
		.flows = add_flows,
		.passed = add_passed};
	uint32_t verdict;

	if (!open_bench(&b, true))
		return;
	if (absorb_program(b.absorb, BPF_INGRESS) < 0 ||
		!run_at(&b, BPF_INGRESS, arp, sizeof(arp), 0, &verdict)) {
		fprintf(stderr, "SKIPPED: no hooks\n");
		free_bench(&b);
		return;
	}
	cr_expect_not(absorb_choose(b.absorb, &hash, false));
	cr_expect(absorb_choose(b.absorb, &each, false));
	for (int turn = 0; turn < 2; turn++) {
		absorb_turn(b.absorb);
		cr_assert_eq(absorb_settle(NULL), 0);
		absorb_collect(b.absorb, &to);
		for (int i = 0; turn == 0 && i < 40; i++)
			cr_assert(run_at(&b, BPF_INGRESS, arp, sizeof(arp), 0,
				&verdict));
	}
	/* one came before, processors may overtake each other */
	cr_expect(b.kernels.frames >= 9 && b.kernels.frames <= 13);
	cr_expect_eq(b.kernels.frames + b.kernels.passed, 41);
	cr_expect_eq(absorb_statistics(b.absorb).placed, 41);
	free_bench(&b);
}

/* A packet socket in their place absorbs as before. */
Test(absorb, without_hooks)
{
	uint8_t bytes[60] = {[12] = 8, [14] = 0x45, [17] = 46, [23] = 17};
	const struct frame f = {bytes, sizeof(bytes), sizeof(bytes)};
	struct bench b;

	if (!open_bench(&b, true))
		return;
	absorb_without_hooks(b.absorb);
	cr_expect_lt(absorb_program(b.absorb, BPF_INGRESS), 0);
	cr_expect_lt(absorb_program(b.absorb, BPF_EGRESS), 0);
	for (int i = 0; i < 40; i++)
		compare_plain(&b, &f);
	cr_expect_eq(b.plain, 40);
	close_bench(&b);
}

/* Of TCP, cut into all kinds of segments; the last may be short. */
Test(absorb, super_frames)
{
	uint8_t bytes[128] = {0};
	struct frame f = {bytes, sizeof(bytes), 0};
	struct bench b;

	if (!open_bench(&b, false))
		return;
	bytes[12] = 8;
	bytes[14] = 0x45;
	bytes[23] = 6;
	bytes[46] = 8 << 4;
	for (unsigned octets = 52; octets < 65536; octets += 777)
		for (uint16_t size = 1; size < 9000; size = size * 5 / 2 + 1) {
			f.wire = octets + 14;
			bytes[16] = (uint8_t)(octets >> 8);
			bytes[17] = (uint8_t)octets;
			bytes[35] = (uint8_t)size;
			compare(&b, &f, size);
		}
	/* of UDP the ring knows more */
	bytes[23] = 17;
	cr_expect_eq(run(&b, &f, 1000), 0);
	cr_expect_eq(run(&b, &f, 0), 1);
	put(&b.ours,
		(struct flow_addition){.key = {.src = net_addr_v4_host(0),
					       .dst = net_addr_v4_host(0),
					       .sport = bytes[35],
					       .proto = 17},
			.octets = (uint64_t)bytes[16] << 8 | bytes[17],
			.packets = 1},
		1);
	sizes_add(b.ours.sizes, 1, (uint64_t)bytes[16] << 8 | bytes[17], 0, 1);
	close_bench(&b);
}
