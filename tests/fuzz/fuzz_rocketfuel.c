#include "foreign.h"
#include "testbed/rocketfuel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return foreign_input(rocketfuel_parse, data, size);
}
