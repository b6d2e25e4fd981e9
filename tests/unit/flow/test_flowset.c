#include "base/file.h"
#include "base/mem.h"
#include "flow/exporter.h"
#include "flow/flowset.h"
#include "flow/metric_fields.h"
#include "flow/sflow.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MS INT64_C(1000000)
#define AT (INT64_C(1790000000) * 1000 * MS)

struct got {
	struct flow_record rows[100];
	struct flow_extra extras[100];
	size_t n;
};

static void on_rows(void *ctx, const struct flow_rows *rows)
{
	struct got *got = ctx;

	for (size_t i = 0; i < rows->n && got->n < 100; i++) {
		got->extras[got->n] = rows->extras[i];
		got->rows[got->n++] = rows->records[i];
	}
}

static const struct flowset_session session = {.connection = 0};

static struct flowset_message read_hex(
	struct flowset *f, const char *hex, int64_t now_ns)
{
	struct flowset_message m;
	uint8_t bytes[2000];
	size_t n = 0;
	unsigned v;

	for (const char *p = hex; sscanf(p, " %2x", &v) == 1; n++) {
		bytes[n] = (uint8_t)v;
		p += strspn(p, " ") + 2;
	}
	if (bytes[1] == 10) { /* the message's own length */
		bytes[2] = (uint8_t)(n >> 8);
		bytes[3] = (uint8_t)n;
	}
	cr_assert(flowset_read(f, &session, bytes, n, now_ns, &m));
	return m;
}

#define HEAD "000a 0000 6ab13b80 00000000 00000007 "
/* 256: source, destination, octets (reduced to 4 bytes), ms, reversed octets */
#define TEMPLATE                                                               \
	"0002 0028 0100 0006 0008 0004 000c 0004 0001 0004 0098 0008 "         \
	"8001 0004 00007279 8002 0004 00007279 "
#define DATA                                                                   \
	"0100 0020 0a000001 0a000002 00000064 000001a0c5b8a400 "               \
	"00000032 00000002 "

static uint64_t metric_of(const struct flow_extra *e, enum metric_field f)
{
	uint64_t v;

	return metric_field_get(&e->others, f, &v) ? v : 0;
}

static bool is_told(const struct flow_extra *e, enum metric_field f)
{
	uint64_t v;

	return metric_field_get(&e->others, f, &v);
}

/* A flow of both directions by these metrics, through templates of its own. */
static void tell(struct flowset *f, struct exporter *e,
	const struct flow_shape *shape, const uint8_t *values, uint64_t known)
{
	const struct flow_record r = {.key = {.src = net_addr_v4_host(1),
					      .dst = net_addr_v4_host(2),
					      .proto = 6},
		.packets = 5,
		.bytes = 500,
		.first_ns = AT - MS,
		.last_ns = AT};
	const struct flow_more more = {.reverse = {.packets = 3, .bytes = 300},
		.values = values,
		.known = {known, 3}};
	struct flowset_message m;
	const uint8_t *bytes;
	size_t len;

	exporter_reshape(e, shape);
	while (!exporter_add(e, &r, &more))
		cr_assert_eq(exporter_take(e, AT, &bytes), 0, "templates fit");
	while ((len = exporter_take(e, AT, &bytes)))
		cr_assert(flowset_read(f, &session, bytes, len, AT, &m));
}

/* What an exporter tells of a flow changes under way, and changes back: none is
 * read as what another was. */
