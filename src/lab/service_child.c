/* A connection's own process: TLS and HTTP with one client.
 *
 * The order of refusals is the original's: the handshake judges the chain,
 * then the user and the certificate's serial number are judged before any
 * request is read (the connection is dropped, so a client that has already
 * written sees a reset), then the first request's path (dropped after it was
 * read, without close_notify). */
#define _GNU_SOURCE
#include "base/mem.h"
#include "lab/service_http.h"
#include "lab/service_parts.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 600 * 1000, IN_MAX = HTTP_BODY_MAX + 4 * HTTP_HEAD_MAX };

struct talk {
	struct tls_conn *conn;
	int channel, fd;
	struct service_http http;
	struct buf in, out;
	bool closed;
};

static bool write_all(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
	}
	return true;
}

static bool read_all(int fd, void *to, size_t len)
{
	char *at = to;

	while (len > 0) {
		ssize_t n = recv(fd, at, len, 0);

		if (n == 0 || (n < 0 && errno != EINTR))
			return false;
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
	}
	return true;
}

static bool put_frame(int fd, char kind, const void *a, size_t a_len,
	const struct http_body *body)
{
	const char *text = a;
	size_t from = body ? body->head_len : 0;
	size_t len = body ? body->len : a_len;
	uint8_t head[FRAME_HEAD] = {(uint8_t)kind, (uint8_t)(len >> 24),
		(uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len};

	return write_all(fd, head, sizeof(head)) &&
	       write_all(fd, text + from, len);
}

/* The next frame from the owner; false when it hung up. */
static bool get_frame(int fd, char *ret_kind, struct buf *body)
{
	uint8_t head[FRAME_HEAD];
	size_t len;
	char *to;

	if (!read_all(fd, head, sizeof(head)))
		return false;
	len = (size_t)head[1] << 24 | (size_t)head[2] << 16 |
	      (size_t)head[3] << 8 | head[4];
	*ret_kind = (char)head[0];
	to = len ? buf_space(body, len) : NULL;
	if (len && (!to || !read_all(fd, to, len)))
		return false;
	if (len)
		buf_commit(body, len);
	return true;
}

/* Asks the owner of the site whether this certificate's user may come in. */
static bool introduce(struct talk *t)
{
	struct buf who cleanup(buf_release) = BUF_INIT(1024);
	struct buf none cleanup(buf_release) = BUF_INIT(1024);
	struct pem_info info;
	struct err err = ERR_INIT;
	char kind = 0;

	if (tls_peer(t->conn, &info, &err) < 0)
		return false;
	buf_u64(&who, (uint64_t)info.serial_number);
	buf_adds(&who, info.cn);
	return put_frame(t->channel, FRAME_WHO, who.data, who.len, NULL) &&
	       get_frame(t->channel, &kind, &none) && kind == FRAME_KNOWN;
}

/* Waits for the owner's answer; false when the client has gone meanwhile. */
static bool answer_comes(const struct talk *t)
{
	struct pollfd fds[2] = {{.fd = t->channel, .events = POLLIN},
		{.fd = t->fd, .events = POLLRDHUP}};

	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return false;
	return fds[0].revents != 0;
}

/* One call: to the owner and back. */
static bool call(struct talk *t, const struct http_body *body, bool *ret_cut)
{
	struct buf document cleanup(buf_release) = BUF_INIT(FRAME_MAX);
	char kind = 0;

	if (!put_frame(t->channel, FRAME_CALL, t->in.data, 0, body) ||
		!answer_comes(t) || !get_frame(t->channel, &kind, &document))
		return false;
	service_http_answer(buf_str(&document), document.len, &t->out);
	*ret_cut = kind == FRAME_CUT;
	return kind == FRAME_REPLY || kind == FRAME_CUT;
}

/* Reads what is left of a refused request, so that the client sees an end and
 * not a reset. */
static void swallow(struct talk *t, const struct http_body *body)
{
	struct err err = ERR_INIT;
	bool hung_up = false;

	while (t->in.len < body->head_len + body->len &&
		tls_read(t->conn, &t->in, t->channel, &hung_up, &err) > 0)
		;
}

static bool flush(struct talk *t, bool cut)
{
	struct err err = ERR_INIT;
	size_t len = cut ? t->out.len / 2 : t->out.len;
	bool ok = len == 0 || tls_write(t->conn, t->out.data, len, &err) == 0;

	buf_reset(&t->out);
	return ok;
}

static bool more(struct talk *t)
{
	struct err err = ERR_INIT;
	bool hung_up = false;
	int n = tls_read(t->conn, &t->in, t->channel, &hung_up, &err);

	if (hung_up || n < 0)
		return false;
	t->closed = n == 0;
	return true;
}

/* Talks until an end; the value says how to take leave. */
static enum tls_end converse(struct talk *t)
{
	for (;;) {
		struct http_body body;
		bool cut = false;

		switch (service_http_next(
			&t->http, &t->in, t->closed, &body, &t->out)) {
		case HTTP_MORE:
			if (!more(t))
				return TLS_SILENT;
			continue;
		case HTTP_CALL:
			if (!call(t, &body, &cut))
				return TLS_SILENT;
			break;
		case HTTP_SEND:
			break;
		case HTTP_REFUSE:
			swallow(t, &body);
			return TLS_SILENT;
		case HTTP_END:
			return TLS_POLITE;
		}
		if (!flush(t, cut) || cut)
			return TLS_SILENT;
		if (t->http.last)
			return TLS_POLITE;
		buf_consume(&t->in, body.head_len + body.len);
	}
}

void service_child_run(const struct service_child *child)
{
	struct talk t = {.channel = child->channel,
		.fd = child->fd,
		.in = BUF_INIT(IN_MAX),
		.out = BUF_INIT(FRAME_MAX + HTTP_HEAD_MAX)};
	struct err err = ERR_INIT;
	enum tls_end how = TLS_SILENT;

	if (tls_accept(child->tls, child->fd, PATIENCE_MS, &t.conn, &err) < 0)
		_exit(1);
	if (introduce(&t))
		how = converse(&t);
	tls_end(t.conn, how);
	_exit(0);
}
