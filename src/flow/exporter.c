/* Messages: begun, filled set by set, closed with their lengths and counts.
 *
 * NetFlow counts time in milliseconds of an uptime of 32 bits, from a boot that
 * readers work out of each header.  Boot is a whole second and stays; a flow
 * that 32 bits cannot reach from it gets another message with another boot,
 * and a header never claims a time that far from boot.  What no boot can tell,
 * a flow longer than 49 days or a time of 2106 or later, is told as near as it
 * can be, and counted. */
#include "flow/exporter.h"
#include "base/cursor.h"
#include "flow/metric_fields.h"
#include "flow/put.h"

#include <netinet/in.h>
#include <string.h>

static const int64_t ms_ns = 1000000;
static const int64_t s_ns = 1000000000;
/* whole seconds: the next one of a time in reach is in reach, too */
static const int64_t reach_ns = INT64_C(0xffffffff) / 1000 * 1000000000;
static const int64_t lead_ns = INT64_C(3600) * 1000000000;
static const int64_t longest_ns = INT64_C(49) * 86400 * 1000000000;
static const int64_t latest_ns = INT64_C(0xffffffff) * 1000000000;

enum { NF9_HEADER = 20, IPFIX_HEADER = 16 };

const char *export_format_name(enum export_format format)
{
	static const char *const names[] = {
		"nf1", "nf5", "nf7", "nf9", "ipfix"};

	return format < EXPORT_FORMATS ? names[format] : "?";
}

static bool is_old(const struct exporter *e)
{
	return e->opt.format < EXPORT_NF9;
}

static size_t header_of(const struct exporter *e)
{
	return e->opt.format == EXPORT_NF9 ? NF9_HEADER : IPFIX_HEADER;
}

static void boot_at(struct exporter *e, int64_t ns)
{
	/* headers know no time before 1970 */
	e->boot_ns = ns > 0 ? ns - ns % s_ns : 0;
	e->old.boot_ns = e->boot_ns;
	e->booted = true;
}

/* As headers of versions before 9 say it. */
static void set_old_sampling(struct exporter *e)
{
	const struct export_sampling *s = &e->opt.sampling;

	e->old.sampling = 0;
	if (s->one_of > 1 && s->one_of < 1 << 14)
		e->old.sampling =
			(uint16_t)(export_mode(s->by) << 14 | s->one_of);
}

/* Blocks of 16 numbers: one for what else flows have, others in turn for each
 * choice of metrics, of which there are many. */
enum { BLOCKS_AT = 256, BLOCKS = 3584 };

static unsigned block_of(const struct flow_shape *shape)
{
	return shape->more & (MORE_VLAN | MORE_MAC);
}

static enum metric_field field_of(const struct export_field *f)
{
	return metric_field_of(&(struct flow_element){
		.enterprise = f->enterprise, .id = f->id});
}

static void set_shape(struct exporter *e, const struct flow_shape *shape)
{
	e->opt.shape = *shape;
	e->values = flow_values(shape);
	e->icmp = false;
	for (size_t i = 0; i < shape->n_fields; i++)
		e->icmp |= e->opt.format != EXPORT_IPFIX &&
			   field_of(&shape->fields[i]) == METRIC_ICMP;
}

void exporter_init(struct exporter *e, const struct exporter_options *options)
{
	static const uint8_t versions[] = {1, 0, 7};
	const struct exporter_options *o = &e->opt;
	size_t room;

	memset(e, 0, sizeof(*e));
	e->opt = *options;
	room = o->message ? o->message : EXPORT_DATAGRAM;
	if (room > sizeof(e->bytes))
		room = sizeof(e->bytes);
	e->wire = wire_over(e->bytes, room);
	e->age = EXPORT_REFRESH;
	e->newest_ns = INT64_MIN;
	set_shape(e, &options->shape);
	e->block = block_of(&o->shape);
	e->old.engine_type = (uint8_t)(o->domain >> 8);
	e->old.engine_id = (uint8_t)o->domain;
	if (is_old(e))
		e->old.version = versions[o->format];
	set_old_sampling(e);
	if (o->start_ns)
		boot_at(e, o->start_ns);
}

