/* What metrics make of packets whose story is known. */
#include "base/mem.h"
#include "probe/metric_kinds.h"

#include "../../../examples/metric_ecn.c"

#include <criterion/criterion.h>
#include <string.h>

#define MS INT64_C(1000000)

enum { FIN = 1, SYN = 2, ACK = 16 };

static uint64_t value(const struct flow_metric *m, const void *state, size_t i)
{
	uint8_t row[METRIC_VALUES_MAX];
	size_t at = 0;
	uint64_t v = 0;

	memset(row, 0xee, sizeof(row));
	cr_assert_eq(m->write(state, row) - row,
		(ptrdiff_t)flow_values(&(struct flow_shape){
			.fields = m->fields, .n_fields = m->n_fields}));
	for (size_t f = 0; f < i; f++)
		at += m->fields[f].len;
	for (size_t b = 0; b < m->fields[i].len; b++)
		v = v << 8 | row[at + b];
	return v;
}

/* A state as of a new flow; to be freed. */
static void *fresh(const struct flow_metric *m)
{
	return mem_zalloc(1, m->size);
}

static struct metric_packet segment(
	int64_t at_ms, uint8_t flags, uint32_t seq, uint32_t len)
{
	return (struct metric_packet){.packets = 1,
		.time_ns = at_ms * MS,
		.version = 4,
		.ttl = 60,
		.octets = 40 + len,
		.tcp = true,
		.tcp_flags = flags,
		.seq = seq,
		.payload = len,
		.window = 1000};
}

Test(metrics, round_trips_of_a_handshake)
{
	const struct flow_metric *m = &metric_rtt;
	void *client = fresh(m), *server = fresh(m);
	struct metric_packet syn = segment(100, SYN, 0, 0),
			     answer = segment(130, SYN | ACK, 0, 0),
			     ack = segment(142, ACK, 1, 0);

	m->update(client, server, &syn);
	m->update(server, client, &answer);
	m->update(client, server, &ack);
	ack.time_ns += 50 * MS;
	m->update(client, server, &ack);
	cr_expect_eq(value(m, client, 0), 42000);
	cr_expect_eq(value(m, client, 1), 30000);
	cr_expect_eq(value(m, server, 0), 0);
	/* one direction alone */
	memset(client, 0, m->size);
	m->update(client, NULL, &syn);
	m->update(client, NULL, &ack);
	cr_expect_eq(value(m, client, 0), 92000);
	cr_expect_eq(value(m, client, 1), 0);
	/* time may begin with it */
	memset(client, 0, m->size);
	syn.time_ns = 0;
	m->update(client, server, &syn);
	m->update(server, client, &answer);
	m->update(client, server, &ack);
	cr_expect_eq(m->known(client), 3);
	cr_expect_eq(value(m, client, 0), 192000);
	cr_expect_eq(value(m, client, 1), 130000);
	free(client);
	free(server);
}

/* Sequence numbers go round on the way. */
Test(metrics, what_came_again_and_what_out_of_order)
{
	static const struct {
		int64_t at_ms;
		uint32_t seq, len;
	} story[] = {
		{0, 0, 100},
		{1, 100, 100}, /* in order */
		{2, 300, 100}, /* 200..300 is not there yet */
		{3, 200, 100}, /* 1 ms later: out of order */
		{4, 400, 100},
		{90, 400, 100},  /* again */
		{91, 600, 100},  /* a hole */
		{200, 500, 100}, /* filled late: lost before */
		{201, 699, 1},   /* keep-alive */
		{202, 699, 0},   /* an ACK */
		{203, 700, 100},
	};
	const uint32_t base = UINT32_MAX - 250;
	const struct flow_metric *m = &metric_sequence;
	void *state = fresh(m);

	for (size_t i = 0; i < sizeof(story) / sizeof(story[0]); i++) {
		struct metric_packet p = segment(
			story[i].at_ms, ACK, base + story[i].seq, story[i].len);

		m->update(state, NULL, &p);
	}
	cr_expect_eq(value(m, state, 0), 2, "again");
	cr_expect_eq(value(m, state, 1), 200, "octets");
	cr_expect_eq(value(m, state, 2), 1, "out of order");
	cr_expect_eq(value(m, state, 3), 2, "gaps");
	m->restart(state);
	cr_expect_eq(value(m, state, 0), 0);
	free(state);
}

