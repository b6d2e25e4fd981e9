/* What else is said of a group (`--show`) than how many flows, packets and
 * bytes it has.
 *
 *   share         of the bytes of all groups, in percent
 *   bpp           bytes a packet
 *   bps           bits a second; with time:S only
 *   distinct:KEY  how many values the key has in the group
 *   pN:MEASURE    percentile of its flows (store/measure.h): N percent of them
 *                 have at most so much.  Above 256 it may be said up to 1/128
 *                 too large.
 *   sum: min: max: mean: pN: and a metric (flow/metric_fields.h), of its flows
 *                 that it was measured of; the metric alone is what says most
 *
 * All others are exact.  distinct, percentiles and metrics are groups by one key
 * more, counted in bounded memory as groups are, in readings of their own. */
#ifndef NFZ_STORE_FIGURES_H
#define NFZ_STORE_FIGURES_H

#include "store/group.h"

enum figure_kind {
	FIGURE_SHARE,
	FIGURE_BPP,
	FIGURE_BPS,
	FIGURE_DISTINCT,
	FIGURE_PERCENTILE,
	FIGURE_SUM, /* of a metric, as the rest */
	FIGURE_LEAST,
	FIGURE_GREATEST,
	FIGURE_MEAN
};

struct figure {
	enum figure_kind kind;
	/* distinct: its key; percentile: the measure; or the metric */
	struct group_by inner;
	unsigned percent;
	char name[40];  /* "distinct_dst" */
	char asked[40]; /* "distinct:dst" */
};

enum { FIGURES_MAX = 6 };

struct figure_list {
	struct figure v[FIGURES_MAX];
	size_t n;
};
int figure_add(struct figure_list *list, const char *text,
	struct err *err) NFZ_MUST_CHECK;
/* Those that make no sense with groups by these keys. */
int figures_check(const struct figure_list *list, const struct group_by *by,
	struct err *err) NFZ_MUST_CHECK;
/* The figure of that name, as it was asked for; -1 none. */
int figure_find(const struct figure_list *list, const char *asked);

/* Of groups that are known already. */
struct figures {
	const struct figure_list *list;
	const struct group_by *by;
	struct group_row *rows; /* lent; sorted by their values, numbered */
	size_t n_rows;
	uint64_t all_bytes;
	uint64_t *values;            /* FIGURES_MAX for each row, by number */
	struct figure_group *groups; /* one for each that needs one */
	size_t n_groups;
};

void figures_init(struct figures *f, const struct figure_list *list,
	const struct group_by *by);
void figures_release(struct figures *f);
/* Sorts and numbers the rows; figures are of these.  True: what they are of is
 * to be fed in. */
bool figures_begin(struct figures *f, struct group_row *rows, size_t n);
bool figures_take_blocks(const struct figures *f);
int figures_add(struct figures *f, const struct flow *flow,
	const struct catalog *c, struct err *err) NFZ_MUST_CHECK;
int figures_add_block(struct figures *f, struct block *b, const uint16_t *rows,
	size_t n, const struct catalog *c, struct err *err) NFZ_MUST_CHECK;
/* All was fed in; *ret_again: to be fed in once more. */
int figures_end_pass(
	struct figures *f, bool *ret_again, struct err *err) NFZ_MUST_CHECK;
/* Shares in hundredths of a percent.  FIGURE_UNKNOWN: it was not measured. */
#define FIGURE_UNKNOWN UINT64_MAX
uint64_t figures_of(
	const struct figures *f, const struct group_row *row, size_t figure);
/* What rows are sorted by: 0 where nothing is known. */
uint64_t figures_rank(
	const struct figures *f, const struct group_row *row, size_t figure);
/* Must flows have what exporters told besides? */
bool figures_ask_extras(const struct figure_list *list);

#endif
