/* The status document: what is known now, of whom, and how much of it is on
 * disk.  "schema": "netflowize.collector/1"; unknown numbers are null. */
#include "collector/owners.h"
#include "format/jsonw.h"

#include <stdio.h>

static void put_known(struct jsonw *w, const char *key, uint64_t v)
{
	if (v != HEALTH_UNKNOWN) {
		jsonw_put_uint(w, key, v);
		return;
	}
	jsonw_key(w, key);
	jsonw_null(w);
}

static void put_life(struct jsonw *w, uint64_t life)
{
	char text[20];

	snprintf(text, sizeof(text), "%016llx", (unsigned long long)life);
	jsonw_put(w, "life", text);
}

static void put_stats(struct jsonw *w, const struct module_stats *m)
{
	for (int i = 0; i < MODULE_STAT_COUNT; i++)
		put_known(w, module_stat_name((enum module_stat)i), m->n[i]);
}

/* The last life of a module that the store knows. */
static const struct store_sender *sender_of(
	const struct collector *c, uint16_t id, uint64_t life)
{
	const struct store_sender *s, *ret = NULL;

	for (size_t i = 0; (s = store_sender(c->store, i)); i++)
		if (s->source.module == id && (!life || s->source.life == life))
			ret = s;
	return ret;
}

static const struct module_stats *kept(const struct collector *c, uint16_t id)
{
	const struct module_stats *m;

	for (size_t i = 0; (m = store_module(c->store, i)); i++)
		if (m->module == id)
			return m;
	return NULL;
}

/* Live numbers where there are any, else the last ones kept. */
static void put_module(const struct collector *c, struct jsonw *w,
	const struct endpoint_peer *p)
{
	const struct module_stats *m = kept(c, p->source.module);
	const struct store_sender *s =
		sender_of(c, p->source.module, p->source.life);
	uint64_t life = p->source.life;

	if (!life)
		life = s ? s->source.life : m ? m->life : 0;
	jsonw_object_inline(w);
	jsonw_put_uint(w, "module", p->source.module);
	jsonw_put(w, "role", module_role_name(p->source.role));
	jsonw_put(w, "state", peer_state_name(p->state));
	if (p->heard_ms >= 0)
		jsonw_put_int(w, "heard_ms", p->heard_ms);
	put_life(w, life);
	jsonw_put_uint(w, "batches", p->batches);
	jsonw_put_uint(w, "duplicate_batches", p->duplicates);
	jsonw_put_uint(w, "early_batches", p->out_of_order);
	jsonw_put_uint(w, "records_stored", s ? s->records : 0);
	jsonw_put_uint(w, "last_seq", s ? s->last_seq : 0);
	jsonw_put_uint(
		w, "left_out", owners_left_out(c->owners, p->source.module));
	if (m) {
		jsonw_put(w, "backend", m->backend);
		jsonw_put_int(w, "at_ns", m->at_ns);
		jsonw_put_int(w, "clock_offset_ns", m->clock_offset_ns);
		put_stats(w, m);
	}
	jsonw_end(w);
}

static void put_modules(const struct collector *c, struct jsonw *w)
{
	struct endpoint_peer p;

	jsonw_key(w, "modules");
	jsonw_array(w);
	for (size_t i = 0; endpoint_peer(c->ep, i, &p); i++)
		put_module(c, w, &p);
	jsonw_end(w);
}

