/* Records in, acknowledgements out.
 *
 * A batch is appended to the store when it comes and acknowledged after the
 * commit that follows: COMMIT_MS after the first uncommitted one, at
 * COMMIT_BYTES, or at once while somebody waits for a flush.  When the store
 * cannot take it (disk full) nothing is acknowledged, the senders keep what
 * they have, and commits are tried again until there is room. */
#include "collector/collector.h"
#include "collector/losses.h"
#include "collector/owners.h"
#include "collector/steps.h"
#include "base/mem.h"
#include "format/crypto.h"
#include "store/events.h"

#include <poll.h>

static int64_t now_ms(void)
{
	return mono_now().ns / NS_PER_MS;
}

static void complain(struct collector *c, const struct err *err)
{
	unsigned long hidden;

	if (!log_allow(&c->log_limit, &hidden))
		return;
	log_err(err);
	if (hidden)
		log_warning("%lu more such lines were not printed", hidden);
}

void collector_note(struct collector *c, const struct event *e)
{
	struct err err = ERR_INIT;

	if (events_add(c->setup->store, e, &err) < 0)
		complain(c, &err);
}

static void note_run(struct collector *c, const char *text)
{
	const struct event e = {
		.at_ns = wall_now().ns, .kind = EVENT_RUN, .text = text};

	collector_note(c, &e);
}

/* --- committing ---------------------------------------------------------- */

static void on_commit_timer(void *data)
{
	struct collector *c = data;

	c->commit_timer = NULL; /* it was for once */
	collector_commit(c);
}

void collector_dirty(struct collector *c, int64_t within_ms)
{
	int64_t at_ms = now_ms() + within_ms;

	if (c->commit_timer && c->commit_at_ms <= at_ms)
		return;
	loop_timer_stop(c->loop, c->commit_timer);
	c->commit_timer = loop_after(c->loop, within_ms, on_commit_timer, c);
	c->commit_at_ms = at_ms;
}

/* What is in the log is safe, but the log goes on growing: worth a line. */
static void look_for_trouble(struct collector *c)
{
	const struct err *trouble = store_trouble(c->store);
	bool now = trouble->code != 0;

	if (now && !c->unsealed)
		log_err(trouble);
	c->unsealed = now;
}

static void on_durable(struct collector *c)
{
	if (c->failing)
		log_info("the store takes records again");
	c->failing = false;
	c->kept_to = c->cut_to;
	endpoint_durable(c->ep);
	clients_go_on(c);
}

static void on_written(struct collector *c, int result, const struct err *err)
{
	c->kept_it = true;
	if (result == 0) {
		c->commits++;
		on_durable(c);
		return;
	}
	c->failing = true;
	c->commit_failures++;
	complain(c, err);
	collector_dirty(c, COMMIT_MS); /* try again */
	clients_go_on(c);
}

static void look_at_keeper(struct collector *c)
{
	struct err err;
	int result = 0;
	enum keeper_state state = keeper_look(c->keeper, &result, &err);

	if ((state == KEEPER_WRITTEN || state == KEEPER_DONE) && !c->kept_it)
		on_written(c, result, &err);
	if (keeper_left_unpacked(c->keeper, &err))
		complain(c, &err);
	if (state != KEEPER_DONE)
		return;
	c->keeping = false;
	store_settle(c->store);
	look_for_trouble(c);
}

static void on_keeper(void *data, int fd, short revents)
{
	struct collector *c = data;

	(void)fd;
	(void)revents;
	look_at_keeper(c);
	if (c->keeping || !c->again)
		return;
	c->again = false;
	collector_commit(c);
}

void collector_commit(struct collector *c)
{
	uint64_t cut_to;
	bool any;

	if (c->keeping) {
		c->again = true;
		return;
	}
	any = store_cut(c->store, &cut_to);
	endpoint_mark(c->ep);
	if (!any) {
		on_durable(c); /* what came again was there already */
		return;
	}
	c->cut_to = cut_to;
	c->keeping = true;
	c->kept_it = false;
	keeper_ask(c->keeper);
}

