#include "foreign.h"
#include "testbed/gr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return foreign_input(gr_parse, data, size);
}
