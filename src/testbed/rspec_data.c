/* What nodes, links and bridges of an RSpec share: names in URNs, and what a
 * link does to packets. */
#include "testbed/rspec_data.h"

#include <string.h>

const char *rspec_urn_name(const char *urn)
{
	const char *plus = urn ? strrchr(urn, '+') : NULL;

	return plus ? plus + 1 : urn;
}

static int read_number(struct rspec *r, const struct xnode *x, const char *name,
	double max, double *ret)
{
	const char *text = draft_xml_attr(&r->draft, x, name);

	*ret = 0;
	if (!text)
		return 0;
	if (!span_number((struct span){text, strlen(text)}, ret) || *ret < 0 ||
		*ret > max)
		return draft_fail(&r->draft, xnode_line(x),
			"\"%.40s\" cannot be a %s", text, name);
	return 0;
}

int rspec_shape(struct rspec *r, const struct xnode *x, struct topo_shape *ret)
{
	double kbps = 0;
	int rc = read_number(r, x, "capacity", 1e15, &kbps);

	*ret = (struct topo_shape){0};
	ret->bandwidth_kbps = (int64_t)kbps;
	if (!rc)
		rc = read_number(r, x, "latency", 1e9, &ret->delay_ms);
	if (!rc)
		rc = read_number(r, x, "packet_loss", 1, &ret->loss);
	return rc;
}

static int64_t lesser(int64_t a, int64_t b)
{
	if (a <= 0 || b <= 0)
		return a > 0 ? a : b;
	return a < b ? a : b;
}

void rspec_shape_join(
	struct topo_shape *to, const struct topo_shape *further, bool back)
{
	double *delay = back ? &to->r_delay_ms : &to->delay_ms;
	double *loss = back ? &to->r_loss : &to->loss;
	int64_t *rate = back ? &to->r_bandwidth_kbps : &to->bandwidth_kbps;

	*delay += further->delay_ms;
	*loss = *loss > 0 ? 1 - (1 - *loss) * (1 - further->loss)
			  : further->loss;
	*rate = lesser(*rate, further->bandwidth_kbps);
}
