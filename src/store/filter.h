/* The filter language (netflowize-filter(7)): which flows are wanted.
 *
 *   expression  term { or term }           or, ||
 *   term        factor { and factor }      and, &&
 *   factor      not factor | ( expression ) | primitive      not, !
 *   primitive   any | ipv4 | ipv6 | fragment | PROTOCOL
 *               [dir] host|ip ADDRESS      [dir] net PREFIX
 *               [dir] port [cmp] N | N-M   [dir] node NAME
 *               [dir] as [cmp] N | N-M     [dir] mac MAC
 *               [dir] vlan [cmp] N | N-M   [in | out] if [cmp] N | N-M
 *               mpls [cmp] N | N-M         next host|ip ADDRESS, next net PREFIX
 *               ie ELEMENT [cmp] N | N-M | 0xBYTES | "TEXT"
 *               proto NAME|N | link NAME | via NAME | at NAME
 *               packets|bytes|duration|bps|pps|bpp [cmp] N[k|m|g] | N-M
 *               flags LETTERS              of FSRPAUEC, all set
 *               ADDRESS | PREFIX | NODE    as after host, net, node
 *               any of these words with in [ value value ... ]
 *   ELEMENT     N | ENTERPRISE/N       of IPFIX and NetFlow 9
 *   dir         src | dst | src or dst | src and dst     default: src or dst
 *   cmp         = == != < > <= >=          default: =
 *
 * node: the flow comes from or goes to an address of the node.  via: it passed
 * through the node.  at: a probe on the node saw it.  duration is in
 * milliseconds, bpp is bytes a packet.  What exporters tell besides (as to next)
 * is 0 where they do not. */
#ifndef NFZ_STORE_FILTER_H
#define NFZ_STORE_FILTER_H

#include "base/buf.h"
#include "base/err.h"
#include "flow/extra.h"
#include "store/catalog.h"

struct filter;
struct store_zone;
struct block;

enum { FILTER_TEXT_MAX = 65536 };

/* An empty text lets everything through.  Names are looked up in the catalog,
 * which may go afterwards.  NFZ_E_FILTER: the remedy shows the place and, where
 * it can, what was meant. */
int filter_parse(const char *text, size_t len, const struct catalog *c,
	struct filter **ret, struct err *err) NFZ_MUST_CHECK;
/* Whether it may be right, where no name is known: NFZ_E_FILTER is certain. */
int filter_check(const char *text, size_t len, struct err *err) NFZ_MUST_CHECK;
void filter_free(struct filter *f); /* NULL is fine */
static inline void filter_free_at(struct filter **f)
{
	filter_free(*f);
}
/* How it was understood, on one line, without abbreviations. */
void filter_print(
	const struct filter *f, const struct catalog *c, struct buf *out);

/* The same as a condition of SQL, for a table of exchange/clickhouse.h. */
void filter_sql(
	const struct filter *f, const struct catalog *c, struct buf *out);

enum filter_answer { FILTER_NO, FILTER_MAYBE, FILTER_YES };

/* What is known of one flow.  Without `whole` only the key counts, and
 * primitives about anything else answer MAYBE. */
struct filter_subject {
	const struct flow_key *key;
	bool whole;
	uint64_t packets, bytes;
	int64_t duration_ns;
	uint8_t tcp_flags;
	const struct flow_extra *extra; /* NULL: nothing was told */
	const int *links, *via, *at;    /* of the catalog */
	size_t n_links, n_via, n_at;
};
enum filter_answer filter_test(
	const struct filter *f, const struct filter_subject *s);
/* May the zone hold such rows?  Fits struct store_scan's `may`. */
bool filter_may(const void *filter, const struct store_zone *zone);
/* What rows have in common: the protocol, and that none has a listed value.
 * Leaves that this does not answer are a MAYBE. */
struct filter_rest {
	uint8_t proto;
	bool known; /* is that their protocol? */
	bool (*has_number)(const void *ctx, uint64_t number); /* port, if */
	bool (*has_host)(const void *ctx, const struct net_addr *host);
	const void *ctx;
};
enum filter_answer filter_test_rest(
	const struct filter *f, const struct filter_rest *rest);
/* What it is about. */
enum filter_about {
	FILTER_ABOUT_PROTO = 1,
	FILTER_ABOUT_SPORT = 2,
	FILTER_ABOUT_DPORT = 4,
	FILTER_ABOUT_IN_IF = 8,
	FILTER_ABOUT_OUT_IF = 16,
	FILTER_ABOUT_SRC = 32,
	FILTER_ABOUT_DST = 64,
	FILTER_ABOUT_MORE = 128
};
unsigned filter_about(const struct filter *f);
/* Would filter_may profit from knowing the zone's addresses? */
bool filter_asks_hosts(const struct filter *f);
/* Is it about what exporters told besides; about elements nobody knows? */
bool filter_asks_extras(const struct filter *f);
bool filter_asks_others(const struct filter *f);
/* An enum filter_answer for each row of the block.  Rows of foreign exporters
 * are whole, of others only the key counts. */
int filter_block(const struct filter *f, struct block *b, uint8_t *verdicts,
	struct err *err) NFZ_MUST_CHECK;

/* Number of a protocol's name ("tcp", "6"), -1 when unknown. */
int filter_protocol(const char *name, size_t len);
/* "tcp", or NULL. */
const char *filter_protocol_name(uint8_t proto);

#endif
