/* Frame of reference and byte planes. */
#include "store/column.h"
#include "base/mem.h"
#include "format/checksum.h"
#include "store/plane.h"

#include <string.h>

enum { ADDR = 16, VALUES_MAX = 2 * BLOCK_ROWS };

static const uint64_t scales[] = {1, 1000, 1000000, 1000000000};
enum { N_SCALES = sizeof(scales) / sizeof(*scales) };

static unsigned width_of(uint64_t span)
{
	unsigned width = 0;

	while (span) {
		span >>= 8;
		width++;
	}
	return width;
}

/* What was appended since is the part. */
static void end_part(
	const struct buf *out, size_t began, struct column_part *part)
{
	part->len = (uint32_t)(out->len - began);
	part->sum = checksum(buf_str(out) + began, part->len);
}

static void put(
	const uint8_t *raw, size_t n, struct buf *out, struct column_part *part)
{
	size_t began = out->len;

	for (unsigned k = 0; k < part->width; k++)
		if (plane_put(raw + k * n, n, out))
			part->packed |= (uint16_t)(1u << k);
	end_part(out, began, part);
}

/* The planes of a column: those stored plain where they are, others in room. */
struct planes {
	struct plane at[ADDR];
	uint8_t *room;
};

/* Of LZ4 ones, their first `upto` values at least. */
static bool get(const struct column_part *part, const uint8_t *stored, size_t n,
	size_t upto, struct planes *ret)
{
	struct cursor c = cursor_over(stored, part->len);

	*ret = (struct planes){0};
	ret->room = mem_grow(NULL, part->width, n);
	for (unsigned k = 0; k < part->width; k++)
		if (!plane_next(&c, part->packed >> k & 1, n, &ret->at[k]) ||
			!plane_unpack(&ret->at[k], n, upto, ret->room + k * n))
			return false;
	return cursor_left(&c) == 0;
}

/* All values of all planes. */
static bool get_all(const struct column_part *part, const uint8_t *stored,
	size_t n, struct planes *ret)
{
	if (!get(part, stored, n, n, ret))
		return false;
	for (unsigned k = 0; k < part->width; k++)
		plane_expand(&ret->at[k], n, ret->room + k * n);
	return true;
}

bool column_pack(const struct column_part *part, const uint8_t *stored,
	size_t n, struct buf *out, struct column_part *ret)
{
	const size_t began = out->len;
	struct planes p;
	bool good;

	*ret = *part;
	ret->packed = 0;
	if (n == 0 || part->width == 0)
		return part->len == 0;
	if (part->width > ADDR || n > VALUES_MAX)
		return false;
	good = get_all(part, stored, n, &p);
	for (unsigned k = 0; good && k < part->width; k++)
		if (plane_put_small(p.at[k].at, n, out))
			ret->packed |= (uint16_t)(1u << k);
	free(p.room);
	end_part(out, began, ret);
	return good && buf_ok(out);
}

/* Least and greatest, each size with its own loop. */
#define RANGE(type)                                                            \
	do {                                                                   \
		const type *v = values;                                        \
		type min = v[0], max = v[0];                                   \
                                                                               \
		for (size_t i = 1; i < n; i++) {                               \
			min = v[i] < min ? v[i] : min;                         \
			max = v[i] > max ? v[i] : max;                         \
		}                                                              \
		return (struct column_range){min, max};                        \
	} while (0)

struct column_range column_range(const void *values, size_t n, unsigned size)
{
	switch (size) {
	case 1:
		RANGE(uint8_t);
	case 2:
		RANGE(uint16_t);
	case 4:
		RANGE(uint32_t);
	default:
		RANGE(uint64_t);
	}
}

/* Divisors that the compiler knows: it multiplies instead. */
#define EACH_SCALE(DO)                                                         \
	do {                                                                   \
		if (scale == 1)                                                \
			DO(1000);                                              \
		else if (scale == 2)                                           \
			DO(1000000);                                           \
		else                                                           \
			DO(1000000000);                                        \
	} while (0)

