#include "base/file.h"
#include "store/block.h"
#include "store/bloom.h"
#include "store/filter.h"
#include "unit/store/run.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct filter *parsed(const char *text, const struct catalog *c)
{
	struct filter *f = NULL;
	struct err err = ERR_INIT;

	cr_assert_eq(filter_parse(text, strlen(text), c, &f, &err), 0, "%s: %s",
		text, err.hint);
	return f;
}

/* a:1000 -> b:80 tcp over la, core, lb, 15 packets of 1500 bytes in 2 s */
static enum filter_answer ask(const char *text, bool whole)
{
	static const int links[] = {LINK_LA, LINK_CORE, LINK_LB};
	static const int via[] = {NODE_R1, NODE_R2};
	const struct flow_record r =
		run_record("10.0.1.1", "10.0.3.1", 1, 15, 0);
	struct flow_extra extra = {.src_as = 64512,
		.dst_as = 4200000000,
		.in_if = 3,
		.out_if = 70000,
		.vlan = 100,
		.out_vlan = 200,
		.src_mac = 0x020000000001,
		.dst_mac = 0x0200000000fe,
		.mpls = 16};
	const struct net_addr next = run_addr("10.0.9.1");
	const struct filter_subject s = {.key = &r.key,
		.extra = &extra,
		.whole = whole,
		.packets = 15,
		.bytes = 1500,
		.duration_ns = 2 * SECOND,
		.tcp_flags = 0x12,
		.links = links,
		.n_links = 3,
		.via = via,
		.n_via = 2,
		.at = via,
		.n_at = 1};
	struct catalog *c = run_catalog();
	struct filter *f = parsed(text, c);
	enum filter_answer answer;

	flow_extra_set_next(&extra, &next);
	answer = filter_test(f, &s);

	filter_free(f);
	catalog_free(c);
	return answer;
}

Test(filter, says_yes)
{
	static const char *const all[] = {"", "any", "host 10.0.1.1",
		"src host 10.0.1.1", "dst ip 10.0.3.1", "10.0.1.1",
		"10.0.0.0/8", "src and dst net 10.0.0.0/8",
		"net 10.0.1.0 255.255.255.0", "port 80", "dst port 80",
		"src port > 999", "port in [79, 80]", "dst port 80-90",
		"not src port 80", "! src port 80", "proto tcp", "proto 6",
		"tcp", "TCP and PORT 80", "ipv4", "node a", "src node a",
		"dst node b", "a", "link core", "via r1", "at r1",
		"packets > 14", "packets = 15", "bytes >= 1k", "bytes < 2k",
		"duration 2000", "bps 6000", "pps 7", "flags S", "flags SA",
		"not flags F", "udp or tcp and port 80",
		"(udp or tcp) and port 80", "host in [1.2.3.4 10.0.3.1]",
		"port != 79", "src or dst port 80", "not (udp or port 81)",
		"proto in [udp 6]", "packets 10-20", "bytes in [1-2 1k-2k]",
		"link in [lc core]", "via in [a, r2]", "at in [r1]",
		"flags in [F SA]", "duration != 5-1999", "bps in [< 10, > 5k]",
		"packets in [1 15]", "as 64512", "dst as 4200000000",
		"src as 64500-64600", "as in [1 64512]", "as > 4g", "if 3",
		"in if 3", "out if >= 70k", "IN IF in [1 3-5]", "vlan 200",
		"src vlan 100", "dst vlan != 100", "src and dst vlan 100-200",
		"mac 02:00:00:00:00:01", "dst mac 02-00-00-00-00-fe", "mpls 16",
		"mpls in [1, 16-20]", "next ip 10.0.9.1",
		"next host in [1.1.1.1 10.0.9.1]", "next net 10.0.0.0/8",
		"not next net 2001:db8::/32", "src and dst port != 81",
		"src and dst port in [1000-2000 80]",
		"src and dst node in [a b]", "lan core", "lan in [lc core]",
		"probe r1", "path core", "path r1", "path a", "path in [lc r2]",
		"experiment", "src and dst experiment"};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		cr_expect_eq(ask(all[i], true), FILTER_YES, "%s", all[i]);
}

