/* The connection to a testbed and one call over it.
 *
 * A call is one document out and one in; nothing is remembered between calls
 * but the connection.  The reply is believed only as far as it has the shape
 * the interface promises: a struct with code, value and output. */
#include "testbed/client.h"
#include "base/clock.h"
#include "base/mem.h"
#include "format/http.h"
#include "format/pem.h"
#include "testbed/client_error.h"

#include <ctype.h>
#include <string.h>

enum {
	REPLY_MAX = 64 << 20,
	REQUEST_MAX = 4 << 20,
	PASSPHRASE_MAX = 1024,
	TIMEOUT_MS = 120000
};

static const double interface_version = 0.1;

struct client {
	client_exchange_fn exchange;
	void *ctx;
	struct http *http;
	int64_t timeout_ms;
};

static int over_http(void *ctx, const char *request, size_t len,
	int64_t timeout_ms, struct buf *reply, struct err *err)
{
	struct client *c = ctx;
	struct http_request r = {.content_type = "text/xml",
		.body = request,
		.len = len,
		.timeout_ms = timeout_ms};

	return http_post(c->http, &r, reply, err);
}

struct client *client_over(client_exchange_fn exchange, void *ctx)
{
	struct client *c = mem_zalloc(1, sizeof(*c));

	c->exchange = exchange;
	c->ctx = ctx;
	c->timeout_ms = TIMEOUT_MS;
	return c;
}

/* "host", "host:port" or "host:port/path" -> URL, in the caller's buffer. */
static int make_url(
	const struct client_config *config, struct buf *url, struct err *err)
{
	const char *server = config->server ? config->server : "";
	size_t n = strcspn(server, "/");
	const char *path = server[n] ? server + n : config->path;
	const char *colon = memchr(server, ':', n);

	if (server[0] == '[') /* [2001:db8::1]:3069 */
		colon = strstr(server, "]:");
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)server[i]) &&
			!strchr("-._:[]", server[i]))
			n = 0;
	if (!n)
		return err_set(err, NFZ_E_CONFIG,
			"\"%.100s\" is no server (host:port expected)", server);
	if (!path)
		path = "/usr/testbed";
	if (path[0] != '/')
		return err_set(err, NFZ_E_CONFIG,
			"the path \"%.100s\" does not begin with /", path);
	buf_addf(url, "https://%.*s%s%s", (int)n, server, colon ? "" : ":3069",
		path);
	return 0;
}

static int ask_passphrase(
	const struct client_config *config, struct buf *out, struct err *err)
{
	const char *file = config->certificate;
	int rc = -NFZ_E_PASSPHRASE;

	if (!config->passphrase) {
		err_set(err, NFZ_E_PASSPHRASE, "%s needs a passphrase", file);
		return err_hint(err, "Run this where it can be typed.");
	}
	for (int attempt = 1; attempt <= CLIENT_PASSPHRASE_TRIES; attempt++) {
		buf_reset(out);
		rc = config->passphrase(config->ctx, file, attempt, out, err);
		if (rc == -NFZ_E_PASSPHRASE && attempt > 1) {
			/* no more to try: the last one was wrong */
			err_set(err, NFZ_E_PASSPHRASE,
				"wrong passphrase for %s (attempt %d of %d)",
				file, attempt - 1, CLIENT_PASSPHRASE_TRIES);
			return err_hint(err, "Nothing was sent to the testbed");
		}
		if (rc)
			return rc;
		rc = pem_check_key(file, buf_str(out), err);
		if (rc != -NFZ_E_PASSPHRASE)
			return rc;
		err_set(err, NFZ_E_PASSPHRASE,
			"wrong passphrase for %s (attempt %d of %d)", file,
			attempt, CLIENT_PASSPHRASE_TRIES);
		err_hint(err, "Nothing was sent to the testbed");
	}
	return rc;
}

static int check_time(
	const char *file, const struct pem_info *info, struct err *err)
{
	struct wall_time now = wall_now();
	char when[CLOCK_TEXT];
	int rc = pem_check_time(info, now, err);

	if (!rc)
		return 0;
	if (now.ns < info->not_before.ns) {
		err_set(err, NFZ_E_CERT_EXPIRED,
			"the certificate %s is not valid before %.10s", file,
			wall_print(info->not_before, when));
		return err_hint(err, "Is this computer's clock right?");
	}
	err_set(err, NFZ_E_CERT_EXPIRED, "the certificate %s expired on %.10s",
		file, wall_print(info->not_after, when));
	return err_hint(err,
		"Make a new one: My Emulab > Create SSL Certificate; save it "
		"as %s (mode 600).",
		file);
}

/* Reads and unlocks the certificate before anything is sent: what is wrong
 * with it is clearer here than from a closed connection. */
static int check_certificate(
	const struct client_config *config, struct buf *pass, struct err *err)
{
	struct pem_info info;
	int rc = pem_read(config->certificate, &info, err);

	if (rc) {
		err_wrap(err, "your certificate cannot be used");
		err_hint(err, "Get it from the testbed's web page (My Emulab > "
			      "Create SSL Certificate) and save it with mode "
			      "600, or name another with --certificate.");
		return rc;
	}
	rc = check_time(config->certificate, &info, err);
	if (rc)
		return rc;
	if (info.key_encrypted)
		return ask_passphrase(config, pass, err);
	rc = pem_check_key(config->certificate, NULL, err);
	if (rc && err && !err->hint[0])
		err_hint(err, "The file holds the certificate and its private "
			      "key; get it again from the testbed's web page.");
	return rc;
}

