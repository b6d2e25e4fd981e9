/* Blocks: type, total length, body, total length again.  Of blocks we have no
 * use for only the length is read, and it may be any.  Frames of a link type
 * we do not know are given as LAYER_UNKNOWN: another interface of the same
 * file may be of use. */
#include "probe/pcapng.h"
#include "base/clock.h"
#include "base/mem.h"
#include "probe/pcapold.h"

#include <string.h>

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2, /* obsolete */
	BLOCK_SIMPLE = 3,
	BLOCK_ENHANCED = 6
};
enum {
	BLOCK_HEAD = 8,
	BLOCK_FRAME = 12, /* head and the second length */
	SECTION_LEAST = 28,
	BLOCK_MOST = FRAME_MOST + (64 << 10),
	INTERFACES_MOST = 4096
};
#define ORDER_MAGIC 0x1a2b3c4du

struct interface {
	uint32_t link, snap;
	enum link_layer layer;
	uint64_t per_second;
	uint64_t tick_ns; /* 0: a tick is no whole number of them */
	int64_t offset_ns;
};

struct pcapng {
	struct window *w;
	bool swapped;
	struct interface *interfaces;
	size_t n, cap;
	int64_t last_ns; /* simple blocks have no time: the one before */
};

static uint32_t load32(const struct pcapng *f, const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return f->swapped ? __builtin_bswap32(v) : v;
}

static uint16_t load16(const struct pcapng *f, const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return f->swapped ? __builtin_bswap16(v) : v;
}

static uint64_t load64(const struct pcapng *f, const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return f->swapped ? __builtin_bswap64(v) : v;
}

bool pcapng_is(const struct window *w)
{
	static const uint8_t type[4] = {0x0a, 0x0d, 0x0d, 0x0a};

	return window_left(w) >= 4 && memcmp(window_here(w), type, 4) == 0;
}

int pcapng_open(struct window *w, struct pcapng **ret, struct err *err)
{
	struct pcapng *f;

	if (!pcapng_is(w))
		return err_set(
			err, NFZ_E_INPUT, "%s: is no pcapng file", w->path);
	f = mem_zalloc(1, sizeof(*f));
	f->w = w;
	*ret = f;
	return 0;
}

void pcapng_free(struct pcapng *f)
{
	if (!f)
		return;
	free(f->interfaces);
	free(f);
}

static int broken(const struct pcapng *f, const char *what, struct err *err)
{
	return err_set(err, NFZ_E_INPUT, "%s: %s after %llu bytes", f->w->path,
		what, (unsigned long long)(f->w->read - window_left(f->w)));
}

/* The section says its own byte order. */
static int read_section(struct pcapng *f, struct err *err)
{
	const uint8_t *p = window_here(f->w);

	f->swapped = false;
	f->swapped = load32(f, p + 8) != ORDER_MAGIC;
	if (load32(f, p + 8) != ORDER_MAGIC)
		return broken(f, "has a section of no byte order", err);
	if (load16(f, p + 12) != 1)
		return broken(f, "has a section of another version", err);
	f->n = 0;
	return 0;
}

/* if_tsresol: a power of ten, or of two with the top bit. */
static uint64_t resolution(uint8_t v)
{
	uint64_t per_second = 1;
	unsigned n = v & 0x7f;

	if (v & 0x80)
		return n < 64 ? UINT64_C(1) << n : 0;
	if (n > 19)
		return 0;
	while (n-- > 0)
		per_second *= 10;
	return per_second;
}

enum { OPTION_END = 0, OPTION_RESOLUTION = 9, OPTION_OFFSET = 14 };

static void read_options(
	struct pcapng *f, const uint8_t *p, size_t left, struct interface *ret)
{
	while (left >= 4) {
		uint16_t code = load16(f, p), len = load16(f, p + 2);
		size_t padded = ((size_t)len + 3) & ~(size_t)3;

		if (code == OPTION_END || padded > left - 4)
			return;
		if (code == OPTION_RESOLUTION && len >= 1)
			ret->per_second = resolution(p[4]);
		if (code == OPTION_OFFSET && len >= 8)
			ret->offset_ns =
				wall_from_s((int64_t)load64(f, p + 4)).ns;
		p += 4 + padded;
		left -= 4 + padded;
	}
}

static int read_interface(
	struct pcapng *f, const uint8_t *body, size_t len, struct err *err)
{
	struct interface i = {.per_second = 1000000};

	if (len < 8)
		return broken(f, "has a short interface block", err);
	if (f->n == INTERFACES_MOST)
		return broken(f, "has too many interfaces", err);
	i.link = load16(f, body);
	i.snap = load32(f, body + 4);
	if (!link_layer_of(i.link, &i.layer))
		i.layer = LAYER_UNKNOWN;
	read_options(f, body + 8, len - 8, &i);
	if (!i.per_second)
		return broken(f, "has a clock of an impossible rate", err);
	if ((uint64_t)NS_PER_S % i.per_second == 0)
		i.tick_ns = (uint64_t)NS_PER_S / i.per_second;
	MEM_PUSH(f->interfaces, f->n, f->cap) = i;
	return 0;
}

