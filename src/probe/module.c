/* The frame of a module's life.  Start: READY.  Then flushes as they are asked
 * for, one at a time; a newer number answers for the older.  End: everything
 * is handed over, the endpoint drains and says good-bye, all within
 * MODULE_LEAVE_MS. */
#include "probe/module.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "probe/privs.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { RETRY_MS = 50, STATUS_MAX = 1 << 20, FAREWELL_MS = 2000 };

struct module {
	struct loop *loop;
	const struct setup *setup;
	const struct module_hooks *hooks; /* NULL before module_run */
	struct endpoint *endpoint;
	struct courier *courier; /* NULL: no other collectors */
	int (*beside)(void *data, struct err *err);
	void *data; /* its */
	const char *about;
	int status_fd;
	struct buf status;
	bool ready;
	uint64_t flushing; /* number asked for, not yet answered; 0 none */
	struct loop_timer *trying; /* NULL: nothing to be handed over */
	bool ending, ended;
	struct mono_time end_by;
	int result; /* 0 or -code, with `err` filled */
	struct err err;
};

static enum peer_state collector_state(const struct module *m)
{
	enum peer_state state = PEER_UNHEARD;

	for (size_t i = 0; i < m->setup->n_peers; i++)
		if (m->setup->peers[i].role == MODULE_COLLECTOR)
			endpoint_peer_state(
				m->endpoint, m->setup->peers[i].id, &state);
	return state;
}

static void say_ready(struct module *m)
{
	enum peer_state state = collector_state(m);

	if (m->ready)
		return;
	m->ready = true;
	printf("READY %s id=%u port=%u collector=%s %s\n",
		module_role_name(m->setup->role), m->setup->id,
		endpoint_port(m->endpoint), peer_state_name(state), m->about);
	fflush(stdout);
}

static void on_ready_time(void *data)
{
	say_ready(data);
}

static void write_status(struct module *m)
{
	char stamp[CLOCK_TEXT];

	if (m->status_fd < 0)
		return;
	buf_reset(&m->status);
	buf_addf(&m->status, "at %s\nmodule %u %s\npid %d\ncollector %s\n",
		wall_print(wall_now(), stamp), m->setup->id,
		module_role_name(m->setup->role), (int)getpid(),
		peer_state_name(collector_state(m)));
	if (m->hooks->status)
		m->hooks->status(m->hooks->data, &m->status);
	courier_print(m->courier, &m->status);
	if (!buf_ok(&m->status) ||
		pwrite(m->status_fd, m->status.data, m->status.len, 0) < 0 ||
		ftruncate(m->status_fd, (off_t)m->status.len) < 0)
		return; /* the next one may do better */
}

static void each_second(void *data)
{
	struct module *m = data;

	courier_wake(m->courier,
		m->hooks->lost ? m->hooks->lost(m->hooks->data) : 0);
	write_status(m);
}

static void answer_flush(struct module *m)
{
	uint64_t number = m->flushing;

	m->flushing = 0;
	endpoint_flushed(m->endpoint, number);
}

static void leave(struct module *m)
{
	int64_t left = mono_ms_until(m->end_by);

	m->ended = true;
	if (m->flushing)
		answer_flush(m);
	endpoint_leave(m->endpoint, left > 500 ? left : 500);
}

static void retry(void *data)
{
	struct module *m = data;

	if (m->ending && !m->ended &&
		(m->hooks->end_rest(m->hooks->data) || mono_passed(m->end_by)))
		leave(m);
	else if (!m->ending && m->flushing &&
		 m->hooks->flush_rest(m->hooks->data))
		answer_flush(m);
	if (m->ending ? m->ended : !m->flushing) {
		loop_timer_stop(m->loop, m->trying);
		m->trying = NULL;
	}
}

/* What cannot be handed over at once. */
static void keep_trying(struct module *m)
{
	if (!m->trying)
		m->trying = loop_every(m->loop, RETRY_MS, retry, m);
}

static void on_flush(void *data, uint64_t number)
{
	struct module *m = data;
	bool under_way = m->flushing != 0;

	if (!m->hooks || m->ended) {
		endpoint_flushed(m->endpoint, number);
		return;
	}
	m->flushing = number; /* of an ending module: answered when it has */
	if (under_way || m->ending)
		return;
	if (m->hooks->flush(m->hooks->data))
		answer_flush(m);
	else
		keep_trying(m);
}

static void begin_end(struct module *m)
{
	if (m->ending)
		return;
	m->ending = true;
	m->end_by = mono_add_ms(mono_now(), MODULE_LEAVE_MS);
	if (!m->hooks || m->hooks->end(m->hooks->data))
		leave(m);
	else
		keep_trying(m);
}

static void on_end(void *data)
{
	log_info("asked to end");
	begin_end(data);
}

static void on_lease_over(void *data)
{
	log_warning("nobody renewed the lease: ending");
	begin_end(data);
}

