/* Any text as a file of regions or of services: what is taken answers for any
 * address and port. */
#include "analysis/regions.h"
#include "store/services.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct flow_key key = {.proto = 6};
	struct services *s = services_parse((const char *)data, size);
	struct regions *r = NULL;
	struct err err = ERR_INIT;

	if (regions_parse((const char *)data, size, &r, &err) < 0 &&
		!err.text[0])
		abort();
	memcpy(&key.src, data, size < 16 ? size : 16);
	memcpy(&key.sport, data, size < 2 ? size : 2);
	(void)regions_of(r, &key.src);
	if (services_port(s, &key) != key.sport &&
		services_port(s, &key) != key.dport)
		abort();
	regions_free(r);
	services_free(s);
	return 0;
}
