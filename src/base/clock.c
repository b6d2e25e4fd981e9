#define _GNU_SOURCE
#include "base/clock.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t now(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

struct mono_time mono_now(void)
{
	return (struct mono_time){now(CLOCK_MONOTONIC)};
}

struct wall_time wall_now(void)
{
	return (struct wall_time){now(CLOCK_REALTIME)};
}

struct mono_time mono_add_ms(struct mono_time t, int64_t ms)
{
	return (struct mono_time){t.ns + ms * NS_PER_MS};
}

int mono_ms_until(struct mono_time t)
{
	int64_t ms = (t.ns - mono_now().ns + NS_PER_MS - 1) / NS_PER_MS;

	if (ms < 0)
		return 0;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

bool mono_passed(struct mono_time t)
{
	return mono_now().ns >= t.ns;
}

char *wall_print(struct wall_time t, char text[static CLOCK_TEXT])
{
	int64_t rest = t.ns % NS_PER_S;
	time_t s = (time_t)(t.ns / NS_PER_S);
	struct tm tm;
	size_t n;

	if (rest < 0) {
		rest += NS_PER_S;
		s--;
	}
	gmtime_r(&s, &tm);
	n = strftime(text, CLOCK_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, CLOCK_TEXT - n, ".%03dZ", (int)(rest / NS_PER_MS));
	return text;
}

char *wall_print_s(struct wall_time t, char text[static CLOCK_TEXT])
{
	wall_print(t, text);
	memcpy(text + strcspn(text, "."), "Z", sizeof("Z"));
	return text;
}

struct wall_time wall_from_s(int64_t s)
{
	struct wall_time t;

	if (__builtin_mul_overflow(s, NS_PER_S, &t.ns))
		t.ns = s < 0 ? INT64_MIN : INT64_MAX;
	return t;
}

/* ".123456" -> nanoseconds; moves *s behind it. */
static int64_t parse_fraction(const char **s)
{
	int64_t unit = NS_PER_S / 10, ns = 0;

	if (**s != '.')
		return 0;
	for ((*s)++; **s >= '0' && **s <= '9'; (*s)++, unit /= 10)
		ns += (**s - '0') * unit;
	return ns;
}

bool wall_parse(const char *s, struct wall_time *ret)
{
	struct tm tm = {0};
	int hours, minutes, len = 0;
	int64_t ns, offset_s = 0;

	s = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!s)
		return false;
	ns = parse_fraction(&s);
	if (*s == 'Z')
		s++;
	else if ((*s == '+' || *s == '-') &&
		 sscanf(s + 1, "%2d:%2d%n", &hours, &minutes, &len) == 2) {
		offset_s = (hours * 60 + minutes) * 60;
		if (*s == '-')
			offset_s = -offset_s;
		s += 1 + len;
	} else {
		return false;
	}
	if (*s)
		return false;
	*ret = wall_from_s((int64_t)timegm(&tm) - offset_s);
	if (__builtin_add_overflow(ret->ns, ns, &ret->ns))
		ret->ns = INT64_MAX;
	return true;
}

bool wall_parse_typed(const char *s, struct wall_time *ret)
{
	const size_t len = strlen(s);
	const bool utc = len && s[len - 1] == 'Z';
	const time_t today = (time_t)(wall_now().ns / NS_PER_S);
	const char *time;
	struct tm tm, day;
	int64_t ns, seconds;

	if (wall_parse(s, ret))
		return true;
	if (utc)
		gmtime_r(&today, &tm);
	else
		localtime_r(&today, &tm);
	day = tm;
	time = strptime(s, "%Y-%m-%d", &day);
	if (time && *time != 'T' && *time != ' ')
		return false;
	if (time)
		tm = day;
	tm.tm_sec = 0;
	s = strptime(time ? time + 1 : s, "%H:%M", &tm);
	if (s && *s == ':')
		s = strptime(s + 1, "%S", &tm);
	if (!s)
		return false;
	ns = parse_fraction(&s);
	if (strcmp(s, utc ? "Z" : "") != 0)
		return false;
	tm.tm_isdst = -1;
	day = tm;
	seconds = (int64_t)(utc ? timegm(&tm) : mktime(&tm));
	if (tm.tm_mday != day.tm_mday) /* the 31st of February */
		return false;
	*ret = wall_from_s(seconds);
	if (__builtin_add_overflow(ret->ns, ns, &ret->ns))
		ret->ns = INT64_MAX;
	return true;
}

bool clock_parse_span(const char *s, int64_t *ret_ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000},
		{"h", 3600000}, {"d", 86400000}};
	const char *c = s;
	int64_t v = 0, parts = 0, ms; /* v: of so many parts of a unit */

	for (; (*c >= '0' && *c <= '9') || (*c == '.' && c > s && !parts); c++)
		if (*c == '.')
			parts = 1;
		else if (__builtin_mul_overflow(v, 10, &v) ||
			 __builtin_add_overflow(v, *c - '0', &v) ||
			 __builtin_mul_overflow(parts, 10, &parts))
			return false;
	if (c == s || c[-1] == '.')
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strcmp(c, units[i].unit) == 0) {
			if (__builtin_mul_overflow(v, units[i].ms, &ms))
				return false;
			*ret_ms = parts ? ms / parts : ms;
			return (!v || *ret_ms) &&
			       *ret_ms <= INT64_MAX / NS_PER_MS;
		}
	return false;
}

void clock_sleep_ms(int64_t ms)
{
	const struct timespec ts = {ms / 1000, ms % 1000 * NS_PER_MS};

	nanosleep(&ts, NULL);
}
