/* What is added is written heap by heap, one chunk each; where the chunks of a
 * heap are stays in memory. */
#include "store/spill.h"
#include "base/mem.h"
#include "store/aside.h"
#include "store/inside.h"

#include <stdlib.h>
#include <string.h>

enum {
	PIECE = 1024,      /* rows of a log's entry */
	WRITE_AT = 1 << 20 /* bytes */
};
#define CHUNK_MAX ((size_t)1 << 32)
struct chunk {
	uint64_t offset, len;
	size_t rows;
};

struct heap {
	struct chunk *chunks;
	size_t n, cap;
};

struct spill {
	struct aside file;
	struct hash_key seed;
	struct heap heaps[SPILL_HEAPS];
	struct buf out; /* not written yet, or read */
	/* of what is added */
	uint8_t *heap_of; /* by row */
	uint32_t *order;  /* rows, heap by heap */
	size_t room;
	struct flow_record records[PIECE];
	struct flow_extra extras[PIECE];
};

int spill_new(const struct hash_key *seed, struct spill **ret, struct err *err)
{
	cleanup_free struct spill *s = mem_zalloc(1, sizeof(*s));
	int r = aside_open(&s->file, err);

	if (r < 0)
		return r;
	s->seed = *seed;
	s->out.max = CHUNK_MAX;
	*ret = take(s);
	return 0;
}

void spill_free(struct spill *s)
{
	if (!s)
		return;
	aside_close(&s->file);
	for (size_t i = 0; i < SPILL_HEAPS; i++)
		free(s->heaps[i].chunks);
	buf_release(&s->out);
	free(s->heap_of);
	free(s->order);
	free(s);
}

/* Adding --------------------------------------------------------------- */

static int write_out(struct spill *s, struct err *err)
{
	int r = aside_write(&s->file, s->out.data, s->out.len, err);

	if (r == 0)
		buf_reset(&s->out);
	return r;
}

/* Heap by heap, in the order they came; *ret_end of each. */
static void put_in_order(struct spill *s, const struct flow_rows *rows,
	size_t end[static SPILL_HEAPS])
{
	size_t at[SPILL_HEAPS + 1] = {0};

	if (rows->n > s->room) {
		s->room = rows->n;
		s->heap_of = mem_grow(s->heap_of, s->room, sizeof(uint8_t));
		s->order = mem_grow(s->order, s->room, sizeof(uint32_t));
	}
	for (size_t i = 0; i < rows->n; i++) {
		s->heap_of[i] = (uint8_t)flow_key_hash_quick(
			&s->seed, &rows->records[i].key);
		at[s->heap_of[i] + 1]++;
	}
	for (size_t k = 1; k <= SPILL_HEAPS; k++)
		at[k] += at[k - 1];
	for (size_t i = 0; i < rows->n; i++)
		s->order[at[s->heap_of[i]]++] = (uint32_t)i;
	memcpy(end, at, SPILL_HEAPS * sizeof(*end));
}

/* One entry of these rows of order. */
static void encode(struct spill *s, const struct flow_rows *rows,
	const uint32_t *order, size_t n)
{
	enum { AHEAD = 8 };
	const struct store_batch batch = {.records = s->records,
		.extras = rows->extras ? s->extras : NULL,
		.n = n};

	for (size_t i = 0; i < n; i++) {
		if (i + AHEAD < n)
			__builtin_prefetch(&rows->records[order[i + AHEAD]]);
		s->records[i] = rows->records[order[i]];
		if (rows->extras)
			s->extras[i] = rows->extras[order[i]];
	}
	state_encode_batch(&batch, &s->out);
}

int spill_add(struct spill *s, const struct flow_rows *rows, struct err *err)
{
	size_t end[SPILL_HEAPS];
	int r = 0;

	put_in_order(s, rows, end);
	for (size_t k = 0, i = 0; k < SPILL_HEAPS && r == 0; k++) {
		struct heap *heap = &s->heaps[k];
		struct chunk chunk = {.offset = s->file.size + s->out.len,
			.rows = end[k] - i};

		for (size_t n; i < end[k]; i += n) {
			n = end[k] - i < PIECE ? end[k] - i : PIECE;
			encode(s, rows, s->order + i, n);
		}
		chunk.len = s->file.size + s->out.len - chunk.offset;
		if (chunk.rows)
			MEM_PUSH(heap->chunks, heap->n, heap->cap) = chunk;
		if (s->out.len >= WRITE_AT)
			r = write_out(s, err);
	}
	return r || !s->out.len ? r : write_out(s, err);
}

/* Reading -------------------------------------------------------------- */

struct counted {
	store_rows_fn fn;
	void *ctx;
	size_t rows;
};

static int count_rows(void *ctx, const struct flow_rows *rows, struct err *err)
{
	struct counted *c = ctx;

	c->rows += rows->n;
	return c->fn(c->ctx, rows, err);
}

static int read_chunk(struct spill *s, const struct chunk *chunk,
	struct counted *to, struct err *err)
{
	const size_t before = to->rows;
	char *room;
	int r = 0;

	buf_reset(&s->out);
	room = buf_space(&s->out, chunk->len);
	if (room)
		r = aside_read(&s->file, room, chunk->len, chunk->offset, err);
	if (r < 0)
		return r;
	if (room)
		buf_commit(&s->out, chunk->len);
	r = store_read_entries(&s->out, count_rows, to, err);
	if (r < 0 || to->rows - before == chunk->rows)
		return r;
	return aside_damaged(&s->file, err);
}

int spill_read(struct spill *s, size_t heap, store_rows_fn fn, void *ctx,
	struct err *err)
{
	const struct heap *h = &s->heaps[heap];
	struct counted to = {.fn = fn, .ctx = ctx};
	int r = 0;

	for (size_t i = 0; i < h->n && r == 0; i++)
		r = read_chunk(s, &h->chunks[i], &to, err);
	return r;
}