Test(flowset, metrics_of_both_directions)
{
	const struct export_field fields[] = {
		metric_fields[METRIC_MIN_TTL], metric_fields[METRIC_JITTER]};
	const struct flow_shape plain = {.more = MORE_REVERSE},
				ttl = {MORE_REVERSE | MORE_VALUES, fields, 1},
				both = {MORE_REVERSE | MORE_VALUES, fields, 2};
	const uint8_t values[] = {64, 0, 0, 0, 7, 63, 0, 0, 0, 9};
	const uint8_t ttls[] = {62, 61}, nothing[10] = {0};
	const struct exporter_options o = {
		.format = EXPORT_IPFIX, .domain = 3, .shape = plain};
	struct got got = {.n = 0};
	struct flowset *f = flowset_new(on_rows, &got);
	static struct exporter e;

	exporter_init(&e, &o);
	for (int i = 0; i < 3; i++) {
		got.n = 0;
		tell(f, &e, &both, values, 3);
		cr_assert_eq(got.n, 2);
		cr_expect_eq(metric_of(&got.extras[0], METRIC_MIN_TTL), 64);
		cr_expect_eq(metric_of(&got.extras[0], METRIC_JITTER), 7);
		cr_expect_eq(got.rows[1].packets, 3);
		cr_expect_eq(metric_of(&got.extras[1], METRIC_MIN_TTL), 63);
		cr_expect_eq(metric_of(&got.extras[1], METRIC_JITTER), 9);
		tell(f, &e, &ttl, ttls, 3);
		cr_assert_eq(got.n, 4);
		cr_expect_eq(metric_of(&got.extras[2], METRIC_MIN_TTL), 62);
		cr_expect_eq(metric_of(&got.extras[3], METRIC_MIN_TTL), 61);
		cr_expect_eq(metric_of(&got.extras[3], METRIC_JITTER), 0);
		tell(f, &e, &plain, NULL, 0);
		cr_assert_eq(got.n, 6);
		cr_expect_eq(got.extras[4].others.len, 0);
	}
	for (uint64_t known = 0; known < 4; known++) {
		got.n = 0;
		tell(f, &e, &both, nothing, known);
		cr_assert_eq(got.n, 2);
		cr_expect_eq(
			is_told(&got.extras[0], METRIC_JITTER), known >> 1);
		cr_expect_eq(got.extras[0].others.len, known >> 1 ? 12 : 0,
			"a 0 of ours was measured, of others nobody knows");
		cr_expect(is_told(&got.extras[1], METRIC_JITTER));
	}
	flowset_free(f);
}

/* All that our own exporters write is read as it was. */
Test(flowset, reads_what_exporters_write)
{
	for (int by = EXPORT_SYSTEMATIC; by <= EXPORT_HASH; by++)
		for (int way = 0; way < 4; way++) {
			const int v6 = way & 1, format = EXPORT_NF9 + way / 2;
			struct got got = {.n = 0};
			struct flowset *f = flowset_new(on_rows, &got);
			const struct exporter_options o = {
				.format = (enum export_format)format,
				.domain = 3,
				.sampling = {.one_of = v6 ? 10 : 1,
					.by = (enum export_choice)by}};
			struct flow_record r = {.packets = 70,
				.bytes = 1 << 20,
				.first_ns = AT - 5000 * MS,
				.last_ns = AT - 20 * MS,
				.tcp_flags = 0x12,
				.tos = 8};
			static struct exporter e;
			struct flowset_message m;
			const uint8_t *bytes;
			size_t len;

			r.key.src = net_addr_v4_host(0x0a000001);
			r.key.dst = net_addr_v4_host(0x0a000002);
			if (v6)
				r.key.src.b[0] = r.key.dst.b[0] = 0x20;
			r.key.sport = 1000;
			r.key.dport = 80;
			r.key.proto = 6;
			exporter_init(&e, &o);
			if (!exporter_add(&e, &r, NULL))
				cr_assert(exporter_add(&e, &r, NULL));
			while ((len = exporter_take(&e, AT, &bytes)))
				cr_assert(flowset_read(
					f, &session, bytes, len, AT, &m));
			cr_assert_eq(m.domain, 3);
			cr_assert_eq(got.n, 1);
			cr_assert(flow_key_equal(&got.rows[0].key, &r.key));
			cr_assert_eq(got.rows[0].packets, v6 ? 700 : 70);
			cr_assert_eq(got.rows[0].bytes, (v6 ? 10 : 1) << 20);
			cr_assert_eq(got.rows[0].first_ns, r.first_ns);
			cr_assert_eq(got.rows[0].last_ns, r.last_ns);
			cr_assert_eq(got.rows[0].tcp_flags, 0x12);
			cr_assert_eq(
				!!(got.rows[0].flags & RECORD_ESTIMATED), v6);
			flowset_free(f);
		}
}