Test(filter, says_no)
{
	static const char *const all[] = {"not any", "dst host 10.0.1.1",
		"host 10.0.1.2", "src port 80", "port 81", "port > 1000",
		"port < 80", "udp", "ipv6", "node c", "src node b", "link lc",
		"via a", "at r2", "packets > 15", "flags F", "fragment",
		"tcp and not tcp", "udp or port 443",
		"udp and port 80 or port 81", "src and dst port 80",
		"proto in [udp icmp]", "packets 16-20", "bytes != 1k-2k",
		"link in [lc]", "via in [a b]", "flags in [F R]", "as 0",
		"src as 4200000000", "in if 70000", "out if 3", "vlan 0",
		"src vlan 200", "src and dst as 64512", "mpls != 16",
		"src mac 02:00:00:00:00:fe", "next ip 10.0.9.2",
		"next net 10.1.0.0/16", "next net ::/128",
		"src and dst port != 80", "src and dst port in [80 443]",
		"src and dst host in [10.0.1.1 1.2.3.4]", "lan lc", "probe r2",
		"path lc", "path c", "not src experiment", "ip6"};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		cr_expect_eq(ask(all[i], true), FILTER_NO, "%s", all[i]);
	}
}

/* Of a row only the key is known. */
Test(filter, of_a_row_says_maybe)
{
	cr_expect_eq(ask("link lc", false), FILTER_MAYBE);
	cr_expect_eq(ask("not via r1", false), FILTER_MAYBE);
	cr_expect_eq(ask("link lc and udp", false), FILTER_NO);
	cr_expect_eq(ask("link lc or tcp", false), FILTER_YES);
	cr_expect_eq(ask("packets > 100 and port 80", false), FILTER_MAYBE);
	cr_expect_eq(ask("not (flags S and udp)", false), FILTER_YES);
}

static struct err refused(const char *text)
{
	struct catalog *c = run_catalog();
	struct filter *f = NULL;
	struct err err = ERR_INIT;

	cr_expect_eq(filter_parse(text, strlen(text), c, &f, &err),
		-NFZ_E_FILTER, "%s", text);
	filter_free(f);
	catalog_free(c);
	return err;
}

Test(filter, refuses_and_shows_where)
{
	static const char *const all[] = {"and", "host", "host a.b", "port",
		"port 65536", "port 1-", "net 10.0.0.0/33", "(tcp", "tcp)",
		"tcp udp", "node nobody", "link a", "flags X", "proto 256",
		"packets > many", "src tcp", "not", "port in [80", "in [80]",
		"10.0.1.1 10.0.1.2", "bytes > 99999999999999999999", "src le",
		"dst and port 80", "proto in [tcp nothing]", "packets in 5",
		"packets 1-", "bytes -5", "link in []", "port > 1-2",
		"bytes <= 1-2", "via in [r1", "flags in [SZ]", "as",
		"as 4294967296", "vlan 4096", "src if 3", "in vlan 5",
		"mac 02:00:00:00:00", "mpls 1048576", "next 10.0.0.1",
		"next port 5", "src next ip 1.2.3.4", "if in [1", "lan a",
		"path nowhere", "probe la", "bytes 10-5", "port 80-79",
		"as in [3-2]", "rtt_us \"x\"", "application 5",
		"experiment core"};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		(void)refused(all[i]);
	cr_assert_str_eq(refused("dst prt 53").hint,
		"dst prt 53\n"
		"    ^^^ expected: an address, a node, host, net, port, "
		"experiment, as, vlan, mac\n"
		"Did you mean:  dst port 53\n"
		"All keywords: man 7 netflowize-filter");
	cr_assert(strstr(refused("link in [core le]").hint,
		"              ^^ expected: the name of a link\n"
		"Did you mean:  link in [core la]\n"));
	cr_assert(strstr(refused("link backbone").hint,
		"expected: the name of a link: la, core, "));
	cr_assert(strstr(refused("vlam 5").hint, "Did you mean:  vlan 5\n"));
	cr_assert(strstr(refused("in ff 5").hint, "Did you mean:  in if 5\n"));
	cr_assert(strstr(refused("next hst 10.0.0.1").hint,
		"Did you mean:  next host 10.0.0.1\n"));
	cr_assert_null(strstr(refused("port 80 and and tcp").hint, "Did you"));
	cr_assert_null(strstr(refused("in [tcp udp]").hint, "Did you"));
	cr_assert(strstr(refused("src a dst b").hint,
		"Did you mean:  src a and dst b\n"));
	cr_assert(strstr(refused("not (tcp port 80) or udp").hint,
		"Did you mean:  not (tcp and port 80) or udp\n"));
	cr_assert_null(
		strstr(refused("bytes > 10 a").hint, "Did you"), "a unit");
	cr_assert_null(strstr(refused("a b c").hint, "Did you"));
	cr_assert(strstr(refused("port 80-79").hint,
		"     ^^^^^ expected: a range from less to more"));
	cr_assert(strstr(refused("port 80 and tpc").hint,
		"Did you mean:  port 80 and tcp\n"));
	cr_assert(strstr(refused("tcp and node ab").hint,
		"Did you mean:  tcp and node a\n"));
}

