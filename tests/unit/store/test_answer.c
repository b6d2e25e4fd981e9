#include "base/clock.h"
#include "base/mem.h"
#include "store/answer.h"
#include "unit/store/run.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* One flow a -> b seen by three taps, in two deltas each, and its answers; one
 * flow c -> b; both sealed in part. */
static void fill(const char *dir)
{
	struct store *s = run_open(dir, STORE_WRITE);
	struct flow_record r[] = {
		run_record("10.0.1.1", "10.0.3.1", 1, 10, 0),
		run_record("10.0.1.1", "10.0.3.1", 2, 9, 0.1),
		run_record("10.0.1.1", "10.0.3.1", 1, 5, 2),
		run_record("10.0.1.1", "10.0.3.1", 2, 5, 2.1),
		run_record("10.0.3.1", "10.0.1.1", 1, 7, 0.2),
		run_record("10.0.3.1", "10.0.1.1", 2, 7, 0.2),
	};
	struct flow_record r2[] = {
		run_record("10.0.1.1", "10.0.3.1", 3, 14, 0.2),
		run_record("10.0.3.1", "10.0.1.1", 3, 8, 0.1),
		run_record("10.0.4.1", "10.0.3.1", 4, 3, 1),
		run_record("10.0.4.1", "10.0.3.1", 2, 3, 1),
		run_record("10.0.4.1", "10.0.3.1", 3, 3, 1),
	};

	r2[1].key.sport = r[4].key.sport = r[5].key.sport = 80;
	r2[1].key.dport = r[4].key.dport = r[5].key.dport = 1000;
	run_write_catalog(dir);
	run_store(s, 1, 1, r, sizeof(r) / sizeof(*r));
	cr_assert_eq(store_seal(s, NULL), 0);
	run_store(s, 2, 1, r2, sizeof(r2) / sizeof(*r2));
	store_close(s);
}

static void expect(const char *filter, struct answer a, const char *want)
{
	char *dir = run_dir(), *got;

	fill(dir);
	got = run_asked(dir, filter, a);
	cr_assert_str_eq(got, want, "got:\n%s", got);
	free(got);
	run_remove(dir);
}

Test(answer, each_flow_is_there_once_with_its_path)
{
	expect("", (struct answer){.format = SHEET_NDJSON},
		"{\"src\":\"10.0.1.1\",\"dst\":\"10.0.3.1\",\"sport\":1000,"
		"\"dport\":80,\"proto\":6,\"packets\":15,\"bytes\":1500,"
		"\"first\":\"2026-09-21T14:13:20.000000Z\","
		"\"last\":\"2026-09-21T14:13:23.000000Z\",\"tcp_flags\":27,"
		"\"src_node\":\"a\",\"dst_node\":\"b\","
		"\"path\":[\"la\",\"core\",\"lb\"]}\n"
		"{\"src\":\"10.0.3.1\",\"dst\":\"10.0.1.1\",\"sport\":80,"
		"\"dport\":1000,\"proto\":6,\"packets\":8,\"bytes\":800,"
		"\"first\":\"2026-09-21T14:13:20.100000Z\","
		"\"last\":\"2026-09-21T14:13:21.100000Z\",\"tcp_flags\":27,"
		"\"src_node\":\"b\",\"dst_node\":\"a\","
		"\"path\":[\"lb\",\"core\",\"la\"]}\n"
		"{\"src\":\"10.0.4.1\",\"dst\":\"10.0.3.1\",\"sport\":1000,"
		"\"dport\":80,\"proto\":6,\"packets\":3,\"bytes\":300,"
		"\"first\":\"2026-09-21T14:13:21.000000Z\","
		"\"last\":\"2026-09-21T14:13:22.000000Z\",\"tcp_flags\":27,"
		"\"src_node\":\"c\",\"dst_node\":\"b\","
		"\"path\":[\"lc\",\"core\",\"lb\"]}\n");
}