/* RFC 5103: what came back is a flow of its own. */
Test(flowset, two_ways_are_two_records)
{
	struct got got = {.n = 0};
	struct flowset *f = flowset_new(on_rows, &got);

	cr_assert_eq(read_hex(f, HEAD TEMPLATE DATA, AT).records, 1);
	cr_assert_eq(got.n, 2);
	cr_assert_eq(got.rows[0].bytes, 100);
	cr_assert_eq(got.rows[1].bytes, 50);
	cr_assert_eq(got.rows[1].packets, 2);
	cr_assert_eq(net_addr_v4_value(&got.rows[1].key.src), 0x0a000002);
	flowset_free(f);
}

Test(flowset, data_waits_for_its_template)
{
	struct got got = {.n = 0};
	struct flowset *f = flowset_new(on_rows, &got);
	struct flowset_message m = read_hex(f, HEAD DATA, AT);

	cr_assert(m.unknown);
	cr_assert_eq(m.records, 0);
	cr_assert_eq(got.n, 0);
	cr_assert_gt(flowset_counts(f)->waiting, 0);
	read_hex(f, HEAD TEMPLATE, AT + 1000 * MS);
	cr_assert_eq(got.n, 2);
	cr_assert_eq(flowset_counts(f)->waiting, 0);
	/* withdrawn: nobody knows it any more, and in time it is given up */
	read_hex(f, HEAD "0002 0008 0100 0000", AT);
	cr_assert_eq(flowset_counts(f)->templates, 0);
	read_hex(f, HEAD DATA, AT);
	read_hex(f, HEAD "0002 000c 0101 0001 0001 0004", AT + 61000 * MS);
	cr_assert_eq(flowset_counts(f)->waiting, 0);
	cr_assert_eq(flowset_counts(f)->given_up, 28);
	cr_assert_eq(got.n, 2);
	flowset_free(f);
}

/* Strings of variable length and other people's elements are passed over. */
/* What one knew, another knows; a damaged or an old file says nothing. */
Test(flowset, templates_are_kept)
{
	struct got got = {.n = 0};
	struct flowset *f = flowset_new(on_rows, &got), *g, *h;
	struct buf text = BUF_INIT(FLOWSET_KEPT),
		   again = BUF_INIT(FLOWSET_KEPT);
	uint64_t changes;

	read_hex(f, HEAD TEMPLATE, AT);
	/* options: one packet of 10 */
	read_hex(f,
		HEAD "0003 0012 0101 0002 0001 0095 0004 0022 0004 "
		     "0101 000c 00000001 0000000a ",
		AT);
	changes = flowset_changes(f);
	cr_assert_gt(changes, 1);
	read_hex(f, HEAD TEMPLATE, AT);
	cr_assert_eq(flowset_changes(f), changes, "the same is no change");
	flowset_save(f, AT, &text);
	for (size_t i = 0; i < text.len; i++) {
		g = flowset_new(on_rows, &got);
		text.data[i] ^= 1;
		cr_assert_not(flowset_restore(g, text.data, text.len, AT));
		text.data[i] ^= 1;
		cr_assert_not(flowset_restore(g, text.data, i, AT));
		cr_assert_eq(flowset_counts(g)->templates, 0);
		flowset_free(g);
	}
	h = flowset_new(on_rows, &got);
	cr_assert_not(flowset_restore(
		h, text.data, text.len, AT + FLOWSET_KEPT_NS + 1));
	cr_assert(flowset_restore(h, text.data, text.len, AT + 1));
	cr_assert_eq(flowset_counts(h)->templates, 2);
	read_hex(h, HEAD DATA, AT);
	cr_assert_eq(got.n, 2, "%zu", got.n);
	cr_assert_eq(got.rows[0].bytes, 1000, "sampling is kept as well");
	flowset_save(h, AT, &again);
	cr_assert_eq(text.len, again.len);
	cr_assert_eq(memcmp(text.data, again.data, text.len), 0);
	flowset_free(f);
	flowset_free(h);
	buf_release(&text);
	buf_release(&again);
}

