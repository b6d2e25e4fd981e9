/* What a record becomes in NetFlow 9 and IPFIX: fields by number and length
 * (IANA, IP Flow Information Export Entities), and the bytes in that order.
 * Template and writer stand side by side; a length that differs is caught by
 * the first record. */
#include "flow/exporter.h"

#include <assert.h>
#include <string.h>

enum {
	OCTETS = 1,
	PACKETS = 2,
	PROTOCOL = 4,
	TOS = 5,
	TCP_FLAGS = 6,
	SRC_PORT = 7,
	SRC_V4 = 8,
	INPUT = 10,
	DST_PORT = 11,
	DST_V4 = 12,
	OUTPUT = 14,
	LAST_UPTIME = 21,
	FIRST_UPTIME = 22,
	SRC_V6 = 27,
	DST_V6 = 28,
	SAMPLING_INTERVAL = 34,
	SAMPLING_ALGORITHM = 35,
	EXPORTED_OCTETS = 40,
	EXPORTED_MESSAGES = 41,
	EXPORTED_RECORDS = 42,
	IP_VERSION = 60,
	INTERFACE_NAME = 82,
	END_REASON = 136,
	METERING_PROCESS = 143,
	DOMAIN = 149,
	START_MS = 152,
	END_MS = 153,
	INIT_TIME_MS = 160,
	IGNORED_PACKETS = 164,
	UNSENT_FLOWS = 166,
	UNSENT_PACKETS = 167,
	UNSENT_OCTETS = 168,
	SELECTOR_ALGORITHM = 304,
	SAMPLED_PACKETS = 305,
	SPACED_PACKETS = 306
};

enum { SCOPE_SYSTEM = 1, SCOPE_INTERFACE = 2 }; /* NetFlow 9 */

/* TCP flags have one byte in NetFlow 9. */
#define FLOW_BODY(flags)                                                       \
	{OCTETS, 8}, {PACKETS, 8}, {INPUT, 4}, {OUTPUT, 4}, {SRC_PORT, 2},     \
		{DST_PORT, 2}, {TCP_FLAGS, (flags)}, {PROTOCOL, 1}, {TOS, 1},  \
		{END_REASON, 1},                                               \
	{                                                                      \
		IP_VERSION, 1                                                  \
	}
enum { FLOW_BODY_LEN = 8 + 8 + 4 + 4 + 2 + 2 + 1 + 1 + 1 + 1 };

struct shape {
	uint16_t id;
	uint16_t scopes; /* of an options template; 0: of flows */
	uint16_t n;
	struct export_field fields[16];
};

static const struct shape ipfix_shapes[] = {
	{TEMPLATE_V4, 0, 15,
		{{START_MS, 8}, {END_MS, 8}, {SRC_V4, 4}, {DST_V4, 4},
			FLOW_BODY(2)}},
	{TEMPLATE_V6, 0, 15,
		{{START_MS, 8}, {END_MS, 8}, {SRC_V6, 16}, {DST_V6, 16},
			FLOW_BODY(2)}},
	/* RFC 5477 6.5.2.1: so many, then so many passed over; the two of
	 * NetFlow 9, too, which more readers know */
	{TEMPLATE_SAMPLING, 1, 6,
		{{DOMAIN, 4}, {SAMPLING_INTERVAL, 4}, {SAMPLING_ALGORITHM, 1},
			{SELECTOR_ALGORITHM, 2}, {SAMPLED_PACKETS, 4},
			{SPACED_PACKETS, 4}}},
	{TEMPLATE_INTERFACE, 1, 2, {{INPUT, 4}, {INTERFACE_NAME, 32}}},
	/* RFC 7011 4.1 to 4.3 */
	{TEMPLATE_LEDGER, 2, 10,
		{{DOMAIN, 4}, {METERING_PROCESS, 4}, {INIT_TIME_MS, 8},
			{EXPORTED_MESSAGES, 8}, {EXPORTED_OCTETS, 8},
			{EXPORTED_RECORDS, 8}, {IGNORED_PACKETS, 8},
			{UNSENT_FLOWS, 8}, {UNSENT_PACKETS, 8},
			{UNSENT_OCTETS, 8}}},
};