/* Makes all of it durable, at the end; says whether it is. */
static bool finish(struct collector *c)
{
	struct err err = ERR_INIT;

	if (c->keeping) {
		keeper_wait(c->keeper);
		look_at_keeper(c);
	}
	endpoint_mark(c->ep);
	if (store_commit(c->store, &err) < 0) {
		log_err(&err);
		c->failing = true;
		return false;
	}
	c->cut_to = store_appended(c->store);
	on_durable(c);
	return true;
}

/* --- what modules send --------------------------------------------------- */

static int append(struct collector *c, const struct endpoint_batch *got,
	bool *ret_new, struct err *err)
{
	const struct store_source from = {got->from.module, got->from.life};
	const int64_t now_ns = wall_now().ns;
	const struct endpoint_batch b = steps_place(c->steps, c, got, now_ns);
	const struct store_batch batch = {.from = from,
		.seq = b.seq,
		.received_ns = now_ns,
		.records = b.records,
		.extras = b.extras,
		.n = b.n_records};
	int r = 0;

	*ret_new = true;
	if (b.n_records)
		r = store_append(c->store, &batch, ret_new, err);
	if (r == 0 && b.n_counters)
		r = store_append_counters(
			c->store, from, b.counters, b.n_counters, err);
	return r;
}

static bool on_batch(void *data, const struct endpoint_batch *b)
{
	struct collector *c = data;
	const struct endpoint_batch own = owners_sift(c->owners, b);
	struct err err = ERR_INIT;
	bool fresh = false;

	if (append(c, &own, &fresh, &err) < 0) {
		complain(c, &err);
		collector_dirty(c, COMMIT_MS);
		return false;
	}
	c->batches++;
	if (fresh) {
		c->records += own.n_records;
		owners_count(c->owners, b, &own);
	} else {
		c->duplicates += own.n_records;
	}
	collector_dirty(
		c, c->stop != STOP_NO || store_pending(c->store) >= COMMIT_BYTES
			   ? COMMIT_SOON_MS
			   : COMMIT_MS);
	clients_go_on(c);
	return true;
}

/* Nothing, rather than what is not durable yet: the store knows its own. */
static uint64_t on_last_seq(void *data, const struct endpoint_source *source)
{
	struct collector *c = data;

	if (c->kept_to != store_appended(c->store))
		return 0;
	return store_last_seq(
		c->store, (struct store_source){source->module, source->life});
}

static void on_flushed(void *data, uint16_t module, uint64_t number)
{
	struct collector *c = data;

	for (size_t i = 0; i < c->setup->n_peers; i++)
		if (c->setup->peers[i].id == module)
			c->flushed[i] = number;
}

/* A program that ended and was started again at once was never silent. */
static void note_life(
	struct collector *c, size_t i, const struct endpoint_source *from)
{
	const struct event e = {.at_ns = wall_now().ns,
		.kind = EVENT_PROBE,
		.module = from->module,
		.text = "was started again"};

	if (!from->life || c->lives[i] == from->life)
		return;
	if (c->lives[i])
		collector_note(c, &e);
	c->lives[i] = from->life;
}

static void keep_health(
	struct collector *c, size_t i, const struct endpoint_peer *p)
{
	const struct module_health *h = &p->health;
	struct module_stats m = {.module = p->source.module,
		.role = (uint8_t)p->source.role,
		.life = p->source.life,
		.at_ns = wall_now().ns - p->heard_ms * NS_PER_MS,
		.clock_offset_ns = steps_offset(c->steps, c, i, p),
		.n = {[STAT_RECORDS_SENT] = h->records_sent,
			[STAT_RECORDS_LOST] = h->records_lost,
			[STAT_DIGESTS_SENT] = h->digests_sent,
			[STAT_DIGESTS_RECEIVED] = h->digests_received,
			[STAT_DIGESTS_LOST] = h->digests_lost,
			[STAT_FLOWS_NOW] = h->flows_now,
			[STAT_FLOWS_MAX] = h->flows_max,
			[STAT_CPU_US] = h->cpu_us,
			[STAT_AUTH_FAILED] = h->auth_failed,
			[STAT_FLOWS_ROOM] = h->flows_room,
			[STAT_BYTES_SENT] = h->bytes_sent}};
	struct err err = ERR_INIT;

