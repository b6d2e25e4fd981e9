#include "support/spoil.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { DEEPEST = 16 };

/* Marsaglia's xorshift. */
uint32_t spoil_dice(uint32_t *seed)
{
	uint32_t x = *seed ? *seed : 1;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return *seed = x;
}

static struct value *copy_of(const struct value *v, int depth)
{
	struct value *c = value_new(v->kind);

	c->boolean = v->boolean;
	c->integer = v->integer;
	c->number = v->number;
	if (v->text) {
		c->text = mem_strdup(v->text);
		c->text_len = strlen(v->text);
	}
	for (size_t i = 0; depth < DEEPEST && i < v->n; i++) {
		struct value *item = copy_of(v->items[i], depth + 1);

		if (v->kind == VALUE_STRUCT)
			value_set(c, v->names[i], item);
		else
			value_append(c, item);
	}
	return c;
}

static const char *hostile_text(uint32_t *seed)
{
	static const char *const texts[] = {"", "a;reboot", "$(id)", "../../x",
		"-oProxyCommand=id", "%n%s", "x\033[2J", "a\nb", " ", "0", "-1",
		"99999999999999999999", "1e400", "10.1.1.300",
		"255.255.255.255", "0.0.0.0", "00:00:00:00:00:00", "active",
		"delaynode", "node:0", ":", "node:4294967296", "\xff\xfe"};
	static char longest[70001];

	if (spoil_dice(seed) % 16 == 0) {
		memset(longest, 'x', sizeof(longest) - 1);
		longest[spoil_dice(seed) % 2 ? 300 : sizeof(longest) - 1] = 0;
		return longest;
	}
	return texts[spoil_dice(seed) % (sizeof(texts) / sizeof(*texts))];
}

static struct value *hostile(uint32_t *seed)
{
	static const int64_t numbers[] = {0, 1, -1, 2147483647, -2147483647};

	switch (spoil_dice(seed) % 6) {
	case 0:
		return value_int(numbers[spoil_dice(seed) % 5]);
	case 1:
		return value_double(spoil_dice(seed) % 2 ? 1e308 : -0.5);
	case 2:
		return value_bool(true);
	case 3:
		return value_new(
			spoil_dice(seed) % 2 ? VALUE_STRUCT : VALUE_ARRAY);
	default:
		return value_string(hostile_text(seed));
	}
}

/* Takes one out; its place is closed. */
static void take_out(struct value *v, size_t at)
{
	value_free(v->items[at]);
	if (v->kind == VALUE_STRUCT)
		free(v->names[at]);
	v->n--;
	for (size_t i = at; i < v->n; i++) {
		v->items[i] = v->items[i + 1];
		if (v->kind == VALUE_STRUCT)
			v->names[i] = v->names[i + 1];
	}
}

static void put(struct value *v, size_t at, struct value *item)
{
	value_free(v->items[at]);
	v->items[at] = item;
}

/* Somewhere below, deeper ones as often. */
static struct value *descend(struct value *v, uint32_t *seed, size_t *ret_at)
{
	for (;;) {
		struct value *item;

		*ret_at = spoil_dice(seed) % v->n;
		item = v->items[*ret_at];
		if (!item->n || spoil_dice(seed) % 4 == 0)
			return v;
		v = item;
	}
}

void spoil_value(struct value *v, uint32_t *seed)
{
	for (uint32_t i = spoil_dice(seed) % 4 + 1; i && v->n; i--) {
		size_t at, other;
		struct value *in = descend(v, seed, &at);
		struct value *from = descend(v, seed, &other);

		switch (spoil_dice(seed) % 5) {
		case 0:
			take_out(in, at);
			break;
		case 1:
			put(in, at, copy_of(from->items[other], 0));
			break;
		case 2:
			if (in->kind == VALUE_STRUCT)
				value_set(in, hostile_text(seed),
					copy_of(in->items[at], 0));
			else
				value_append(in, copy_of(in->items[at], 0));
			break;
		default:
			put(in, at, hostile(seed));
		}
	}
}

void spoil_bytes(struct buf *text, uint32_t *seed)
{
	static const char *const pieces[] = {"<value>", "</value>", "<struct>",
		"</struct>", "&amp;", "&#0;", "&x;", "<![CDATA[", "<!--", "<",
		"<nil/>", "\xff"};

	for (uint32_t i = spoil_dice(seed) % 4 + 1; i && text->len > 1; i--) {
		const char *piece = pieces[spoil_dice(seed) %
					   (sizeof(pieces) / sizeof(*pieces))];
		size_t at = spoil_dice(seed) % text->len;
		size_t n = strlen(piece);

		switch (spoil_dice(seed) % 4) {
		case 0:
			text->data[at] ^= (char)(1 << spoil_dice(seed) % 8);
			break;
		case 1:
			if (at + n <= text->len)
				memcpy(text->data + at, piece, n);
			break;
		case 2:
			n = spoil_dice(seed) % (text->len - at) % 60;
			memmove(text->data + at, text->data + at + n,
				text->len - at - n);
			text->len -= n;
			break;
		default:
			if (spoil_dice(seed) % 8 == 0)
				text->len = at;
		}
	}
}
