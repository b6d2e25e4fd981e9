/* Names of experiments, checked here so that nothing odd is ever sent. */
#include "testbed/client.h"

#include <ctype.h>
#include <string.h>

bool client_name_valid(const char *name)
{
	size_t n = strlen(name);

	if (!n || n >= CLIENT_NAME_MAX || name[0] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '-' &&
			name[i] != '_')
			return false;
	return true;
}
