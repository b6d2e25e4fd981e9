/* A ClickHouse server, spoken to over HTTP, and the table of flows in it.
 *
 *   clickhouse://[USER@]HOST[:PORT]/DATABASE[/TABLE]     HTTP, port 8123
 *   clickhouses://...                                    TLS, port 8443
 *
 * The table is `flows` where none is named.  A password is never part of an
 * address: it comes from a file that only its owner can read, or from the
 * environment (NETFLOWIZE_CLICKHOUSE_USER, NETFLOWIZE_CLICKHOUSE_PASSWORD).
 *
 * A flow is one row.  Rows travel as RowBinary: numbers little-endian, texts
 * and lists with their length (LEB128) in front, in the order of
 * CLICKHOUSE_COLUMNS. */
#ifndef NFZ_EXCHANGE_CLICKHOUSE_H
#define NFZ_EXCHANGE_CLICKHOUSE_H

#include "store/merge.h"

#include <stdbool.h>

/* X(name, type, how it is stored) */
#define CLICKHOUSE_COLUMNS(X)                                                  \
	X(first_ns, "Int64", "CODEC(DoubleDelta, ZSTD(1))")                    \
	X(last_ns, "Int64", "CODEC(DoubleDelta, ZSTD(1))")                     \
	X(src, "IPv6", "CODEC(ZSTD(1))")                                       \
	X(dst, "IPv6", "CODEC(ZSTD(1))")                                       \
	X(sport, "UInt16", "CODEC(ZSTD(1))")                                   \
	X(dport, "UInt16", "CODEC(ZSTD(1))")                                   \
	X(proto, "UInt8", "CODEC(ZSTD(1))")                                    \
	X(fragment, "UInt8", "CODEC(ZSTD(1))")                                 \
	X(tcp_flags, "UInt8", "CODEC(ZSTD(1))")                                \
	X(estimated, "UInt8", "CODEC(ZSTD(1))")                                \
	X(packets, "UInt64", "CODEC(T64, ZSTD(1))")                            \
	X(bytes, "UInt64", "CODEC(T64, ZSTD(1))")                              \
	X(src_node, "LowCardinality(String)", "")                              \
	X(dst_node, "LowCardinality(String)", "")                              \
	X(path, "Array(LowCardinality(String))", "")                           \
	X(links, "Array(LowCardinality(String))", "")                          \
	X(link_packets, "Array(UInt64)", "CODEC(ZSTD(1))")                     \
	X(link_bytes, "Array(UInt64)", "CODEC(ZSTD(1))")                       \
	X(via, "Array(LowCardinality(String))", "")                            \
	X(probes, "Array(LowCardinality(String))", "")                         \
	X(vlan, "UInt16", "CODEC(ZSTD(1))")                                    \
	X(out_vlan, "UInt16", "CODEC(ZSTD(1))")                                \
	X(in_if, "UInt32", "CODEC(ZSTD(1))")                                   \
	X(out_if, "UInt32", "CODEC(ZSTD(1))")                                  \
	X(src_as, "UInt32", "CODEC(ZSTD(1))")                                  \
	X(dst_as, "UInt32", "CODEC(ZSTD(1))")                                  \
	X(next_hop, "IPv6", "CODEC(ZSTD(1))")                                  \
	X(src_mac, "UInt64", "CODEC(ZSTD(1))")                                 \
	X(dst_mac, "UInt64", "CODEC(ZSTD(1))")                                 \
	X(mpls, "UInt32", "CODEC(ZSTD(1))")                                    \
	X(run, "LowCardinality(String)", "")                                   \
	X(batch, "UInt64", "CODEC(ZSTD(1))")

struct clickhouse;

bool clickhouse_is_address(const char *text);
/* credentials: a file "USER:PASSWORD"; NULL: the environment.  interrupted: not
 * 0 ends what is under way (NFZ_E_INTERRUPTED); may be NULL. */
struct clickhouse_way {
	const char *address, *credentials;
	const volatile int *interrupted;
};
int clickhouse_open(const struct clickhouse_way *way, struct clickhouse **ret,
	struct err *err) NFZ_MUST_CHECK;
void clickhouse_close(struct clickhouse *c); /* NULL is fine */
/* `database`.`table`, quoted. */
const char *clickhouse_table(const struct clickhouse *c);

/* A statement and what is answered, up to the buffer's ceiling.  NFZ_E_SERVICE:
 * no answer, or one that says the server is not able to (5xx): trying again
 * may help.  NFZ_E_REMOTE: it refused. */
int clickhouse_ask(struct clickhouse *c, const char *sql, struct buf *answer,
	struct err *err) NFZ_MUST_CHECK;
/* Inserts rows, all or none; a batch of a number that the server has had lately
 * is not inserted again. */
int clickhouse_insert(struct clickhouse *c, uint64_t batch,
	const struct buf *rows, struct err *err) NFZ_MUST_CHECK;
/* Makes the table, unless it is there. */
int clickhouse_create(struct clickhouse *c, struct err *err) NFZ_MUST_CHECK;

/* A flow as a row, all but its batch. */
void clickhouse_row(struct buf *to, const struct flow *f,
	const struct catalog *names, const char *run);
void clickhouse_u64(struct buf *to, uint64_t v);
/* Little-endian numbers and texts of an answer in RowBinary; after what is not
 * there the cursor is not ok.  A text is a name, copied into a; one with
 * characters that a terminal might obey is none. */
uint64_t clickhouse_number(struct cursor *c, unsigned bytes);
const char *clickhouse_text(struct cursor *c, struct arena *a);
uint64_t clickhouse_length(struct cursor *c);

#endif
