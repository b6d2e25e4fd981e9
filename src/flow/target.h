/* A collector of somebody else: where it is and what it reads. */
#ifndef NFZ_FLOW_TARGET_H
#define NFZ_FLOW_TARGET_H

#include "base/err.h"
#include "base/net.h"
#include "flow/exporter.h"

#include <stdbool.h>
#include <stdint.h>

struct export_target {
	enum export_format format;
	bool tcp;
	struct net_addr addr;
	uint16_t port;
};

enum { EXPORT_TARGET_TEXT = NET_ADDR_TEXT + 32, EXPORT_TARGETS_MAX = 16 };

/* "ipfix://10.1.2.3:4739", "ipfix+tcp://...", "nf9://[2001:db8::1]:2055", nf1,
 * nf5, nf7; "10.1.2.3:2055" is nf5.  Numeric addresses only. */
int export_target_parse(const char *text, struct export_target *ret,
	struct err *err) NFZ_MUST_CHECK;
/* Writes and returns text, as it is parsed. */
char *export_target_print(
	const struct export_target *t, char text[static EXPORT_TARGET_TEXT]);

#endif
