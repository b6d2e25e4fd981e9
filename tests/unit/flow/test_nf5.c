#include "flow/nf5.h"

#include <criterion/criterion.h>
#include <string.h>

static const int64_t day_ns = INT64_C(86400000000000);
static const int64_t now = INT64_C(1795292454123456789);

static struct flow_record flow(uint32_t i)
{
	struct flow_record r = {.packets = i + 1,
		.bytes = 100u * (i + 1),
		.first_ns = now - 2000000000,
		.last_ns = now - 1000000000,
		.tap = 4,
		.tcp_flags = 0x1b,
		.tos = 0x10};

	r.key.src = net_addr_v4_host(0x0a000000 + i);
	r.key.dst = net_addr_v4_host(0x0a010000 + i);
	r.key.sport = (uint16_t)(1000 + i);
	r.key.dport = 80;
	r.key.proto = 6;
	return r;
}

Test(nf5, what_is_encoded_is_decoded)
{
	struct flow_record in[30], out[NF5_RECORDS];
	struct flow_extra extras[NF5_RECORDS];
	uint8_t bytes[NF5_DATAGRAM];
	struct nf5_exporter e = {.boot_ns = now - day_ns};
	struct nf5_header h;
	size_t used;

	for (uint32_t i = 0; i < 30; i++)
		in[i] = flow(i);
	e.engine_type = 1;
	e.engine_id = 2;
	cr_assert_eq(nf5_encode(&e, now, in, 30, bytes, &used), 1464);
	cr_assert_eq(used, 30);
	cr_assert(nf5_decode(bytes, 1464, &h, out, extras));
	cr_assert_eq(h.count, 30);
	cr_assert_eq(h.engine_type, 1);
	cr_assert_eq(h.engine_id, 2);
	cr_assert_eq(h.sequence, 0);
	for (size_t i = 0; i < 30; i++) {
		cr_assert(flow_key_equal(&in[i].key, &out[i].key));
		cr_assert_eq(out[i].packets, in[i].packets);
		cr_assert_eq(out[i].bytes, in[i].bytes);
		cr_assert_eq(out[i].tcp_flags, 0x1b);
		cr_assert_eq(out[i].tos, 0x10);
		cr_assert_eq(out[i].flags, RECORD_FOREIGN);
		cr_assert_lt(in[i].first_ns - out[i].first_ns, 1000001);
		cr_assert_geq(in[i].first_ns - out[i].first_ns, 0);
	}
	/* the next one counts on, and its start is the same */
	{
		int64_t boot = nf5_boot_ns(&h);

		nf5_encode(&e, now + 777777777, in, 1, bytes, &used);
		cr_assert(nf5_decode(bytes, 72, &h, out, extras));
		cr_assert_eq(h.sequence, 30);
		cr_assert_eq(nf5_boot_ns(&h), boot);
	}
}

Test(nf5, large_counts_become_several_rows)
{
	struct flow_record r = flow(0), out[NF5_RECORDS];
	struct flow_extra extras[NF5_RECORDS];
	uint8_t bytes[NF5_DATAGRAM];
	uint64_t packets = 0, octets = 0;
	struct nf5_exporter e = {.boot_ns = now - day_ns};
	struct nf5_header h;
	size_t used, len, n = 1;

	r.packets = UINT64_C(40) << 32;
	r.bytes = UINT64_C(100) * r.packets / 90;
	while ((len = nf5_encode(&e, now, &r, n, bytes, &used))) {
		n -= used;
		cr_assert(nf5_decode(bytes, len, &h, out, extras));
		for (size_t i = 0; i < h.count; i++) {
			packets += out[i].packets;
			octets += out[i].bytes;
		}
	}
	cr_assert_eq(packets, r.packets);
	cr_assert_eq(octets, r.bytes);
}

Test(nf5, ipv6_is_left_out_and_counted)
{
	struct flow_record r[2] = {flow(0), flow(1)};
	uint8_t bytes[NF5_DATAGRAM];
	struct nf5_exporter e = {.boot_ns = now - day_ns};
	size_t used;

	r[0].key.src.b[0] = 0x20;
	cr_assert_eq(nf5_encode(&e, now, r, 2, bytes, &used), 72);
	cr_assert_eq(used, 2);
	cr_assert_eq(e.left_out, 1);
}

Test(nf5, lies_about_length_are_refused)
{
	struct flow_record r = flow(0), out[NF5_RECORDS];
	struct flow_extra extras[NF5_RECORDS];
	uint8_t bytes[NF5_DATAGRAM + 48] = {0};
	static const uint16_t counts[] = {0, 2, 31, 65535};
	struct nf5_exporter e = {.boot_ns = now - day_ns};
	struct nf5_header h;
	size_t used, len;

	len = nf5_encode(&e, now, &r, 1, bytes, &used);
	for (size_t cut = 0; cut < len; cut++)
		cr_assert_not(nf5_decode(bytes, cut, &h, out, extras));
	cr_assert_not(nf5_decode(bytes, len + 1, &h, out, extras));
	for (size_t i = 0; i < 4; i++) {
		bytes[2] = (uint8_t)(counts[i] >> 8);
		bytes[3] = (uint8_t)counts[i];
		cr_assert_not(nf5_decode(bytes, len, &h, out, extras));
	}
}

/* Bytes as another exporter makes them: sampling, ICMP, and an uptime that
 * wrapped between the flow's start and the export. */
Test(nf5, sampling_icmp_and_wrapped_uptime)
{
	uint8_t b[72] = {0, 5, 0, 1, 0, 0, 0, 100, /* uptime 100 ms */
		0x60, 0, 0, 0, 0, 0, 0, 0};
	struct flow_record out[NF5_RECORDS];
	struct flow_extra extras[NF5_RECORDS];
	struct nf5_header h;

	b[22] = 0x40;
	b[23] = 10;                   /* 1 in 10 */
	b[24 + 19] = 3;               /* packets */
	b[24 + 23] = 90;              /* octets */
	memset(b + 24 + 24, 0xff, 4); /* first: 1 ms before the wrap */
	b[24 + 31] = 50;
	b[24 + 34] = 8; /* echo request */
	b[24 + 38] = 1;
	cr_assert(nf5_decode(b, sizeof(b), &h, out, extras));
	cr_assert_eq(out[0].packets, 30);
	cr_assert_eq(out[0].bytes, 900);
	cr_assert_eq(out[0].flags, RECORD_FOREIGN | RECORD_ESTIMATED);
	cr_assert_eq(out[0].key.dport, 0);
	cr_assert_eq(out[0].last_ns - out[0].first_ns, 51000000);
}
