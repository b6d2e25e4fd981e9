/* Apart from the rest of the import, which needs a testbed to talk to. */
#include "testbed/import.h"

#include <string.h>
#include <strings.h>

bool import_os_unusable(const char *osid)
{
	static const char *const starts[] = {"FBSD", "FREEBSD", "BSD", "NETBSD",
		"OPENBSD", "WIN", "MINIX", "OSKIT", "SOLARIS"};

	for (size_t i = 0; osid && i < sizeof(starts) / sizeof(starts[0]); i++)
		if (strncasecmp(osid, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}
