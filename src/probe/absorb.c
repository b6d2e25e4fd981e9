/* Exactness rests on this: a program runs within an RCU read section, and
 * membarrier(MEMBARRIER_CMD_GLOBAL) returns when all that had begun before are
 * over.  So nothing of an epoch that has been left is in the making any more,
 * on whichever processor. */
#define _GNU_SOURCE
#include "probe/absorb.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "probe/absorbed.h"
#include "probe/guard.h"
#include "probe/samples.h"

#include <arpa/inet.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

/* Made by clang from probe/bpf/absorb.c; empty where there is no clang. */
#define EMBED(name)                                                            \
	__asm__(".section .rodata\n"                                           \
		".balign 8\n"                                                  \
		"absorb_" #name ":\n"                                          \
		".incbin \"" NFZ_BPF_CODE #name ".code\"\n"                    \
		"absorb_" #name "_end:\n"                                      \
		".previous\n");                                                \
	extern const uint8_t absorb_##name[], absorb_##name##_end[]

EMBED(filter);
EMBED(ingress);
EMBED(egress);
EMBED(either);

enum {
	EPOCHS = 2,
	FLOWS_LEAST = 256,
	CPUS_MAX = 1024,
	CLOCK_TRIES = 16,
	WRITTEN_TRIES = 1000,
	TABLES = ABSORB_HOLE_ARRAYS,
	PLACES = BPF_EITHER + 1,
	SAMPLES_LEAST = 1 << 18
};

struct table {
	int fd;
	void *at;
	size_t bytes;
};

struct absorb {
	struct table tables[TABLES]; /* by hole */
	uint32_t cpus, lane_flows, lane_buckets;
	bool every_cpu; /* else frames of others are not absorbed */
	bool with_macs;
	enum capture_place wanted;
	bool contained;                      /* others share the kernel */
	struct guard *guard;                 /* NULL: no clsact */
	int programs[PLACES], links[PLACES]; /* -1: none */
	int filtered;            /* interface with filters of ours; 0: none */
	struct samples *samples; /* NULL: nothing at interfaces */
	uint32_t sample_bytes;
	struct capture_statistics seen;
	struct absorb_choice choice; /* from the next epoch on */
	uint64_t ahead;    /* samples read of the epoch being written */
	int64_t offset_ns; /* of CLOCK_REALTIME, from CLOCK_BOOTTIME */
};

/* Processors there may be, as a list that ascends; 0: not known, or too many. */
static uint32_t count_cpus(void)
{
	FILE *f = fopen("/sys/devices/system/cpu/possible", "re");
	unsigned last = CPUS_MAX;

	while (f && fscanf(f, "%u%*[-,]", &last) == 1)
		;
	if (f)
		fclose(f);
	return last < CPUS_MAX ? last + 1 : 0;
}

/* A process of the kernel's first PID namespace, which has this number, is in
 * no container (linux/proc_ns.h). */
static bool in_container(void)
{
	static const char first[] = "pid:[4026531836]";
	char text[sizeof(first) + 1] = "";

	return readlink("/proc/self/ns/pid", text, sizeof(text) - 1) > 0 &&
	       strcmp(text, first) != 0;
}

static void size_lanes(struct absorb *a, uint32_t bytes)
{
	const size_t each = EPOCHS * a->cpus *
			    (sizeof(struct absorb_flow) + 2 * sizeof(uint32_t));

	a->lane_flows = ABSORB_LANE_FLOWS;
	while (a->lane_flows > FLOWS_LEAST && a->lane_flows * each > bytes)
		a->lane_flows /= 2;
	a->lane_buckets = a->lane_flows * 2 / ABSORB_BUCKET;
}

static int make_table(
	struct table *t, uint32_t value, uint32_t values, struct err *err)
{
	int r = bpf_array_new(value, values, &t->fd, err);

	if (r < 0)
		return r;
	t->bytes = (size_t)value * values;
	return bpf_array_map(t->fd, t->bytes, &t->at, err);
}

static int make_tables(struct absorb *a, struct err *err)
{
	const uint32_t lanes = EPOCHS * a->cpus;
	const struct {
		uint32_t bytes, values;
	} sizes[TABLES] = {
		[ABSORB_HOLE_CONTROL] = {sizeof(struct absorb_control), 1},
		[ABSORB_HOLE_TALLIES] = {sizeof(struct absorb_tally), lanes},
		[ABSORB_HOLE_BUCKETS] = {sizeof(struct absorb_bucket),
			lanes * a->lane_buckets},
		[ABSORB_HOLE_FLOWS] = {sizeof(struct absorb_flow),
			lanes * a->lane_flows},
	};
	int r = 0;

	for (int i = 0; i < TABLES && r == 0; i++)
		r = make_table(
			&a->tables[i], sizes[i].bytes, sizes[i].values, err);
	return r;
}

