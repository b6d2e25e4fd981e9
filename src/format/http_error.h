/* Errors of an HTTPS exchange by what is left of it; for http.c only. */
#ifndef NFZ_FORMAT_HTTP_ERROR_H
#define NFZ_FORMAT_HTTP_ERROR_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>

struct http_place {
	const char *host;        /* "boss.example.net:3069" */
	const char *certificate; /* file name, NULL when none was given */
	const char *detail;      /* the library's own sentence, printable */
};

/* Closed after a good handshake, without an answer. */
int http_fail_silent(const struct http_place *p, struct err *err);
/* A TLS alert in p->detail; 0 when there is none. */
int http_fail_alert(const struct http_place *p, struct err *err);
/* Our own certificate could not be loaded. */
int http_fail_certificate(const struct http_place *p, struct err *err);
/* The server's certificate: not the pinned one, or not verified. */
int http_fail_server(const struct http_place *p, bool pinned, struct err *err);
/* A 200 that is a web page. */
int http_fail_page(const char *host, struct buf *page, struct err *err);
/* Not a 200; place: where it sends us (redirects), or NULL. */
int http_fail_status(const char *host, const char *status_line,
	const char *place, struct buf *page, struct err *err);

#endif
