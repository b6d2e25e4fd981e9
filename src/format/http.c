/* Adapter to libcurl, its only user.
 *
 * The servers we talk to are old: no Expect, no compression, no chunked
 * requests, HTTP/1.1, and refusals that are nothing but a closed connection.
 * Most of this file turns what is left of such a refusal (a curl code, a line
 * of OpenSSL's, whether a head had begun) into an error that names the cause. */
#define _GNU_SOURCE /* strcasestr */
#include "format/http.h"
#include "base/clock.h"
#include "base/mem.h"
#include "format/http_error.h"

#include <curl/curl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	ERROR_BODY_MAX = 4096,
	CONNECT_TIMEOUT_MS = 15000,
	KEEPALIVE_S = 60,
	LISTEN_MS = 2000
};

struct http {
	CURL *curl;
	char *url;
	const char *what;
	struct curl_slist *headers;
	char *host;        /* "boss.example.net:3069" */
	char *certificate; /* file name, for messages */
	bool (*cancelled)(void *ctx);
	void *ctx;
	/* of the exchange under way */
	struct buf *reply;
	struct buf error_body;
	char status_line[200], location[300];
	char detail[CURL_ERROR_SIZE];
	long status;
	bool head_begun, head_ended, body_length_known, html, over_limit,
		no_body;
};

static bool ok_status(const struct http *h)
{
	return h->status == 200;
}

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
	struct http *h = ctx;

	n *= size;
	if (!ok_status(h)) { /* keep the beginning, read on */
		if (h->error_body.len + n <= h->error_body.max)
			buf_add(&h->error_body, data, n);
		return n;
	}
	buf_add(h->reply, data, n);
	h->over_limit = !buf_ok(h->reply);
	return h->over_limit ? 0 : n;
}

static void copy_line(char *to, size_t size, const char *line, size_t len)
{
	while (len && (line[len - 1] == '\r' || line[len - 1] == '\n'))
		len--;
	if (len > size - 1)
		len = size - 1;
	for (size_t i = 0; i < len; i++)
		to[i] = (unsigned char)line[i] < 0x20 ? ' ' : line[i];
	to[len] = '\0';
}

static bool named(const char *line, size_t len, const char *name)
{
	size_t n = strlen(name);

	return len > n && strncasecmp(line, name, n) == 0 && line[n] == ':';
}

static void begin_head(struct http *h, const char *line, size_t len)
{
	const char *code;

	copy_line(h->status_line, sizeof(h->status_line), line, len);
	code = strchr(h->status_line, ' ');
	h->status = code ? strtol(code, NULL, 10) : 0;
	h->head_begun = true;
	h->head_ended = false;
	h->body_length_known = h->html = false;
	h->location[0] = '\0';
}

/* An error head of such a server may come without body and without saying so,
 * on a connection that stays open: do not wait for what never comes. */
static bool end_of_head(struct http *h)
{
	h->head_ended = true;
	if (h->status < 200 || ok_status(h) || h->body_length_known)
		return true;
	h->no_body = true;
	return false;
}

static size_t on_header(char *line, size_t size, size_t n, void *ctx)
{
	struct http *h = ctx;
	char text[300];
	size_t len = size * n;

	if (len > 5 && strncmp(line, "HTTP/", 5) == 0)
		begin_head(h, line, len);
	else if (len <= 2)
		return end_of_head(h) ? len : 0;
	copy_line(text, sizeof(text), line, len);
	if (named(text, strlen(text), "Content-Length") ||
		named(text, strlen(text), "Transfer-Encoding") ||
		(named(text, strlen(text), "Connection") &&
			strcasestr(text, "close")))
		h->body_length_known = true;
	if (named(text, strlen(text), "Content-Type"))
		h->html = strcasestr(text, "text/html") != NULL;
	if (named(text, strlen(text), "Location"))
		copy_line(h->location, sizeof(h->location), text + 9,
			strlen(text + 9));
	return len;
}

static int on_progress(
	void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct http *h = ctx;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return h->cancelled && h->cancelled(h->ctx);
}

/* Turning failures into errors. */

static bool says(const struct http *h, const char *word)
{
	return strcasestr(h->detail, word) != NULL;
}

