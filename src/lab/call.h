/* One XML-RPC call on its way through the service: what was asked, by whom,
 * and what is answered.  Internal to the service's own files.
 *
 * A method gets the call after the common tests, answers it once with one of
 * call_ok ... call_fault, or leaves it waiting with call_wait_*. */
#ifndef NFZ_LAB_CALL_H
#define NFZ_LAB_CALL_H

#include "base/buf.h"
#include "base/err.h"
#include "format/xmlrpc.h"
#include "lab/model.h"
#include "lab/service.h"

#include <stdbool.h>

/* Bytes of an answer's output at most. */
enum { CALL_OUTPUT_MAX = 8 << 20 };

enum call_code { /* emulab-api reference, 2.3 */
	CALL_SUCCESS = 0,
	CALL_BADARGS = 1,
	CALL_ERROR = 2,
	CALL_FORBIDDEN = 3,
	CALL_BADVERSION = 4,
	CALL_TOOBIG = 6,
	CALL_REFUSED = 7,
	CALL_TIMEDOUT = 8,
	CALL_SEARCHFAILED = 12, /* of the portal only, as the next */
	CALL_UNSUPPORTED = 13
};

struct lab_call {
	struct lab_call *next; /* the service's list of waiting calls */
	struct lab_service *svc;
	struct lab_site *site;
	const struct lab_user *caller; /* only until the method returns */
	struct xmlrpc_request request;
	struct value *args; /* the second parameter, owned by request */
	/* the answer */
	bool answered;
	char *fault; /* or: */
	int code;
	struct value *value; /* NULL is 0 */
	struct buf output;
	/* while it waits */
	struct lab_experiment *e;
	struct value *states; /* statewait: array of names, [] any change */
	enum lab_state first;
	bool changing; /* waits for a change or a check to end */
	bool has_deadline;
	struct mono_time deadline;
	lab_reply_fn reply;
	void *ctx;
};

typedef void (*call_fn)(struct lab_call *c, struct lab_experiment *e);

enum call_flags {
	CALL_VERSION = 1,    /* the version must be 0.1 */
	CALL_NOLOGINS = 2,   /* refused while logins are closed */
	CALL_PERM = 4,       /* the experiment exists, the caller may see it */
	CALL_CHARS_ARGS = 8, /* the three texts for a bad name */
	CALL_CHARS_FORMED = 16
};

struct call_method {
	const char *module, *name;
	unsigned flags;
	const char *required; /* "proj exp aspect", in the order of tests */
	call_fn run;
};

/* The methodResponse of an answered call, once. */
void call_print(struct lab_call *c, struct buf *out);
void call_free(struct lab_call *c);

/* Answers.  Values are taken over. */
void call_ok(struct lab_call *c, struct value *v);
void call_ok_repr(struct lab_call *c, struct value *v); /* output = repr */
void call_ok_text(struct lab_call *c, struct value *v, const char *output);
void call_fail(struct lab_call *c, enum call_code code, const char *fmt, ...)
	NFZ_PRINTF(3, 4);
/* Code 2 with the exit status of a program that failed. */
void call_exit(struct lab_call *c, int status, const char *fmt, ...)
	NFZ_PRINTF(3, 4);
/* type: "KeyError"; the text is sent as <type 'exceptions.KeyError'>:text */
void call_fault(struct lab_call *c, const char *type, const char *fmt, ...)
	NFZ_PRINTF(3, 4);

/* Arguments. */
const struct value *call_arg(const struct lab_call *c, const char *name);
/* The text of a string argument, NULL otherwise. */
const char *call_text(const struct lab_call *c, const char *name);
/* Tests that fail answer the call and give false. */
bool call_require(struct lab_call *c, const char *names);
bool call_nologins(struct lab_call *c);
/* re.match("^[-\w]*$", arg): false with ret_bad set when it does not match,
 * false and answered with a fault when the argument is no string. */
bool call_name_ok(struct lab_call *c, const char *name, bool *ret_bad);
/* Both names of an experiment; `text` answers when they are bad. */
bool call_names_ok(struct lab_call *c, const char *text);
struct lab_experiment *call_experiment(struct lab_call *c);
bool call_may_see(const struct lab_call *c, const char *pid, const char *gid);
/* Python's idea of a boolean in the original: "true", "yes", "on", "1". */
bool call_bool(const struct lab_call *c, const char *name);
/* Does text match ^[-\w]*$ (one newline may follow)? */
bool call_word(const char *text);
/* The project members' trust, NULL when the user is not in the group. */
const char *call_trust(
	const struct lab_user *user, const char *pid, const char *gid);

/* What a switch port has counted; negative when nobody knows. */
int lab_service_counters(struct lab_service *svc, int machine, int iface,
	struct lab_counters *ret);

/* Waiting (service_wait.c). */
void call_wait_state(struct lab_call *c, struct lab_experiment *e,
	struct value *states, int64_t timeout_s);

/* Changes (service_swap.c); see service.h for what they do. */
enum swap_kind { SWAP_IN, SWAP_OUT, SWAP_MODIFY };
struct swap_order {
	enum swap_kind kind;
	const char *ns_text;     /* NULL: the present one */
	struct lab_call *waiter; /* answered at the end, or NULL */
};
int service_swap(struct lab_service *svc, struct lab_experiment *e,
	const struct swap_order *order, struct err *err) NFZ_MUST_CHECK;
void service_swap_drop(struct lab_service *svc);
void service_swap_forget(struct lab_service *svc, struct lab_call *waiter);
/* The parser, with the limits of this site; messages as nscheck gives them. */
int service_parse(struct lab_service *svc, const char *text, bool check_only,
	struct ns_experiment **ret, char **ret_messages,
	struct err *err) NFZ_MUST_CHECK;
/* nscheck in a process of its own: answers the call when that is done. */
int service_check(struct lab_service *svc, struct lab_call *call,
	const char *text, struct err *err) NFZ_MUST_CHECK;
enum lab_inject service_injected(struct lab_service *svc, enum lab_inject what);

#endif
