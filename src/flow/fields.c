/* What a record becomes in NetFlow 9 and IPFIX: fields by number and length
 * (IANA, IP Flow Information Export Entities), and the bytes in that order.
 * Template and writer stand side by side; a length that differs is caught by
 * the first record. */
#include "flow/elements.h"
#include "flow/exporter.h"
#include "flow/metric_fields.h"
#include "flow/put.h"

#include <assert.h>
#include <string.h>

enum { SCOPE_SYSTEM = 1, SCOPE_INTERFACE = 2 }; /* NetFlow 9 */

/* TCP flags have one byte in NetFlow 9. */
#define FLOW_BODY(flags)                                                       \
	{IE_OCTETS, 8}, {IE_PACKETS, 8}, {IE_IN_IF, 4}, {IE_OUT_IF, 4},        \
		{IE_SRC_PORT, 2}, {IE_DST_PORT, 2}, {IE_TCP_FLAGS, (flags)},   \
		{IE_PROTOCOL, 1}, {IE_TOS, 1}, {IE_END_REASON, 1},             \
	{                                                                      \
		IE_IP_VERSION, 1                                               \
	}
enum { FLOW_BODY_LEN = 8 + 8 + 4 + 4 + 2 + 2 + 1 + 1 + 1 + 1 };

/* IANA's. */
struct element {
	uint16_t id, len;
};

struct shape {
	uint16_t id;
	uint16_t scopes; /* of an options template; 0: of flows */
	uint16_t n;
	struct element fields[16];
};

static const struct shape ipfix_shapes[] = {
	/* the flows first: tell() counts on it */
	{TEMPLATE_V4, 0, 15,
		{{IE_START_MS, 8}, {IE_END_MS, 8}, {IE_SRC_V4, 4},
			{IE_DST_V4, 4}, FLOW_BODY(2)}},
	{TEMPLATE_V6, 0, 15,
		{{IE_START_MS, 8}, {IE_END_MS, 8}, {IE_SRC_V6, 16},
			{IE_DST_V6, 16}, FLOW_BODY(2)}},
	/* RFC 5477 6.5.2.1: so many, then so many passed over; the two of
	 * NetFlow 9, too, which more readers know */
	{TEMPLATE_SAMPLING, 1, 6,
		{{IE_DOMAIN, 4}, {IE_SAMPLING_INTERVAL, 4},
			{IE_SAMPLING_ALGORITHM, 1}, {IE_SELECTOR_ALGORITHM, 2},
			{IE_SAMPLED_PACKETS, 4}, {IE_SPACED_PACKETS, 4}}},
	{TEMPLATE_INTERFACE, 1, 2,
		{{IE_IN_IF, 4}, {IE_INTERFACE_NAME, EXPORT_NAME}}},
	/* RFC 7011 4.1 to 4.3 */
	{TEMPLATE_LEDGER, 2, 10,
		{{IE_DOMAIN, 4}, {IE_METERING_PROCESS, 4}, {IE_INIT_MS, 8},
			{IE_EXPORTED_MESSAGES, 8}, {IE_EXPORTED_OCTETS, 8},
			{IE_EXPORTED_RECORDS, 8}, {IE_IGNORED_PACKETS, 8},
			{IE_UNSENT_FLOWS, 8}, {IE_UNSENT_PACKETS, 8},
			{IE_UNSENT_OCTETS, 8}}},
};

/* Flows that nothing is told of besides, of less than 2^32 packets and octets:
 * most, in four fifths of the bytes (RFC 7011 6.2). */
#define SHORT_BODY                                                             \
	{IE_OCTETS, 4}, {IE_PACKETS, 4}, {IE_IN_IF, 2}, {IE_OUT_IF, 2},        \
		{IE_SRC_PORT, 2}, {IE_DST_PORT, 2}, {IE_TCP_FLAGS, 1},         \
		{IE_PROTOCOL, 1}, {IE_TOS, 1}, {IE_END_REASON, 1},             \
	{                                                                      \
		IE_IP_VERSION, 1                                               \
	}
