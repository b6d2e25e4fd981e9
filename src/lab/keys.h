/* Host keys of the site's machines: made once, kept, so that a machine has
 * the same keys in every experiment until it is re-imaged. */
#ifndef NFZ_LAB_KEYS_H
#define NFZ_LAB_KEYS_H

#include "base/err.h"
#include "lab/model.h"

struct nodefiles;

/* Makes the keys missing for these machines and fills their host_key_*
 * lines. */
int keys_ensure(const char *dir, struct lab_site *site, const int *machines,
	size_t n, struct err *err) NFZ_MUST_CHECK;
/* Forgets a machine's own keys: it was re-imaged. */
void keys_forget(const char *dir, struct lab_machine *m);
/* The files of /etc/ssh for a machine. */
int keys_files(const char *dir, const struct lab_machine *m,
	struct nodefiles *to, struct err *err) NFZ_MUST_CHECK;

#endif