Test(metrics, windows_are_scaled_by_the_syn)
{
	static const uint8_t options[] = {2, 4, 5, 0xb4, 1, 3, 3, 7};
	const struct flow_metric *m = &metric_window;
	struct metric_packet syn = segment(0, SYN, 0, 0),
			     ack = segment(1, ACK, 1, 0);
	void *state = fresh(m);

	syn.options = options;
	syn.n_options = sizeof(options);
	m->update(state, NULL, &syn);
	m->update(state, NULL, &ack);
	ack.window = 0;
	m->update(state, NULL, &ack);
	cr_expect_eq(value(m, state, 0), 0);
	cr_expect_eq(value(m, state, 1), 128000);
	cr_expect_eq(value(m, state, 2), 1);
	free(state);
}

/* Neither side scales unless both do (RFC 7323 1.3). */
Test(metrics, windows_are_scaled_by_both)
{
	static const uint8_t options[] = {2, 4, 5, 0xb4, 1, 3, 3, 7};
	const struct flow_metric *m = &metric_window;

	for (int offers = 0; offers < 4; offers++) {
		struct metric_packet syn = segment(0, SYN, 0, 0),
				     answer = segment(0, SYN | ACK, 0, 0),
				     ack = segment(1, ACK, 1, 0);
		void *there = fresh(m), *back = fresh(m);
		const unsigned want = offers == 3 ? 128000 : 1000;

		answer.ack = 1;
		syn.options = answer.options = options;
		syn.n_options = offers & 1 ? sizeof(options) : 4;
		answer.n_options = offers & 2 ? sizeof(options) : 4;
		m->update(there, back, &syn);
		m->update(back, there, &answer);
		m->update(there, back, &ack);
		m->restart(there);
		m->update(there, back, &ack);
		m->update(back, there, &ack);
		cr_expect_eq(value(m, there, 1), want);
		cr_expect_eq(value(m, back, 1), want);
		free(there);
		free(back);
	}
}

/* What else SYNs of a connection whose client offers 7, and whose server offers
 * 7, or nothing, may be: words of "SAa" and so on, in order.  S: the SYN; A: its
 * answer; s, a: the same sent again without options; x: a SYN of other numbers,
 * to which nobody answers; N: the next connection's, which offers nothing, to
 * be answered by B. */
static void check_windows(const char *story, bool server, unsigned want)
{
	static const uint8_t options[] = {2, 4, 5, 0xb4, 1, 3, 3, 7};
	const struct flow_metric *m = &metric_window;
	void *there = fresh(m), *back = fresh(m);
	struct metric_packet data = segment(9, ACK, 1, 0);

	for (const char *at = story; *at; at++) {
		const bool next = strchr("NB", *at);
		const bool answer = strchr("AaB", *at);
		struct metric_packet p = segment(0, answer ? SYN | ACK : SYN,
			*at == 'x'       ? 77
			: next || answer ? 1u << 31
					 : UINT32_MAX,
			0);

		p.options = options;
		p.n_options = strchr("Sx", *at) || (*at == 'A' && server) ||
					      *at == 'B'
				      ? sizeof(options)
				      : 4;
		if (answer)
			p.ack = next ? (1u << 31) + 1 : 0;
		p.seq += *at == 'B';
		m->update(answer ? back : there, answer ? there : back, &p);
	}
	m->update(there, back, &data);
	m->update(back, there, &data);
	cr_expect_eq(value(m, there, 1), want, "%s", story);
	cr_expect_eq(value(m, back, 1), want, "%s", story);
	free(there);
	free(back);
}

Test(metrics, windows_stay_as_agreed)
{
	static const char *const stories[] = {"SA", "SSA", "SAA", "SAS", "SASA",
		"SsA", "SAs", "SAa", "SAsA", "ASA", "AS", "ASs", "SAx", "xSA"};

	for (size_t i = 0; i < sizeof(stories) / sizeof(*stories); i++) {
		check_windows(stories[i], true, 128000);
		check_windows(stories[i], false, 1000);
	}
	check_windows("SANB", true, 1000);
	check_windows("SASANBNB", true, 1000);
}