/* curl's sentence may hold what the server sent; keep it printable. */
static const char *detail(struct http *h, CURLcode code)
{
	if (!h->detail[0])
		copy_line(h->detail, sizeof(h->detail),
			curl_easy_strerror(code),
			strlen(curl_easy_strerror(code)));
	for (char *s = h->detail; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = ' ';
	return h->detail;
}

static int fail_unreachable(struct http *h, CURLcode code, struct err *err)
{
	if (code == CURLE_COULDNT_RESOLVE_HOST)
		err_set(err, NFZ_E_SERVICE,
			"%s %s is unknown to the name service", h->what,
			h->host);
	else
		err_set(err, NFZ_E_SERVICE, "%s %s cannot be reached: %s",
			h->what, h->host, detail(h, code));
	return err_hint(err, "Check \"server\" in the configuration, and that "
			     "no firewall is between you and that port.");
}

static struct http_place place_of(struct http *h, CURLcode code)
{
	return (struct http_place){h->host, h->certificate, detail(h, code)};
}

/* curl's error buffer takes the first sentence only, which may be one about
 * the socket; the alert is in what it tells on the way. */
static int on_trace(
	CURL *c, curl_infotype type, char *text, size_t len, void *ctx)
{
	struct http *h = ctx;
	char line[CURL_ERROR_SIZE];

	(void)c;
	if (type != CURLINFO_TEXT)
		return 0;
	copy_line(line, sizeof(line), text, len);
	if (strstr(line, " alert "))
		memcpy(h->detail, line, sizeof(line));
	return 0;
}

/* A second connection that only listens; what broke it is in h->detail. */
static void listen_only(struct http *h)
{
	CURL *c = curl_easy_duphandle(h->curl);
	struct mono_time end = mono_add_ms(mono_now(), LISTEN_MS);
	struct pollfd fd = {.events = POLLIN};
	curl_socket_t sock = CURL_SOCKET_BAD;
	CURLcode code;
	char byte;
	size_t n;

	h->detail[0] = '\0';
	if (!c)
		return;
	curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(c, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(c, CURLOPT_DEBUGFUNCTION, on_trace);
	curl_easy_setopt(c, CURLOPT_DEBUGDATA, h);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)LISTEN_MS);
	code = curl_easy_perform(c);
	if (!code)
		code = curl_easy_getinfo(c, CURLINFO_ACTIVESOCKET, &sock);
	fd.fd = sock;
	while (!code && !mono_passed(end)) {
		if (poll(&fd, 1, mono_ms_until(end)) < 0)
			break;
		code = curl_easy_recv(c, &byte, 1, &n);
		if (code == CURLE_AGAIN) /* a session ticket came */
			code = CURLE_OK;
	}
	curl_easy_cleanup(c);
}

/* Closed without an answer.  A server that refuses our certificate says so in
 * an alert, but with TLS 1.3 we are sending by then, and the reset that our
 * unread request causes may destroy it.  Whoever sends nothing hears it. */
static int fail_closed(struct http *h, CURLcode code, struct err *err)
{
	struct http_place place;
	int rc = 0;

	if (!says(h, "unexpected eof") && code != CURLE_GOT_NOTHING) {
		listen_only(h);
		place = place_of(h, code);
		rc = http_fail_alert(&place, err);
	}
	place = place_of(h, code);
	return rc ? rc : http_fail_silent(&place, err);
}

/* The connection broke: what it means depends on how far we were. */
static int fail_broken(struct http *h, CURLcode code, struct err *err)
{
	curl_off_t handshake = 0;
	struct http_place place = place_of(h, code);
	int rc = http_fail_alert(&place, err);

	if (rc)
		return rc;
	curl_easy_getinfo(h->curl, CURLINFO_APPCONNECT_TIME_T, &handshake);
	if (h->head_begun)
		return err_set(err, NFZ_E_REPLY,
			"the answer of %s was cut off: %s", h->host,
			detail(h, code));
	if (handshake > 0 || code == CURLE_GOT_NOTHING)
		return fail_closed(h, code, err);
	if (says(h, "wrong version number") || says(h, "unknown protocol"))
		return err_set(err, NFZ_E_SERVICE,
			"%s does not speak TLS: is it the right port?",
			h->host);
	return err_set(err, NFZ_E_SERVICE,
		"no secure connection to %s could be made: %s", h->host,
		detail(h, code));
}

static int fail_timeout(struct http *h, struct err *err)
{
	curl_off_t handshake = 0;

	curl_easy_getinfo(h->curl, CURLINFO_APPCONNECT_TIME_T, &handshake);
	err_set(err, NFZ_E_SERVICE,
		handshake > 0 ? "%s took the request but did not answer in time"
			      : "%s does not answer",
		h->host);
	return err_hint(err, "Try again later; nothing is known to have "
			     "changed.");
}

