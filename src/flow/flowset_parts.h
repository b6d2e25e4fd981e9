/* Templates, and what a data record says (private to flowset*.c). */
#ifndef NFZ_FLOW_FLOWSET_PARTS_H
#define NFZ_FLOW_FLOWSET_PARTS_H

#include "base/cursor.h"
#include "base/map.h"
#include "flow/flowset.h"

enum {
	FIELD_VARIABLE = 65535,
	FIRST_DATA_SET = 256,
	FLOWSET_OUT = 64 /* records given on at once */
};

struct flowset_field {
	uint32_t enterprise; /* 0: IANA */
	uint16_t id, len;    /* len FIELD_VARIABLE: each says its own */
};

struct flowset_template {
	uint16_t id;
	bool options;
	size_t n_fields, least; /* least bytes of a record */
	struct flowset_field *fields;
};

/* Templates and sampling of one session's domain. */
struct flowset_domain {
	struct flowset_session from;
	uint32_t id;
	uint32_t sampling;
	int64_t data_ns; /* when it last told something; 0: not yet */
	bool goes;       /* is being removed */
	unsigned heard;  /* messages */
	/* Of the same address and number from other ports, who told something
	 * later and earlier; NULL: none.  Of UDP only, once it told something. */
	bool tells;
	struct flowset_domain *later, *earlier;
	struct flowset_template *templates;
	size_t n, cap;
};

/* What every record of a message goes by. */
struct flowset_times {
	bool v9;
	int64_t export_ns, boot_ns; /* boot: of an uptime of 0 */
	uint32_t sampling;          /* 1 in so many; 0 or 1: all */
};

/* A data set whose template is not known yet. */
struct flowset_waiting {
	struct flowset_domain *domain;
	uint16_t set;
	struct flowset_times times;
	int64_t came_ns;
	uint8_t *data;
	size_t len;
};

struct flowset {
	flowset_records_fn fn;
	void *ctx;
	struct map domains; /* by session and id: struct flowset_domain */
	struct map tellers; /* by address and id: who told something last */
	struct flowset_waiting *waiting;
	size_t n_waiting, waiting_cap;
	struct flowset_counts counts;
	uint64_t changes;
	int64_t now_ns;  /* when the last message came */
	int64_t full_ns; /* when no domain could go; 0: not so */
	struct flow_record out[FLOWSET_OUT];
	struct flow_extra extras[FLOWSET_OUT];
	size_t n_out;
	uint8_t others[FLOWSET_OUT * OTHERS_MAX]; /* of these */
	size_t others_len;
};

/* Domains and what they know (flowset_domains.c). */

/* The domain, new if need be; NULL: there are too many. */
struct flowset_domain *flowset_domain_of(
	struct flowset *f, const struct flowset_session *from, uint32_t id);
/* It told a template, or its sampling. */
void flowset_tells(struct flowset *f, struct flowset_domain *d);
/* Its template; NULL: it told none of that number. */
struct flowset_template *flowset_own_template(
	struct flowset_domain *d, uint16_t id);
/* Its own; else that of another port, told last. */
const struct flowset_template *flowset_template_of(
	const struct flowset *f, struct flowset_domain *d, uint16_t id);
uint32_t flowset_sampling(const struct flowset *f, struct flowset_domain *d);
void flowset_remove_template(
	struct flowset *f, struct flowset_domain *d, size_t i);
/* For a new domain or template; false: there is none. */
bool flowset_make_room(struct flowset *f, const struct flowset_domain *keep);
void flowset_remove_all(struct flowset *f);
/* Decodes what waited for a template that is here now; drops what waited too
 * long, or, of domains that go, for nothing. */
void flowset_look_at_waiting(struct flowset *f);
/* Takes t's fields in any case. */
void flowset_keep_template(struct flowset *f, struct flowset_domain *d,
	const struct flowset_template *t);

/* Big-endian; len up to 8. */
static inline uint64_t flowset_number(const uint8_t *p, size_t len)
{
	uint64_t v = 0;

	for (size_t i = 0; i < len; i++)
		v = v << 8 | p[i];
	return v;
}

/* What one record tells of sampling (flowset_sampling.c), zeroed before. */
struct flowset_sampling {
	uint64_t chosen, passed_over, population; /* packets */
	uint32_t by_chance, one_of;
};
/* Of 1 to 8 bytes.  False: the field says nothing of sampling. */
bool flowset_sampling_take(
	struct flowset_sampling *s, uint16_t id, const uint8_t *p, size_t len);
/* One packet in so many; 0: not told. */
uint32_t flowset_sampling_told(const struct flowset_sampling *s);

/* One data record. */
struct flowset_values {
	struct flow_record forward, reverse;
	struct flow_extra extra; /* of forward */
	struct flow_others back; /* of reverse */
	bool has_addrs, has_reverse;
	uint32_t sampling; /* told by this record; 0: not */
	uint32_t cut;      /* values that did not fit into others */
};
/* Reads a record; false when it ends too early.  What nobody knows goes to
 * `others`, one for each direction, which are new and lend it. */
bool flowset_values_read(struct cursor *c, const struct flowset_template *t,
	const struct flowset_times *times, struct wire others[static 2],
	struct flowset_values *ret);

#endif
