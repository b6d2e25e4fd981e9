/* The client against a real TLS server that answers with recorded bytes, and
 * what it makes of every way such a server refuses. */
#include "base/file.h"
#include "base/mem.h"
#include "base/net.h"
#include "format/pem.h"
#include "support/replies.h"
#include "testbed/client.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct err err;

enum { STRICT, RESETS, NO_TLS };

/* A server with its certificates in a directory of their own. */
struct world {
	char dir[64];
	pid_t pid;
	int stdin_fd;
	int port[3];
};

static char *in_dir(const struct world *w, const char *name)
{
	return mem_printf("%s/%s", w->dir, name);
}

static void save(
	const struct world *w, const char *name, const struct buf *text)
{
	cleanup_free char *path = in_dir(w, name);

	cr_assert_eq(file_replace(path, 0600, text->data, text->len, &err), 0,
		"%s", err.text);
}

/* Makes name.pem: key, then certificate; ca NULL: an authority. */
static void make(const struct world *w, const char *name,
	const struct pem_spec *spec, const struct buf *ca, struct buf *both)
{
	struct buf key = BUF_INIT(1 << 20), cert = BUF_INIT(1 << 20);
	char file[100];

	cr_assert_eq(
		pem_issue(spec, ca ? buf_str(ca) : NULL, &key, &cert, &err), 0,
		"%s: %s", name, err.text);
	if (!ca) {
		snprintf(file, sizeof(file), "%s.crt", name);
		save(w, file, &cert);
	}
	buf_add(both, key.data, key.len);
	buf_add(both, cert.data, cert.len);
	snprintf(file, sizeof(file), "%s.pem", name);
	save(w, file, both);
	buf_release(&key);
	buf_release(&cert);
}

static void make_certificates(const struct world *w)
{
	struct wall_time now = wall_now();
	struct wall_time day_ago = {now.ns - 86400 * NS_PER_S};
	struct wall_time in_a_day = {now.ns + 86400 * NS_PER_S};
	struct pem_spec spec = {.kind = PEM_CA,
		.organization = "Example",
		.cn = "authority",
		.serial = 1,
		.not_before = day_ago,
		.not_after = in_a_day};
	struct buf ca = BUF_INIT(1 << 20), other = BUF_INIT(1 << 20),
		   rest = BUF_INIT(1 << 20);

	make(w, "ca", &spec, NULL, &ca);
	make(w, "otherca", &spec, NULL, &other);
	spec.kind = PEM_SERVER;
	spec.names = "IP:127.0.0.1";
	spec.cn = "boss";
	make(w, "server", &spec, &ca, &rest);
	buf_reset(&rest);
	spec.kind = PEM_USER;
	spec.names = NULL;
	spec.cn = "ada";
	spec.serial = 7;
	make(w, "ada", &spec, &ca, &rest);
	buf_reset(&rest);
	make(w, "foreign", &spec, &other, &rest);
	buf_reset(&rest);
	spec.passphrase = "open sesame";
	make(w, "locked", &spec, &ca, &rest);
	buf_reset(&rest);
	spec.passphrase = NULL;
	spec.not_after = (struct wall_time){now.ns - 3600 * NS_PER_S};
	make(w, "old", &spec, &ca, &rest);
	buf_release(&ca);
	buf_release(&other);
	buf_release(&rest);
}

static void run_server(const struct world *w, int in, int out)
{
	char *cert = in_dir(w, "server.pem"), *ca = in_dir(w, "ca.crt");

	dup2(in, 0);
	dup2(out, 1);
	execlp("python3", "python3", "tests/support/tls_replay.py", REPLIES_DIR,
		cert, cert, ca, (char *)NULL);
	_exit(127);
}