/* One packet of 8, as RFC 5477 has words for it; what cannot be is no word. */
Test(flowset, sampling_is_told_in_many_ways)
{
	static const struct {
		const char *options;
		uint64_t bytes;
	} ways[] = {/* 1, then 7 passed over; 2 of 16; a float64, a float32 */
		{"0003 0016 0101 0003 0001 0095 0004 0131 0004 0132 0004 "
		 "0101 0010 00000001 00000001 00000007 ",
			800},
		{"0003 0016 0101 0003 0001 0095 0004 0135 0004 0136 0004 "
		 "0101 0010 00000001 00000002 00000010 ",
			800},
		{"0003 0012 0101 0002 0001 0095 0004 0137 0008 "
		 "0101 0010 00000001 3fc0000000000000 ",
			800},
		{"0003 0012 0101 0002 0001 0095 0004 0137 0004 "
		 "0101 000c 00000001 3e000000 ",
			800},
		{"0003 0012 0101 0002 0001 0095 0004 0137 0008 "
		 "0101 0010 00000001 7ff8000000000000 ",
			100},
		{"0003 0012 0101 0002 0001 0095 0004 0137 0008 "
		 "0101 0010 00000001 0000000000000001 ",
			100},
		{"0003 0012 0101 0002 0001 0095 0004 0137 0001 "
		 "0101 0009 00000001 01 ",
			100}};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct got got = {.n = 0};
		struct flowset *f = flowset_new(on_rows, &got);
		char text[256];

		snprintf(text, sizeof(text), "%s%s", HEAD, ways[i].options);
		read_hex(f, HEAD TEMPLATE, AT);
		read_hex(f, text, AT);
		read_hex(f, HEAD DATA, AT);
		cr_assert_eq(got.n, 2);
		cr_expect_eq(got.rows[0].bytes, ways[i].bytes,
			"way %zu: %" PRIu64, i, got.rows[0].bytes);
		flowset_free(f);
	}
}

Test(flowset, unknown_elements_are_passed_over)
{
	struct got got = {.n = 0};
	struct flowset *f = flowset_new(on_rows, &got);

	read_hex(f,
		HEAD "0002 001c 0100 0004 0052 ffff 8064 ffff 000010f9 "
		     "0008 0004 0002 0002 "
		     "0100 0014 03616263 02 dead 0a000009 0007 000000",
		AT);
	cr_assert_eq(got.n, 1);
	cr_assert_eq(got.rows[0].packets, 7);
	cr_assert_eq(net_addr_v4_value(&got.rows[0].key.src), 0x0a000009);
	flowset_free(f);
}

Test(flowset, templates_are_bounded)
{
	struct got got = {.n = 0};
	struct flowset *f = flowset_new(on_rows, &got);

	for (unsigned id = 256; id < 256 + FLOWSET_EACH + 10; id++) {
		char hex[200];

		snprintf(hex, sizeof(hex), HEAD "0002 000c %04x 0001 0001 0004",
			id);
		read_hex(f, hex, AT);
	}
	cr_assert_eq(flowset_counts(f)->templates, FLOWSET_EACH);
	cr_assert_eq(flowset_counts(f)->refused, 10);
	/* no bytes a record, and more fields than there are */
	read_hex(f, HEAD "0002 000c 0900 0001 0001 0000", AT);
	read_hex(f, HEAD "0002 000c 0900 0fff 0001 0004", AT);
	cr_assert_eq(flowset_counts(f)->refused, 12);
	flowset_forget(f, &session);
	cr_assert_eq(flowset_counts(f)->templates, 0);
	flowset_free(f);
}

