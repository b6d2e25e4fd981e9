/* A real collector process, real datagrams, a real store. */
#include "base/file.h"
#include "base/mem.h"
#include "collector/collector.h"
#include "collector/foreign.h"
#include "flow/channel.h"
#include "format/crypto.h"
#include "store/control.h"
#include "store/events.h"
#include "unit/collector/faults.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { METER = 1, COLLECTOR = 3 };

static const uint8_t master[SETUP_KEY_BYTES] = {42};

struct scene {
	char dir[64];
	uint16_t port, import_port;
	pid_t collector, meter;
};

static void add_peer(
	struct setup *s, uint16_t id, enum module_role role, uint16_t port)
{
	s->peers = mem_zalloc(1, sizeof(*s->peers));
	s->n_peers = 1;
	s->peers[0] = (struct setup_peer){.id = id, .role = role, .port = port};
	s->peers[0].addr = net_addr_v4_host(0x7f000001);
	setup_pair_key(master, s->id, id, s->peers[0].send_key);
	setup_pair_key(master, id, s->id, s->peers[0].receive_key);
}

static struct setup setup_of(
	const struct scene *scene, uint16_t id, enum module_role role)
{
	struct setup s;

	setup_init(&s);
	s.id = id;
	s.role = role;
	s.deployment = 7;
	s.listen = net_addr_v4_host(0x7f000001);
	if (role == MODULE_COLLECTOR) {
		s.port = scene->port;
		s.import_port = scene->import_port;
		snprintf(s.store, sizeof(s.store), "%s", scene->dir);
		add_peer(&s, METER, MODULE_METER, 0);
		if (s.import_port) {
			s.import_from = mem_zalloc(1, sizeof(*s.import_from));
			s.n_import_from = 1;
			cr_assert(net_prefix_parse(
				"127.0.0.0/8", &s.import_from[0]));
		}
	} else {
		add_peer(&s, COLLECTOR, MODULE_COLLECTOR, scene->port);
	}
	return s;
}

/* One that the kernel gives nobody of its own accord, also while we are not
 * there; each test has a process of its own, and two ports. */
static uint16_t free_port(unsigned which)
{
	const struct net_addr local = net_addr_v4_host(0x7f000001);
	struct udp u;
	unsigned port = 2 * (unsigned)getpid() + which;

	while (udp_open(&u, &local, (uint16_t)(10000 + port % 20000), NULL) < 0)
		port += 2;
	udp_close(&u);
	return (uint16_t)(10000 + port % 20000);
}

static void on_term(void *data, int signo)
{
	(void)signo;
	loop_stop(data);
}

static void run_collector(const struct scene *scene)
{
	static const int signals[] = {SIGTERM};
	struct setup s = setup_of(scene, COLLECTOR, MODULE_COLLECTOR);
	struct loop *loop = loop_new();
	struct collector *c = NULL;
	struct err err = ERR_INIT;
	int r;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	log_open("collector", LOG_WARNING, false);
	r = collector_new(loop, &s, &c, &err);
	if (r == 0)
		r = loop_signals(loop, signals, 1, on_term, loop, &err);
	if (r == 0)
		r = loop_run(loop, &err);
	if (r < 0)
		log_err(&err);
	collector_free(c);
	loop_free(loop);
	setup_release(&s);
	_exit(r < 0);
}

static void start_collector(struct scene *scene)
{
	fflush(NULL);
	scene->collector = fork();
	cr_assert_geq(scene->collector, 0);
	if (scene->collector == 0)
		run_collector(scene);
}

static struct scene new_scene(void)
{
	struct scene s = {.dir = "/tmp/nfz-collector-XXXXXX"};

	cr_assert_eq(crypto_init(NULL), 0);
	cr_assert_not_null(mkdtemp(s.dir));
	s.port = free_port(0);
	return s;
}

static int end_of(pid_t pid)
{
	int status = -1;

	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
}

static void free_scene(struct scene *s)
{
	cr_assert_eq(file_remove_tree(s->dir, NULL), 0);
}

/* --- a meter that makes up its records ---------------------------------- */

struct fake {
	struct setup setup;
	struct loop *loop;
	struct endpoint *ep;
	uint64_t made, at_flush;
	uint64_t lost, flush_loses; /* frames */
	uint16_t other;             /* a tap it speaks of, too; 0: none */
	int64_t ahead_ns, step_ns;  /* its clock; set by that before a flush */
};

