#include "deploy/settings.h"
#include "base/clock.h"
#include "flow/exporter.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BY_AT = 32 };
enum { CPU_MAX_PCT = 102400, SPAN_MIN_MS = 100, SPAN_MAX_MS = 86400000 };

static const struct {
	const char *word;         /* in the text */
	const char *name, *other; /* as typed */
} keys[SETTING_KEYS] = {
	[SETTING_ACTIVE] = {"active", "active", "active-timeout"},
	[SETTING_IDLE] = {"idle", "idle", "inactive-timeout"},
	[SETTING_CPU] = {"cpu", "cpu-limit", "cpu"},
	[SETTING_SAMPLING] = {"sampling", "sampling", "sample"},
};

static int read_span(const char *text, struct setting *ret, struct err *err)
{
	if (clock_parse_span(text, &ret->value) && ret->value >= SPAN_MIN_MS &&
		ret->value <= SPAN_MAX_MS)
		return 0;
	return err_set(err, NFZ_E_USAGE,
		"--set %s: %s is not a time from 100ms to 24h",
		keys[ret->key].name, text);
}

static int read_percent(const char *text, struct setting *ret, struct err *err)
{
	char *end;
	long v = strtol(text, &end, 10);

	if (strcmp(text, "none") == 0) {
		ret->value = -1;
		return 0;
	}
	if (end > text && (!*end || strcmp(end, "%") == 0) && v >= 1 &&
		v <= CPU_MAX_PCT) {
		ret->value = v;
		return 0;
	}
	err_set(err, NFZ_E_USAGE, "--set cpu-limit: %s is no share of a CPU",
		text);
	return err_hint(err, "Say it in percent of one CPU, such as 25%%; or "
			     "none");
}

static int read_sampling(const char *text, struct setting *ret, struct err *err)
{
	struct export_sampling s = {0};

	if (!export_sampling_parse(text, &s)) {
		err_set(err, NFZ_E_USAGE, "--set sampling: %s is no sampling",
			text);
		return err_hint(err,
			"Say 100 (each hundredth frame), "
			"random:100, hash:100 (the same packets "
			"at all probes), or none; at most %d",
			EXPORT_SAMPLED_MAX);
	}
	ret->value = s.one_of ? (int64_t)s.by << BY_AT | s.one_of : -1;
	return 0;
}

/* Words for what is always so, and reasons for what cannot be. */
static int other_key(
	const char *key, const char *value, bool *ret_none, struct err *err)
{
	if (strcmp(key, "flow-key") == 0) {
		*ret_none = strcmp(value, "5tuple") == 0;
		if (*ret_none)
			return 0;
		err_set(err, NFZ_E_USAGE,
			"--set flow-key: meters on nodes tell flows apart by "
			"addresses, ports and protocol (5tuple), and by "
			"nothing else; only captures can be read by others");
		return err_hint(err, "Coarser views are made when asked for: "
				     "netflowize query --by src,dst");
	}
	err_set(err, NFZ_E_USAGE, "--set %s: there is nothing of that name",
		key);
	return err_hint(err, "What can be set: idle, active (times), cpu-limit "
			     "(percent), sampling (one of so many)");
}

int setting_parse(
	const char *word, struct setting *ret, bool *ret_none, struct err *err)
{
	const char *eq = strchr(word, '='), *colon = strchr(word, ':');
	char key[64];

	*ret = (struct setting){0};
	*ret_none = false;
	if (!eq || eq == word)
		return err_set(err, NFZ_E_USAGE,
			"--set %s: write [NODE:]KEY=VALUE", word);
	if (colon && colon < eq) {
		snprintf(ret->node, sizeof(ret->node), "%.*s",
			(int)(colon - word), word);
		word = colon + 1;
	}
	if (strncmp(word, "meter.", 6) == 0)
		word += 6;
	snprintf(key, sizeof(key), "%.*s", (int)(eq - word), word);
	for (int i = 0; i < SETTING_KEYS; i++) {
		if (strcmp(key, keys[i].name) != 0 &&
			strcmp(key, keys[i].other) != 0)
			continue;
		ret->key = (enum setting_key)i;
		ret->value = -1;
		if (strcmp(eq + 1, "default") == 0)
			return 0;
		return i == SETTING_CPU        ? read_percent(eq + 1, ret, err)
		       : i == SETTING_SAMPLING ? read_sampling(eq + 1, ret, err)
					       : read_span(eq + 1, ret, err);
	}
	return other_key(key, eq + 1, ret_none, err);
}

