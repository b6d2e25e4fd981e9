/* Records -> the messages of others: NetFlow 1, 5, 7, 9 (RFC 3954) and IPFIX
 * (RFC 7011).  Bytes only: no sockets, no clock.
 *
 * Records are added until the message is full; then it is taken and sent.
 * Templates and what goes with them (sampling, names of interfaces, the ledger
 * of losses) are put in front of the first message, and in front of later ones
 * where messages may get lost. */
#ifndef NFZ_FLOW_EXPORTER_H
#define NFZ_FLOW_EXPORTER_H

#include "flow/more.h"
#include "flow/nf5.h"
#include "flow/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum export_format {
	EXPORT_NF1,
	EXPORT_NF5,
	EXPORT_NF7,
	EXPORT_NF9,
	EXPORT_IPFIX,
	EXPORT_FORMATS
};
/* "nf1", ... "ipfix". */
const char *export_format_name(enum export_format format);

enum {
	EXPORT_MESSAGE_MOST = 16384,
	EXPORT_DATAGRAM = 1400, /* fits a path of 1,500 bytes with tunnels */
	EXPORT_REFRESH = 64,    /* messages between templates */
	EXPORT_FIELDS = 48,
	EXPORT_KINDS = 32,    /* of flows, by elements nobody knows */
	EXPORT_ELEMENTS = 32, /* of one kind */
	EXPORT_NAME = 32,     /* bytes of an interface's */
	EXPORT_GAPS = 64      /* of flows, by what metrics did not measure */
};

/* How packets were chosen: RFC 5475. */
enum export_choice { EXPORT_SYSTEMATIC, EXPORT_RANDOM, EXPORT_HASH };

struct export_sampling {
	uint32_t one_of; /* 0 or 1: all */
	enum export_choice by;
	uint32_t initialiser; /* of the hash */
};

/* "100", "random:100", "hash:100", "none"; 2 to EXPORT_SAMPLED_MAX.  The hash's
 * initialiser stays as it is. */
enum { EXPORT_SAMPLED_MAX = 65535, EXPORT_SAMPLING_TEXT = 24 };
bool export_sampling_parse(const char *text, struct export_sampling *ret);
const char *export_sampling_print(const struct export_sampling *s,
	char text[static EXPORT_SAMPLING_TEXT]);
bool export_sampling_same(
	const struct export_sampling *a, const struct export_sampling *b);

enum { EXPORT_HASH_PAYLOAD = 8 }; /* bytes of it that are hashed */

/* The largest hash that is chosen, of 2^32. */
uint32_t export_hash_last(const struct export_sampling *s);

struct export_interface {
	uint32_t number; /* a tap's */
	const char *name;
};

struct exporter_options {
	enum export_format format;
	uint32_t domain;  /* observation domain, source, engine */
	size_t message;   /* most bytes of one; 0: EXPORT_DATAGRAM */
	bool refresh;     /* messages may get lost: templates again */
	int64_t start_ns; /* of uptime; 0: before the first record */
	struct export_sampling sampling;
	const struct export_interface *interfaces; /* lent */
	size_t n_interfaces;
	/* what records have besides; values, and both directions in one
	 * record, in IPFIX only; at most EXPORT_FIELDS fields */
	struct flow_shape shape;
};

/* What did not come as far as a record, and what was exported. */
struct export_ledger {
	uint64_t ignored_packets; /* metered, in no record */
	uint64_t unsent_records, unsent_packets, unsent_octets;
};

/* Flows with the same elements that nobody knows, in the same order: IPFIX has
 * a template for each kind, made when the first of them comes. */
struct export_kind {
	bool v6;
	size_t n;
	struct export_element {
		uint32_t enterprise;
		uint16_t id, len; /* 65535: each says its own */
	} fields[EXPORT_ELEMENTS];
};

/* Flows of which the same values were not measured: their templates go without
 * those fields.  For more than EXPORT_GAPS there are none; there, what was not
 * measured is told as 0. */
struct export_gap {
	bool v6, both;
	uint64_t known[2]; /* as of struct flow_more */
};

struct exporter {
	struct exporter_options opt;
	struct nf5_exporter old;
	struct flow_record rows[NF5_RECORDS]; /* of versions 1 to 7 */
	size_t n_rows;
	uint8_t bytes[EXPORT_MESSAGE_MOST];
	struct wire wire; /* over bytes; empty: no message begun */
	size_t set_at;    /* the set being written; 0 none */
	uint16_t set;     /* its template */
	uint16_t count;   /* records of the message, in NetFlow 9 with
	                        * templates, in IPFIX data only */
	uint32_t sequence;
	uint64_t messages, octets, records;
	uint64_t left_out; /* of a kind the format cannot carry */
	uint64_t retimed;  /* whose times it cannot tell: the nearest are */
	int64_t boot_ns;   /* whole seconds */
	int64_t newest_ns; /* of the message */
	bool booted;
	bool resampled;         /* that all are taken has to be told, too */
	unsigned age;           /* messages since templates */
	size_t told;            /* of templates and what goes with them */
	bool icmp;              /* NetFlow, and a metric tells types of ICMP */
	size_t values;          /* bytes of one direction's */
	unsigned block, blocks; /* of template numbers; those with fields */
	struct export_ledger ledger;
	struct export_kind kinds[EXPORT_KINDS + 1]; /* one to try */
	size_t n_kinds;
	struct export_gap gaps[EXPORT_GAPS];
	size_t n_gaps;
	/* templates that were told and are not used any more */
	uint16_t gone[EXPORT_GAPS + 4];
	size_t n_gone;
};

