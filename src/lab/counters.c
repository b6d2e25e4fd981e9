/* What a switch port has counted. */
#include "base/file.h"
#include "base/mem.h"
#include "lab/service_parts.h"

#include <stdio.h>
#include <string.h>

/* The node's own count, turned round: what it sends goes into the switch. */
static int count_on_node(const struct lab_machine *m, const struct lab_iface *f,
	struct lab_counters *ret)
{
	struct buf text cleanup(buf_release) = BUF_INIT(1 << 20);
	char path[64];
	long long in[8], out[8];
	const char *at;
	size_t n = strlen(f->os_name);

	snprintf(path, sizeof(path), "/proc/%d/net/dev", (int)m->init);
	if (m->init <= 0 || file_read(path, &text, NULL) < 0)
		return -1;
	at = buf_str(&text);
	while ((at = strstr(at, f->os_name)) && at[n] != ':')
		at += n;
	if (!at || sscanf(at + n + 1,
			   "%lld %lld %lld %lld %lld %lld %lld %lld %lld %lld",
			   &out[0], &out[1], &out[2], &out[3], &out[4], &out[5],
			   &out[6], &out[7], &in[0], &in[1]) != 10)
		return -1;
	*ret = (struct lab_counters){.in_octets = in[0],
		.in_unicast = in[1],
		.out_octets = out[0],
		.out_unicast = out[1] - out[7],
		.out_other = out[7]};
	return 0;
}

int lab_service_counters(struct lab_service *svc, int machine, int iface,
	struct lab_counters *ret)
{
	const struct lab_actions *a = &svc->actions;
	const struct lab_machine *m = &svc->site->machines[machine];

	if (a->counters)
		return a->counters(a->ctx, machine, iface, ret);
	return count_on_node(m, &m->ifaces[iface], ret);
}
