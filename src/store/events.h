/* What happened during a run and is no flow: marks that people set, what its
 * collector knew of the programs, and what the testbed had happen.  Text, one
 * event a line
 * (netflowize-store(5)), only ever appended to. */
#ifndef NFZ_STORE_EVENTS_H
#define NFZ_STORE_EVENTS_H

#include "base/arena.h"
#include "base/err.h"
#include "format/sheet.h"
#include "store/catalog.h"

#include <stddef.h>
#include <stdint.h>

#define EVENT_KINDS(X)                                                         \
	X(MARK, "mark")       /* somebody's words */                           \
	X(RUN, "run")         /* of the collector: begun, ended */             \
	X(PROBE, "probe")     /* of a module: silent, back, its clock set */   \
	X(TESTBED, "testbed") /* of the experiment's own events: link0 down */

enum event_kind {
#define X(name, word) EVENT_##name,
	EVENT_KINDS(X)
#undef X
		EVENT_KIND_COUNT
};
const char *event_kind_name(enum event_kind kind); /* "mark" */

#define EVENTS_BEGIN "collecting begins" /* a collector's first words */

enum { EVENT_TEXT_MAX = 200, EVENTS_MAX = 10000 };

struct event {
	int64_t at_ns; /* the collector's clock, as the times of records */
	enum event_kind kind;
	uint16_t module; /* of EVENT_PROBE */
	const char *text;
	const char *node; /* EVENT_PROBE, read: where it runs; NULL: unknown */
};

/* Durable on return.  Control characters become blanks, what is longer than
 * EVENT_TEXT_MAX bytes is cut.  NFZ_E_USAGE: nothing but blanks; NFZ_E_LIMIT:
 * EVENTS_MAX are there already, or their bytes. */
int events_add(
	const char *dir, const struct event *e, struct err *err) NFZ_MUST_CHECK;

/* A mark or an event of the testbed, at_ns 0: now; written by the collector, or
 * where none runs, by us. */
int events_tell(
	const char *dir, const struct event *e, struct err *err) NFZ_MUST_CHECK;
/* Those that are not there yet, as telling them again adds nothing; how many
 * were new. */
int events_tell_new(const char *dir, const struct event *items, size_t n,
	size_t *ret_new, struct err *err) NFZ_MUST_CHECK;

struct events {
	struct arena arena;
	struct event *items; /* by time */
	size_t n, cap;
};
/* None is no error.  Lines that make no sense, such as one that a crash cut,
 * are passed over.  Texts of EVENT_PROBE name the node by the catalog. */
int events_read(const char *dir, const struct catalog *c, struct events *ret,
	struct err *err) NFZ_MUST_CHECK;
void events_release(struct events *e);

/* Rows of those from from_ns to before to_ns (0, 0: all): "at", "kind",
 * "text"; netflowize.events/1. */
struct events_range {
	int64_t from_ns, to_ns;
};
int events_print(const struct events *e, const struct events_range *range,
	struct sheet_form form, struct err *err) NFZ_MUST_CHECK;
static inline bool events_range_has(
	const struct events_range *r, const struct event *e)
{
	return (r->from_ns == 0 && r->to_ns == 0) ||
	       (e->at_ns >= r->from_ns && e->at_ns < r->to_ns);
}

#endif