#define ARE_MULTIPLES(unit)                                                    \
	do {                                                                   \
		while (i < n && (values[i] - min) % (unit) == 0)               \
			i++;                                                   \
	} while (0)

static uint8_t scale_of(const uint64_t *values, size_t n, uint64_t min)
{
	uint8_t scale = N_SCALES - 1;
	size_t i = 0;

	/* multiples of the greater unit are multiples of the lesser */
	for (; scale; scale--) {
		EACH_SCALE(ARE_MULTIPLES);
		if (i == n)
			break;
	}
	return scale;
}

#define DIVIDE(unit)                                                           \
	do {                                                                   \
		for (size_t i = 0; i < n; i++)                                 \
			to[i] = (values[i] - min) / (unit);                    \
	} while (0)

static void divide(const uint64_t *values, size_t n, uint64_t min,
	uint8_t scale, uint64_t *restrict to)
{
	EACH_SCALE(DIVIDE);
}

/* One plane after the other, each size with its own loop. */
#define SPLIT(type)                                                            \
	do {                                                                   \
		const type *v = values;                                        \
		const type first = (type)min;                                  \
                                                                               \
		for (unsigned k = 0; k < width; k++) {                         \
			uint8_t *restrict plane = raw + k * n;                 \
			const unsigned shift = 8 * k;                          \
                                                                               \
			for (size_t i = 0; i < n; i++)                         \
				plane[i] = (uint8_t)((type)(v[i] - first) >>   \
						     shift);                   \
		}                                                              \
	} while (0)

static void split(const void *values, size_t n, unsigned size, uint64_t min,
	unsigned width, uint8_t *raw)
{
	switch (size) {
	case 1:
		SPLIT(uint8_t);
		return;
	case 2:
		SPLIT(uint16_t);
		return;
	case 4:
		SPLIT(uint32_t);
		return;
	default:
		SPLIT(uint64_t);
		return;
	}
}

static void to_planes(const void *values, size_t n, unsigned size,
	const struct column_part *part, uint8_t *raw)
{
	cleanup_free uint64_t *units = NULL;

	if (!part->scale) {
		split(values, n, size, part->range.min, part->width, raw);
		return;
	}
	units = mem_grow(NULL, n, sizeof(*units));
	divide(values, n, part->range.min, part->scale, units);
	split(units, n, sizeof(*units), 0, part->width, raw);
}

void column_encode(const void *values, size_t n, unsigned size, struct buf *out,
	struct column_part *part)
{
	const uint64_t span = part->range.max - part->range.min;
	cleanup_free uint8_t *raw = NULL;

	if (size == 8 && span)
		part->scale = scale_of(values, n, part->range.min);
	part->width = (uint8_t)width_of(span / scales[part->scale]);
	if (!part->width)
		return;
	raw = mem_grow(NULL, n, part->width);
	to_planes(values, n, size, part, raw);
	put(raw, n, out, part);
}

/* One loop for each size, two planes at a time where there are two: they are
 * what a query spends its time in. */
#define JOIN(type)                                                             \
	do {                                                                   \
		type *restrict v = values;                                     \
		const type first = (type)min;                                  \
		unsigned k = width % 2;                                        \
                                                                               \
		for (size_t i = 0; k && i < n; i++)                            \
			v[i] = (type)(first + p->at[0].at[i]);                 \
		for (; k < width; k += 2) {                                    \
			const uint8_t *restrict low = p->at[k].at;             \
			const uint8_t *restrict high = p->at[k + 1].at;        \
			const unsigned shift = 8 * k;                          \
                                                                               \
			for (size_t i = 0; k == 0 && i < n; i++)               \
				v[i] = (type)(first +                          \
					      (low[i] | high[i] << 8));        \
			for (size_t i = 0; k != 0 && i < n; i++)               \
				v[i] = (type)(v[i] +                           \
					      ((type)(low[i] | high[i] << 8)   \
						      << shift));              \
		}                                                              \
	} while (0)

