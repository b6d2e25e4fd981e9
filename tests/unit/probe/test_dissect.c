#include "base/map.h"
#include "captures.h"
#include "probe/dissect.h"
#include "probe/pcapfile.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct tally {
	uint64_t frames, ip4, ip6, other, octets;
	struct map keys;
};

static void count_file(const char *path, struct tally *t)
{
	struct pcapfile *file = NULL;
	struct err err = ERR_INIT;
	struct frame frame;
	struct dissect d;
	int64_t ns;
	int r = pcapfile_open(path, &file, &err);

	cr_assert(r == 0, "%s", err.text);
	while ((r = pcapfile_next(file, &frame, &ns, &err)) > 0) {
		t->frames++;
		if (dissect_frame(pcapfile_layer(file), &frame, &d) !=
			DISSECT_IP) {
			t->other++;
			continue;
		}
		*(net_addr_is_v4(&d.key.src) ? &t->ip4 : &t->ip6) += 1;
		t->octets += d.octets;
		/* the truth's tuples do not tell fragments apart */
		d.key.flags = 0;
		map_put(&t->keys, &d.key, sizeof(d.key), t);
	}
	cr_assert(r == 0, "%s", err.text);
	pcapfile_close(file);
}

static void check_capture(const struct capture_row *row, void *data)
{
	struct tally t = {0};

	map_init(&t.keys);
	count_file(row->path, &t);
	cr_expect(t.frames == row->frames && t.ip4 == row->ip4 &&
			  t.ip6 == row->ip6 && t.other == row->other &&
			  t.octets == row->octets && t.keys.n == row->keys,
		"%s: frames %lu/%lu ip4 %lu/%lu ip6 %lu/%lu other %lu/%lu "
		"octets %lu/%lu keys %zu/%lu",
		row->name, t.frames, row->frames, t.ip4, row->ip4, t.ip6,
		row->ip6, t.other, row->other, t.octets, row->octets, t.keys.n,
		row->keys);
	map_release(&t.keys);
	++*(int *)data;
}

Test(dissect, public_captures)
{
	int n = 0;

	if (captures_each(check_capture, &n))
		cr_expect(n >= 73, "only %d captures", n);
}

/* A loopback frame says its family in the byte order of who captured it. */
Test(dissect, families_in_either_byte_order)
{
	static const struct {
		uint8_t family[4];
		enum dissect_verdict verdict;
	} all[] = {{{2, 0, 0, 0}, DISSECT_IP}, {{0, 0, 0, 2}, DISSECT_IP},
		{{2, 0, 1, 0}, DISSECT_NON_IP}, {{0, 2, 0, 2}, DISSECT_NON_IP}};
	uint8_t bytes[4 + 28] = {[4] = 0x45, [7] = 28, [12] = 64, [13] = 17};
	struct dissect d;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		const struct frame f = {.data = bytes,
			.captured = sizeof(bytes),
			.wire = sizeof(bytes)};

		memcpy(bytes, all[i].family, 4);
		cr_expect_eq(dissect_frame(LAYER_FAMILY, &f, &d),
			all[i].verdict, "%zu", i);
	}
}

/* What is below PPPoE or labels and is not IP is not LLC either. */
Test(dissect, what_is_below_a_session_is_what_it_says)
{
	uint8_t frame[64] = {[12] = 0x88,
		0x64,
		0x11,
		0,
		0,
		1,
		0,
		40,
		0xc0,
		0x21,
		0xaa,
		0xaa,
		3,
		0,
		0,
		0,
		8,
		0,
		0x45,
		[33] = 20};
	const struct frame f = {frame, sizeof(frame), sizeof(frame)};
	struct dissect d;

	cr_expect_eq(dissect_frame(LAYER_ETHERNET, &f, &d), DISSECT_NON_IP);
}
