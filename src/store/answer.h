/* Asking a store and writing the answer: flows, observations or groups, sorted,
 * cut to the first N, in any format. */
#ifndef NFZ_STORE_ANSWER_H
#define NFZ_STORE_ANSWER_H

#include "store/figures.h"
#include "store/group.h"
#include "store/query.h"
#include "format/sheet.h"

enum answer_sort {
	SORT_DEFAULT, /* by first; with a limit or groups, by bytes */
	SORT_PACKETS,
	SORT_BYTES,
	SORT_FLOWS, /* groups only */
	SORT_FIRST,
	SORT_LAST,
	SORT_DURATION,
	SORT_KEY, /* groups: the keys, as given */
	SORT_NONE /* flows: as they are found; with a limit, no more are read */
};

struct answer {
	struct query query;
	struct group_by by;         /* n 0: flows or observations */
	struct figure_list figures; /* of groups, besides their counts */
	const char *counted;        /* in place of "flows", of groups */
	enum answer_sort sort;      /* counts: largest first; times: earliest */
	size_t sort_figure; /* groups: by this of figures instead, from 1 */
	size_t limit;       /* 0: all */
	bool read_all;      /* rollups do not stand for records */
	enum sheet_format format;
	FILE *to;
	size_t width; /* of a line of a table, as in struct sheet; 0: by `to` */
};

struct answer_sums {
	struct query_sums query;
	uint64_t found, shown; /* rows */
};

/* The order it has, SORT_DEFAULT being none. */
enum answer_sort answer_sort_of(const struct answer *a);
/* "bytes", or a figure that is shown. */
int answer_set_sort(
	struct answer *a, const char *text, struct err *err) NFZ_MUST_CHECK;
/* Opens the sheet of its rows. */
void answer_sheet(const struct answer *a, struct sheet *s,
	const struct sheet_column *columns, size_t n);
int answer_write(struct store *s, const struct answer *a,
	struct answer_sums *ret, struct err *err) NFZ_MUST_CHECK;

/* RFC 3339 in UTC with microseconds; returns text. */
enum { ANSWER_TIME = 40 };
char *answer_time(int64_t ns, char text[static ANSWER_TIME]);
/* The same as a cell; for people, in a table, to the second. */
void answer_time_cell(struct sheet *s, int64_t ns);

#endif