/* Where no name is known: what is no mistake for certain passes. */
Test(filter, is_checked_without_names)
{
	static const char *const good[] = {"", "tcp", "node a and link b",
		"src a or dst host b", "via in [a b c]", "path x and not at y",
		"experiment and port 80", "src and dst experiment",
		"host 10.1.2.3", "a", "10.0.0.0/8 and b", "prot 80"};
	static const char *const bad[] = {"port 99999", "packets >",
		"node a and", "(link b", "src and dst port x", "node )",
		"at a at b", "host 10.1.2.3 10.1.2.4"};
	struct err err = ERR_INIT;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		cr_expect_eq(filter_check(good[i], strlen(good[i]), &err), 0,
			"%s: %s", good[i], err.hint);
	cr_expect_eq(err.code, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect_eq(filter_check(bad[i], strlen(bad[i]), &err),
			-NFZ_E_FILTER, "%s", bad[i]);
}

Test(filter, has_limits)
{
	char *deep = malloc(20002), *wide = malloc(100000);

	memset(deep, '(', 20001);
	deep[20001] = '\0';
	memset(wide, ' ', 99999);
	wide[99999] = '\0';
	(void)refused(deep);
	(void)refused(wide);
	free(deep);
	free(wide);
}

Test(filter, prints_what_it_understood)
{
	static const char *const pairs[][2] = {
		{"", "any"},
		{"a and port 53",
			"(src node a or dst node a) and (src port 53 or dst "
			"port 53)"},
		{"not (udp or link core)", "not (proto 17 or link core)"},
		{"bytes > 10k", "bytes >= 10001"},
		{"src net 10.0.0.0/8", "src net 10.0.0.0/8"},
		{"src port in [1 2-3]", "src port 1 or src port 2-3"},
		{"packets 10-1k", "packets 10-1000"},
		{"bytes != 5-6", "not bytes 5-6"},
		{"udp and src port < 0", "proto 17 and not any"},
		{"proto in [tcp udp]", "proto 6 or proto 17"},
		{"flags in [S SA]", "flags S or flags SA"},
		{"src experiment and lan core", "src experiment and link core"},
		{"path r1", "via r1 or (src node r1 or dst node r1)"},
		{"ie 32 = 0x0800", "icmp_message = 2048"},
		{"not ie 4242/7 \"abc\"", "not ie 4242/7 = \"abc\""},
		{"ie 9 0x000102030405060708", "ie 9 = 0x000102030405060708"},
		{"ie 9 \"ninebytes\"", "ie 9 = 0x6e696e656279746573"},
	};
	struct catalog *c = run_catalog();

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct buf text = BUF_INIT(1000), back = BUF_INIT(1000);
		struct filter *f, *again;

		f = parsed(pairs[i][0], c);
		filter_print(f, c, &text);
		cr_expect_str_eq(buf_str(&text), pairs[i][1]);
		again = parsed(buf_str(&text), c); /* and back */
		filter_print(again, c, &back);
		cr_expect_str_eq(buf_str(&back), buf_str(&text));
		filter_free(again);
		buf_release(&back);
		filter_free(f);
		buf_release(&text);
	}
	catalog_free(c);
}

