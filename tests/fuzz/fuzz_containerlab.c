#include "foreign.h"
#include "testbed/containerlab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return foreign_input(containerlab_parse, data, size);
}
