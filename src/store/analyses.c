/* The table of analyses; nfz-query(1) lists them. */
#include "store/analyses.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/opt.h"

#include <string.h>

const struct analysis analyses[] = {
	{"protocols", "what is carried, by protocol", "", "proto", SORT_BYTES,
		0},
	{"links", "how much each link carries", "", "link", SORT_BYTES, 0},
	{"nodes", "who sends to whom", "", "src_node,dst_node", SORT_BYTES, 50},
	{"senders", "addresses that send most", "", "src", SORT_BYTES, 20},
	{"receivers", "addresses that get most", "", "dst", SORT_BYTES, 20},
	{"pairs", "addresses that talk most to each other", "", "src,dst",
		SORT_BYTES, 20},
	{"ports", "services by protocol and destination port", "",
		"proto,dport", SORT_BYTES, 20},
	{"servers", "who is asked, at which port, by how many flows",
		"tcp and flags S or udp", "dst,proto,dport", SORT_FLOWS, 20},
	{"series", "how much in each minute", "", "time:60", SORT_KEY, 0},
	{"scanners", "who knocks and gets no connection: SYN, no ACK",
		"tcp and flags S and not flags A and packets <= 3", "src",
		SORT_FLOWS, 20},
	{"scanned", "who is knocked at: SYN, no ACK",
		"tcp and flags S and not flags A and packets <= 3", "dst,dport",
		SORT_FLOWS, 20},
	{"resets", "who refuses connections", "tcp and flags R", "src,sport",
		SORT_FLOWS, 20},
	{"tiny", "who sends flows of one small packet",
		"packets = 1 and bytes < 64", "src,proto", SORT_FLOWS, 20},
	{"odd-flags", "TCP flags in one packet that do not go together",
		"tcp and packets = 1 and (flags SF or flags SR or flags FPU)",
		"src,dst", SORT_FLOWS, 20},
	{NULL, NULL, NULL, NULL, SORT_DEFAULT, 0}};

static const char *nth_name(const void *ctx, size_t i)
{
	(void)ctx;
	return analyses[i].name;
}

int analysis_find(
	const char *name, const struct analysis **ret, struct err *err)
{
	struct buf names = BUF_INIT(4096);
	const char *near;

	for (*ret = analyses; (*ret)->name; ++*ret)
		if (strcmp((*ret)->name, name) == 0)
			return 0;
	near = opt_nearest(name, nth_name, NULL);
	for (size_t i = 0; analyses[i].name; i++)
		buf_addf(&names, "\n  %-10s %s", analyses[i].name,
			analyses[i].summary);
	err_set(err, NFZ_E_USAGE, "there is no analysis %s", name);
	err_hint(err, "%s%s%sThere are:%s", near ? "Did you mean " : "",
		near ? near : "", near ? "?\n" : "", buf_str(&names));
	buf_release(&names);
	return -NFZ_E_USAGE;
}

int analysis_apply(
	const struct analysis *of, struct answer *to, struct err *err)
{
	cleanup_free char *keys = mem_strdup(of->by);
	char *rest = keys, *key;
	int r = 0;

	while (r == 0 && (key = strsep(&rest, ",")))
		r = group_by_add(&to->by, key, err);
	if (to->sort == SORT_DEFAULT)
		to->sort = of->sort;
	if (!to->limit)
		to->limit = of->limit;
	return r;
}
