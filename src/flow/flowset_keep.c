/* Templates and sampling of exporters over UDP, kept from one start of ours to
 * the next.
 *
 *   head      "NFZTPL2\n", when 8
 *   domains   address 16, port 2, domain 4, sampling 4, templates 4; who told
 *             something last behind others of its address; each template:
 *             id 2, options 1, zero 1, fields 4; each field: enterprise 4,
 *             id 2, length 2
 *   tail      checksum of all before 8
 *
 * Big-endian.  "NFZTPL1\n" has no ports.  What a file says is held to the same
 * bounds as what exporters say. */
#include "base/mem.h"
#include "flow/flowset_parts.h"
#include "format/checksum.h"

#include <string.h>

#define MAGIC_TEXT "NFZTPL2\n"
#define MAGIC_OLD "NFZTPL1\n"
enum { MAGIC = 8, TAIL = 8, FIELD = 8, TEMPLATE = 8, DOMAIN_HEAD = 30 };

uint64_t flowset_changes(const struct flowset *f)
{
	return f->changes;
}

static size_t size_of(const struct flowset_domain *d)
{
	size_t n = DOMAIN_HEAD;

	for (size_t i = 0; i < d->n; i++)
		n += TEMPLATE + d->templates[i].n_fields * FIELD;
	return n;
}

static void save_domain(const struct flowset_domain *d, struct buf *out)
{
	buf_add(out, d->from.addr.b, sizeof(d->from.addr.b));
	buf_u16(out, (uint16_t)d->from.port);
	buf_u32(out, d->id);
	buf_u32(out, d->sampling);
	buf_u32(out, (uint32_t)d->n);
	for (size_t i = 0; i < d->n; i++) {
		const struct flowset_template *t = &d->templates[i];

		buf_u16(out, t->id);
		buf_u8(out, t->options);
		buf_u8(out, 0);
		buf_u32(out, (uint32_t)t->n_fields);
		for (size_t k = 0; k < t->n_fields; k++) {
			buf_u32(out, t->fields[k].enterprise);
			buf_u16(out, t->fields[k].id);
			buf_u16(out, t->fields[k].len);
		}
	}
}

/* Those that told something last, or the others, as far as there is room for
 * them; returns what they take.  `out` may be NULL. */
static size_t save_domains(
	const struct flowset *f, bool last, size_t room, struct buf *out)
{
	const struct map_entry *e;
	size_t taken = 0;

	for (size_t i = 0; (e = map_next(&f->domains, &i));) {
		const struct flowset_domain *d = e->value;

		if (!d->tells || !d->later != last || !(d->n || d->sampling) ||
			size_of(d) > room - taken)
			continue;
		taken += size_of(d);
		if (out)
			save_domain(d, out);
	}
	return taken;
}

void flowset_save(const struct flowset *f, int64_t now_ns, struct buf *out)
{
	const size_t began = out->len, room = FLOWSET_KEPT - MAGIC - 8 - TAIL;
	const size_t last = save_domains(f, true, room, NULL);

	buf_add(out, MAGIC_TEXT, MAGIC);
	buf_u64(out, (uint64_t)now_ns);
	save_domains(f, false, room - last, out);
	save_domains(f, true, room, out);
	buf_u64(out, checksum(out->data + began, out->len - began));
}

/* False: it makes no sense. */
static bool restore_template(
	struct flowset *f, struct flowset_domain *d, struct cursor *c)
{
	struct flowset_template t = {.id = cursor_u16(c)};
	size_t n;

	t.options = cursor_u8(c);
	cursor_skip(c, 1);
	n = cursor_u32(c);
	if (!cursor_ok(c) || t.id < FIRST_DATA_SET || n == 0 ||
		n > FLOWSET_FIELDS || cursor_left(c) / FIELD < n)
		return false;
	t.fields = mem_zalloc(n, sizeof(*t.fields));
	t.n_fields = n;
	for (size_t i = 0; i < n; i++) {
		struct flowset_field *to = &t.fields[i];

		to->enterprise = cursor_u32(c);
		to->id = cursor_u16(c);
		to->len = cursor_u16(c);
		t.least += to->len == FIELD_VARIABLE ? 1 : to->len;
	}
	if (t.least == 0 || t.least > UINT16_MAX) {
		free(t.fields);
		return false;
	}
	flowset_keep_template(f, d, &t);
	return true;
}

static bool restore_domain(struct flowset *f, struct cursor *c, bool ports)
{
	struct flowset_session from = {.connection = 0};
	struct flowset_domain *d;
	uint32_t id, sampling, n;

	cursor_copy(c, from.addr.b, sizeof(from.addr.b));
	from.port = ports ? cursor_u16(c) : 0;
	id = cursor_u32(c);
	sampling = cursor_u32(c);
	n = cursor_u32(c);
	d = cursor_ok(c) ? flowset_domain_of(f, &from, id) : NULL;
	if (!d)
		return false;
	d->sampling = sampling;
	flowset_tells(f, d);
	d->data_ns = f->now_ns;
	for (uint32_t i = 0; i < n; i++)
		if (!restore_template(f, d, c))
			return false;
	return true;
}

bool flowset_restore(
	struct flowset *f, const void *data, size_t len, int64_t now_ns)
{
	struct cursor c, tail;
	int64_t when_ns;
	bool ports;

	if (len < MAGIC + 8 + TAIL || len > FLOWSET_KEPT)
		return false;
	ports = memcmp(data, MAGIC_TEXT, MAGIC) == 0;
	if (!ports && memcmp(data, MAGIC_OLD, MAGIC) != 0)
		return false;
	c = cursor_over(data, len - TAIL);
	tail = cursor_over((const uint8_t *)data + len - TAIL, TAIL);
	if (checksum(data, len - TAIL) != cursor_u64(&tail))
		return false;
	cursor_skip(&c, MAGIC);
	when_ns = (int64_t)cursor_u64(&c);
	if (when_ns > now_ns || now_ns - when_ns > FLOWSET_KEPT_NS)
		return false;
	f->now_ns = now_ns;
	while (cursor_left(&c))
		if (!restore_domain(f, &c, ports))
			return false;
	return true;
}