enum { SHORT_LEN = 8 + 8 + 4 + 4 + 2 + 2 + 2 + 2 + 1 + 1 + 1 + 1 + 1 };
static const struct shape short_shapes[] = {
	{TEMPLATE_V4_SHORT, 0, 15,
		{{IE_START_MS, 8}, {IE_END_MS, 8}, {IE_SRC_V4, 4},
			{IE_DST_V4, 4}, SHORT_BODY}},
	{TEMPLATE_V6_SHORT, 0, 15,
		{{IE_START_MS, 8}, {IE_END_MS, 8}, {IE_SRC_V6, 16},
			{IE_DST_V6, 16}, SHORT_BODY}},
};

static const struct shape nf9_shapes[] = {
	{TEMPLATE_V4, 0, 15,
		{{IE_FIRST_UPTIME, 4}, {IE_LAST_UPTIME, 4}, {IE_SRC_V4, 4},
			{IE_DST_V4, 4}, FLOW_BODY(1)}},
	{TEMPLATE_V6, 0, 15,
		{{IE_FIRST_UPTIME, 4}, {IE_LAST_UPTIME, 4}, {IE_SRC_V6, 16},
			{IE_DST_V6, 16}, FLOW_BODY(1)}},
	{TEMPLATE_SAMPLING, 1, 3,
		{{SCOPE_SYSTEM, 4}, {IE_SAMPLING_INTERVAL, 4},
			{IE_SAMPLING_ALGORITHM, 1}}},
	{TEMPLATE_INTERFACE, 1, 2,
		{{SCOPE_INTERFACE, 4}, {IE_INTERFACE_NAME, EXPORT_NAME}}},
	{TEMPLATE_LEDGER, 1, 4,
		{{SCOPE_SYSTEM, 4}, {IE_EXPORTED_MESSAGES, 8},
			{IE_EXPORTED_OCTETS, 8}, {IE_EXPORTED_RECORDS, 8}}},
};

/* RFC 5477 6.5.2.6, and the two of NetFlow 9 as above. */
static const struct shape hash_shape = {TEMPLATE_HASH, 1, 11,
	{{IE_DOMAIN, 4}, {IE_SAMPLING_INTERVAL, 4}, {IE_SAMPLING_ALGORITHM, 1},
		{IE_SELECTOR_ALGORITHM, 2}, {IE_HASH_PAYLOAD_AT, 8},
		{IE_HASH_PAYLOAD_SIZE, 8}, {IE_HASH_OUTPUT_MIN, 8},
		{IE_HASH_OUTPUT_MAX, 8}, {IE_HASH_SELECTED_MIN, 8},
		{IE_HASH_SELECTED_MAX, 8}, {IE_HASH_INITIALISER, 8}}};
/* RFC 5477 6.5.2.4 */
static const struct shape random_shape = {TEMPLATE_RANDOM, 1, 5,
	{{IE_DOMAIN, 4}, {IE_SAMPLING_INTERVAL, 4}, {IE_SAMPLING_ALGORITHM, 1},
		{IE_SELECTOR_ALGORITHM, 2}, {IE_PROBABILITY, 8}}};
static const struct shape *const choice_shapes[] = {
	[EXPORT_RANDOM] = &random_shape, [EXPORT_HASH] = &hash_shape};

enum { SHAPES = sizeof(nf9_shapes) / sizeof(nf9_shapes[0]) };
_Static_assert(SHAPES == sizeof(ipfix_shapes) / sizeof(ipfix_shapes[0]),
	"one list, two dialects");

/* --- templates ----------------------------------------------------------- */

enum { FLOW_FIELDS = 32 + 2 * EXPORT_FIELDS + EXPORT_ELEMENTS };
enum { ENTERPRISE_BIT = 0x8000 };
enum { INITIATOR = 1 };

static struct export_field standard(struct element e)
{
	return (struct export_field){.id = e.id, .len = e.len};
}

static struct export_field reverse_of(struct export_field f)
{
	if (f.enterprise)
		f.id |= METRIC_REVERSE;
	else
		f.enterprise = REVERSE_ENTERPRISE;
	return f;
}

