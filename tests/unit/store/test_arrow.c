/* A consumer that believes nothing but what the specification says. */
#include "base/mem.h"
#include "store/arrow.h"
#include "unit/store/run.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { N = ARROW_ROWS + 5000, EACH = 1000 };

static size_t size_of(const char *format)
{
	static const struct {
		const char *format;
		size_t size;
	} all[] = {{"w:16", 16}, {"S", 2}, {"C", 1}, {"L", 8}, {"tsn:UTC", 8}};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (strcmp(format, all[i].format) == 0)
			return all[i].size;
	cr_assert_fail("format %s", format);
	return 0;
}

static void check(const struct ArrowSchema *s, const struct ArrowArray *a)
{
	const bool record = strcmp(s->format, "+s") == 0;

	cr_assert(s->release && a->release);
	cr_assert_eq(s->n_children, a->n_children);
	cr_assert(s->name && !s->metadata && !s->dictionary && !a->dictionary);
	cr_assert_eq(s->flags & ~INT64_C(7), 0);
	cr_assert_eq(a->null_count, 0);
	cr_assert_eq(a->offset, 0);
	cr_assert_eq(a->n_buffers, record ? 1 : 2);
	cr_assert(!a->buffers[0], "all are valid");
	if (!record) {
		cr_assert_eq(a->n_children, 0);
		cr_assert_eq((uintptr_t)a->buffers[1] % 8, 0);
		/* the last is there to be read */
		for (size_t i = 0; i < size_of(s->format); i++)
			(void)((const volatile uint8_t *)a->buffers[1])
				[(size_t)a->length * size_of(s->format) - 1 -
					i];
	}
	for (int64_t i = 0; i < a->n_children; i++) {
		cr_assert_eq(a->children[i]->length, a->length);
		check(s->children[i], a->children[i]);
	}
}

struct consumer {
	struct ArrowSchema schema;
	uint64_t rows, batches, packets;
	struct ArrowArray kept; /* a column, moved out of the first batch */
};

static int64_t column(const struct ArrowSchema *s, const char *name)
{
	for (int64_t i = 0; i < s->n_children; i++)
		if (strcmp(s->children[i]->name, name) == 0)
			return i;
	cr_assert_fail("column %s", name);
	return 0;
}

static const void *values(
	const struct consumer *c, const struct ArrowArray *a, const char *name)
{
	return a->children[column(&c->schema, name)]->buffers[1];
}

static int on_batch(void *ctx, struct ArrowArray *batch, struct err *err)
{
	struct consumer *c = ctx;
	const uint64_t *packets = values(c, batch, "packets");
	const uint64_t *bytes = values(c, batch, "bytes");
	const struct net_addr *src = values(c, batch, "src");
	const int64_t *first = values(c, batch, "first");
	const uint16_t *sport = values(c, batch, "sport");
	const struct net_addr want = run_addr("10.0.1.1");
	struct ArrowArray *child;

	(void)err;
	check(&c->schema, batch);
	cr_assert(batch->length > 0 && batch->length <= ARROW_ROWS);
	for (int64_t i = 0; i < batch->length; i++) {
		c->packets += packets[i];
		cr_assert_eq(bytes[i], 100 * packets[i]);
		cr_assert_eq(sport[i], packets[i] % 60000);
		cr_assert_eq(first[i] % INT64_C(1000000000), 0);
		cr_assert_eq(memcmp(&src[i], &want, sizeof(want)), 0);
	}
	c->rows += (uint64_t)batch->length;
	if (c->batches++)
		return 0; /* who gave it releases it */
	child = batch->children[column(&c->schema, "packets")];
	c->kept = *child;
	child->release = NULL;
	batch->release(batch);
	cr_assert(!batch->release);
	return 0;
}

static void fill(const char *dir)
{
	static struct flow_record r[EACH];
	struct store *s = run_open(dir, STORE_WRITE);

	run_write_catalog(dir);
	for (uint64_t k = 0; k < N / EACH; k++) {
		for (uint64_t i = 0; i < EACH; i++) {
			uint64_t packets = k * EACH + i + 1;

			r[i] = run_record("10.0.1.1", "10.0.3.1", TAP_FOREIGN,
				packets, (double)k);
			r[i].flags = RECORD_FOREIGN;
			r[i].key.sport = (uint16_t)(packets % 60000);
		}
		run_store(s, STORE_FOREIGN, k + 1, r, EACH);
	}
	store_close(s);
}

Test(arrow, batches_are_what_the_specification_says)
{
	const uint64_t n = N / EACH * EACH;
	char *dir = run_dir();
	struct catalog *names = run_catalog();
	struct consumer c = {.rows = 0};
	struct err err = ERR_INIT;
	struct filter *f;
	struct query q = {.catalog = names};
	struct store *s;
	const uint64_t *kept;

	fill(dir);
	s = run_open(dir, STORE_READ);
	cr_assert_eq(filter_parse("", 0, names, &f, &err), 0);
	q.filter = f;
	arrow_schema(&c.schema);
	cr_assert_eq(arrow_flows(s, &q, on_batch, &c, &err), 0, "%s", err.text);
	cr_assert_eq(c.rows, n);
	cr_assert_eq(c.batches, 2);
	cr_assert_eq(c.packets, n * (n + 1) / 2);
	/* what was moved out lives as long as who took it wants */
	kept = c.kept.buffers[1];
	cr_assert_eq(c.kept.length, ARROW_ROWS);
	cr_assert(kept[0] >= 1 && kept[ARROW_ROWS - 1] <= n);
	c.kept.release(&c.kept);
	c.schema.release(&c.schema);
	cr_assert(!c.kept.release && !c.schema.release);
	filter_free(f);
	store_close(s);
	catalog_free(names);
	run_remove(dir);
}

static int refuse(void *ctx, struct ArrowArray *batch, struct err *err)
{
	(void)ctx;
	(void)batch;
	return err_set(err, NFZ_E_LIMIT, "enough");
}

Test(arrow, a_consumer_may_stop)
{
	char *dir = run_dir();
	struct catalog *names = run_catalog();
	struct err err = ERR_INIT;
	struct filter *f;
	struct query q = {.catalog = names};
	struct store *s;

	fill(dir);
	s = run_open(dir, STORE_READ);
	cr_assert_eq(filter_parse("", 0, names, &f, &err), 0);
	q.filter = f;
	cr_assert_eq(arrow_flows(s, &q, refuse, NULL, &err), -NFZ_E_LIMIT);
	cr_assert_str_eq(err.text, "enough");
	filter_free(f);
	store_close(s);
	catalog_free(names);
	run_remove(dir);
}