	_Static_assert(sizeof(m.backend) == sizeof(h->backend), "one name");
	memcpy(m.backend, h->backend, sizeof(m.backend));
	if (store_append_stats(c->store, &m, &err) < 0)
		complain(c, &err);
	collector_dirty(c, COMMIT_MS);
}

/* Who was there and fell silent, and who came back: what is missing in the
 * records then. */
static void note_peer(
	struct collector *c, uint16_t module, enum peer_state state)
{
	struct event e = {
		.at_ns = wall_now().ns, .kind = EVENT_PROBE, .module = module};
	size_t i = 0;

	while (i < c->setup->n_peers && c->setup->peers[i].id != module)
		i++;
	if (i == c->setup->n_peers || c->stop != STOP_NO)
		return;
	if (state == PEER_UP && c->away[i])
		e.text = "is back";
	else if (state == PEER_SILENT)
		e.text = "is silent";
	else if (state == PEER_ABORTED)
		e.text = "was aborted";
	if (e.text)
		collector_note(c, &e);
	c->away[i] = e.text && state != PEER_UP;
}

static void go_on_stopping(struct collector *c);

static void on_peer(void *data, uint16_t module, enum peer_state state)
{
	struct collector *c = data;

	struct endpoint_peer p;

	log_info("module %u is %s", module, peer_state_name(state));
	note_peer(c, module, state);
	for (size_t i = 0; endpoint_peer(c->ep, i, &p); i++) {
		if (p.source.module != module)
			continue;
		note_life(c, i, &p.source);
		if (p.has_health)
			keep_health(c, i, &p); /* perhaps its last numbers */
	}
	if (c->stop != STOP_NO)
		go_on_stopping(c);
}

static void on_abort(void *data, uint16_t from)
{
	struct collector *c = data;

	log_warning("module %u aborts the deployment", from);
	note_run(c, "aborted");
	c->aborting = true;
}

static void on_left(void *data, bool complete)
{
	struct collector *c = data;

	(void)complete;
	c->stop = STOP_DONE;
	clients_go_on(c);
	loop_stop(c->loop);
}

static void on_lease_over(void *data)
{
	struct collector *c = data;

	log_info("nobody renewed the lease; stopping");
	note_run(c, "nobody renewed the lease");
	collector_stop(c, STOP_MS);
}

static void on_health(void *data, struct module_health *h)
{
	(void)data;
	memcpy(h->backend, "store", sizeof("store"));
}

void collector_keep_health(struct collector *c)
{
	struct endpoint_peer p;

	for (size_t i = 0; endpoint_peer(c->ep, i, &p); i++) {
		note_life(c, i, &p.source);
		if (p.has_health && p.heard_ms >= 0 && p.heard_ms < 1500)
			keep_health(c, i, &p);
	}
}

static void on_second(void *data)
{
	struct collector *c = data;

	collector_keep_health(c);
	losses_look(c->losses, c);
	foreign_keep(c);
	/* old flows go while none come, too */
	if (c->setup->keep_ms || c->setup->keep_bytes)
		collector_dirty(c, COMMIT_MS);
	if (c->stop != STOP_NO)
		go_on_stopping(c);
	clients_go_on(c);
}

/* --- stopping ------------------------------------------------------------ */

/* Modules of a role that are still with us. */
static size_t present(const struct collector *c, enum module_role role)
{
	struct endpoint_peer p;
	size_t n = 0;

	for (size_t i = 0; endpoint_peer(c->ep, i, &p); i++)
		n += p.source.role == role &&
		     (p.state == PEER_UP || p.state == PEER_ENDING);
	return n;
}

