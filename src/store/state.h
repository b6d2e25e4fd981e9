/* What the store knows of its senders: how far each got, what each tap and
 * module said last, and what was stored of it.  Kept in memory, logged with
 * every change, written whole at the head of each log. */
#ifndef NFZ_STORE_STATE_H
#define NFZ_STORE_STATE_H

#include "base/cursor.h"
#include "base/map.h"
#include "store/store.h"
#include "store/wal.h"

struct store_state {
	struct store_sender *senders;
	size_t n_senders, senders_cap;
	struct store_tap *taps;
	size_t n_taps, taps_cap;
	struct module_stats *modules;
	size_t n_modules, modules_cap;
	struct map by_sender, by_tap, by_module; /* place + 1 */
};

void state_init(struct store_state *s);
void state_release(struct store_state *s);

const struct store_sender *state_sender(
	const struct store_state *s, struct store_source from);
/* Room for what these would add?  NFZ_E_LIMIT else. */
int state_room(const struct store_state *s, size_t more,
	struct err *err) NFZ_MUST_CHECK;

/* Each change, as values (when it happens) and as log entry. */
void state_batch(struct store_state *s, const struct store_batch *b);
void state_counters(struct store_state *s, struct store_source from,
	const struct tap_counters *c);
void state_stats(struct store_state *s, const struct module_stats *m);

void state_encode_batch(const struct store_batch *b, struct buf *out);
void state_encode_counters(struct store_source from,
	const struct tap_counters *c, size_t n, struct buf *out);
void state_encode_stats(const struct module_stats *m, struct buf *out);
/* All of it. */
void state_encode(const struct store_state *s, struct buf *out);

/* Applies one entry; NFZ_E_INPUT when its body makes no sense.  rows gets the
 * flow records of a batch (may be NULL); *ret_n their number. */
int state_apply(struct store_state *s, enum wal_kind kind, struct cursor *body,
	uint64_t *ret_rows, struct err *err) NFZ_MUST_CHECK;
/* How a batch has its records. */
struct state_rows {
	unsigned has;  /* EXTRA_BITs behind each */
	unsigned form; /* LOGROW_... */
	bool brief;    /* in that form; else as they travel */
};
/* The head of a batch's body; leaves the cursor at the first of ret->n
 * records, each followed by the extras it has.  ret->records is NULL.  False:
 * it is none, or makes no sense. */
bool state_batch_head(enum wal_kind kind, struct cursor *body,
	struct store_batch *ret, struct state_rows *ret_as);
/* The next record. */
void state_batch_record(struct cursor *body, const struct state_rows *as,
	struct flow_record *ret);

#endif
