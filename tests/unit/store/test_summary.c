#include "store/summary.h"
#include "unit/store/run.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* a -> b over three links, of which one packet dies on the way; c -> b; what b
 * answers; each in 4 s. */
static void fill(const char *dir)
{
	struct store *s = run_open(dir, STORE_WRITE);
	struct flow_record r[] = {
		run_record("10.0.1.1", "10.0.3.1", 1, 10, 0),
		run_record("10.0.1.1", "10.0.3.1", 2, 9, 0.1),
		run_record("10.0.1.1", "10.0.3.1", 3, 9, 0.2),
		run_record("10.0.4.1", "10.0.3.1", 4, 3, 3),
		run_record("10.0.4.1", "10.0.3.1", 2, 3, 3),
		run_record("10.0.4.1", "10.0.3.1", 3, 3, 3),
	};

	run_write_catalog(dir);
	run_store(s, 1, 1, r, sizeof(r) / sizeof(*r));
	store_close(s);
}

static char *summary_of(void (*fill)(const char *dir), const char *filter,
	struct summary_ask ask)
{
	char *dir = run_dir(), *text;
	struct buf out = BUF_INIT(1 << 20);
	struct catalog *c = NULL;
	struct filter *f = NULL;
	struct err err = ERR_INIT;
	struct store *s;

	fill(dir);
	s = run_open(dir, STORE_READ);
	cr_assert_eq(catalog_load(dir, &c, &err), 0);
	cr_assert_eq(filter_parse(filter, strlen(filter), c, &f, &err), 0);
	ask.query.catalog = c;
	ask.query.filter = f;
	cr_assert_eq(summary_print(s, &ask, &out, &err), 0, "%s", err.text);
	text = buf_take(&out);
	filter_free(f);
	catalog_free(c);
	store_close(s);
	run_remove(dir);
	return text;
}

static char *summary(const char *filter, struct summary_ask ask)
{
	return summary_of(fill, filter, ask);
}

static void has(const char *filter, struct summary_ask ask, const char *part)
{
	char *text = summary(filter, ask);

	cr_assert_not_null(strstr(text, part), "no %s in:\n%s", part, text);
	free(text);
}

static void hasnt(const char *filter, struct summary_ask ask, const char *part)
{
	char *text = summary(filter, ask);

	cr_assert_null(strstr(text, part), "%s in:\n%s", part, text);
	free(text);
}

#define ALL ((struct summary_ask){0})

Test(summary, each_flow_counts_once)
{
	has("", ALL, "\"flows\":2,\"packets\":13,\"bytes\":1300,\"records\":6");
	has("", ALL,
		"{\"proto\":6,\"name\":\"tcp\",\"flows\":2,\"packets\":13,"
		"\"bytes\":1300}");
}

Test(summary, a_link_has_what_it_carried)
{
	has("", ALL,
		"{\"name\":\"core\",\"lan\":false,\"members\":[\"r1\",\"r2\"],"
		"\"gap\":\"its probe was never heard of\","
		"\"flows\":2,\"packets\":12,\"bytes\":1200,");
}

Test(summary, a_packet_that_died_is_between_two_links)
{
	has("", ALL, "[0,1,1,10,9,[0,"); /* in any order */
	/* nothing died there: when is no question */
	has("", ALL, "[1,2,2,12,12]");
}

/* 100 ms and 100 bytes from link to link; then nothing is lost. */
Test(summary, hops_are_told_by_what_they_miss)
{
	has("", ALL, "\"hops\":[0,0,0,0,1,100,1,100000,2,0,0,200000]}");
}

/* The second path begins with none of the first's three links. */
Test(summary, paths_begin_like_the_one_before)
{
	has("", ALL, "\"ways\":[-1,0,1,2,-1,3,1,2]");
}

/* When it died: 10 a second from 0 on, 9 from 0.1 on. */
Test(summary, losses_have_a_course)
{
	const struct summary_ask whole = {.buckets = 1};

	has("", whole, "[0,1,1,10,9,[0,10,9]]");
}

Test(summary, the_filter_is_that_of_queries)
{
	has("src node c", ALL, "\"flows\":1,\"packets\":3,\"bytes\":300,");
	hasnt("", ALL, "\"foreign_course\"");
}

Test(summary, those_not_told_apart_are_added_up)
{
	const struct summary_ask one = {.groups = 1, .flows = 1};

	has("", one, "\"groups\":[[0,1,6,0,1,10,1000,[0,");
	has("", one, ",[-1,-1,6,1,1,3,300,[");
}

