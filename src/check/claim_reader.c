/* What every reader of a member of the plan needs. */
#include "check/claim.h"

int claim_bad(struct claim_reader *r, const char *what)
{
	return err_set(r->err, NFZ_E_INPUT,
		"%s is missing or not what it should be", what);
}

int claim_link(
	struct claim_reader *r, const char *where, const char *name, int *ret)
{
	*ret = names_link(r->names, name);
	if (*ret >= 0)
		return 0;
	return err_set(r->err, NFZ_E_INPUT,
		"%s: link %s is not in the topology", where,
		name ? name : "(none)");
}
