/* pcap: 24 bytes of header, then 16 bytes in front of each frame.  Lengths are
 * believed only after they have been held against the ceiling and the window.
 * A file that breaks off within a record is an error, once everything before
 * has been given. */
#include "probe/pcapold.h"
#include "base/clock.h"

#include <string.h>

enum { RECORD_HEAD = 16 };
#define MAGIC_US 0xa1b2c3d4u
#define MAGIC_NS 0xa1b23c4du
enum {
	VERSION_MAJOR = 2,
	VERSION_MINOR = 4,
	LINK_BITS = 0x03ffffff /* above: length of the frame check sequence */
};

static const struct {
	uint16_t linktype;
	uint16_t layer;
} layers[] = {
	{1, LAYER_ETHERNET},
	{0, LAYER_FAMILY},   /* BSD loopback, host order */
	{108, LAYER_FAMILY}, /* OpenBSD's, network order */
	{9, LAYER_PPP},
	{50, LAYER_PPP}, /* HDLC-like framing */
	{51, LAYER_PPPOE},
	{12, LAYER_RAW},
	{14, LAYER_RAW}, /* as some systems number it */
	{101, LAYER_RAW},
	{228, LAYER_RAW}, /* IPv4 */
	{229, LAYER_RAW}, /* IPv6 */
	{113, LAYER_COOKED},
	{276, LAYER_COOKED2},
	{104, LAYER_CHDLC},
};

bool link_layer_of(uint32_t linktype, enum link_layer *ret)
{
	for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++)
		if (layers[i].linktype == linktype) {
			*ret = (enum link_layer)layers[i].layer;
			return true;
		}
	return false;
}

int link_unknown(const char *path, uint32_t linktype, struct err *err)
{
	err_set(err, NFZ_E_INPUT, "%s: frames of link type %u cannot be read",
		path, linktype);
	return err_hint(err,
		"There are Ethernet, Linux cooked, raw IP, loopback, PPP, "
		"PPPoE and Cisco HDLC; tshark -r %s shows others",
		path);
}

static uint32_t load32(const uint8_t *p, bool swapped)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return swapped ? __builtin_bswap32(v) : v;
}

static uint16_t load16(const uint8_t *p, bool swapped)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return swapped ? __builtin_bswap16(v) : v;
}

static bool read_magic(const uint8_t *p, struct pcapold *ret)
{
	for (int swapped = 0; swapped < 2; swapped++) {
		uint32_t magic = load32(p, swapped != 0);

		if (magic != MAGIC_US && magic != MAGIC_NS)
			continue;
		ret->swapped = swapped != 0;
		ret->tick_ns = magic == MAGIC_NS ? 1 : 1000;
		return load16(p + 4, ret->swapped) == VERSION_MAJOR &&
		       load16(p + 6, ret->swapped) == VERSION_MINOR;
	}
	return false;
}

bool pcapold_is(const struct window *w)
{
	struct pcapold unused;

	return window_left(w) >= PCAPOLD_HEADER &&
	       read_magic(window_here(w), &unused);
}

int pcapold_open(struct pcapold *file, struct window *w, struct err *err)
{
	*file = (struct pcapold){.w = w};
	if (window_left(w) < PCAPOLD_HEADER ||
		!read_magic(window_here(w), file))
		return err_set(
			err, NFZ_E_INPUT, "%s: is no pcap file", w->path);
	file->link = load32(window_here(w) + 20, file->swapped) & LINK_BITS;
	w->at += PCAPOLD_HEADER;
	if (!link_layer_of(file->link, &file->layer))
		return link_unknown(w->path, file->link, err);
	return 0;
}

static int broken(const struct pcapold *file, const char *what, struct err *err)
{
	return err_set(err, NFZ_E_INPUT, "%s: %s after %llu bytes",
		file->w->path, what,
		(unsigned long long)(file->w->read - window_left(file->w)));
}

/* The window holds a whole record: 1; the file ends: 0. */
static int fetch(struct pcapold *file, struct err *err)
{
	struct window *w = file->w;
	int r = window_fill(w, RECORD_HEAD, err);
	uint32_t captured;

	if (r < 0)
		return r;
	if (r == 0)
		return window_left(w) ? broken(file, "breaks off", err) : 0;
	captured = load32(window_here(w) + 8, file->swapped);
	if (captured > FRAME_MOST)
		return broken(file, "has an impossible frame length", err);
	r = window_fill(w, RECORD_HEAD + (size_t)captured, err);
	return r == 0 ? broken(file, "breaks off", err) : r;
}

int pcapold_read(struct pcapold *file, struct capfile_frame *frames,
	size_t room, struct err *err)
{
	struct window *w = file->w;
	int r = fetch(file, err);
	size_t n = 0;

	if (r <= 0)
		return r;
	while (n < room && window_left(w) >= RECORD_HEAD) {
		const uint8_t *p = window_here(w);
		uint32_t captured = load32(p + 8, file->swapped);
		uint32_t wire = load32(p + 12, file->swapped);

		if (captured > window_left(w) - RECORD_HEAD)
			break;
		frames[n++] = (struct capfile_frame){
			.frame = {p + RECORD_HEAD, captured,
				wire < captured ? captured : wire},
			.time_ns = load32(p, file->swapped) * NS_PER_S +
				   load32(p + 4, file->swapped) * file->tick_ns,
			.layer = file->layer,
			.link = file->link};
		w->at += RECORD_HEAD + captured;
	}
	return (int)n;
}
