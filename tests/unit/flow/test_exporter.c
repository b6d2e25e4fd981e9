#include "base/cursor.h"
#include "flow/exporter.h"

#include <criterion/criterion.h>
#include <string.h>

#define S INT64_C(1000000000)
#define MS INT64_C(1000000)

static const int64_t start = INT64_C(1795292454) * S + 123 * MS;

struct got {
	uint64_t shorts, records, packets, bytes, messages;
	uint32_t sequence;         /* of the next message */
	int64_t first_ms, last_ms; /* of the last record */
	uint16_t templates;        /* bits: number - 256 */
	uint32_t interval;
	char name[33];
};

static struct flow_record flow(uint32_t i)
{
	struct flow_record r = {.packets = i + 1,
		.bytes = 100u * (i + 1),
		.first_ns = start + i * MS,
		.last_ns = start + (i + 5) * MS,
		.tap = 4,
		.tcp_flags = 0x1b,
		.tos = 0x10};

	r.key.src = net_addr_v4_host(0x0a000000 + i);
	r.key.dst = net_addr_v4_host(0x0a010000 + i);
	if (i % 3 == 2)
		r.key.src.b[0] = r.key.dst.b[0] = 0x20;
	r.key.sport = (uint16_t)i;
	r.key.dport = 80;
	r.key.proto = 6;
	return r;
}

static void read_templates(
	struct cursor set, bool options, bool nf9, struct got *ret)
{
	while (cursor_left(&set) > 3) {
		uint16_t id = cursor_u16(&set), n = cursor_u16(&set);

		ret->templates |= (uint16_t)(1 << (id - 256));
		if (options && nf9)
			n = (uint16_t)((n + cursor_u16(&set)) / 4);
		else if (options)
			cursor_skip(&set, 2);
		cursor_skip(&set, 4u * n);
		cr_assert(cursor_ok(&set));
	}
}

/* boot_ms: NetFlow 9 only. */
static void read_flow(
	struct cursor *c, bool six, int64_t boot_ms, struct got *ret)
{
	ret->first_ms =
		boot_ms ? boot_ms + cursor_u32(c) : (int64_t)cursor_u64(c);
	ret->last_ms =
		boot_ms ? boot_ms + cursor_u32(c) : (int64_t)cursor_u64(c);
	cursor_skip(c, six ? 32 : 8);
	ret->bytes += cursor_u64(c);
	ret->packets += cursor_u64(c);
	cursor_skip(c, 12 + (boot_ms ? 1 : 2) + 4);
	ret->records++;
	cr_assert(cursor_ok(c));
}

static void read_short(struct cursor *c, bool six, struct got *ret)
{
	ret->first_ms = (int64_t)cursor_u64(c);
	ret->last_ms = (int64_t)cursor_u64(c);
	cursor_skip(c, six ? 32 : 8);
	ret->bytes += cursor_u32(c);
	ret->packets += cursor_u32(c);
	cursor_skip(c, 2 + 2 + 2 + 2 + 5);
	ret->records++;
	ret->shorts++;
	cr_assert(cursor_ok(c));
}

static uint32_t read_data(
	struct cursor set, uint16_t id, int64_t boot_ms, struct got *ret)
{
	uint32_t n = 0;

	while (cursor_left(&set) > 3) {
		n++;
		switch (id) {
		case TEMPLATE_V4:
		case TEMPLATE_V6:
			read_flow(&set, id == TEMPLATE_V6, boot_ms, ret);
			break;
		case TEMPLATE_V4_SHORT:
		case TEMPLATE_V6_SHORT:
			cr_assert_not(boot_ms);
			read_short(&set, id == TEMPLATE_V6_SHORT, ret);
			break;
		case TEMPLATE_SAMPLING:
			cursor_skip(&set, 4);
			ret->interval = cursor_u32(&set);
			cursor_skip(&set, boot_ms ? 1 : 11);
			break;
		case TEMPLATE_INTERFACE:
			cursor_skip(&set, 4);
			cursor_copy(&set, ret->name, 32);
			break;
		default:
			cr_assert_eq(id, TEMPLATE_LEDGER);
			cursor_skip(&set, boot_ms ? 28 : 72);
		}
		cr_assert(cursor_ok(&set), "set %u", id);
	}
	return n;
}