static void make_records(struct fake *f, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct flow_record r = {.packets = f->made + 1,
			.bytes = 1,
			.first_ns = wall_now().ns + f->ahead_ns,
			.tap = 5};

		r.key.src = r.key.dst = net_addr_v4_host(0x0a000001);
		r.last_ns = r.first_ns;
		if (!endpoint_send_rows(
			    f->ep, &(struct flow_rows){.records = &r, .n = 1}))
			return;
		f->made++;
		r.tap = f->other;
		if (r.tap)
			cr_assert(endpoint_send_rows(f->ep,
				&(struct flow_rows){.records = &r, .n = 1}));
	}
}

static void on_flush(void *data, uint64_t number)
{
	struct fake *f = data;
	struct tap_counters c = {.tap = 5,
		.wire_frames = f->made + 2,
		.ip_frames = f->made,
		.non_ip = 2,
		.packets = f->made};

	f->ahead_ns += f->step_ns;
	f->lost += f->flush_loses;
	c.lost[LOSS_RING] = 2 * f->lost;
	c.lost[LOSS_CACHE] = f->lost;
	make_records(f, f->at_flush);
	endpoint_send_counters(f->ep, &c, 1);
	c.tap = f->other;
	if (c.tap)
		endpoint_send_counters(f->ep, &c, 1);
	endpoint_flushed(f->ep, number);
}

static void on_end(void *data)
{
	struct fake *f = data;

	make_records(f, 3);
	endpoint_leave(f->ep, 3000);
}

static void on_left(void *data, bool complete)
{
	struct fake *f = data;

	(void)complete;
	loop_stop(f->loop);
}

static void on_health(void *data, struct module_health *h)
{
	h->at_ns = ((struct fake *)data)->ahead_ns;
	memcpy(h->backend, "fake", 5);
}

static void open_fake(struct fake *f, const struct scene *scene)
{
	const struct endpoint_handlers h = {.data = f,
		.on_flush = on_flush,
		.on_end = on_end,
		.on_left = on_left,
		.on_health = on_health};

	f->setup = setup_of(scene, METER, MODULE_METER);
	f->loop = loop_new();
	cr_assert_eq(endpoint_new(f->loop, &f->setup, &h, &f->ep, NULL), 0);
}

static void close_fake(struct fake *f)
{
	endpoint_free(f->ep);
	setup_release(&f->setup);
	loop_free(f->loop);
}

static void start_fake(struct scene *scene, struct fake f, size_t at_once)
{
	fflush(NULL);
	scene->meter = fork();
	cr_assert_geq(scene->meter, 0);
	if (scene->meter)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	open_fake(&f, scene);
	make_records(&f, at_once);
	if (loop_run(f.loop, NULL) < 0)
		_exit(1);
	close_fake(&f);
	_exit(0);
}

static void start_meter(struct scene *scene, size_t at_once, size_t at_flush)
{
	start_fake(scene, (struct fake){.at_flush = at_flush}, at_once);
}

/* --- what is in the store ------------------------------------------------- */

struct tally {
	uint64_t rows, highest, sum, foreign;
};

static int count_rows(void *ctx, const struct flow_rows *rows, struct err *err)
{
	struct tally *t = ctx;

	(void)err;
	for (size_t i = 0; i < rows->n; i++) {
		t->rows++;
		t->sum += rows->records[i].packets;
		t->foreign += (rows->records[i].flags & RECORD_FOREIGN) != 0;
		if (rows->records[i].packets > t->highest)
			t->highest = rows->records[i].packets;
	}
	return 0;
}

static struct tally tally_of(const struct scene *scene)
{
	struct tally t = {0};
	const struct store_scan all = {.rows = count_rows, .ctx = &t};
	struct err err = ERR_INIT;
	struct store *s;

	cr_assert_eq(store_open(scene->dir, STORE_READ, NULL, &s, &err), 0,
		"%s", err.text);
	cr_assert_eq(store_scan(s, &all, &err), 0, "%s", err.text);
	store_close(s);
	return t;
}

/* Every number from 1 to n once: then count, highest and sum say so. */
static void check_each_once(const struct scene *scene, uint64_t n)
{
	struct tally t = tally_of(scene);

	cr_assert_eq(t.highest, n);
	cr_assert_eq(t.rows, n);
	cr_assert_eq(t.sum, n * (n + 1) / 2);
}

