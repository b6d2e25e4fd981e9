/* The service's own struct, shared by its files and nobody else. */
#ifndef NFZ_LAB_SERVICE_PARTS_H
#define NFZ_LAB_SERVICE_PARTS_H

#include "lab/call.h"
#include "lab/service.h"
#include "lab/tls.h"

struct service_conn;
struct service_change;
struct service_check;

struct lab_service {
	struct loop *loop;
	struct lab_site *site;
	struct lab_actions actions;
	struct tls *tls; /* NULL without network */
	int listen_fd;
	int64_t step_ms, delay_ms;
	int max_connections, n_connections;
	enum lab_inject inject;
	struct service_conn *conns;
	struct service_change *changes;
	struct service_check *checks; /* NS files being checked */
	struct lab_call *waiting;
	struct loop_timer *ticker; /* runs while calls wait */
};

/* Connections (service_conn.c). */
int service_listen(struct lab_service *svc, struct err *err) NFZ_MUST_CHECK;
void service_hang_up(struct lab_service *svc);
/* What runs in a connection's own process; never returns. */
struct service_child {
	struct tls *tls;
	int fd;      /* the client */
	int channel; /* the owner of the site */
};
void service_child_run(const struct service_child *child)
	__attribute__((noreturn));
/* Frames on the channel: a letter, a length, bytes. */
enum {
	FRAME_WHO = 'I',   /* child: serial (8 bytes), then the CN */
	FRAME_CALL = 'C',  /* child: a request document */
	FRAME_KNOWN = 'Y', /* owner: go on */
	FRAME_REPLY = 'R', /* owner: the response document */
	FRAME_CUT = 'X',   /* owner: send half of it, then drop */
	FRAME_HEAD = 5,
	FRAME_MAX = 64 << 20
};

/* Checks of NS files that go on (service_check.c). */
void service_check_drop(struct lab_service *svc);
void service_check_forget(struct lab_service *svc, struct lab_call *call);

/* Calls that wait (service_wait.c). */
void service_wait(struct lab_service *svc, struct lab_call *c);
void service_unlink(struct lab_service *svc, struct lab_call *c);
/* Sends the answer that was given (call_ok ...) and frees the call. */
void service_answer(struct lab_call *c);
/* The same for a call that waits. */
void service_finish(struct lab_service *svc, struct lab_call *c);

#endif
