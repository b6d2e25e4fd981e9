/* Digest bodies from a broken meter; what was understood is written and read
 * again to the same. */
#include "flow/credit.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct digest in[DIGEST_MAX], out[DIGEST_MAX];
	struct digest_in numbers = {0};
	uint8_t body[4096];
	struct digest_header h, again;
	struct digest_writer w;

	if (!digest_read(data, len, &h, in))
		return 0;
	digest_in_take(&numbers, &h);
	for (size_t i = 0; i < h.count; i++) {
		digest_begin(&w, body, sizeof(body), &in[i]);
		/* an IPv6 body may hold mapped addresses on both sides: then
		 * it is written as IPv4 */
		if (!digest_add(&w, &in[i]) ||
			!digest_read(body, digest_end(&w, &h), &again, out) ||
			memcmp(&out[0].key, &in[i].key, sizeof(in[i].key)) != 0)
			abort();
	}
	return 0;
}
