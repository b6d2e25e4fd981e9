#include "foreign.h"
#include "testbed/graphml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return foreign_input(graphml_parse, data, size);
}
