/* Any bytes as a frame of any link layer: no byte outside is read, and what is
 * said of it is possible. */
#include "probe/tunnel.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* The IP packet alone says the same: short cuts are no other way. */
static void check_again(const struct frame *f, const struct dissect *d)
{
	const struct frame ip = {
		f->data + d->l3_at, f->captured - d->l3_at, f->wire - d->l3_at};
	struct dissect raw;

	if (dissect_frame(LAYER_RAW, &ip, &raw) != DISSECT_IP ||
		memcmp(&raw.key, &d->key, sizeof(raw.key)) != 0 ||
		raw.octets != d->octets || raw.tcp_flags != d->tcp_flags ||
		raw.tos != d->tos || raw.l3_len != d->l3_len ||
		raw.l4_len != d->l4_len || raw.later != d->later)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct segmentation seg = {0};
	struct wire_count count;
	struct dissect d, inner;
	struct frame f;

	if (len < 8)
		return 0;
	seg.type = data[1];
	memcpy(&seg.size, data + 2, 2);
	memcpy(&seg.csum_start, data + 4, 2);
	f = (struct frame){.data = data + 8,
		.captured = (uint32_t)len - 8,
		.wire = data[6] * 0x01010101u >> data[7] % 32};
	if (f.wire < f.captured)
		f.wire = f.captured;
	if (dissect_frame(data[0] % (LAYER_UNKNOWN + 1), &f, &d) != DISSECT_IP)
		return 0;
	if (d.l3_at >= f.captured || d.l3_len < 20)
		abort();
	if (d.key.flags & KEY_FRAGMENT && (d.key.sport || d.key.dport))
		abort();
	if (d.key.pad[0] || d.key.pad[1])
		abort();
	check_again(&f, &d);
	inner = d;
	(void)tunnel_enter(&f, &inner);
	if (inner.octets != d.octets || inner.l3_at != d.l3_at)
		abort();
	count = dissect_segments(&f, &d, &seg);
	if (count.packets < 1 || count.octets + 8 < d.octets)
		abort();
	count = dissect_estimate(&f, &d, seg.size);
	if (count.packets < 1 || count.octets + 8 < d.octets)
		abort();
	return 0;
}