static int connect_http(const struct client_config *config, const char *url,
	struct client *c, struct err *err)
{
	char secret[PASSPHRASE_MAX + 1] = "";
	struct buf pass = {
		.data = secret, .cap = sizeof(secret), .max = PASSPHRASE_MAX};
	struct http_config http = {.url = url,
		.certificate = config->certificate,
		.ca_file = config->ca,
		.insecure = config->insecure,
		.pin = config->pin,
		.ciphers = config->ciphers,
		.cancelled = config->cancelled,
		.ctx = config->ctx};
	int rc = 0;

	/* The buffer never grows (cap covers max), so wiping reaches it all. */
	if (config->certificate)
		rc = check_certificate(config, &pass, err);
	http.passphrase = pass.len ? secret : NULL;
	if (!rc)
		rc = http_open(&http, &c->http, err);
	explicit_bzero(secret, sizeof(secret));
	return rc;
}

int client_open(const struct client_config *config, struct client **ret,
	struct err *err)
{
	struct buf url = BUF_INIT(1024);
	struct client *c;
	int rc = make_url(config, &url, err);

	if (rc)
		return rc;
	c = client_over(over_http, NULL);
	c->ctx = c;
	if (config->timeout_ms)
		c->timeout_ms = config->timeout_ms;
	rc = connect_http(config, buf_str(&url), c, err);
	buf_release(&url);
	if (rc)
		client_close(c);
	else
		*ret = c;
	return rc;
}

struct client *client_twin(const struct client *of)
{
	struct http *http = of->http ? http_twin(of->http) : NULL;
	struct client *c;

	if (!http)
		return NULL;
	c = client_over(over_http, NULL);
	c->ctx = c;
	c->http = http;
	c->timeout_ms = of->timeout_ms;
	return c;
}

void client_close(struct client *c)
{
	if (!c)
		return;
	http_close(c->http);
	free(c);
}

void client_reply_release(struct client_reply *reply)
{
	value_free(reply->value);
	free(reply->output);
	memset(reply, 0, sizeof(*reply));
}

/* These hold the connection until the operation ends. */
static bool takes_long(const char *method, const struct value *args)
{
	static const char *const methods[] = {"experiment.statewait",
		"experiment.waitforactive", "node.statewait"};
	const struct value *wait = value_get(args, "wait");

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(method, methods[i]) == 0)
			return true;
	return wait && (wait->boolean || wait->integer || wait->text_len);
}

static void print_call(
	const char *method, const struct value *args, struct buf *out)
{
	struct value *version = value_double(interface_version);
	const struct value *params[] = {version, args};

	xmlrpc_print_request(method, params, 2, out);
	value_free(version);
}

/* Moves code, value and output out of the response. */
static int take_result(struct xmlrpc_response *r, struct client_reply *ret,
	const char *method, struct err *err)
{
	const char *output = value_get_text(r->value, "output");
	struct value *v = r->value;

	if (!value_get_int(v, "code", &ret->code) || !value_get(v, "value"))
		return err_set(err, NFZ_E_REPLY,
			"the testbed's answer to %s has no code and value",
			method);
	ret->output = mem_strdup(output ? output : "");
	for (size_t i = v->n; i-- > 0;)
		if (strcmp(v->names[i], "value") == 0) {
			ret->value = v->items[i];
			v->items[i] = value_new(VALUE_NIL);
			break;
		}
	return 0;
}

static int read_reply(const char *method, const struct buf *reply,
	struct client_reply *ret, struct err *err)
{
	struct xmlrpc_response r = {0};
	int rc = xmlrpc_parse_response(buf_str(reply), reply->len, &r, err);

	if (rc) {
		err_wrap(err, "the testbed's answer to %s makes no sense",
			method);
		return rc;
	}
	ret->recovered = r.recovered;
	if (r.fault)
		rc = client_error_fault(
			method, r.fault_code, r.fault_text, err);
	else
		rc = take_result(&r, ret, method, err);
	xmlrpc_response_release(&r);
	return rc;
}

int client_call(struct client *c, const char *method, struct value *args,
	struct client_reply *ret, struct err *err)
{
	struct buf request = BUF_INIT(REQUEST_MAX), reply = BUF_INIT(REPLY_MAX);
	int rc;

	memset(ret, 0, sizeof(*ret));
	print_call(method, args, &request);
	if (!buf_ok(&request))
		rc = err_set(err, NFZ_E_TOO_BIG,
			"the request %s is too big to send", method);
	else
		rc = c->exchange(c->ctx, buf_str(&request), request.len,
			takes_long(method, args) ? 0 : c->timeout_ms, &reply,
			err);
	if (!rc)
		rc = read_reply(method, &reply, ret, err);
	if (!rc && ret->code)
		rc = client_error_code(method, args, ret, err);
	/* Replies may hold a testbed's secrets. */
	if (reply.data)
		explicit_bzero(reply.data, reply.len);
	value_free(args);
	buf_release(&request);
	buf_release(&reply);
	return rc;
}