static int fail_transfer(struct http *h, CURLcode code, struct err *err)
{
	struct http_place place = place_of(h, code);

	switch ((int)code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
		return fail_unreachable(h, code, err);
	case CURLE_OPERATION_TIMEDOUT:
		return fail_timeout(h, err);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		return http_fail_server(
			&place, code == CURLE_SSL_PINNEDPUBKEYNOTMATCH, err);
	case CURLE_SSL_CACERT_BADFILE:
		return err_set(err, NFZ_E_CONFIG,
			"the authority file cannot be used: %s",
			detail(h, code));
	case CURLE_SSL_CERTPROBLEM:
		return http_fail_certificate(&place, err);
	case CURLE_ABORTED_BY_CALLBACK:
		return err_set(err, NFZ_E_INTERRUPTED, "interrupted");
	case CURLE_SSL_CIPHER:
	case CURLE_URL_MALFORMAT:
		return err_set(
			err, NFZ_E_CONFIG, "%s: %s", h->host, detail(h, code));
	case CURLE_UNSUPPORTED_PROTOCOL: /* an answer without status line */
	case CURLE_WEIRD_SERVER_REPLY:
		return err_set(err, NFZ_E_REPLY,
			"%s did not answer in HTTP: %s", h->host,
			detail(h, code));
	case CURLE_PARTIAL_FILE:
		return err_set(err, NFZ_E_REPLY,
			"the answer of %s was cut off: %s", h->host,
			detail(h, code));
	default:
		return fail_broken(h, code, err);
	}
}

/* Set-up. */

/* To whom the library speaks. */
static int set_context(struct http *h)
{
	CURL *c = h->curl;

	return curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->detail) |
	       curl_easy_setopt(c, CURLOPT_WRITEDATA, h) |
	       curl_easy_setopt(c, CURLOPT_HEADERDATA, h) |
	       curl_easy_setopt(c, CURLOPT_XFERINFODATA, h);
}

static int set_options(struct http *h, const struct http_config *config)
{
	CURL *c = h->curl;
	int64_t connect = config->connect_timeout_ms
				  ? config->connect_timeout_ms
				  : CONNECT_TIMEOUT_MS;
	int bad = 0;

	bad |= curl_easy_setopt(c, CURLOPT_URL, config->url);
	bad |= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR,
		config->plain ? "https,http" : "https");
	bad |= curl_easy_setopt(c, CURLOPT_PROXY, "");
	bad |= curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	bad |= curl_easy_setopt(
		c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	bad |= curl_easy_setopt(c, CURLOPT_USERAGENT, "netflowize");
	bad |= curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)connect);
	bad |= curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
	bad |= curl_easy_setopt(c, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_S);
	bad |= curl_easy_setopt(c, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_S);
	bad |= curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	bad |= curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	bad |= curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	bad |= curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	return bad | set_context(h);
}

static int set_tls(struct http *h, const struct http_config *config)
{
	CURL *c = h->curl;
	long verify = config->insecure ? 0 : 1;
	int bad = 0;

	bad |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, verify);
	bad |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
	if (config->ca_file)
		bad |= curl_easy_setopt(c, CURLOPT_CAINFO, config->ca_file);
	if (config->pin)
		bad |= curl_easy_setopt(
			c, CURLOPT_PINNEDPUBLICKEY, config->pin);
	if (config->ciphers)
		bad |= curl_easy_setopt(
			c, CURLOPT_SSL_CIPHER_LIST, config->ciphers);
	/* Who allows weak keys means a site of that age. */
	if (config->ciphers && strstr(config->ciphers, "SECLEVEL=0"))
		bad |= curl_easy_setopt(
			c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_0);
	if (!config->certificate)
		return bad;
	bad |= curl_easy_setopt(c, CURLOPT_SSLCERT, config->certificate);
	bad |= curl_easy_setopt(c, CURLOPT_SSLKEY, config->certificate);
	/* Never NULL: OpenSSL would ask the terminal by itself. */
	bad |= curl_easy_setopt(c, CURLOPT_KEYPASSWD,
		config->passphrase ? config->passphrase : "");
	return bad;
}

/* "https://boss:3069/usr/testbed" -> "boss:3069" */
static char *host_of(const char *url)
{
	const char *from = strstr(url, "://");

	from = from ? from + 3 : url;
	return mem_strndup(from, strcspn(from, "/"));
}

static bool append(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);

	*list = longer ? longer : *list;
	return longer;
}

static struct http *new_http(const char *url, const char *certificate)
{
	struct http *h = mem_zalloc(1, sizeof(*h));