/* Asks until the collector is there. */
static char *ask(const struct scene *scene, const char *line)
{
	struct mono_time end = mono_add_ms(mono_now(), 60000);
	struct buf answer = BUF_INIT(1 << 20);
	struct err err = ERR_INIT;

	while (control_ask(scene->dir, line, 60000, &answer, &err) < 0) {
		cr_assert(!mono_passed(end), "%s", err.text);
		buf_reset(&answer);
		clock_sleep_ms(20);
	}
	return buf_take(&answer);
}

static void await(const struct scene *scene, const char *what)
{
	struct mono_time end = mono_add_ms(mono_now(), 60000);

	for (;;) {
		cleanup_free char *text = ask(scene, "status");

		if (strstr(text, what))
			return;
		cr_assert_not(mono_passed(end), "%s", text);
		clock_sleep_ms(20);
	}
}

static void await_up(const struct scene *scene)
{
	await(scene, "\"state\":\"up\"");
}

Test(collector, flush_brings_what_a_meter_counted_before)
{
	struct scene s = new_scene();

	start_meter(&s, 100, 20); /* before the collector, on purpose */
	start_collector(&s);
	await_up(&s);
	{
		cleanup_free char *late = ask(&s, "flush");

		cr_assert_str_eq(late, "");
	}
	check_each_once(&s, 120);
	{
		cleanup_free char *text = ask(&s, "status");

		cr_assert(strstr(text, "\"wire_frames\":102"), "%s", text);
		cr_assert(strstr(text, "\"records\":120"), "%s", text);
		cr_assert(strstr(text, "\"duplicates\":0"), "%s", text);
	}
	{
		cleanup_free char *late = ask(&s, "stop");

		cr_assert_str_eq(late, "");
	}
	cr_assert_eq(end_of(s.collector), 0);
	cr_assert_eq(end_of(s.meter), 0);
	check_each_once(&s, 123); /* three more came with the end */
	free_scene(&s);
}

Test(collector, flush_names_who_does_not_answer)
{
	struct scene s = new_scene();

	start_meter(&s, 10, 0);
	start_collector(&s);
	await_up(&s);
	cr_assert_eq(kill(s.meter, SIGSTOP), 0);
	{
		cleanup_free char *late = ask(&s, "flush 300");

		cr_assert_str_eq(late, "late 1\n");
	}
	cr_assert_eq(kill(s.meter, SIGKILL), 0);
	end_of(s.meter);
	cr_assert_eq(kill(s.collector, SIGTERM), 0);
	cr_assert_eq(end_of(s.collector), 0);
	free_scene(&s);
}

/* What the run's record says happened, in order. */
static void expect_events(const struct scene *s, const char *const *want)
{
	struct catalog *c = catalog_new();
	struct err err = ERR_INIT;
	struct events e;

	cr_assert_eq(events_read(s->dir, c, &e, &err), 0, "%s", err.text);
	for (size_t i = 0; want[i]; i++) {
		cr_assert_lt(i, e.n, "no %s", want[i]);
		cr_assert_str_eq(e.items[i].text, want[i]);
	}
	events_release(&e);
	catalog_free(c);
}

Test(collector, keeps_marks_and_who_was_away)
{
	static const char *const want[] = {"collecting begins", "attack on",
		"module 1 is silent", "module 1 is back", "collecting ends",
		NULL};
	struct scene s = new_scene();
	struct buf answer = BUF_INIT(1 << 16);

	start_meter(&s, 0, 0);
	start_collector(&s);
	await_up(&s);
	free(ask(&s, "mark 0 attack on"));
	cr_assert_eq(control_ask(s.dir, "mark 0", 5000, &answer, NULL),
		-NFZ_E_REMOTE);
	cr_assert_eq(control_ask(s.dir, "mark x y", 5000, &answer, NULL),
		-NFZ_E_REMOTE);
	cr_assert_eq(kill(s.meter, SIGSTOP), 0);
	await(&s, "\"state\":\"silent\"");
	cr_assert_eq(kill(s.meter, SIGCONT), 0);
	await_up(&s);
	free(ask(&s, "stop"));
	cr_assert_eq(end_of(s.collector), 0);
	end_of(s.meter);
	expect_events(&s, want);
	buf_release(&answer);
	free_scene(&s);
}