/* Every byte of a message of NetFlow 9 or IPFIX. */
static void read_message(const uint8_t *bytes, size_t len, struct got *ret)
{
	struct cursor c = cursor_over(bytes, len);
	bool nf9 = cursor_u16(&c) == 9;
	uint16_t count = cursor_u16(&c);
	uint32_t up = cursor_u32(&c), records = 0;
	uint32_t s = nf9 ? cursor_u32(&c) : 0, sequence = cursor_u32(&c);
	int64_t boot_ms = nf9 ? (int64_t)s * 1000 - up : 0;

	cursor_skip(&c, 4);
	cr_assert(nf9 || count == len);
	cr_assert_eq(
		sequence, ret->sequence, "%u, not %u", sequence, ret->sequence);
	while (cursor_left(&c)) {
		uint16_t id = cursor_u16(&c), n = cursor_u16(&c);
		struct cursor set = cursor_sub(&c, n - 4u);

		cr_assert(cursor_ok(&c) && (!nf9 || n % 4 == 0));
		if (id >= 256)
			records += read_data(set, id, boot_ms, ret);
		else
			read_templates(set, id == (nf9 ? 1 : 3), nf9, ret);
	}
	ret->sequence += nf9 ? 1 : records;
	ret->messages++;
}

static void take_all(struct exporter *e, int64_t now, struct got *ret)
{
	const uint8_t *bytes;
	size_t len;

	while ((len = exporter_take(e, now, &bytes)) > 0)
		read_message(bytes, len, ret);
}

static void export(
	struct exporter *e, const struct flow_record *r, struct got *ret)
{
	if (exporter_add(e, r, NULL))
		return;
	take_all(e, r->last_ns, ret);
	cr_assert(exporter_add(e, r, NULL));
}

static const enum export_format modern[] = {EXPORT_NF9, EXPORT_IPFIX};

Test(exporter, what_is_added_is_in_the_messages)
{
	const struct export_interface interface = {4, "eth0"};
	struct export_ledger ledger = {.ignored_packets = 3};

	for (size_t i = 0; i < 2; i++) {
		const struct exporter_options o = {.format = modern[i],
			.refresh = true,
			.sampling = {.one_of = 100},
			.interfaces = &interface,
			.n_interfaces = 1};
		const unsigned told =
			modern[i] == EXPORT_NF9 ? 31 : 31 | 3 << 8;
		struct got got = {0};
		struct exporter e;
		uint64_t packets = 0;

		exporter_init(&e, &o);
		for (uint32_t n = 0; n < 5000; n++) {
			struct flow_record r = flow(n);

			export(&e, &r, &got);
			packets += r.packets;
			if (n == 30)
				cr_assert_eq(got.templates, told);
			if (n == 40)
				got.templates = 0;
		}
		exporter_account(&e, &ledger);
		take_all(&e, start, &got);
		cr_expect_eq(got.records, 5000);
		cr_expect_eq(got.packets, packets);
		cr_expect_eq(got.bytes, 100 * packets);
		cr_expect_eq(got.templates, told, "sent again");
		cr_expect_eq(got.shorts, i == 0 ? 0 : 5000);
		cr_expect_eq(got.interval, 100);
		cr_expect_str_eq(got.name, "eth0");
		cr_expect_eq(got.first_ms, start / MS + 4999);
		cr_expect_eq(got.last_ms, start / MS + 5004);
		cr_expect_eq(e.records, 5000);
		cr_expect_eq(e.messages, got.messages);
	}
}

/* Records of IPFIX are short only as long as that loses nothing. */
Test(exporter, large_counts_have_all_their_bits)
{
	static const struct {
		uint64_t packets, bytes;
		bool is_short;
	} cases[] = {{1, 40, true}, {UINT32_MAX, UINT32_MAX, true},
		{1, UINT64_C(1) << 32, false}, {UINT64_C(1) << 32, 40, false},
		{UINT64_C(1) << 40, UINT64_C(1) << 50, false}, {7, 8, true}};
	const struct exporter_options o = {.format = EXPORT_IPFIX};
	struct got got = {0};
	struct exporter e;

	exporter_init(&e, &o);
	for (uint32_t i = 0; i < 6 * 3; i++) {
		const uint32_t sequence = got.sequence;
		struct flow_record r = flow(i);

		r.packets = cases[i % 6].packets;
		r.bytes = cases[i % 6].bytes;
		got = (struct got){.sequence = sequence};
		export(&e, &r, &got);
		take_all(&e, start, &got);
		cr_expect_eq(got.records, 1);
		cr_expect_eq(got.packets, r.packets);
		cr_expect_eq(got.bytes, r.bytes);
		cr_expect_eq(got.shorts, cases[i % 6].is_short, "case %u", i);
		cr_expect_eq(got.first_ms, r.first_ns / MS);
		cr_expect_eq(got.last_ms, r.last_ns / MS);
	}
}

