#include "analysis/study.h"

#include <netinet/in.h>

int study_too_many(struct err *err, const char *what)
{
	err_set(err, NFZ_E_LIMIT, "more than %d %s", STUDY_ROWS, what);
	return err_hint(err, "Filter, or ask for a shorter time (--last).");
}

uint64_t study_ratio(uint64_t a, uint64_t times, uint64_t b)
{
	return b ? (uint64_t)((double)a * (double)times / (double)b + 0.5) : 0;
}

const char *study_name(const struct catalog *c, int node,
	const struct net_addr *a, char text[static NET_ADDR_TEXT])
{
	return node >= 0 ? c->nodes[node].name : net_addr_print(a, text);
}

void study_addr_cell(struct sheet *to, const struct net_addr *a)
{
	char text[NET_ADDR_TEXT];

	sheet_text(to, net_addr_print(a, text));
}

void study_end_cell(
	struct sheet *to, const struct catalog *c, const struct net_addr *a)
{
	const bool people = to->format == SHEET_TABLE;
	char text[NET_ADDR_TEXT];

	sheet_text(to,
		study_name(c, people ? catalog_node_of(c, a) : -1, a, text));
}

enum { LOSS_PACKETS = 10, LOSS_ONE_OF = 200 };

void study_loss_cells(struct sheet *to, uint64_t sent, uint64_t arrived)
{
	const int64_t lost = (int64_t)(sent - arrived);

	sheet_uint(to, sent);
	sheet_uint(to, arrived);
	sheet_int(to, lost);
	if (sent)
		sheet_fixed(to, 100.0 * (double)lost / (double)sent, 3);
	else
		sheet_null(to);
	sheet_bool(to,
		lost >= LOSS_PACKETS && (uint64_t)lost > sent / LOSS_ONE_OF);
}

void study_proto_cell(struct sheet *to, uint8_t proto)
{
	const char *name = filter_protocol_name(proto);

	if (name && to->format == SHEET_TABLE)
		sheet_text(to, name);
	else
		sheet_plain(to, proto);
}

bool study_odd_flags(const struct flow *f)
{
	static const uint8_t never[] = {3, 6, 0x29}; /* SF SR FPU */

	if (f->key.proto != IPPROTO_TCP || f->key.flags & KEY_FRAGMENT)
		return false;
	if (!f->tcp_flags)
		return true;
	for (size_t i = 0; i < sizeof(never) && f->packets == 1; i++)
		if ((f->tcp_flags & never[i]) == never[i])
			return true;
	return false;
}
