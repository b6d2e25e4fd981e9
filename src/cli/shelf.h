/* Where recipes are found: by path, or by name among those that came with the
 * program. */
#ifndef NFZ_CLI_SHELF_H
#define NFZ_CLI_SHELF_H

#include "base/err.h"
#include "base/opt.h"

/* The file that word names; free() it. */
int shelf_find(const char *word, char **ret, struct err *err) NFZ_MUST_CHECK;
/* Paths of all that came with the program, sorted. */
void shelf_list(struct opt_list *ret);

#endif