/* A Linux SYN, as in p0f's own database. */
Test(metrics, a_fingerprint)
{
	static const uint8_t linux_options[] = {
		2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7};
	struct metric_packet syn = segment(0, SYN, 0, 0);
	void *state = fresh(&metric_fingerprint);
	uint8_t text[80];

	syn.options = linux_options;
	syn.n_options = sizeof(linux_options);
	syn.df = true;
	syn.window = 29200;
	metric_fingerprint.update(state, NULL, &syn);
	metric_fingerprint.write(state, text);
	cr_expect_str_eq(
		(char *)text, "4:64:0:1460:29200,7:mss,sok,ts,nop,ws:df");
	free(state);
}

Test(metrics, sizes_ttl_jitter)
{
	static const uint32_t octets[] = {40, 64, 65, 1518, 1519};
	void *sizes = fresh(&metric_sizes), *ttl = fresh(&metric_ttl),
	     *jitter = fresh(&metric_jitter);

	cr_expect_eq(metric_sizes.known(sizes) & 7, 4, "nothing came yet");
	for (uint32_t i = 0; i < 5; i++) {
		struct metric_packet p = segment(i * 10, ACK, 0, 0);

		p.octets = octets[i];
		p.ttl = (uint8_t)(60 + i);
		metric_sizes.update(sizes, NULL, &p);
		metric_ttl.update(ttl, NULL, &p);
		p.time_ns += i == 4 ? 16 * MS : 0;
		metric_jitter.update(jitter, NULL, &p);
	}
	cr_expect_eq(metric_sizes.known(sizes) & 7, 7);
	cr_expect_eq(value(&metric_sizes, sizes, 0), 40);
	cr_expect_eq(value(&metric_sizes, sizes, 1), 1519);
	cr_expect_eq(value(&metric_ttl, ttl, 0), 60);
	cr_expect_eq(value(&metric_ttl, ttl, 1), 64);
	cr_expect_eq(value(&metric_jitter, jitter, 0), 1000, "16 ms / 16");
	cr_expect_eq(value(&metric_jitter, jitter, 1), 26000);
	free(sizes);
	free(ttl);
	free(jitter);
}

Test(metrics, all_can_be_chosen_and_none_invented)
{
	char all[] = "all+icmp", bad[] = "rtt2", twice[] = "ttl";
	char joined[] = "sequence+rtt";
	char *words[] = {twice, all};
	struct opt_list list = {.items = words, .n = 2};
	struct metrics m;
	struct err err = ERR_INIT;

	cr_assert_eq(metrics_choose(&list, &m, &err), 0);
	cr_expect_eq(m.bytes % 8, 0);
	cr_expect_leq(m.values, METRIC_VALUES_MAX);
	cr_expect_eq(metric_at(m.n), &metric_application, "each once");
	cr_expect_null(metric_at(m.n + 1));
	metrics_release(&m);
	words[0] = joined;
	list.n = 1;
	cr_assert_eq(metrics_choose(&list, &m, &err), 0, "as settings have it");
	cr_expect_eq(m.n, 2);
	metrics_release(&m);
	words[0] = bad;
	cr_expect_eq(metrics_choose(&list, &m, &err), -NFZ_E_USAGE);
}

static const uint8_t dns[] = {0x45, 0, 0, 57, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0,
	0, 1, 10, 0, 0, 2, 0x9c, 0x40, 0, 53, 0, 37, 0, 0, 0x12, 0x34, 1, 0, 0,
	1, 0, 0, 0, 0, 0, 0, 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 3, 'o', 'r',
	'g', 0, 0, 1, 0, 1};
static const char http[] = "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n";

/* Of TCP to a port that says nothing. */
static size_t tcp_packet(uint8_t to[256], const void *payload, size_t len)
{
	const uint8_t head[40] = {0x45, 0, 0, (uint8_t)(40 + len), 0, 1, 0, 0,
		64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x9c, 0x40, 0x22, 0xb8,
		0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 4, 0, 0, 0, 0, 0};

	memcpy(to, head, sizeof(head));
	memcpy(to + sizeof(head), payload, len);
	return sizeof(head) + len;
}