static int load(struct absorb *a, enum bpf_place place, struct err *err)
{
	static const struct {
		const uint8_t *text, *end;
	} codes[PLACES] = {[BPF_SOCKET] = {absorb_filter, absorb_filter_end},
		[BPF_INGRESS] = {absorb_ingress, absorb_ingress_end},
		[BPF_EGRESS] = {absorb_egress, absorb_egress_end},
		[BPF_EITHER] = {absorb_either, absorb_either_end}};
	struct bpf_filling fillings[ABSORB_HOLES] = {
		[ABSORB_HOLE_CPUS] = {BPF_NUMBER, a->cpus},
		[ABSORB_HOLE_LANE_BUCKETS] = {BPF_NUMBER, a->lane_buckets},
		[ABSORB_HOLE_LANE_FLOWS] = {BPF_NUMBER, a->lane_flows},
		[ABSORB_HOLE_WITH_MACS] = {BPF_NUMBER, a->with_macs},
		[ABSORB_HOLE_WAKE] = {BPF_NUMBER, a->sample_bytes / 8},
	};
	const struct bpf_code code = {.text = codes[place].text,
		.len = (size_t)(codes[place].end - codes[place].text),
		.mark = ABSORB_MARK,
		.fillings = fillings,
		.n_fillings = ABSORB_HOLES};

	for (int i = 0; i < TABLES; i++)
		fillings[i] = (struct bpf_filling){
			i == ABSORB_HOLE_CONTROL ? BPF_MAP_VALUE : BPF_MAP,
			(uint64_t)a->tables[i].fd};
	if (a->samples)
		fillings[ABSORB_HOLE_SAMPLES] = (struct bpf_filling){
			BPF_MAP, (uint64_t)samples_fd(a->samples)};
	return bpf_load(&code, place, &a->programs[place], err);
}

/* Unless it is there. */
static int have_program(struct absorb *a, enum bpf_place place, struct err *err)
{
	return a->programs[place] >= 0 ? 0 : load(a, place, err);
}

static int have_programs(
	struct absorb *a, enum capture_place place, struct err *err)
{
	int r;

	if (place == PLACE_CLSACT)
		return have_program(a, BPF_EITHER, err);
	r = have_program(a, BPF_INGRESS, err);
	return r < 0 ? r : have_program(a, BPF_EGRESS, err);
}

/* Each of tcx' two programs waits until all processors have been through a
 * moment of rest (8 to 20 ms), holding the lock of all interfaces: nobody else
 * of that kernel can set one up meanwhile.  Two hundred containers would stand
 * in line for 8 s, so there filters, which hurry that moment, come first. */
static enum capture_place first_place(const struct absorb *a)
{
	return a->wanted != PLACE_BEST ? a->wanted
	       : a->contained          ? PLACE_CLSACT
				       : PLACE_TCX;
}

/* What it takes to be at interfaces; without, there are packet sockets. */
static int load_hooks(struct absorb *a, uint32_t bytes, struct err *err)
{
	int r;

	a->sample_bytes = SAMPLES_LEAST;
	while (a->sample_bytes <= bytes / 2)
		a->sample_bytes *= 2;
	r = samples_new(a->sample_bytes, &a->samples, err);
	if (r == 0)
		r = have_programs(a, first_place(a), err);
	if (r < 0) {
		samples_free(a->samples);
		a->samples = NULL;
	}
	return r;
}

static int load_programs(
	struct absorb *a, uint32_t sample_bytes, struct err *err)
{
	int r = -NFZ_E_IO;

	if (a->wanted != PLACE_SOCKET)
		r = load_hooks(a, sample_bytes, err);
	if (r < 0 && (a->wanted == PLACE_SOCKET || a->wanted == PLACE_BEST))
		r = load(a, BPF_SOCKET, err);
	return r;
}

static struct absorb_control *control_of(const struct absorb *a)
{
	return a->tables[ABSORB_HOLE_CONTROL].at;
}

/* Asked, not tried: that takes as long as the kernel needs for it. */
static int can_settle(struct err *err)
{
	long can = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);

	if (can < 0)
		return err_sys(err, "the kernel does not say when it is done");
	if (!(can & MEMBARRIER_CMD_GLOBAL))
		return err_set(err, NFZ_E_IO,
			"the kernel does not say when it is done");
	return 0;
}

