#include "foreign.h"
#include "testbed/hostlist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return foreign_input(hostlist_parse, data, size);
}
