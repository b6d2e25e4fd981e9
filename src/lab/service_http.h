/* HTTP as the original server speaks it: what bytes come in, what is to be
 * done, what bytes go out.  No sockets and no clock but for the Date header,
 * so recordings and fuzzers can be played through it. */
#ifndef NFZ_LAB_SERVICE_HTTP_H
#define NFZ_LAB_SERVICE_HTTP_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum { HTTP_BODY_MAX = 16 << 20, HTTP_HEAD_MAX = 1 << 16 };

struct service_http {
	bool path_seen; /* the path of the first request decides, once */
	bool last;      /* the connection ends after the present answer */
};

enum http_step {
	HTTP_MORE,   /* wait for more input */
	HTTP_CALL,   /* *ret_body is a call to answer with http_answer() */
	HTTP_SEND,   /* send out, then look again (or end, when h->last) */
	HTTP_REFUSE, /* drop the connection without a word */
	HTTP_END     /* end it, politely */
};

/* A request body inside the input. */
struct http_body {
	size_t head_len, len;
};

/* Looks at the input.  After HTTP_SEND and HTTP_CALL the request's bytes must
 * be dropped from `in` by the caller: ret->head_len + ret->len of them.  Error
 * pages are appended to out.  `closed`: nothing more will come. */
enum http_step service_http_next(struct service_http *h, const struct buf *in,
	bool closed, struct http_body *ret, struct buf *out);
/* Head and document of a call's answer. */
void service_http_answer(const char *document, size_t len, struct buf *out);

#endif
