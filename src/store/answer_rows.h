/* The rows of an answer before they are written (private to answer*.c). */
#ifndef NFZ_STORE_ANSWER_ROWS_H
#define NFZ_STORE_ANSWER_ROWS_H

#include "base/map.h"
#include "store/answer.h"

enum { SORT_BYTES_N = 16 };

/* A flow, or what one observation point saw of it. */
struct answer_row {
	uint8_t sort[SORT_BYTES_N]; /* compared as bytes */
	struct flow_key key;
	uint64_t packets, bytes;
	int64_t first_ns, last_ns;
	uint8_t tcp_flags;
	int src_node, dst_node;
	const struct answer_path *path;
	struct flow_extra extra; /* where it is asked for */
	uint8_t *others;         /* its own, of extra */
	struct observation seen; /* observations */
};

/* Paths are few: each is kept once. */
struct answer_path {
	size_t n;
	const char **links; /* names */
};

struct answer_rows {
	const struct answer *a;
	struct answer_row *rows;
	size_t n, cap;
	uint64_t found;
	bool cut; /* the first `limit` rows are sorted: worse ones need not be */
	struct map paths;
	struct arena arena;
	struct group_by by; /* with `words` */
	struct map words;   /* of a metric that is text */
	struct group group;
	struct group_row *groups; /* found so far */
	size_t n_groups, groups_cap;
	struct figures figures;
	bool figuring; /* groups are known: what is fed in is for figures */
};

/* Columns of what exporters told besides, and the cells in them (answer_extra.c):
 * all, or, in a table, those that some row has. */
enum { ANSWER_EXTRAS = 10, ANSWER_OTHERS = 64 };
struct answer_extras {
	unsigned numbers; /* EXTRA_BITs */
	/* elements that some row has: so many, by rising number */
	struct flow_element others[ANSWER_OTHERS];
	size_t n_others;
};
void answer_extras_of(const struct answer_rows *r, struct answer_extras *ret);
/* At most ANSWER_EXTRAS + ANSWER_OTHERS; their number. */
size_t answer_extra_columns(struct answer_rows *r,
	const struct answer_extras *which, struct sheet_column *to);
void answer_extra_cells(struct sheet *s, const struct answer_extras *which,
	const struct flow_extra *e);
/* One, as a key. */
void answer_extra_cell(
	struct sheet *s, enum group_key key, const struct flow_extra *e);

void answer_rows_init(struct answer_rows *r, const struct answer *a);
void answer_rows_release(struct answer_rows *r);
/* A merge_fn; ctx is the struct answer_rows.  ANSWER_ENOUGH: it wants no more. */
enum { ANSWER_ENOUGH = 1 };
int answer_rows_add(void *ctx, const struct flow *f, struct err *err);
/* One more row: a flow that counts as it stands. */
void answer_rows_put(struct answer_rows *r, const struct flow *f);
/* One more group, its value set; at most GROUP_ROWS_MAX. */
int answer_rows_keep_group(struct answer_rows *r, const struct group_row *row,
	struct err *err) NFZ_MUST_CHECK;
/* Does it take blocks now? */
bool answer_rows_take_blocks(const struct answer_rows *r);
/* A query_block_fn and a rollup_fn, for groups. */
int answer_rows_add_block(void *ctx, struct block *b, const uint16_t *rows,
	size_t n, struct err *err);
int answer_rows_add_sum(
	void *ctx, const struct rollup_sum *sum, struct err *err);
/* All was fed in once; *ret_again: it has to be once more. */
int answer_rows_end_pass(
	struct answer_rows *r, bool *ret_again, struct err *err) NFZ_MUST_CHECK;
/* Sorts and cuts. */
void answer_rows_finish(struct answer_rows *r);
/* Writes them after that; sums gets what was found and shown. */
int answer_rows_write(struct answer_rows *r, struct answer_sums *sums,
	struct err *err) NFZ_MUST_CHECK;

#endif