/* Times are right whatever the order of flows, and however far apart. */
Test(exporter, times_hold_over_years)
{
	static const int64_t days[] = {0, 1, -2, 49, 50, 51, 400, -3, 20, 0};

	for (size_t i = 0; i < 2; i++) {
		const struct exporter_options o = {.format = modern[i]};
		struct got got = {0};
		struct exporter e;

		exporter_init(&e, &o);
		for (size_t n = 0; n < 10; n++) {
			struct flow_record r = flow(0);

			r.first_ns += days[n] * 86400 * S;
			r.last_ns = r.first_ns + 300 * S;
			export(&e, &r, &got);
			/* whatever the exporter's clock says */
			take_all(&e, start + (int64_t)n * 30 * 86400 * S, &got);
			cr_expect_eq(got.first_ms, r.first_ns / MS, "%lld days",
				(long long)days[n]);
			cr_expect_eq(got.last_ms, r.last_ns / MS);
		}
		cr_expect_eq(got.records, 10);
	}
}

/* A header says when it was in whole seconds, and the next one of the last that
 * 32 bits of milliseconds reach is beyond them. */
Test(exporter, times_hold_where_uptime_ends)
{
	static const int64_t end = INT64_C(1) << 32; /* ms */
	static const int64_t near[] = {-3000, -1001, -1000, -297, -296, -295,
		-2, -1, 0, 1, 703, 704, 705, 1000};
	const int64_t boot_ms = start / S * 1000 - 3600 * 1000;

	for (size_t i = 0; i < sizeof(near) / sizeof(*near); i++) {
		const struct exporter_options o = {.format = EXPORT_NF9};
		struct flow_record r = flow(0);
		struct got got = {0};
		struct exporter e;

		exporter_init(&e, &o);
		r.first_ns = r.last_ns =
			start / S * S; /* boots an hour before */
		export(&e, &r, &got);
		r.last_ns = (boot_ms + end + near[i]) * MS;
		r.first_ns = r.last_ns - S;
		export(&e, &r, &got);
		take_all(&e, r.last_ns, &got);
		cr_expect_eq(got.first_ms, r.first_ns / MS, "%lld ms",
			(long long)near[i]);
		cr_expect_eq(got.last_ms, r.last_ns / MS);
		cr_expect_eq(e.retimed, 0);
	}
}

/* Who was told of one in ten would go on multiplying. */
Test(exporter, an_end_of_sampling_is_told)
{
	for (size_t i = 0; i < 2; i++) {
		const struct export_sampling all = {.one_of = 1};
		const struct exporter_options o = {
			.format = modern[i], .sampling = {.one_of = 10}};
		const struct flow_record r = flow(0);
		struct got got = {0};
		struct exporter e;

		exporter_init(&e, &o);
		export(&e, &r, &got);
		take_all(&e, start, &got);
		cr_expect_eq(got.interval, 10);
		exporter_resample(&e, &all);
		export(&e, &r, &got);
		take_all(&e, start, &got);
		cr_expect_eq(got.interval, 1);
	}
}

/* Templates alone, after the uptime of 32 bits. */
Test(exporter, headers_tell_the_time_without_flows)
{
	const struct exporter_options o = {
		.format = EXPORT_NF9, .start_ns = start, .refresh = true};
	const int64_t now = start + INT64_C(50) * 86400 * S;
	const struct export_ledger ledger = {0};
	const uint8_t *b;
	struct exporter e;

	exporter_init(&e, &o);
	cr_assert(exporter_account(&e, &ledger));
	cr_assert_gt(exporter_take(&e, now, &b), 0);
	cr_expect_eq((int64_t)b[8] << 24 | b[9] << 16 | b[10] << 8 | b[11],
		now / S + 1);
}