static size_t times_noted(const struct scene *s, const char *text)
{
	struct catalog *c = catalog_new();
	struct err err = ERR_INIT;
	struct events e;
	size_t n = 0;

	cr_assert_eq(events_read(s->dir, c, &e, &err), 0, "%s", err.text);
	for (size_t i = 0; i < e.n; i++)
		n += strcmp(e.items[i].text, text) == 0;
	events_release(&e);
	catalog_free(c);
	return n;
}

/* Killed and started again, within the time that makes one silent or not. */
Test(collector, notes_who_was_started_again)
{
	struct scene s = new_scene();

	start_meter(&s, 5, 0);
	start_collector(&s);
	await_up(&s);
	await(&s, "\"records\":5");
	cr_assert_eq(kill(s.meter, SIGKILL), 0);
	end_of(s.meter);
	start_meter(&s, 5, 0);
	await(&s, "\"records\":10");
	free(ask(&s, "stop"));
	cr_assert_eq(end_of(s.collector), 0);
	end_of(s.meter);
	cr_assert(times_noted(&s, "module 1 was started again"));
	free_scene(&s);
}

struct span {
	int64_t first_ns, last_ns;
};
static int widen(void *ctx, const struct flow_rows *rows, struct err *err)
{
	struct span *s = ctx;

	(void)err;
	for (size_t i = 0; i < rows->n; i++) {
		const struct flow_record *r = &rows->records[i];

		if (!s->first_ns || r->first_ns < s->first_ns)
			s->first_ns = r->first_ns;
		if (r->last_ns > s->last_ns)
			s->last_ns = r->last_ns;
	}
	return 0;
}
static struct span span_of(const struct scene *scene)
{
	struct span s = {0};
	const struct store_scan scan = {.rows = widen, .ctx = &s};
	struct store *store;

	cr_assert_eq(store_open(scene->dir, STORE_READ, NULL, &store, NULL), 0);
	cr_assert_eq(store_scan(store, &scan, NULL), 0);
	store_close(store);
	return s;
}

/* Its clock is an hour behind and is put right, or wrong, under way: the store
 * has one clock of it, and what was dated by either is where it was. */
static void step(int64_t by_ns, const char *event)
{
	struct scene s = new_scene();
	const int64_t began_ns = wall_now().ns;
	const struct fake f = {.ahead_ns = -3600 * NS_PER_S, .step_ns = by_ns};
	struct span span;

	start_fake(&s, f, 5);
	start_collector(&s);
	await_up(&s);
	await(&s, "\"records\":5");
	await(&s, "\"clock_offset_ns\":36");
	free(ask(&s, "flush 5000"));
	for (int i = 0; i < 600 && !times_noted(&s, event); i++)
		clock_sleep_ms(100);
	cr_expect_eq(times_noted(&s, event), 1);
	free(ask(&s, "stop")); /* three records more */
	cr_assert_eq(end_of(s.collector), 0);
	end_of(s.meter);
	span = span_of(&s);
	cr_expect_geq(span.first_ns, began_ns - 3601 * NS_PER_S);
	cr_expect_leq(span.last_ns, wall_now().ns - 3599 * NS_PER_S);
	free_scene(&s);
}

Test(collector, a_clock_that_was_set_moves_no_record)
{
	step(3600 * NS_PER_S, "module 1 had its clock set by +3600.0 s");
	step(-3600 * NS_PER_S, "module 1 had its clock set by -3600.0 s");
}

/* Soon, then not again for ten seconds, the rest at the end; and nobody notes
 * twice what was noted. */
Test(collector, notes_when_frames_were_lost)
{
	static const char words[] = "module 1 lost 3 frames: 2 ring, 1 cache";
	struct mono_time end = mono_add_ms(mono_now(), 60000);
	struct scene s = new_scene();

	start_fake(&s, (struct fake){.flush_loses = 1}, 0);
	start_collector(&s);
	await_up(&s);
	free(ask(&s, "flush"));
	while (times_noted(&s, words) == 0) {
		cr_assert_not(mono_passed(end));
		clock_sleep_ms(20);
	}
	free(ask(&s, "flush"));
	free(ask(&s, "stop"));
	cr_assert_eq(end_of(s.collector), 0);
	end_of(s.meter);
	cr_assert_eq(times_noted(&s, words), 2);
	start_collector(&s);
	free(ask(&s, "status"));
	kill(s.collector, SIGTERM);
	cr_assert_eq(end_of(s.collector), 0);
	cr_assert_eq(times_noted(&s, words), 2);
	free_scene(&s);
}

