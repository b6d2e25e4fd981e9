/* Calls to an Emulab-compatible testbed: HTTPS, client certificate, XML-RPC.
 *
 * Every call gives the value or an error that names the cause, by the
 * testbed's own code and text.  Nothing is logged or kept: replies may hold
 * secrets. */
#ifndef NFZ_TESTBED_CLIENT_H
#define NFZ_TESTBED_CLIENT_H

#include "base/buf.h"
#include "base/err.h"
#include "format/xmlrpc.h"

#include <stdbool.h>
#include <stdint.h>

enum { CLIENT_NS_MAX = 512 << 10, CLIENT_PASSPHRASE_TRIES = 3 };

/* Asks the user: attempt counts from 1 (above 1: the last one was wrong).
 * Adds the passphrase to *out, which the caller wipes. */
typedef int (*client_passphrase_fn)(void *ctx, const char *file, int attempt,
	struct buf *out, struct err *err);

/* Strings are copied; NULL or 0 takes the default. */
struct client_config {
	const char *server;      /* "boss.emulab.net:3069", perhaps with path */
	const char *path;        /* "/usr/testbed" */
	const char *certificate; /* the user's PEM file */
	const char *ca;          /* PEM file of the site's authority */
	bool insecure;           /* do not verify the server */
	const char *pin;         /* "sha256//BASE64" of the server's key */
	const char *ciphers;
	client_passphrase_fn passphrase;
	int64_t timeout_ms; /* of ordinary calls, default 2 min */
	bool (*cancelled)(void *ctx);
	void *ctx; /* for passphrase and cancelled */
};

/* The exchange under a client: sends one document, adds the answer to reply.
 * timeout_ms 0 means: as long as it takes. */
typedef int (*client_exchange_fn)(void *ctx, const char *request, size_t len,
	int64_t timeout_ms, struct buf *reply, struct err *err);

struct client;

/* Looks at the certificate first (NFZ_E_CERT_FILE, NFZ_E_CERT_EXPIRED), asks
 * for the passphrase when its key has one (NFZ_E_PASSPHRASE after the last
 * try).  Does not connect yet. */
int client_open(const struct client_config *config, struct client **ret,
	struct err *err) NFZ_MUST_CHECK;
/* A client over something else than the network; ctx stays the caller's. */
struct client *client_over(client_exchange_fn exchange, void *ctx);
void client_close(struct client *client); /* NULL is fine */
/* The same for another thread, with a connection of its own; NULL: there can be
 * none.  Close it before the first. */
struct client *client_twin(const struct client *client);
static inline void client_close_at(struct client **client)
{
	client_close(*client);
}

/* What the testbed said.  value is NULL after a fault or a failure below. */
struct client_reply {
	int64_t code;
	struct value *value;
	char *output;   /* human-readable; a program's dump when code is 0 */
	bool recovered; /* the document was ill-formed and mended */
};
void client_reply_release(struct client_reply *reply);

/* One call; args (a struct, taken over) gets no additions.  *ret is always
 * set, release it.  By the testbed's code:
 *	0 success, 1 NFZ_E_USAGE, 2 by its text NFZ_E_NO_EXPERIMENT,
 *	NFZ_E_SWAPPED, NFZ_E_FORBIDDEN, NFZ_E_NS or NFZ_E_SERVICE,
 *	3 NFZ_E_FORBIDDEN, 4 NFZ_E_API_VERSION, 5 and 7 NFZ_E_CLOSED,
 *	6 NFZ_E_TOO_BIG, 8 and all others NFZ_E_SERVICE;
 * a fault is NFZ_E_FAULT, a reply that is none NFZ_E_REPLY; those of the
 * exchange as in format/http.h. */
int client_call(struct client *client, const char *method, struct value *args,
	struct client_reply *ret, struct err *err) NFZ_MUST_CHECK;

/* An experiment's name.  Other characters than letters, digits, - and _ are
 * refused before anything is sent. */
struct client_exp {
	const char *proj, *exp;
};
enum { CLIENT_NAME_MAX = 64 };
bool client_name_valid(const char *name);

/* Wrappers.  What is returned is the caller's: free() or value_free().  A
 * NFZ_E_NO_EXPERIMENT of theirs names the user's experiments in its hint. */
int client_state(struct client *c, const struct client_exp *e, char **ret,
	struct err *err) NFZ_MUST_CHECK;
/* 0 when state is "active", else NFZ_E_SWAPPED with what it means instead. */
int client_require_active(const struct client_exp *e, const char *state,
	struct err *err) NFZ_MUST_CHECK;
/* aspect: mapping, links, physical or traces. */
int client_info(struct client *c, const struct client_exp *e,
	const char *aspect, struct value **ret, struct err *err) NFZ_MUST_CHECK;
/* tables: a NULL-ended list, or NULL for all.  *ret is the struct of tables.
 * Settings hold secrets: ask for tables. */
int client_virtual_topology(struct client *c, const struct client_exp *e,
	const char *const *tables, struct value **ret,
	struct err *err) NFZ_MUST_CHECK;
/* The NS text as stored; *ret NULL when the testbed has none. */
int client_nsfile(struct client *c, const struct client_exp *e, char **ret,
	struct err *err) NFZ_MUST_CHECK;
/* struct machine -> {hostname, port, gateway} */
int client_sshdescription(struct client *c, const struct client_exp *e,
	struct value **ret, struct err *err) NFZ_MUST_CHECK;
/* struct of public-key texts; *ret NULL when the testbed has none. */
int client_hostkeys(struct client *c, const struct client_exp *e,
	const char *node, struct value **ret, struct err *err) NFZ_MUST_CHECK;
/* The text report; show is a list such as "shaping,linkinfo". */
int client_expinfo(struct client *c, const struct client_exp *e,
	const char *show, char **ret, struct err *err) NFZ_MUST_CHECK;
/* struct project -> struct group -> array of names */
int client_getlist(
	struct client *c, struct value **ret, struct err *err) NFZ_MUST_CHECK;
/* Free machines of a type (NULL: any). */
int client_available(struct client *c, const char *proj, const char *type,
	int64_t *ret, struct err *err) NFZ_MUST_CHECK;
/* Array of what the experiment's own event system does, and array of structs
 * that tell when its times began; testbed/eventlist reads both.  NFZ_E_SERVICE
 * for the latter before it began. */
int client_eventlist(struct client *c, const struct client_exp *e,
	struct value **ret, struct err *err) NFZ_MUST_CHECK;
int client_event_starts(struct client *c, const struct client_exp *e,
	struct value **ret, struct err *err) NFZ_MUST_CHECK;
/* Starts a change to the NS text; success means accepted: poll the state.
 * *ret_messages gets what the testbed said, also on failure. */
int client_modify(struct client *c, const struct client_exp *e, const char *ns,
	char **ret_messages, struct err *err) NFZ_MUST_CHECK;
/* NFZ_E_NS with the parser's messages when the text is not accepted. */
int client_nscheck(struct client *c, const char *proj, const char *ns,
	char **ret_messages, struct err *err) NFZ_MUST_CHECK;
/* struct image name -> its row, with "OS" such as "Linux". */
int client_images(
	struct client *c, struct value **ret, struct err *err) NFZ_MUST_CHECK;

#endif