static int64_t sampling_in(const char *text)
{
	struct setting s = {.value = -1};
	char word[EXPORT_SAMPLING_TEXT];

	snprintf(word, sizeof(word), "%.*s", (int)strcspn(text, " "), text);
	(void)read_sampling(word, &s, NULL);
	return s.value;
}

static const char *sampling_text(
	int64_t value, char text[static EXPORT_SAMPLING_TEXT])
{
	const struct export_sampling s = {.one_of = (uint32_t)value,
		.by = (enum export_choice)(value >> BY_AT)};

	return export_sampling_print(&s, text);
}

/* -1 when the text does not name it. */
static int64_t value_in(const char *text, enum setting_key key)
{
	size_t len = strlen(keys[key].word);

	for (const char *p = text; *p; p += strspn(p, " ")) {
		if (strncmp(p, keys[key].word, len) == 0 && p[len] == '=')
			return key == SETTING_SAMPLING
				       ? sampling_in(p + len + 1)
				       : strtoll(p + len + 1, NULL, 10);
		p += strcspn(p, " ");
	}
	return -1;
}

static const char *value_text(enum setting_key key, int64_t value,
	char text[static EXPORT_SAMPLING_TEXT])
{
	if (key == SETTING_SAMPLING)
		return sampling_text(value, text);
	snprintf(text, EXPORT_SAMPLING_TEXT, "%" PRId64, value);
	return text;
}

void settings_merge(const char *now, const struct setting *wishes, size_t n,
	const char *node, char ret[static SETTINGS_TEXT])
{
	size_t used = 0;

	ret[0] = '\0';
	for (int k = 0; k < SETTING_KEYS; k++) {
		char text[EXPORT_SAMPLING_TEXT];
		int64_t value = value_in(now, (enum setting_key)k);
		bool own = false;

		for (size_t i = 0; i < n; i++) {
			bool mine = strcmp(wishes[i].node, node) == 0;

			if ((int)wishes[i].key != k ||
				(wishes[i].node[0] && !mine) || (own && !mine))
				continue;
			own = mine;
			value = wishes[i].value;
		}
		if (value < 0)
			continue;
		snprintf(ret + used, SETTINGS_TEXT - used, "%s%s=%s",
			used ? " " : "", keys[k].word,
			value_text((enum setting_key)k, value, text));
		used = strlen(ret);
	}
}

static void add_span(const char *name, int64_t ms, char *to, size_t size)
{
	size_t n = strlen(to);

	if (ms < 0)
		return;
	if (ms % 1000)
		snprintf(to + n, size - n, "%s%s %" PRId64 " ms", n ? ", " : "",
			name, ms);
	else
		snprintf(to + n, size - n, "%s%s %" PRId64 " s", n ? ", " : "",
			name, ms / 1000);
}

void settings_describe(const char *text, char ret[static SETTINGS_TEXT])
{
	int64_t cpu = value_in(text, SETTING_CPU);
	int64_t sampling = value_in(text, SETTING_SAMPLING);
	char how[EXPORT_SAMPLING_TEXT];
	size_t n;

	ret[0] = '\0';
	add_span("active", value_in(text, SETTING_ACTIVE), ret, SETTINGS_TEXT);
	add_span("idle", value_in(text, SETTING_IDLE), ret, SETTINGS_TEXT);
	n = strlen(ret);
	if (cpu >= 0)
		snprintf(ret + n, SETTINGS_TEXT - n, "%sCPU %" PRId64 " %%",
			n ? ", " : "", cpu);
	n = strlen(ret);
	if (sampling >= 0)
		snprintf(ret + n, SETTINGS_TEXT - n, "%ssampling %s",
			n ? ", " : "", sampling_text(sampling, how));
}
