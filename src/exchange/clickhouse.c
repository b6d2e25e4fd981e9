/* Address, credentials, statements and what they are answered.
 *
 * Statements go as the body of a POST, rows as the body with the statement in
 * the address, so that neither is limited by the length of an address.  All
 * settings an answer depends on are said with it: a server may have others. */
#include "exchange/clickhouse.h"
#include "base/file.h"
#include "base/mem.h"
#include "exchange/clickhouse_inside.h"
#include "format/http.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PLAIN "clickhouse://"
#define SECURE "clickhouses://"
#define ENV "NETFLOWIZE_CLICKHOUSE_"

enum {
	NAME_MAX_LEN = 200,
	STATEMENT_MAX = 1 << 20,
	SAID_MAX = 4096,
	TIMEOUT_MS = 300000,
	/* the first with insert_deduplication_token */
	TOKENS_SINCE = 22
};

struct clickhouse {
	struct http *http;
	char *host, *database, *name, *table;
	char *user;
	bool secure;
	bool tokens; /* does the server know them? */
	const volatile int *interrupted;
};

bool clickhouse_is_address(const char *text)
{
	return strncmp(text, PLAIN, strlen(PLAIN)) == 0 ||
	       strncmp(text, SECURE, strlen(SECURE)) == 0;
}

const char *clickhouse_table(const struct clickhouse *c)
{
	return c->table;
}

void clickhouse_close(struct clickhouse *c)
{
	if (!c)
		return;
	http_close(c->http);
	free(c->host);
	free(c->database);
	free(c->name);
	free(c->table);
	free(c->user);
	free(c);
}

/* Address --------------------------------------------------------------- */

static bool is_name(const char *s)
{
	const size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '_')
			return false;
	return n > 0 && n <= NAME_MAX_LEN;
}

static int bad_address(const char *address, const char *why, struct err *err)
{
	err_set(err, NFZ_E_USAGE, "%s: %s", address, why);
	return err_hint(err,
		"Write it as clickhouse://[USER@]HOST[:PORT]/DATABASE[/TABLE], "
		"or clickhouses:// for TLS.");
}

/* "user@host:port", of an address without its scheme, up to the first "/". */
static int split_host(struct clickhouse *c, const char *address,
	const char *text, struct err *err)
{
	const char *at = strrchr(text, '@');
	const char *host = at ? at + 1 : text;
	const char *port = strchr(host, ']') ? strchr(host, ']') : host;

	if (at && memchr(text, ':', (size_t)(at - text))) {
		err_set(err, NFZ_E_USAGE,
			"a password in an address is seen by everybody");
		return err_hint(err,
			"Put USER:PASSWORD into a file of your own and say "
			"--credentials FILE, or set " ENV "PASSWORD.");
	}
	if (at)
		c->user = mem_strndup(text, (size_t)(at - text));
	if (!*host || *host == ':' || host[strlen(host) - 1] == ':')
		return bad_address(address, "which host?", err);
	c->host = strchr(port, ':')
			  ? mem_strdup(host)
			  : mem_printf("%s:%d", host, c->secure ? 8443 : 8123);
	return 0;
}

static int parse(struct clickhouse *c, const char *address, struct err *err)
{
	const char *text = address;
	cleanup_free char *place = NULL;
	char *slash;
	int r;

	c->secure = strncmp(text, SECURE, strlen(SECURE)) == 0;
	text += strlen(c->secure ? SECURE : PLAIN);
	place = mem_strndup(text, strcspn(text, "/"));
	r = split_host(c, address, place, err);
	if (r < 0)
		return r;
	text += strlen(place);
	c->database = mem_strdup(*text ? text + 1 : "");
	slash = strchr(c->database, '/');
	c->name = mem_strdup(slash ? slash + 1 : "flows");
	if (slash)
		*slash = '\0';
	if (!is_name(c->database) || !is_name(c->name))
		return bad_address(address,
			"names of database and table are letters, digits "
			"and _",
			err);
	c->table = mem_printf("`%s`.`%s`", c->database, c->name);
	return 0;
}

