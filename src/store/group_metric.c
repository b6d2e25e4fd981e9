/* Keys and figures of metrics: numbers as they are, texts by the order they
 * came in. */
#include "store/group_inside.h"

#include <string.h>

enum { WORDS_MAX = 1 << 16 };

const struct export_field *group_metric_named(const char *text, size_t len)
{
	const enum metric_field f = metric_field_named(text, len);

	return f < METRIC_FIELD_COUNT ? &metric_fields[f] : NULL;
}

/* As it is printed: anybody may have told it. */
static uint32_t word_of(struct map *words, const struct flow_element *e)
{
	char text[ELEMENT_TEXT];
	const size_t len = strlen(flow_element_print(e, text));
	uintptr_t number = (uintptr_t)map_get(words, text, len);

	if (!number && words->n < WORDS_MAX) {
		number = words->n + 1;
		map_put(words, text, len, (void *)number);
	}
	return number ? (uint32_t)number : GROUP_METRIC_MOST;
}

uint32_t group_metric_place(const struct export_field *field, struct map *words,
	const struct flow_extra *extra)
{
	const enum metric_field f = (enum metric_field)(field - metric_fields);
	struct flow_element e;
	uint64_t v;

	if (!extra || !flow_others_find(
			      &extra->others, field->enterprise, field->id, &e))
		return 0;
	if (field->text)
		return word_of(words, &e);
	if (!metric_field_get(&extra->others, f, &v))
		return 0;
	return v < GROUP_METRIC_MOST - 1 ? (uint32_t)v + 1 : GROUP_METRIC_MOST;
}

int group_metric_check(const struct group_by *by, struct err *err)
{
	if (by->words && by->words->n >= WORDS_MAX)
		return group_too_many(err, "texts");
	return 0;
}
