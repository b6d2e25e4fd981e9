/* Exporters over UDP of one address and domain: who goes by whose templates. */
#include "base/cursor.h"
#include "flow/flowset.h"
#include "flow/wire.h"
#include "format/checksum.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define SECOND INT64_C(1000000000)
#define AT (INT64_C(1790000000) * SECOND)

enum { ROOM = 16 };

struct got {
	struct flow_record rows[ROOM];
	size_t n;
};

static void on_rows(void *ctx, const struct flow_rows *rows)
{
	struct got *got = ctx;

	for (size_t i = 0; i < rows->n && got->n < ROOM; i++)
		got->rows[got->n++] = rows->records[i];
}

/* What is told of three numbers of 4 bytes: source, destination and octets; or
 * destination, source and packets. */
enum told { NOTHING, OCTETS, PACKETS };
static const uint16_t elements[][3] = {
	[OCTETS] = {8, 12, 1}, [PACKETS] = {12, 8, 2}};

struct message {
	uint8_t bytes[200];
	struct wire w;
};

static void begin(struct message *m, uint32_t domain)
{
	m->w = wire_over(m->bytes, sizeof(m->bytes));
	wire_u16(&m->w, 10);
	wire_u16(&m->w, 0);
	wire_zeros(&m->w, 8);
	wire_u32(&m->w, domain);
}

static void add_template(struct message *m, uint16_t id, enum told told)
{
	wire_u16(&m->w, 2);
	wire_u16(&m->w, 20);
	wire_u16(&m->w, id);
	wire_u16(&m->w, 3);
	for (size_t i = 0; i < 3; i++) {
		wire_u16(&m->w, elements[told][i]);
		wire_u16(&m->w, 4);
	}
}

static void add_data(struct message *m, uint16_t id)
{
	wire_u16(&m->w, id);
	wire_u16(&m->w, 16);
	wire_u32(&m->w, 0x0a000001);
	wire_u32(&m->w, 0x0a000002);
	wire_u32(&m->w, 100);
}

/* Options: one packet of so many. */
static void add_sampling(struct message *m, uint32_t of)
{
	wire_u16(&m->w, 3);
	wire_u16(&m->w, 18);
	wire_u16(&m->w, 400);
	wire_u16(&m->w, 2);
	wire_u16(&m->w, 1);
	wire_u16(&m->w, 149);
	wire_u16(&m->w, 4);
	wire_u16(&m->w, 34);
	wire_u16(&m->w, 4);
	wire_u16(&m->w, 400);
	wire_u16(&m->w, 12);
	wire_u32(&m->w, 1);
	wire_u32(&m->w, of);
}

static void send(
	struct flowset *f, struct message *m, uint64_t port, int64_t now_ns)
{
	const struct flowset_session from = {
		.addr = net_addr_v4_host(0x0a090909), .port = port};
	struct flowset_message said;
	const size_t len = wire_len(&m->w);

	m->bytes[3] = (uint8_t)len;
	cr_assert(flowset_read(f, &from, m->bytes, len, now_ns, &said));
}

static void tell(struct flowset *f, uint64_t port, uint16_t id, enum told told)
{
	struct message m;

	begin(&m, 7);
	add_template(&m, id, told);
	send(f, &m, port, AT);
}

/* By which template was it read? */
static enum told read_as(const struct flow_record *r)
{
	if (net_addr_v4_value(&r->key.src) == 0x0a000001)
		return r->bytes == 100 ? OCTETS : NOTHING;
	return r->packets == 100 ? PACKETS : NOTHING;
}

static enum told data_of(
	struct flowset *f, struct got *got, uint64_t port, uint16_t id)
{
	struct message m;

	got->n = 0;
	begin(&m, 7);
	add_data(&m, id);
	send(f, &m, port, AT);
	return got->n == 1 ? read_as(&got->rows[0]) : NOTHING;
}

/* Against what was told, port by port. */
Test(flowset_ports, own_templates_come_first_then_those_told_last)
{
	enum { PORTS = 6, IDS = 2, TIMES = 3000, FIRST = 256 };
	enum told truth[PORTS][IDS] = {0};
	int at[PORTS] = {0};
	struct got got = {.n = 0};
	struct flowset *f = flowset_new(on_rows, &got);

	for (uint16_t id = 0; id < IDS; id++) {
		tell(f, 1000, FIRST + id, OCTETS);
		truth[0][id] = OCTETS;
	}
	for (int i = 1; i < TIMES; i++) {
		const uint32_t drawn = (uint32_t)i * 2654435761u >> 6;
		const uint16_t id = drawn % IDS;
		const size_t port = drawn / 7 % PORTS;
		size_t whose = port;

		if (drawn / 101 % 4 == 0) {
			truth[port][id] = 1 + drawn / 47 % 2;
			at[port] = i;
			tell(f, 1000 + port, FIRST + id, truth[port][id]);
			continue;
		}
		for (size_t p = 0; p < PORTS && !truth[port][id]; p++)
			if (truth[p][id] &&
				(!truth[whose][id] || at[p] > at[whose]))
				whose = p;
		cr_assert_eq(data_of(f, &got, 1000 + port, FIRST + id),
			truth[whose][id], "%d", i);
	}
	flowset_free(f);
}

