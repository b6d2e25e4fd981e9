/* A certificate from anybody, as a text and as DER: what is told about it are
 * strings that end, and whether its time has come can be asked. */
#include "format/pem.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const struct pem_info *info)
{
	const struct wall_time now = {0};

	if (!memchr(info->subject, 0, sizeof(info->subject)) ||
		!memchr(info->issuer, 0, sizeof(info->issuer)) ||
		!memchr(info->cn, 0, sizeof(info->cn)) ||
		!memchr(info->email, 0, sizeof(info->email)) ||
		!memchr(info->serial, 0, sizeof(info->serial)))
		abort();
	if (pem_check_time(info, now, NULL) == 0 &&
		(info->not_before.ns > 0 || info->not_after.ns < 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pem_info info;

	if (pem_parse((const char *)data, size, &info, NULL) == 0)
		look(&info);
	if (pem_parse_der(data, size, &info, NULL) == 0)
		look(&info);
	return 0;
}
