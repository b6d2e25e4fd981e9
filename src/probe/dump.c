/* The file is a pcap with nanoseconds (draft-ietf-opsawg-pcap, section 4).
 * Frames are whole, super-frames as they are; they come through a ring of
 * their own, so that rights can be given up before the first is read. */
#include "probe/dump.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/netlink.h"
#include "probe/capture.h"
#include "probe/privs.h"
#include "probe/tap.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define PCAP_NANOSECONDS 0xa1b23c4du

enum {
	SNAP = 65536,
	RING_BYTES = 4 << 20,
	OUT_FULL = 1 << 18,
	WAIT_MS = 100,
	ADDRESSES = 12, /* of Ethernet */
	TAG = 4,
	LINK_ETHERNET = 1,
	LINK_RAW = 101
};

struct dump {
	const struct dump_options *opt;
	struct buf out;
	uint64_t frames, bytes;
	bool begun, done;
	struct err *err;
	int result;
};

static void put32(struct buf *out, uint32_t v)
{
	buf_add(out, &v, sizeof(v)); /* the magic number tells the order */
}

static void begin(struct dump *d, enum link_layer layer)
{
	const uint16_t version[2] = {2, 4};

	d->begun = true;
	put32(&d->out, PCAP_NANOSECONDS);
	buf_add(&d->out, version, sizeof(version));
	put32(&d->out, 0);
	put32(&d->out, 0);
	put32(&d->out, SNAP + TAG);
	put32(&d->out, layer == LAYER_RAW ? LINK_RAW : LINK_ETHERNET);
}

static void write_out(struct dump *d)
{
	if (d->result == 0)
		d->result = file_write_all(
			STDOUT_FILENO, d->out.data, d->out.len, d->err);
	d->done = d->done || d->result < 0;
	buf_reset(&d->out);
}

/* With the tag that the kernel has taken out of it. */
static void put_frame(struct dump *d, const struct capture_frame *f)
{
	const bool tagged = f->tag_type && f->layer == LAYER_ETHERNET &&
			    f->frame.captured >= ADDRESSES;
	const uint16_t tag[2] = {htons(f->tag_type), htons(f->tag)};
	const uint32_t more = tagged ? TAG : 0;
	const uint32_t head = tagged ? ADDRESSES : 0;

	put32(&d->out, (uint32_t)(f->time_ns / NS_PER_S));
	put32(&d->out, (uint32_t)(f->time_ns % NS_PER_S));
	put32(&d->out, f->frame.captured + more);
	put32(&d->out, f->frame.wire + more);
	buf_add(&d->out, f->frame.data, head);
	buf_add(&d->out, tag, more);
	buf_add(&d->out, f->frame.data + head, f->frame.captured - head);
}

static void take_frames(void *data, const struct capture_frame *f, size_t n)
{
	struct dump *d = data;

	for (size_t i = 0; i < n && !d->done; i++) {
		d->bytes += f[i].frame.captured;
		if (d->bytes > d->opt->max_bytes) {
			d->done = true;
			return;
		}
		if (!d->begun)
			begin(d, f[i].layer);
		put_frame(d, &f[i]);
		d->done = ++d->frames == d->opt->frames;
		if (d->out.len > OUT_FULL)
			write_out(d);
	}
}

static const struct setup_tap *find_tap(
	const struct dump_options *o, struct err *err)
{
	for (size_t i = 0; i < o->setup->n_taps; i++)
		if (strcmp(o->setup->taps[i].link, o->link) == 0)
			return &o->setup->taps[i];
	(void)err_set(
		err, NFZ_E_INPUT, "no tap is on link \"%s\" here", o->link);
	return NULL;
}

static int attach(struct dump *d, struct capture **ret, struct err *err)
{
	const struct capture_options options = {.bytes = RING_BYTES,
		.snap = SNAP,
		.sinks = {{.data = d, .frames = take_frames}}};
	const struct setup_tap *tap = find_tap(d->opt, err);
	struct netdev dev;
	int netdev_fd, control, r;

	if (!tap)
		return -NFZ_E_INPUT;
	r = netlink_open(&netdev_fd, err);
	if (r < 0)
		return r;
	r = tap_control(d->opt->setup, netdev_fd, &control, err);
	if (r == 0)
		r = tap_interface(tap, netdev_fd, control, &dev, err);
	if (r == 0)
		r = capture_open(CAPTURE_PACKET, &options, ret, err);
	if (r == 0)
		r = (*ret)->way->attach(*ret, &dev, err);
	close(netdev_fd);
	return r;
}

/* Ends that come from outside end a dump in order, behind a whole frame. */
static int signals_fd(struct err *err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	return fd < 0 ? err_sys(err, "signalfd") : fd;
}

static void read_all(struct dump *d, struct capture *c, int signals)
{
	const struct mono_time end = mono_add_ms(mono_now(), d->opt->limit_ms);

	while (!d->done && !mono_passed(end)) {
		struct pollfd p[] = {
			{c->way->fd(c, 0), POLLIN, 0}, {signals, POLLIN, 0}};
		int left = mono_ms_until(end);

		(void)poll(p, 2, left < WAIT_MS ? left : WAIT_MS);
		if (p[0].revents & POLLERR)
			(void)c->way->error(c, 0);
		(void)c->way->read(c, 0, 1, false);
		write_out(d);
		d->done = d->done || p[1].revents;
	}
	if (!d->begun)
		begin(d, LAYER_ETHERNET);
	write_out(d);
}

int dump_run(const struct dump_options *o, struct err *err)
{
	struct dump d = {.opt = o, .out = BUF_INIT(1 << 20), .err = err};
	struct capture *c = NULL;
	int r = attach(&d, &c, err);
	const int signals = r == 0 ? signals_fd(err) : r;

	r = signals < 0 ? signals : 0;
	if (r == 0)
		r = privs_drop(o->uid, PRIVS_NONE, err);
	if (r == 0)
		r = privs_jail(err);
	if (r == 0) {
		read_all(&d, c, signals);
		r = d.result;
	}
	if (r == 0 && c->way->mark(c)) {
		const uint64_t dropped = c->way->statistics(c).dropped;

		fprintf(stderr, "%" PRIu64 " frames", d.frames);
		if (dropped)
			fprintf(stderr, "; %" PRIu64 " more found no room",
				dropped);
		fputc('\n', stderr);
	}
	capture_close(c);
	if (signals >= 0)
		close(signals);
	buf_release(&d.out);
	return r;
}
