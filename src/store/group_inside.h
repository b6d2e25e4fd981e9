/* What the files of grouping share; nobody else includes it. */
#ifndef NFZ_STORE_GROUP_INSIDE_H
#define NFZ_STORE_GROUP_INSIDE_H

#include "store/group.h"

struct group_part {
	uint64_t parts, rest;
};

/* Adds to the counts of a key of this part. */
int group_count(struct group *g, const uint64_t *key, uint64_t hash,
	const struct bins_more *more, struct err *err) NFZ_MUST_CHECK;
/* The address's number. */
int group_host(struct group *g, const struct net_addr *a, uint32_t *ret,
	struct err *err) NFZ_MUST_CHECK;
/* The places of an address, two (0 before) where it is the only key: there IPv4
 * ones are told by themselves, which saves half of the looks. */
enum { GROUP_V4 = 1 };
int group_addr(struct group *g, const struct net_addr *a, uint32_t *to,
	struct err *err) NFZ_MUST_CHECK;

/* COLUMN_BITs of such a key; 0: it is none. */
unsigned group_extra_columns(enum group_key key);
int group_put_extra(struct group *g, enum group_key key,
	const struct flow_extra *e, uint32_t *to,
	struct err *err) NFZ_MUST_CHECK;
void group_get_extra(const struct group *g, enum group_key key, uint32_t from,
	struct flow_extra *e);
/* Of rows of a block: into the first's place, BINS_PLACES_MAX to the next. */
struct group_column {
	enum group_key key;
	uint32_t *places;
};
int group_put_extra_column(struct group *g, const struct block *b,
	const uint16_t *rows, size_t n, const struct group_column *to,
	struct err *err) NFZ_MUST_CHECK;

int group_metric_check(
	const struct group_by *by, struct err *err) NFZ_MUST_CHECK;
int group_too_many(struct err *err, const char *what);

#endif