/* A block is passed over only when nothing in it can be wanted. */
Test(filter, of_a_block_says_no_only_when_sure)
{
	const struct net_addr hosts[] = {
		run_addr("10.0.1.1"), run_addr("10.0.3.1")};
	struct store_zone z = {.rows = 5};
	struct buf bloom = BUF_INIT(1000);
	uint8_t *filter = bloom_begin(&bloom, 2, &z.bloom_len);
	static const struct {
		const char *text;
		bool may;
	} all[] = {{"", true}, {"host 10.0.1.1", true},
		{"host 10.0.1.2", false}, {"not host 10.0.1.2", true},
		{"not host 10.0.1.1", true}, {"port 50", true},
		{"port 500", false}, {"dst port 5", false}, {"udp", false},
		{"not udp", true}, {"link core", true},
		{"host 10.0.1.2 or link core", true},
		{"port 500 and link core", false}, {"node c", false},
		{"net 10.0.3.0/24", true}};
	struct catalog *c = run_catalog();

	bloom_add(filter, z.bloom_len, &hosts[0]);
	bloom_add(filter, z.bloom_len, &hosts[1]);
	z.bloom = filter;
	z.column[COLUMN_SPORT] = (struct column_range){1, 100};
	z.column[COLUMN_DPORT] = (struct column_range){80, 90};
	z.column[COLUMN_PROTO] = (struct column_range){6, 6};
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct filter *f = parsed(all[i].text, c);

		cr_expect_eq(filter_may(f, &z), all[i].may, "%s", all[i].text);
		filter_free(f);
	}
	catalog_free(c);
	buf_release(&bloom);
}

/* Of rows of many kinds, a block says what each row says for itself. */
Test(filter, of_a_block_agrees_with_rows)
{
	static const char *const texts[] = {"", "any", "host 10.0.1.1",
		"src host 10.0.1.1", "dst net 10.0.0.0/16",
		"src and dst net 10.0.0.0/14", "net 2001:db8::/32",
		"host in [10.0.1.1 2001:db8::1]", "port 80", "src port > 1000",
		"src and dst port 80", "tcp", "not udp", "ipv6", "fragment",
		"link core", "not link core", "at r1", "flags S", "packets > 3",
		"bytes < 100 or packets = 1", "bps > 1000", "duration >= 1000",
		"not (packets > 3 and tcp)", "net ::/0", "net 0.0.0.0/0",
		"tcp and host 10.0.1.1 or udp", "as 64501", "src as 64501",
		"src and dst as >= 64500", "as 0", "not dst as 4200000000",
		"in if 1", "if 70000", "vlan 3", "dst vlan 0",
		"mac 02:00:00:00:00:05", "mpls 0", "mpls > 0",
		"next ip 10.0.9.1", "next net 2001:db8::/32",
		"tcp and not next net 0.0.0.0/0", "ie 32 = 0x0800",
		"ie 32 2048", "ie 4242/7 > 260", "ie 4242/7 >= 260",
		"not ie 4242/8 in [7 \"abc\"]", "ie 9 = 0",
		"ie 4242/8 0x616263", "ie 4242/8 \"abcd\"", "ie 32 != 0x0800",
		"retransmissions = 0", "not rtt_us > 5",
		"fingerprint \"4:64:*:mss, x\""};
	enum { N = 500 };
	static struct flow_record r[N];
	static struct flow_extra extras[N];
	static uint8_t verdicts[N];
	struct catalog *c = run_catalog();
	struct err err = ERR_INIT;
	struct block b;

	for (uint32_t i = 0; i < N; i++) {
		uint32_t x = i * 2654435761u;

		r[i] = run_record(x & 1 ? "10.0.1.1" : "2001:db8::1",
			x & 2 ? "10.0.3.1" : "10.9.9.9", 1, 1 + x / 8 % 6,
			i / 10.0);
		r[i].key.sport = x & 4 ? 80 : (uint16_t)(x >> 8);
		r[i].key.dport = x & 64 ? 80 : 53;
		r[i].key.proto = x & 128 ? 6 : 17;
		r[i].key.flags = x & 256 ? KEY_FRAGMENT : 0;
		r[i].tcp_flags = (uint8_t)(x >> 16);
		r[i].last_ns += x & 512 ? 2 * SECOND : 0;
		r[i].flags = x & 1024 ? RECORD_FOREIGN : 0;
		if (r[i].flags)
			extras[i] = run_extra(r[i].packets);
	}
	block_init(&b);
	block_begin(&b);
	block_add(&b, &(const struct flow_rows){r, extras, N}, 0);
	block_end(&b);
	for (size_t t = 0; t < sizeof(texts) / sizeof(*texts); t++) {
		struct filter *f = parsed(texts[t], c);

		cr_assert_eq(filter_block(f, &b, verdicts, &err), 0);
		for (size_t i = 0; i < N; i++) {
			const struct filter_subject s = {.key = &r[i].key,
				.whole = r[i].flags & RECORD_FOREIGN,
				.packets = r[i].packets,
				.bytes = r[i].bytes,
				.duration_ns = r[i].last_ns - r[i].first_ns,
				.tcp_flags = r[i].tcp_flags,
				.extra = &extras[i]};

			cr_assert_eq((int)verdicts[i], (int)filter_test(f, &s),
				"%s, row %zu", texts[t], i);
		}
		filter_free(f);
	}
	block_release(&b);
	catalog_free(c);
}

