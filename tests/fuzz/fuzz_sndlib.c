#include "foreign.h"
#include "testbed/sndlib.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return foreign_input(sndlib_parse, data, size);
}