static void go_on_stopping(struct collector *c)
{
	static const enum module_role roles[] = {
		[STOP_METERS] = MODULE_METER, [STOP_CACHES] = MODULE_CACHE};

	while (c->stop == STOP_METERS || c->stop == STOP_CACHES) {
		if (present(c, roles[c->stop]) && now_ms() < c->stop_by_ms)
			return;
		c->stop++;
		c->stop_by_ms = now_ms() + c->stop_patience_ms;
		if (c->stop == STOP_CACHES)
			endpoint_end(c->ep, MODULE_CACHE);
	}
	if (c->stop == STOP_DONE && !c->aborting) {
		if (!finish(c))
			log_error("stopping with records that could not be "
				  "written");
		clients_go_on(c);
		loop_stop(c->loop);
	}
}

void collector_stop(struct collector *c, int64_t patience_ms)
{
	if (c->stop != STOP_NO)
		return;
	log_info("stopping");
	c->stop = STOP_METERS;
	c->stop_patience_ms = patience_ms;
	c->stop_by_ms = now_ms() + patience_ms;
	endpoint_end(c->ep, MODULE_METER);
	go_on_stopping(c);
}

void collector_abort(struct collector *c)
{
	c->aborting = true;
	endpoint_abort(c->ep);
}

/* --- life ---------------------------------------------------------------- */

static int open_all(struct collector *c, struct err *err)
{
	const struct endpoint_handlers h = {.data = c,
		.on_batch = on_batch,
		.on_last_seq = on_last_seq,
		.on_flushed = on_flushed,
		.on_abort = on_abort,
		.on_left = on_left,
		.on_lease_over = on_lease_over,
		.on_peer = on_peer,
		.on_health = on_health};
	const struct store_limits limits = {.max_bytes = c->setup->keep_bytes,
		.max_age_ms = c->setup->keep_ms};
	int r = store_open(
		c->setup->store, STORE_WRITE, &limits, &c->store, err);

	if (!r)
		c->owners = owners_new(c);
	if (!r)
		r = keeper_open(&c->keeper, c->store, c->setup->store,
			c->setup->pack_ms, err);
	if (!r)
		loop_watch(c->loop, keeper_fd(c->keeper), POLLIN, on_keeper, c);
	if (!r)
		r = endpoint_new(c->loop, c->setup, &h, &c->ep, err);
	if (!r)
		r = foreign_open(c, err);
	if (!r)
		r = clients_open(c, err);
	return r;
}

int collector_new(struct loop *loop, const struct setup *setup,
	struct collector **ret, struct err *err)
{
	struct collector *c = mem_zalloc(1, sizeof(*c));
	int r;

	c->loop = loop;
	c->setup = setup;
	c->began_ms = now_ms();
	c->log_limit.burst = 10;
	c->flushed = mem_zalloc(setup->n_peers + 1, sizeof(*c->flushed));
	c->away = mem_zalloc(setup->n_peers + 1, sizeof(*c->away));
	c->lives = mem_zalloc(setup->n_peers + 1, sizeof(*c->lives));
	c->steps = steps_new(setup);
	if (!setup->store[0])
		r = err_set(err, NFZ_E_CONFIG,
			"the setup names no directory for the store");
	else
		r = open_all(c, err);
	if (r < 0) {
		collector_free(c);
		return r;
	}
	c->losses = losses_new(c);
	loop_every(loop, 1000, on_second, c);
	note_run(c, EVENTS_BEGIN);
	*ret = c;
	return 0;
}

bool collector_free(struct collector *c)
{
	bool kept = true;

	if (!c)
		return true;
	if (c->keeper && c->ep) {
		foreign_keep(c);
		kept = finish(c);
		if (c->losses)
			losses_end(c->losses, c);
		note_run(c, "collecting ends");
	}
	if (c->keeper)
		loop_unwatch(c->loop, keeper_fd(c->keeper));
	keeper_close(c->keeper);
	clients_close(c);
	foreign_close(c);
	endpoint_free(c->ep);
	store_close(c->store);
	loop_timer_stop(c->loop, c->commit_timer);
	free(c->flushed);
	free(c->away);
	free(c->lives);
	steps_free(c->steps);
	losses_free(c->losses);
	owners_free(c->owners);
	free(c);
	return kept;
}
