/* The one ledger, from the wire to the disk: what became of every frame that
 * the kernel counted at a tap, and of every record that was made of them.
 *
 *   frames    wire = IP + not IP + excluded + not sampled + each loss
 *             + unaccounted
 *   packets   of IP frames (segments), and those in stored records
 *   records   sent by meters and caches, and stored
 *
 * Counters start over with each life of a module; here they are sums over all
 * its lives.  What is not known is LEDGER_UNKNOWN, and so is every sum that
 * would need it. */
#ifndef NFZ_STORE_LEDGER_H
#define NFZ_STORE_LEDGER_H

#include "store/catalog.h"
#include "format/sheet.h"
#include "store/store.h"

#define LEDGER_UNKNOWN UINT64_MAX

struct ledger_frames {
	uint64_t wire, ip, non_ip, excluded, unsampled;
	uint64_t lost[TAP_LOSS_COUNT];
	uint64_t packets;        /* of IP frames */
	uint64_t packets_stored; /* in stored records */
	int64_t unaccounted;     /* only where wire is known */
};

struct ledger_tap {
	const struct catalog_tap *tap;
	struct ledger_frames frames; /* all unknown: never heard of */
	/* since attaching: of the interface, and what the tap saw of it */
	uint64_t if_received, if_sent, received, sent, uncertainty;
	/* frames of the interface while no probe ran: from what the probe said
	 * last to where it, started again, began */
	uint64_t unwatched;
	int64_t at_ns; /* when, by the node's clock */
	/* as in struct tap_counters; where each of its lives told them */
	bool sized;
	struct size_count sizes[2][PACKET_SIZES];
};

struct ledger {
	const struct catalog *catalog;
	struct ledger_tap *taps;
	size_t n_taps, n_unheard;
	bool *silent; /* by link: a tap on it was never heard of */
	struct ledger_frames frames; /* all taps */
	uint64_t unwatched;
	uint64_t records_sent, records_stored, records_lost, digests_lost;
	uint64_t foreign_sent, foreign_stored, foreign_lost;
	const struct module_stats **modules; /* latest life of each */
	size_t n_modules;
};

void ledger_read(
	const struct store *s, const struct catalog *c, struct ledger *ret);
void ledger_release(struct ledger *l);
/* Why a link is not seen completely; NULL when it is. */
const char *ledger_gap(const struct ledger *l, size_t link);
/* Sums, and what is left over. */
void ledger_add_frames(struct ledger_frames *to, const struct ledger_frames *f);
uint64_t ledger_lost(const struct ledger_frames *f);

/* What a tap saw against its interface's counters. */
struct ledger_check {
	bool known, agrees;
	int64_t received, sent; /* interface - seen */
	uint64_t uncertainty;   /* at attaching; and frames the ring lost */
};
struct ledger_check ledger_verify(const struct ledger_tap *t);

/* All of it as one JSON object, schema netflowize.status/1; probes: or without
 * those, its longest list. */
void ledger_print(const struct store *s, const struct ledger *l, bool probes,
	struct jsonw *w);

enum ledger_what { LEDGER_ALL, LEDGER_VERIFY };
/* On standard output.  LEDGER_VERIFY: NFZ_E_VERIFY where counters disagree. */
int ledger_write(const struct store *s, const struct catalog *c,
	struct sheet_form form, enum ledger_what what,
	struct err *err) NFZ_MUST_CHECK;

#endif