static size_t client_hello(uint8_t to[256])
{
	static const uint8_t hello[] = {22, 3, 1, 0, 69, 1, 0, 0, 65, 3, 3, 1,
		2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
		20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 0, 0, 2,
		0x13, 1, 1, 0, 0, 22, 0, 0, 0, 18, 0, 16, 0, 0, 13, 't', 'e',
		's', 't', '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e', '.'};

	return tcp_packet(to, hello, sizeof(hello));
}

/* Through what captures go through, of `captured` bytes. */
static bool named(const struct metrics *m, const uint8_t *ip, size_t len,
	size_t captured, char name[METRIC_VALUES_MAX])
{
	const struct frame f = {.data = ip,
		.captured = (uint32_t)captured,
		.wire = (uint32_t)len};
	void *state = mem_zalloc(1, m->bytes);
	struct metric_packet p;
	struct dissect d;
	bool known;

	cr_assert_eq(dissect_frame(LAYER_RAW, &f, &d), DISSECT_IP);
	metric_read(&f, &d, false, &p);
	metrics_update(m, state, NULL, &p);
	metrics_restart(m, state);
	known = metrics_write(m, state, (uint8_t *)name);
	free(state);
	return known;
}

Test(metrics, applications_by_content)
{
	char word[] = "none+application", name[METRIC_VALUES_MAX];
	char *words[] = {word};
	const struct opt_list list = {.items = words, .n = 1};
	uint8_t packet[256];
	struct err err = ERR_INIT;
	struct metrics m;
	struct buf said = BUF_INIT(1000);
	unsigned bits;
	size_t len;

	cr_expect_eq(metrics_choose_bits(&list, &bits, &err), -NFZ_E_USAGE,
		"not of what is live");
	if (metrics_choose(&list, &m, &err) < 0)
		cr_skip("SKIPPED: no libndpi");
	cr_expect(named(&m, dns, sizeof(dns), sizeof(dns), name));
	cr_expect_str_eq(name, "DNS");
	cr_expect_not(named(&m, dns, sizeof(dns), sizeof(dns) - 1, name));
	cr_expect_str_eq(name, "", "cut");
	len = tcp_packet(packet, http, strlen(http));
	cr_expect(named(&m, packet, len, len, name));
	cr_expect_str_eq(name, "HTTP");
	len = client_hello(packet);
	cr_expect(named(&m, packet, len, len, name));
	cr_expect_str_eq(name, "TLS");
	len = tcp_packet(packet, "?", 1);
	cr_expect_not(named(&m, packet, len, len, name));
	for (int i = 0; i < 10000; i++) /* more than are looked at at once */
		(void)named(&m, packet, len, len, name);
	cr_expect(named(&m, dns, sizeof(dns), sizeof(dns), name));
	metrics_say(&m, &said);
	cr_expect_str_eq(buf_str(&said),
		"applications: flows looked at 10005, known 4, given up for "
		"others 5906, times that a packet ended libndpi 0\n");
	buf_release(&said);
	metrics_release(&m);
}

static struct metric_packet packet_of(const uint8_t *ip, size_t len)
{
	return (struct metric_packet){.packets = 1,
		.octets = (uint32_t)len,
		.version = 4,
		.proto = ip[9],
		.tcp = ip[9] == 6,
		.payload = 1,
		.ip = ip,
		.n_ip = len};
}

/* A SYN and a FIN take one number each, as a keep-alive does. */
Test(metrics, a_handshake_is_sent_again)
{
	static const struct {
		uint8_t flags;
		uint32_t seq, len, again;
	} story[] = {{SYN, 9, 0, 0}, {SYN, 9, 0, 1}, {SYN | ACK, 9, 0, 2},
		{ACK, 10, 5, 2}, {ACK, 14, 1, 2}, {FIN | ACK, 15, 0, 2},
		{FIN | ACK, 15, 0, 3}, {ACK, 15, 1, 3}};
	const struct flow_metric *m = &metric_sequence;
	void *state = fresh(m);

	for (size_t i = 0; i < sizeof(story) / sizeof(story[0]); i++) {
		struct metric_packet p = segment((int64_t)i * 100,
			story[i].flags, story[i].seq, story[i].len);

		m->update(state, NULL, &p);
		cr_expect_eq(value(m, state, 0), story[i].again, "%zu", i);
	}
	cr_expect_eq(value(m, state, 1), 0); /* bytes */
	free(state);
}

