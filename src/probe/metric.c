/* What all metrics need: bytes in the order of the network, and gaps between
 * times that cannot overflow. */
#include "probe/metric.h"

uint8_t *metric_put(uint8_t *to, uint64_t v, size_t len)
{
	for (size_t i = len; i-- > 0; v >>= 8)
		to[i] = (uint8_t)v;
	return to + len;
}

int64_t metric_gap(int64_t from_ns, int64_t to_ns)
{
	const int64_t most = INT64_MAX / 4;
	int64_t gap;

	if (__builtin_sub_overflow(to_ns, from_ns, &gap))
		gap = to_ns < from_ns ? -most : most;
	return gap < -most ? -most : gap > most ? most : gap;
}