void exporter_init(struct exporter *e, const struct exporter_options *options);
/* False: the message is full, or the record does not go with it: take it and
 * add once more, until it succeeds.  more: NULL where the shape has nothing. */
bool exporter_add(struct exporter *e, const struct flow_record *r,
	const struct flow_more *more);
/* The message so far; its length, 0 none.  It lives until the next call.  To
 * be repeated until 0: large counts fill several messages of NetFlow 5. */
size_t exporter_take(struct exporter *e, int64_t now_ns, const uint8_t **ret);
/* The next message begins with templates and what goes with them. */
void exporter_refresh(struct exporter *e);
/* What is added from here on was sampled so.  After exporter_take(). */
void exporter_resample(
	struct exporter *e, const struct export_sampling *sampling);
/* What is added from here on has this besides; its fields stay lent.  After
 * exporter_take(). */
void exporter_reshape(struct exporter *e, const struct flow_shape *shape);
/* The ledger goes into the message, as far as the format has words for it.
 * False: as exporter_add(). */
bool exporter_account(struct exporter *e, const struct export_ledger *l);

/* --- of use to its own parts and tests ----------------------------------- */

/* NetFlow's number: 1 deterministic, 2 random. */
unsigned export_mode(enum export_choice by);

enum {
	TEMPLATE_V4 = 256,
	TEMPLATE_V6,
	TEMPLATE_SAMPLING,
	TEMPLATE_INTERFACE,
	TEMPLATE_LEDGER,
	TEMPLATE_V4_BOTH, /* with the other direction */
	TEMPLATE_V6_BOTH,
	TEMPLATE_HASH,     /* as TEMPLATE_SAMPLING, of other choices */
	TEMPLATE_V4_SHORT, /* counts below 2^32, nothing besides */
	TEMPLATE_V6_SHORT,
	TEMPLATE_RANDOM,
	TEMPLATE_KINDS = 320, /* from here on */
	TEMPLATE_GAPS = 1024  /* as many for each of the last shapes */
};
/* Of flows: what they tell besides makes it another, since readers remember
 * numbers (RFC 7011 8.1). */
static inline uint16_t export_template(const struct exporter *e, unsigned id)
{
	return (uint16_t)(id + e->block * 16);
}
/* The gap of such a flow, &e->gaps[e->n_gaps] if it is new; NULL: there is none,
 * or there are too many. */
const struct export_gap *export_gap_of(
	struct exporter *e, bool v6, bool both, const struct flow_more *more);
uint16_t export_gap_template(
	const struct exporter *e, const struct export_gap *gap);
/* Of the shape's fields, or of their values at `from`, those that the gap
 * leaves; NULL: all.  way: 1 of the other direction. */
size_t export_gap_fields(const struct exporter *e, const struct export_gap *gap,
	size_t way, struct export_field *to);
size_t export_gap_len(
	const struct exporter *e, const struct export_gap *gap, size_t way);
uint8_t *export_gap_put(const struct exporter *e, const struct export_gap *gap,
	size_t way, const struct flow_more *more, uint8_t *p);
/* What was told of flows is to be withdrawn (RFC 7011 8.1), where that can be
 * relied on; and is.  False: no room. */
void export_gap_forget(struct exporter *e);
bool export_gap_withdraw(struct exporter *e);
/* Templates and options into a message just begun, from the e->told-th on.
 * False: more are to come, in the next. */
bool exporter_write_templates(struct exporter *e);
/* The kind that such a flow is, &e->kinds[e->n_kinds] if it is new; NULL: there
 * are too many.  What they have: its first EXPORT_ELEMENTS, fewer where a flow
 * has more. */
const struct export_kind *export_kind_of(
	struct exporter *e, bool v6, const struct flow_others *others);
/* Its fields, at most EXPORT_ELEMENTS; and its values, in a record. */
size_t export_kind_fields(
	const struct export_kind *kind, struct export_field *to);
size_t export_kind_len(
	const struct export_kind *kind, const struct flow_others *others);
uint8_t *export_kind_put(const struct export_kind *kind,
	const struct flow_others *others, uint8_t *p);
/* Begins or goes on with a set for n bytes; NULL: no room. */
uint8_t *exporter_space(struct exporter *e, uint16_t set, size_t n);
void exporter_end_set(struct exporter *e);
bool exporter_write_sampling(struct exporter *e);
bool exporter_write_interface(
	struct exporter *e, const struct export_interface *it);
bool exporter_write_ledger(struct exporter *e);
/* One flow into a message; false: no room. */
bool exporter_write_flow(struct exporter *e, const struct flow_record *r,
	const struct flow_more *more);

#endif