Test(answer, links_add_up_what_each_carried)
{
	struct answer a = {.format = SHEET_CSV, .by = {{GROUP_LINK}, 1, 0}};

	expect("", a,
		"link,flows,packets,bytes\r\nlb,3,25,2500\r\ncore,3,24,2400\r\n"
		"la,2,22,2200\r\nlc,1,3,300\r\n");
}

Test(answer, without_links_every_packet_counts_once)
{
	struct answer a = {.format = SHEET_CSV, .by = {{GROUP_PROTO}, 1, 0}};

	expect("", a, "proto,flows,packets,bytes\r\n6,3,26,2600\r\n");
}

/* The flow from a to b is two records at its first tap: 10 packets in the
 * first second, 5 in the third. */
Test(answer, what_falls_into_a_time_is_of_one_flow)
{
	struct answer a = {.format = SHEET_CSV, .by = {{GROUP_PROTO}, 1, 0}};

	a.by.from_ns = a.query.from_ns = START;
	a.by.to_ns = a.query.to_ns = START + 10 * SECOND;
	expect("src node a", a, "proto,flows,packets,bytes\r\n6,1,15,1500\r\n");
}

Test(answer, a_flow_counts_at_both_of_its_ends)
{
	struct answer a = {.format = SHEET_CSV, .by = {{GROUP_NODE}, 1, 0}};

	expect("", a,
		"node,flows,packets,bytes\r\nb,3,26,2600\r\na,2,23,2300\r\n"
		"c,1,3,300\r\n");
}

Test(answer, time_is_spread_and_adds_up)
{
	struct answer a = {.format = SHEET_CSV,
		.by = {{GROUP_TIME, GROUP_SRC_NODE}, 2, SECOND}};

	expect("src node a", a,
		"time,src_node,flows,packets,bytes\r\n"
		"2026-09-21T14:13:20.000000Z,a,1,10,1000\r\n"
		"2026-09-21T14:13:22.000000Z,a,1,5,500\r\n");
}

Test(answer, filters_by_name)
{
	struct answer a = {.format = SHEET_CSV, .by = {{GROUP_SRC}, 1, 0}};

	expect("link lc", a, "src,flows,packets,bytes\r\n10.0.4.1,1,3,300\r\n");
	expect("not link la", a,
		"src,flows,packets,bytes\r\n10.0.4.1,1,3,300\r\n");
	expect("node c and via r2", a,
		"src,flows,packets,bytes\r\n10.0.4.1,1,3,300\r\n");
	expect("node c and via a", a, "src,flows,packets,bytes\r\n");
}

Test(answer, top_n_is_by_bytes)
{
	struct answer a = {.format = SHEET_CSV, .limit = 1};

	expect("dst node b", a,
		"src,dst,sport,dport,proto,packets,bytes,first,last,tcp_flags,"
		"src_node,dst_node,path,fragment\r\n"
		"10.0.1.1,10.0.3.1,1000,80,6,15,1500,"
		"2026-09-21T14:13:20.000000Z,2026-09-21T14:13:23.000000Z,27,"
		"a,b,la core lb,\r\n");
}

Test(answer, observations_say_who_saw_what)
{
	struct answer a = {.format = SHEET_NDJSON, .query.observations = true};

	expect("link core and src node a", a,
		"{\"src\":\"10.0.1.1\",\"dst\":\"10.0.3.1\",\"sport\":1000,"
		"\"dport\":80,\"proto\":6,\"packets\":14,\"bytes\":1400,"
		"\"first\":\"2026-09-21T14:13:20.100000Z\","
		"\"last\":\"2026-09-21T14:13:23.100000Z\",\"tcp_flags\":27,"
		"\"src_node\":\"a\",\"dst_node\":\"b\","
		"\"path\":[\"la\",\"core\",\"lb\"],\"node\":\"r1\","
		"\"iface\":\"eth1\",\"dir\":\"in\",\"link\":\"core\"}\n");
}