static void start(struct world *w)
{
	int in[2], out[2];
	FILE *f;

	snprintf(w->dir, sizeof(w->dir), "/tmp/nfz-client-test-XXXXXX");
	cr_assert_not_null(mkdtemp(w->dir));
	make_certificates(w);
	cr_assert(pipe(in) == 0 && pipe(out) == 0);
	w->pid = fork();
	if (w->pid == 0) {
		close(in[1]);
		run_server(w, in[0], out[1]);
	}
	close(in[0]);
	close(out[1]);
	w->stdin_fd = in[1];
	f = fdopen(out[0], "r");
	cr_assert_eq(
		fscanf(f, "%d %d %d", &w->port[0], &w->port[1], &w->port[2]), 3,
		"the server did not start");
	fclose(f);
}

static void stop(struct world *w)
{
	close(w->stdin_fd);
	waitpid(w->pid, NULL, 0);
	cr_assert_eq(file_remove_tree(w->dir, &err), 0);
}

struct attempt {
	int port;                /* STRICT, ... */
	const char *path;        /* "/http-ok" */
	const char *certificate; /* "ada"; NULL: none */
	const char *ca;          /* NULL: not verified */
	client_passphrase_fn passphrase;
	int64_t timeout_ms;
	bool (*cancelled)(void *ctx);
};

static int attempt(const struct world *w, const struct attempt *a, char **state)
{
	cleanup_free char *server =
		mem_printf("127.0.0.1:%d", w->port[a->port]);
	cleanup_free char *pem = mem_printf(
		"%s/%s.pem", w->dir, a->certificate ? a->certificate : "");
	cleanup_free char *ca = mem_printf("%s/%s.crt", w->dir, a->ca);
	struct client_config config = {.server = server,
		.path = a->path,
		.certificate = a->certificate ? pem : NULL,
		.ca = a->ca ? ca : NULL,
		.insecure = !a->ca,
		.passphrase = a->passphrase,
		.timeout_ms = a->timeout_ms,
		.cancelled = a->cancelled};
	struct client_exp e = {"nfexp", "lan3"};
	struct client *c = NULL;
	char *got = NULL;
	int rc;

	err_clear(&err);
	rc = client_open(&config, &c, &err);
	if (!rc)
		rc = client_state(c, &e, &got, &err);
	client_close(c);
	if (state)
		*state = take(got);
	free(got);
	return rc;
}

static void expect(
	const struct world *w, struct attempt a, int rc, const char *text)
{
	int got = attempt(w, &a, NULL);

	cr_assert_eq(got, rc, "%s with %s: %s (%s) instead of %s",
		a.path ? a.path : "-", a.certificate ? a.certificate : "-",
		err_code_text(got), err.text, err_code_text(rc));
	cr_assert(!text || strstr(err.text, text), "%s: \"%s\" lacks \"%s\"",
		a.path, err.text, text);
}

static void expect_path(
	const struct world *w, const char *path, int rc, const char *text)
{
	struct attempt a = {STRICT, path, "ada", "ca", NULL, 3000, NULL};

	expect(w, a, rc, text);
}

static void recorded_answers(const struct world *w)
{
	static const char *const good[] = {"/http-ok", "/http-10",
		"/http-close", "/http-expect", "/http-gzip", "/http-ctype",
		"/http-keepalive-2", "/lan3-state", "/tls-cn-comma",
		"/tls-cn-login"};
	static const char *const silent[] = {"/http-badpath",
		"/http-path-slash", "/http-rpc2", "/tls-serial"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct attempt a = {
			STRICT, good[i], "ada", "ca", NULL, 3000, NULL};
		cleanup_free char *state = NULL;

		cr_assert_eq(
			attempt(w, &a, &state), 0, "%s: %s", good[i], err.text);
		cr_assert_str_eq(state, "active");
	}
	for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++) {
		expect_path(w, silent[i], -NFZ_E_SILENT_CLOSE,
			"closed the connection without an answer");
		cr_assert(strstr(err.hint, "path") &&
				  strstr(err.hint, "account") &&
				  strstr(err.hint, "certificate"),
			"%s", err.hint);
	}
	expect_path(w, "/http-get", -NFZ_E_REPLY, "501 Unsupported method");
	expect_path(w, "/http-get", -NFZ_E_REPLY, "Error response");
	expect_path(w, "/http-nolength", -NFZ_E_REPLY, "500 Internal");
	expect_path(w, "/http-badline", -NFZ_E_REPLY, "did not answer in HTTP");
	expect_path(w, "/http-emptybody", -NFZ_E_FAULT, "no element found");
	expect_path(w, "/err-version-0.2", -NFZ_E_API_VERSION, NULL);
	expect_path(w, "/nologins-getlist", -NFZ_E_CLOSED, NULL);
	cr_assert(strstr(err.hint, "down until 14:00"), "%s", err.hint);
}

