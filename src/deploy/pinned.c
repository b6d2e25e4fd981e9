/* Reference: sshd(8), the format of known hosts files. */
#include "deploy/pinned.h"

#include <stdio.h>
#include <string.h>

bool pinned_same(const char *line, const char *type, const char *base64)
{
	size_t n = strlen(type), m = strlen(base64);
	const char *p = strstr(line, type);

	if (!p || (p != line && p[-1] != ' ') || p[n] != ' ')
		return false;
	p += n + 1;
	return strncmp(p, base64, m) == 0 &&
	       (p[m] == '\0' || p[m] == ' ' || p[m] == '\n' || p[m] == '\r');
}

void pinned_kinds(const char *const *lines, char *list, size_t size)
{
	static const struct {
		const char *line, *algorithms;
	} kinds[] = {{"ssh-ed25519", "ssh-ed25519"},
		{"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"},
		{"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"},
		{"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521"},
		{"ssh-rsa", "rsa-sha2-512,rsa-sha2-256"}};

	list[0] = '\0';
	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
		size_t n = strlen(list);

		for (size_t i = 0; lines[i]; i++) {
			if (!strstr(lines[i], kinds[k].line))
				continue;
			snprintf(list + n, size - n, "%s%s", n ? "," : "",
				kinds[k].algorithms);
			break;
		}
	}
}
