/* NetFlow v5 from anybody; what was understood survives being exported. */
#include "flow/nf5.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct flow_record in[NF5_RECORDS], out[NF5_RECORDS];
	struct flow_extra extras[NF5_RECORDS];
	uint8_t bytes[NF5_DATAGRAM];
	uint64_t packets[2] = {0, 0}, octets[2] = {0, 0};
	struct nf5_exporter e;
	struct nf5_header h;
	size_t used, at = 0, n;

	if (!nf5_decode(data, len, &h, in, extras))
		return 0;
	for (size_t i = 0; i < h.count; i++) {
		packets[0] += in[i].packets;
		octets[0] += in[i].bytes;
	}
	if (packets[0] >> 40 || octets[0] >> 40)
		return 0; /* thousands of rows: only slow */
	e = (struct nf5_exporter){
		.boot_ns = nf5_boot_ns(&h) - INT64_C(86400000000000)};
	for (size_t total = h.count;
		(n = nf5_encode(&e, nf5_boot_ns(&h), in + at, total - at, bytes,
			 &used));
		at += used) {
		if (!nf5_decode(bytes, n, &h, out, extras))
			abort();
		for (size_t i = 0; i < h.count; i++) {
			packets[1] += out[i].packets;
			octets[1] += out[i].bytes;
		}
	}
	if (packets[0] != packets[1] || octets[0] != octets[1])
		abort();
	return 0;
}
