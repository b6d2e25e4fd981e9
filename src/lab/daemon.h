/* The launcher: one process that holds a whole testbed.  When it ends, however
 * it ends, every node, wire and disk ends with it. */
#ifndef NFZ_LAB_DAEMON_H
#define NFZ_LAB_DAEMON_H

#include "base/err.h"
#include "lab/state.h"

#include <stdint.h>

struct daemon_setup {
	struct testbed testbed;
	const char *ns_text, *ns_name; /* the NS file and what to call it */
	const char *domain;            /* NULL: testbed.example.net */
	const char *delay_os;          /* image of shapers, NULL: Linux */
	struct lab_portal *portal;     /* its side of one, NULL: classic */
	uint64_t seed;
	int64_t disk_bytes; /* of each node, 0: default */
	int lock;           /* from state_claim(); closed */
};

/* Starts the launcher in the background and returns when every node answers;
 * an error is the launcher's own and nothing is left then. */
int daemon_start(
	const struct daemon_setup *setup, struct err *err) NFZ_MUST_CHECK;

#endif
