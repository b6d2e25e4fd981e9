/* Two kinds of time that cannot be mixed: monotonic (intervals, deadlines)
 * and wall (what a person or a record calls the time).  Nanoseconds both. */
#ifndef NFZ_BASE_CLOCK_H
#define NFZ_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct mono_time {
	int64_t ns;
};

struct wall_time {
	int64_t ns; /* since 1970-01-01T00:00:00Z */
};

enum { CLOCK_TEXT = 40 };
#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

struct mono_time mono_now(void);
struct wall_time wall_now(void);
struct mono_time mono_add_ms(struct mono_time t, int64_t ms);
/* Milliseconds from now until t, rounded up, never below 0: fit for poll(). */
int mono_ms_until(struct mono_time t);
bool mono_passed(struct mono_time t);
/* RFC 3339 in UTC with milliseconds: 2026-11-21T14:05:33.120Z */
char *wall_print(struct wall_time t, char text[static CLOCK_TEXT]);
/* For tables, to the second: 2026-11-21T14:05:33Z */
char *wall_print_s(struct wall_time t, char text[static CLOCK_TEXT]);
/* Seconds since 1970; years that nanoseconds do not reach (after 2262) become
 * the nearest time they do. */
struct wall_time wall_from_s(int64_t s);
/* "2026-11-21T14:05:33[.frac]Z" or with "+01:00". */
bool wall_parse(const char *s, struct wall_time *ret);
/* As people type times: what wall_parse takes, or less of it.  Without a zone
 * it is local time, without a date of today: "20:40", "20:40:10.5Z",
 * "2026-11-21 14:05". */
bool wall_parse_typed(const char *s, struct wall_time *ret);
/* "90", "90s", "0.5", "5m", "2h", "7d", "250ms" -> milliseconds; parts of one
 * are left out.  False if none, or more than nanoseconds can say (292 years). */
bool clock_parse_span(const char *s, int64_t *ret_ms);
/* Sleeps; returns early on a signal. */
void clock_sleep_ms(int64_t ms);

#endif