/* bytes of a course, which begins behind `key` */
static uint64_t course_bytes(const char *text, const char *key)
{
	const char *at = strstr(text, key);
	uint64_t sum = 0;
	char *end;

	cr_assert_not_null(at);
	at = strchr(at, '[');
	for (int i = 0; *at == '[' || *at == ','; i++, at = end) {
		uint64_t v = strtoull(at + 1, &end, 10);

		sum += i % 4 == 1 ? v : 0;
	}
	return sum;
}

Test(summary, pieces_of_time_add_up)
{
	static const size_t most[] = {1, 3, 7, 100, 2000};

	for (size_t i = 0; i < sizeof(most) / sizeof(*most); i++) {
		const struct summary_ask ask = {.buckets = most[i]};
		char *text = summary("src node a", ask);

		cr_assert_eq(
			course_bytes(strstr(text, "\"groups\""), ",1000,["),
			1000, "%zu pieces", most[i]);
		free(text);
	}
}

/* The first lasts from 0 to 1 s, the second from 3 to 4. */
Test(summary, a_window_is_the_end_of_the_time)
{
	const struct summary_ask ask = {.window_ms = 3500};
	char *text = summary("", ask);
	uint64_t bytes = course_bytes(text, "\"course\"");

	cr_assert_not_null(strstr(text, "\"bucket_ms\":3500,\"buckets\":1,"));
	cr_assert_eq(bytes, 500 + 300, "%d", (int)bytes);
	free(text);
}

Test(summary, a_window_is_no_longer_than_the_time)
{
	const struct summary_ask ask = {.window_ms = INT64_MAX};

	has("", ask, "\"bucket_ms\":4001,\"buckets\":1,");
	has("", ask, "\"records\":6,\"course\":[0,1300,13,2]");
}

Test(summary, has_the_parts_that_were_asked_for)
{
	const struct summary_ask ask = {.parts = SUMMARY_FLOWS};
	char *text = summary("", ask);

	cr_assert_eq(summary_part("flows"), SUMMARY_FLOWS);
	cr_assert_eq(summary_part("flow"), 0);
	cr_assert_not_null(strstr(text, "\"rows\":[{"));
	cr_assert_not_null(strstr(text, "{\"name\":\"core\",\"lan\":false,"));
	cr_assert_null(strstr(text, "\"sides\""));
	cr_assert_null(strstr(text, "\"groups\""));
	cr_assert_null(strstr(text, "\"steps\""));
	free(text);
}

/* Both are among the largest: ports name them by their places there. */
Test(summary, ports_have_parts)
{
	const struct summary_ask one = {.groups = 1};

	has("", ALL, "\"kinds\":[],\"kind_courses\":[],\"groups\":[");
	has("", ALL,
		"\"ports\":[{\"port\":80,\"flows\":2,\"packets\":13,"
		"\"bytes\":1300,\"course\":[0,");
	has("", ALL, "\"parts\":[0,1,10,1000,1,1,3,300]}]");
	hasnt("", one, "\"kinds\"");
	hasnt("", one, "\"ports\"");
}

/* What is in the pieces of time that were asked for, and nothing else. */
Test(summary, within_a_time)
{
	const int64_t begin = INT64_C(1790000000000000000);
	const struct summary_ask half = {.within = true,
		.buckets = 2,
		.query = {.from_ns = begin + 500000000,
			.to_ns = begin + INT64_C(3500000000)}};

	has("", half, "\"bucket_ms\":1500,\"buckets\":2,");
	has("", half, "\"records\":6,\"course\":[0,500,5,1,1,150,1,1]");
}

/* --last, --from or --to alone: the other end is that of the records. */
Test(summary, within_a_time_that_is_open)
{
	const int64_t begin = INT64_C(1790000000000000000);
	const struct summary_ask from = {.within = true,
		.query = {.from_ns = begin, .to_ns = INT64_MAX}};
	const struct summary_ask to = {.within = true,
		.buckets = 2,
		.query = {.from_ns = INT64_MIN, .to_ns = begin + SECOND}};
	const struct summary_ask ever = {.within = true,
		.buckets = 2,
		.query = {.from_ns = INT64_MIN + 1, .to_ns = INT64_MAX - 1}};

	has("", from,
		"\"begin_ms\":1790000000000,\"bucket_ms\":4000,\"buckets\":1,");
	has("", to,
		"\"begin_ms\":1790000000000,\"bucket_ms\":500,\"buckets\":2,");
	has("", ever, "\"buckets\":2,");
}

Test(summary, nothing_is_a_summary_too)
{
	has("src net 192.0.2.0/24", ALL, "\"first\":null,\"last\":null,");
}