/* The same answer when rows do not fit and the store is read in parts. */
Test(answer, little_memory_changes_nothing)
{
	struct answer a = {.format = SHEET_CSV, .by = {{GROUP_LINK}, 1, 0}};

	a.query.rows_max = 2;
	expect("", a,
		"link,flows,packets,bytes\r\nlb,3,25,2500\r\ncore,3,24,2400\r\n"
		"la,2,22,2200\r\nlc,1,3,300\r\n");
}

struct piece_sums {
	const struct flow_record *r;
	int64_t unit;
	uint64_t packets, bytes;
};

static int same_piece(void *ctx, int64_t at_ns, uint64_t packets,
	uint64_t bytes, struct err *err)
{
	struct piece_sums *s = ctx;
	uint64_t p, b;

	(void)err;
	group_within(s->r, at_ns, at_ns + s->unit, &p, &b);
	cr_assert_eq(p, packets);
	cr_assert_eq(b, bytes);
	s->packets += p;
	s->bytes += b;
	return 0;
}

/* As it is dealt out over pieces of time, so of any of them. */
Test(answer, within_a_time_is_what_its_pieces_add_up_to)
{
	const int64_t units[] = {1, 7, 100, 333, 1000, 100000};
	const int64_t lasts[] = {0, 1, 99, 100, 101, 12345};
	struct err err = ERR_INIT;

	for (size_t u = 0; u < 6; u++)
		for (size_t l = 0; l < 6; l++) {
			const struct flow_record r = {.packets = 1000003,
				.bytes = 77 * 1000003,
				.first_ns = 5000 + (int64_t)l,
				.last_ns = 5000 + (int64_t)l + lasts[l]};
			struct piece_sums s = {.r = &r, .unit = units[u]};
			uint64_t p, b;

			cr_assert_eq(group_spread(&r, units[u], same_piece, &s,
					     &err),
				0);
			cr_assert_eq(s.packets, r.packets);
			cr_assert_eq(s.bytes, r.bytes);
			group_within(&r, INT64_MIN, INT64_MAX, &p, &b);
			cr_assert_eq(p, r.packets);
			group_within(&r, r.last_ns + 1, INT64_MAX, &p, &b);
			cr_assert_eq(p + b, 0);
		}
}

struct far_sums {
	uint64_t packets, bytes;
	int64_t at_ns; /* of the latest piece */
	size_t n;
};

static int add_far(void *ctx, int64_t at_ns, uint64_t packets, uint64_t bytes,
	struct err *err)
{
	struct far_sums *s = ctx;

	(void)err;
	cr_assert(!s->n || at_ns > s->at_ns);
	s->at_ns = at_ns;
	s->packets += packets;
	s->bytes += bytes;
	s->n++;
	return 0;
}

Test(answer, times_until_2106_are_told)
{
	const struct flow_record r = {.packets = 96,
		.bytes = 1,
		.first_ns = INT64_C(4102444800) * NS_PER_S,
		.last_ns = INT64_C(4102444895) * NS_PER_S};
	struct far_sums s = {0};

	cr_assert_eq(group_spread(&r, 10 * NS_PER_S, add_far, &s, NULL), 0);
	cr_expect_eq(s.n, 10);
	cr_expect_eq(s.at_ns, INT64_C(4102444890) * NS_PER_S);
}

/* An exporter may say what it likes: it has its place, and an end. */
Test(answer, records_may_last_to_the_end_of_time, .timeout = 60)
{
	static const int64_t day_ns = 86400 * NS_PER_S;
	static const int64_t times[] = {INT64_MIN, INT64_MIN + 1,
		-GROUP_TIME_MAX - 1, -GROUP_TIME_MAX, -1, 0,
		1700000000 * NS_PER_S, GROUP_TIME_MAX, GROUP_TIME_MAX + 1,
		INT64_MAX - 1, INT64_MAX};
	enum { TIMES = sizeof(times) / sizeof(*times) };
	const int64_t units[] = {NS_PER_S, day_ns, 7 * day_ns, 400 * day_ns};

	for (size_t i = 0; i < TIMES * TIMES * 4; i++) {
		const struct flow_record r = {.packets = 1000003,
			.bytes = UINT64_MAX,
			.first_ns = times[i / TIMES % TIMES],
			.last_ns = times[i % TIMES]};
		struct far_sums s = {0};

		cr_assert_eq(group_spread(&r, units[i / TIMES / TIMES], add_far,
				     &s, NULL),
			0);
		cr_expect_eq(s.packets, r.packets);
		cr_expect_eq(s.bytes, r.bytes);
	}
}