/* Taps of the meter, of another, and whatever is in between. */
static void write_names(const struct scene *s)
{
	static const char names[] = "netflowize.catalog/1\nnode a\nnode b\n"
				    "link l p2p covered\nmember 0 -\n"
				    "member 1 -\ntap 5 0 0 0 1 eth0\n"
				    "tap 6 1 0 1 2 eth0\n";
	char path[80];

	snprintf(path, sizeof(path), "%s/catalog", s->dir);
	cr_assert_eq(file_replace(path, 0600, names, strlen(names), NULL), 0);
}

/* It has the right keys; that does not make its word of others' taps true. */
Test(collector, takes_no_word_of_the_taps_of_others)
{
	static const char words[] =
		"module 1 sent 6 records or counters of taps that are not its "
		"own: left out";
	struct scene s = new_scene();
	cleanup_free char *status = NULL;

	write_names(&s);
	start_fake(&s, (struct fake){.at_flush = 2, .other = 6}, 3);
	start_collector(&s);
	await_up(&s);
	free(ask(&s, "flush"));
	status = ask(&s, "status");
	cr_expect(strstr(status, "\"records\":5,"), "%s", status);
	cr_expect(strstr(status, "\"left_out\":6"), "%s", status);
	cr_expect(strstr(status, "\"tap\":5,"), "%s", status);
	cr_expect_not(strstr(status, "\"tap\":6,"), "%s", status);
	kill(s.collector, SIGTERM);
	cr_assert_eq(end_of(s.collector), 0);
	kill(s.meter, SIGKILL);
	end_of(s.meter);
	check_each_once(&s, 5);
	cr_expect_eq(times_noted(&s, words), 1);
	free_scene(&s);
}

Test(collector, abort_ends_everybody)
{
	struct scene s = new_scene();

	start_meter(&s, 0, 0);
	start_collector(&s);
	await_up(&s);
	free(ask(&s, "abort"));
	cr_assert_eq(end_of(s.collector), 0);
	kill(s.meter, SIGKILL); /* the fake one does not listen */
	end_of(s.meter);
	free_scene(&s);
}

Test(collector, numbers_survive_a_restart)
{
	struct scene s = new_scene();

	start_meter(&s, 10, 0);
	start_collector(&s);
	await_up(&s);
	free(ask(&s, "flush"));
	free(ask(&s, "stop"));
	end_of(s.collector);
	end_of(s.meter);
	start_collector(&s);
	{
		cleanup_free char *text = ask(&s, "status");

		cr_assert(strstr(text, "\"wire_frames\":12"), "%s", text);
		cr_assert(strstr(text, "\"records_stored\":13"), "%s", text);
		cr_assert(strstr(text, "\"records_sent\":13"), "%s", text);
		cr_assert(strstr(text, "\"backend\":\"fake\""), "%s", text);
	}
	kill(s.collector, SIGTERM);
	cr_assert_eq(end_of(s.collector), 0);
	free_scene(&s);
}

Test(collector, killed_again_and_again_nothing_is_lost_or_twice)
{
	struct scene s = new_scene();
	struct fake f = {0};
	struct endpoint_stats stats;
	struct mono_time end;
	unsigned seed = 20261121;

	open_fake(&f, &s);
	for (int life = 0; life < 15; life++) {
		start_collector(&s);
		end = mono_add_ms(mono_now(), 60 + rand_r(&seed) % 250);
		while (!mono_passed(end)) {
			make_records(&f, 150);
			cr_assert_eq(loop_step(f.loop, 5, NULL), 0);
		}
		cr_assert_eq(kill(s.collector, SIGKILL), 0);
		end_of(s.collector);
	}
	start_collector(&s);
	end = mono_add_ms(mono_now(), 60000);
	do {
		cr_assert_eq(loop_step(f.loop, 20, NULL), 0);
		endpoint_stats(f.ep, &stats);
	} while (stats.queue_batches && !mono_passed(end));
	cr_assert_eq(stats.queue_batches, 0);
	cr_assert_eq(kill(s.collector, SIGKILL), 0);
	end_of(s.collector);
	cr_assert_gt(f.made, 1000);
	check_each_once(&s, f.made);
	close_fake(&f);
	free_scene(&s);
}

