/* The C library's formats follow the locale; a decimal comma would be read as
 * a thousand.  So digits are written one by one. */
#include "report/words.h"
#include "base/clock.h"
#include "format/sheet.h"
#include "report/facts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static char *decimal(double v, int decimals, char text[static WORDS])
{
	static const double tens[] = {1, 10, 100};
	long long n = llround(v * tens[decimals]);

	if (decimals == 0)
		snprintf(text, WORDS, "%lld", n);
	else
		snprintf(text, WORDS, "%lld.%0*lld",
			n / (long long)tens[decimals], decimals,
			n % (long long)tens[decimals]);
	return text;
}

char *words_si(double v, const char *unit, char text[static WORDS])
{
	static const char *const prefixes[] = {"", "k", "M", "G", "T", "P"};
	char digits[WORDS];
	size_t p = 0;

	if (!(v >= 0))
		v = 0;
	for (; v >= 999.5 && p < 5; p++)
		v /= 1000;
	decimal(v,
		p == 0 && v == floor(v) ? 0
		: v < 9.995             ? 2
		: v < 99.95             ? 1
					: 0,
		digits);
	snprintf(text, WORDS, "%.20s %s%.12s", digits, prefixes[p], unit);
	return text;
}

char *words_rate(double v, char text[static WORDS])
{
	return words_si(v, "b/s", text);
}

char *words_bytes(double v, char text[static WORDS])
{
	return words_si(v, "B", text);
}

char *words_percent(double share, char text[static WORDS])
{
	char digits[WORDS];
	double v = share * 100;

	if (!(v >= 0))
		v = 0;
	if (v > 0 && v < 0.1) {
		snprintf(text, WORDS, "under 0.1 %%");
		return text;
	}
	decimal(v, v < 9.95 && v != floor(v) ? 1 : 0, digits);
	snprintf(text, WORDS, "%.20s %%", digits);
	return text;
}

char *words_span(double ms, char text[static WORDS])
{
	long long s = llround(ms / 1000);
	char digits[WORDS];

	if (ms < 9950)
		snprintf(text, WORDS, "%.20s s", decimal(ms / 1000, 1, digits));
	else if (s < 60)
		snprintf(text, WORDS, "%lld s", s);
	else if (s < 3600)
		snprintf(text, WORDS, "%lld min %lld s", s / 60, s % 60);
	else if (s < 2 * 86400)
		snprintf(text, WORDS, "%lld h %lld min", s / 3600,
			s % 3600 / 60);
	else
		snprintf(text, WORDS, "%lld days", s / 86400);
	return text;
}

static char *print_wall(double ms, char whole[static CLOCK_TEXT])
{
	if (!(fabs(ms) < 4e15))
		ms = 0;
	wall_print((struct wall_time){(int64_t)ms * NS_PER_MS}, whole);
	return whole;
}

char *words_clock(double ms, char text[static WORDS])
{
	char whole[CLOCK_TEXT];
	const char *t = strchr(print_wall(ms, whole), 'T');

	snprintf(text, WORDS, "%.8s", t ? t + 1 : whole);
	return text;
}

char *words_moment(const struct facts *f, double ms, char text[static WORDS])
{
	double end = f->begin_ms + (double)f->n_buckets * (double)f->bucket_ms;
	char first[CLOCK_TEXT], last[CLOCK_TEXT], at[CLOCK_TEXT];

	if (strncmp(print_wall(f->begin_ms, first), print_wall(end, last),
		    10) == 0)
		return words_clock(ms, text);
	/* 2026-11-22T14:05:33 */
	print_wall(ms, at);
	snprintf(text, WORDS, "%.5s %.8s", at + 5, at + 11);
	return text;
}

char *words_count(uint64_t n, char text[static WORDS])
{
	return sheet_commas(n, text);
}
