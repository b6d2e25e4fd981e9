/* A topology document: whatever is accepted is printed, read again and must
 * print the same. */
#include "foreign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct topology *t = NULL;
	struct err err;

	if (topofile_parse((const char *)data, size, "fuzz", &t, &err))
		return 0;
	foreign_round(t);
	topology_free(t);
	return 0;
}