/* Waits until the status says so, while records keep coming, n at a time. */
static void await_with(
	struct fake *f, const struct scene *scene, const char *what, size_t n)
{
	struct mono_time end = mono_add_ms(mono_now(), 60000);

	for (;;) {
		cleanup_free char *text = ask(scene, "status");

		if (strstr(text, what))
			return;
		cr_assert_not(mono_passed(end), "%s: %s", what, text);
		make_records(f, n);
		for (int i = 0; i < 5; i++)
			cr_assert_eq(loop_step(f->loop, 5, NULL), 0);
	}
}

/* Waits until all that was made is acknowledged. */
static void await_all(struct fake *f, const struct scene *scene)
{
	struct mono_time end = mono_add_ms(mono_now(), 60000);
	struct endpoint_stats stats;
	char what[64];

	snprintf(
		what, sizeof(what), "\"records_stored\":%" PRIu64 ",", f->made);
	await_with(f, scene, what, 0);
	do {
		cr_assert_eq(loop_step(f->loop, 20, NULL), 0);
		endpoint_stats(f->ep, &stats);
	} while (stats.queue_batches && !mono_passed(end));
	cr_assert_eq(stats.queue_batches, 0);
}

static const struct disk_fault {
	enum fault_call call;
	int error;
} disk_faults[] = {{FAULT_WRITE, ENOSPC}, {FAULT_WRITE, EIO}, {FAULT_SYNC, EIO},
	{FAULT_SYNC, ENOSPC}};
enum { DISK_FAULTS = sizeof(disk_faults) / sizeof(*disk_faults) };

/* A disk that fails is said, holds nothing up for good and loses nothing. */
Test(collector, says_that_it_is_degraded_and_recovers, .timeout = 60)
{
	struct scene s = new_scene();
	struct fake f = {0};

	fault_set(FAULT_NONE, 0);
	start_collector(&s);
	open_fake(&f, &s);
	await_with(&f, &s, "\"state\":\"up\"", 20);
	for (size_t i = 0; i < DISK_FAULTS; i++) {
		await_with(&f, &s, "\"degraded\":false", 20);
		fault_set(disk_faults[i].call, disk_faults[i].error);
		await_with(&f, &s, "\"degraded\":true", 20);
		fault_set(FAULT_NONE, 0);
	}
	await_with(&f, &s, "\"degraded\":false", 20);
	await_all(&f, &s);
	cr_assert_eq(kill(s.collector, SIGKILL), 0);
	end_of(s.collector);
	cr_assert_gt(f.made, 100);
	check_each_once(&s, f.made);
	close_fake(&f);
	free_scene(&s);
}

static void make_rows(struct flow_record rows[static 45])
{
	memset(rows, 0, 45 * sizeof(*rows));
	for (size_t i = 0; i < 45; i++) {
		rows[i].key.src = rows[i].key.dst =
			net_addr_v4_host((uint32_t)i);
		rows[i].packets = i + 1;
		rows[i].first_ns = rows[i].last_ns = wall_now().ns;
	}
}

static void send_rows(struct udp *u, struct nf5_exporter *e,
	const struct flow_record *rows, uint16_t port)
{
	const struct net_addr local = net_addr_v4_host(0x7f000001);
	uint8_t out[NF5_DATAGRAM];
	size_t at = 0, used, len;

	while ((len = nf5_encode(
			e, wall_now().ns, rows + at, 45 - at, out, &used))) {
		at += used;
		cr_assert(udp_send(u, &local, port, out, len));
	}
	cr_assert(udp_send(u, &local, port, out, 100)); /* rubbish */
	clock_sleep_ms(100);
}

/* Flows that exporters sent, as the store has it. */
static uint64_t foreign_sent(const struct scene *scene)
{
	const struct module_stats *m;
	struct store *s = NULL;
	uint64_t sent = 0;

	cr_assert_eq(store_open(scene->dir, STORE_READ, NULL, &s, NULL), 0);
	for (size_t i = 0; (m = store_module(s, i)); i++)
		if (m->module >= STORE_FOREIGN)
			sent += m->n[STAT_RECORDS_SENT];
	store_close(s);
	return sent;
}