Test(sflow, a_sample_is_as_many_packets_as_its_rate)
{
	/* one flow sample, 1 in 100: Ethernet, tagged, IPv4, UDP */
	static struct sflow_datagram s;
	static uint8_t bytes[] = {0, 0, 0, 5, 0, 0, 0, 1, 127, 0, 0, 1, 0, 0, 0,
		0, 0, 0, 0, 9, 0, 0, 39, 16, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0,
		96, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 56,
		0, 0, 0, 1, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0, 38, 1, 2, 3, 4,
		5, 6, 1, 2, 3, 4, 5, 7, 129, 0, 0, 9, 8, 0, 69, 0, 0, 82, 0, 0,
		0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 0};

	cr_assert(sflow_read(bytes, sizeof(bytes), AT, &s));
	cr_assert_eq(s.sequence, 9);
	cr_assert_eq(s.boot_ns, AT - 10000 * MS);
	cr_assert_eq(s.n, 1);
	cr_assert_eq(s.records[0].packets, 100);
	cr_assert_eq(s.records[0].bytes, 8200);
	cr_assert_eq(s.records[0].key.proto, 17);
	cr_assert(s.records[0].flags & RECORD_ESTIMATED);
	cr_assert_eq(s.extras[0].vlan, 9);
	cr_assert_eq(s.extras[0].in_if, 1);
	cr_assert_eq(s.extras[0].out_if, 2);
	cr_assert_eq(s.extras[0].dst_mac, 0x010203040506);
	cr_assert_eq(s.extras[0].src_mac, 0x010203040507);
	/* to the device itself: by no interface */
	memcpy(bytes + 60, (const uint8_t[]){0x3f, 0xff, 0xff, 0xff}, 4);
	cr_assert(sflow_read(bytes, sizeof(bytes), AT, &s));
	cr_assert_eq(s.extras[0].in_if, 1);
	cr_assert_eq(s.extras[0].out_if, 0);
	for (size_t len = 0; len < sizeof(bytes); len++)
		(void)sflow_read(bytes, len, AT, &s);
}

/* A message of the fuzzer's seeds, behind its two bytes of length. */
static struct buf seed(const char *name)
{
	struct buf bytes = BUF_INIT(1 << 16);
	struct err err = ERR_INIT;
	char path[100];

	snprintf(path, sizeof(path), "tests/fuzz/corpus/flowset/%s", name);
	cr_assert_eq(file_read(path, &bytes, &err), 0, "%s", err.text);
	buf_consume(&bytes, 2);
	return bytes;
}

static void expect_next(const struct flow_extra *e, const char *want)
{
	const struct net_addr next = flow_extra_next(e);
	char text[NET_ADDR_TEXT];

	cr_expect_str_eq(net_addr_print(&next, text), want);
}

Test(flowset, what_is_told_besides_is_kept)
{
	const struct flow_extra want = {.in_if = 3,
		.out_if = 4,
		.src_as = 64500,
		.dst_as = 4200000001,
		.vlan = 100,
		.out_vlan = 200,
		.src_mac = 0x020000000001,
		.dst_mac = 0x020000000002,
		.mpls = 16};
	struct buf bytes = seed("besides");
	struct got got = {.n = 0};
	struct flowset *f = flowset_new(on_rows, &got);
	struct flowset_message m;

	cr_assert(flowset_read(f, &session, bytes.data, bytes.len, AT, &m));
	cr_assert_eq(got.n, 1);
	expect_next(&got.extras[0], "2001:db8::9");
	got.extras[0].next_high = got.extras[0].next_low = 0;
	cr_assert_eq(memcmp(&got.extras[0], &want,
			     offsetof(struct flow_extra, others)),
		0);
	flowset_free(f);
	buf_release(&bytes);
}

/* Of a switch, a router and a gateway. */
Test(sflow, what_is_told_besides_is_kept)
{
	static struct sflow_datagram s;
	const struct flow_extra want = {.in_if = 3,
		.out_if = 4,
		.src_as = 64500,
		.dst_as = 64501,
		.vlan = 100,
		.out_vlan = 200,
		.src_mac = 0x020000000001,
		.dst_mac = 0x020000000002};
	struct buf bytes = seed("sflow-besides");

	cr_assert(sflow_read(bytes.data, bytes.len, AT, &s));
	cr_assert_eq(s.n, 1);
	expect_next(&s.extras[0], "10.0.9.1");
	s.extras[0].next_high = s.extras[0].next_low = 0;
	cr_assert_eq(memcmp(&s.extras[0], &want, sizeof(want)), 0);
	buf_release(&bytes);
}