static void join(const struct planes *p, size_t n, unsigned width, uint64_t min,
	unsigned size, void *values)
{
	switch (size) {
	case 1:
		JOIN(uint8_t);
		return;
	case 2:
		JOIN(uint16_t);
		return;
	case 4:
		JOIN(uint32_t);
		return;
	default:
		JOIN(uint64_t);
		return;
	}
}

#define FILL(type)                                                             \
	do {                                                                   \
		type *to = values;                                             \
                                                                               \
		for (size_t i = 0; i < n; i++)                                 \
			to[i] = (type)v;                                       \
	} while (0)

static void fill(uint64_t v, size_t n, unsigned size, void *values)
{
	switch (size) {
	case 1:
		FILL(uint8_t);
		return;
	case 2:
		FILL(uint16_t);
		return;
	case 4:
		FILL(uint32_t);
		return;
	default:
		FILL(uint64_t);
		return;
	}
}

/* Can values of this size hold all that the part may say? */
static bool sound(const struct column_part *part, unsigned size)
{
	return part->width <= size && part->scale < N_SCALES &&
	       (part->scale == 0 || size == 8) &&
	       part->range.min <= part->range.max &&
	       (size == 8 || part->range.max >> (8 * size) == 0);
}

bool column_decode(const struct column_part *part, const uint8_t *stored,
	size_t n, unsigned size, void *values)
{
	struct planes p;
	uint64_t *v = values;
	bool good;

	if (!sound(part, size) || n > VALUES_MAX)
		return false;
	if (n == 0 || part->width == 0) {
		fill(part->range.min, n, size, values);
		return part->len == 0;
	}
	good = get_all(part, stored, n, &p);
	if (good)
		join(&p, n, part->width, part->scale ? 0 : part->range.min,
			size, values);
	free(p.room);
	for (size_t i = 0; good && part->scale && i < n; i++)
		v[i] = part->range.min + v[i] * scales[part->scale];
	return good;
}

static void store_value(void *values, size_t i, unsigned size, uint64_t v)
{
	switch (size) {
	case 1:
		((uint8_t *)values)[i] = (uint8_t)v;
		return;
	case 2:
		((uint16_t *)values)[i] = (uint16_t)v;
		return;
	case 4:
		((uint32_t *)values)[i] = (uint32_t)v;
		return;
	default:
		((uint64_t *)values)[i] = v;
		return;
	}
}

bool column_decode_rows(const struct column_part *part, const uint8_t *stored,
	size_t n, unsigned size, const uint16_t *rows, size_t n_rows,
	void *values)
{
	struct planes p = {0};
	size_t upto = 0;
	bool good;

	if (!sound(part, size) || n > VALUES_MAX)
		return false;
	for (size_t i = 0; i < n_rows; i++)
		upto = rows[i] >= upto ? rows[i] + 1u : upto;
	good = part->width ? get(part, stored, n, upto, &p) : part->len == 0;
	for (size_t i = 0; good && i < n_rows; i++) {
		uint64_t v = 0;

		for (unsigned k = 0; k < part->width; k++)
			v |= (uint64_t)plane_value(&p.at[k], rows[i])
			     << (8 * k);
		store_value(values, rows[i], size,
			part->range.min + v * scales[part->scale]);
	}
	free(p.room);
	return good;
}

void column_encode_addrs(const uint8_t *addrs, size_t n, struct buf *out,
	struct column_part *ret)
{
	cleanup_free uint8_t *raw = mem_zalloc(n, ADDR);

	*ret = (struct column_part){.width = n ? ADDR : 0};
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ADDR; k++)
			raw[k * n + i] = addrs[i * ADDR + k];
	put(raw, n, out, ret);
}

bool column_decode_addrs(const struct column_part *part, const uint8_t *stored,
	size_t n, uint8_t *addrs)
{
	struct planes p;
	bool good;

	if (n == 0)
		return part->len == 0;
	if (part->width != ADDR || n > VALUES_MAX)
		return false;
	good = get_all(part, stored, n, &p);
	for (size_t i = 0; good && i < n; i++)
		for (size_t k = 0; k < ADDR; k++)
			addrs[i * ADDR + k] = p.at[k].at[i];
	free(p.room);
	return good;
}
