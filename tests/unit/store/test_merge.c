/* What counts, which way it went, and how many flows there are. */
#include "store/merge.h"
#include "unit/store/run.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define FIRST_LINE "netflowize.catalog/1\n"

/* Two ways from r1 to r2, over x and y; s and d are the ends. */
#define DIAMOND                                                                \
	FIRST_LINE                                                             \
	"node s\nnode r1\nnode x\nnode y\nnode r2\nnode d\n"                   \
	"link in p2p covered\nmember 0 10.0.1.1\nmember 1 10.0.1.2\n"          \
	"link rx p2p covered\nmember 1 10.0.2.1\nmember 2 10.0.2.2\n"          \
	"link ry p2p covered\nmember 1 10.0.3.1\nmember 3 10.0.3.2\n"          \
	"link xr p2p covered\nmember 2 10.0.4.1\nmember 4 10.0.4.2\n"          \
	"link yr p2p covered\nmember 3 10.0.5.1\nmember 4 10.0.5.2\n"          \
	"link out p2p covered\nmember 4 10.0.6.2\nmember 5 10.0.6.1\n"         \
	"tap 1 1 0 0 1 eth0\ntap 2 1 1 0 1 eth1\ntap 3 1 2 0 1 eth2\n"         \
	"tap 4 4 3 0 1 eth0\ntap 5 4 4 0 1 eth1\ntap 6 4 5 0 1 eth2\n"

/* s - r - d, but nobody watches the middle link. */
#define GAP                                                                    \
	FIRST_LINE                                                             \
	"node s\nnode r1\nnode r2\nnode d\n"                                   \
	"link a p2p covered\nmember 0 10.0.1.1\nmember 1 10.0.1.2\n"           \
	"link b p2p gap os\nmember 1 10.0.2.1\nmember 2 10.0.2.2\n"            \
	"link c p2p covered\nmember 2 10.0.6.2\nmember 3 10.0.6.1\n"           \
	"tap 1 1 0 0 1 eth0\ntap 3 2 2 0 1 eth0\n"

/* A LAN of four with taps at s, r and t; d is behind r. */
#define LAN                                                                    \
	FIRST_LINE                                                             \
	"node s\nnode r\nnode t\nnode u\nnode d\n"                             \
	"link lan lan covered\nmember 0 10.0.1.1\nmember 1 10.0.1.2\n"         \
	"member 2 10.0.1.3\nmember 3 10.0.1.4\n"                               \
	"link out p2p covered\nmember 1 10.0.6.2\nmember 4 10.0.6.1\n"         \
	"tap 1 0 0 0 1 eth0\ntap 2 1 0 1 2 eth0\ntap 3 2 0 2 3 eth0\n"         \
	"tap 6 1 1 0 2 eth1\n"

/* One link, with a tap at each end. */
#define BOTH_ENDS                                                              \
	FIRST_LINE                                                             \
	"node s\nnode d\n"                                                     \
	"link a p2p covered\nmember 0 10.0.1.1\nmember 1 10.0.6.1\n"           \
	"tap 1 0 0 0 1 eth0\ntap 2 1 0 1 2 eth0\n"

struct row {
	const char *src, *dst;
	uint16_t tap, from, to;
	uint64_t packets;
	double first, last;
	uint8_t flags;
};

enum { FLOWS_MAX = 8, TEXT = 128 };

struct result {
	const struct catalog *c;
	size_t n;
	struct one {
		uint64_t packets;
		double first, last;
		char path[TEXT], links[TEXT], via[TEXT];
		int src_node, dst_node;
		uint64_t counted;
		size_t again;
	} flows[FLOWS_MAX];
};

static void add_text(char *to, const char *what)
{
	size_t n = strlen(to);

	snprintf(to + n, TEXT - n, "%s%s", n ? " " : "", what);
}

static double seconds(int64_t ns)
{
	return ((double)ns - (double)START) / 1e9;
}

