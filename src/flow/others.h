/* What exporters tell of a flow in elements that we know nothing of (NetFlow 9,
 * IPFIX): kept as it came, to be shown, asked for and told again.
 *
 * In bytes each element is: enterprise 4 (0: IANA's), id 2, length 2 (with
 * OTHERS_VARIABLE: the record told it, not the template), value; big-endian.
 * Values of zeros alone are not kept: that is what exporters say when they do
 * not know; of our own metrics (flow/metric_fields.h) they are. */
#ifndef NFZ_FLOW_OTHERS_H
#define NFZ_FLOW_OTHERS_H

#include "base/cursor.h"
#include "flow/wire.h"

enum {
	OTHERS_VALUE = 256, /* most bytes of one */
	OTHERS_MAX = 1024,  /* most bytes of a flow's, all in all */
	OTHERS_VARIABLE = 0x8000,
	OTHERS_HEAD = 8,
	ELEMENT_NAME = 24,
	ELEMENT_TEXT = 2 * OTHERS_VALUE + 3
};

/* Of one flow; lent. */
struct flow_others {
	const uint8_t *at;
	size_t len; /* 0: none */
};

struct flow_element {
	uint32_t enterprise;
	uint16_t id;
	bool variable;
	const uint8_t *value;
	size_t len;
};

static inline struct cursor flow_others_over(const struct flow_others *o)
{
	return cursor_over(o->at, o->len);
}
/* The next; false: there is none, or what is there makes no sense (then the
 * cursor is not ok). */
bool flow_others_next(struct cursor *c, struct flow_element *ret);
/* Could flow_others_add have made them? */
bool flow_others_sound(const struct flow_others *o);
/* False: it was left out, because it is too long or too much. */
bool flow_others_add(struct wire *to, const struct flow_element *e);
/* The same of what is known, even if it is 0; of no bytes nothing is. */
bool flow_others_add_known(struct wire *to, const struct flow_element *e);
/* The element with that number; false: nobody told it. */
bool flow_others_find(const struct flow_others *o, uint32_t enterprise,
	uint16_t id, struct flow_element *ret);

/* By enterprise, then id. */
int flow_element_compare(
	const struct flow_element *a, const struct flow_element *b);
/* "ie32", "ie4242_7", that of a metric; returns text. */
const char *flow_element_name(
	const struct flow_element *e, char text[static ELEMENT_NAME]);
/* The value as text where it is such and the record told its length, numbers of
 * a metric, else "0x" and its bytes; returns text. */
const char *flow_element_print(
	const struct flow_element *e, char text[static ELEMENT_TEXT]);

#endif
