/* Characters, lines, addresses, times and options: what people type. */
#include "base/clock.h"
#include "base/lines.h"
#include "base/net.h"
#include "base/opt.h"
#include "base/utf8.h"

#include <criterion/criterion.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

Test(utf8, every_character_has_its_length)
{
	for (uint32_t c = 1; c <= 0x110000; c++) {
		const bool none = (c >= 0xd800 && c < 0xe000) || c > 0x10ffff;
		struct buf b = BUF_INIT(4);

		utf8_add(&b, c);
		cr_assert_eq(utf8_length(b.data, b.len), none ? 0 : b.len,
			"U+%04X", c);
		if (b.len > 1)
			cr_assert_eq(utf8_length(b.data, b.len - 1), 0);
		buf_release(&b);
	}
}

Test(utf8, what_is_none)
{
	static const char *const none[] = {"\x80", "\xbf", "\xc0\x80",
		"\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf",
		"\xf5\x80\x80\x80", "\xff", "\xc3(", "\xe2\x82("};

	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		cr_assert_eq(
			utf8_length(none[i], strlen(none[i])), 0, "%zu", i);
	cr_assert_eq(utf8_columns("K\xc3\xb6ln \xe2\x82\xac"), 6);
}

Test(lines, end_with_lf_or_cr_lf_or_the_text)
{
	static const char text[] = "\xef\xbb\xbf"
				   "a b\r\n\n\tc\r";
	struct lines l = lines_over(text, sizeof(text) - 1);
	struct span line, word;

	cr_assert(lines_next(&l, &line) && span_is(line, "a b"));
	cr_assert(span_word(&line, &word) && span_is(word, "a"));
	cr_assert(span_word(&line, &word) && span_is(word, "b"));
	cr_assert_not(span_word(&line, &word));
	cr_assert(lines_next(&l, &line) && span_is(line, ""));
	cr_assert(lines_next(&l, &line) && span_is(line, "\tc"));
	cr_assert_eq(l.no, 3);
	cr_assert_not(lines_next(&l, &line));
}

Test(lines, whole_numbers)
{
	static const char *const none[] = {"", " 1", "1 ", "+1", "-1", "1x",
		"256", "0x1", "99999999999999999999"};
	int64_t n = 7;

	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		cr_assert_not(
			span_count(span_of(none[i]), 255, &n), "%s", none[i]);
	cr_assert_eq(n, 7);
	cr_assert_not(span_count(span_of("0"), -1, &n));
	cr_assert(span_count(span_of("0255"), 255, &n) && n == 255);
	cr_assert(span_count(span_of("9223372036854775807"), INT64_MAX, &n));
	cr_assert_not(
		span_count(span_of("9223372036854775808"), INT64_MAX, &n));
}

Test(net, addresses_round_trip)
{
	static const char *const texts[] = {"10.1.2.3", "0.0.0.0",
		"255.255.255.255", "2001:db8::1", "::", "fe80::1"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		char text[NET_ADDR_TEXT];
		struct net_addr a;

		cr_assert(net_addr_parse(texts[i], &a));
		cr_assert_str_eq(net_addr_print(&a, text), texts[i]);
	}
}

Test(net, prefixes)
{
	static const struct {
		const char *prefix, *addr;
		bool inside;
	} cases[] = {{"10.1.0.0/16", "10.1.255.255", true},
		{"10.1.0.0/16", "10.2.0.0", false},
		{"10.1.2.3", "10.1.2.3", true}, {"10.1.2.3", "10.1.2.2", false},
		{"0.0.0.0/0", "192.0.2.1", true},
		{"0.0.0.0/0", "2001:db8::1", false},
		{"2001:db8::/33", "2001:db8:7fff::1", true},
		{"2001:db8::/33", "2001:db8:8000::1", false}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct net_prefix p;
		struct net_addr a;

		cr_assert(net_prefix_parse(cases[i].prefix, &p));
		cr_assert(net_addr_parse(cases[i].addr, &a));
		cr_assert_eq(net_prefix_has(&p, &a), cases[i].inside, "%s %s",
			cases[i].prefix, cases[i].addr);
	}
}

Test(net, refuses_nonsense)
{
	static const char *const texts[] = {"10.1.0.0/33", "10.1.0.0/", "10.1",
		"10.1.0.0/1x", "::/129", "a", "", "10.1.0.0/-1"};
	struct net_prefix p;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		cr_assert_not(net_prefix_parse(texts[i], &p), "%s", texts[i]);
}

Test(net, macs)
{
	uint8_t mac[6];
	char text[NET_MAC_TEXT];

	cr_assert(net_mac_parse("000347db1f1e", mac));
	cr_assert_str_eq(net_mac_print(mac, text), "00:03:47:db:1f:1e");
	cr_assert(net_mac_parse("00:03:47:DB:1f:1e", mac));
	cr_assert_not(net_mac_parse("00034:7db1f1", mac));
	cr_assert_not(net_mac_parse("000347db1f1e0", mac));
	cr_assert_not(net_mac_parse("", mac));
}

