#include "foreign.h"
#include "testbed/rspec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return foreign_input(rspec_parse, data, size);
}