static void on_abort(void *data, uint16_t from)
{
	struct module *m = data;

	m->result = err_set(&m->err, NFZ_E_REMOTE,
		"the deployment was aborted by module %u", from);
	loop_stop(m->loop);
}

static void on_left(void *data, bool complete)
{
	struct module *m = data;

	if (!complete)
		m->result = err_set(&m->err, NFZ_E_TIMEOUT,
			"left before everything was delivered");
	loop_stop(m->loop);
}

static void on_peer(void *data, uint16_t id, enum peer_state state)
{
	struct module *m = data;

	log_info("module %u is %s", id, peer_state_name(state));
	if (m->hooks && collector_state(m) == PEER_UP)
		say_ready(m);
}

static void on_digests(void *data, const struct digest_header *header,
	const struct digest *digests, size_t n)
{
	struct module *m = data;

	if (m->hooks && m->hooks->digests)
		m->hooks->digests(m->hooks->data, header->meter, digests, n);
}

static void on_health(void *data, struct module_health *ret)
{
	struct module *m = data;

	if (m->hooks)
		m->hooks->health(m->hooks->data, ret);
}

static void on_signal(void *data, int signo)
{
	struct module *m = data;

	if (signo == SIGHUP) {
		if (m->hooks && m->hooks->reload)
			m->hooks->reload(m->hooks->data);
		return;
	}
	if (m->ending) {
		m->result = err_set(&m->err, NFZ_E_INTERRUPTED,
			"ended at once by signal %d", signo);
		loop_stop(m->loop);
		return;
	}
	log_info("ending by signal %d", signo);
	begin_end(m);
}

static int open_status(struct module *m, const char *path, struct err *err)
{
	m->status_fd = -1;
	if (!path)
		return 0;
	m->status_fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	return m->status_fd < 0 ? err_sys(err, "%s", path) : 0;
}

bool module_send_rows(struct module *m, const struct flow_rows *rows,
	const struct courier_item *item)
{
	if (!endpoint_send_rows(m->endpoint, rows))
		return false;
	courier_add(m->courier, item);
	return true;
}

int module_open(
	const struct module_options *o, struct module **ret, struct err *err)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
	const struct courier_options courier = {
		.setup = o->setup, .balance = o->balance, .pace = o->pace};
	struct module *m = mem_zalloc(1, sizeof(*m));
	const struct endpoint_handlers handlers = {.data = m,
		.on_digests = o->role == MODULE_CACHE ? on_digests : NULL,
		.on_flush = on_flush,
		.on_end = on_end,
		.on_abort = on_abort,
		.on_lease_over = on_lease_over,
		.on_left = on_left,
		.on_peer = on_peer,
		.on_health = on_health};
	int r = 0;

	m->loop = o->loop;
	m->setup = o->setup;
	m->beside = o->beside;
	m->data = o->data;
	m->status = (struct buf)BUF_INIT(STATUS_MAX);
	if (o->setup->role != o->role)
		r = err_set(err, NFZ_E_INPUT, "the setup is for a %s",
			module_role_name(o->setup->role));
	if (r == 0)
		r = open_status(m, o->status_path, err);
	if (r == 0)
		r = courier_open(&courier, &m->courier, err);
	if (r == 0)
		r = loop_signals(m->loop, signals, 3, on_signal, m, err);
	/* a keeper ignores it, and what is ignored never arrives */
	signal(SIGHUP, SIG_DFL);
	if (r == 0)
		r = endpoint_new(
			m->loop, m->setup, &handlers, &m->endpoint, err);
	if (r < 0) {
		module_close(m);
		return r;
	}
	*ret = m;
	return 0;
}

void module_close(struct module *m)
{
	if (!m)
		return;
	endpoint_free(m->endpoint);
	courier_close(m->courier);
	if (m->status_fd >= 0)
		close(m->status_fd);
	buf_release(&m->status);
	free(m);
}

int module_lock_up(
	struct module *m, uint32_t uid, enum privs_keep keep, struct err *err)
{
	int r = privs_drop(uid, keep, err);

	if (r == 0)
		r = courier_start(m->courier, err);
	if (r == 0 && m->beside)
		r = m->beside(m->data, err);
	return r < 0 ? r : privs_jail(err);
}

struct endpoint *module_endpoint(struct module *m)
{
	return m->endpoint;
}

int module_run(struct module *m, const struct module_hooks *hooks,
	const char *about, struct err *err)
{
	int r;

	m->hooks = hooks;
	m->about = about;
	loop_every(m->loop, 1000, each_second, m);
	loop_after(m->loop, MODULE_READY_MS, on_ready_time, m);
	if (collector_state(m) == PEER_UP)
		say_ready(m);
	r = loop_run(m->loop, err);
	courier_finish(m->courier, FAREWELL_MS);
	write_status(m);
	if (r == 0 && m->result < 0) {
		*err = m->err;
		r = m->result;
	}
	return r;
}