static int keep(void *ctx, const struct flow *f, struct err *err)
{
	struct result *r = ctx;
	struct one *one = &r->flows[r->n++];
	char text[64];

	(void)err;
	cr_assert_leq(r->n, FLOWS_MAX);
	one->packets = f->packets;
	one->first = seconds(f->first_ns);
	one->last = seconds(f->last_ns);
	one->src_node = f->src_node;
	one->dst_node = f->dst_node;
	for (size_t i = 0; i < f->n_path; i++)
		add_text(one->path, r->c->links[f->path[i]].name);
	for (size_t i = 0; i < f->n_via; i++)
		add_text(one->via, r->c->nodes[f->via[i]].name);
	for (size_t i = 0; i < f->n_links; i++) {
		snprintf(text, sizeof(text), "%s=%d",
			r->c->links[f->links[i].link].name,
			(int)f->links[i].packets);
		add_text(one->links, text);
	}
	for (size_t i = 0; i < f->n_rows; i++)
		if (f->counted[i])
			one->counted += f->rows[i]->packets;
	cr_assert_eq(one->counted, f->packets, "marked rows are the count");
	one->again = f->n_seen - f->n_rows;
	return 0;
}

static int by_first(const void *a, const void *b)
{
	const struct one *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

static int64_t at(double s)
{
	return (int64_t)((uint64_t)START + (uint64_t)(int64_t)(s * 1e9));
}

static struct result merged_over(const char *catalog, const struct lives *lives,
	const struct row *rows, size_t n)
{
	struct flow_record r[32] = {0};
	struct result result = {0};
	struct catalog *c;
	struct merge *m;
	struct err err = ERR_INIT;

	cr_assert_eq(catalog_parse(catalog, strlen(catalog), &c, &err), 0, "%s",
		err.text);
	for (size_t i = 0; i < n; i++) {
		r[i].key.src = run_addr(rows[i].src ? rows[i].src : "10.0.1.1");
		r[i].key.dst = run_addr(rows[i].dst ? rows[i].dst : "10.0.6.1");
		r[i].tap = rows[i].tap;
		r[i].flags = rows[i].flags;
		r[i].src_slot = rows[i].from;
		r[i].dst_slot = rows[i].to;
		r[i].packets = rows[i].packets;
		r[i].bytes = rows[i].packets * 10;
		r[i].first_ns = at(rows[i].first);
		r[i].last_ns = at(rows[i].last);
	}
	m = merge_new(c, lives, 5000);
	result.c = c;
	cr_assert_eq(merge_run(m, &(struct flow_rows){r, NULL, n}, keep,
			     &result, &err),
		0);
	qsort(result.flows, result.n, sizeof(result.flows[0]), by_first);
	merge_free(m);
	catalog_free(c);
	return result;
}

#define MERGED(catalog, rows)                                                  \
	merged_over(catalog, NULL, rows, sizeof(rows) / sizeof(*(rows)))

Test(merge, deltas_of_all_taps_are_one_flow)
{
	const struct row rows[] = {
		{.tap = 6, .to = 1, .packets = 9, .first = 0.3, .last = 3},
		{.tap = 1, .to = 1, .packets = 6, .first = 0, .last = 1},
		{.tap = 1, .to = 1, .packets = 4, .first = 1.5, .last = 3},
		{.tap = 2, .to = 1, .packets = 10, .first = 0, .last = 3},
		{.tap = 4, .to = 1, .packets = 10, .first = 0, .last = 3},
	};
	struct result r = MERGED(DIAMOND, rows);

	cr_assert_eq(r.n, 1);
	cr_assert_eq(r.flows[0].packets, 10, "nearest to the source");
	cr_assert_str_eq(r.flows[0].path, "in rx xr out");
	cr_assert_str_eq(r.flows[0].links, "in=10 rx=10 xr=10 out=9");
	cr_assert_str_eq(r.flows[0].via, "r1 x r2");
	cr_assert_eq(r.flows[0].src_node, 0);
	cr_assert_eq(r.flows[0].dst_node, 5);
}

Test(merge, two_ways_are_one_flow_counted_once)
{
	const struct row rows[] = {
		{.tap = 1, .to = 1, .packets = 10},
		{.tap = 2, .to = 1, .packets = 4},
		{.tap = 3, .to = 1, .packets = 6},
		{.tap = 4, .to = 1, .packets = 4},
		{.tap = 5, .to = 1, .packets = 6},
		{.tap = 6, .to = 1, .packets = 10},
	};
	struct result r = MERGED(DIAMOND, rows);

	cr_assert_eq(r.n, 1);
	cr_assert_eq(r.flows[0].packets, 10);
	cr_assert_str_eq(r.flows[0].path, "in ry yr out rx xr");
}

/* The first link saw nothing (its probe started later): the two ways are two
 * origins, and their sum is the flow. */
Test(merge, two_ways_without_their_beginning_add_up)
{
	const struct row rows[] = {
		{.tap = 2, .to = 1, .packets = 4},
		{.tap = 3, .to = 1, .packets = 6},
		{.tap = 6, .to = 1, .packets = 10},
	};

	cr_assert_eq(MERGED(DIAMOND, rows).flows[0].packets, 10);
}

Test(merge, the_middle_alone_is_a_flow)
{
	const struct row rows[] = {{.tap = 4, .to = 1, .packets = 7}};
	struct result r = MERGED(DIAMOND, rows);

	cr_assert_eq(r.flows[0].packets, 7);
	cr_assert_str_eq(r.flows[0].path, "xr");
	cr_assert_eq(r.flows[0].src_node, 0, "the name comes from the address");
}

Test(merge, what_comes_out_of_an_unwatched_link_went_into_it)
{
	const struct row rows[] = {
		{.tap = 1, .to = 1, .packets = 10},
		{.tap = 3, .to = 1, .packets = 9},
	};
	struct result r = MERGED(GAP, rows);

	cr_assert_eq(r.flows[0].packets, 10, "9 of the 10 were seen again");
	cr_assert_str_eq(r.flows[0].path, "a c");
}

Test(merge, only_behind_an_unwatched_link_still_counts)
{
	const struct row rows[] = {{.tap = 3, .to = 1, .packets = 9}};

	cr_assert_eq(MERGED(GAP, rows).flows[0].packets, 9);
}

Test(merge, a_lan_counts_each_packet_once_at_whichever_tap)
{
	const struct row rows[] = {
		/* s sends, seen at s; u (no tap) sends, seen where received */
		{.tap = 1, .from = 0, .to = 1, .packets = 5},
		{.tap = 6, .from = 0, .to = 1, .packets = 5},
		{.src = "10.0.1.4", .tap = 2, .from = 3, .to = 1, .packets = 3},
		{.src = "10.0.1.4",
			.tap = 6,
			.from = 0,
			.to = 1,
			.packets = 3,
			.first = 10,
			.last = 10},
	};
	struct result r = MERGED(LAN, rows);

	cr_assert_eq(r.n, 3, "the last one is 10 s later than its like");
	cr_assert_eq(r.flows[0].packets + r.flows[1].packets, 8);
	cr_assert_str_eq(r.flows[2].path, "out");
}

Test(merge, a_group_address_counts_where_it_was_sent)
{
	const struct row rows[] = {
		{.dst = "239.1.1.1",
			.tap = 1,
			.from = 0,
			.to = SLOT_GROUP,
			.packets = 5},
		/* the router forwards the group */
		{.dst = "239.1.1.1",
			.tap = 6,
			.from = 0,
			.to = SLOT_GROUP,
			.packets = 5},
	};
	struct result r = MERGED(LAN, rows);

	cr_assert_eq(r.n, 1);
	cr_assert_eq(r.flows[0].packets, 5);
	cr_assert_str_eq(r.flows[0].path, "lan out");
	cr_assert_eq(r.flows[0].dst_node, -1);
}

Test(merge, an_unknown_sender_on_a_lan_feeds_what_follows)
{
	const struct row rows[] = {
		{.src = "10.9.9.9",
			.tap = 2,
			.from = SLOT_UNKNOWN,
			.to = 1,
			.packets = 5},
		{.src = "10.9.9.9", .tap = 6, .from = 0, .to = 1, .packets = 4},
	};
	struct result r = MERGED(LAN, rows);

	cr_assert_eq(r.flows[0].packets, 5);
	cr_assert_str_eq(r.flows[0].path, "lan out");
}

/* The router sends a packet back onto the LAN it came from. */
Test(merge, a_hairpin_is_two_passes_of_one_packet)
{
	const struct row rows[] = {
		{.dst = "10.0.1.3", .tap = 1, .from = 0, .to = 1, .packets = 2},
		{.dst = "10.0.1.3", .tap = 2, .from = 1, .to = 2, .packets = 2},
		{.dst = "10.0.1.3", .tap = 1, .from = 0, .to = 2, .packets = 7},
	};
	struct result r = MERGED(LAN, rows);

	cr_assert_eq(r.flows[0].packets, 9);
	cr_assert_str_eq(r.flows[0].links, "lan=11");
}

/* A loop between r1 and x: each packet passes rx many times. */
Test(merge, a_routing_loop_does_not_multiply)
{
	const struct row rows[] = {
		{.tap = 1, .to = 1, .packets = 1},
		{.tap = 2, .from = 0, .to = 1, .packets = 30},
		{.tap = 2, .from = 1, .to = 0, .packets = 29},
	};
	struct result r = MERGED(DIAMOND, rows);

	cr_assert_eq(r.flows[0].packets, 1);
	cr_assert_eq(r.n, 1);
}

Test(merge, only_the_loop_was_seen)
{
	const struct row rows[] = {
		{.tap = 2, .from = 0, .to = 1, .packets = 30},
		{.tap = 2, .from = 1, .to = 0, .packets = 29},
	};

	cr_assert_eq(MERGED(DIAMOND, rows).flows[0].packets, 30);
}

/* Somebody elsewhere uses the address of s. */
Test(merge, a_forged_source_counts_where_it_enters)
{
	const struct row rows[] = {
		{.tap = 5, .from = 0, .to = 1, .packets = 8},
		{.tap = 6, .to = 1, .packets = 8},
	};
	struct result r = MERGED(DIAMOND, rows);

	cr_assert_eq(r.flows[0].packets, 8);
	cr_assert_str_eq(r.flows[0].path, "yr out");
	cr_assert_str_eq(r.flows[0].via, "y r2");
}

/* Three senders forge the address of s; each begins somewhere else. */
Test(merge, several_senders_of_one_key_add_up)
{
	const struct row rows[] = {
		{.tap = 1, .to = 1, .packets = 1},
		{.tap = 2, .to = 1, .packets = 1},
		{.tap = 4, .to = 1, .packets = 1},
		{.tap = 5, .to = 1, .packets = 20},
		{.tap = 6, .to = 1, .packets = 21},
	};

	cr_assert_eq(MERGED(DIAMOND, rows).flows[0].packets, 21);
}

/* The tap in the middle missed it all. */
Test(merge, a_tap_that_lost_the_flow_does_not_double_it)
{
	const struct row rows[] = {
		{.tap = 1, .to = 1, .packets = 10},
		{.tap = 2, .to = 1, .packets = 10},
		{.tap = 6, .to = 1, .packets = 10},
	};
	struct result r = MERGED(DIAMOND, rows);

	cr_assert_eq(r.flows[0].packets, 10);
	cr_assert_str_eq(r.flows[0].path, "in rx out");
}

Test(merge, what_two_taps_of_a_link_see_counts_once)
{
	const struct row rows[] = {
		{.tap = 2, .to = 1, .packets = 5, .first = 0.2, .last = 1},
		{.tap = 2, .to = 1, .packets = 3, .first = 2.5, .last = 3},
		{.tap = 1, .to = 1, .packets = 9, .first = 0, .last = 0.5},
		{.tap = 1, .to = 1, .packets = 1, .first = 3.4, .last = 3.4},
	};
	struct result r = MERGED(BOTH_ENDS, rows);

	cr_assert_eq(r.n, 1);
	cr_assert_eq(r.flows[0].packets, 10, "two died on the way");
	cr_assert_str_eq(r.flows[0].links, "a=10");
	cr_assert_eq(r.flows[0].again, 2);
}

/* Rows of one tap overlap: the middle of a later one may come first. */
Test(merge, what_was_seen_again_is_found_among_rows_that_overlap)
{
	const struct row rows[] = {
		{.tap = 1, .to = 1, .packets = 50, .first = 4.2, .last = 40},
		{.tap = 1, .to = 1, .packets = 10, .first = 4.5, .last = 7.7},
		{.tap = 2, .to = 1, .packets = 20, .first = 0, .last = 6.2},
	};
	struct result r = MERGED(BOTH_ENDS, rows);

	cr_assert_eq(r.n, 1);
	cr_assert_eq(r.flows[0].packets, 60);
	cr_assert_eq(r.flows[0].again, 1);
}

Test(merge, a_tap_that_did_not_sample_counts)
{
	const struct row rows[] = {
		{.tap = 1,
			.to = 1,
			.packets = 14,
			.first = 0.1,
			.last = 0.3,
			.flags = RECORD_ESTIMATED},
		{.tap = 2, .to = 1, .packets = 10, .first = 0, .last = 0.5},
	};
	struct result r = MERGED(BOTH_ENDS, rows);

	cr_assert_eq(r.flows[0].packets, 10);
	cr_assert_eq(r.flows[0].again, 1);
}

Test(merge, a_tap_that_moves_loses_nothing)
{
	const struct row rows[] = {
		{.tap = 1, .to = 1, .packets = 6, .first = 0, .last = 2},
		{.tap = 2, .to = 1, .packets = 5, .first = 2.1, .last = 4.9},
		/* and comes back */
		{.tap = 1, .to = 1, .packets = 4, .first = 6.2, .last = 6.4},
		{.tap = 2, .to = 1, .packets = 5, .first = 8, .last = 12},
	};
	struct result r = MERGED(BOTH_ENDS, rows);

	cr_assert_eq(r.n, 1);
	cr_assert_eq(r.flows[0].packets, 20);
	cr_assert_eq(r.flows[0].again, 0);
}

/* As fast as a plan can follow another: within the time that clocks may be wrong
 * by, and back again. */
Test(merge, a_tap_that_was_closed_saw_nothing_later)
{
	const struct row rows[] = {
		{.tap = 1, .to = 1, .packets = 3, .first = 0, .last = 0.4},
		{.tap = 2, .to = 1, .packets = 3, .first = 0.9, .last = 1.3},
		{.tap = 1, .to = 1, .packets = 3, .first = 1.8, .last = 2.2},
		/* both: on the way for a while */
		{.tap = 1, .to = 1, .packets = 1, .first = 3, .last = 3},
		{.tap = 2, .to = 1, .packets = 1, .first = 3.5, .last = 3.5},
	};
	struct life_end ends[] = {{1, at(0.5)}, {2, at(1.4)}};
	const struct lives lives = {.ends = ends, .n_ends = 2};
	struct result r = merged_over(
		BOTH_ENDS, &lives, rows, sizeof(rows) / sizeof(*rows));

	cr_assert_eq(r.n, 1);
	cr_assert_eq(r.flows[0].packets, 10);
	cr_assert_eq(r.flows[0].again, 1);
	/* that nobody knows of their ends leaves only their times */
	r = MERGED(BOTH_ENDS, rows);
	cr_assert_eq(r.flows[0].packets, 7);
}

Test(merge, silence_ends_a_flow_at_all_taps_alike)
{
	const struct row rows[] = {
		{.tap = 1, .to = 1, .packets = 1, .first = 0, .last = 1},
		{.tap = 6, .to = 1, .packets = 1, .first = 0.1, .last = 1.1},
		/* 4.9 s after tap 6, 5.0 s after tap 1: still the same */
		{.tap = 1, .to = 1, .packets = 2, .first = 6, .last = 6},
		{.tap = 6, .to = 1, .packets = 2, .first = 6.1, .last = 6.1},
		{.tap = 1, .to = 1, .packets = 4, .first = 11.2, .last = 12},
		{.tap = 6, .to = 1, .packets = 4, .first = 11.3, .last = 12},
	};
	struct result r = MERGED(DIAMOND, rows);

	cr_assert_eq(r.n, 2);
	cr_assert_eq(r.flows[0].packets, 3, "%d at %g", (int)r.flows[0].packets,
		r.flows[0].first);
	cr_assert_eq(r.flows[1].packets, 4);
}

Test(merge, taps_nobody_knows_are_never_added_up)
{
	const struct row rows[] = {
		{.tap = 100, .packets = 8},
		{.tap = 101, .packets = 9},
	};
	struct result r = MERGED(DIAMOND, rows);

	cr_assert_eq(r.flows[0].packets, 9);
	cr_assert_str_eq(r.flows[0].path, "");
}

Test(merge, a_known_tap_is_believed_before_an_unknown_one)
{
	const struct row rows[] = {
		{.tap = 100, .packets = 8},
		{.tap = 1, .to = 1, .packets = 5},
	};

	cr_assert_eq(MERGED(DIAMOND, rows).flows[0].packets, 5);
}

Test(merge, a_routers_own_packets_start_at_the_router)
{
	const struct row rows[] = {
		{.src = "10.0.2.1", .tap = 2, .to = 1, .packets = 3},
		{.src = "10.0.2.1", .tap = 4, .to = 1, .packets = 3},
		{.src = "10.0.2.1", .tap = 6, .to = 1, .packets = 3},
	};
	struct result r = MERGED(DIAMOND, rows);

	cr_assert_eq(r.flows[0].packets, 3);
	cr_assert_eq(r.flows[0].src_node, 1);
	cr_assert_str_eq(r.flows[0].path, "rx xr out");
}

/* ff02::1 of one link is not that of another. */
Test(merge, local_addresses_are_local)
{
	const struct row rows[] = {
		{.src = "::",
			.dst = "ff02::16",
			.tap = 1,
			.to = SLOT_GROUP,
			.packets = 1},
		{.src = "::",
			.dst = "ff02::16",
			.tap = 6,
			.to = SLOT_GROUP,
			.packets = 2,
			.first = 1,
			.last = 1},
		{.src = "::",
			.dst = "ff02::16",
			.tap = 6,
			.from = 1,
			.to = SLOT_GROUP,
			.packets = 4,
			.first = 1,
			.last = 1},
		{.src = "0.0.0.0",
			.dst = "255.255.255.255",
			.tap = 6,
			.to = SLOT_GROUP,
			.packets = 8,
			.first = 3,
			.last = 3},
	};
	struct result r = MERGED(DIAMOND, rows);

	cr_assert_eq(r.n, 3);
	cr_assert_eq(r.flows[0].packets, 1);
	cr_assert_str_eq(r.flows[0].path, "in");
	cr_assert_eq(r.flows[1].packets, 6);
	cr_assert_str_eq(r.flows[1].path, "out");
}

Test(merge, slots_and_times_may_be_nonsense)
{
	const struct row rows[] = {
		{.tap = 1,
			.from = 900,
			.to = 901,
			.packets = 1,
			.first = 9e9,
			.last = -9e9},
		{.tap = 1, .from = 1, .to = 1, .packets = 1},
		{.tap = 3,
			.from = SLOT_GROUP,
			.to = SLOT_UNKNOWN,
			.packets = 1},
	};

	cr_assert_gt(MERGED(DIAMOND, rows).n, 0);
}

struct order {
	size_t n;
	uint64_t packets[100];
};

static int note(void *ctx, const struct flow *f, struct err *err)
{
	struct order *o = ctx;

	(void)err;
	o->packets[o->n++] = f->packets;
	return 0;
}

/* Among equals the first is kept: who asks twice is told the same. */
Test(merge, flows_come_in_one_order)
{
	struct catalog *c = run_catalog();
	struct flow_record r[100];
	const struct flow_rows rows = {.records = r, .n = 100};
	struct order first = {0}, second = {0};

	for (uint16_t i = 0; i < 100; i++) {
		r[i] = run_record("10.0.1.1", "10.0.3.1", 1, i + 1, 0);
		r[i].key.sport = i;
	}
	for (int i = 0; i < 2; i++) {
		struct merge *m = merge_new(c, NULL, 0);

		cr_assert_eq(
			merge_run(m, &rows, note, i ? &second : &first, NULL),
			0);
		merge_free(m);
	}
	cr_assert_eq(first.n, 100);
	cr_assert_eq(memcmp(&first, &second, sizeof(first)), 0);
	catalog_free(c);
}
