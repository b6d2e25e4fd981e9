/* Whose an address is, by a file of the user's: autonomous systems, countries,
 * departments.  A line is one of
 *
 *   10.1.0.0/16 AS64500        prefix and name
 *   10.1.0.0 16 64500          as CAIDA's prefix-to-AS files have it
 *   10.1.0.0,10.1.3.255,DE     first and last, as Tor's geoip files have it;
 *   167837696,167838719,DE     IPv4 as one number, too
 *
 * with blanks or tabs between words.  The longest prefix counts; empty lines
 * and those that begin with # are left out. */
#ifndef NFZ_ANALYSIS_REGIONS_H
#define NFZ_ANALYSIS_REGIONS_H

#include "base/err.h"
#include "base/net.h"

#include <stddef.h>

struct regions;

/* NFZ_E_INPUT names the line that is none of these. */
int regions_parse(const char *text, size_t len, struct regions **ret,
	struct err *err) NFZ_MUST_CHECK;
int regions_load(
	const char *path, struct regions **ret, struct err *err) NFZ_MUST_CHECK;
void regions_free(struct regions *r); /* NULL is fine */
/* NULL: of no region, or r is NULL.  Equal names are one text. */
const char *regions_of(const struct regions *r, const struct net_addr *a);

#endif