Test(flowset_ports, data_may_wait_for_another_port)
{
	struct got got = {.n = 0};
	struct flowset *f = flowset_new(on_rows, &got);

	cr_assert_eq(data_of(f, &got, 1, 256), NOTHING);
	tell(f, 2, 256, PACKETS);
	cr_assert_eq(got.n, 1);
	cr_assert_eq(read_as(&got.rows[0]), PACKETS);
	flowset_free(f);
}

/* As some do: it costs others nothing, and no more room than there is. */
Test(flowset_ports, who_changes_ports_all_the_time_takes_nobodys_place)
{
	struct got got = {.n = 0};
	struct flowset *f = flowset_new(on_rows, &got);
	struct message m;

	begin(&m, 8);
	add_template(&m, 256, PACKETS);
	add_data(&m, 256);
	send(f, &m, 1, AT);
	for (uint64_t port = 3; port < 3 * FLOWSET_TEMPLATES; port++) {
		begin(&m, 7);
		if (port % 2)
			add_template(&m, 256, OCTETS);
		add_data(&m, 256);
		got.n = 0;
		send(f, &m, port, AT + 2 * FLOWSET_IDLE_NS);
		cr_assert_eq(got.n, 1);
	}
	cr_assert_eq(flowset_counts(f)->refused, 0);
	cr_assert_leq(flowset_counts(f)->templates, FLOWSET_TEMPLATES);
	begin(&m, 8);
	add_data(&m, 256);
	got.n = 0;
	send(f, &m, 1, AT + 2 * FLOWSET_IDLE_NS);
	cr_assert_eq(got.n, 1, "its template is still known");
	flowset_free(f);
}

Test(flowset_ports, sampling_is_of_who_told_it_and_of_new_ports)
{
	struct got got = {.n = 0};
	struct flowset *f = flowset_new(on_rows, &got);
	struct message m;

	tell(f, 2, 256, OCTETS);
	for (int i = 0; i < 40; i++)
		data_of(f, &got, 2, 256);
	begin(&m, 7);
	add_template(&m, 256, OCTETS);
	add_sampling(&m, 10);
	send(f, &m, 1, AT);
	data_of(f, &got, 1, 256);
	cr_assert_eq(got.rows[0].bytes, 1000);
	data_of(f, &got, 3, 256);
	cr_assert_eq(got.rows[0].bytes, 1000, "1 goes on from 3");
	data_of(f, &got, 2, 256);
	cr_assert_eq(got.rows[0].bytes, 100, "2 is another one");
	flowset_free(f);
}

Test(flowset_ports, are_kept)
{
	struct got got = {.n = 0};
	struct flowset *f = flowset_new(on_rows, &got);
	struct buf text = BUF_INIT(FLOWSET_KEPT);

	tell(f, 1, 256, OCTETS);
	tell(f, 2, 256, PACKETS);
	tell(f, 3, 256, PACKETS);
	tell(f, 1, 256, OCTETS);
	flowset_save(f, AT, &text);
	flowset_free(f);
	f = flowset_new(on_rows, &got);
	cr_assert(flowset_restore(f, text.data, text.len, AT));
	cr_assert_eq(data_of(f, &got, 1, 256), OCTETS);
	cr_assert_eq(data_of(f, &got, 2, 256), PACKETS);
	cr_assert_eq(data_of(f, &got, 9, 256), OCTETS, "as 1, who was last");
	flowset_free(f);
	buf_release(&text);
}

/* As versions before wrote them. */
Test(flowset_ports, of_files_without_them_any_will_do)
{
	const struct net_addr addr = net_addr_v4_host(0x0a090909);
	struct got got = {.n = 0};
	struct flowset *f = flowset_new(on_rows, &got);
	struct buf text = BUF_INIT(FLOWSET_KEPT);

	buf_adds(&text, "NFZTPL1\n");
	buf_u64(&text, (uint64_t)AT);
	buf_add(&text, addr.b, sizeof(addr.b));
	buf_u32(&text, 7); /* domain */
	buf_u32(&text, 0);
	buf_u32(&text, 1); /* templates */
	buf_u16(&text, 256);
	buf_u16(&text, 0);
	buf_u32(&text, 3); /* fields */
	for (size_t i = 0; i < 3; i++) {
		buf_u32(&text, 0);
		buf_u16(&text, elements[PACKETS][i]);
		buf_u16(&text, 4);
	}
	buf_u64(&text, checksum(text.data, text.len));
	cr_assert(flowset_restore(f, text.data, text.len, AT));
	cr_assert_eq(data_of(f, &got, 5, 256), PACKETS);
	tell(f, 5, 256, OCTETS);
	cr_assert_eq(data_of(f, &got, 5, 256), OCTETS);
	flowset_free(f);
	buf_release(&text);
}
