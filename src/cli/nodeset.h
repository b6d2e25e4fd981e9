/* Many node names in few words: "client[1-40,45],r1". */
#ifndef NFZ_CLI_NODESET_H
#define NFZ_CLI_NODESET_H

#include "base/buf.h"
#include "base/err.h"
#include "base/opt.h"

#include <stddef.h>

/* Adds n names: those that differ in the number at their end become one word,
 * in the order of the first of each.  Numbers with leading zeros keep them. */
void nodeset_print(const char *const *names, size_t n, struct buf *to);
/* The names that text stands for, added to ret once each; words without
 * brackets stay as they are.  NFZ_E_USAGE. */
int nodeset_parse(
	const char *text, struct opt_list *ret, struct err *err) NFZ_MUST_CHECK;

#endif
