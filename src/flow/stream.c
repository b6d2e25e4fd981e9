/* An item is its kind, 1 byte, and what the kind needs; no lengths, since
 * every kind knows its own. */
#include "flow/stream.h"

static bool add(struct reliable_sender *s, uint8_t kind, struct buf *content)
{
	uint8_t item[STREAM_ITEM_MAX] = {kind};
	bool fits = buf_ok(content) && content->len < sizeof(item);

	if (fits)
		memcpy(item + 1, content->data, content->len);
	fits = fits && reliable_add(s, item, content->len + 1);
	return fits;
}

bool stream_add_record(struct reliable_sender *s, const struct flow_record *r)
{
	char room[RECORD_WIRE + 1];
	struct buf b = {.data = room, .cap = sizeof(room), .max = RECORD_WIRE};

	flow_record_encode(r, &b);
	return add(s, STREAM_RECORD, &b);
}

bool stream_add_counters(
	struct reliable_sender *s, const struct tap_counters *c)
{
	char room[COUNTERS_WIRE_MAX + 1];
	struct buf b = {
		.data = room, .cap = sizeof(room), .max = COUNTERS_WIRE_MAX};

	tap_counters_encode(c, &b);
	return add(s, STREAM_COUNTERS, &b);
}

bool stream_add_flushed(struct reliable_sender *s, uint64_t number)
{
	uint8_t item[1 + 8];
	struct wire w = wire_over(item, sizeof(item));

	wire_u8(&w, STREAM_FLUSHED);
	wire_u64(&w, number);
	return reliable_add(s, item, sizeof(item));
}

bool stream_read(const uint8_t *items, size_t len, struct stream_content *ret)
{
	struct cursor c = cursor_over(items, len);

	ret->n_records = 0;
	ret->n_counters = 0;
	ret->flushed = 0;
	while (cursor_ok(&c) && cursor_left(&c)) {
		uint64_t number;

		switch (cursor_u8(&c)) {
		case STREAM_RECORD:
			if (ret->n_records == STREAM_RECORDS)
				return false;
			flow_record_decode(&c, &ret->records[ret->n_records++]);
			break;
		case STREAM_COUNTERS:
			if (ret->n_counters == STREAM_COUNTERS_MAX)
				return false;
			tap_counters_decode(
				&c, &ret->counters[ret->n_counters++]);
			break;
		case STREAM_FLUSHED:
			number = cursor_u64(&c);
			if (number > ret->flushed)
				ret->flushed = number;
			break;
		default:
			return false;
		}
	}
	return cursor_ok(&c);
}
