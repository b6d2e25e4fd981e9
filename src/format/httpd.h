/* A web server for one person: on 127.0.0.1 only, GET only, one thread.  Who
 * may ask for what is the caller's business; it gets the request's words and
 * gives an answer. */
#ifndef NFZ_FORMAT_HTTPD_H
#define NFZ_FORMAT_HTTPD_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct httpd;

/* Any but path is NULL where the request has none. */
struct httpd_request {
	const char *path, *host, *origin, *site, *cookie, *token;
	/* ?last=... and so on */
	const char *last, *from, *to, *pieces, *port;
};

enum { HTTPD_HEADERS_MAX = 8 };
struct httpd_answer {
	int status;
	const char *type; /* content type */
	struct {
		const char *name, *value;
	} headers[HTTPD_HEADERS_MAX];
	size_t n_headers;
	struct buf body; /* taken */
};

/* Fills the answer; what headers point to must live until the next call. */
typedef void (*httpd_fn)(void *ctx, const struct httpd_request *request,
	struct httpd_answer *ret);

/* port 0: any.  NFZ_E_BUSY when the port is taken. */
int httpd_open(uint16_t port, httpd_fn fn, void *ctx, struct httpd **ret,
	struct err *err) NFZ_MUST_CHECK;
void httpd_close(struct httpd *h); /* NULL is fine */
uint16_t httpd_port(const struct httpd *h);
/* Serves what comes within so many ms. */
int httpd_step(struct httpd *h, int ms, struct err *err) NFZ_MUST_CHECK;

#endif