/* Foreign flows, of which every other one has more to it; one half is sealed. */
static void fill_more(const char *dir)
{
	enum { N = 6 };
	struct store *s = run_open(dir, STORE_WRITE);
	struct flow_record r[N];
	struct flow_extra e[N];
	struct store_batch b = {.from = {STORE_FOREIGN, 1},
		.records = r,
		.extras = e,
		.n = N / 2};
	bool new;

	for (int i = 0; i < N; i++) {
		r[i] = run_record("10.0.1.1", "10.0.3.1", TAP_FOREIGN,
			(uint64_t)i + 1, i);
		r[i].key.sport = (uint16_t)i;
		r[i].flags = RECORD_FOREIGN;
		e[i] = run_extra((uint64_t)i + 1);
	}
	run_write_catalog(dir);
	for (b.seq = 1; b.seq <= 2; b.seq++, b.records += 3, b.extras += 3) {
		cr_assert_eq(store_append(s, &b, &new, NULL), 0);
		cr_assert_eq(b.seq == 1 ? store_seal(s, NULL)
					: store_commit(s, NULL),
			0);
	}
	store_close(s);
}

enum { OWN_FLOWS = 4, OWN_ROWS = 5 };

/* Flows a -> b, seen by three taps of our own: VLAN 7 where they begin, said
 * by the second of two rows there, and VLAN 9 behind, by a clock that is
 * ahead. */
static void fill_own(const char *dir)
{
	static const struct {
		uint16_t tap, vlan;
		double at;
	} rows[OWN_ROWS] = {
		{1, 0, 0.5}, {2, 9, 0}, {1, 7, 0.6}, {1, 8, 0.7}, {3, 0, 0.1}};
	struct store *s = run_open(dir, STORE_WRITE);
	struct flow_record r[OWN_ROWS];
	struct flow_extra e[OWN_ROWS] = {0};
	struct store_batch b = {
		.from = {1, 1}, .records = r, .extras = e, .n = OWN_ROWS};
	bool new;

	run_write_catalog(dir);
	for (b.seq = 1; b.seq <= OWN_FLOWS; b.seq++) {
		for (int i = 0; i < OWN_ROWS; i++) {
			r[i] = run_record("10.0.1.1", "10.0.3.1", rows[i].tap,
				rows[i].tap == 1 ? 1 : 3, rows[i].at);
			r[i].key.sport = (uint16_t)b.seq;
			e[i].vlan = rows[i].vlan;
		}
		cr_assert_eq(store_append(s, &b, &new, NULL), 0);
		cr_assert_eq(b.seq == 2 ? store_seal(s, NULL)
					: store_commit(s, NULL),
			0);
	}
	store_close(s);
}

/* On other links a flow wears other labels; of it is said what it began with,
 * and filters mean the same, however many rows there is room for. */
