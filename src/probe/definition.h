/* What is one flow, and what is told of it besides its counts, as chosen: for
 * captures (`--read`) and live meters alike. */
#ifndef NFZ_PROBE_DEFINITION_H
#define NFZ_PROBE_DEFINITION_H

#include "base/buf.h"
#include "base/err.h"
#include "base/opt.h"
#include "probe/flowcache.h"
#include "probe/metric.h"

#include <stdbool.h>

/* What tells flows apart, besides or instead of the 5-tuple. */
enum definition_key {
	KEY_ADDRESSES = 1, /* no ports, no protocol */
	KEY_VLAN = 2,
	KEY_MAC = 4,
	KEY_TOS = 8
};

struct definition {
	unsigned key;     /* KEY_... */
	unsigned metrics; /* bits, numbered as metric_at() does */
	bool both;        /* a flow is both directions (RFC 5103) */
};

bool definition_same(const struct definition *a, const struct definition *b);
/* Nothing else than the 5-tuple and counts. */
bool definition_plain(const struct definition *d);
/* Can packets be added up before they are looked at, by their 5-tuple? */
bool definition_adds_up(const struct definition *d);

/* Can a digest tell such flows apart?  It has no room for MAC addresses, nor for
 * what is told besides counts. */
bool definition_in_digests(const struct definition *d);

/* Words as settings have them, joined by '+': "vlan+mac", "ttl+rtt"; "none" and
 * for keys "5tuple" are no bits.  False: one is unknown, or they contradict each
 * other, as "5tuple+addresses" do. */
enum { DEFINITION_WORDS = 96 };
bool definition_read_key(const char *text, unsigned *ret);
bool definition_read_metrics(const char *text, unsigned *ret);
bool definition_read_capture_metrics(const char *text, unsigned *ret);
const char *definition_print_key(
	unsigned key, char text[static DEFINITION_WORDS]);
const char *definition_print_metrics(
	unsigned metrics, char text[static DEFINITION_WORDS]);
/* Those of --key; NFZ_E_USAGE names the one that is none, or the two that
 * contradict each other. */
int definition_choose_key(const struct opt_list *words, unsigned *ret,
	struct err *err) NFZ_MUST_CHECK;

/* --- for those who add packets to a flow cache ---------------------------- */

/* The packet's key becomes the flow's; after this the packet is `turned` or not
 * (beside_turns()), where flows have both directions. */
void definition_key(unsigned key, struct flow_key *ret);
/* The point its flow is at gets what tells flows apart; of a packet that is
 * turned, as the other direction has it. */
void definition_point(unsigned key, const struct dissect *d, bool turned,
	struct flow_point *p);

/* --- for those who get records of it -------------------------------------- */

struct flow_shape definition_shape(
	unsigned key, bool both, const struct metrics *metrics);

struct definition_told {
	struct flow_more more;
	uint8_t values[2 * METRIC_VALUES_MAX];
};
/* What a record just offered to the sink has besides, only there. */
const struct flow_more *definition_tell(const struct metrics *metrics,
	const struct flowcache *cache, const struct flow_record *r,
	struct definition_told *ret);

#endif
