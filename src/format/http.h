/* One HTTP request at a time: over TLS, with a client certificate if wanted.
 *
 * Verification of the server is on unless `insecure` is set.  Proxies of the
 * environment are not used, redirects not followed. */
#ifndef NFZ_FORMAT_HTTP_H
#define NFZ_FORMAT_HTTP_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Strings are copied; NULL where not wanted. */
struct http_config {
	const char *url;  /* https://host:port/path */
	bool plain;       /* http:// is allowed, too */
	const char *what; /* NULL: "the testbed's server", in messages */
	const char *const *headers; /* "Name: value" of every request */
	size_t n_headers;
	const char *certificate; /* PEM file: private key, then certificate */
	const char *passphrase;  /* of that key */
	const char *ca_file;     /* NULL: the system's authorities */
	bool insecure;           /* do not verify the server */
	const char *pin;         /* "sha256//BASE64" of the server's key */
	const char *ciphers;     /* "DEFAULT:@SECLEVEL=0" for old sites */
	int64_t connect_timeout_ms; /* 0: 15 s */
	/* Asked about once a second; true ends the call (NFZ_E_INTERRUPTED). */
	bool (*cancelled)(void *ctx);
	void *ctx;
};

struct http;

int http_open(const struct http_config *config, struct http **ret,
	struct err *err) NFZ_MUST_CHECK;
void http_close(struct http *http); /* NULL is fine */
/* The same for another thread, with a connection of its own; NULL: there is no
 * memory for it. */
struct http *http_twin(const struct http *http);

struct http_request {
	const char *content_type;
	const char *query; /* behind the "?" of the address, as sent; or NULL */
	const char *body;
	size_t len;
	bool once; /* on a connection of its own: never sent again by itself */
	int64_t timeout_ms; /* for the whole exchange; 0: none, with keepalive */
};

/* Posts and appends the body of a 200 answer to reply, up to its ceiling.
 * The connection is kept for the next request.  Failures by cause:
 *
 *	NFZ_E_SERVICE       no such host, refused, unreachable, no answer, no TLS
 *	NFZ_E_SERVER_CERT   the server's certificate is not verified
 *	NFZ_E_CERT_REFUSED  the server refused ours, or wants one
 *	NFZ_E_CERT_EXPIRED  ... because it has expired
 *	NFZ_E_CERT_FILE     ours cannot be used at all
 *	NFZ_E_PASSPHRASE    its key does not open
 *	NFZ_E_SILENT_CLOSE  closed after a good handshake without an answer
 *	NFZ_E_REPLY         an answer, but not a 200: redirect, error page, cut
 *	NFZ_E_LIMIT         larger than the ceiling
 *	NFZ_E_CONFIG        the CA file cannot be read
 *	NFZ_E_INTERRUPTED */
int http_post(struct http *http, const struct http_request *request,
	struct buf *reply, struct err *err) NFZ_MUST_CHECK;

/* What the answer to the last request began with (0: there was none), and what
 * an answer that was no 200 said, as far as it was kept. */
long http_status(const struct http *http);
const char *http_refusal(const struct http *http);

#endif
