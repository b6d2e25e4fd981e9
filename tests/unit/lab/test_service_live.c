/* The service over real TLS, asked by Python's own client and with the
 * recorded raw exchanges (tests/e2e/service_client.py). */
#define _GNU_SOURCE
#include "test_service_world.h"

#include "base/file.h"
#include "base/mem.h"
#include "format/pem.h"
#include "lab/certs.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int listen_on(uint16_t *ret_port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_geq(fd, 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	cr_assert_eq(listen(fd, 64), 0);
	getsockname(fd, (struct sockaddr *)&at, &len);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

/* Serves until the client has ended; its exit status. */
static int serve_while(struct world *w, pid_t client)
{
	int status = 0;
	pid_t r;

	while ((r = waitpid(client, &status, WNOHANG)) == 0)
		cr_assert_eq(loop_step(w->loop, 50, NULL), 0);
	return r == client && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct live {
	struct world *w;
	struct lab_service *svc;
	char dir[64], port[8];
	int fd;
};

static void live_start(struct live *l)
{
	char ca[96], cert[96];
	struct lab_service_setup setup = {
		.step_ms = 200, .ca_file = ca, .cert_file = cert};
	struct err err = ERR_INIT;
	uint16_t port;

	snprintf(l->dir, sizeof(l->dir), "/tmp/nfz-service-XXXXXX");
	cr_assert_not_null(mkdtemp(l->dir));
	cr_assert_eq(lab_certs_make(&(struct lab_certs_setup){.dir = l->dir},
			     l->w->site, &err),
		0, "%s", err.text);
	world_user(l->w, "gil")->cert_serial = -1;
	snprintf(ca, sizeof(ca), "%s/%s", l->dir, LAB_CERT_CA);
	snprintf(cert, sizeof(cert), "%s/%s", l->dir, LAB_CERT_SERVER);
	l->fd = listen_on(&port);
	snprintf(l->port, sizeof(l->port), "%u", port);
	setup.site = l->w->site;
	cr_assert_eq(
		lab_service_start(l->w->loop, l->fd, &setup, &l->svc, &err), 0,
		"%s", err.text);
}

static void live_stop(struct live *l)
{
	lab_service_stop(l->svc);
	close(l->fd);
	cr_assert_eq(file_remove_tree(l->dir, NULL), 0);
	world_free(l->w);
}

Test(service_live, python_and_raw_bytes, .timeout = 120)
{
	struct live l = {.w = world_new(200)};
	pid_t client;

	if (!l.w)
		return;
	live_start(&l);
	client = fork();
	if (client == 0) {
		execlp("python3", "python3", "tests/e2e/service_client.py",
			l.port, l.dir, REPLIES, NULL);
		_exit(77);
	}
	int status = serve_while(l.w, client);

	if (status == 77)
		fprintf(stderr, "[ SKIPPED ] no python3\n");
	live_stop(&l);
	cr_assert(status == 0 || status == 77);
}

Test(service_live, certificate_files_are_told_apart, .timeout = 60)
{
	struct live l = {.w = world_new(200)};
	struct pem_info info;
	struct err err = ERR_INIT;
	char path[128];

	if (!l.w)
		return;
	live_start(&l);
	snprintf(path, sizeof(path), "%s/ada.pem", l.dir);
	cr_assert_eq(pem_read(path, &info, &err), 0, "%s", err.text);
	cr_assert_str_eq(info.cn, world_user(l.w, "ada")->uuid);
	cr_assert_str_eq(info.email, "ada@example.net");
	cr_assert_eq(info.serial_number, world_user(l.w, "ada")->cert_serial);
	cr_assert(info.has_key && !info.key_encrypted);
	cr_assert_eq(pem_check_key(path, NULL, &err), 0);
	cr_assert_eq(pem_check_time(&info, wall_now(), &err), 0);

	snprintf(path, sizeof(path), "%s/%s", l.dir, LAB_CERT_ENCRYPTED);
	cr_assert_eq(pem_read(path, &info, &err), 0);
	cr_assert(info.has_key && info.key_encrypted);
	cr_assert_eq(pem_check_key(path, NULL, &err), -NFZ_E_PASSPHRASE);
	cr_assert_eq(pem_check_key(path, "wrong", &err), -NFZ_E_PASSPHRASE);
	cr_assert_eq(pem_check_key(path, LAB_CERT_PASSPHRASE, &err), 0);

	snprintf(path, sizeof(path), "%s/%s", l.dir, LAB_CERT_EXPIRED);
	cr_assert_eq(pem_read(path, &info, &err), 0);
	cr_assert_eq(
		pem_check_time(&info, wall_now(), &err), -NFZ_E_CERT_EXPIRED);

	snprintf(path, sizeof(path), "%s/%s", l.dir, LAB_CERT_CA);
	cr_assert_eq(pem_read(path, &info, &err), 0);
	cr_assert(!info.has_key);
	cr_assert_eq(pem_check_key(path, NULL, &err), -NFZ_E_CERT_FILE);
	snprintf(path, sizeof(path), "%s/ada.key", l.dir);
	cr_assert_eq(pem_read(path, &info, &err), -NFZ_E_CERT_FILE);
	live_stop(&l);
}