/* Can the record's times be told from the boot we have? */
static bool in_reach(const struct exporter *e, const struct flow_record *r)
{
	if (e->opt.format == EXPORT_IPFIX)
		return e->booted; /* and says times in full */
	return e->booted && (r->first_ns >= e->boot_ns || e->boot_ns == 0) &&
	       r->last_ns - e->boot_ns < reach_ns;
}

struct times {
	int64_t first_ns, last_ns;
};

/* The record's, as near as the format has words for them. */
static struct times times_of(
	const struct exporter *e, const struct flow_record *r)
{
	const bool ipfix = e->opt.format == EXPORT_IPFIX;
	struct times t = {r->first_ns, r->last_ns};

	if (!ipfix && t.last_ns > latest_ns)
		t.last_ns = latest_ns;
	if (t.last_ns < 0)
		t.last_ns = 0;
	if (t.first_ns > t.last_ns)
		t.first_ns = t.last_ns;
	if (t.first_ns < 0)
		t.first_ns = 0;
	if (!ipfix && t.last_ns - t.first_ns > longest_ns)
		t.first_ns = t.last_ns - longest_ns;
	return t;
}

static bool is_empty(const struct exporter *e)
{
	return is_old(e) ? e->n_rows == 0 : wire_len(&e->wire) == 0;
}

/* --- NetFlow 9 and IPFIX ------------------------------------------------- */

/* False: there is no room beside the templates. */
static bool begin(struct exporter *e)
{
	wire_zeros(&e->wire, header_of(e));
	e->set_at = 0;
	e->count = 0;
	if (e->age >= EXPORT_REFRESH) {
		e->age = 0;
		e->told = 0;
	}
	return export_gap_withdraw(e) && exporter_write_templates(e);
}

static uint32_t seconds_of(int64_t ns)
{
	return ns > 0 ? (uint32_t)((ns < latest_ns ? ns : latest_ns) / s_ns)
		      : 0;
}

/* The header's time: now, but in the reach of boot and not before a flow. */
static int64_t header_time(struct exporter *e, int64_t now_ns)
{
	const bool flows = e->newest_ns != INT64_MIN;

	if (now_ns > latest_ns)
		now_ns = latest_ns;
	if (!e->booted || (now_ns >= e->newest_ns && now_ns >= e->boot_ns &&
				  now_ns - e->boot_ns < reach_ns))
		return now_ns;
	if (flows)
		return e->newest_ns;
	boot_at(e, now_ns - lead_ns);
	return now_ns;
}

static void write_header(struct exporter *e, int64_t now_ns)
{
	uint8_t *p = e->bytes;

	if (e->opt.format == EXPORT_NF9) {
		/* the next whole second: it has no more to say when it was */
		uint32_t s = seconds_of(header_time(e, now_ns) + (s_ns - 1));
		int64_t up = e->booted ? s * s_ns - e->boot_ns : 0;

		p = add16(p, 9);
		p = add16(p, e->count);
		p = add32(p, (uint32_t)(up / ms_ns));
		p = add32(p, s);
		p = add32(p, e->sequence++);
		(void)add32(p, e->opt.domain);
		return;
	}
	p = add16(p, 10);
	p = add16(p, (unsigned)wire_len(&e->wire));
	p = add32(p, seconds_of(now_ns));
	p = add32(p, e->sequence);
	(void)add32(p, e->opt.domain);
	e->sequence += e->count;
}

static size_t take_new(struct exporter *e, int64_t now_ns)
{
	size_t len = wire_len(&e->wire);

	if (len <= header_of(e)) {
		e->wire.len = 0;
		return 0;
	}
	exporter_end_set(e);
	len = wire_len(&e->wire);
	write_header(e, now_ns);
	e->age += e->opt.refresh;
	e->wire.len = 0;
	return len;
}

/* --- NetFlow 1, 5, 7 ----------------------------------------------------- */

