/* The resolver that answers late is one of ours: dial.c gets it in place of the
 * library's. */
#define _GNU_SOURCE
#include "base/clock.h"
#include "base/file.h"
#include "deploy/dial.h"
#include "deploy/fleet.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <semaphore.h>
#include <string.h>
#include <unistd.h>

typedef int (*resolver)(const char *, const char *, const struct addrinfo *,
	struct addrinfo **);

static sem_t may_answer; /* once for each "late" */

static void let_answer(void)
{
	cr_assert_eq(sem_post(&may_answer), 0);
}

static void set_up(void)
{
	cr_assert_eq(sem_init(&may_answer, 0, 0), 0);
}

TestSuite(dial, .init = set_up);

/* "late" stands for this machine, when the test says so; "never" for none. */
int getaddrinfo(const char *restrict name, const char *restrict service,
	const struct addrinfo *restrict hints, struct addrinfo **restrict ret)
{
	void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");
	bool number = hints && hints->ai_flags & AI_NUMERICHOST;
	resolver real;

	memcpy(&real, &symbol, sizeof(real));
	if (!number && strcmp(name, "never") == 0)
		clock_sleep_ms(60000);
	if (number || strcmp(name, "late") != 0)
		return real(name, service, hints, ret);
	while (sem_wait(&may_answer) < 0)
		;
	return real("127.0.0.1", service, hints, ret);
}

static int listener(uint16_t *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&a, len), 0);
	cr_assert_eq(listen(fd, 4), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

/* Steps as the fleet's loop does, when the descriptor says so. */
static int finish(struct dial *d, struct err *err)
{
	struct mono_time limit = mono_add_ms(mono_now(), 30000);
	int r;

	while ((r = dial_step(d, err)) == 0 && !mono_passed(limit)) {
		struct pollfd p = {d->fd, dial_events(d), 0};

		poll(&p, 1, 1000);
	}
	return r;
}

Test(dial, an_address_is_connected_to_at_once)
{
	struct err err = ERR_INIT;
	struct dial d;
	uint16_t port;
	int at = listener(&port);

	cr_assert_eq(dial_start(&d, "127.0.0.1", port, &err), 0);
	cr_assert_not(d.naming);
	cr_assert_eq(finish(&d, &err), 1);
	close(d.fd);
	close(at);
}

Test(dial, nobody_waits_for_a_name)
{
	struct err err = ERR_INIT;
	struct dial d;
	uint16_t port;
	int at = listener(&port);

	cr_assert_eq(dial_start(&d, "late", port, &err), 0);
	cr_assert(d.naming);
	cr_assert_eq(dial_step(&d, &err), 0);
	let_answer();
	cr_assert_eq(finish(&d, &err), 1);
	close(d.fd);
	close(at);
}

Test(dial, a_name_that_is_none_says_so)
{
	struct err err = ERR_INIT;
	struct dial d;

	cr_assert_eq(dial_start(&d, "no such name", 22, &err), 0);
	cr_assert_eq(finish(&d, &err), -NFZ_E_UNREACHABLE);
	cr_assert(err.text[0]);
	cr_assert_eq(d.fd, -1);
}

Test(dial, a_closed_port_refuses)
{
	struct err err = ERR_INIT;
	struct dial d;
	uint16_t port;

	close(listener(&port));
	let_answer();
	cr_assert_eq(dial_start(&d, "late", port, &err), 0);
	cr_assert_eq(finish(&d, &err), -NFZ_E_UNREACHABLE);
	close(d.fd);
}

Test(dial, waiting_for_a_name_has_an_end)
{
	struct dial_names names;

	cr_assert_not(dial_names("never", 100, &names));
	let_answer();
	cr_assert(dial_names("late", 30000, &names));
	cr_assert_geq(names.n, 1);
}

static int never_asked(void *ctx, struct fleet_node *n,
	const struct reply *last, struct err *err)
{
	(void)ctx;
	(void)n;
	(void)last;
	(void)err;
	return FLEET_DONE;
}

/* The resolver's silence has the deadline of a silent host. */
Test(fleet, a_name_nobody_knows_of_holds_nobody, .timeout = 20)
{
	const struct fleet_job job = {.next = never_asked};
	const struct remote_options options = {.no_agent = true,
		.known_hosts = "/dev/null",
		.config = "/dev/null"};
	struct remote_keys *keys = remote_keys_load(&options);
	const struct payloads none = {0};
	struct fleet *f = fleet_new(1, &none, keys);
	struct err err = ERR_INIT;

	f->options.connect_ms = 200;
	f->nodes[0] = (struct fleet_node){.name = "a",
		.wanted = true,
		.target = {.name = "a", .address = "never"},
		.io = f->nodes[0].io};
	cr_assert_eq(fleet_run(f, &job, &err), 0);
	cr_assert_eq(f->nodes[0].status, NODE_TIMED_OUT);
	cr_assert_not_null(strstr(f->nodes[0].err.text, "name lookup"));
	fleet_free(f);
	remote_keys_free(keys);
}