static void put_tap(struct jsonw *w, const struct store_tap *t)
{
	const struct tap_counters *k = &t->counters;

	jsonw_object_inline(w);
	jsonw_put_uint(w, "tap", k->tap);
	jsonw_put_uint(w, "module", t->source.module);
	put_life(w, t->source.life);
	jsonw_put_uint(w, "records", t->records);
	jsonw_put_uint(w, "packets_stored", t->packets);
	jsonw_put_uint(w, "bytes_stored", t->bytes);
	if (t->known) {
		jsonw_put_int(w, "at_ns", k->at_ns);
		jsonw_put_uint(w, "wire_frames", k->wire_frames);
		jsonw_put_uint(w, "ip_frames", k->ip_frames);
		jsonw_put_uint(w, "non_ip", k->non_ip);
		jsonw_put_uint(w, "excluded", k->excluded);
		jsonw_put_uint(w, "unsampled", k->unsampled);
		jsonw_put_uint(w, "packets", k->packets);
		jsonw_key(w, "lost");
		jsonw_object(w);
		for (int i = 0; i < TAP_LOSS_COUNT; i++)
			jsonw_put_uint(
				w, tap_loss_name((enum tap_loss)i), k->lost[i]);
		jsonw_end(w);
		jsonw_put_uint(w, "if_received", k->if_received);
		jsonw_put_uint(w, "if_sent", k->if_sent);
		jsonw_put_uint(w, "frames_received", k->frames_received);
		jsonw_put_uint(w, "frames_sent", k->frames_sent);
		jsonw_put_uint(w, "attach_uncertainty", k->attach_uncertainty);
	}
	jsonw_end(w);
}

static void put_taps(const struct collector *c, struct jsonw *w)
{
	const struct store_tap *t;

	jsonw_key(w, "taps");
	jsonw_array(w);
	for (size_t i = 0; (t = store_tap(c->store, i)); i++)
		if (t->source.module < MODULE_FOREIGN_FIRST)
			put_tap(w, t);
	jsonw_end(w);
}

static void put_retired(const struct collector *c, struct jsonw *w)
{
	const struct store_retired *t = store_retired(c->store);

	jsonw_key(w, "retired");
	jsonw_object(w);
	jsonw_put_uint(w, "segments", t->segments);
	jsonw_put_uint(w, "rows", t->rows);
	jsonw_put_uint(w, "bytes", t->bytes);
	if (t->rows) {
		jsonw_put_int(w, "first_ns", t->first_ns);
		jsonw_put_int(w, "last_ns", t->last_ns);
	}
	jsonw_end(w);
}

static void put_refusals(const struct collector *c, struct jsonw *w)
{
	const char *cause;
	uint64_t n;

	jsonw_key(w, "refused");
	jsonw_object(w);
	for (size_t i = 0; endpoint_refusals(c->ep, i, &cause, &n); i++)
		jsonw_put_uint(w, cause, n);
	jsonw_end(w);
}

void collector_print(const struct collector *c, struct buf *out)
{
	const struct store_recovery *rec = store_recovered(c->store);
	struct endpoint_stats stats;
	struct jsonw w;

	endpoint_stats(c->ep, &stats);
	jsonw_init(&w, out, JSONW_COMPACT);
	jsonw_object(&w);
	jsonw_put(&w, "schema", "netflowize.collector/1");
	jsonw_put_uint(&w, "module", c->setup->id);
	jsonw_put_int(&w, "now_ns", wall_now().ns);
	jsonw_put_int(&w, "up_ms", mono_now().ns / NS_PER_MS - c->began_ms);
	jsonw_put_bool(&w, "degraded", c->failing || c->unsealed);
	jsonw_put_uint(&w, "records", c->records);
	jsonw_put_uint(&w, "duplicates", c->duplicates);
	jsonw_put_uint(&w, "batches", c->batches);
	jsonw_put_uint(&w, "commits", c->commits);
	jsonw_put_uint(&w, "commit_failures", c->commit_failures);
	jsonw_put_uint(&w, "rows", store_rows(c->store));
	jsonw_put_uint(&w, "recovered_rows", rec->rows);
	jsonw_put_uint(&w, "cut_bytes", rec->cut_bytes);
	jsonw_put_uint(&w, "damaged_bytes", rec->damaged_bytes);
	jsonw_put_uint(&w, "kernel_drops", stats.kernel_drops);
	put_retired(c, &w);
	put_refusals(c, &w);
	put_modules(c, &w);
	put_taps(c, &w);
	jsonw_key(&w, "foreign");
	foreign_print(c, &w);
	jsonw_end(&w);
}
