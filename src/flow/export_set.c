/* Sets of NetFlow 9 and IPFIX: begun, given room, closed with their length. */
#include "flow/exporter.h"
#include "flow/put.h"

/* Sets of NetFlow 9 end on four bytes. */
void exporter_end_set(struct exporter *e)
{
	size_t at = e->set_at;

	if (!at)
		return;
	if (e->opt.format == EXPORT_NF9)
		wire_zeros(&e->wire, -(wire_len(&e->wire) - at) & 3);
	(void)add16(e->bytes + at + 2, (unsigned)(wire_len(&e->wire) - at));
	e->set_at = 0;
}

uint8_t *exporter_space(struct exporter *e, uint16_t set, size_t n)
{
	size_t head = e->set_at && e->set == set ? 0 : 4;
	size_t align = e->opt.format == EXPORT_NF9 ? 3 : 0;

	if (head + n + 2 * align > wire_left(&e->wire))
		return NULL;
	if (head) {
		exporter_end_set(e);
		e->set = set;
		e->set_at = wire_len(&e->wire);
		wire_u16(&e->wire, set);
		wire_u16(&e->wire, 0); /* its length: later */
	}
	e->count++;
	return wire_space(&e->wire, n);
}
