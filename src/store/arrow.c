/* Each batch is one piece of memory for its columns and one for what describes
 * them; both go with the batch, but a child may be taken out of it (moved) and
 * outlive it, so each child has its column as its own. */
#include "store/arrow.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* X(member, format, bytes): the order of the columns. */
#define ARROW_COLUMNS(X)                                                       \
	X(src, "w:16", 16)                                                     \
	X(dst, "w:16", 16)                                                     \
	X(sport, "S", 2)                                                       \
	X(dport, "S", 2)                                                       \
	X(proto, "C", 1)                                                       \
	X(tcp_flags, "C", 1)                                                   \
	X(packets, "L", 8)                                                     \
	X(bytes, "L", 8)                                                       \
	X(first, "tsn:UTC", 8)                                                 \
	X(last, "tsn:UTC", 8)

enum {
#define X(member, format, bytes) ARROW_##member,
	ARROW_COLUMNS(X)
#undef X
		N_COLUMNS
};

static const struct {
	const char *name, *format;
	size_t size;
} columns[N_COLUMNS] = {
#define X(member, format, bytes) {#member, format, bytes},
	ARROW_COLUMNS(X)
#undef X
};

/* Schema ------------------------------------------------------------------ */

static void release_column_schema(struct ArrowSchema *s)
{
	s->release = NULL; /* texts are constant */
}

static void release_schema(struct ArrowSchema *s)
{
	for (int64_t i = 0; i < s->n_children; i++) {
		if (s->children[i]->release)
			s->children[i]->release(s->children[i]);
		free(s->children[i]);
	}
	free(s->children);
	s->release = NULL;
}

void arrow_schema(struct ArrowSchema *ret)
{
	*ret = (struct ArrowSchema){.format = "+s",
		.name = "",
		.n_children = N_COLUMNS,
		.children = mem_zalloc(N_COLUMNS, sizeof(*ret->children)),
		.release = release_schema};
	for (int i = 0; i < N_COLUMNS; i++) {
		ret->children[i] = mem_zalloc(1, sizeof(*ret));
		*ret->children[i] =
			(struct ArrowSchema){.format = columns[i].format,
				.name = columns[i].name,
				.release = release_column_schema};
	}
}

/* Batches ----------------------------------------------------------------- */

/* The buffers of a column: which are valid (NULL: all), and the values. */
struct column {
	const void *buffers[2];
	void *values;
};

static void release_column(struct ArrowArray *a)
{
	struct column *c = a->private_data;

	free(c->values);
	free(c);
	a->release = NULL;
}

static void release_batch(struct ArrowArray *a)
{
	for (int64_t i = 0; i < a->n_children; i++) {
		if (a->children[i]->release)
			a->children[i]->release(a->children[i]);
		free(a->children[i]);
	}
	free(a->children);
	free(a->buffers);
	a->release = NULL;
}

static struct ArrowArray *column_new(size_t size)
{
	struct ArrowArray *a = mem_zalloc(1, sizeof(*a));
	struct column *c = mem_zalloc(1, sizeof(*c));

	c->buffers[1] = c->values = mem_grow(NULL, ARROW_ROWS, size);
	*a = (struct ArrowArray){.n_buffers = 2,
		.buffers = c->buffers,
		.release = release_column,
		.private_data = c};
	return a;
}

static struct ArrowArray batch_new(void)
{
	struct ArrowArray a = {.n_buffers = 1,
		.n_children = N_COLUMNS,
		.buffers = mem_zalloc(1, sizeof(*a.buffers)),
		.children = mem_zalloc(N_COLUMNS, sizeof(*a.children)),
		.release = release_batch};

	for (int i = 0; i < N_COLUMNS; i++)
		a.children[i] = column_new(columns[i].size);
	return a;
}

struct batching {
	arrow_fn fn;
	void *ctx;
	struct ArrowArray batch; /* release NULL: none was begun */
};

static void put(struct batching *b, int column, const void *value)
{
	const struct column *c = b->batch.children[column]->private_data;
	const size_t size = columns[column].size;

	memcpy((char *)c->values + (size_t)b->batch.length * size, value, size);
}

static int give(struct batching *b, struct err *err)
{
	int r;

	if (!b->batch.release)
		return 0;
	for (int i = 0; i < N_COLUMNS; i++)
		b->batch.children[i]->length = b->batch.length;
	r = b->fn(b->ctx, &b->batch, err);
	if (b->batch.release)
		b->batch.release(&b->batch);
	return r;
}

static int on_flow(void *ctx, const struct flow *f, struct err *err)
{
	struct batching *b = ctx;

	if (!b->batch.release)
		b->batch = batch_new();
	put(b, ARROW_src, &f->key.src);
	put(b, ARROW_dst, &f->key.dst);
	put(b, ARROW_sport, &f->key.sport);
	put(b, ARROW_dport, &f->key.dport);
	put(b, ARROW_proto, &f->key.proto);
	put(b, ARROW_tcp_flags, &f->tcp_flags);
	put(b, ARROW_packets, &f->packets);
	put(b, ARROW_bytes, &f->bytes);
	put(b, ARROW_first, &f->first_ns);
	put(b, ARROW_last, &f->last_ns);
	return ++b->batch.length == ARROW_ROWS ? give(b, err) : 0;
}

int arrow_flows(struct store *s, const struct query *q, arrow_fn fn, void *ctx,
	struct err *err)
{
	struct batching b = {.fn = fn, .ctx = ctx};
	int r = query_flows(s, q, on_flow, &b, NULL, err);

	if (r == 0)
		return give(&b, err);
	if (b.batch.release)
		b.batch.release(&b.batch);
	return r;
}
