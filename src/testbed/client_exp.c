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

int client_parse_exp(const char *text, char proj[static CLIENT_NAME_MAX],
	char exp[static CLIENT_NAME_MAX], struct err *err)
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : 0;

	if (!slash || n >= CLIENT_NAME_MAX ||
		strlen(slash + 1) >= CLIENT_NAME_MAX)
		return err_set(err, NFZ_E_USAGE,
			"\"%.100s\" names no experiment (PROJ/EXP expected)",
			text);
	memcpy(proj, text, n);
	proj[n] = '\0';
	memcpy(exp, slash + 1, strlen(slash + 1) + 1);
	if (!client_name_valid(proj) || !client_name_valid(exp))
		return err_set(err, NFZ_E_USAGE,
			"\"%.100s\" names no experiment (letters, digits, - "
			"and _ only)",
			text);
	return 0;
}
