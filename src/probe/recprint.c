/* Lines: text in columns, NDJSON with the members `query` uses, CSV. */
#include "probe/recprint.h"
#include "format/jsonw.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const end_names[] = {
	"living", "idle", "active", "detected", "forced", "resources"};

static const char *end_name(uint8_t reason)
{
	return reason < sizeof(end_names) / sizeof(end_names[0])
		       ? end_names[reason]
		       : "?";
}

/* --- what a record has besides, as names and texts ------------------------ */

enum { NAME_MAX_LEN = 64, VALUE_MAX_LEN = 96, BACK_FIELDS = 6 };
enum { NUMBERS_MAX = 16 };

struct member {
	char name[NAME_MAX_LEN];
	char text[VALUE_MAX_LEN];
	uint64_t numbers[NUMBERS_MAX];
	size_t n; /* numbers; 0: it is text */
	bool many;
	bool unknown; /* it was not measured */
};

static void set_text(struct member *m, const char *name, const char *text)
{
	snprintf(m->name, sizeof(m->name), "%s", name);
	snprintf(m->text, sizeof(m->text), "%s", text);
	m->n = 0;
	m->many = m->unknown = false;
}

static void set_number(struct member *m, const char *name, uint64_t v)
{
	snprintf(m->name, sizeof(m->name), "%s", name);
	m->numbers[0] = v;
	m->n = 1;
	m->many = m->unknown = false;
}

static void read_value(
	const struct export_field *f, const uint8_t *at, struct member *m)
{
	size_t each = f->each ? f->each : f->len;

	m->n = 0;
	m->many = f->each != 0;
	if (f->text) {
		snprintf(m->text, sizeof(m->text), "%.*s", (int)f->len,
			(const char *)at);
		return;
	}
	for (; m->n < NUMBERS_MAX && m->n * each < f->len; m->n++) {
		m->numbers[m->n] = 0;
		for (size_t i = 0; i < each; i++)
			m->numbers[m->n] = m->numbers[m->n] << 8 | *at++;
	}
}

static size_t keys_of(const struct flow_shape *s, const struct flow_more *more,
	struct member *to)
{
	char mac[NET_MAC_TEXT];
	size_t n = 0;

	if (s->more & MORE_VLAN)
		set_number(&to[n++], "vlan", more->vlan);
	if (s->more & MORE_MAC) {
		set_text(
			&to[n++], "src_mac", net_mac_print(more->src_mac, mac));
		set_text(
			&to[n++], "dst_mac", net_mac_print(more->dst_mac, mac));
	}
	return n;
}

static size_t back_of(const struct flow_half *back, struct member *to)
{
	set_number(&to[0], "reverse_packets", back->packets);
	set_number(&to[1], "reverse_bytes", back->bytes);
	set_number(&to[2], "reverse_first_ns", (uint64_t)back->first_ns);
	set_number(&to[3], "reverse_last_ns", (uint64_t)back->last_ns);
	set_number(&to[4], "reverse_tcp_flags", back->tcp_flags);
	set_number(&to[5], "reverse_tos", back->tos);
	return BACK_FIELDS;
}

/* back: of the other direction. */
static size_t values_of(const struct flow_shape *s,
	const struct flow_more *more, bool back, struct member *to)
{
	const uint8_t *at = more->values + (back ? flow_values(s) : 0);

	for (size_t i = 0; i < s->n_fields; at += s->fields[i++].len) {
		read_value(&s->fields[i], at, &to[i]);
		to[i].unknown = !(more->known[back] >> i & 1);
		snprintf(to[i].name, sizeof(to[i].name), "%s%s",
			back ? "reverse_" : "", s->fields[i].name);
	}
	return s->n_fields;
}

enum { MEMBERS_MAX = 128 };

static size_t members_of(const struct flow_shape *s,
	const struct flow_more *more, struct member to[static MEMBERS_MAX])
{
	bool both = s->more & MORE_REVERSE;
	size_t n = keys_of(s, more, to);

	if (both)
		n += back_of(&more->reverse, to + n);
	if (n + 2 * s->n_fields > MEMBERS_MAX)
		return n;
	n += values_of(s, more, false, to + n);
	if (both)
		n += values_of(s, more, true, to + n);
	return n;
}

static void print_names(struct buf *out, const struct flow_shape *shape)
{
	static const uint8_t none[2048];
	static const struct flow_more empty = {.values = none};
	struct member m[MEMBERS_MAX];
	size_t n = shape ? members_of(shape, &empty, m) : 0;

	for (size_t i = 0; i < n; i++)
		buf_addf(out, ",%s", m[i].name);
}

