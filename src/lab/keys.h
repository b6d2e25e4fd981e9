/* Host keys of the site's machines: made once, kept, so that a machine has
 * the same keys in every experiment, but for one in which it is re-imaged. */
#ifndef NFZ_LAB_KEYS_H
#define NFZ_LAB_KEYS_H

#include "base/err.h"
#include "lab/model.h"

struct nodefiles;

/* Testbeds that run at the same time have machines of the same names: what one
 * of them makes anew is its own. */
struct keys_dirs {
	const char *site; /* of all testbeds */
	const char *own;  /* of one, for as long as that is there */
};

/* Makes the keys missing for these machines and fills their host_key_*
 * lines. */
int keys_ensure(const struct keys_dirs *dirs, struct lab_site *site,
	const int *machines, size_t n, struct err *err) NFZ_MUST_CHECK;
/* Forgets a machine's keys: it was re-imaged. */
void keys_forget(const struct keys_dirs *dirs, const struct lab_machine *m);
/* The files of /etc/ssh for a machine. */
int keys_files(const struct keys_dirs *dirs, const struct lab_machine *m,
	struct nodefiles *to, struct err *err) NFZ_MUST_CHECK;

#endif