static const struct shape nf9_shapes[] = {
	{TEMPLATE_V4, 0, 15,
		{{FIRST_UPTIME, 4}, {LAST_UPTIME, 4}, {SRC_V4, 4}, {DST_V4, 4},
			FLOW_BODY(1)}},
	{TEMPLATE_V6, 0, 15,
		{{FIRST_UPTIME, 4}, {LAST_UPTIME, 4}, {SRC_V6, 16},
			{DST_V6, 16}, FLOW_BODY(1)}},
	{TEMPLATE_SAMPLING, 1, 3,
		{{SCOPE_SYSTEM, 4}, {SAMPLING_INTERVAL, 4},
			{SAMPLING_ALGORITHM, 1}}},
	{TEMPLATE_INTERFACE, 1, 2,
		{{SCOPE_INTERFACE, 4}, {INTERFACE_NAME, 32}}},
	{TEMPLATE_LEDGER, 1, 4,
		{{SCOPE_SYSTEM, 4}, {EXPORTED_MESSAGES, 8},
			{EXPORTED_OCTETS, 8}, {EXPORTED_RECORDS, 8}}},
};

enum { SHAPES = sizeof(nf9_shapes) / sizeof(nf9_shapes[0]), NAME_LEN = 32 };
_Static_assert(SHAPES == sizeof(ipfix_shapes) / sizeof(ipfix_shapes[0]),
	"one list, two dialects");

/* --- bytes --------------------------------------------------------------- */

static inline uint8_t *add8(uint8_t *p, unsigned v)
{
	*p = (uint8_t)v;
	return p + 1;
}

static inline uint8_t *add16(uint8_t *p, unsigned v)
{
	uint16_t x = __builtin_bswap16((uint16_t)v);

	memcpy(p, &x, sizeof(x));
	return p + sizeof(x);
}

static inline uint8_t *add32(uint8_t *p, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(p, &v, sizeof(v));
	return p + sizeof(v);
}

static inline uint8_t *add64(uint8_t *p, uint64_t v)
{
	v = __builtin_bswap64(v);
	memcpy(p, &v, sizeof(v));
	return p + sizeof(v);
}

static inline uint8_t *add(uint8_t *p, const void *bytes, size_t n)
{
	memcpy(p, bytes, n);
	return p + n;
}

/* --- templates ----------------------------------------------------------- */

/* RFC 3954 6.1 counts the bytes of scopes and options, RFC 7011 3.4.2.2 the
 * fields of both and of scopes. */
static void write_shape(struct exporter *e, const struct shape *s, bool nf9)
{
	uint16_t set = s->scopes ? (nf9 ? 1 : 3) : (nf9 ? 0 : 2);
	size_t n = 4u + (s->scopes ? 2u : 0u) + 4u * s->n;
	uint8_t *p;

	/* some readers know one options template a set only */
	if (s->scopes)
		exporter_end_set(e);
	p = exporter_space(e, set, n);
	if (!p)
		return;
	p = add16(p, s->id);
	if (s->scopes && nf9) {
		p = add16(p, 4u * s->scopes);
		p = add16(p, 4u * (s->n - s->scopes));
	} else {
		p = add16(p, s->n);
		if (s->scopes)
			p = add16(p, s->scopes);
	}
	for (size_t i = 0; i < s->n; i++) {
		p = add16(p, s->fields[i].id);
		p = add16(p, s->fields[i].len);
	}
	if (!nf9)
		e->count--; /* no data record */
}

static void write_sampling(struct exporter *e, bool nf9)
{
	uint32_t n = e->opt.sampling;
	uint8_t *p = n > 1 ? exporter_space(e, TEMPLATE_SAMPLING, nf9 ? 9 : 19)
			   : NULL;

	if (!p)
		return;
	p = add32(p, e->opt.domain);
	p = add32(p, n);
	p = add8(p, e->opt.algorithm);
	if (nf9)
		return;
	/* systematic count-based: 1 and n - 1; uniform probabilistic else */
	p = add16(p, e->opt.algorithm == EXPORT_SYSTEMATIC ? 1 : 4);
	p = add32(p, 1);
	(void)add32(p, n - 1);
}

