/* How packets are chosen, in words. */
#include "base/lines.h"
#include "flow/exporter.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const choices[] = {[EXPORT_SYSTEMATIC] = "",
	[EXPORT_RANDOM] = "random:",
	[EXPORT_HASH] = "hash:"};

bool export_sampling_parse(const char *text, struct export_sampling *ret)
{
	int by = EXPORT_HASH;
	int64_t n;

	if (strcmp(text, "none") == 0 || strcmp(text, "1") == 0) {
		ret->one_of = 0;
		return true;
	}
	while (strncmp(text, choices[by], strlen(choices[by])) != 0)
		by--; /* the first is the start of any */
	text += strlen(choices[by]);
	if (*text == '0' ||
		!span_count(span_of(text), EXPORT_SAMPLED_MAX, &n) || n < 2)
		return false;
	ret->one_of = (uint32_t)n;
	ret->by = (enum export_choice)by;
	return true;
}

const char *export_sampling_print(
	const struct export_sampling *s, char text[static EXPORT_SAMPLING_TEXT])
{
	if (s->one_of > 1)
		snprintf(text, EXPORT_SAMPLING_TEXT, "%s%" PRIu32,
			choices[s->by], s->one_of);
	else
		snprintf(text, EXPORT_SAMPLING_TEXT, "none");
	return text;
}

bool export_sampling_same(
	const struct export_sampling *a, const struct export_sampling *b)
{
	if (a->one_of <= 1 || b->one_of <= 1)
		return a->one_of <= 1 && b->one_of <= 1;
	return a->one_of == b->one_of && a->by == b->by &&
	       (a->by != EXPORT_HASH || a->initialiser == b->initialiser);
}