int absorb_new(
	const struct absorb_options *o, struct absorb **ret, struct err *err)
{
	struct absorb *a = mem_zalloc(1, sizeof(*a));
	int r;

	for (int i = 0; i < PLACES; i++)
		a->programs[i] = a->links[i] = -1;
	for (int i = 0; i < TABLES; i++)
		a->tables[i].fd = -1;
	a->cpus = count_cpus();
	a->every_cpu = a->cpus > 0;
	if (!a->every_cpu)
		a->cpus = 1;
	a->with_macs = o->with_macs;
	a->wanted = o->place;
	a->contained = in_container();
	a->guard = o->guard;
	size_lanes(a, o->bytes);
	r = make_tables(a, err);
	if (r == 0) {
		struct absorb_control *c = control_of(a);

		c->snap = o->snap;
		for (int i = 0; i < ABSORB_KEY_WORDS; i++)
			c->secret[i] = hash_key_new().k0;
		r = load_programs(a, o->sample_bytes, err);
	}
	if (r == 0)
		r = can_settle(err);
	if (r < 0) {
		absorb_free(a);
		return r;
	}
	*ret = a;
	return 0;
}

static void free_program(struct absorb *a, enum bpf_place place)
{
	if (a->programs[place] >= 0)
		close(a->programs[place]);
	a->programs[place] = -1;
}

void absorb_without_hooks(struct absorb *a)
{
	free_program(a, BPF_INGRESS);
	free_program(a, BPF_EGRESS);
	free_program(a, BPF_EITHER);
	samples_free(a->samples);
	a->samples = NULL;
}

void absorb_free(struct absorb *a)
{
	if (!a)
		return;
	absorb_detach(a);
	for (int i = 0; i < TABLES; i++) {
		if (a->tables[i].at)
			munmap(a->tables[i].at, a->tables[i].bytes);
		if (a->tables[i].fd >= 0)
			close(a->tables[i].fd);
	}
	free_program(a, BPF_SOCKET);
	absorb_without_hooks(a);
	free(a);
}

int absorb_program(struct absorb *a, enum bpf_place place)
{
	const bool may_be = place == BPF_SOCKET || a->samples;

	return may_be && have_program(a, place, NULL) < 0 ? -1
							  : a->programs[place];
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec t = {0};

	clock_gettime(clock, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* The wall clock read between two readings of the other, as close together as
 * can be had. */
static int64_t clock_offset(void)
{
	int64_t best = INT64_MAX, offset = 0;

	for (int i = 0; i < CLOCK_TRIES; i++) {
		int64_t before = clock_ns(CLOCK_BOOTTIME);
		int64_t wall = clock_ns(CLOCK_REALTIME);
		int64_t gap = clock_ns(CLOCK_BOOTTIME) - before;

		if (gap < best) {
			best = gap;
			offset = wall - before - gap / 2;
		}
	}
	return offset;
}

static int attach_tcx(struct absorb *a, int ifindex, struct err *err)
{
	int r = have_programs(a, PLACE_TCX, err);

	for (int i = BPF_INGRESS; i <= BPF_EGRESS && r == 0; i++)
		r = bpf_attach(a->programs[i], (enum bpf_place)i, ifindex,
			&a->links[i], err);
	if (r < 0)
		absorb_detach(a);
	return r;
}

static int attach_clsact(struct absorb *a, int ifindex, struct err *err)
{
	int r;

	if (!a->guard)
		return err_set(err, NFZ_E_IO, "no filters are asked for");
	control_of(a)->away = 0;
	r = have_programs(a, PLACE_CLSACT, err);
	if (r == 0)
		r = guard_attach(
			a->guard, ifindex, a->programs[BPF_EITHER], err);
	if (r == 0)
		a->filtered = ifindex;
	return r;
}

int absorb_attach(struct absorb *a, int ifindex, struct err *err)
{
	const enum capture_place first = first_place(a);
	int r;

	if (!a->samples)
		return err_set(err, NFZ_E_IO,
			"the kernel takes no eBPF for interfaces");
	if (!a->every_cpu)
		return err_set(err, NFZ_E_IO,
			"how many processors there may be is not known");
	r = first == PLACE_TCX ? attach_tcx(a, ifindex, err)
			       : attach_clsact(a, ifindex, err);
	if (r < 0 && a->wanted == PLACE_BEST)
		r = first == PLACE_TCX ? attach_clsact(a, ifindex, err)
				       : attach_tcx(a, ifindex, err);
	a->offset_ns = clock_offset();
	return r;
}

/* Filters may stay for a while; what they would count is not ours any more. */
void absorb_detach(struct absorb *a)
{
	for (int i = 0; i < PLACES; i++) {
		if (a->links[i] >= 0)
			close(a->links[i]);
		a->links[i] = -1;
	}
	if (a->filtered) {
		control_of(a)->away = 1;
		guard_detach(a->guard, a->filtered);
	}
	a->filtered = 0;
}

enum capture_place absorb_place(const struct absorb *a)
{
	return a->filtered                 ? PLACE_CLSACT
	       : a->links[BPF_EGRESS] >= 0 ? PLACE_TCX
					   : PLACE_SOCKET;
}

bool absorb_in_front(const struct absorb *a)
{
	return !a->filtered || guard_in_front(a->guard, a->filtered);
}

int absorb_fd(const struct absorb *a)
{
	return samples_fd(a->samples);
}

void absorb_turn(struct absorb *a)
{
	struct absorb_control *c = control_of(a);

	c->choice[c->epoch ^ 1] = a->choice;
	__atomic_store_n(&c->epoch, c->epoch ^ 1, __ATOMIC_SEQ_CST);
}

bool absorb_choose(
	struct absorb *a, const struct export_sampling *how, bool each)
{
	const bool all = how->one_of <= 1, hash = how->by == EXPORT_HASH;

	a->choice =
		(struct absorb_choice){.one_of = all || hash ? 0 : how->one_of,
			.random = how->by == EXPORT_RANDOM,
			.leave = each || (!all && hash)};
	return all || !hash;
}

int absorb_settle(struct err *err)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) < 0)
		return err_sys(err, "the kernel does not say when it is done");
	return 0;
}