static void write_interfaces(struct exporter *e)
{
	for (size_t i = 0; i < e->opt.n_interfaces; i++) {
		const struct export_interface *it = &e->opt.interfaces[i];
		size_t len = strnlen(it->name, NAME_LEN);
		uint8_t *p =
			exporter_space(e, TEMPLATE_INTERFACE, 4 + NAME_LEN);

		if (!p)
			return;
		p = add32(p, it->number);
		memset(p, 0, NAME_LEN);
		memcpy(p, it->name, len);
	}
}

void exporter_write_ledger(struct exporter *e)
{
	const struct export_ledger *l = &e->ledger;
	bool nf9 = e->opt.format == EXPORT_NF9;
	uint8_t *p = exporter_space(e, TEMPLATE_LEDGER, nf9 ? 28 : 72);
	int64_t start = e->boot_ns / 1000000;

	if (!p)
		return;
	p = add32(p, e->opt.domain);
	if (!nf9) {
		p = add32(p, 1);
		p = add64(p, start > 0 ? (uint64_t)start : 0);
	}
	p = add64(p, e->messages);
	p = add64(p, e->octets);
	p = add64(p, e->records);
	if (nf9)
		return;
	p = add64(p, l->ignored_packets);
	p = add64(p, l->unsent_records);
	p = add64(p, l->unsent_packets);
	(void)add64(p, l->unsent_octets);
}

void exporter_write_templates(struct exporter *e)
{
	bool nf9 = e->opt.format == EXPORT_NF9;
	const struct shape *shapes = nf9 ? nf9_shapes : ipfix_shapes;

	for (size_t i = 0; i < SHAPES; i++)
		write_shape(e, &shapes[i], nf9);
	write_sampling(e, nf9);
	write_interfaces(e);
	exporter_write_ledger(e);
}

/* --- flows --------------------------------------------------------------- */

static uint64_t ms_of(int64_t ns)
{
	return ns > 0 ? (uint64_t)(ns / 1000000) : 0;
}

/* A delta of a living flow is what RFC 7012 calls an active timeout. */
static unsigned reason_of(const struct flow_record *r)
{
	return r->end_reason == END_LIVING ? END_ACTIVE : r->end_reason;
}

bool exporter_write_flow(struct exporter *e, const struct flow_record *r)
{
	bool nf9 = e->opt.format == EXPORT_NF9;
	bool v4 = net_addr_is_v4(&r->key.src) && net_addr_is_v4(&r->key.dst);
	bool sent = (r->flags & RECORD_SENT) != 0;
	size_t n = (nf9 ? 8u + 1 : 16u + 2) + (v4 ? 8u : 32u) + FLOW_BODY_LEN;
	uint8_t *p = exporter_space(e, v4 ? TEMPLATE_V4 : TEMPLATE_V6, n);
	uint8_t *start = p;

	if (!p)
		return false;
	if (nf9) {
		p = add32(
			p, (uint32_t)(ms_of(r->first_ns) - ms_of(e->boot_ns)));
		p = add32(p, (uint32_t)(ms_of(r->last_ns) - ms_of(e->boot_ns)));
	} else {
		p = add64(p, ms_of(r->first_ns));
		p = add64(p, ms_of(r->last_ns));
	}
	p = add(p, v4 ? r->key.src.b + 12 : r->key.src.b, v4 ? 4 : 16);
	p = add(p, v4 ? r->key.dst.b + 12 : r->key.dst.b, v4 ? 4 : 16);
	p = add64(p, r->bytes);
	p = add64(p, r->packets);
	p = add32(p, sent ? 0 : r->tap);
	p = add32(p, sent ? r->tap : 0);
	p = add16(p, r->key.sport);
	p = add16(p, r->key.dport);
	p = nf9 ? add8(p, r->tcp_flags) : add16(p, r->tcp_flags);
	p = add8(p, r->key.proto);
	p = add8(p, r->tos);
	p = add8(p, reason_of(r));
	p = add8(p, v4 ? 4 : 6);
	assert(p == start + n);
	(void)start;
	return true;
}