/* The manual ------------------------------------------------------------ */

enum { EXAMPLE_FLOWS = 6 };

/* Which of the flows each example wants, one digit a flow. */
static const struct example {
	const char *text, *wanted;
} examples[] = {
	{"client3 and port 53", "100000"},
	{"proto tcp and dst port in [80 443] and bytes > 1m", "010000"},
	{"src node attacker and not link mgmt", "001000"},
	{"src attacker and not link mgmt", "001000"},
	{"via r1 and (net 10.1.0.0/16 or icmp)", "100010"},
	{"host 2001:db8::7 and duration >= 1000", "000001"},
	{"flags S and not flags A and packets < 3", "001100"},
	{"src or dst port 1024-65535 and bps > 1m", "010000"},
	{"proto in [udp icmp] and packets 1-4", "100000"},
	{"link in [core mgmt] and flags in [SA SP]", "010001"},
	{"src as 64500 and not dst as in [64501 64510-64520]", "000100"},
	{"in if 3 and out if in [1 2] and next ip 10.0.9.1", "010000"},
	{"vlan 100-199 or src mac 02:00:00:00:00:01", "001110"},
	{"mpls >= 16 and next net 2001:db8::/32", "000001"},
	{"retransmissions > 10 and rtt_us < 5000", "001000"},
	{"ie 4242/7 = 0x0104 and ie 4242/8 in [\"abc\" \"xyz\"]", "010000"},
};
enum { EXAMPLES = sizeof(examples) / sizeof(*examples) };

static struct catalog *manual_catalog(void)
{
	static const char *const nodes[][2] = {{"client3", "10.1.0.3"},
		{"attacker", "10.2.0.66"}, {"r1", "10.1.0.1"}};
	struct catalog *c = catalog_new();

	catalog_add_link(c, "core", false);
	catalog_add_link(c, "mgmt", false);
	for (int i = 0; i < 3; i++) {
		struct net_addr a = run_addr(nodes[i][1]);

		catalog_add_node(c, nodes[i][0]);
		cr_assert_geq(catalog_add_member(c, 0, i, &a), 0);
	}
	return c;
}