Test(collector, takes_netflow_v5_from_listed_exporters)
{
	struct scene s = new_scene();
	struct flow_record rows[45];
	struct nf5_exporter e = {.boot_ns = wall_now().ns - NS_PER_S};
	struct net_addr local = net_addr_v4_host(0x7f000001);
	struct udp u;

	s.import_port = free_port(1);
	start_collector(&s);
	free(ask(&s, "status"));
	make_rows(rows);
	cr_assert_eq(udp_open(&u, &local, 0, NULL), 0);
	send_rows(&u, &e, rows, s.import_port);
	free(ask(&s, "flush"));
	{
		struct tally t = tally_of(&s);

		cr_assert_eq(t.rows, 45);
		cr_assert_eq(t.foreign, 45);
		cr_assert_eq(t.sum, 45 * 46 / 2);
	}
	{
		cleanup_free char *text = ask(&s, "status");

		cr_assert(strstr(text, "\"malformed\":1"), "%s", text);
		cr_assert(strstr(text, "\"flows\":45,\"lost\":0"), "%s", text);
	}
	cr_assert_eq(foreign_sent(&s), 45);
	/* another life of ours counts on, not anew */
	kill(s.collector, SIGTERM);
	cr_assert_eq(end_of(s.collector), 0);
	start_collector(&s);
	free(ask(&s, "status"));
	send_rows(&u, &e, rows, s.import_port);
	udp_close(&u);
	kill(s.collector, SIGTERM);
	cr_assert_eq(end_of(s.collector), 0);
	cr_assert_eq(foreign_sent(&s), 90);
	free_scene(&s);
}

static void await_flows(const struct scene *s, int n)
{
	char what[40];

	snprintf(what, sizeof(what), "\"flows\":%d,", n);
	await(s, what);
}

/* One that opens a socket for each message is still one. */
Test(collector, counts_an_exporter_that_changes_its_port_once)
{
	struct scene s = new_scene();
	struct flow_record rows[45];
	struct nf5_exporter e = {.boot_ns = wall_now().ns - NS_PER_S};
	struct net_addr local = net_addr_v4_host(0x7f000001);

	s.import_port = free_port(1);
	start_collector(&s);
	free(ask(&s, "status"));
	make_rows(rows);
	for (int i = 1; i <= 4; i++) {
		struct udp u;

		cr_assert_eq(udp_open(&u, &local, 0, NULL), 0);
		send_rows(&u, &e, rows, s.import_port);
		udp_close(&u);
		await_flows(&s, 45 * i);
		free(ask(&s, "flush")); /* which keeps the counts */
	}
	kill(s.collector, SIGTERM);
	cr_assert_eq(end_of(s.collector), 0);
	cr_assert_eq(foreign_sent(&s), 4 * 45);
	free_scene(&s);
}

static void send_nf9(struct udp *u, uint16_t port, const uint8_t *m, size_t len)
{
	const struct net_addr local = net_addr_v4_host(0x7f000001);

	cr_assert(udp_send(u, &local, port, m, len));
}

/* One record a message: source 10.0.0.1, destination 10.0.0.2, 5 packets. */
Test(collector, knows_templates_after_it_was_killed)
{
	static const uint8_t template[] = {0, 9, 0, 1, 0, 0, 0, 1, 0x6a, 0xb1,
		0x3b, 0x80, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 20, 1, 0, 0, 3, 0,
		8, 0, 4, 0, 12, 0, 4, 0, 2, 0, 4},
			     data[] = {0, 9, 0, 1, 0, 0, 0, 1, 0x6a, 0xb1, 0x3b,
				     0x80, 0, 0, 0, 1, 0, 0, 0, 7, 1, 0, 0, 16,
				     10, 0, 0, 1, 10, 0, 0, 2, 0, 0, 0, 5};
	const struct net_addr local = net_addr_v4_host(0x7f000001);
	struct scene s = new_scene();
	struct udp u;

	s.import_port = free_port(1);
	start_collector(&s);
	free(ask(&s, "status"));
	cr_assert_eq(udp_open(&u, &local, 0, NULL), 0);
	send_nf9(&u, s.import_port, template, sizeof(template));
	send_nf9(&u, s.import_port, data, sizeof(data));
	await_flows(&s, 1);
	free(ask(&s, "flush")); /* which keeps them */
	cr_assert_eq(kill(s.collector, SIGKILL), 0);
	end_of(s.collector);
	start_collector(&s);
	free(ask(&s, "status"));
	send_nf9(&u, s.import_port, data, sizeof(data));
	await_flows(&s, 1);
	free(ask(&s, "flush"));
	cr_assert_eq(tally_of(&s).sum, 10);
	udp_close(&u);
	kill(s.collector, SIGKILL);
	end_of(s.collector);
	free_scene(&s);
}