/* No text of ours holds a quote. */
static void print_cells(struct buf *out, const struct member *m, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (m[i].unknown) {
			buf_addc(out, ',');
			continue;
		}
		if (!m[i].n)
			buf_addf(out, ",\"%s\"", m[i].text);
		for (size_t k = 0; k < m[i].n; k++)
			buf_addf(out, "%c%" PRIu64, k ? ' ' : ',',
				m[i].numbers[k]);
	}
}

static void print_member(struct jsonw *w, const struct member *m)
{
	jsonw_key(w, m->name);
	if (m->unknown) {
		jsonw_null(w);
		return;
	}
	if (!m->n)
		jsonw_string(w, m->text);
	if (m->many)
		jsonw_array(w);
	for (size_t i = 0; i < m->n; i++)
		jsonw_uint(w, m->numbers[i]);
	if (m->many)
		jsonw_end(w);
}

/* --- records ------------------------------------------------------------- */

void record_print_head(struct buf *out, enum record_style style,
	const struct flow_shape *shape)
{
	switch (style) {
	case RECORD_TEXT:
		buf_addf(out, "%-8s %10s %12s  %s\n", "END", "PACKETS", "BYTES",
			"TAP DIR PROTO FLOW");
		break;
	case RECORD_CSV:
		buf_adds(out, "src,dst,sport,dport,proto,fragment,packets,"
			      "bytes,first_ns,last_ns,tcp_flags,tos,tap,dir,"
			      "src_slot,dst_slot,end");
		print_names(out, shape);
		buf_addc(out, '\n');
		break;
	case RECORD_JSON:
		break;
	}
}

static void print_text(struct buf *out, const struct flow_record *r,
	const struct flow_half *back)
{
	char src[NET_ADDR_TEXT], dst[NET_ADDR_TEXT];

	buf_addf(out,
		"%-8s %10" PRIu64 " %12" PRIu64 "  %u %s %u %s %u > %s %u%s",
		end_name(r->end_reason), r->packets, r->bytes, r->tap,
		r->flags & RECORD_SENT ? "sent" : "recv", r->key.proto,
		net_addr_print(&r->key.src, src), r->key.sport,
		net_addr_print(&r->key.dst, dst), r->key.dport,
		r->key.flags & KEY_FRAGMENT ? " fragments" : "");
	if (back)
		buf_addf(out, ", back %" PRIu64 " packets %" PRIu64 " bytes",
			back->packets, back->bytes);
	buf_addc(out, '\n');
}

static void print_csv(struct buf *out, const struct flow_record *r,
	const struct member *besides, size_t n)
{
	char src[NET_ADDR_TEXT], dst[NET_ADDR_TEXT];

	buf_addf(out, "%s,%s,%u,%u,%u,%u,%" PRIu64 ",%" PRIu64,
		net_addr_print(&r->key.src, src),
		net_addr_print(&r->key.dst, dst), r->key.sport, r->key.dport,
		r->key.proto, r->key.flags & KEY_FRAGMENT, r->packets,
		r->bytes);
	buf_addf(out, ",%" PRId64 ",%" PRId64 ",%u,%u,%u,%s,%u,%u,%s",
		r->first_ns, r->last_ns, r->tcp_flags, r->tos, r->tap,
		r->flags & RECORD_SENT ? "sent" : "received", r->src_slot,
		r->dst_slot, end_name(r->end_reason));
	print_cells(out, besides, n);
	buf_addc(out, '\n');
}

static void member(struct jsonw *w, const char *key, uint64_t v)
{
	jsonw_key(w, key);
	jsonw_uint(w, v);
}

static void text_member(struct jsonw *w, const char *key, const char *v)
{
	jsonw_key(w, key);
	jsonw_string(w, v);
}

static void print_json(struct buf *out, const struct flow_record *r,
	const struct member *besides, size_t n)
{
	char text[NET_ADDR_TEXT];
	struct jsonw w;

	jsonw_init(&w, out, JSONW_COMPACT);
	jsonw_object(&w);
	text_member(&w, "src", net_addr_print(&r->key.src, text));
	text_member(&w, "dst", net_addr_print(&r->key.dst, text));
	member(&w, "sport", r->key.sport);
	member(&w, "dport", r->key.dport);
	member(&w, "proto", r->key.proto);
	jsonw_key(&w, "fragment");
	jsonw_bool(&w, r->key.flags & KEY_FRAGMENT);
	member(&w, "packets", r->packets);
	member(&w, "bytes", r->bytes);
	jsonw_key(&w, "first_ns");
	jsonw_int(&w, r->first_ns);
	jsonw_key(&w, "last_ns");
	jsonw_int(&w, r->last_ns);
	member(&w, "tcp_flags", r->tcp_flags);
	member(&w, "tos", r->tos);
	member(&w, "tap", r->tap);
	text_member(&w, "dir", r->flags & RECORD_SENT ? "sent" : "received");
	member(&w, "src_slot", r->src_slot);
	member(&w, "dst_slot", r->dst_slot);
	text_member(&w, "end", end_name(r->end_reason));
	if (r->flags & RECORD_ESTIMATED) {
		jsonw_key(&w, "estimated");
		jsonw_bool(&w, true);
	}
	for (size_t i = 0; i < n; i++)
		print_member(&w, &besides[i]);
	jsonw_end(&w);
	buf_addc(out, '\n');
}

