/* A proof by steps (netflowize-plan(5), STEPS): the lines of the certificate,
 * replayed one by one.  Nothing is searched. */
#ifndef NFZ_CHECK_REPLAY_H
#define NFZ_CHECK_REPLAY_H

#include "check/claim.h"

enum replay_end {
	REPLAY_PROVES, /* nothing costs less than the bound */
	REPLAY_FAILS,  /* why[] has the line and what is wrong with it */
	REPLAY_LATE    /* the deadline came first */
};

/* certificate: with the member "steps".  deadline_ns: mono_now(). */
enum replay_end replay_steps(const struct names *names, const struct need *need,
	const struct jval *certificate, int64_t bound, int64_t deadline_ns,
	char why[300]);

/* --- between replay.c, replay_state.c and replay_table.c ----------------------
 */

__extension__ typedef __int128 replay_wide;

enum replay_fate { FATE_FREE, FATE_IN, FATE_OUT };

/* A row: sum of value * node >= need.  Those of the table first, then those
 * made by `half`. */
struct replay_row {
	size_t at;   /* entries */
	int n, base; /* base: row of the need, -1: none, or of several */
	int64_t need;
};

struct replay_entry {
	int node;
	int64_t value;
};

/* What is tried at the moment: a node bought (or spared), or a part. */
struct replay_frame {
	int node;     /* -1: a part */
	bool second;  /* the other choice */
	int fate;     /* the first choice */
	size_t trail; /* what to undo */
	size_t part;  /* nodes of the part, in parts[] */
	int64_t bound;
};

/* An old value, to be put back. */
struct replay_change {
	enum {
		OLD_FATE,
		OLD_COST,
		OLD_IDLE,
		OLD_BOUND,
		OLD_GRAIN,
		OLD_BANK
	} of;
	int at;
	int64_t old;
};

struct replay {
	const struct need *need;
	const struct names *names;
	struct replay_row *rows;
	struct replay_entry *entries;
	size_t n_rows, rows_cap, n_entries, entries_cap, n_table;
	int *node_of; /* by number of a node in the lines */
	size_t n_nodes;
	bool *idle; /* by row of the need: another one implies it */
	int *col_start, *col_row;
	char *fate;    /* by node */
	int64_t *cost; /* by node: 0 once its part is proven, and elsewhere */
	int64_t bound; /* to be shown here */
	int64_t grain; /* divides all costs that count here */
	int64_t bank;  /* what parts were shown to cost */
	struct replay_frame *frames;
	size_t n_frames, frames_cap;
	struct replay_change *trail;
	size_t n_trail, trail_cap;
	int *parts;
	size_t n_parts, parts_cap;
	replay_wide *load; /* scratch, all 0 */
	int64_t *sum;      /* scratch, all 0 */
	bool proven;
	char *why;
};

void replay_open(struct replay *s, const struct need *need, int64_t bound);
void replay_release(struct replay *s);
/* -1, with the sentence in s->why. */
int replay_wrong(struct replay *s, const char *fmt, ...) NFZ_PRINTF(2, 3);
void replay_set(struct replay *s, int of, int at, int64_t value);
/* A part of these nodes, from s->parts[first] on. */
int replay_open_part(struct replay *s, size_t first, int64_t bound);
/* The bound is shown here: on to what is open. */
void replay_close(struct replay *s);
/* Has the row as many bought nodes as it needs? */
bool replay_seen(const struct replay *s, int base);
int replay_read_rows(struct replay *s, const struct jval *list);
int replay_read_nodes(struct replay *s, const struct jval *list);
/* A row without entries; base as in struct replay_row. */
int replay_open_row(struct replay *s, int base);
/* To the last row. */
void replay_add_entry(struct replay *s, int node, int64_t value);

#endif