Test(answer, a_flow_of_our_own_is_told_of_as_it_began)
{
	static const struct {
		const char *filter, *want;
	} all[] = {{"", "7,4,12,1200\r\n"}, {"vlan 7", "7,4,12,1200\r\n"},
		{"vlan 9", ""}, {"not vlan 9", "7,4,12,1200\r\n"},
		{"vlan 8", ""}, {"src vlan 0", ""},
		{"vlan 7 and src port 3", "7,1,3,300\r\n"}};
	char *dir = run_dir(), *got;

	fill_own(dir);
	for (size_t i = 0; i < 2 * sizeof(all) / sizeof(*all); i++) {
		struct answer a = {.format = SHEET_CSV,
			.query.rows_max = i % 2 ? OWN_ROWS : 0};
		char want[64];

		cr_assert_eq(group_by_add(&a.by, "vlan", NULL), 0);
		snprintf(want, sizeof(want), "vlan,flows,packets,bytes\r\n%s",
			all[i / 2].want);
		got = run_asked(dir, all[i / 2].filter, a);
		cr_expect_str_eq(
			got, want, "%s: got:\n%s", all[i / 2].filter, got);
		free(got);
	}
	got = run_asked(dir, "src port 1 and vlan 7",
		(struct answer){.format = SHEET_NDJSON, .query.extras = true});
	cr_expect(
		strstr(got, "\"path\":[\"la\",\"core\",\"lb\"],\"vlan\":7}\n"),
		"got:\n%s", got);
	free(got);
	run_remove(dir);
}

/* Rows of a hundred flows, each with 1, 2 and 3 of a count at its first tap and
 * 100 at another; of every other flow some with a long text. */
static void fill_measured(const char *dir)
{
	enum { FLOWS = 100, ROWS = 4 };
	static const uint8_t counts[ROWS] = {1, 2, 3, 100};
	struct store *s = run_open(dir, STORE_WRITE);
	struct flow_record r[ROWS];
	struct flow_extra e[ROWS] = {0};
	struct store_batch b = {
		.from = {1, 1}, .records = r, .extras = e, .n = ROWS};
	uint8_t text[OTHERS_VALUE], values[ROWS][OTHERS_MAX];
	bool new;

	run_write_catalog(dir);
	memset(text, 'x', sizeof(text));
	for (b.seq = 1; b.seq <= FLOWS; b.seq++) {
		for (int i = 0; i < ROWS; i++) {
			struct wire w = wire_over(values[i], OTHERS_MAX);
			const struct flow_element count = {
				.enterprise = METRIC_ENTERPRISE,
				.id = 24,
				.value = &counts[i],
				.len = 1};
			const struct flow_element print = {
				.enterprise = METRIC_ENTERPRISE,
				.id = 48,
				.variable = true,
				.value = text,
				.len = sizeof(text)};

			r[i] = run_record("10.0.1.1", "10.0.3.1", i < 3 ? 1 : 2,
				i < 3 ? 1 : 3, i);
			r[i].key.sport = (uint16_t)b.seq;
			cr_assert(flow_others_add(&w, &count));
			if (b.seq % 2)
				cr_assert(flow_others_add(&w, &print));
			e[i].others =
				(struct flow_others){values[i], wire_len(&w)};
		}
		cr_assert_eq(store_append(s, &b, &new, NULL), 0);
		if (b.seq == FLOWS / 2)
			cr_assert_eq(store_seal(s, NULL), 0);
	}
	cr_assert_eq(store_commit(s, NULL), 0);
	store_close(s);
}

/* Metrics of a flow are one however its rows are read: in one piece, or in parts
 * because there is no room for so many or for so much of them. */
Test(answer, metrics_are_merged_in_any_number_of_parts)
{
	static const size_t most[] = {0, 4, 16, 64, 300};
	char *dir = run_dir(), *got;

	fill_measured(dir);
	for (size_t i = 0; i < sizeof(most) / sizeof(*most); i++) {
		struct answer a = {
			.format = SHEET_CSV, .query.rows_max = most[i]};

		cr_assert_eq(group_by_add(&a.by, "proto", NULL), 0);
		cr_assert_eq(
			figure_add(&a.figures, "retransmissions", NULL), 0);
		cr_assert_eq(
			figure_add(&a.figures, "min:retransmissions", NULL), 0);
		cr_assert_eq(
			figure_add(&a.figures, "distinct:fingerprint", NULL),
			0);
		got = run_asked(dir, "retransmissions = 6", a);
		cr_expect_str_eq(got,
			"proto,flows,packets,bytes,retransmissions,"
			"min_retransmissions,distinct_fingerprint\r\n"
			"6,100,300,30000,600,6,1\r\n",
			"%zu rows: got:\n%s", most[i], got);
		free(got);
	}
	run_remove(dir);
}