/* Credentials ------------------------------------------------------------ */

struct secret {
	char *user, *password;
};

static void secret_release(struct secret *s)
{
	if (s->password)
		explicit_bzero(s->password, strlen(s->password));
	free(s->password);
	free(s->user);
}

static int secret_of_file(const char *path, struct secret *ret, struct err *err)
{
	struct buf text = BUF_INIT(SAID_MAX);
	struct stat st;
	const char *colon;
	int r;

	if (stat(path, &st) == 0 && st.st_mode & (S_IRWXG | S_IRWXO)) {
		err_set(err, NFZ_E_CONFIG, "%s can be read by others", path);
		return err_hint(err, "chmod 600 %s", path);
	}
	r = file_read(path, &text, err);
	colon = strchr(buf_str(&text), ':');
	if (r == 0 && !colon)
		r = err_set(err, NFZ_E_CONFIG, "%s: not USER:PASSWORD", path);
	if (r == 0) {
		const char *s = buf_str(&text);

		ret->user = mem_strndup(s, (size_t)(colon - s));
		ret->password =
			mem_strndup(colon + 1, strcspn(colon + 1, "\r\n"));
	}
	if (text.data)
		explicit_bzero(text.data, text.len);
	buf_release(&text);
	return r;
}

static int find_secret(const struct clickhouse *c, const char *file,
	struct secret *ret, struct err *err)
{
	const char *user = getenv(ENV "USER");
	const char *password = getenv(ENV "PASSWORD");
	int r = 0;

	*ret = (struct secret){0};
	if (file)
		r = secret_of_file(file, ret, err);
	if (r < 0)
		return r;
	if (!ret->user && (c->user || user))
		ret->user = mem_strdup(c->user ? c->user : user);
	if (!ret->password && password)
		ret->password = mem_strdup(password);
	if ((ret->user && strpbrk(ret->user, "\r\n")) ||
		(ret->password && strpbrk(ret->password, "\r\n")))
		return err_set(err, NFZ_E_CONFIG,
			"a user or password of several lines");
	return 0;
}

static bool cancelled(void *ctx)
{
	const struct clickhouse *c = ctx;

	return c->interrupted && *c->interrupted;
}

static int connect_to(
	struct clickhouse *c, const char *credentials, struct err *err)
{
	cleanup_free char *url =
		mem_printf("http%s://%s/", c->secure ? "s" : "", c->host);
	cleanup_free char *user = NULL, *key = NULL;
	const char *headers[2];
	struct http_config config = {.url = url,
		.plain = !c->secure,
		.what = "the ClickHouse server",
		.ca_file = getenv(ENV "CA"),
		.cancelled = cancelled,
		.ctx = c,
		.headers = headers};
	struct secret secret;
	int r = find_secret(c, credentials, &secret, err);

	if (r == 0 && secret.user)
		headers[config.n_headers++] = user =
			mem_printf("X-ClickHouse-User: %s", secret.user);
	if (r == 0 && secret.password)
		headers[config.n_headers++] = key =
			mem_printf("X-ClickHouse-Key: %s", secret.password);
	if (r == 0)
		r = http_open(&config, &c->http, err);
	if (key)
		explicit_bzero(key, strlen(key));
	secret_release(&secret);
	return r;
}

/* Statements ------------------------------------------------------------- */

/* Servers answer 500 to some of what will never succeed: no such table, column or
 * database, no right, data that do not fit (ErrorCodes.cpp). */
static bool is_final(const char *said)
{
	static const int codes[] = {16, 20, 27, 33, 36, 44, 47, 53, 60, 62, 81,
		115, 117, 164, 192, 193, 497, 516};
	int code = 0;

	if (sscanf(said, "Code: %d.", &code) != 1)
		return false;
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (codes[i] == code)
			return true;
	return false;
}

