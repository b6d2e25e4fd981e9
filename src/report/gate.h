/* Who may look at a page that is served on this machine: the person whose
 * command serves it, and nobody else who can reach the port or make a browser
 * ask it. */
#ifndef NFZ_REPORT_GATE_H
#define NFZ_REPORT_GATE_H

#include "format/httpd.h"

#include <stdbool.h>
#include <stdint.h>

enum { GATE_SECRET = 33 }; /* 32 hex digits */

struct gate {
	uint16_t port;
	char token[GATE_SECRET];  /* in the URL that the person gets */
	char cookie[GATE_SECRET]; /* given for it, once the page asks */
};

enum gate_verdict {
	GATE_OPEN,  /* with our cookie */
	GATE_ENTER, /* with the token: to be given the cookie */
	GATE_ASK,   /* a page that has to tell its token first */
	GATE_SHUT   /* another's Host or Origin, or no right */
};

/* New secrets; crypto_init() must have been called. */
void gate_init(struct gate *g, uint16_t port);
enum gate_verdict gate_judge(
	const struct gate *g, const struct httpd_request *r);
/* "nfz-8377=...; HttpOnly; SameSite=Strict; Path=/" */
enum { GATE_COOKIE = 128 };
char *gate_cookie(const struct gate *g, char text[static GATE_COOKIE]);
/* The page that tells its token; and its policy. */
const char *gate_page(void);
void gate_policy(struct buf *out);

#endif