/* What a flow has of its other direction, in front of what all have: readers
 * that do not know the one from the other keep what comes last. */
static size_t add_back(const struct exporter *e, const struct export_gap *gap,
	struct export_field *to)
{
	static const struct element back[] = {{IE_OCTETS, 8}, {IE_PACKETS, 8},
		{IE_START_MS, 8}, {IE_END_MS, 8}, {IE_TCP_FLAGS, 2},
		{IE_TOS, 1}};
	size_t n = 0, values;

	to[n++] = standard((struct element){IE_BIFLOW_DIRECTION, 1});
	for (size_t i = 0; i < sizeof(back) / sizeof(back[0]); i++)
		to[n++] = reverse_of(standard(back[i]));
	values = n + export_gap_fields(e, gap, 1, to + n);
	for (; n < values; n++)
		to[n] = reverse_of(to[n]);
	return n;
}

/* What it has besides, behind. */
static size_t add_more(const struct exporter *e, const struct export_gap *gap,
	bool v6, struct export_field *to)
{
	static const struct element macs[] = {{IE_SRC_MAC, 6}, {IE_DST_MAC, 6}};
	static const struct element extras[] = {{IE_VLAN, 2}, {IE_OUT_VLAN, 2},
		{IE_SRC_MAC, 6}, {IE_DST_MAC, 6}, {IE_SRC_AS, 4},
		{IE_DST_AS, 4}, {IE_MPLS, 3}};
	const struct flow_shape *shape = &e->opt.shape;
	size_t n = 0;

	if (shape->more & MORE_VLAN)
		to[n++] = standard((struct element){IE_VLAN, 2});
	for (size_t i = 0; shape->more & MORE_MAC && i < 2; i++)
		to[n++] = standard(macs[i]);
	if (shape->more & MORE_EXTRA) {
		for (size_t i = 0; i < sizeof(extras) / sizeof(*extras); i++)
			to[n++] = standard(extras[i]);
		to[n++] = standard(v6 ? (struct element){IE_NEXT_V6, 16}
				      : (struct element){IE_NEXT_V4, 4});
	}
	if (e->opt.format == EXPORT_IPFIX)
		n += export_gap_fields(e, gap, 0, to + n);
	return n;
}

static uint8_t *add_field(uint8_t *p, const struct export_field *f)
{
	p = add16(p, f->id | (f->enterprise ? ENTERPRISE_BIT : 0u));
	p = add16(p, f->len);
	return f->enterprise ? add32(p, f->enterprise) : p;
}

/* RFC 3954 6.1 counts the bytes of scopes and options, RFC 7011 3.4.2.2 the
 * fields of both and of scopes. */
static bool write_shape(struct exporter *e, const struct shape *s, uint16_t id,
	const struct export_kind *kind, const struct export_gap *gap)
{
	const bool both =
		gap ? gap->both
		    : id == TEMPLATE_V4_BOTH || id == TEMPLATE_V6_BOTH;
	bool nf9 = e->opt.format == EXPORT_NF9;
	uint16_t set = s->scopes ? (nf9 ? 1 : 3) : (nf9 ? 0 : 2);
	struct export_field fields[FLOW_FIELDS];
	size_t n = both ? add_back(e, gap, fields) : 0, bytes;
	uint8_t *p;

	for (size_t i = 0; i < s->n; i++)
		fields[n++] = standard(s->fields[i]);
	if (!s->scopes)
		n += add_more(e, gap, s->id == TEMPLATE_V6, fields + n);
	n += kind ? export_kind_fields(kind, fields + n) : 0;
	bytes = 4 + (s->scopes ? 2 : 0) + 4 * n;
	for (size_t i = 0; i < n; i++)
		bytes += fields[i].enterprise ? 4 : 0;
	/* some readers know one options template a set only */
	if (s->scopes)
		exporter_end_set(e);
	p = exporter_space(e, set, bytes);
	if (!p)
		return false;
	p = add16(p, s->scopes || kind || gap ? id : export_template(e, id));
	if (s->scopes && nf9) {
		p = add16(p, 4u * s->scopes);
		p = add16(p, 4u * (s->n - s->scopes));
	} else {
		p = add16(p, (unsigned)n);
		if (s->scopes)
			p = add16(p, s->scopes);
	}
	for (size_t i = 0; i < n; i++)
		p = add_field(p, &fields[i]);
	if (!nf9)
		e->count--; /* no data record */
	return true;
}