/* How frames of an epoch were chosen. */
static uint16_t one_of(const struct absorb *a, uint32_t epoch)
{
	const uint32_t n = control_of(a)->choice[epoch].one_of;

	return n ? (uint16_t)n : 1;
}

static void collect_lane(
	struct absorb *a, uint32_t lane, const struct capture_sink *sink)
{
	struct absorb_tally *tally =
		(struct absorb_tally *)a->tables[ABSORB_HOLE_TALLIES].at + lane;
	const struct absorb_flow *flows =
		(struct absorb_flow *)a->tables[ABSORB_HOLE_FLOWS].at +
		(size_t)lane * a->lane_flows;
	struct absorb_bucket *buckets =
		(struct absorb_bucket *)a->tables[ABSORB_HOLE_BUCKETS].at +
		(size_t)lane * a->lane_buckets;
	struct capture_flow batch[CAPTURE_BATCH];
	size_t n = 0;

	a->seen.placed += tally->frames + tally->sampled + tally->passed[0] +
			  tally->passed[1];
	a->seen.dropped += tally->dropped;
	if (tally->passed[0] || tally->passed[1])
		sink->passed(sink->data,
			&(struct capture_passed){
				{tally->passed[0], tally->passed[1]},
				{tally->more[0], tally->more[1]}});
	for (uint32_t i = 0; i < tally->flows; i++) {
		batch[n] = absorbed_flow(&flows[i], a->offset_ns);
		batch[n++].one_of = one_of(a, lane / a->cpus);
		if (n == CAPTURE_BATCH || i + 1 == tally->flows) {
			sink->flows(sink->data, batch, n);
			n = 0;
		}
	}
	if (tally->flows)
		memset(buckets, 0, a->lane_buckets * sizeof(*buckets));
	memset(tally, 0, sizeof(*tally));
}

bool absorb_read(struct absorb *a, const struct capture_sink *sink)
{
	struct samples_epoch epochs[EPOCHS] = {
		{one_of(a, 0), 0}, {one_of(a, 1), 0}};
	bool all = !a->samples ||
		   samples_read(a->samples, a->offset_ns, sink, epochs);

	a->ahead += epochs[control_of(a)->epoch].n;
	return all;
}

/* Samples of the epoch before are all there, and are in its tallies; those of
 * the next one are not yet.  One of these may be in the making in front of one
 * of those: for as long as a program runs. */
void absorb_collect(struct absorb *a, const struct capture_sink *sink)
{
	uint32_t epoch = control_of(a)->epoch ^ 1;

	a->offset_ns = clock_offset();
	a->ahead = 0;
	for (int i = 0; i < WRITTEN_TRIES && !absorb_read(a, sink); i++)
		sched_yield();
	for (uint32_t cpu = 0; cpu < a->cpus; cpu++)
		collect_lane(a, epoch * a->cpus + cpu, sink);
}

bool absorb_idle(const struct absorb *a)
{
	static const struct absorb_tally none;
	const struct absorb_tally *lanes =
		(struct absorb_tally *)a->tables[ABSORB_HOLE_TALLIES].at +
		(size_t)control_of(a)->epoch * a->cpus;

	for (uint32_t cpu = 0; cpu < a->cpus; cpu++)
		if (memcmp(&lanes[cpu], &none, sizeof(none)) != 0)
			return false;
	return true;
}

struct capture_statistics absorb_statistics(const struct absorb *a)
{
	struct capture_statistics s = a->seen;

	s.placed += a->ahead;
	s.ahead = a->ahead;
	return s;
}