Test(sflow, counts_that_lie_cost_nothing, .timeout = 20)
{
	/* as many samples, or records of one, as a number can say; the first is
	 * longer than all there is */
	static struct sflow_datagram s;
	uint8_t bytes[100] = {0, 0, 0, 5, 0, 0, 0, 1};

	memset(bytes + 24, 0xff, 4);
	memset(bytes + 32, 0xff, 4);
	for (int i = 0; i < 1000; i++)
		cr_assert(sflow_read(bytes, sizeof(bytes), AT, &s));
	memcpy(bytes + 28, (const uint8_t[]){0, 0, 0, 1, 0, 0, 0, 64}, 8);
	memset(bytes + 64, 0xff, 4);
	memset(bytes + 72, 0xff, 4);
	for (int i = 0; i < 1000; i++)
		cr_assert(sflow_read(bytes, sizeof(bytes), AT, &s));
	cr_assert_eq(s.n, 0);
}

/* addresses, IANA 32, 4242/7 of 4 bytes, 4242/8 of any length */
#define OTHERS_TEMPLATE                                                        \
	"0002 0024 0102 0005 0008 0004 000c 0004 0020 0002 "                   \
	"8007 0004 00001092 8008 ffff 00001092 "

static const struct flow_others *others_of(const struct got *got, size_t i)
{
	return &got->extras[i].others;
}

/* What the last message said of the i-th row lies in memory that the next one
 * takes: it is looked at while it is lent. */
static void look_at_others(void *ctx, const struct flow_rows *rows)
{
	static const uint8_t want[] = {0, 0, 0, 0, 0, 32, 0, 2, 8, 0, 0, 0,
		0x10, 0x92, 0, 7, 0, 4, 0, 0, 1, 4, 0, 0, 0x10, 0x92, 0, 8,
		0x80, 3, 'a', 'b', 'c'};
	struct got *got = ctx;
	const struct flow_others *o;

	on_rows(ctx, rows);
	cr_assert_eq(rows->n, 3);
	o = others_of(got, 0);
	cr_assert_eq(o->len, sizeof(want));
	cr_assert_arr_eq(o->at, want, sizeof(want));
	cr_assert_eq(others_of(got, 1)->len, 0); /* all zeros */
	o = others_of(got, 2);
	cr_assert_eq(o->len, 12); /* too long a value is left out */
	cr_assert_eq(o->at[11], 9);
}

/* A message of one domain; hex without HEAD. */
static size_t domain_says(struct got *got, struct flowset *f, uint32_t domain,
	const char *hex, int64_t now_ns)
{
	struct flowset_message m;
	uint8_t bytes[200] = {0, 10};
	size_t n = 16, before = got->n;
	unsigned v;

	for (const char *p = hex; sscanf(p, " %2x", &v) == 1; n++) {
		bytes[n] = (uint8_t)v;
		p += strspn(p, " ") + 2;
	}
	bytes[3] = (uint8_t)n;
	for (int i = 0; i < 4; i++)
		bytes[12 + i] = (uint8_t)(domain >> (24 - 8 * i));
	flowset_read(f, &session, bytes, n, now_ns, &m);
	return got->n - before;
}

/* Domains that tell nothing give way; those that do keep their templates, and
 * theirs are the places when all do. */