	h->url = mem_strdup(url);
	h->host = host_of(url);
	h->error_body.max = ERROR_BODY_MAX;
	if (certificate)
		h->certificate = mem_strdup(certificate);
	return h;
}

int http_open(
	const struct http_config *config, struct http **ret, struct err *err)
{
	struct http *h = new_http(config->url, config->certificate);
	bool good;

	h->what = config->what ? config->what : "the testbed's server";
	h->cancelled = config->cancelled;
	h->ctx = config->ctx;
	/* An empty Expect: no second lost waiting for a 100 that never comes. */
	good = append(&h->headers, "Expect:");
	for (size_t i = 0; i < config->n_headers && good; i++)
		good = append(&h->headers, config->headers[i]);
	h->curl = curl_easy_init();
	if (!good || !h->curl || set_options(h, config) || set_tls(h, config)) {
		http_close(h);
		return err_set(err, NFZ_E_CONFIG,
			"the connection to %s cannot be set up", config->url);
	}
	*ret = h;
	return 0;
}

struct http *http_twin(const struct http *of)
{
	struct http *h = new_http(of->url, of->certificate);
	bool good = true;

	h->what = of->what;
	h->cancelled = of->cancelled;
	h->ctx = of->ctx;
	for (const struct curl_slist *i = of->headers; i && good; i = i->next)
		good = append(&h->headers, i->data);
	h->curl = curl_easy_duphandle(of->curl);
	if (good && h->curl && !set_context(h))
		return h;
	http_close(h);
	return NULL;
}

void http_close(struct http *h)
{
	if (!h)
		return;
	curl_easy_cleanup(h->curl);
	curl_slist_free_all(h->headers);
	buf_release(&h->error_body);
	free(h->url);
	free(h->host);
	free(h->certificate);
	free(h);
}

static CURLcode perform(struct http *h, const struct http_request *request)
{
	cleanup_free char *type =
		mem_printf("Content-Type: %s", request->content_type);
	const char *query = request->query ? request->query : "";
	cleanup_free char *url =
		mem_printf("%s%s%s", h->url, *query ? "?" : "", query);
	struct curl_slist *headers = NULL;
	CURLcode code = CURLE_OUT_OF_MEMORY;
	bool good = append(&headers, type);

	for (const struct curl_slist *i = h->headers; i && good; i = i->next)
		good = append(&headers, i->data);
	if (good) {
		curl_easy_setopt(h->curl, CURLOPT_URL, url);
		curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(h->curl, CURLOPT_POSTFIELDSIZE_LARGE,
			(curl_off_t)request->len);
		curl_easy_setopt(h->curl, CURLOPT_POSTFIELDS, request->body);
		curl_easy_setopt(
			h->curl, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
		code = curl_easy_perform(h->curl);
	}
	curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	return code;
}

long http_status(const struct http *h)
{
	return h->status;
}

const char *http_refusal(const struct http *h)
{
	return buf_str(&h->error_body);
}

int http_post(struct http *h, const struct http_request *request,
	struct buf *reply, struct err *err)
{
	size_t before = reply->len;
	const char *place;
	CURLcode code;

	h->reply = reply;
	buf_reset(&h->error_body);
	h->detail[0] = h->status_line[0] = h->location[0] = '\0';
	h->status = 0;
	h->head_begun = h->head_ended = h->html = h->over_limit = h->no_body =
		false;
	if (request->once)
		curl_easy_setopt(h->curl, CURLOPT_FRESH_CONNECT, 1L);
	code = perform(h, request);
	/* After an error the server may take the rest of our request for the
	 * next one: such a connection is not used again. */
	curl_easy_setopt(h->curl, CURLOPT_FRESH_CONNECT,
		code == CURLE_OK && ok_status(h) ? 0L : 1L);
	place = h->status >= 300 && h->status < 400 ? h->location : NULL;
	if (h->over_limit)
		return err_set(err, NFZ_E_LIMIT,
			"the answer of %s is larger than %zu bytes", h->host,
			reply->max);
	if (code != CURLE_OK && !h->no_body)
		return fail_transfer(h, code, err);
	if (!ok_status(h))
		return http_fail_status(
			h->host, h->status_line, place, &h->error_body, err);
	if (!h->head_ended) /* curl takes half a head for a whole one */
		return err_set(err, NFZ_E_REPLY, "the answer of %s was cut off",
			h->host);
	if (h->html && reply->len > before)
		return http_fail_page(h->host, reply, err);
	return 0;
}
