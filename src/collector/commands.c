/* The control socket (store/control.h has the rules): one line in, an answer
 * out, the last line "ok" or "error SENTENCE".
 *
 *   flush [MS]   all modules send what they have; answered when that is
 *                committed or MS have passed, with "late MODULE" lines
 *   status       the status document, one line of JSON
 *   renew [MS]   renews the lease, for MS or for what the setup says
 *   stop [MS]    ends meters, caches, then us; "late MODULE" for those that
 *                did not leave in order within MS each step
 *   abort        everybody stops at once
 *   mark NS TEXT puts a mark into the record, at NS since 1970 (0: now)
 *
 * Clients never block the collector: lines and answers are bounded, a client
 * that does not read its answer within CLIENT_MS is closed. */
#include "collector/collector.h"
#include "base/mem.h"
#include "store/control.h"
#include "store/events.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	LINE_MAX_BYTES = 512, /* holds a mark */
	ANSWER_MAX = 16 << 20,
	CLIENT_MS = 30000,
	/* modules that ran before us find us again within this */
	MEET_MS = 3000
};

enum client_state {
	CLIENT_FREE,
	CLIENT_LINE,
	CLIENT_FLUSH,
	CLIENT_STOP,
	CLIENT_ANSWER
};

struct client {
	struct collector *c;
	enum client_state state;
	int fd;
	char line[LINE_MAX_BYTES];
	size_t len;
	uint64_t flush;    /* its number; 0: not asked for yet */
	uint64_t appended; /* of the store, when it was asked for */
	uint64_t failures; /* to commit, until then */
	int64_t by_ms;
	struct buf answer;
	size_t written;
};

struct clients {
	int listen_fd;
	struct loop_timer *timer; /* while somebody waits for a flush */
	struct client items[CLIENTS_MAX];
};

static void on_client(void *data, int fd, short revents);

static int64_t now_ms(void)
{
	return mono_now().ns / NS_PER_MS;
}

static void drop(struct client *k)
{
	loop_unwatch(k->c->loop, k->fd);
	close(k->fd);
	buf_release(&k->answer);
	k->state = CLIENT_FREE;
	k->fd = -1;
}

/* Writes as much of the answer as goes; closes after the last byte. */
static void write_on(struct client *k)
{
	while (k->written < k->answer.len) {
		ssize_t n = send(k->fd, k->answer.data + k->written,
			k->answer.len - k->written, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			loop_watch(k->c->loop, k->fd, POLLOUT, on_client, k);
			return;
		}
		if (n <= 0)
			break;
		k->written += (size_t)n;
	}
	drop(k);
}

static void answer(struct client *k, const char *last)
{
	buf_adds(&k->answer, last);
	buf_addc(&k->answer, '\n');
	k->state = CLIENT_ANSWER;
	k->by_ms = now_ms() + CLIENT_MS;
	write_on(k);
}

static void name_late(struct client *k, uint16_t module)
{
	buf_addf(&k->answer, "late %u\n", module);
}

static bool counts(enum peer_state state)
{
	return state == PEER_UP || state == PEER_ENDING || state == PEER_SILENT;
}

static uint64_t flushed_by(const struct collector *c, uint16_t module)
{
	for (size_t i = 0; i < c->setup->n_peers; i++)
		if (c->setup->peers[i].id == module)
			return c->flushed[i];
	return 0;
}

/* Just started: is a module of ours still to be heard? */
static bool is_meeting(const struct collector *c)
{
	struct endpoint_peer p;

	if (now_ms() >= c->began_ms + MEET_MS)
		return false;
	for (size_t i = 0; endpoint_peer(c->ep, i, &p); i++)
		if (p.state == PEER_UNHEARD)
			return true;
	return false;
}

static void go_on_flush(struct client *k)
{
	struct collector *c = k->c;
	struct endpoint_peer p;

	if (!k->flush) {
		if (is_meeting(c) && now_ms() < k->by_ms)
			return;
		k->flush = endpoint_flush(c->ep);
	}
	/* modules are not answered before that is mended */
	if (!(c->failing && c->commit_failures > k->failures) &&
		(endpoint_unflushed(c->ep, k->flush, NULL, 0) ||
			c->kept_to < k->appended) &&
		now_ms() < k->by_ms) {
		collector_dirty(c, COMMIT_SOON_MS);
		return;
	}
	for (size_t i = 0; endpoint_peer(c->ep, i, &p); i++)
		if (counts(p.state) &&
			flushed_by(c, p.source.module) < k->flush)
			name_late(k, p.source.module);
	answer(k, c->failing ? "error " CONTROL_NOT_WRITTEN : "ok");
}

static void go_on_stop(struct client *k)
{
	struct endpoint_peer p;

	if (k->c->stop != STOP_DONE)
		return;
	for (size_t i = 0; endpoint_peer(k->c->ep, i, &p); i++)
		if (counts(p.state))
			name_late(k, p.source.module);
	answer(k, k->c->failing ? "error " CONTROL_NOT_WRITTEN : "ok");
}

static void go_on(struct client *k)
{
	switch (k->state) {
	case CLIENT_FREE:
		break;
	case CLIENT_FLUSH:
		go_on_flush(k);
		break;
	case CLIENT_STOP:
		go_on_stop(k);
		break;
	case CLIENT_LINE:
	case CLIENT_ANSWER:
		if (now_ms() >= k->by_ms)
			drop(k);
		break;
	}
}