static size_t take_old(struct exporter *e, int64_t now_ns)
{
	size_t used = 0, len;

	len = nf5_encode(&e->old, header_time(e, now_ns), e->rows, e->n_rows,
		e->bytes, &used);
	e->n_rows -= used;
	memmove(e->rows, e->rows + used, e->n_rows * sizeof(e->rows[0]));
	e->left_out = e->old.left_out;
	return len;
}

/* --- both ---------------------------------------------------------------- */

static bool add_told(struct exporter *e, const struct flow_record *r,
	const struct flow_more *more)
{
	if (!in_reach(e, r)) {
		if (!is_empty(e) || e->old.rest.packets)
			return false;
		boot_at(e, r->first_ns - lead_ns);
	}
	if (is_old(e)) {
		if (e->n_rows == nf5_most(&e->old))
			return false;
		e->rows[e->n_rows++] = *r;
	} else {
		if (is_empty(e) && !begin(e))
			return false;
		if (!exporter_write_flow(e, r, more))
			return false;
	}
	if (e->newest_ns < r->last_ns)
		e->newest_ns = r->last_ns;
	e->records++;
	return true;
}

static bool add_timed(struct exporter *e, const struct flow_record *r,
	const struct flow_more *more)
{
	const struct times t = times_of(e, r);
	const bool retimed =
		t.first_ns != r->first_ns || t.last_ns != r->last_ns;
	struct flow_record other;

	if (retimed) {
		other = *r;
		other.first_ns = t.first_ns;
		other.last_ns = t.last_ns;
	}
	if (!add_told(e, retimed ? &other : r, more))
		return false;
	if (retimed)
		e->retimed +=
			!is_old(e) || (net_addr_is_v4(&r->key.src) &&
					      net_addr_is_v4(&r->key.dst));
	return true;
}

/* NetFlow has type and code of ICMP where others have the port they go to; as
 * far as a metric tells them.  Kept apart: most are not. */
static __attribute__((noinline)) bool add_icmp(struct exporter *e,
	const struct flow_record *r, const struct flow_more *more)
{
	const struct flow_shape *shape = &e->opt.shape;
	const enum metric_field want =
		r->key.proto == IPPROTO_ICMP ? METRIC_ICMP : METRIC_ICMP6;
	const uint8_t *p = more->values;
	struct flow_record other = *r;

	for (size_t i = 0; i < shape->n_fields; p += shape->fields[i++].len)
		if (field_of(&shape->fields[i]) == want &&
			more->known[0] >> i & 1)
			other.key.dport = cursor_load16(p);
	return add_timed(e, &other, more);
}

bool exporter_add(struct exporter *e, const struct flow_record *r,
	const struct flow_more *more)
{
	if (e->icmp && more &&
		(r->key.proto == IPPROTO_ICMP ||
			r->key.proto == IPPROTO_ICMPV6))
		return add_icmp(e, r, more);
	return add_timed(e, r, more);
}

size_t exporter_take(struct exporter *e, int64_t now_ns, const uint8_t **ret)
{
	size_t len = is_old(e) ? take_old(e, now_ns) : take_new(e, now_ns);

	if (len) {
		e->messages++;
		e->octets += len;
	}
	if (!e->n_rows && !e->old.rest.packets && !e->old.rest.bytes)
		e->newest_ns = INT64_MIN;
	*ret = e->bytes;
	return len;
}

void exporter_refresh(struct exporter *e)
{
	e->age = EXPORT_REFRESH;
}

void exporter_resample(
	struct exporter *e, const struct export_sampling *sampling)
{
	e->opt.sampling = *sampling;
	e->resampled = true;
	set_old_sampling(e);
	exporter_refresh(e);
}

void exporter_reshape(struct exporter *e, const struct flow_shape *shape)
{
	export_gap_forget(e);
	set_shape(e, shape);
	e->block = shape->n_fields ? BLOCKS_AT + e->blocks++ % BLOCKS
				   : block_of(shape);
	exporter_refresh(e);
}

bool exporter_account(struct exporter *e, const struct export_ledger *l)
{
	e->ledger = *l;
	if (is_old(e))
		return true;
	if (is_empty(e) && !begin(e))
		return false;
	return exporter_write_ledger(e);
}
