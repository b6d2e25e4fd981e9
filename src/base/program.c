#include "base/program.h"

#include <string.h>

bool program_is(char *const *argv, const char *name)
{
	const char *slash = argv[0] ? strrchr(argv[0], '/') : NULL;

	return argv[0] && strcmp(slash ? slash + 1 : argv[0], name) == 0;
}