/* Rows of an exporter, two blocks of them, sealed: from three hosts in turn. */
enum { FOREIGN = 20001 };
static void fill_foreign(const char *dir)
{
	static const char *const src[] = {"10.0.1.1", "192.0.2.1", "192.0.2.2"};
	struct store *s = run_open(dir, STORE_WRITE);
	static struct flow_record r[FOREIGN];
	struct err err = ERR_INIT;

	run_write_catalog(dir);
	for (size_t i = 0; i < FOREIGN; i++) {
		r[i] = run_record(src[i % 3], "10.0.3.1", TAP_FOREIGN, i + 1,
			(double)(i % 2) * 10);
		r[i].flags |= RECORD_FOREIGN;
	}
	run_store(s, STORE_FOREIGN, 1, r, FOREIGN);
	cr_assert_eq(store_seal(s, &err), 0, "%s", err.text);
	store_close(s);
}

Test(summary, rows_of_an_exporter_are_flows)
{
	const struct summary_ask two = {.groups = 1, .flows = 2, .buckets = 2};
	char *text = summary_of(fill_foreign, "", two);
	const uint64_t all = (uint64_t)FOREIGN * (FOREIGN + 1) / 2;
	char sums[128];

	snprintf(sums, sizeof(sums),
		"\"flows\":%d,\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64
		",\"records\":%d,",
		FOREIGN, all, 100 * all, FOREIGN);
	cr_assert_not_null(strstr(text, sums), "no %s", sums);
	cr_assert_eq(course_bytes(text, "\"course\""), 100 * all);
	cr_assert_not_null(strstr(text, "\"foreign\":true"));
	cr_assert_eq(course_bytes(text, "\"foreign_course\""), 100 * all);
	/* the last, 3 (1 + ... + 6667), and the others */
	cr_assert_not_null(strstr(text, ",6667,66683334,6668333400,["));
	cr_assert_not_null(strstr(text, ",13334,"));
	/* the largest two, and no host that nothing is told of */
	cr_assert_not_null(strstr(text, "\"packets\":20001,\"bytes\":2000100"));
	cr_assert_not_null(strstr(text, "\"packets\":20000,\"bytes\":2000000"));
	cr_assert_null(strstr(text, "\"packets\":19999,\"bytes\":1999900"));
	cr_assert_not_null(strstr(text, "\"ends\":[\"b\",[\"192.0.2.1\"],"));
	free(text);
}

/* A filter and a time choose rows of a block. */
Test(summary, some_rows_of_an_exporter)
{
	const struct summary_ask early = {
		.query = {.from_ns = START, .to_ns = START + 5 * SECOND}};
	char *text = summary_of(fill_foreign, "src host 192.0.2.2", early);

	/* packets 3, 9, 15, ... 20,001: every sixth */
	cr_assert_not_null(strstr(text,
		"\"flows\":3334,\"packets\":33346668,\"bytes\":3334666800"));
	cr_assert_not_null(strstr(text, "\"ends\":[\"b\",[\"192.0.2.2\"]]"));
	free(text);
}

/* What went is on its links, in pieces of its own. */
Test(summary, what_is_gone_remains_as_history)
{
	const struct store_limits none = {.max_bytes = 1};
	char *dir = run_dir();
	struct catalog *c = NULL;
	struct filter *f = NULL;
	struct buf out = BUF_INIT(1 << 20);
	struct summary_ask ask = ALL;
	struct err err = ERR_INIT;
	struct store *s;

	fill(dir);
	cr_assert_eq(store_open(dir, STORE_WRITE, &none, &s, &err), 0);
	store_close(s);
	s = run_open(dir, STORE_READ);
	cr_assert_eq(catalog_load(dir, &c, &err), 0);
	cr_assert_eq(filter_parse("", 0, c, &f, &err), 0);
	ask.query.catalog = c;
	ask.query.filter = f;
	cr_assert_eq(summary_print(s, &ask, &out, &err), 0, "%s", err.text);
	cr_assert_not_null(strstr(out.data,
		"\"history\":{\"begin_ms\":1790000000000,\"bucket_ms\":10000,"
		"\"buckets\":1,\"untold\":0,\"series\":[{\"link\":0,\"proto\":"
		"6,"
		"\"records\":1,\"packets\":10,\"bytes\":1000,"
		"\"course\":[0,1000,10,1]},{\"link\":1,\"proto\":6,"
		"\"records\":2,\"packets\":12,\"bytes\":1200,"));
	buf_release(&out);
	filter_free(f);
	catalog_free(c);
	store_close(s);
	run_remove(dir);
	hasnt("", ALL, "\"history\"");
}
