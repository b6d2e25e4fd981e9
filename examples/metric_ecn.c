/* A metric of one's own: how many packets of a flow met congestion on their way
 * (RFC 3168: the two low bits of the ToS byte are 11).
 *
 * To have it: put this file into src/probe, declare `metric_ecn` in
 * probe/metric_kinds.h, and add &metric_ecn to the list in probe/metrics.c.
 * Then
 *
 *	nfz-meter --read trace.pcap --metrics ecn -o ndjson
 *
 * prints "ecn_capable" and "congested" with each record, and IPFIX has them as
 * elements of the enterprise METRIC_ENTERPRISE, numbers 100 and 101; so have
 * stores, as ie32473_100, or by name and added up over records once the fields
 * are lines of flow/metric_fields.h.  With --biflow there is one state for each
 * direction. */
#include "probe/metric.h"

enum { FIELD_ECN = 100, ECN_BITS = 3, CONGESTED = 3 };

/* Of each direction of a flow; all zero when it begins. */
struct ecn {
	uint32_t capable, congested;
};

/* What it is called, and its element in IPFIX, for each value. */
static const struct export_field ecn_fields[] = {
	METRIC_COUNT(FIELD_ECN, "ecn_capable"),
	METRIC_COUNT(FIELD_ECN + 1, "congested")};

/* Each packet.  `other` is the state of the other direction, or NULL. */
static void ecn_update(void *state, void *other, const struct metric_packet *p)
{
	struct ecn *e = state;

	(void)other;
	e->capable += (p->tos & ECN_BITS) != 0;
	e->congested += (p->tos & ECN_BITS) == CONGESTED;
}

/* The values of a record, in the order of the fields, 4 bytes each. */
static uint8_t *ecn_write(const void *state, uint8_t *to)
{
	const struct ecn *e = state;

	to = metric_put(to, e->capable, 4);
	return metric_put(to, e->congested, 4);
}

/* Without a `restart` all becomes zero when a record has left: its counts are
 * those since the record before, as packets and bytes are. */
extern const struct flow_metric metric_ecn;
const struct flow_metric metric_ecn = {.name = "ecn",
	.about = "packets that met congestion",
	.size = sizeof(struct ecn),
	.fields = ecn_fields,
	.n_fields = sizeof(ecn_fields) / sizeof(ecn_fields[0]),
	.update = ecn_update,
	.write = ecn_write};