/* Of flows with elements nobody knows. */
static bool write_kind(struct exporter *e, size_t i)
{
	const struct export_kind *kind = &e->kinds[i];

	return write_shape(e, &ipfix_shapes[kind->v6],
		(uint16_t)(TEMPLATE_KINDS + i), kind, NULL);
}

static bool write_gap(struct exporter *e, const struct export_gap *gap)
{
	return write_shape(e, &ipfix_shapes[gap->v6],
		export_gap_template(e, gap), NULL, gap);
}

/* The i-th thing that is told: templates, how packets were chosen, names, the
 * ledger. */
static bool tell(struct exporter *e, size_t i)
{
	bool nf9 = e->opt.format == EXPORT_NF9;
	bool both = !nf9 && e->opt.shape.more & MORE_REVERSE;
	const struct shape *shapes = nf9 ? nf9_shapes : ipfix_shapes;
	const struct shape *choice = choice_shapes[e->opt.sampling.by];

	if (i < SHAPES)
		return write_shape(e, &shapes[i], shapes[i].id, NULL, NULL);
	i -= SHAPES;
	if (i < 2)
		return !both ||
		       write_shape(e, &shapes[i],
			       (uint16_t)(TEMPLATE_V4_BOTH + i), NULL, NULL);
	i -= 2;
	if (i < 2)
		return nf9 || e->opt.shape.more ||
		       write_shape(e, &short_shapes[i], short_shapes[i].id,
			       NULL, NULL);
	i -= 2;
	if (i == 0)
		return nf9 || !choice ||
		       write_shape(e, choice, choice->id, NULL, NULL);
	i--;
	if (i == 0)
		return exporter_write_sampling(e);
	if (i <= e->opt.n_interfaces)
		return exporter_write_interface(e, &e->opt.interfaces[i - 1]);
	i -= e->opt.n_interfaces + 1;
	if (i == 0)
		return exporter_write_ledger(e);
	return i <= e->n_kinds ? write_kind(e, i - 1)
			       : write_gap(e, &e->gaps[i - 1 - e->n_kinds]);
}

