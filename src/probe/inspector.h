/* What packets are of by their content, as libndpi (LGPL-3) knows it: "DNS",
 * "TLS.Google".  It is loaded where it is installed.
 *
 * It parses what strangers sent, so it does that in a process of its own which
 * can open no file and no socket, gains no right, has so much memory and no more, and is
 * started anew when a packet ends it, or keeps it for ten seconds. */
#ifndef NFZ_PROBE_INSPECTOR_H
#define NFZ_PROBE_INSPECTOR_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inspector;

/* Flows at a time; bytes of the other process beside its program. */
enum { INSPECTOR_FLOWS = 4096, INSPECTOR_BYTES = 48 << 20 };
enum { INSPECTOR_NAME = 80 };

/* Before the memory for flows is taken, of which that process would have a
 * copy.  Fails where there is no such library, and in programs for nodes. */
int inspector_new(struct inspector **ret, struct err *err) NFZ_MUST_CHECK;
void inspector_free(struct inspector *in);

struct inspection {
	uint16_t flow; /* below INSPECTOR_FLOWS */
	bool begins;   /* what was there is another flow's */
	bool ends;     /* whatever the answer, it is asked no more */
	int64_t time_ns;
	const uint8_t *ip; /* the packet */
	uint16_t len;
};

enum inspector_answer {
	INSPECTOR_UNKNOWN, /* as yet */
	INSPECTOR_KNOWN,   /* by this name; the flow has ended there */
	INSPECTOR_LOST     /* with all that was known of any flow */
};
enum inspector_answer inspector_ask(struct inspector *in,
	const struct inspection *packet, char name[static INSPECTOR_NAME]);

#endif
