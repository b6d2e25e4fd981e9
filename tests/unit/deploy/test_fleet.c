/* The loop over all nodes by itself: nobody has to answer for that. */
#include "deploy/fleet.h"
#include "deploy/fleet_io.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int never(void *ctx, struct fleet_node *n, const struct reply *last,
	struct err *err)
{
	(void)ctx;
	(void)n;
	(void)last;
	(void)err;
	return FLEET_WAIT;
}

static void count(void *ctx, struct fleet_node *n)
{
	(void)n;
	++*(int *)ctx;
}

/* Nodes that wait for something that never comes: for another try here. */
static struct fleet *waiting(size_t n)
{
	struct fleet *f = fleet_new(n, NULL, NULL);

	for (size_t i = 0; i < n; i++) {
		f->nodes[i].name = "n";
		f->nodes[i].wanted = true;
		f->nodes[i].io->phase = IO_WAITING;
		f->nodes[i].io->retry_at = mono_add_ms(mono_now(), 3600000);
	}
	return f;
}

Test(fleet, a_run_ends_by_its_deadline, .timeout = 20)
{
	struct fleet *f = waiting(5);
	struct mono_time began = mono_now();
	int done = 0;
	const struct fleet_job job = {
		.next = never, .done = count, .ctx = &done};

	f->options.node_ms = 60;
	f->options.parallel = 2;
	cr_assert_eq(fleet_run(f, &job, NULL), 0);
	cr_assert_geq(mono_now().ns - began.ns, 3 * 60 * NS_PER_MS);
	cr_assert_eq(done, 5);
	for (size_t i = 0; i < f->n; i++) {
		cr_assert_eq(f->nodes[i].status, NODE_TIMED_OUT);
		cr_assert_eq(f->nodes[i].err.code, NFZ_E_TIMEOUT);
	}
	fleet_free(f);
}

Test(fleet, a_second_signal_ends_it_at_once, .timeout = 20)
{
	struct fleet *f = waiting(3);
	const volatile int cancel = 2;
	const struct fleet_job job = {.next = never};
	struct err err = ERR_INIT;

	f->options.cancel = &cancel;
	cr_assert_eq(fleet_run(f, &job, &err), -NFZ_E_INTERRUPTED);
	for (size_t i = 0; i < f->n; i++)
		cr_assert_eq(f->nodes[i].status, NODE_SKIPPED);
	fleet_free(f);
}

/* A copy of 20 GB is not cut off, nor is one of whom it is for who takes an
 * hour to look at it; drips buy no time. */
Test(fleet, output_takes_as_long_as_it_takes)
{
	struct fleet *f = fleet_new(1, NULL, NULL);
	struct fleet_io *io = f->nodes[0].io;
	const struct mono_time now = mono_now();

	io->limit = mono_add_ms(now, f->options.node_ms);
	io->deadline = now;
	for (int i = 0; i < 20 << 10; i++)
		fleet_io_took(io, 1 << 20, 0);
	cr_assert_geq(io->limit.ns - now.ns, 3600 * NS_PER_S);
	cr_assert_eq(io->deadline.ns, now.ns);
	io->limit = now;
	for (int i = 0; i < 1000; i++)
		fleet_io_took(io, i % 2, 0);
	cr_assert_leq(io->limit.ns - now.ns, NS_PER_S);
	io->limit = now;
	fleet_io_took(io, 0, 3600 * NS_PER_S);
	cr_assert_eq(io->limit.ns - now.ns, 3600 * NS_PER_S);
	cr_assert_eq(io->deadline.ns - now.ns, 3600 * NS_PER_S);
	fleet_free(f);
}

Test(fleet, calls_that_go_out_together_are_awaited_in_order)
{
	static const char *const first[] = {"open", "1", NULL};
	static const char *const second[] = {"install", NULL};
	struct fleet *f = fleet_new(1, NULL, NULL);
	struct fleet_node *n = &f->nodes[0];
	struct fleet_io *io = n->io;

	cr_assert_null(fleet_io_call(io));
	fleet_call(n, 1000, first);
	fleet_call(n, 2000, second);
	fleet_call_data(n, "x", 1, true);
	cr_assert_eq(fleet_awaited(n), 2);
	cr_assert(fleet_io_has_more(io));
	cr_assert_str_eq(io->phase_text, "open");
	cr_assert_null(fleet_io_call(io)->data);
	io->calls_answered++;
	fleet_io_await(io);
	cr_assert_str_eq(io->phase_text, "install");
	cr_assert_eq(fleet_io_call(io)->len, 1);
	io->calls_answered++;
	cr_assert_eq(fleet_awaited(n), 0);
	fleet_call(n, 1000, first);
	cr_assert_eq(fleet_awaited(n), 1);
	cr_assert_eq(io->n_calls, 1, "what was answered is forgotten");
	fleet_io_close(io);
	cr_assert_eq(fleet_awaited(n), 0);
	cr_assert_not(fleet_io_has_more(io));
	fleet_free(f);
}