bool exporter_write_templates(struct exporter *e)
{
	size_t n = SHAPES + 2 + 2 + 2 + e->opt.n_interfaces + 1 + e->n_kinds +
		   e->n_gaps;

	while (e->told < n && tell(e, e->told))
		e->told++;
	return e->told == n;
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

/* In the order of add_back(). */
static uint8_t *put_back(const struct exporter *e, const struct flow_more *more,
	const struct export_gap *gap, uint8_t *p)
{
	const struct flow_half *back = &more->reverse;

	p = add8(p, INITIATOR);
	p = add64(p, back->bytes);
	p = add64(p, back->packets);
	p = add64(p, ms_of(back->first_ns));
	p = add64(p, ms_of(back->last_ns));
	p = add16(p, back->tcp_flags);
	p = add8(p, back->tos);
	return export_gap_put(e, gap, 1, more, p);
}

/* In the order of add_more().  A next hop of the other family has no field. */
static uint8_t *put_extra(const struct flow_extra *x, bool v6, uint8_t *p)
{
	const struct net_addr next = flow_extra_next(x);

	p = add16(p, x->vlan);
	p = add16(p, x->out_vlan);
	p = add16(p, (unsigned)(x->src_mac >> 32));
	p = add32(p, (uint32_t)x->src_mac);
	p = add16(p, (unsigned)(x->dst_mac >> 32));
	p = add32(p, (uint32_t)x->dst_mac);
	p = add32(p, x->src_as);
	p = add32(p, x->dst_as);
	p = add16(p, x->mpls >> 4); /* a label of 20 bits, then 4 others */
	p = add8(p, x->mpls << 4 & 0xf0);
	if (v6)
		return add(p, next.b, 16);
	return add32(p, net_addr_is_v4(&next) ? net_addr_v4_value(&next) : 0);
}

static uint8_t *put_more(const struct exporter *e, const struct flow_more *more,
	const struct export_gap *gap, bool v6, uint8_t *p)
{
	unsigned has = e->opt.shape.more;

	if (has & MORE_VLAN)
		p = add16(p, more->vlan);
	if (has & MORE_MAC) {
		p = add(p, more->src_mac, sizeof(more->src_mac));
		p = add(p, more->dst_mac, sizeof(more->dst_mac));
	}
	if (has & MORE_EXTRA)
		p = put_extra(more->extra, v6, p);
	if (e->opt.format == EXPORT_IPFIX)
		p = export_gap_put(e, gap, 0, more, p);
	return p;
}

enum { EXTRA_LEN = 2 + 2 + 6 + 6 + 4 + 4 + 3 };

static size_t rest_len(const struct exporter *e, const struct export_gap *gap,
	bool both, bool v6)
{
	const bool ipfix = e->opt.format == EXPORT_IPFIX;
	size_t there = ipfix ? export_gap_len(e, gap, 0) : 0;
	size_t back = ipfix ? export_gap_len(e, gap, 1) : 0;

	return (e->opt.shape.more & MORE_VLAN ? 2u : 0u) +
	       (e->opt.shape.more & MORE_MAC ? 12u : 0u) +
	       (e->opt.shape.more & MORE_EXTRA ? EXTRA_LEN + (v6 ? 16u : 4u)
					       : 0u) +
	       there + (both ? 1u + 8 + 8 + 8 + 8 + 2 + 1 + back : 0u);
}

static bool is_short(const struct exporter *e, const struct flow_record *r)
{
	return e->opt.format == EXPORT_IPFIX && !e->opt.shape.more &&
	       (r->packets | r->bytes) <= UINT32_MAX;
}

/* In the order of short_shapes. */
static bool write_short(struct exporter *e, const struct flow_record *r)
{
	const bool v4 =
		net_addr_is_v4(&r->key.src) && net_addr_is_v4(&r->key.dst);
	const bool sent = (r->flags & RECORD_SENT) != 0;
	const unsigned id = v4 ? TEMPLATE_V4_SHORT : TEMPLATE_V6_SHORT;
	const size_t n = SHORT_LEN + 2 * (v4 ? 4 : 16);
	uint8_t *p = exporter_space(e, export_template(e, id), n), *start = p;

	if (!p)
		return false;
	p = add64(p, ms_of(r->first_ns));
	p = add64(p, ms_of(r->last_ns));
	p = add_addr(p, &r->key.src, v4);
	p = add_addr(p, &r->key.dst, v4);
	p = add32(p, (uint32_t)r->bytes);
	p = add32(p, (uint32_t)r->packets);
	p = add16(p, sent ? 0 : r->tap);
	p = add16(p, sent ? r->tap : 0);
	p = add16(p, r->key.sport);
	p = add16(p, r->key.dport);
	p = add8(p, r->tcp_flags);
	p = add8(p, r->key.proto);
	p = add8(p, r->tos);
	p = add8(p, reason_of(r));
	p = add8(p, v4 ? 4 : 6);
	assert(p == start + n);
	return true;
}

/* What a record has besides what short ones have, and by which template. */
struct long_form {
	bool v4, both;
	const struct export_gap *gap;   /* NULL: all values */
	const struct export_kind *kind; /* NULL: no others */
	const struct flow_others *others;
	uint16_t set;
	size_t len;
};

static struct long_form long_form_of(struct exporter *e,
	const struct flow_record *r, const struct flow_more *more)
{
	const bool nf9 = e->opt.format == EXPORT_NF9;
	const unsigned has = e->opt.shape.more;
	struct long_form f = {.v4 = net_addr_is_v4(&r->key.src) &&
				    net_addr_is_v4(&r->key.dst)};

	f.both = !nf9 && more && has & MORE_REVERSE && more->reverse.packets;
	/* IPv6's is the next */
	f.set = export_template(
		e, (f.both ? TEMPLATE_V4_BOTH : TEMPLATE_V4) + !f.v4);
	if (!nf9 && has & MORE_EXTRA) {
		f.others = &more->extra->others;
		if (!f.both && f.others->len)
			f.kind = export_kind_of(e, !f.v4, f.others);
	} else if (!nf9 && e->values) {
		f.gap = export_gap_of(e, !f.v4, f.both, more);
	}
	f.len = (nf9 ? 8u + 1 : 16u + 2) + (f.v4 ? 8u : 32u) + FLOW_BODY_LEN +
		(has ? rest_len(e, f.gap, f.both, !f.v4) : 0);
	if (f.kind) {
		f.set = (uint16_t)(TEMPLATE_KINDS + (f.kind - e->kinds));
		f.len += export_kind_len(f.kind, f.others);
	}
	if (f.gap)
		f.set = export_gap_template(e, f.gap);
	return f;
}

/* Its template, if that is new.  False: no room. */
static bool introduce(struct exporter *e, const struct long_form *f)
{
	if (f->kind == &e->kinds[e->n_kinds]) {
		if (!write_kind(e, e->n_kinds))
			return false;
		e->n_kinds++;
		e->told++;
	}
	if (f->gap == &e->gaps[e->n_gaps]) {
		if (!write_gap(e, f->gap))
			return false;
		e->n_gaps++;
		e->told++;
	}
	return true;
}

/* In the order of ipfix_shapes and nf9_shapes. */
static uint8_t *put_flow(const struct exporter *e, const struct flow_record *r,
	const struct flow_more *more, bool v4, uint8_t *p)
{
	const bool nf9 = e->opt.format == EXPORT_NF9;
	const bool sent = (r->flags & RECORD_SENT) != 0;

	if (nf9) {
		const uint64_t boot = ms_of(e->boot_ns);

		p = add32(p, (uint32_t)(ms_of(r->first_ns) - boot));
		p = add32(p, (uint32_t)(ms_of(r->last_ns) - boot));
	} else {
		p = add64(p, ms_of(r->first_ns));
		p = add64(p, ms_of(r->last_ns));
	}
	p = add_addr(p, &r->key.src, v4);
	p = add_addr(p, &r->key.dst, v4);
	p = add64(p, r->bytes);
	p = add64(p, r->packets);
	if (e->opt.shape.more & MORE_EXTRA) {
		p = add32(p, more->extra->in_if);
		p = add32(p, more->extra->out_if);
	} else {
		p = add32(p, sent ? 0 : r->tap);
		p = add32(p, sent ? r->tap : 0);
	}
	p = add16(p, r->key.sport);
	p = add16(p, r->key.dport);
	p = nf9 ? add8(p, r->tcp_flags) : add16(p, r->tcp_flags);
	p = add8(p, r->key.proto);
	p = add8(p, r->tos);
	p = add8(p, reason_of(r));
	return add8(p, v4 ? 4 : 6);
}

static bool write_long(struct exporter *e, const struct flow_record *r,
	const struct flow_more *more)
{
	const struct long_form f = long_form_of(e, r, more);
	uint8_t *start, *p;

	if (!introduce(e, &f))
		return false;
	p = start = exporter_space(e, f.set, f.len);
	if (!p)
		return false;
	if (f.both)
		p = put_back(e, more, f.gap, p);
	p = put_flow(e, r, more, f.v4, p);
	if (e->opt.shape.more)
		p = put_more(e, more, f.gap, !f.v4, p);
	if (f.kind)
		p = export_kind_put(f.kind, f.others, p);
	assert(p == start + f.len);
	(void)start;
	return true;
}

bool exporter_write_flow(struct exporter *e, const struct flow_record *r,
	const struct flow_more *more)
{
	return is_short(e, r) ? write_short(e, r) : write_long(e, r, more);
}