static void ask_manual(const struct filter *f, char to[EXAMPLE_FLOWS + 1])
{
	static const int core = 0, mgmt = 1, r1 = 2;
	static const struct {
		const char *src, *dst;
		uint16_t sport, dport;
		uint8_t proto, flags;
		uint64_t packets, bytes;
		int64_t ms;
		bool via;
		const int *link;
		struct flow_extra extra;
		const char *next;
	} all[EXAMPLE_FLOWS] = {
		{"10.1.0.3", "10.3.0.9", 40000, 53, 17, 0, 1, 60, 0, true,
			&core, {0}, NULL},
		{"10.3.0.9", "10.4.0.9", 50000, 443, 6, 0x1b, 9000, 9000000,
			3000, false, &core, {.in_if = 3, .out_if = 1},
			"10.0.9.1"},
		{"10.2.0.66", "10.3.0.9", 999, 22, 6, 0x02, 1, 60, 0, false,
			&core,
			{.src_as = 64500, .dst_as = 64515, .out_vlan = 199},
			NULL},
		{"10.2.0.66", "10.3.0.9", 999, 22, 6, 0x02, 2, 60, 0, false,
			&mgmt, {.src_as = 64500, .src_mac = 0x020000000001},
			"10.0.9.1"},
		{"10.3.0.9", "10.4.0.9", 0, 0, 1, 0, 5, 500, 100, true, &core,
			{.vlan = 100, .dst_mac = 0x020000000001, .mpls = 15},
			"2001:db8::9"},
		{"2001:db8::7", "2001:db8::8", 7, 80, 6, 0x12, 5, 500, 1000,
			false, &core, {.mpls = 16, .in_if = 3}, "2001:db8::9"},
	};

	/* 11 sent again, 400 us of which nobody knows in the second */
	static const uint8_t measured[] = {0, 0, 0x7e, 0xd9, 0, 24, 0, 4, 0, 0,
		0, 11, 0, 0, 0x7e, 0xd9, 0, 16, 0, 2, 1, 0x90};

	for (size_t i = 0; i < EXAMPLE_FLOWS; i++) {
		struct flow_extra extra = all[i].extra;
		const struct net_addr next =
			run_addr(all[i].next ? all[i].next : "0.0.0.0");
		const struct flow_key key = {.src = run_addr(all[i].src),
			.dst = run_addr(all[i].dst),
			.sport = all[i].sport,
			.dport = all[i].dport,
			.proto = all[i].proto};
		const struct filter_subject s = {.key = &key,
			.whole = true,
			.packets = all[i].packets,
			.bytes = all[i].bytes,
			.duration_ns = all[i].ms * 1000000,
			.tcp_flags = all[i].flags,
			.extra = &extra,
			.links = all[i].link,
			.n_links = 1,
			.via = &r1,
			.n_via = all[i].via};

		flow_extra_set_next(&extra, &next);
		if (i < 2) /* the second has them */
			extra.others = run_extra(i).others;
		if (i == 2 || i == 3)
			extra.others = (struct flow_others){
				measured, i == 2 ? sizeof(measured) : 12};
		to[i] = filter_test(f, &s) == FILTER_YES ? '1' : '0';
	}
	to[EXAMPLE_FLOWS] = '\0';
}

/* The next example of the page, roff's escapes undone; NULL: no more. */
static char *next_example(char **rest)
{
	char *line, *to;

	while ((line = strsep(rest, "\n")) && strncmp(line, ".Dl ", 4) != 0)
		continue;
	if (!line)
		return NULL;
	line = to = line + 4;
	for (const char *at = line; *at; at++)
		if (strncmp(at, "\\&", 2) == 0) {
			at++;
		} else if (strncmp(at, "\\(dq", 4) == 0) {
			*to++ = '"';
			at += 3;
		} else {
			*to++ = *at;
		}
	*to = '\0';
	return line;
}

/* Every example is one of ours, and every one of ours is there. */
Test(filter, examples_of_the_manual_do_what_they_should)
{
	struct buf page = BUF_INIT(1 << 20);
	struct catalog *c = manual_catalog();
	struct err err = ERR_INIT;
	char *rest, *text, got[EXAMPLE_FLOWS + 1];
	size_t n = 0;

	cr_assert_eq(file_read("man/netflowize-filter.7", &page, &err), 0, "%s",
		err.text);
	rest = page.data ? strstr(page.data, ".Sh EXAMPLES") : NULL;
	cr_assert_not_null(rest);
	for (; (text = next_example(&rest)); n++) {
		const struct example *e = examples;
		struct filter *f;

		while (e < examples + EXAMPLES && strcmp(e->text, text) != 0)
			e++;
		cr_assert(e < examples + EXAMPLES, "what should do: %s", text);
		f = parsed(text, c);
		ask_manual(f, got);
		cr_expect_str_eq(got, e->wanted, "%s: %s", text, got);
		filter_free(f);
	}
	cr_assert_eq(n, EXAMPLES);
	catalog_free(c);
	buf_release(&page);
}
