/* What the remains of a failed exchange mean: a line of the TLS library's, a
 * closed connection, a page of HTML.  Matched loosely, by the words that have
 * stayed the same over the library's versions. */
#define _GNU_SOURCE /* strcasestr */
#include "format/http_error.h"

#include <string.h>

static bool says(const struct http_place *p, const char *word)
{
	return strcasestr(p->detail, word) != NULL;
}

int http_fail_silent(const struct http_place *p, struct err *err)
{
	err_set(err, NFZ_E_SILENT_CLOSE,
		"%s closed the connection without an answer", p->host);
	return err_hint(err,
		"The testbed does so, without a reason, when\n"
		"  the path in \"server\" is not the testbed's own "
		"(usually /usr/testbed),\n"
		"  your account is unknown, frozen or in no project, or\n"
		"  the certificate %s is revoked or replaced by a newer one.",
		p->certificate ? p->certificate : "(none was given)");
}

static int fail_refused(
	const struct http_place *p, const char *why, struct err *err)
{
	err_set(err, NFZ_E_CERT_REFUSED, "%s refused the certificate%s%s: %s",
		p->host, p->certificate ? " " : "",
		p->certificate ? p->certificate : "", why);
	return err_hint(err, "Use the certificate that this testbed made for "
			     "you (its web page: Create SSL Certificate).");
}

/* A TLS alert, told by OpenSSL's words for it; 0 when there was none. */
int http_fail_alert(const struct http_place *p, struct err *err)
{
	if (!says(p, "alert"))
		return 0;
	if (says(p, "unknown ca"))
		return fail_refused(p, "it was made by another authority", err);
	if (says(p, "certificate expired")) {
		err_set(err, NFZ_E_CERT_EXPIRED,
			"the certificate %s has expired",
			p->certificate ? p->certificate : "");
		return err_hint(err, "Make a new one on the testbed's web "
				     "page: Create SSL Certificate.");
	}
	if (says(p, "certificate required") || says(p, "handshake failure"))
		return fail_refused(p,
			p->certificate ? "it wants another kind of certificate"
				       : "one is required, none was given",
			err);
	if (says(p, "certificate revoked"))
		return fail_refused(p, "it was revoked", err);
	if (says(p, "certificate") || says(p, "access denied"))
		return fail_refused(p, "it is not acceptable there", err);
	return 0;
}

int http_fail_certificate(const struct http_place *p, struct err *err)
{
	const char *file = p->certificate ? p->certificate : "";

	if (says(p, "too small") || says(p, "too weak")) {
		err_set(err, NFZ_E_CERT_FILE,
			"the certificate %s is too weak for this computer's "
			"rules: %s",
			file, p->detail);
		return err_hint(err, "Ask the testbed for a newer one, or "
				     "allow it: ciphers = DEFAULT:@SECLEVEL=0");
	}
	if (says(p, "bad decrypt") || says(p, "bad password"))
		return err_set(
			err, NFZ_E_PASSPHRASE, "wrong passphrase for %s", file);
	return err_set(err, NFZ_E_CERT_FILE,
		"the certificate %s cannot be used: %s", file, p->detail);
}

/* The title of an HTML page, in place; "" when it has none. */
static const char *page_title(struct buf *page)
{
	char *from = page->len ? strcasestr(page->data, "<title>") : NULL;
	char *end = from ? strcasestr(from, "</title>") : NULL;

	if (!end || end - from > 200)
		return "";
	*end = '\0';
	for (char *s = from; s < end; s++)
		if ((unsigned char)*s < 0x20)
			*s = ' ';
	return from + strlen("<title>");
}

int http_fail_page(const char *host, struct buf *page, struct err *err)
{
	const char *title = page_title(page);

	err_set(err, NFZ_E_REPLY,
		"%s sent a web page%s%s%s instead of an XML-RPC answer", host,
		title[0] ? " (\"" : "", title, title[0] ? "\")" : "");
	return err_hint(err, "Check host and port: this looks like a web "
			     "server, not the testbed's service.");
}

int http_fail_status(const char *host, const char *status_line,
	const char *place, struct buf *page, struct err *err)
{
	const char *title = page_title(page);

	if (place)
		return err_set(err, NFZ_E_REPLY,
			"%s sends us elsewhere (%s):%s; that is no testbed "
			"service",
			host, status_line, place);
	err_set(err, NFZ_E_REPLY,
		"%s answered \"%s\"%s%s%s instead of a result", host,
		status_line, title[0] ? " and a page titled \"" : "", title,
		title[0] ? "\"" : "");
	return err_hint(err, "The service is broken or is not the testbed's "
			     "own: check host, port and path.");
}

int http_fail_server(const struct http_place *p, bool pinned, struct err *err)
{
	if (pinned)
		err_set(err, NFZ_E_SERVER_CERT,
			"%s presented a certificate that differs from the "
			"pinned one",
			p->host);
	else
		err_set(err, NFZ_E_SERVER_CERT,
			"the certificate of %s cannot be verified: %s", p->host,
			p->detail);
	return err_hint(err,
		"Set \"ca\" to the file with the testbed's own authority (ask "
		"its operators).\nIf you must, --insecure goes on without.");
}
