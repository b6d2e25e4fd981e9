#include "cli/others.h"
#include "base/mem.h"

#include <stdlib.h>

static int read_exports(const struct opt_list *typed,
	struct rollout_others *ret, struct err *err)
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

int others_read(const struct others_options *typed, struct rollout_others *ret,
	struct err *err)
{
	const struct opt_list *allow = &typed->allow;
	struct net_prefix *list;

	if ((allow->n > 0) != (typed->port > 0)) {
		err_set(err, NFZ_E_USAGE,
			"--import-port and --import-from go together");
		return err_hint(err,
			"Such flows cannot be authenticated: name the "
			"exporters to believe");
	}
	list = mem_zalloc(allow->n + 1, sizeof(*list));
	ret->port = (uint16_t)typed->port;
	ret->allow = list;
	ret->n_allow = allow->n;
	for (size_t i = 0; i < allow->n; i++)
		if (!net_prefix_parse(allow->items[i], &list[i]))
			return err_set(err, NFZ_E_USAGE,
				"--import-from: %s is not an address or prefix",
				allow->items[i]);
	return read_exports(&typed->export_to, ret, err);
}

void others_release(struct others_options *typed, struct rollout_others *others)
{
	opt_list_release(&typed->allow);
	opt_list_release(&typed->export_to);
	free(others->allow);
	free(others->exports);
	*others = (struct rollout_others){0};
}