Test(flowset, new_domains_have_the_places_of_silent_ones)
{
	enum { REAL = 1 << 20, OTHERS = 1 << 21 };
	struct got got = {.n = 0};
	struct flowset *f = flowset_new(on_rows, &got);

	cr_assert_eq(domain_says(&got, f, REAL, TEMPLATE DATA, AT), 2);
	for (uint32_t i = 0; i < 3 * FLOWSET_TEMPLATES; i++)
		domain_says(&got, f, i, TEMPLATE, AT);
	cr_expect_eq(flowset_counts(f)->refused, 0);
	cr_expect_leq(flowset_counts(f)->templates, FLOWSET_TEMPLATES);
	cr_expect_eq(domain_says(&got, f, REAL, DATA, AT), 2);
	cr_expect_eq(domain_says(&got, f, OTHERS, TEMPLATE DATA, AT), 2);
	for (uint32_t i = 0; i < FLOWSET_TEMPLATES; i++, got.n = 0)
		domain_says(&got, f, OTHERS + i, TEMPLATE DATA, AT);
	cr_expect_gt(flowset_counts(f)->refused, 0);
	cr_expect_eq(domain_says(&got, f, REAL, DATA, AT), 2);
	/* ten minutes later they are silent */
	domain_says(&got, f, REAL, DATA, AT + FLOWSET_IDLE_NS);
	got.n = 0;
	cr_expect_eq(
		domain_says(&got, f, 5, TEMPLATE DATA, AT + FLOWSET_IDLE_NS),
		2);
	cr_expect_eq(domain_says(&got, f, REAL, DATA, AT + FLOWSET_IDLE_NS), 2);
	flowset_free(f);
}

Test(flowset, what_nobody_knows_is_kept)
{
	static uint8_t message[600];
	struct got got = {.n = 0};
	struct flowset *f = flowset_new(look_at_others, &got);
	struct flowset_message m;
	struct wire w = wire_over(message, sizeof(message));

	read_hex(f, HEAD OTHERS_TEMPLATE, AT);
	wire_u16(&w, 10);
	wire_u16(&w, 0);
	wire_zeros(&w, 12);
	message[15] = 7; /* HEAD's domain */
	wire_u16(&w, 0x102);
	wire_u16(&w, 0);
	wire_bytes(&w, "\x0a\0\0\1\x0a\0\0\2\x08\0\0\0\1\4\3abc", 18);
	wire_bytes(&w, "\x0a\0\0\1\x0a\0\0\2\0\0\0\0\0\0\0", 15);
	wire_bytes(&w, "\x0a\0\0\1\x0a\0\0\2\0\0\0\0\0\x09\xff\1\x2c", 17);
	memset(wire_space(&w, 300), 'x', 300);
	message[2] = (uint8_t)(wire_len(&w) >> 8);
	message[3] = (uint8_t)wire_len(&w);
	message[18] = (uint8_t)((wire_len(&w) - 16) >> 8);
	message[19] = (uint8_t)(wire_len(&w) - 16);
	cr_assert(flowset_read(f, &session, message, wire_len(&w), AT, &m));
	cr_assert_eq(got.n, 3);
	cr_assert_eq(flowset_counts(f)->cut, 1);
	flowset_free(f);
}

/* More than is kept of one flow: counted, and the flow is there. */
Test(flowset, of_too_much_that_nobody_knows_some_is_left_out)
{
	static uint8_t message[5000];
	struct got got = {.n = 0};
	struct flowset *f = flowset_new(on_rows, &got);
	struct wire w = wire_over(message, sizeof(message));
	struct flowset_message m;

	wire_u16(&w, 10);
	wire_u16(&w, 0);
	wire_zeros(&w, 12);
	wire_u16(&w, 2);
	wire_u16(&w, 4 + 4 + 8 + 400 * 4);
	wire_u16(&w, 0x103);
	wire_u16(&w, 402);
	wire_bytes(&w, "\0\x08\0\4\0\x0c\0\4", 8);
	for (uint16_t i = 0; i < 400; i++) {
		wire_u16(&w, (uint16_t)(400 + i));
		wire_u16(&w, 2);
	}
	wire_u16(&w, 0x103);
	wire_u16(&w, 4 + 8 + 800);
	wire_bytes(&w, "\x0a\0\0\1\x0a\0\0\2", 8);
	memset(wire_space(&w, 800), 1, 800);
	message[2] = (uint8_t)(wire_len(&w) >> 8);
	message[3] = (uint8_t)wire_len(&w);
	cr_assert(flowset_read(f, &session, message, wire_len(&w), AT, &m));
	cr_assert_eq(got.n, 1);
	cr_assert_eq(got.extras[0].others.len, OTHERS_MAX / 10 * 10);
	cr_assert_eq(flowset_counts(f)->cut, 400 - OTHERS_MAX / 10);
	flowset_free(f);
}
