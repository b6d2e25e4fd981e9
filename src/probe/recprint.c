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

void record_print_head(struct buf *out, enum record_style style)
{
	switch (style) {
	case RECORD_TEXT:
		buf_addf(out, "%-8s %10s %12s  %s\n", "END", "PACKETS", "BYTES",
			"TAP DIR PROTO FLOW");
		break;
	case RECORD_CSV:
		buf_adds(out, "src,dst,sport,dport,proto,fragment,packets,"
			      "bytes,first_ns,last_ns,tcp_flags,tos,tap,dir,"
			      "src_slot,dst_slot,end\n");
		break;
	case RECORD_JSON:
		break;
	}
}

static void print_text(struct buf *out, const struct flow_record *r)
{
	char src[NET_ADDR_TEXT], dst[NET_ADDR_TEXT];

	buf_addf(out,
		"%-8s %10" PRIu64 " %12" PRIu64 "  %u %s %u %s %u > %s %u%s\n",
		end_name(r->end_reason), r->packets, r->bytes, r->tap,
		r->flags & RECORD_SENT ? "sent" : "recv", r->key.proto,
		net_addr_print(&r->key.src, src), r->key.sport,
		net_addr_print(&r->key.dst, dst), r->key.dport,
		r->key.flags & KEY_FRAGMENT ? " fragments" : "");
}

static void print_csv(struct buf *out, const struct flow_record *r)
{
	char src[NET_ADDR_TEXT], dst[NET_ADDR_TEXT];

	buf_addf(out, "%s,%s,%u,%u,%u,%u,%" PRIu64 ",%" PRIu64,
		net_addr_print(&r->key.src, src),
		net_addr_print(&r->key.dst, dst), r->key.sport, r->key.dport,
		r->key.proto, r->key.flags & KEY_FRAGMENT, r->packets,
		r->bytes);
	buf_addf(out, ",%" PRId64 ",%" PRId64 ",%u,%u,%u,%s,%u,%u,%s\n",
		r->first_ns, r->last_ns, r->tcp_flags, r->tos, r->tap,
		r->flags & RECORD_SENT ? "sent" : "received", r->src_slot,
		r->dst_slot, end_name(r->end_reason));
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
	const struct record_extra *extra)
{
	char text[NET_ADDR_TEXT], mac[NET_MAC_TEXT];
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
	if (extra)
		member(&w, "vlan", extra->vlan);
	if (extra && extra->src_mac) {
		text_member(&w, "src_mac", net_mac_print(extra->src_mac, mac));
		text_member(&w, "dst_mac", net_mac_print(extra->dst_mac, mac));
	}
	jsonw_end(&w);
	buf_addc(out, '\n');
}

void record_print(
	struct buf *out, enum record_style style, const struct flow_record *r)
{
	record_print_with(out, style, r, NULL);
}

void record_print_with(struct buf *out, enum record_style style,
	const struct flow_record *r, const struct record_extra *extra)
{
	switch (style) {
	case RECORD_TEXT:
		print_text(out, r);
		break;
	case RECORD_JSON:
		print_json(out, r, extra);
		break;
	case RECORD_CSV:
		print_csv(out, r);
		break;
	}
}

int64_t counters_unaccounted(const struct tap_counters *c)
{
	uint64_t known = c->ip_frames + c->non_ip + c->excluded;

	for (int i = 0; i < TAP_LOSS_COUNT; i++)
		known += c->lost[i];
	return (int64_t)(c->wire_frames - known);
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
