/* A hostile plan before the checker: one small topology (hosts, a router, a
 * shaper, a virtual node, a LAN), any text as its plan.  Whatever is judged ends
 * in a verdict that can be printed; a plan that is accepted is accepted again. */
#include "check/judge.h"
#include "topology/plan.h"
#include "topology/topofile.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The corpus carries its digest. */
static const char net[] =
	"{\"nodes\":[\"a\",\"b\",\"c\",\"r\",{\"name\":\"v\",\"role\":"
	"\"virtual\",\"host\":\"pc9\"},{\"name\":\"h\",\"role\":\"virthost\","
	"\"phys\":\"pc9\"},{\"name\":\"tb\",\"role\":\"shaper\"}],"
	"\"interfaces\":[{\"node\":\"a\",\"link\":\"core\"},"
	"{\"node\":\"r\",\"link\":\"core\"},{\"node\":\"tb\",\"link\":\"core\"}"
	","
	"{\"node\":\"tb\",\"link\":\"core\"},{\"node\":\"r\",\"link\":\"lan\"},"
	"{\"node\":\"b\",\"link\":\"lan\"},{\"node\":\"c\",\"link\":\"lan\"},"
	"{\"node\":\"v\",\"link\":\"up\"},{\"node\":\"r\",\"link\":\"up\"}],"
	"\"links\":[{\"name\":\"core\",\"kind\":\"p2p\",\"members\":"
	"[{\"iface\":0},{\"iface\":1}]},{\"name\":\"lan\",\"kind\":\"lan\","
	"\"members\":[{\"iface\":4},{\"iface\":5},{\"iface\":6}]},"
	"{\"name\":\"up\",\"kind\":\"p2p\",\"members\":[{\"iface\":7},"
	"{\"iface\":8}]}],"
	"\"bridges\":[{\"node\":\"tb\",\"link\":\"core\",\"ports\":[2,3]}]}";

static enum finding_result judge(
	const struct topology *t, const struct jval *plan)
{
	struct buf text = BUF_INIT(1 << 20);
	struct verdict v = {.n = 0};
	enum finding_result sum;

	judge_plan(t, plan, 1000, &v);
	sum = verdict_sum(&v);
	verdict_print(&v, false, &text);
	verdict_print_json(&v, &text);
	if (v.n == 0 || !buf_ok(&text))
		abort();
	verdict_release(&v);
	buf_release(&text);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct topology *t = NULL;
	struct jval *plan = NULL;

	if (topofile_parse(net, sizeof(net) - 1, "net", &t, NULL) < 0)
		abort();
	if (jval_parse((const char *)data, size, "plan", &plan, NULL) == 0 &&
		judge(t, plan) == FINDING_HOLDS &&
		judge(t, plan) != FINDING_HOLDS)
		abort();
	jval_free(plan);
	topology_free(t);
	return 0;
}
