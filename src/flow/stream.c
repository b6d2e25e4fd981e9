/* An item is its kind, 1 byte, and what the kind needs; no lengths, since
 * every kind knows its own. */
#include "flow/stream.h"

#include <assert.h>

static bool add(struct reliable_sender *s, uint8_t kind, struct buf *content)
{
	uint8_t item[STREAM_ITEM_MAX];
	bool fits = buf_ok(content) && content->len < sizeof(item);

	item[0] = kind;
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

/* Behind the record which of FLOW_EXTRAS follow, a bit each, and those. */
static bool add_row(struct reliable_sender *s, const struct flow_record *r,
	const struct flow_extra *e)
{
	const unsigned has = flow_extras_of(e, 1);
	char room[STREAM_ROW_MAX + 1];
	struct buf b = {
		.data = room, .cap = sizeof(room), .max = STREAM_ROW_MAX};

	if (!has)
		return stream_add_record(s, r);
	flow_record_encode(r, &b);
	buf_u32(&b, has);
	flow_extra_encode(e, has, &b);
	return add(s, STREAM_ROW, &b);
}

bool stream_add_rows(struct reliable_sender *s, const struct flow_rows *rows)
{
	bool added = true;

	assert(rows->n <= STREAM_ROWS);
	/* in a batch yet to be begun all of them have room */
	if (rows->n > 1 && !reliable_room(s))
		return false;
	for (size_t i = 0; i < rows->n && added; i++)
		added = rows->extras ? add_row(s, &rows->records[i],
					       &rows->extras[i])
				     : stream_add_record(s, &rows->records[i]);
	return added;
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

static bool read_row(struct cursor *c, struct stream_content *to)
{
	unsigned has;

	if (!to->any_extra)
		memset(to->extras, 0, sizeof(to->extras));
	to->any_extra = true;
	flow_record_decode(c, &to->records[to->n_records]);
	has = cursor_u32(c);
	if (has > EXTRAS_ALL)
		return false;
	flow_extra_decode(c, has, &to->extras[to->n_records++]);
	return true;
}

bool stream_read(const uint8_t *items, size_t len, struct stream_content *ret)
{
	struct cursor c = cursor_over(items, len);

	ret->n_records = 0;
	ret->n_counters = 0;
	ret->flushed = 0;
	ret->any_extra = false;
	while (cursor_ok(&c) && cursor_left(&c)) {
		uint64_t number;

		switch (cursor_u8(&c)) {
		case STREAM_RECORD:
			if (ret->n_records == STREAM_RECORDS)
				return false;
			flow_record_decode(&c, &ret->records[ret->n_records++]);
			break;
		case STREAM_ROW:
			if (ret->n_records == STREAM_RECORDS ||
				!read_row(&c, ret))
				return false;
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
