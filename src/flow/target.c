/* FORMAT[+tcp]://ADDR:PORT, with brackets around an IPv6 address. */
#include "flow/target.h"
#include "base/lines.h"

#include <stdio.h>
#include <string.h>

static const char separator[] = "://";

static bool parse_address(const char *text, struct export_target *ret)
{
	const char *colon = strrchr(text, ':');
	char addr[NET_ADDR_TEXT + 2], *start = addr;
	size_t len = colon ? (size_t)(colon - text) : 0;
	int64_t port;

	if (len == 0 || len >= sizeof(addr) ||
		!span_count(span_of(colon + 1), UINT16_MAX, &port) || port == 0)
		return false;
	memcpy(addr, text, len);
	addr[len] = '\0';
	if (addr[0] == '[' && addr[len - 1] == ']') {
		addr[len - 1] = '\0';
		start++;
	}
	ret->port = (uint16_t)port;
	return net_addr_parse(start, &ret->addr);
}

/* The `len` characters in front of the separator. */
static bool parse_format(
	const char *text, size_t len, struct export_target *ret)
{
	for (int i = 0; i < EXPORT_FORMATS; i++) {
		const char *name = export_format_name((enum export_format)i);
		size_t n = strlen(name);

		if (len < n || memcmp(text, name, n) != 0)
			continue;
		ret->format = (enum export_format)i;
		if (len == n)
			return true;
		ret->tcp = i == EXPORT_IPFIX && len == n + 4 &&
			   memcmp(text + n, "+tcp", 4) == 0;
		return ret->tcp;
	}
	return false;
}

int export_target_parse(
	const char *text, struct export_target *ret, struct err *err)
{
	const char *mark = strstr(text, separator);
	struct export_target t = {.format = EXPORT_NF5};

	if (mark && !parse_format(text, (size_t)(mark - text), &t))
		return err_set(err, NFZ_E_USAGE,
			"\"%s\" is none of the formats nf1, nf5, nf7, nf9, "
			"ipfix, ipfix+tcp",
			text);
	if (!parse_address(mark ? mark + strlen(separator) : text, &t)) {
		err_set(err, NFZ_E_USAGE,
			"\"%s\" is no [FORMAT://]ADDRESS:PORT", text);
		return err_hint(err,
			"As in nf9://10.1.2.3:2055; there are nf1, nf5, nf7, "
			"nf9, ipfix and ipfix+tcp.");
	}
	*ret = t;
	return 0;
}

char *export_target_print(
	const struct export_target *t, char text[static EXPORT_TARGET_TEXT])
{
	bool v4 = net_addr_is_v4(&t->addr);
	char addr[NET_ADDR_TEXT];

	snprintf(text, EXPORT_TARGET_TEXT, "%s%s%s%s%s%s:%u",
		export_format_name(t->format), t->tcp ? "+tcp" : "", separator,
		v4 ? "" : "[", net_addr_print(&t->addr, addr), v4 ? "" : "]",
		t->port);
	return text;
}