Test(answer, an_observation_is_told_of_as_it_was_seen)
{
	const struct answer a = {.format = SHEET_CSV,
		.sort = SORT_FIRST,
		.query = {.observations = true, .rows_max = OWN_ROWS}};
	static const struct {
		const char *filter, *link;
	} all[] = {{"vlan 9", "core"}, {"vlan 7", "la"}, {"src vlan 0", "lb"}};
	char *dir = run_dir(), *got;

	fill_own(dir);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		size_t n = 0;
		char end[16];

		snprintf(end, sizeof(end), ",%s\r\n", all[i].link);
		got = run_asked(dir, all[i].filter, a);
		for (const char *at = got; (at = strstr(at, end)); at++)
			n++;
		cr_expect_eq(n, OWN_FLOWS, "%s: got:\n%s", all[i].filter, got);
		n = 0;
		for (const char *at = got; (at = strchr(at, '\n')); at++)
			n++;
		cr_expect_eq(
			n, OWN_FLOWS + 1, "%s: got:\n%s", all[i].filter, got);
		free(got);
	}
	run_remove(dir);
}

Test(answer, what_was_told_besides_is_shown_and_counted)
{
	static const struct {
		const char *filter, *by[2], *figure, *want;
	} all[] = {{"", {"src_as"}, NULL,
			   "src_as,flows,packets,bytes\r\n,3,12,1200\r\n"
			   "64505,1,5,500\r\n64503,1,3,300\r\n"
			   "64501,1,1,100\r\n"},
		{"as 0", {"dst_as", "proto"}, NULL,
			"dst_as,proto,flows,packets,bytes\r\n"
			",6,3,12,1200\r\n"},
		{"not as 0", {"next_hop"}, NULL,
			"next_hop,flows,packets,bytes\r\n"
			"10.0.9.1,2,6,600\r\n2001:db8::9,1,3,300\r\n"},
		{"in if 1", {"in_if", "src_mac"}, NULL,
			"in_if,src_mac,flows,packets,bytes\r\n"
			"1,02:00:00:00:00:05,1,5,500\r\n"
			"1,02:00:00:00:00:01,1,1,100\r\n"},
		{"next net 10.0.0.0/8 or vlan 2-3", {"out_if"}, "distinct:vlan",
			"out_if,flows,packets,bytes,distinct_vlan\r\n"
			"70000,3,9,900,3\r\n"},
		{"mac 02:00:00:00:00:03", {"dst_mac"}, NULL,
			"dst_mac,flows,packets,bytes\r\n"
			"02:ff:ff:ff:ff:ff,1,3,300\r\n"}};
	char *dir = run_dir(), *got;

	fill_more(dir);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct answer a = {.format = SHEET_CSV};

		for (int k = 0; k < 2 && all[i].by[k]; k++)
			cr_assert_eq(
				group_by_add(&a.by, all[i].by[k], NULL), 0);
		if (all[i].figure)
			cr_assert_eq(
				figure_add(&a.figures, all[i].figure, NULL), 0);
		got = run_asked(dir, all[i].filter, a);
		cr_expect_str_eq(
			got, all[i].want, "%s: got:\n%s", all[i].filter, got);
		free(got);
	}
	got = run_asked(dir, "vlan 3 or packets 2",
		(struct answer){.format = SHEET_NDJSON, .query.extras = true});
	cr_assert(strstr(got, ",\"vlan\":3,\"in_if\":3,\"out_if\":70000,"
			      "\"src_as\":64503,\"dst_as\":4200000000,"
			      "\"next_hop\":\"2001:db8::9\","
			      "\"src_mac\":\"02:00:00:00:00:03\","
			      "\"dst_mac\":\"02:ff:ff:ff:ff:ff\"}\n"),
		"got:\n%s", got);
	cr_assert(strstr(got, "\"path\":[]}\n"), "got:\n%s", got);
	free(got);
	got = run_asked(dir, "ie 4242/8 = \"abc\" or packets 2 or packets 5",
		(struct answer){.format = SHEET_NDJSON, .query.extras = true});
	cr_assert(strstr(got, "\"icmp_message\":2048,\"ie4242_7\":"
			      "\"0x00000104\",\"ie4242_8\":\"abc\"}\n"),
		"got:\n%s", got);
	cr_assert(
		strstr(got, ":ff\",\"icmp_message\":2048}\n"), "got:\n%s", got);
	cr_assert(strstr(got, "\"path\":[]}\n"), "got:\n%s", got);
	free(got);
	got = run_asked(dir, "ie 32 > 0",
		(struct answer){
			.format = SHEET_CSV, .query.extras = true, .limit = 1});
	cr_assert(strstr(got, "mpls,icmp_message\r\n") &&
			  strstr(got, ",2048\r\n"),
		"got:\n%s", got);
	free(got);
	got = run_asked(dir, "src as 64505",
		(struct answer){.format = SHEET_TABLE, .query.extras = true});
	cr_assert(strstr(got, "OUT_IF") && strstr(got, "64505") &&
			  !strstr(got, "MPLS"),
		"got:\n%s", got);
	free(got);
	run_remove(dir);
}

