/* libmicrohttpd, run from our own loop.  A request with a body, or by another
 * method, is answered before the caller hears of it. */
#include "format/httpd.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <string.h>

enum { CONNECTIONS_MAX = 32, IDLE_S = 60, MEMORY = 32768 };

struct httpd {
	struct MHD_Daemon *daemon;
	httpd_fn fn;
	void *ctx;
	uint16_t port;
};

static enum MHD_Result reply(struct MHD_Connection *c, struct httpd_answer *a)
{
	size_t len = a->body.len;
	struct MHD_Response *r = MHD_create_response_from_buffer(
		len, len ? buf_take(&a->body) : NULL, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;

	if (!r)
		return MHD_NO;
	if (a->type)
		MHD_add_response_header(r, "Content-Type", a->type);
	for (size_t i = 0; i < a->n_headers; i++)
		MHD_add_response_header(
			r, a->headers[i].name, a->headers[i].value);
	result = MHD_queue_response(c, (unsigned)a->status, r);
	MHD_destroy_response(r);
	return result;
}

static enum MHD_Result refuse(struct MHD_Connection *c)
{
	struct httpd_answer a = {.status = 405,
		.headers = {{"Allow", "GET"}},
		.n_headers = 1,
		.body = BUF_INIT(1)};

	return reply(c, &a);
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c,
	const char *url, const char *method, const char *version,
	const char *data, size_t *size, void **state)
{
	struct httpd *h = ctx;
	struct httpd_answer a = {.status = 500, .body = BUF_INIT(SIZE_MAX / 2)};
	struct httpd_request r = {.path = url};
	enum MHD_Result result;

	(void)version;
	(void)data;
	/* the first call comes with the headers only; a body is not read */
	if (!*state) {
		*state = h;
		return strcmp(method, "GET") == 0 ? MHD_YES : refuse(c);
	}
	if (*size) {
		*size = 0;
		return MHD_YES;
	}
	r.host = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Host");
	r.origin = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Origin");
	r.site = MHD_lookup_connection_value(
		c, MHD_HEADER_KIND, "Sec-Fetch-Site");
	r.cookie = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Cookie");
	r.token = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "X-Token");
	r.last = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "last");
	r.from = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "from");
	r.to = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "to");
	r.pieces =
		MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "pieces");
	r.port = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "port");
	h->fn(h->ctx, &r, &a);
	result = reply(c, &a);
	buf_release(&a.body);
	return result;
}

int httpd_open(uint16_t port, httpd_fn fn, void *ctx, struct httpd **ret,
	struct err *err)
{
	struct sockaddr_in here = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct httpd *h = mem_zalloc(1, sizeof(*h));
	const union MHD_DaemonInfo *info;

	h->fn = fn;
	h->ctx = ctx;
	errno = 0;
	h->daemon = MHD_start_daemon(MHD_NO_FLAG, port, NULL, NULL, on_request,
		h, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&here,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY,
		MHD_OPTION_END);
	if (!h->daemon) {
		free(h);
		return err_set(err, NFZ_E_BUSY,
			"port %u of this machine cannot be opened: %s", port,
			errno ? strerror(errno) : "is it taken?");
	}
	info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_BIND_PORT);
	h->port = info ? info->port : port;
	*ret = h;
	return 0;
}

void httpd_close(struct httpd *h)
{
	if (!h)
		return;
	MHD_stop_daemon(h->daemon);
	free(h);
}

uint16_t httpd_port(const struct httpd *h)
{
	return h->port;
}

int httpd_step(struct httpd *h, int ms, struct err *err)
{
	if (MHD_run_wait(h->daemon, ms) == MHD_YES)
		return 0;
	return err_set(err, NFZ_E_IO, "the web server stopped");
}
