/* Any bytes as a frame of any link layer: no byte outside is read, and what is
 * said of it is possible. */
#include "probe/dissect.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct segmentation seg = {0};
	struct wire_count count;
	struct dissect d;
	struct frame f;

	if (len < 8)
		return 0;
	seg.type = data[1];
	memcpy(&seg.size, data + 2, 2);
	memcpy(&seg.csum_start, data + 4, 2);
	f = (struct frame){.data = data + 8,
		.captured = (uint32_t)len - 8,
		.wire = (uint32_t)len - 8 + (uint32_t)data[6] * 1000};
	if (dissect_frame(data[0] % (LAYER_PPP + 1), &f, &d) != DISSECT_IP)
		return 0;
	if (d.l3_at >= f.captured || d.l3_len < 20)
		abort();
	if (d.key.flags & KEY_FRAGMENT && (d.key.sport || d.key.dport))
		abort();
	if (d.key.pad[0] || d.key.pad[1])
		abort();
	count = dissect_segments(&f, &d, &seg);
	if (count.packets < 1 || count.octets + 8 < d.octets)
		abort();
	return 0;
}