Test(answer, times_limit_what_counts)
{
	struct answer a = {.format = SHEET_CSV, .by = {{GROUP_SRC}, 1, 0}};

	a.query.from_ns = START + SECOND * 3 / 2;
	a.query.to_ns = START + 10 * SECOND;
	expect("", a,
		"src,flows,packets,bytes\r\n10.0.1.1,1,5,500\r\n"
		"10.0.4.1,1,3,300\r\n");
}

/* The second probe's clock is an hour behind; it still saw the same flow. */
Test(answer, clocks_are_corrected)
{
	char *dir = run_dir(), *got;
	struct store *s = run_open(dir, STORE_WRITE);
	const struct module_stats m = {.module = 2,
		.life = 77,
		.at_ns = START,
		.clock_offset_ns = 3600 * SECOND};
	struct flow_record r[] = {run_record("10.0.1.1", "10.0.3.1", 1, 10, 0),
		run_record("10.0.1.1", "10.0.3.1", 3, 10, -3600)};
	struct answer a = {.format = SHEET_CSV, .by = {{GROUP_LINK}, 1, 0}};

	run_write_catalog(dir);
	cr_assert_eq(store_append_stats(s, &m, NULL), 0);
	run_store(s, 1, 1, r, 2);
	store_close(s);
	a.query.from_ns = START - SECOND;
	a.query.to_ns = START + 10 * SECOND;
	got = run_asked(dir, "packets 10", a);
	cr_assert_str_eq(got,
		"link,flows,packets,bytes\r\nla,1,10,1000\r\n"
		"lb,1,10,1000\r\n",
		"got:\n%s", got);
	free(got);
	a.by.n = 0;
	a.query.observations = true;
	got = run_asked(dir, "link lb", a);
	cr_assert(
		strstr(got, ",2026-09-21T14:13:20.000000Z,"), "got:\n%s", got);
	free(got);
	run_remove(dir);
}

/* What a terminal would obey is told in digits. */
Test(answer, texts_of_others_are_printable)
{
	const struct export_field *field =
		group_metric_named("fingerprint", 11);
	const struct flow_element e = {.enterprise = field->enterprise,
		.id = field->id,
		.variable = true,
		.value = (const uint8_t *)"\x1b[2J",
		.len = 4};
	uint8_t room[64];
	struct wire w = wire_over(room, sizeof(room));
	struct flow_extra extra = {0};
	struct map words;

	map_init(&words);
	cr_assert(flow_others_add(&w, &e));
	extra.others = (struct flow_others){room, wire_len(&w)};
	cr_assert_eq(group_metric_place(field, &words, &extra), 1);
	cr_assert_str_eq(words.entries[0].key, "0x1b5b324a");
	map_release(&words);
}