Test(clock, wall_times_round_trip)
{
	struct wall_time t;
	char text[CLOCK_TEXT];

	cr_assert(wall_parse("2026-11-21T14:05:33.120Z", &t));
	cr_assert_str_eq(wall_print(t, text), "2026-11-21T14:05:33.120Z");
	cr_assert(wall_parse("2026-11-21T15:05:33+01:00", &t));
	cr_assert_str_eq(wall_print(t, text), "2026-11-21T14:05:33.000Z");
	cr_assert(wall_parse("9999-12-31T23:59:59Z", &t)); /* out of reach */
	cr_assert_eq(t.ns, INT64_MAX);
	cr_assert(wall_parse("0001-01-01T00:00:00Z", &t));
	cr_assert_eq(t.ns, INT64_MIN);
	cr_assert_not(wall_parse("2026-11-21 14:05:33Z", &t));
	cr_assert_not(wall_parse("2026-11-21T14:05:33", &t));
}

/* What a time that was typed without a date means depends on the day: its date
 * is taken off. */
static const char *typed(const char *text, const char *zone)
{
	static char out[CLOCK_TEXT];
	struct wall_time t;

	setenv("TZ", zone, 1);
	tzset();
	return wall_parse_typed(text, &t) ? strchr(wall_print(t, out), 'T')
					  : NULL;
}

Test(clock, typed_times_are_local_and_of_today)
{
	struct wall_time t;
	char text[CLOCK_TEXT], now[CLOCK_TEXT];

	cr_assert_str_eq(typed("20:40", "UTC0"), "T20:40:00.000Z");
	cr_assert_str_eq(typed("20:40", "ABC-2"), "T18:40:00.000Z");
	cr_assert_str_eq(typed("20:40:10.5", "ABC-2"), "T18:40:10.500Z");
	cr_assert_str_eq(typed("20:40:10Z", "ABC-2"), "T20:40:10.000Z");
	cr_assert(wall_parse_typed("2026-11-21 01:05", &t));
	cr_assert_str_eq(wall_print_s(t, text), "2026-11-20T23:05:00Z");
	cr_assert(wall_parse_typed("2026-11-21T14:05:33+01:00", &t));
	cr_assert_str_eq(wall_print_s(t, text), "2026-11-21T13:05:33Z");
	wall_print(wall_now(), now);
	cr_assert(wall_parse_typed("12:00Z", &t));
	cr_assert_eq(strncmp(wall_print(t, text), now, 10), 0);
	cr_assert_null(typed("20", "UTC0"));
	cr_assert_null(typed("20:40x", "UTC0"));
	cr_assert_null(typed("25:40", "UTC0"));
	cr_assert_null(typed("2026-11-21", "UTC0"));
	cr_assert_null(typed("2026-02-31 10:00", "UTC0"));
	cr_assert_null(typed("2026-02-31 10:00Z", "ABC-2"));
	cr_assert_str_eq(typed("2024-02-29 10:00", "UTC0"), "T10:00:00.000Z");
	cr_assert_null(typed("soon", "UTC0"));
	cr_assert_null(typed("", "UTC0"));
}

Test(clock, spans)
{
	int64_t ms;

	cr_assert(clock_parse_span("5m", &ms));
	cr_assert_eq(ms, 300000);
	cr_assert(clock_parse_span("250ms", &ms));
	cr_assert_eq(ms, 250);
	cr_assert(clock_parse_span("7", &ms));
	cr_assert_eq(ms, 7000);
	cr_assert(clock_parse_span("0", &ms));
	cr_assert_eq(ms, 0);
	cr_assert(clock_parse_span("0.1", &ms));
	cr_assert_eq(ms, 100);
	cr_assert(clock_parse_span("1.25h", &ms));
	cr_assert_eq(ms, 4500000);
	cr_assert(clock_parse_span("1.0019ms", &ms));
	cr_assert_eq(ms, 1);
	cr_assert(clock_parse_span("106751d", &ms));
	cr_assert_not(clock_parse_span("106752d", &ms));
	cr_assert_not(clock_parse_span("", &ms));
	cr_assert_not(clock_parse_span("s", &ms));
	cr_assert_not(clock_parse_span(".5", &ms));
	cr_assert_not(clock_parse_span("1.", &ms));
	cr_assert_not(clock_parse_span("1.s", &ms));
	cr_assert_not(clock_parse_span("1.2.3", &ms));
	cr_assert_not(clock_parse_span("0.0001", &ms));
	cr_assert_not(clock_parse_span("0.00000000000000000000001", &ms));
	cr_assert_not(clock_parse_span("5x", &ms));
	cr_assert_not(clock_parse_span("-5s", &ms));
	cr_assert_not(clock_parse_span("9223372036854775807d", &ms));
}

struct values {
	bool flag;
	int64_t number;
	const char *text;
	struct opt_list list;
	int level;
};

