/* Host keys that the testbed reports, as text lines. */
#ifndef NFZ_DEPLOY_PINNED_H
#define NFZ_DEPLOY_PINNED_H

#include <stdbool.h>
#include <stddef.h>

/* Is that the key of a line such as "ssh-ed25519 AAAA... comment"?  The line
 * may begin with a host name. */
bool pinned_same(const char *line, const char *type, const char *base64);
/* The algorithms, "a,b,c", for keys of these kinds (NULL-ended lines): a key
 * of another kind could not be checked.  "" when none is known. */
void pinned_kinds(const char *const *lines, char *list, size_t size);

#endif
