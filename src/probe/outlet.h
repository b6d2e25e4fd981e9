/* Records to somebody else's collector or file, in a format of theirs.  UDP has
 * no answer: what could not be sent is counted, what gets lost is not known. */
#ifndef NFZ_PROBE_OUTLET_H
#define NFZ_PROBE_OUTLET_H

#include "base/err.h"
#include "base/net.h"
#include "flow/exporter.h"

#include <stdint.h>

struct outlet;

enum outlet_transport { OUTLET_UDP, OUTLET_TCP, OUTLET_FILE };

struct outlet_options {
	enum outlet_transport transport;
	struct net_addr to;
	uint16_t port;
	const char *path; /* OUTLET_FILE: IPFIX messages, RFC 5655 */
	/* all but message and refresh, which follow from the transport */
	struct exporter_options exporter;
	/* datagrams a second at most, waiting in between; 0: as many as there
	 * are, as a live meter wants */
	uint32_t pace;
};

struct outlet_stats {
	uint64_t records, messages, octets;
	uint64_t left_out; /* of a kind the format cannot carry */
	uint64_t unsent;   /* messages the system refused */
};

int outlet_open(const struct outlet_options *options, struct outlet **ret,
	struct err *err) NFZ_MUST_CHECK;
/* NULL-safe, as the next ones; does not push. */
void outlet_close(struct outlet *o);
/* Sent when a message is full, or pushed.  now_ns: the clock of the records.
 * False: the collector or the disk has gone, see outlet_failed(). */
bool outlet_add(struct outlet *o, const struct flow_record *r, int64_t now_ns);
bool outlet_push(struct outlet *o, int64_t now_ns);
/* With the ledger as the last word. */
bool outlet_finish(
	struct outlet *o, const struct export_ledger *l, int64_t now_ns);
/* 0, or why nothing goes out any more. */
int outlet_failed(const struct outlet *o, struct err *err);
void outlet_stats(const struct outlet *o, struct outlet_stats *ret);
/* "ipfix://10.1.2.3:4739", "ipfix+tcp://...", "nf9://[2001:db8::1]:2055",
 * nf1, nf5, nf7; "10.1.2.3:2055" is nf5. */
int outlet_parse(const char *text, struct outlet_options *ret,
	struct err *err) NFZ_MUST_CHECK;
/* What it is called in messages: "ipfix 10.1.2.3:4739". */
const char *outlet_name(const struct outlet *o);

#endif