void record_print(struct buf *out, enum record_style style,
	const struct flow_record *r, const struct flow_shape *shape,
	const struct flow_more *more)
{
	bool both = more && shape->more & MORE_REVERSE;
	struct member m[MEMBERS_MAX];
	size_t n = 0;

	if (more && style != RECORD_TEXT)
		n = members_of(shape, more, m);
	switch (style) {
	case RECORD_TEXT:
		print_text(out, r, both ? &more->reverse : NULL);
		break;
	case RECORD_JSON:
		print_json(out, r, m, n);
		break;
	case RECORD_CSV:
		print_csv(out, r, m, n);
		break;
	}
}

/* wire frames that are in no counter: 0 unless there is a fault of ours. */
static int64_t counters_unaccounted(const struct tap_counters *c)
{
	uint64_t known = c->ip_frames + c->non_ip + c->excluded + c->unsampled;

	for (int i = 0; i < TAP_LOSS_COUNT; i++)
		known += c->lost[i];
	return (int64_t)(c->wire_frames - known);
}

/* Packets by class, both directions. */
static void sizes_json(struct jsonw *w, const struct tap_counters *c)
{
	jsonw_key(w, "sizes");
	jsonw_array(w);
	for (unsigned i = 0; i < PACKET_SIZES; i++)
		jsonw_uint(w, c->sizes[0][i].packets + c->sizes[1][i].packets);
	jsonw_end(w);
}

static void counters_json(struct buf *out, const struct tap_counters *c)
{
	struct jsonw w;

	jsonw_init(&w, out, JSONW_COMPACT);
	jsonw_object(&w);
	member(&w, "counters_of", c->tap);
	member(&w, "wire_frames", c->wire_frames);
	member(&w, "ip_frames", c->ip_frames);
	member(&w, "non_ip", c->non_ip);
	member(&w, "excluded", c->excluded);
	member(&w, "unsampled", c->unsampled);
	jsonw_key(&w, "lost");
	jsonw_object(&w);
	for (int i = 0; i < TAP_LOSS_COUNT; i++)
		member(&w, tap_loss_name((enum tap_loss)i), c->lost[i]);
	jsonw_end(&w);
	jsonw_key(&w, "unaccounted");
	jsonw_int(&w, counters_unaccounted(c));
	member(&w, "packets", c->packets);
	member(&w, "if_received", c->if_received);
	member(&w, "if_sent", c->if_sent);
	member(&w, "frames_received", c->frames_received);
	member(&w, "frames_sent", c->frames_sent);
	member(&w, "attach_uncertainty", c->attach_uncertainty);
	sizes_json(&w, c);
	jsonw_end(&w);
	buf_addc(out, '\n');
}

void counters_print(
	struct buf *out, enum record_style style, const struct tap_counters *c)
{
	if (style == RECORD_JSON) {
		counters_json(out, c);
		return;
	}
	if (style == RECORD_CSV)
		buf_adds(out, "# ");
	buf_addf(out,
		"tap %u: wire %" PRIu64 " = ip %" PRIu64 " + non-ip %" PRIu64
		" + excluded %" PRIu64,
		c->tap, c->wire_frames, c->ip_frames, c->non_ip, c->excluded);
	if (c->unsampled)
		buf_addf(out, " + unsampled %" PRIu64, c->unsampled);
	for (int i = 0; i < TAP_LOSS_COUNT; i++)
		buf_addf(out, " + %s %" PRIu64, tap_loss_name((enum tap_loss)i),
			c->lost[i]);
	buf_addf(out,
		", unaccounted %" PRId64 "; packets %" PRIu64
		"; interface %" PRIu64 "/%" PRIu64 " seen %" PRIu64 "/%" PRIu64
		" (+-%" PRIu64 ")\n",
		counters_unaccounted(c), c->packets, c->if_received, c->if_sent,
		c->frames_received, c->frames_sent, c->attach_uncertainty);
}
