/* Of one node of a filter, whatever its kind asks of. */
#include "store/filter_tree.h"

#include <inttypes.h>

bool filter_in_prefixes(const struct filter_node *n, const struct net_addr *a)
{
	for (size_t i = 0; i < n->n_prefixes; i++)
		if (net_prefix_has(&n->prefixes[i], a))
			return true;
	return false;
}

void filter_print_prefix(
	const char *side, const struct net_prefix *p, struct buf *out)
{
	char text[NET_ADDR_TEXT];

	net_addr_print(&p->addr, text);
	if (p->len == 128)
		buf_addf(out, "%s host %s", side, text);
	else
		buf_addf(out, "%s net %s/%d", side, text,
			p->len - (net_addr_is_v4(&p->addr) ? 96 : 0));
}

void filter_print_range(
	const char *name, const struct filter_node *n, struct buf *out)
{
	if (n->low > n->high)
		buf_adds(out, "not any");
	else if (n->low == n->high)
		buf_addf(out, "%s = %" PRIu64, name, n->low);
	else if (n->low > 0 && n->high < UINT64_MAX)
		buf_addf(out, "%s %" PRIu64 "-%" PRIu64, name, n->low, n->high);
	else if (n->high < UINT64_MAX)
		buf_addf(out, "%s <= %" PRIu64, name, n->high);
	else
		buf_addf(out, "%s >= %" PRIu64, name, n->low);
}
