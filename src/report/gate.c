/* The token is behind the # of the URL, which browsers send to nobody.  A
 * first page, which holds nothing, hands it over in a header that no other
 * site's page can set, and gets a cookie that no other site's request carries.
 * Host is checked because a name of somebody else may point here (DNS
 * rebinding). */
#include "report/gate.h"
#include "format/base64.h"
#include "format/crypto.h"

#include <stdio.h>
#include <string.h>

#define SCRIPT                                                                 \
	"fetch(\"enter\",{headers:{\"X-Token\":location.hash.replace(\"#t=\"," \
	"\"\")}}).then(function(r){if(r.ok)location.replace(\"/\");else "      \
	"document.body.textContent=\"This page needs the whole address that "  \
	"netflowize view has printed.\"})"

void gate_init(struct gate *g, uint16_t port)
{
	uint8_t secret[2][(GATE_SECRET - 1) / 2];

	crypto_random(secret, sizeof(secret));
	g->port = port;
	crypto_hex(secret[0], sizeof(secret[0]), g->token);
	crypto_hex(secret[1], sizeof(secret[1]), g->cookie);
	crypto_wipe(secret, sizeof(secret));
}

static bool same_secret(const char *text, size_t len, const char *secret)
{
	return len == GATE_SECRET - 1 && crypto_equal(text, secret, len);
}

/* "127.0.0.1:8377", "localhost:8377" */
static bool is_here(const struct gate *g, const char *host)
{
	static const char *const names[] = {"127.0.0.1", "localhost"};
	char here[32];

	for (size_t i = 0; i < 2; i++) {
		snprintf(here, sizeof(here), "%s:%u", names[i], g->port);
		if (strcmp(host, here) == 0)
			return true;
	}
	return false;
}

static bool has_cookie(const struct gate *g, const char *cookies)
{
	char name[32];
	const char *at = cookies;
	size_t n;

	n = (size_t)snprintf(name, sizeof(name), "nfz-%u=", g->port);
	while (at && *at) {
		at += strspn(at, " ;");
		if (strncmp(at, name, n) == 0 &&
			same_secret(at + n, strcspn(at + n, "; "), g->cookie))
			return true;
		at += strcspn(at, ";");
	}
	return false;
}

enum gate_verdict gate_judge(
	const struct gate *g, const struct httpd_request *r)
{
	static const char http[] = "http://";
	size_t n = sizeof(http) - 1;

	if (!r->host || !is_here(g, r->host))
		return GATE_SHUT;
	if (r->origin && (strncmp(r->origin, http, n) != 0 ||
				 !is_here(g, r->origin + n)))
		return GATE_SHUT;
	if (r->site && strcmp(r->site, "same-origin") != 0 &&
		strcmp(r->site, "none") != 0)
		return GATE_SHUT;
	if (strcmp(r->path, "/enter") == 0)
		return r->token && same_secret(
					   r->token, strlen(r->token), g->token)
			       ? GATE_ENTER
			       : GATE_SHUT;
	if (r->cookie && has_cookie(g, r->cookie))
		return GATE_OPEN;
	return strcmp(r->path, "/") == 0 ? GATE_ASK : GATE_SHUT;
}

char *gate_cookie(const struct gate *g, char text[static GATE_COOKIE])
{
	snprintf(text, GATE_COOKIE,
		"nfz-%u=%s; HttpOnly; SameSite=Strict; Path=/", g->port,
		g->cookie);
	return text;
}

const char *gate_page(void)
{
	return "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\">"
	       "<title>netflowize</title><body><p>One moment.</p>"
	       "<script>" SCRIPT "</script></body></html>\n";
}

void gate_policy(struct buf *out)
{
	struct crypto_sha256 sha;
	uint8_t digest[CRYPTO_SHA256];

	crypto_sha256_init(&sha);
	crypto_sha256_add(&sha, SCRIPT, sizeof(SCRIPT) - 1);
	crypto_sha256_end(&sha, digest);
	buf_adds(out, "default-src 'none'; connect-src 'self'; script-src "
		      "'sha256-");
	base64_encode(digest, sizeof(digest), 0, out);
	buf_adds(out, "'; base-uri 'none'; form-action 'none'; "
		      "frame-ancestors 'none'");
}
