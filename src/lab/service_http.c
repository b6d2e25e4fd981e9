/* The HTTP manners of the original: Python 2.7's BaseHTTPServer under a
 * handler that knows POST only (emulab-api reference, 1.1 and 1.2).
 *
 * - A request needs a Content-Length; without one the answer is a head with
 *   status 500 and nothing else, and reading goes on with the very next byte.
 * - The first POST's path must be the install prefix, to the letter; other
 *   paths end the connection without a word.  Later paths are not looked at.
 * - A line that is no HTTP/1 request gets the error page without any head, as
 *   an HTTP/0.9 answer; other methods get a 501 page with a head.
 * - Content types, Expect, Accept-Encoding and further Host headers mean
 *   nothing.  HTTP/1.0 ends after one answer unless keep-alive is asked for. */
#define _GNU_SOURCE
#include "lab/service_http.h"
#include "base/mem.h"
#include "format/xml_escape.h"
#include "lab/pyrepr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { WORDS_MAX = 4, PAGE_MAX = 1 << 20 };

static const char install_path[] = "/usr/testbed";

struct word {
	const char *at;
	size_t len;
};

struct line {
	struct word all;              /* without CR LF */
	struct word words[WORDS_MAX]; /* the first ones */
	int n;
};

struct request {
	struct line line;
	bool has_head; /* the version asks for status and headers */
	bool keep_alive;
	long length; /* -1 when absent or no number */
};

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct line split(const char *at, size_t len)
{
	struct line line = {.all = {at, len}};
	size_t i = 0;

	while (line.all.len > 0 &&
		(at[line.all.len - 1] == '\n' || at[line.all.len - 1] == '\r'))
		line.all.len--;
	while (i < line.all.len) {
		size_t from;

		while (i < line.all.len && is_space(at[i]))
			i++;
		from = i;
		while (i < line.all.len && !is_space(at[i]))
			i++;
		if (i == from)
			break;
		if (line.n < WORDS_MAX)
			line.words[line.n] = (struct word){at + from, i - from};
		line.n++;
	}
	return line;
}

static bool is(struct word w, const char *text)
{
	return w.len == strlen(text) && memcmp(w.at, text, w.len) == 0;
}

