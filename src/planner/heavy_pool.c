/* "pc3000=19:4,pc850=8". */
#include "base/mem.h"
#include "planner/heavy.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { IFACES = 4, IFACES_MAX = 1024, COUNT_MAX = 100000000 };

/* A number at *s, which moves on; -1: none, or more than max. */
static int64_t number(const char **s, int64_t max)
{
	int64_t n = 0;

	if (!isdigit((unsigned char)**s))
		return -1;
	for (; isdigit((unsigned char)**s); (*s)++) {
		n = n * 10 + (**s - '0');
		if (n > max)
			return -1;
	}
	return n;
}

static int bad(const char *text, struct err *err)
{
	err_set(err, NFZ_E_USAGE, "--free: \"%.100s\" is no TYPE=COUNT[:PORTS]",
		text);
	return err_hint(err, "For example: --free pc3000=19:4,pc850=8");
}

int heavy_pool_parse(const char *text, struct arena *arena,
	struct heavy_type **ret, size_t *ret_n, struct err *err)
{
	size_t cap = *ret_n;

	for (const char *s = text; *s;) {
		size_t len = strcspn(s, "=,");
		struct heavy_type type = {.ifaces = IFACES};

		if (!len || s[len] != '=')
			return bad(s, err);
		type.name = arena_strndup(arena, s, len);
		s += len + 1;
		type.have = number(&s, COUNT_MAX);
		if (type.have >= 0 && *s == ':') {
			s++;
			type.ifaces = (int)number(&s, IFACES_MAX);
		}
		if (type.have < 0 || type.ifaces < 0 || (*s && *s != ','))
			return bad(text, err);
		s += *s == ',';
		MEM_PUSH(*ret, *ret_n, cap) = type;
	}
	return 0;
}