static const struct opt table[] = {
	{"flag", 'f', OPT_FLAG, offsetof(struct values, flag), NULL, "", NULL,
		0, 0},
	{"number", 'n', OPT_INT, offsetof(struct values, number), "N", "", NULL,
		1, 10},
	{"text", 't', OPT_TEXT, offsetof(struct values, text), "T", "", NULL, 0,
		0},
	{"avoid", 0, OPT_LIST, offsetof(struct values, list), "L", "", NULL, 0,
		0},
	{"verbose", 'v', OPT_COUNT, offsetof(struct values, level), NULL, "",
		NULL, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0}};

static int parse(struct values *v, int *words, char **argv, struct err *err)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	*v = (struct values){0};
	return opt_parse(table, NULL, v, argc, argv, words, err);
}

static const char *nth_near(const void *ctx, size_t i)
{
	const char *const *words = ctx;

	return words[i];
}

Test(opt, nearest_is_begun_or_little_changed)
{
	static const char *const words[] = {
		"port", "proto", "tcp", "losses", NULL};

	cr_assert_str_eq(opt_nearest("prot", nth_near, words), "proto");
	cr_assert_str_eq(opt_nearest("tpc", nth_near, words), "tcp");
	cr_assert_str_eq(opt_nearest("losess", nth_near, words), "losses");
	cr_assert_str_eq(opt_nearest("prto", nth_near, words), "proto");
	cr_assert_null(opt_nearest("xyz", nth_near, words));
	cr_assert_null(opt_nearest("", nth_near, words));
}

Test(opt, options_and_words_mix)
{
	char *argv[] = {"x", "one", "-fvv", "--number=7", "two", "-t", "hi",
		"--avoid", "a,b", "--avoid=c", "--", "-z", NULL};
	struct err err = ERR_INIT;
	struct values v;
	int words;

	cr_assert_eq(parse(&v, &words, argv, &err), 0, "%s", err.text);
	cr_assert(v.flag);
	cr_assert_eq(v.level, 2);
	cr_assert_eq(v.number, 7);
	cr_assert_str_eq(v.text, "hi");
	cr_assert_eq(v.list.n, 3);
	cr_assert(opt_list_has(&v.list, "b"));
	cr_assert_eq(words, 3);
	cr_assert_str_eq(argv[1], "one");
	cr_assert_str_eq(argv[2], "two");
	cr_assert_str_eq(argv[3], "-z");
	opt_list_release(&v.list);
}

Test(opt, errors_say_what_and_suggest)
{
	char *unknown[] = {"x", "--nubmer=3", NULL};
	char *range[] = {"x", "-n", "11", NULL};
	char *missing[] = {"x", "--text", NULL};
	struct err err = ERR_INIT;
	struct values v;
	int words;

	cr_assert_eq(parse(&v, &words, unknown, &err), -NFZ_E_USAGE);
	cr_assert_str_eq(err.text, "unknown option --nubmer");
	cr_assert_str_eq(err.hint, "Did you mean --number?");
	cr_assert_eq(parse(&v, &words, range, &err), -NFZ_E_USAGE);
	cr_assert_str_eq(err.text, "--number: 11 is not between 1 and 10");
	cr_assert_eq(parse(&v, &words, missing, &err), -NFZ_E_USAGE);
	cr_assert_str_eq(err.text, "--text needs a value (T)");
}

/* Names in messages come from others; a terminal must not obey them. */
Test(err, texts_are_disarmed)
{
	struct err err = ERR_INIT;

	err_set(&err, NFZ_E_NS, "%s\n\t\xff",
		"\033]0;x\a \xe2\x80\xae \xc2\x9b \xc3\xa9");
	cr_expect_str_eq(err.text, "?]0;x? ? ? \xc3\xa9\n\t?");
	err_hint(&err, "a%cb", 0x7f);
	cr_expect_str_eq(err.hint, "a?b");
}

Test(utf8, text_in_parts_is_disarmed_like_the_whole)
{
	static const char text[] = "a\xc3\xa9\xe2\x82\xac\r\nb\rc\x1b[m\xc2\x9b"
				   "\xe2\x80\xae\xf0\x9f\x98\x80\tz\n\xff";
	static const char want[] = "a\xc3\xa9\xe2\x82\xac\r\nb?c?[m??"
				   "\xf0\x9f\x98\x80\tz\n";

	for (size_t step = 1; step < sizeof(text); step++) {
		struct buf out = BUF_INIT(256), in = BUF_INIT(256);
		size_t rest = 0;

		for (size_t at = 0; at < sizeof(text) - 1; at += step) {
			size_t left = sizeof(text) - 1 - at;

			buf_add(&in, text + at, left < step ? left : step);
			rest = utf8_disarm_part(in.data, in.len, &out);
			buf_consume(&in, in.len - rest);
		}
		cr_expect_str_eq(buf_str(&out), want, "in steps of %zu", step);
		cr_expect_eq(rest, 1, "it could be the first of four");
		buf_release(&out);
		buf_release(&in);
	}
}
