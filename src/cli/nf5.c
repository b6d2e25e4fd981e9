#include "cli/nf5.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

/* "192.0.2.1:2055" */
static int read_export(
	const char *text, struct rollout_nf5 *ret, struct err *err)
{
	const char *colon = strrchr(text, ':');
	char addr[NET_ADDR_TEXT];
	char *end = NULL;
	unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;

	if (!colon || *end || port == 0 || port > UINT16_MAX ||
		(size_t)(colon - text) >= sizeof(addr))
		return err_set(err, NFZ_E_USAGE,
			"--nf5-export: %s is not ADDR:PORT", text);
	snprintf(addr, sizeof(addr), "%.*s", (int)(colon - text), text);
	if (!net_addr_parse(addr, &ret->export_to))
		return err_set(err, NFZ_E_USAGE,
			"--nf5-export: %s is not a numeric address", addr);
	ret->export_port = (uint16_t)port;
	return 0;
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
	return typed->export_to ? read_export(typed->export_to, ret, err) : 0;
}

void nf5_release(struct nf5_options *typed, struct rollout_nf5 *nf5)
{
	opt_list_release(&typed->allow);
	free(nf5->allow);
	*nf5 = (struct rollout_nf5){0};
}
