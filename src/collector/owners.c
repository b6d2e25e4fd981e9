#include "collector/owners.h"
#include "base/mem.h"
#include "flow/stream.h"
#include "store/catalog.h"

#include <stdlib.h>
#include <string.h>

struct pair {
	uint16_t module, tap;
};

struct owners {
	bool any;
	uint16_t of[CATALOG_TAPS]; /* by tap: the meter; 0: nobody's */
	struct pair *past;         /* by the store, and not by the names */
	size_t n_past, past_cap;
	const struct setup *setup;
	uint64_t *left_out; /* by peer of the setup */
	/* of the batch at hand */
	struct flow_record records[STREAM_RECORDS];
	struct flow_extra extras[STREAM_RECORDS];
	struct tap_counters counters[STREAM_COUNTERS_MAX];
};

static void read_names(struct owners *o, const struct collector *c)
{
	cleanup(catalog_free_at) struct catalog *names = NULL;
	struct err err = ERR_INIT;

	if (catalog_load(c->setup->store, &names, &err) < 0) {
		log_err(&err);
		log_warning("whose taps are whose is not known: what modules "
			    "say of any is taken");
		return;
	}
	for (size_t i = 0; i < names->n_taps; i++)
		o->of[names->taps[i].id] = names->taps[i].module;
	o->any = names->n_taps > 0;
}

static void read_past(struct owners *o, const struct store *s)
{
	const struct store_tap *t;

	for (size_t i = 0; (t = store_tap(s, i)); i++) {
		const struct pair p = {t->source.module, t->counters.tap};

		if (p.module < MODULE_FOREIGN_FIRST && o->of[p.tap] != p.module)
			MEM_PUSH(o->past, o->n_past, o->past_cap) = p;
	}
}

struct owners *owners_new(const struct collector *c)
{
	struct owners *o = mem_zalloc(1, sizeof(*o));

	o->setup = c->setup;
	o->left_out = mem_zalloc(c->setup->n_peers + 1, sizeof(*o->left_out));
	read_names(o, c);
	if (o->any)
		read_past(o, c->store);
	return o;
}

void owners_free(struct owners *o)
{
	if (!o)
		return;
	free(o->past);
	free(o->left_out);
	free(o);
}

static bool was_its(const struct owners *o, uint16_t module, uint16_t tap)
{
	for (size_t i = 0; i < o->n_past; i++)
		if (o->past[i].module == module && o->past[i].tap == tap)
			return true;
	return false;
}

static bool may_tell(const struct owners *o, const struct endpoint_source *from,
	uint16_t tap)
{
	return o->of[tap] == from->module ||
	       (from->role == MODULE_CACHE && o->of[tap]) ||
	       was_its(o, from->module, tap);
}

static bool is_its_own(const struct owners *o, const struct endpoint_batch *b)
{
	bool all = true;

	for (size_t i = 0; i < b->n_records && all; i++)
		all = may_tell(o, &b->from, b->records[i].tap);
	for (size_t i = 0; i < b->n_counters && all; i++)
		all = may_tell(o, &b->from, b->counters[i].tap);
	return all;
}

struct endpoint_batch owners_sift(
	struct owners *o, const struct endpoint_batch *b)
{
	struct endpoint_batch rest = *b;

	if (!o->any || is_its_own(o, b))
		return rest;
	rest.n_records = rest.n_counters = 0;
	for (size_t i = 0; i < b->n_records; i++) {
		if (!may_tell(o, &b->from, b->records[i].tap))
			continue;
		o->records[rest.n_records] = b->records[i];
		if (b->extras)
			o->extras[rest.n_records] = b->extras[i];
		rest.n_records++;
	}
	for (size_t i = 0; i < b->n_counters; i++)
		if (may_tell(o, &b->from, b->counters[i].tap))
			o->counters[rest.n_counters++] = b->counters[i];
	rest.records = o->records;
	rest.extras = b->extras ? o->extras : NULL;
	rest.counters = o->counters;
	return rest;
}

static uint64_t *count_of(const struct owners *o, uint16_t module)
{
	for (size_t i = 0; i < o->setup->n_peers; i++)
		if (o->setup->peers[i].id == module)
			return &o->left_out[i];
	return NULL;
}

void owners_count(struct owners *o, const struct endpoint_batch *b,
	const struct endpoint_batch *rest)
{
	const uint64_t left = b->n_records - rest->n_records + b->n_counters -
			      rest->n_counters;
	uint64_t *count = left ? count_of(o, b->from.module) : NULL;

	if (count)
		*count += left;
}

uint64_t owners_left_out(const struct owners *o, uint16_t module)
{
	const uint64_t *count = count_of(o, module);

	return count ? *count : 0;
}