static void expect_times(
	enum export_format format, int64_t first_ns, int64_t last_ns)
{
	const int64_t day = 86400 * S, latest = INT64_C(0xffffffff) * S;
	const struct exporter_options o = {.format = format};
	struct flow_record r = flow(0);
	struct got got = {0};
	struct exporter e;

	exporter_init(&e, &o);
	r.first_ns = first_ns;
	r.last_ns = last_ns;
	export(&e, &r, &got);
	take_all(&e, last_ns, &got);
	if (format == EXPORT_NF9 && last_ns > latest)
		last_ns = latest;
	if (format == EXPORT_NF9 && last_ns - first_ns > 49 * day)
		first_ns = last_ns - 49 * day;
	if (first_ns > last_ns)
		first_ns = last_ns;
	cr_expect_eq(got.last_ms, last_ns / MS);
	cr_expect_eq(got.first_ms, first_ns / MS);
	cr_expect_eq(e.retimed, first_ns != r.first_ns || last_ns != r.last_ns);
	cr_expect_eq(got.packets, r.packets);
}

/* No time is told that is another by 2^32 of something. */
Test(exporter, what_cannot_be_told_is_near_it)
{
	const int64_t day = 86400 * S, latest = INT64_C(0xffffffff) * S;

	for (size_t i = 0; i < 2; i++) {
		expect_times(modern[i], start, start + 49 * day);
		expect_times(modern[i], start, start + 49 * day + MS);
		expect_times(modern[i], start, start + 400 * day);
		expect_times(modern[i], latest - S, latest);
		expect_times(modern[i], latest - S, latest + MS);
		expect_times(modern[i], latest + day, latest + 2 * day);
	}
}

Test(exporter, old_versions_hold_what_they_can)
{
	static const struct {
		enum export_format format;
		size_t header, record;
	} old[] = {{EXPORT_NF1, 16, 48}, {EXPORT_NF5, 24, 48},
		{EXPORT_NF7, 24, 52}};

	for (size_t i = 0; i < 3; i++) {
		const struct exporter_options o = {.format = old[i].format};
		uint64_t rows = 0;
		struct exporter e;
		const uint8_t *b;
		size_t len;

		exporter_init(&e, &o);
		for (uint32_t n = 0; n < 300; n++) {
			struct flow_record r = flow(n);

			if (exporter_add(&e, &r, NULL))
				continue;
			while ((len = exporter_take(&e, start, &b)) > 0) {
				cr_assert_eq(len,
					old[i].header + b[3] * old[i].record);
				rows += b[3];
			}
			cr_assert(exporter_add(&e, &r, NULL));
		}
		while (exporter_take(&e, start, &b) > 0)
			rows += b[3];
		cr_expect_eq(rows, 200);
		cr_expect_eq(e.left_out, 100);
	}
}

/* Over a connection, what is not used any more is withdrawn, once; datagrams
 * may come in any order, and their readers forget by themselves. */
Test(exporter, templates_are_withdrawn)
{
	const struct flow_shape vlan = {.more = MORE_VLAN};
	const struct flow_more more = {.vlan = 5};
	const struct flow_record r = flow(0);
	static const uint16_t gone[] = {256, 257, 264, 265};

	for (int udp = 0; udp < 2; udp++) {
		const struct exporter_options o = {.format = EXPORT_IPFIX,
			.message = EXPORT_MESSAGE_MOST,
			.refresh = udp};
		static struct exporter e;
		const uint8_t *bytes;
		struct cursor c;

		exporter_init(&e, &o);
		cr_assert(exporter_add(&e, &r, NULL));
		cr_assert(exporter_take(&e, start, &bytes));
		exporter_reshape(&e, &vlan);
		cr_assert(exporter_add(&e, &r, &more));
		c = cursor_over(bytes, exporter_take(&e, start, &bytes));
		cursor_skip(&c, 16);
		cr_assert_eq(cursor_u16(&c), 2, "a set of templates");
		cr_assert_eq(cursor_u16(&c) == 20, !udp);
		if (udp)
			continue;
		for (size_t i = 0; i < 4; i++)
			cr_expect_eq(cursor_u32(&c), (uint32_t)gone[i] << 16);
		cr_expect_eq(cursor_u16(&c), 2, "then those of now");
		cr_expect_gt(cursor_u16(&c), 20);
		cr_expect_eq(cursor_u16(&c), 256 + 16);
	}
}
