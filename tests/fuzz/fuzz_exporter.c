/* Any records through any format: messages are whole, within their bounds, and
 * their sets add up. */
#include "base/cursor.h"
#include "flow/exporter.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(const uint8_t *bytes, size_t len, size_t most)
{
	struct cursor c = cursor_over(bytes, len);
	uint16_t version = cursor_u16(&c);

	if (len > most)
		abort();
	if (version < 9)
		return;
	if (cursor_u16(&c) != len && version == 10)
		abort();
	cursor_skip(&c, version == 9 ? 16 : 12);
	while (cursor_left(&c)) {
		uint16_t n;

		cursor_skip(&c, 2);
		n = cursor_u16(&c);
		if (n < 4)
			abort();
		cursor_skip(&c, n - 4u);
	}
	if (!cursor_ok(&c))
		abort();
}

static const struct export_field fields[] = {
	{.id = 52, .len = 1, .name = "min_ttl"},
	{.id = 9, .len = 80, .enterprise = 32473, .text = true, .name = "x"}};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t values[2 * 81];
	struct cursor c = cursor_over(data, len);
	uint8_t choice = cursor_u8(&c), besides = cursor_u8(&c);
	const struct exporter_options o = {
		.format = (enum export_format)(choice % EXPORT_FORMATS),
		.refresh = choice & 16,
		.sampling = {.one_of = choice & 32 ? 10 : 0,
			.by = (enum export_choice)(besides >> 4 & 3) %
			      (EXPORT_HASH + 1)},
		.message = choice & 64 ? EXPORT_MESSAGE_MOST : 0,
		.shape = {.more = besides & 31,
			.fields = fields,
			.n_fields = besides & MORE_VALUES ? 2 : 0}};
	struct flow_extra extra = {.vlan = besides, .mpls = besides};
	struct flow_more more = {
		.vlan = besides, .extra = &extra, .values = values};
	size_t most = o.message ? o.message : NF5_DATAGRAM;
	struct exporter *e = malloc(sizeof(*e));
	struct flow_record r;
	const uint8_t *bytes;
	size_t n;

	if (!e)
		abort();
	exporter_init(e, &o);
	while (cursor_left(&c) >= RECORD_WIRE) {
		flow_record_decode(&c, &r);
		more.known[0] = r.first_ns & 3;
		more.known[1] = r.last_ns & 3;
		/* times as a meter gives them */
		r.first_ns /= 4;
		r.last_ns =
			r.last_ns / 4 < r.first_ns ? r.first_ns : r.last_ns / 4;
		/* each datagram of 65,536 rows would take long */
		r.packets &= 0xffffffffffff;
		r.bytes &= 0xffffffffff;
		more.reverse.packets = besides & 64 ? r.packets : 0;
		/* the record's own bytes as what nobody knows */
		extra.others.at = c.at;
		extra.others.len = r.tos;
		if (r.tos > cursor_left(&c) ||
			!flow_others_sound(&extra.others))
			extra.others.len = 0;
		if (exporter_add(e, &r, &more))
			continue;
		for (int i = 0; i < 4; i++)
			if ((n = exporter_take(e, r.last_ns, &bytes)) > 0)
				check(bytes, n, most);
	}
	for (int i = 0; i < 4; i++)
		if ((n = exporter_take(e, 0, &bytes)) > 0)
			check(bytes, n, most);
	free(e);
	return 0;
}
