/* TLS for the testbed's service: the server's side, one connection at a time,
 * with a required client certificate.  The only file that knows
 * openssl/ssl.h. */
#ifndef NFZ_LAB_TLS_H
#define NFZ_LAB_TLS_H

#include "base/buf.h"
#include "base/err.h"
#include "format/pem.h"

struct tls;      /* keys and certificates of a server */
struct tls_conn; /* one connection */

/* Any protocol version OpenSSL will speak, as the original does.  cert_file
 * holds the server's key and certificate. */
int tls_new(const char *ca_file, const char *cert_file, struct tls **ret,
	struct err *err) NFZ_MUST_CHECK;
void tls_free(struct tls *tls);

/* Takes a connected socket over (it is closed by tls_end) and makes the
 * handshake, which tells an unwelcome client so with a TLS alert.  Every step
 * may take at most timeout_ms. */
int tls_accept(struct tls *tls, int fd, int timeout_ms, struct tls_conn **ret,
	struct err *err) NFZ_MUST_CHECK;
/* Whose certificate it was. */
int tls_peer(struct tls_conn *conn, struct pem_info *ret,
	struct err *err) NFZ_MUST_CHECK;
/* Appends what comes: > 0 bytes, 0 at an orderly or disorderly end, or an
 * error (NFZ_E_TIMEOUT).  also_fd (or -1) is watched too: when it can be read
 * first, *ret_also becomes true and 0 bytes count. */
int tls_read(struct tls_conn *conn, struct buf *in, int also_fd, bool *ret_also,
	struct err *err);
int tls_write(struct tls_conn *conn, const void *data, size_t len,
	struct err *err) NFZ_MUST_CHECK;
/* Says good-bye (close_notify) or just drops the connection; NULL is fine. */
enum tls_end { TLS_POLITE, TLS_SILENT };
void tls_end(struct tls_conn *conn, enum tls_end how);

#endif