static void date_header(struct buf *out)
{
	static const char *const days[] = {
		"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t now = time(NULL);
	struct tm tm = {0};

	gmtime_r(&now, &tm);
	buf_addf(out, "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n",
		days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
		1900 + tm.tm_year, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void status(int code, const char *message, struct buf *out)
{
	buf_addf(out, "HTTP/1.1 %d %s\r\n", code, message);
	buf_adds(out, "Server: BaseHTTP/0.3 Python/2.7.18\r\n");
	date_header(out);
}

void service_http_answer(const char *document, size_t len, struct buf *out)
{
	status(200, "OK", out);
	buf_adds(out, "Content-type: text/xml\r\n");
	buf_addf(out, "Content-length: %zu\r\n\r\n", len);
	buf_add(out, document, len);
}

struct page {
	int code;
	const char *what;  /* "Bad request syntax" */
	struct word shown; /* its repr goes into the message */
	const char *explain;
};

static void error_page(const struct page *p, bool has_head, struct buf *out)
{
	struct buf message cleanup(buf_release) = BUF_INIT(PAGE_MAX);

	buf_addf(&message, "%s", p->what);
	if (p->shown.at) {
		buf_adds(&message, " (");
		pyrepr_string(p->shown.at, p->shown.len, &message);
		buf_addc(&message, ')');
	}
	if (has_head) {
		status(p->code, buf_str(&message), out);
		buf_adds(out, "Connection: close\r\n"
			      "Content-Type: text/html\r\n\r\n");
	}
	buf_adds(out, "<head>\n<title>Error response</title>\n</head>\n"
		      "<body>\n<h1>Error response</h1>\n");
	buf_addf(out, "<p>Error code %d.\n<p>Message: ", p->code);
	xml_escape(out, buf_str(&message), message.len, XML_TEXT);
	buf_addf(out, ".\n<p>Error code explanation: %d = %s.\n</body>\n",
		p->code, p->explain);
}

static enum http_step refuse_line(struct service_http *h, struct word shown,
	const char *what, struct buf *out)
{
	const struct page p = {.code = 400,
		.what = what,
		.shown = shown,
		.explain = "Bad request syntax or unsupported method"};

	error_page(&p, false, out);
	h->last = true;
	return HTTP_SEND;
}

/* "HTTP/1.1" into its two numbers. */
static bool version(struct word w, int *major, int *minor)
{
	char text[32], end;

	if (w.len < 6 || w.len >= sizeof(text) || memcmp(w.at, "HTTP/", 5) != 0)
		return false;
	memcpy(text, w.at, w.len);
	text[w.len] = '\0';
	return sscanf(text, "HTTP/%9d.%9d%c", major, minor, &end) == 2;
}

/* The value of a header line, when it is called name. */
static bool header(struct word line, const char *name, struct word *ret)
{
	size_t n = strlen(name);

	if (line.len <= n || strncasecmp(line.at, name, n) != 0 ||
		line.at[n] != ':')
		return false;
	*ret = (struct word){line.at + n + 1, line.len - n - 1};
	while (ret->len && is_space(ret->at[0])) {
		ret->at++;
		ret->len--;
	}
	while (ret->len && is_space(ret->at[ret->len - 1]))
		ret->len--;
	return true;
}

static long number(struct word w)
{
	char text[16];
	char *end;
	long n;

	if (w.len == 0 || w.len >= sizeof(text))
		return -1;
	memcpy(text, w.at, w.len);
	text[w.len] = '\0';
	n = strtol(text, &end, 10);
	return *end || n < 0 || n > HTTP_BODY_MAX ? -1 : n;
}

static bool is_nocase(struct word w, const char *text)
{
	return w.len == strlen(text) && strncasecmp(w.at, text, w.len) == 0;
}

static void read_header(struct word line, struct request *r)
{
	struct word value;

	if (header(line, "content-length", &value))
		r->length = number(value);
	else if (header(line, "connection", &value) &&
		 is_nocase(value, "close"))
		r->keep_alive = false;
	else if (header(line, "connection", &value) &&
		 is_nocase(value, "keep-alive"))
		r->keep_alive = true;
}

/* Reads the headers; false when more must come. */
static bool read_headers(
	struct word text, bool closed, struct request *r, size_t *ret_used)
{
	size_t i = 0;

	while (i < text.len) {
		const char *nl = memchr(text.at + i, '\n', text.len - i);
		size_t n = nl ? (size_t)(nl - text.at) + 1 - i : text.len - i;
		struct word line = {text.at + i, n};

		if (!nl && !closed)
			return false;
		while (line.len && is_space(line.at[line.len - 1]))
			line.len--;
		i += n;
		*ret_used = i;
		if (line.len == 0)
			return true;
		read_header(line, r);
	}
	return closed;
}

/* Judges the request line.  HTTP_MORE: go on and read the headers. */
static enum http_step judge_line(
	struct service_http *h, struct request *r, struct buf *out)
{
	struct line *l = &r->line;
	int major = 0, minor = 0;

	if (l->n == 0)
		return HTTP_END;
	if (l->n == 2) {
		if (!is(l->words[0], "GET"))
			return refuse_line(h, l->words[0],
				"Bad HTTP/0.9 request type", out);
		return HTTP_MORE;
	}
	if (l->n != 3)
		return refuse_line(h, l->all, "Bad request syntax", out);
	if (!version(l->words[2], &major, &minor))
		return refuse_line(h, l->words[2], "Bad request version", out);
	if (major >= 2) {
		char what[64];
		const struct page p = {.code = 505,
			.what = what,
			.explain = "Cannot fulfill request"};

		snprintf(what, sizeof(what), "Invalid HTTP Version (%d.%d)",
			major, minor);
		error_page(&p, false, out);
		h->last = true;
		return HTTP_SEND;
	}
	r->has_head = true;
	r->keep_alive = major == 1 && minor >= 1;
	return HTTP_MORE;
}

static enum http_step other_method(
	struct service_http *h, const struct request *r, struct buf *out)
{
	const struct page p = {.code = 501,
		.what = "Unsupported method",
		.shown = r->line.words[0],
		.explain = "Server does not support this operation"};

	error_page(&p, r->has_head, out);
	h->last = true;
	return HTTP_SEND;
}

enum http_step service_http_next(struct service_http *h, const struct buf *in,
	bool closed, struct http_body *ret, struct buf *out)
{
	struct request r = {.length = -1};
	enum http_step step;
	const char *nl = in->len ? memchr(in->data, '\n', in->len) : NULL;
	size_t line_len = nl ? (size_t)(nl - in->data) + 1 : in->len, head = 0;

	*ret = (struct http_body){0};
	if (in->len == 0 || (!nl && closed))
		return closed ? HTTP_END : HTTP_MORE;
	if (!nl && in->len <= HTTP_HEAD_MAX)
		return HTTP_MORE;
	ret->head_len = line_len;
	r.line = split(in->data, line_len);
	step = judge_line(h, &r, out);
	if (step != HTTP_MORE)
		return step;
	if (!read_headers(
		    (struct word){in->data + line_len, in->len - line_len},
		    closed, &r, &head))
		return in->len > HTTP_HEAD_MAX + line_len ? HTTP_REFUSE
							  : HTTP_MORE;
	ret->head_len += head;
	if (!is(r.line.words[0], "POST"))
		return other_method(h, &r, out);
	if (!h->path_seen && !is(r.line.words[1], install_path)) {
		ret->len = r.length > 0 ? (size_t)r.length : 0;
		return HTTP_REFUSE;
	}
	if (r.length >= 0 && in->len - ret->head_len < (size_t)r.length)
		return closed ? HTTP_END : HTTP_MORE;
	h->path_seen = true;
	h->last = !r.keep_alive;
	if (r.length < 0) {
		status(500, "Internal Server Error", out);
		buf_adds(out, "\r\n");
		return HTTP_SEND;
	}
	ret->len = (size_t)r.length;
	return HTTP_CALL;
}