/* What it said, on one line. */
static int refused(struct clickhouse *c, struct err *err)
{
	const long status = http_status(c->http);
	char said[SAID_MAX];

	snprintf(said, sizeof(said), "%s", http_refusal(c->http));
	said[strcspn(said, "\r\n")] = '\0';
	for (char *s = said; *s; s++)
		if (!isprint((unsigned char)*s))
			*s = '?';
	return err_set(err,
		status >= 500 && !is_final(said) ? NFZ_E_SERVICE : NFZ_E_REMOTE,
		"%s answered %ld: %.700s", c->host, status,
		*said ? said : "and said nothing");
}

static int post(struct clickhouse *c, const struct http_request *request,
	struct buf *answer, struct err *err)
{
	int r = http_post(c->http, request, answer, err);
	const long status = http_status(c->http);

	if (r == 0 || r == -NFZ_E_LIMIT || r == -NFZ_E_INTERRUPTED)
		return r;
	if (status && status != 200)
		return refused(c, err);
	if (r == -NFZ_E_REPLY || r == -NFZ_E_SILENT_CLOSE) /* cut off */
		return err_set(err, NFZ_E_SERVICE,
			"%s closed before its answer was whole", c->host);
	err->hint[0] = '\0'; /* those are about testbeds */
	return r;
}

int clickhouse_ask(struct clickhouse *c, const char *sql, struct buf *answer,
	struct err *err)
{
	/* else what fails halfway is told among the rows, behind a 200 */
	const struct http_request request = {.content_type = "text/plain",
		.query = "wait_end_of_query=1",
		.body = sql,
		.len = strlen(sql),
		.timeout_ms = TIMEOUT_MS};

	return post(c, &request, answer, err);
}

static void escape(struct buf *to, const char *text)
{
	for (; *text; text++)
		if (isalnum((unsigned char)*text) || strchr("-._~", *text))
			buf_addc(to, *text);
		else
			buf_addf(to, "%%%02X", (unsigned char)*text);
}

int clickhouse_insert(struct clickhouse *c, uint64_t batch,
	const struct buf *rows, struct err *err)
{
	struct buf query = BUF_INIT(STATEMENT_MAX), answer = BUF_INIT(SAID_MAX);
	struct http_request request = {
		.content_type = "application/octet-stream",
		.body = buf_str(rows),
		.len = rows->len,
		.once = true,
		.timeout_ms = TIMEOUT_MS};
	cleanup_free char *sql = mem_printf("INSERT INTO %s (%s) "
					    "FORMAT RowBinary",
		c->table, clickhouse_columns + strlen(", "));
	int r;

	if (c->tokens)
		buf_addf(&query,
			"insert_deduplication_token=nfz-%016" PRIx64
			"&async_insert=0&",
			batch);
	buf_adds(&query, "query=");
	escape(&query, sql);
	request.query = buf_str(&query);
	r = post(c, &request, &answer, err);
	buf_release(&query);
	buf_release(&answer);
	return r;
}

int clickhouse_create(struct clickhouse *c, struct err *err)
{
	struct buf sql = BUF_INIT(STATEMENT_MAX), answer = BUF_INIT(SAID_MAX);
	int r;

	clickhouse_definition(c->table, &sql);
	r = clickhouse_ask(c, buf_str(&sql), &answer, err);
	buf_release(&sql);
	buf_release(&answer);
	return r < 0 ? err_wrap(err, "making %s", c->table) : 0;
}

/* Is it there, does it let us in, how old is it? */
static int greet(struct clickhouse *c, struct err *err)
{
	struct buf answer = BUF_INIT(SAID_MAX);
	int r = clickhouse_ask(
		c, "SELECT version() FORMAT TabSeparated", &answer, err);

	if (r == 0)
		c->tokens = strtol(buf_str(&answer), NULL, 10) >= TOKENS_SINCE;
	buf_release(&answer);
	return r;
}

int clickhouse_open(const struct clickhouse_way *way, struct clickhouse **ret,
	struct err *err)
{
	struct clickhouse *c = mem_zalloc(1, sizeof(*c));
	int r = parse(c, way->address, err);

	c->interrupted = way->interrupted;
	if (r == 0)
		r = connect_to(c, way->credentials, err);
	if (r == 0)
		r = greet(c, err);
	if (r == 0)
		*ret = c;
	else
		clickhouse_close(c);
	return r;
}
