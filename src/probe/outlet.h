/* Records to somebody else's collector or file, in a format of theirs.  UDP has
 * no answer: what could not be sent is counted, what gets lost is not known. */
#ifndef NFZ_PROBE_OUTLET_H
#define NFZ_PROBE_OUTLET_H

#include "base/err.h"
#include "flow/target.h"

#include <stdint.h>

struct outlet;

struct outlet_options {
	struct export_target target;
	const char *path; /* instead: a file of IPFIX messages, RFC 5655 */
	/* all but format, message and refresh, which follow from the above;
	 * the names in it stay lent */
	struct exporter_options exporter;
	/* datagrams a second at most, waiting in between; 0: as many as there
	 * are */
	uint32_t pace;
	int patience_s; /* a stream that takes nothing for so long has failed;
	                 * 0: waits for ever */
	bool later;     /* a stream nobody takes yet is open, and has failed */
};

/* Records that were taken and did not leave. */
struct outlet_lost {
	uint64_t records, packets, octets;
};

struct outlet_stats {
	uint64_t records, messages, octets;
	uint64_t left_out; /* of a kind the format cannot carry */
	uint64_t retimed;  /* told with the nearest times that it can tell */
	uint64_t unsent;   /* messages the system refused */
};

int outlet_open(const struct outlet_options *options, struct outlet **ret,
	struct err *err) NFZ_MUST_CHECK;
/* NULL-safe, as the next ones; does not push. */
void outlet_close(struct outlet *o);
/* Before anything is added: when the exporter began, and what it tells besides,
 * in place of what the options said. */
void outlet_begin(struct outlet *o, int64_t start_ns, unsigned more);
/* Sent when a message is full, or pushed.  more: as the exporter's; now_ns: the
 * clock of the records.
 * False: the collector or the disk has gone, see outlet_failed(). */
bool outlet_add(struct outlet *o, const struct flow_record *r,
	const struct flow_more *more, int64_t now_ns);
bool outlet_push(struct outlet *o, int64_t now_ns);
/* There will be something to add: what a file has from before goes. */
void outlet_expect(struct outlet *o);
/* What is added from here on was sampled so; told when that is new. */
bool outlet_resample(
	struct outlet *o, const struct export_sampling *how, int64_t now_ns);
/* The same of what it has besides; its fields stay lent.  It holds even if
 * that fails. */
bool outlet_reshape(
	struct outlet *o, const struct flow_shape *shape, int64_t now_ns);
/* Tells templates and the ledger anew, to those who came late or lost them. */
void outlet_remind(
	struct outlet *o, const struct export_ledger *l, int64_t now_ns);
/* With the ledger as the last word. */
bool outlet_finish(
	struct outlet *o, const struct export_ledger *l, int64_t now_ns);
/* Those of a stream that broke off, since this was asked last. */
struct outlet_lost outlet_lost(struct outlet *o);
/* 0, or why nothing goes out any more. */
int outlet_failed(const struct outlet *o, struct err *err);
/* Connects anew, after a failure; not for files.  False: it failed again. */
bool outlet_reopen(struct outlet *o);
void outlet_stats(const struct outlet *o, struct outlet_stats *ret);
/* What it is called in messages: "ipfix://10.1.2.3:4739", or the file. */
const char *outlet_name(const struct outlet *o);

#endif