/* As exporters with large frames, or none on the way, send it. */
Test(collector, takes_messages_of_any_size)
{
	static const uint8_t head[] = {0, 10, 0, 0, 0x6a, 0xb1, 0x3b, 0x80, 0,
		0, 0, 0, 0, 0, 0, 7, 0, 2, 0, 20, 1, 0, 0, 3, 0, 8, 0, 4, 0, 12,
		0, 4, 0, 2, 0, 4, 1, 0, 0, 0},
			     row[] = {10, 0, 0, 1, 10, 0, 0, 2, 0, 0, 0, 5};
	const struct net_addr local = net_addr_v4_host(0x7f000001);
	static uint8_t m[sizeof(head) + 5000 * sizeof(row)];
	struct scene s = new_scene();
	struct udp u;

	memcpy(m, head, sizeof(head));
	for (size_t i = 0; i < 5000; i++)
		memcpy(m + sizeof(head) + i * sizeof(row), row, sizeof(row));
	m[2] = (uint8_t)(sizeof(m) >> 8);
	m[3] = (uint8_t)sizeof(m);
	m[38] = (uint8_t)((sizeof(m) - 36) >> 8);
	m[39] = (uint8_t)(sizeof(m) - 36);
	s.import_port = free_port(1);
	start_collector(&s);
	free(ask(&s, "status"));
	cr_assert_eq(udp_open(&u, &local, 0, NULL), 0);
	send_nf9(&u, s.import_port, m, sizeof(m));
	await_flows(&s, 5000);
	free(ask(&s, "flush"));
	cr_assert_eq(tally_of(&s).sum, 25000);
	udp_close(&u);
	kill(s.collector, SIGKILL);
	end_of(s.collector);
	free_scene(&s);
}

static int connect_from(uint16_t to, uint16_t *from)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_port = htons(to),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(connect(fd, (struct sockaddr *)&a, len), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	*from = ntohs(a.sin_port);
	return fd;
}

static void await_exporter(const struct scene *s, uint16_t port, int messages)
{
	cleanup_free char *what = mem_printf(
		"\"port\":%u,\"format\":\"ipfix\",\"domain\":7,"
		"\"messages\":%d,\"flows\":%d,\"lost\":0,\"lost_unit\":"
		"\"flows\",\"restarts\":0}",
		port, messages, messages);

	await(s, what);
}

/* Two IPFIX exporters on one machine, of one domain: each has its numbers. */
Test(collector, tells_connections_apart)
{
	uint8_t m[] = {0, 10, 0, 52, 0x6a, 0xb1, 0x3b, 0x80, 0, 0, 0, 0, 0, 0,
		0, 7, 0, 2, 0, 20, 1, 0, 0, 3, 0, 8, 0, 4, 0, 12, 0, 4, 0, 2, 0,
		4, 1, 0, 0, 16, 10, 0, 0, 1, 10, 0, 0, 2, 0, 0, 0, 5};
	struct scene s = new_scene();
	uint16_t port[2];
	int fd[2];

	s.import_port = free_port(1);
	start_collector(&s);
	free(ask(&s, "status"));
	fd[0] = connect_from(s.import_port, &port[0]);
	fd[1] = connect_from(s.import_port, &port[1]);
	cr_assert_eq(write(fd[0], m, sizeof(m)), sizeof(m));
	await_exporter(&s, port[0], 1);
	cr_assert_eq(write(fd[1], m, sizeof(m)), sizeof(m));
	await(&s, "\"templates\":2");
	m[11] = 1; /* its next number */
	cr_assert_eq(write(fd[0], m, sizeof(m)), sizeof(m));
	await_exporter(&s, port[0], 2);
	await_exporter(&s, port[1], 1);
	close(fd[0]);
	close(fd[1]);
	kill(s.collector, SIGKILL);
	end_of(s.collector);
	free_scene(&s);
}