static void broken_answers(const struct world *w)
{
	expect_path(w, "/redirect", -NFZ_E_REPLY, "other.example");
	expect_path(w, "/page", -NFZ_E_REPLY, "web page (\"Welcome\")");
	expect_path(w, "/cut", -NFZ_E_REPLY, "cut off");
	expect_path(w, "/headcut", -NFZ_E_REPLY, "cut off");
	expect_path(w, "/halfxml", -NFZ_E_REPLY, "makes no sense");
	expect_path(w, "/hang500", -NFZ_E_REPLY, "500 Internal");
	expect_path(w, "/endless", -NFZ_E_REPLY, NULL);
}

static int wrong_twice(
	void *ctx, const char *file, int number, struct buf *out, struct err *e)
{
	(void)ctx;
	(void)e;
	cr_assert(strstr(file, "locked.pem"));
	buf_adds(out, number < 3 ? "sesame" : "open sesame");
	return 0;
}

static int always_wrong(
	void *ctx, const char *file, int number, struct buf *out, struct err *e)
{
	(void)ctx;
	(void)file;
	(void)e;
	(void)number;
	buf_adds(out, "nonsense");
	return 0;
}

static bool at_once(void *ctx)
{
	(void)ctx;
	return true;
}

static void certificates(const struct world *w)
{
	struct attempt a = {
		STRICT, "/http-ok", "locked", "ca", NULL, 3000, NULL};

	expect(w, a, -NFZ_E_PASSPHRASE, "locked.pem");
	a.passphrase = always_wrong;
	expect(w, a, -NFZ_E_PASSPHRASE, "locked.pem");
	a.passphrase = wrong_twice;
	expect(w, a, 0, NULL);
	a.certificate = "old";
	expect(w, a, -NFZ_E_CERT_EXPIRED, "old.pem");
	a.certificate = "foreign";
	expect(w, a, -NFZ_E_CERT_REFUSED, "another authority");
	a.certificate = NULL;
	expect(w, a, -NFZ_E_CERT_REFUSED, "none was given");
	a.certificate = "ca"; /* an authority is no user, but has a key */
	a.ca = "otherca";
	expect(w, a, -NFZ_E_SERVER_CERT, "cannot be verified");
}

static void connections(const struct world *w)
{
	struct attempt a = {RESETS, "/x", "ada", NULL, NULL, 3000, NULL};

	expect(w, a, -NFZ_E_SILENT_CLOSE, NULL);
	a.port = NO_TLS;
	expect(w, a, -NFZ_E_SERVICE, "does not speak TLS");
	a.port = STRICT;
	a.path = "/slow";
	a.timeout_ms = 300;
	expect(w, a, -NFZ_E_SERVICE, "did not answer in time");
	a.cancelled = at_once;
	expect(w, a, -NFZ_E_INTERRUPTED, NULL);
}

static void nobody_there(const struct world *w)
{
	struct world closed = *w;
	struct attempt a = {STRICT, "/x", "ada", NULL, NULL, 3000, NULL};

	closed.port[STRICT] = 1; /* nobody listens there */
	expect(&closed, a, -NFZ_E_SERVICE, "cannot be reached");
}

Test(client_http, every_way_to_be_refused_has_its_own_error)
{
	struct world w;

	if (!replies_present())
		return;
	signal(SIGPIPE, SIG_IGN);
	start(&w);
	recorded_answers(&w);
	broken_answers(&w);
	certificates(&w);
	connections(&w);
	nobody_there(&w);
	stop(&w);
}
