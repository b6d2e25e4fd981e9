/* The server's side of TLS over OpenSSL.
 *
 * Sockets are non-blocking and every wait has a bound, so that a client that
 * stops half-way costs its own process and nothing else.  A client without a
 * certificate, or with one of another authority, is refused in the handshake
 * (alerts 116 and 48); whether its user is known is for others to say. */
#define _GNU_SOURCE
#include "lab/tls.h"
#include "base/clock.h"
#include "base/mem.h"

#include <openssl/ssl.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_CHUNK = 16384, LINGER_MS = 1000 };

struct tls {
	SSL_CTX *ctx;
};

struct tls_conn {
	SSL *ssl;
	int fd;
	int timeout_ms;
};

static int library_error(struct err *err, const char *what)
{
	return pem_library_error(err, NFZ_E_SERVICE, what);
}

int tls_new(const char *ca_file, const char *cert_file, struct tls **ret,
	struct err *err)
{
	struct tls *tls = mem_zalloc(1, sizeof(*tls));

	pem_library_clear();
	tls->ctx = SSL_CTX_new(TLS_server_method());
	if (!tls->ctx ||
		SSL_CTX_use_certificate_chain_file(tls->ctx, cert_file) != 1 ||
		SSL_CTX_use_PrivateKey_file(
			tls->ctx, cert_file, SSL_FILETYPE_PEM) != 1 ||
		SSL_CTX_load_verify_file(tls->ctx, ca_file) != 1) {
		tls_free(tls);
		return library_error(err, "the service's certificates");
	}
	SSL_CTX_set_client_CA_list(tls->ctx, SSL_load_client_CA_file(ca_file));
	SSL_CTX_set_verify(tls->ctx,
		SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_verify_depth(tls->ctx, 16);
	SSL_CTX_set_session_cache_mode(tls->ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(tls->ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(tls->ctx, 0);
	*ret = tls;
	return 0;
}

void tls_free(struct tls *tls)
{
	if (!tls)
		return;
	SSL_CTX_free(tls->ctx);
	free(tls);
}

/* Waits for what OpenSSL asked for.  *ret_also as in tls_read. */
static int wait_for(struct tls_conn *conn, int result, int also_fd,
	bool *ret_also, struct err *err)
{
	int want = SSL_get_error(conn->ssl, result);
	struct pollfd fds[2] = {{.fd = conn->fd}, {.fd = also_fd}};
	int n;

	if (want == SSL_ERROR_WANT_READ)
		fds[0].events = POLLIN;
	else if (want == SSL_ERROR_WANT_WRITE)
		fds[0].events = POLLOUT;
	else
		return library_error(err, "TLS");
	fds[1].events = POLLIN;
	do {
		n = poll(fds, also_fd >= 0 ? 2 : 1, conn->timeout_ms);
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		return err_set(err, NFZ_E_TIMEOUT, "the client is silent");
	if (n < 0)
		return err_sys(err, "poll");
	if (ret_also && also_fd >= 0 && fds[1].revents)
		*ret_also = true;
	return 0;
}

/* After a refusal in the handshake: lets the alert reach the client, which a
 * reset because of unread bytes would overtake. */
static void let_alert_pass(int fd)
{
	struct mono_time end = mono_add_ms(mono_now(), LINGER_MS);
	char waste[4096];

	shutdown(fd, SHUT_WR);
	while (!mono_passed(end)) {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		if (poll(&p, 1, mono_ms_until(end)) <= 0 ||
			recv(fd, waste, sizeof(waste), 0) <= 0)
			return;
	}
}

int tls_accept(struct tls *tls, int fd, int timeout_ms, struct tls_conn **ret,
	struct err *err)
{
	struct tls_conn *conn = mem_zalloc(1, sizeof(*conn));
	int one = 1, n, r = 0;

	*conn = (struct tls_conn){.fd = fd, .timeout_ms = timeout_ms};
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	pem_library_clear();
	conn->ssl = SSL_new(tls->ctx);
	if (!conn->ssl || SSL_set_fd(conn->ssl, fd) != 1)
		r = library_error(err, "TLS");
	while (r == 0 && (n = SSL_accept(conn->ssl)) != 1)
		r = wait_for(conn, n, -1, NULL, err);
	if (r < 0) {
		let_alert_pass(fd);
		tls_end(conn, TLS_SILENT);
	} else {
		*ret = conn;
	}
	return r;
}

int tls_peer(struct tls_conn *conn, struct pem_info *ret, struct err *err)
{
	X509 *cert = SSL_get0_peer_certificate(conn->ssl);
	unsigned char *der = NULL;
	int n, r;

	if (!cert)
		return err_set(err, NFZ_E_CERT_REFUSED, "no certificate");
	n = i2d_X509(cert, &der);
	if (n <= 0)
		return library_error(err, "the client's certificate");
	r = pem_parse_der(der, (size_t)n, ret, err);
	OPENSSL_free(der);
	return r;
}

int tls_read(struct tls_conn *conn, struct buf *in, int also_fd, bool *ret_also,
	struct err *err)
{
	*ret_also = false;
	for (;;) {
		char *to = buf_space(in, READ_CHUNK);
		int n, r;

		if (!to)
			return err_set(
				err, NFZ_E_LIMIT, "the client sent too much");
		pem_library_clear();
		n = SSL_read(conn->ssl, to, READ_CHUNK);
		if (n > 0) {
			buf_commit(in, (size_t)n);
			return n;
		}
		r = SSL_get_error(conn->ssl, n);
		if (r != SSL_ERROR_WANT_READ && r != SSL_ERROR_WANT_WRITE) {
			pem_library_clear();
			return 0;
		}
		r = wait_for(conn, n, also_fd, ret_also, err);
		if (r < 0)
			return r;
		if (*ret_also)
			return 0;
	}
}

int tls_write(
	struct tls_conn *conn, const void *data, size_t len, struct err *err)
{
	const char *at = data;

	while (len > 0) {
		size_t done = 0;
		int n, r;

		pem_library_clear();
		n = SSL_write_ex(conn->ssl, at, len, &done);
		if (n == 1) {
			at += done;
			len -= done;
			continue;
		}
		r = wait_for(conn, n, -1, NULL, err);
		if (r < 0)
			return r;
	}
	return 0;
}

void tls_end(struct tls_conn *conn, enum tls_end how)
{
	if (!conn)
		return;
	if (how == TLS_POLITE)
		SSL_shutdown(conn->ssl);
	SSL_free(conn->ssl);
	pem_library_clear();
	close(conn->fd);
	free(conn);
}