static void on_timer(void *data)
{
	struct collector *c = data;
	struct clients *all = c->clients;
	bool waiting = false;

	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		go_on(&all->items[i]);
		waiting |= all->items[i].state != CLIENT_FREE;
	}
	if (!waiting) {
		loop_timer_stop(c->loop, all->timer);
		all->timer = NULL;
	}
}

void clients_go_on(struct collector *c)
{
	for (size_t i = 0; c->clients && i < CLIENTS_MAX; i++)
		go_on(&c->clients->items[i]);
}

static int64_t patience(const char *arg, int64_t otherwise)
{
	int64_t ms = 0; /* a year at most */

	if (!arg || !*arg)
		return otherwise;
	for (; *arg >= '0' && *arg <= '9' && ms < INT64_C(31622400000); arg++)
		ms = ms * 10 + (*arg - '0');
	return *arg ? otherwise : ms;
}

static void tell(struct client *k, enum event_kind kind, char *text)
{
	struct event e = {.kind = kind};
	struct err err = ERR_INIT;
	char *end = NULL;

	e.at_ns = text ? strtoll(text, &end, 10) : 0;
	e.text = end && end != text && *end == ' ' ? end + 1 : "";
	if (!e.at_ns)
		e.at_ns = wall_now().ns;
	if (events_add(k->c->setup->store, &e, &err) == 0) {
		answer(k, "ok");
		return;
	}
	buf_adds(&k->answer, "error ");
	answer(k, err.text);
}

static void run(struct client *k)
{
	struct collector *c = k->c;
	char *arg = k->line, *word = strsep(&arg, " ");

	if (strcmp(word, "flush") == 0) {
		k->state = CLIENT_FLUSH;
		k->by_ms = now_ms() + patience(arg, FLUSH_MS);
		k->flush = 0;
		if (!is_meeting(c))
			k->flush = endpoint_flush(c->ep);
		collector_keep_health(c);
		foreign_keep(c);
		k->appended = store_appended(c->store);
		k->failures = c->commit_failures;
		collector_commit(c); /* what came by itself */
	} else if (strcmp(word, "status") == 0) {
		collector_print(c, &k->answer);
		buf_addc(&k->answer, '\n');
		answer(k, "ok");
	} else if (strcmp(word, "renew") == 0) {
		endpoint_renew(c->ep, patience(arg, 0));
		answer(k, "ok");
	} else if (strcmp(word, "stop") == 0) {
		k->state = CLIENT_STOP;
		collector_stop(c, patience(arg, STOP_MS));
		go_on(k);
	} else if (strcmp(word, "abort") == 0) {
		k->state = CLIENT_STOP;
		collector_abort(c);
	} else if (strcmp(word, event_kind_name(EVENT_MARK)) == 0) {
		tell(k, EVENT_MARK, arg);
	} else if (strcmp(word, event_kind_name(EVENT_TESTBED)) == 0) {
		tell(k, EVENT_TESTBED, arg);
	} else {
		answer(k, "error unknown command");
	}
}

static void read_line(struct client *k)
{
	ssize_t n = read(k->fd, k->line + k->len, sizeof(k->line) - k->len);
	char *end;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop(k);
		return;
	}
	k->len += (size_t)n;
	end = memchr(k->line, '\n', k->len);
	if (end) {
		*end = '\0';
		/* nothing more is read; a poll must not spin on a half-close */
		loop_watch(k->c->loop, k->fd, 0, on_client, k);
		run(k);
	} else if (k->len == sizeof(k->line)) {
		answer(k, "error the line is too long");
	}
}

static void on_client(void *data, int fd, short revents)
{
	struct client *k = data;

	(void)fd;
	if (k->state == CLIENT_LINE)
		read_line(k);
	else if (k->state == CLIENT_ANSWER)
		write_on(k);
	else if (revents & (POLLERR | POLLHUP))
		drop(k); /* nobody waits any more */
}

static void on_accept(void *data, int fd, short revents)
{
	struct collector *c = data;
	struct clients *all = c->clients;
	int client = accept(fd, NULL, NULL);

	(void)revents;
	if (client < 0)
		return;
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct client *k = &all->items[i];

		if (k->state != CLIENT_FREE)
			continue;
		fcntl(client, F_SETFL, O_NONBLOCK);
		fcntl(client, F_SETFD, FD_CLOEXEC);
		*k = (struct client){.c = c,
			.state = CLIENT_LINE,
			.fd = client,
			.by_ms = now_ms() + CLIENT_MS,
			.answer = BUF_INIT(ANSWER_MAX)};
		loop_watch(c->loop, client, POLLIN, on_client, k);
		if (!all->timer)
			all->timer = loop_every(c->loop, 20, on_timer, c);
		return;
	}
	close(client); /* too many at once */
}

int clients_open(struct collector *c, struct err *err)
{
	struct clients *all = mem_zalloc(1, sizeof(*all));
	int r = control_listen(c->setup->store, &all->listen_fd, err);

	if (r < 0) {
		free(all);
		return r;
	}
	loop_watch(c->loop, all->listen_fd, POLLIN, on_accept, c);
	c->clients = all;
	return 0;
}

void clients_close(struct collector *c)
{
	if (!c->clients)
		return;
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (c->clients->items[i].state != CLIENT_FREE)
			drop(&c->clients->items[i]);
	loop_unwatch(c->loop, c->clients->listen_fd);
	close(c->clients->listen_fd);
	loop_timer_stop(c->loop, c->clients->timer);
	free(take(c->clients));
}