static bool at_once(void *ctx)
{
	(void)ctx;
	return true;
}

/* The nodes' time stands still meanwhile, and who has been called is answered
 * in the next run. */
Test(fleet, what_is_left_goes_on_in_the_next_run, .timeout = 20)
{
	static const char *const hello[] = {"hello", NULL};
	struct fleet *old = waiting(3), *f = fleet_new(3, NULL, NULL);
	int done = 0;
	const struct fleet_job job = {
		.next = never, .done = count, .enough = at_once, .ctx = &done};
	struct fleet_io *io = old->nodes[1].io;
	struct mono_time deadline = mono_add_ms(mono_now(), 3600000);

	old->options.parallel = 2;
	cr_assert_eq(fleet_run(old, &job, NULL), 0);
	cr_assert_eq(done, 0);
	fleet_call(&old->nodes[1], 1000, hello);
	io->asked = true;
	io->deadline = deadline;
	for (size_t i = 0; i < f->n; i++) {
		cr_assert_eq(old->nodes[i].status, NODE_PENDING);
		cr_assert_neq(old->nodes[i].io->left.ns, 0);
		f->nodes[i].name = "n";
		f->nodes[i].wanted = true;
	}
	fleet_adopt(f, old);
	cr_assert_eq(f->nodes[1].io, io);
	fleet_free(old);
	io->left.ns -= 5 * NS_PER_S;
	cr_assert_eq(fleet_run(f, &job, NULL), 0);
	cr_assert_geq(io->deadline.ns, deadline.ns + 5 * NS_PER_S);
	cr_assert_eq(fleet_awaited(&f->nodes[1]), 1);
	cr_assert(io->asked);
	fleet_free(f);
}

Test(fleet, the_next_knows_which_key_was_taken)
{
	struct fleet *old = waiting(1), *f = fleet_new(1, NULL, NULL);

	strcpy(old->nodes[0].new_key, "SHA256:x");
	f->nodes[0].name = "n";
	fleet_adopt(f, old);
	cr_assert_str_eq(f->nodes[0].new_key, "SHA256:x");
	fleet_free(old);
	fleet_free(f);
}

Test(fleet, more_log_in_at_once_while_it_takes_them_no_longer)
{
	struct fleet *f = fleet_new(1, NULL, NULL);
	struct fleet_io *io = f->nodes[0].io;
	int before = f->logins;

	io->began = mono_add_ms(mono_now(), -1000);
	fleet_io_arrived(f, io);
	cr_assert_gt(f->logins, before);
	before = f->logins;
	io->began = mono_add_ms(mono_now(), -10000);
	fleet_io_arrived(f, io);
	cr_assert_eq(f->logins, before);
	fleet_free(f);
}

static bool last_began(void *ctx)
{
	const struct fleet *f = ctx;

	return f->nodes[f->n - 1].io->active;
}

/* As many as may log in at once, and one more. */
Test(fleet, those_to_be_tried_again_hold_nobody_up, .timeout = 20)
{
	struct fleet *f = waiting(17);
	const struct fleet_job job = {
		.next = never, .enough = last_began, .ctx = f};

	cr_assert_lt(f->logins, 17);
	cr_assert_eq(fleet_run(f, &job, NULL), 0);
	fleet_free(f);
}

/* A host that takes connections and says nothing. */
static int mute(uint16_t *ret_port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&at, len), 0);
	cr_assert_eq(listen(fd, 64), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

Test(fleet, those_that_hang_hold_nobody_up, .timeout = 20)
{
	static const char *const none[] = {NULL};
	const struct remote_options o = {.identities = none,
		.no_agent = true,
		.known_hosts = "/dev/null",
		.config = "/dev/null"};
	struct remote_keys *keys = remote_keys_load(&o);
	struct fleet *f = fleet_new(17, NULL, keys);
	const struct fleet_job job = {
		.next = never, .enough = last_began, .ctx = f};
	struct remote_target target = {.name = "n", .address = "127.0.0.1"};
	int server = mute(&target.port);

	for (size_t i = 0; i < f->n; i++) {
		f->nodes[i].name = "n";
		f->nodes[i].wanted = true;
		f->nodes[i].target = target;
	}
	f->options.login_ms = f->options.connect_ms = 60000;
	cr_assert_eq(fleet_run(f, &job, NULL), 0);
	cr_assert_str_eq(f->nodes[0].io->phase_text, "banner");
	cr_assert_eq(f->nodes[0].status, NODE_PENDING);
	fleet_free(f);
	close(server);
	remote_keys_free(keys);
}
