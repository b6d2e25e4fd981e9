/* A flow as a row of a table of others: times in ns since 1970, addresses as
 * text, the path as names with blanks between, elements nobody knows as a JSON
 * object of their names.  What was not told is none. */
#ifndef NFZ_EXCHANGE_CARRY_ROW_H
#define NFZ_EXCHANGE_CARRY_ROW_H

#include "store/merge.h"

/* X(name, kind): those from vlan on are what exporters tell besides. */
#define CARRY_COLUMNS(X)                                                       \
	X(src, TEXT)                                                           \
	X(dst, TEXT)                                                           \
	X(sport, NUMBER)                                                       \
	X(dport, NUMBER)                                                       \
	X(proto, NUMBER)                                                       \
	X(packets, NUMBER)                                                     \
	X(bytes, NUMBER)                                                       \
	X(first_ns, NUMBER)                                                    \
	X(last_ns, NUMBER)                                                     \
	X(tcp_flags, NUMBER)                                                   \
	X(src_node, TEXT)                                                      \
	X(dst_node, TEXT)                                                      \
	X(path, TEXT)                                                          \
	X(vlan, NUMBER)                                                        \
	X(out_vlan, NUMBER)                                                    \
	X(in_if, NUMBER)                                                       \
	X(out_if, NUMBER)                                                      \
	X(src_as, NUMBER)                                                      \
	X(dst_as, NUMBER)                                                      \
	X(mpls, NUMBER)                                                        \
	X(next_hop, TEXT)                                                      \
	X(src_mac, TEXT)                                                       \
	X(dst_mac, TEXT)                                                       \
	X(elements, TEXT)

enum carry_column {
#define X(name, kind) CARRY_##name,
	CARRY_COLUMNS(X)
#undef X
		CARRY_N
};

struct carry_cell {
	enum { CARRY_NONE, CARRY_NUMBER, CARRY_TEXT } kind;
	int64_t number;
	const char *text;
};

struct carry_row;

/* The catalog must live longer. */
struct carry_row *carry_row_new(const struct catalog *names);
void carry_row_free(struct carry_row *r); /* NULL is fine */
/* CARRY_N cells, the row's own until the next. */
const struct carry_cell *carry_row_fill(
	struct carry_row *r, const struct flow *f);

#endif