static int64_t to_ns(const struct interface *i, uint64_t ticks)
{
	uint64_t s = ticks / i->per_second, rest = ticks % i->per_second, ns;
	int64_t at;

	if (i->tick_ns && !__builtin_mul_overflow(ticks, i->tick_ns, &ns) &&
		ns <= INT64_MAX) {
		at = (int64_t)ns;
	} else {
		at = wall_from_s((int64_t)(s < INT64_MAX ? s : INT64_MAX)).ns;
		ns = (uint64_t)((long double)rest * (long double)NS_PER_S /
				(long double)i->per_second);
		at = capfile_clamp(at) + (int64_t)ns;
	}
	return capfile_clamp(capfile_clamp(at) + capfile_clamp(i->offset_ns));
}

struct packet {
	uint32_t interface, captured, wire;
	const uint8_t *data;
	size_t room; /* bytes of the block behind data */
	bool timed;
	uint64_t ticks;
};

static bool read_packet(const struct pcapng *f, uint32_t type,
	const uint8_t *body, size_t len, struct packet *ret)
{
	size_t head = type == BLOCK_SIMPLE ? 4 : 20;

	if (len < head)
		return false;
	*ret = (struct packet){.data = body + head,
		.room = len - head,
		.timed = type != BLOCK_SIMPLE};
	if (type == BLOCK_SIMPLE) {
		ret->wire = ret->captured = load32(f, body);
		if (f->n && f->interfaces[0].snap &&
			f->interfaces[0].snap < ret->captured)
			ret->captured = f->interfaces[0].snap;
		return f->n > 0;
	}
	ret->interface =
		type == BLOCK_PACKET ? load16(f, body) : load32(f, body);
	ret->ticks = (uint64_t)load32(f, body + 4) << 32 | load32(f, body + 8);
	ret->captured = load32(f, body + 12);
	ret->wire = load32(f, body + 16);
	return ret->interface < f->n;
}

static int give(struct pcapng *f, uint32_t type, size_t len,
	struct capfile_frame *ret, struct err *err)
{
	const uint8_t *body = window_here(f->w) + BLOCK_HEAD;
	const struct interface *i;
	struct packet p;

	if (!read_packet(f, type, body, len - BLOCK_FRAME, &p))
		return broken(f, "has a packet of no interface", err);
	if (p.captured > FRAME_MOST || p.captured > p.room)
		return broken(f, "has an impossible frame length", err);
	i = &f->interfaces[p.interface];
	if (p.timed)
		f->last_ns = to_ns(i, p.ticks);
	*ret = (struct capfile_frame){
		.frame = {p.data, p.captured,
			p.wire < p.captured ? p.captured : p.wire},
		.time_ns = f->last_ns,
		.layer = i->layer,
		.link = i->link};
	return 1;
}

static bool is_wanted(uint32_t type)
{
	return type == BLOCK_INTERFACE || type == BLOCK_PACKET ||
	       type == BLOCK_SIMPLE || type == BLOCK_ENHANCED;
}

/* n bytes into the window: 1; 2: not without moving it. */
static int reach(struct pcapng *f, size_t n, bool may_move, struct err *err)
{
	int r;

	if (window_left(f->w) < n && !may_move)
		return 2;
	r = window_fill(f->w, n, err);
	return r == 0 ? broken(f, "breaks off", err) : r;
}

/* The next block's type and length: 1, with the block in the window if it is
 * wanted; 2: not without moving the window; 0: the file ends. */
static int next_block(struct pcapng *f, bool may_move, uint32_t *type,
	size_t *len, struct err *err)
{
	struct window *w = f->w;
	int r;

	if (!window_left(w) && may_move && (r = window_fill(w, 1, err)) <= 0)
		return r;
	r = reach(f, BLOCK_FRAME, may_move, err);
	if (r != 1)
		return r;
	*type = load32(f, window_here(w));
	if (*type == BLOCK_SECTION) {
		r = reach(f, SECTION_LEAST, may_move, err);
		if (r == 1)
			r = read_section(f, err) < 0 ? -NFZ_E_INPUT : 1;
		if (r != 1)
			return r;
	}
	*len = load32(f, window_here(w) + 4);
	if (*len < BLOCK_FRAME || *len % 4)
		return broken(f, "has an impossible block length", err);
	if (!is_wanted(*type))
		return 1;
	if (*len > BLOCK_MOST)
		return broken(f, "has a huge block", err);
	return reach(f, *len, may_move, err);
}

/* 1: *ret is a frame; 2: not without moving; 0: the end. */
static int next(struct pcapng *f, bool may_move, struct capfile_frame *ret,
	struct err *err)
{
	for (;;) {
		uint32_t type;
		size_t len;
		int r = next_block(f, may_move, &type, &len, err);

		if (r != 1)
			return r;
		switch (type) {
		case BLOCK_PACKET:
		case BLOCK_SIMPLE:
		case BLOCK_ENHANCED:
			r = give(f, type, len, ret, err);
			if (r > 0)
				f->w->at += len;
			return r;
		case BLOCK_INTERFACE:
			r = read_interface(f, window_here(f->w) + BLOCK_HEAD,
				len - BLOCK_FRAME, err);
			if (r < 0)
				return r;
			break;
		default:
			break;
		}
		if (window_left(f->w) < len && !may_move)
			return 2;
		r = window_skip(f->w, len, err);
		if (r <= 0)
			return r < 0 ? r : broken(f, "breaks off", err);
	}
}

int pcapng_read(struct pcapng *f, struct capfile_frame *frames, size_t room,
	struct err *err)
{
	size_t n = 0;
	int r = 1;

	while (n < room && r == 1) {
		/* an error is kept for the call that starts with it */
		r = next(f, n == 0, &frames[n], n == 0 ? err : NULL);
		n += r == 1;
	}
	return n ? (int)n : r;
}
