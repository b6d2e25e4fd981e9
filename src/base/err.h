/* Errors are values: a code, a sentence and, where there is one, a remedy.
 *
 * A function that can fail takes `struct err *err` last and returns 0 or a
 * negative enum nfz_error.  The error is made where most is known, wrapped
 * once per floor with what was being attempted, and printed once, in main()
 * or in a daemon's loop.  Making or wrapping one allocates nothing and cannot
 * fail.  `err` may be NULL where the caller only needs the code. */
#ifndef NFZ_BASE_ERR_H
#define NFZ_BASE_ERR_H

#include <stdarg.h>
#include <stddef.h>

/* X(name, exit status, stable code, what it means)
 * Exit statuses are the table in netflowize(1), EXIT STATUS. */
#define NFZ_ERRORS(X)                                                          \
	X(INTERNAL, 1, "NFZ-E001", "a bug in netflowize")                      \
	X(NOMEM, 1, "NFZ-E002", "out of memory")                               \
	X(IO, 1, "NFZ-E003", "the operating system refused an operation")      \
	X(LIMIT, 2, "NFZ-E004", "input is larger than the limit for it")       \
	X(TIMEOUT, 1, "NFZ-E005", "no progress before the deadline")           \
	X(USAGE, 2, "NFZ-E010", "the command line was not understood")         \
	X(CONFIG, 2, "NFZ-E011", "the configuration is wrong")                 \
	X(INPUT, 2, "NFZ-E012", "an input file is not what it should be")      \
	X(FILTER, 2, "NFZ-E013", "the filter was not understood")              \
	X(NS, 2, "NFZ-E014", "the NS file is not accepted")                    \
	X(SWAPPED, 6, "NFZ-E101", "the experiment is not active")              \
	X(NO_EXPERIMENT, 2, "NFZ-E102", "there is no such experiment")         \
	X(NO_DEPLOYMENT, 2, "NFZ-E103", "the experiment is not instrumented")  \
	X(UNCOVERED, 3, "NFZ-E201", "links cannot be covered")                 \
	X(RESOURCES, 3, "NFZ-E202", "not enough free nodes or ports")          \
	X(NODES_FAILED, 5, "NFZ-E301", "some nodes failed")                    \
	X(BUSY, 5, "NFZ-E302", "somebody else is changing this")               \
	X(DISK_FULL, 5, "NFZ-E303", "a disk is full")                          \
	X(UNREACHABLE, 5, "NFZ-E304", "a node does not answer")                \
	X(HOST_KEY, 5, "NFZ-E305", "a node's host key is not the known one")   \
	X(NODE_AUTH, 7, "NFZ-E306", "a node refused the login")                \
	X(NO_SUDO, 7, "NFZ-E307", "sudo is not allowed on a node")             \
	X(NO_PLACE, 5, "NFZ-E308", "no place on a node to install to")         \
	X(NODE_OS, 5, "NFZ-E309", "no program for a node's system")            \
	X(CRASHED, 5, "NFZ-E310", "a program on a node stopped at once")       \
	X(REMOTE, 5, "NFZ-E311", "a node answered with an error")              \
	X(PASSPHRASE, 4, "NFZ-E401", "wrong or missing passphrase")            \
	X(CERT_EXPIRED, 4, "NFZ-E402", "the certificate has expired")          \
	X(SERVER_CERT, 4, "NFZ-E403",                                          \
		"the server's certificate is not trusted")                     \
	X(CLOSED, 4, "NFZ-E404", "the testbed is closed for logins")           \
	X(SILENT_CLOSE, 4, "NFZ-E405", "the testbed closed without an answer") \
	X(CERT_REFUSED, 4, "NFZ-E406", "the testbed refused the certificate")  \
	X(API_VERSION, 4, "NFZ-E407", "the testbed speaks another version")    \
	X(SERVICE, 4, "NFZ-E408", "the testbed service cannot be reached")     \
	X(FAULT, 4, "NFZ-E409", "the testbed service failed")                  \
	X(REPLY, 4, "NFZ-E410", "the testbed's reply makes no sense")          \
	X(FORBIDDEN, 7, "NFZ-E411", "you may not access this")                 \
	X(CERT_FILE, 4, "NFZ-E412", "the certificate file cannot be used")     \
	X(TOO_BIG, 3, "NFZ-E413",                                              \
		"the description is too big for the testbed")                  \
	X(VERIFY, 8, "NFZ-E501", "verification failed")                        \
	X(PENDING, 9, "NFZ-E502", "changes are pending")                       \
	X(INTERRUPTED, 130, "NFZ-E900", "interrupted")

enum nfz_error {
	NFZ_OK = 0,
#define X(name, exit, code, text) NFZ_E_##name,
	NFZ_ERRORS(X)
#undef X
		NFZ_E_COUNT
};

enum { ERR_TEXT_MAX = 1024, ERR_HINT_MAX = 2048 };

struct err {
	enum nfz_error code;
	int sys;                 /* saved errno, 0 if none */
	char text[ERR_TEXT_MAX]; /* one sentence, no newline at its end */
	char hint[ERR_HINT_MAX]; /* what to do; may hold several lines */
};

#define ERR_INIT                                                               \
	{                                                                      \
		0                                                              \
	}

#define NFZ_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define NFZ_MUST_CHECK __attribute__((warn_unused_result))

/* Sets code and sentence; returns -code, so `return err_set(...)` reads. */
int err_set(struct err *err, enum nfz_error code, const char *fmt, ...)
	NFZ_PRINTF(3, 4);
/* As err_set with NFZ_E_IO, and ": <strerror(errno)>" added. */
int err_sys(struct err *err, const char *fmt, ...) NFZ_PRINTF(2, 3);
/* Puts "<what>: " in front of the sentence; returns -code. */
int err_wrap(struct err *err, const char *fmt, ...) NFZ_PRINTF(2, 3);
/* Sets the remedy (replaces an earlier one); returns -code. */
int err_hint(struct err *err, const char *fmt, ...) NFZ_PRINTF(2, 3);
void err_clear(struct err *err);

/* Table look-ups; any int is accepted, unknown ones count as INTERNAL. */
int err_exit_status(int code);
const char *err_code_text(int code);    /* "NFZ-E101" */
const char *err_code_meaning(int code); /* "the experiment is not active" */

#endif
