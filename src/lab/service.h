/* The testbed's XML-RPC service: HTTPS with client certificates, one
 * connection a child process as the original forks, answers exactly as the
 * recorded server does (emulab-api reference, sections 1-9 and 14).
 *
 * The child does TLS and HTTP only.  Every call is answered by the process
 * that owns the site, from its loop, so no lock is needed; calls that wait
 * (statewait, wait=true) are answered later without holding anything up. */
#ifndef NFZ_LAB_SERVICE_H
#define NFZ_LAB_SERVICE_H

#include "base/err.h"
#include "base/loop.h"
#include "lab/model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lab_service;

/* Traffic of one switch port, seen from the switch: in is from the node. */
struct lab_counters {
	int64_t in_octets, in_unicast, in_other;
	int64_t out_octets, out_unicast, out_other;
};

/* What the service asks the rest of the testbed to do. */
struct lab_actions {
	/* The experiment's mapping was changed (lab_map or lab_unmap done):
	 * make the nodes follow.  Called from the loop, the caller's reply may
	 * already have been sent.  NULL: nothing to do.  An error swaps the
	 * experiment out. */
	int (*apply)(void *ctx, struct lab_experiment *e, struct err *err);
	/* The counters of an interface of a machine (indices); negative when
	 * unknown.  NULL: the node's own, turned round. */
	int (*counters)(
		void *ctx, int machine, int iface, struct lab_counters *ret);
	void *ctx;
};

/* What is made to go wrong, for tests of clients (reference, section 14). */
enum lab_inject {
	LAB_INJECT_NONE,
	LAB_INJECT_PARSE, /* the next modify or swap-in: parser fails */
	LAB_INJECT_MAP,   /* the mapper fails: stays active */
	LAB_INJECT_LATE,  /* fails after mapping: ends swapped out */
	LAB_INJECT_CUT    /* the next answer is cut in its middle */
};

struct lab_service_setup {
	struct lab_site *site;             /* outlives the service */
	const struct lab_actions *actions; /* copied; NULL: none */
	/* PEM files, as lab_certs_make() names them in certs.h; used only
	 * when a descriptor to listen on is given. */
	const char *ca_file, *cert_file; /* cert_file: key, then certificate */
	int64_t step_ms;     /* each state a change passes through; 0: 300 */
	int max_connections; /* 0: 64 */
};

/* Serves on a listening TCP socket (kept open and owned by the caller) from
 * the caller's loop.  listen_fd -1: no network, only lab_service_call. */
int lab_service_start(struct loop *loop, int listen_fd,
	const struct lab_service_setup *setup, struct lab_service **ret,
	struct err *err) NFZ_MUST_CHECK;
/* Ends all connections and drops what waits; NULL is fine. */
void lab_service_stop(struct lab_service *svc);

/* Applies once, to the next operation it fits. */
void lab_service_inject(struct lab_service *svc, enum lab_inject what);
/* Answers slower from now on, by so much a call; 0 turns it off. */
void lab_service_delay(struct lab_service *svc, int64_t delay_ms);
/* A fault of the testbed itself, by name; NFZ_E_USAGE when there is none. */
int lab_service_fault(struct lab_service *svc, struct lab_experiment *e,
	const char *kind, struct err *err) NFZ_MUST_CHECK;
const char *lab_service_fault_kind(size_t i); /* NULL after the last */
const char *lab_service_fault_help(const char *kind);

/* One call of one user, without any network: what tests and fuzzers use and
 * what connections use.  reply gets the methodResponse document once: before
 * this returns (then NULL is returned) or later from the loop. */
struct lab_request {
	const char *body;
	size_t len;
};
typedef void (*lab_reply_fn)(void *ctx, const char *document, size_t len);
struct lab_call;
struct lab_call *lab_service_call(struct lab_service *svc,
	const struct lab_user *caller, const struct lab_request *request,
	lab_reply_fn reply, void *ctx);
/* The asker has gone: reply will not be called any more. */
void lab_call_cancel(struct lab_service *svc, struct lab_call *call);

/* Starts a change as experiment.modify / swapexp would, for the launcher's own
 * use: the experiment's state goes through its sequence and ends active or
 * swapped.  ns_text NULL keeps the present text. */
int lab_service_swap(struct lab_service *svc, struct lab_experiment *e,
	const char *ns_text, bool in, struct err *err) NFZ_MUST_CHECK;

#endif
