#include "cli/nf5.h"
#include "base/mem.h"

#include <stdlib.h>

static int read_exports(
	const struct opt_list *typed, struct rollout_nf5 *ret, struct err *err)
{
	int r = 0;

	if (typed->n > EXPORT_TARGETS_MAX)
		return err_set(err, NFZ_E_USAGE,
			"--export: more than %d collectors",
			EXPORT_TARGETS_MAX);
	ret->exports = mem_zalloc(typed->n + 1, sizeof(*ret->exports));
	for (size_t i = 0; i < typed->n && r == 0; i++)
		r = export_target_parse(
			typed->items[i], &ret->exports[ret->n_exports++], err);
	return r < 0 ? err_wrap(err, "--export") : 0;
}

int nf5_read(const struct nf5_options *typed, struct rollout_nf5 *ret,
	struct err *err)
{
	const struct opt_list *allow = &typed->allow;
	struct net_prefix *list;

	if ((allow->n > 0) != (typed->port > 0)) {
		err_set(err, NFZ_E_USAGE,
			"--nf5-port and --nf5-allow go together");
		return err_hint(err, "NetFlow v5 cannot be authenticated: name "
				     "the exporters to believe");
	}
	list = mem_zalloc(allow->n + 1, sizeof(*list));
	ret->port = (uint16_t)typed->port;
	ret->allow = list;
	ret->n_allow = allow->n;
	for (size_t i = 0; i < allow->n; i++)
		if (!net_prefix_parse(allow->items[i], &list[i]))
			return err_set(err, NFZ_E_USAGE,
				"--nf5-allow: %s is not an address or prefix",
				allow->items[i]);
	return read_exports(&typed->export_to, ret, err);
}

void nf5_release(struct nf5_options *typed, struct rollout_nf5 *nf5)
{
	opt_list_release(&typed->allow);
	opt_list_release(&typed->export_to);
	free(nf5->allow);
	free(nf5->exports);
	*nf5 = (struct rollout_nf5){0};
}