/* What libndpi keeps of TCP is no memory of UDP: told apart by addresses, a
 * flow has packets of both. */
Test(metrics, an_application_is_of_one_transport)
{
	char word[] = "application", name[METRIC_VALUES_MAX];
	char *words[] = {word};
	const struct opt_list list = {.items = words, .n = 1};
	uint8_t hello[256];
	const size_t len = client_hello(hello), part = 60;
	struct metric_packet of_dns = packet_of(dns, sizeof(dns)), of_tcp;
	struct metrics m;
	void *state;

	if (metrics_choose(&list, &m, NULL) < 0)
		cr_skip("SKIPPED: no libndpi");
	state = mem_zalloc(1, m.bytes);
	hello[3] = part;
	of_tcp = packet_of(hello, part);
	metrics_update(&m, state, NULL, &of_tcp);
	metrics_update(&m, state, NULL, &of_dns);
	cr_expect_eq(metrics_write(&m, state, (uint8_t *)name), 0);
	memmove(hello + 40, hello + part, len - part);
	hello[3] = (uint8_t)(len - (part - 40));
	hello[27] += part - 40; /* sequence number */
	of_tcp = packet_of(hello, hello[3]);
	metrics_update(&m, state, NULL, &of_tcp);
	cr_expect_eq(metrics_write(&m, state, (uint8_t *)name), 1);
	cr_expect_str_eq(name, "TLS");
	of_dns.proto = 6; /* found behind headers that the library would skip */
	memset(state, 0, m.bytes);
	metrics_update(&m, state, NULL, &of_dns);
	cr_expect_eq(metrics_write(&m, state, (uint8_t *)name), 0);
	free(state);
	metrics_release(&m);
}

/* The one of the documentation. */
Test(metrics, the_example_works)
{
	struct metric_packet p = segment(0, ACK, 0, 0);
	void *state = fresh(&metric_ecn);

	p.tos = 2;
	metric_ecn.update(state, NULL, &p);
	p.tos = 3;
	metric_ecn.update(state, NULL, &p);
	cr_expect_eq(value(&metric_ecn, state, 0), 2);
	cr_expect_eq(value(&metric_ecn, state, 1), 1);
	free(state);
}

/* An ICMP packet with this type and code, of so many bytes behind the header. */
static void see_icmp(void *state, unsigned cut, uint8_t type, uint32_t bytes)
{
	uint8_t ip[28] = {0x45, [6] = (uint8_t)(cut >> 8), (uint8_t)cut, 64, 1};
	const uint32_t all = 20 + bytes;
	const struct frame f = {ip, all, all};
	struct metric_packet p;
	struct dissect d;

	ip[3] = (uint8_t)all;
	ip[20] = type;
	ip[21] = 3;
	cr_assert_eq(dissect_frame(LAYER_RAW, &f, &d), DISSECT_IP);
	metric_read(&f, &d, false, &p);
	metric_icmp.update(state, NULL, &p);
}

Test(metrics, what_icmp_began_with)
{
	const struct flow_metric *m = &metric_icmp;
	void *state = fresh(m);

	see_icmp(state, 0, 11, 1);     /* no code */
	see_icmp(state, 0x2005, 5, 8); /* a later fragment */
	cr_expect_eq(m->known(state), 0);
	see_icmp(state, 0, 8, 8);
	see_icmp(state, 0, 3, 8);
	m->restart(state);
	see_icmp(state, 0, 0, 8);
	cr_expect_eq(value(m, state, 0), 8 << 8 | 3);
	cr_expect_eq(m->known(state), 1, "nothing of IPv6");
	free(state);
}
