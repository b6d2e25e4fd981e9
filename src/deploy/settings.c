#include "deploy/settings.h"
#include "base/clock.h"
#include "base/opt.h"
#include "flow/exporter.h"
#include "probe/definition.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BY_AT = 32, WORD = 128 };
#define COUNT_MAX INT64_C(1000000000000000)
enum { FLOWS_LEAST = 1000, FLOWS_MOST = 64000000 };
enum { CPU_MAX_PCT = 102400, SPAN_MIN_MS = 100, SPAN_MAX_MS = 86400000 };

static const struct {
	const char *word;         /* in the text */
	const char *name, *other; /* as typed */
} keys[SETTING_KEYS] = {
	[SETTING_ACTIVE] = {"active", "active", "active-timeout"},
	[SETTING_IDLE] = {"idle", "idle", "inactive-timeout"},
	[SETTING_FIN] = {"fin", "fin", "fin-timeout"},
	[SETTING_BYTES] = {"bytes", "report-bytes", "bytes"},
	[SETTING_PACKETS] = {"packets", "report-packets", "packets"},
	[SETTING_FLOWS] = {"flows", "flows", "cache-flows"},
	[SETTING_CPU] = {"cpu", "cpu-limit", "cpu"},
	[SETTING_SAMPLING] = {"sampling", "sampling", "sample"},
	[SETTING_FLOW_KEY] = {"key", "flow-key", "key"},
	[SETTING_BIFLOW] = {"biflow", "biflow", "bidirectional"},
	[SETTING_METRICS] = {"metrics", "metrics", "metric"},
};

static int read_span(const char *text, struct setting *ret, struct err *err)
{
	ret->value = 0;
	if (ret->key == SETTING_FIN && strcmp(text, "none") == 0)
		return 0;
	if (clock_parse_span(text, &ret->value) && ret->value >= SPAN_MIN_MS &&
		ret->value <= SPAN_MAX_MS)
		return 0;
	return err_set(err, NFZ_E_USAGE,
		"--set %s: %s is not a time from 100ms to 24h",
		keys[ret->key].name, text);
}

/* 10m is ten million, as in a filter. */
static int read_count(const char *text, struct setting *ret, struct err *err)
{
	static const char units[] = "kmgt";
	char *end;
	const char *unit;
	int64_t v = strtoll(text, &end, 10);

	if (strcmp(text, "none") == 0) {
		ret->value = -1;
		return 0;
	}
	unit = *end && !end[1] ? strchr(units, *end | 0x20) : NULL;
	for (const char *u = units;
		unit && u <= unit && v >= 1 && v <= COUNT_MAX; u++)
		v *= 1000;
	if (end > text && (unit || !*end) && v >= 1 && v <= COUNT_MAX) {
		ret->value = v;
		return 0;
	}
	err_set(err, NFZ_E_USAGE, "--set %s: %s is no number of %s",
		keys[ret->key].name, text, keys[ret->key].word);
	return err_hint(err, "Say how many, such as 10m for ten million; or "
			     "none");
}

static int read_flows(const char *text, struct setting *ret, struct err *err)
{
	if (read_count(text, ret, err) < 0)
		return -NFZ_E_USAGE;
	if (ret->value < 0 ||
		(ret->value >= FLOWS_LEAST && ret->value <= FLOWS_MOST))
		return 0;
	err_set(err, NFZ_E_USAGE, "--set flows: %s is not from 1k to 64m",
		text);
	return err_hint(err, "A flow takes some 110 bytes: 1m is 110 MB on "
			     "each node");
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

static int read_key(const char *text, struct setting *ret, struct err *err)
{
	unsigned key = 0;

	if (!definition_read_key(text, &key)) {
		err_set(err, NFZ_E_USAGE,
			"--set flow-key: %s is not what flows can be told "
			"apart by",
			text);
		return err_hint(err,
			"Say 5tuple or addresses, and any of vlan, mac, tos, "
			"joined by '+'; coarser views are made when asked for: "
			"netflowize query --by src,dst");
	}
	ret->value = key ? (int64_t)key : -1;
	return 0;
}

static int read_yes(const char *text, struct setting *ret, struct err *err)
{
	const bool no = strcmp(text, "no") == 0 || strcmp(text, "0") == 0;

	if (!no && strcmp(text, "yes") != 0 && strcmp(text, "1") != 0)
		return err_set(err, NFZ_E_USAGE,
			"--set biflow: %s is neither yes nor no", text);
	ret->value = no ? -1 : 1;
	return 0;
}

static int read_metrics(const char *text, struct setting *ret, struct err *err)
{
	char all[DEFINITION_WORDS];
	unsigned metrics = 0;

	if (!definition_read_metrics(text, &metrics)) {
		err_set(err, NFZ_E_USAGE,
			"--set metrics: %s is not what can be measured", text);
		return err_hint(err,
			"Say some of %s, joined by '+'; or all, "
			"none.  The application is told of captures only: "
			"nfz-meter --read, netflowize import",
			definition_print_metrics(~0u, all));
	}
	ret->value = metrics ? (int64_t)metrics : -1;
	return 0;
}

static const char *nth_name(const void *ctx, size_t i)
{
	(void)ctx;
	return i < SETTING_KEYS ? keys[i].name : NULL;
}

static int unknown_key(const char *key, struct err *err)
{
	const char *near = opt_nearest(key, nth_name, NULL);

	err_set(err, NFZ_E_USAGE, "--set %s: there is nothing of that name",
		key);
	if (strcmp(key, "threads") == 0)
		return err_hint(err, "It is --threads N, for which meters "
				     "start again");
	if (near)
		return err_hint(err, "Did you mean %s?", near);
	return err_hint(err,
		"What can be set: idle, active, fin (times), report-bytes, "
		"report-packets, flows (at most), cpu-limit (percent), "
		"sampling (one of so many), flow-key, biflow, metrics");
}

static int read_value(const char *text, struct setting *ret, struct err *err)
{
	switch (ret->key) {
	case SETTING_CPU:
		return read_percent(text, ret, err);
	case SETTING_BYTES:
	case SETTING_PACKETS:
		return read_count(text, ret, err);
	case SETTING_FLOWS:
		return read_flows(text, ret, err);
	case SETTING_SAMPLING:
		return read_sampling(text, ret, err);
	case SETTING_FLOW_KEY:
		return read_key(text, ret, err);
	case SETTING_BIFLOW:
		return read_yes(text, ret, err);
	case SETTING_METRICS:
		return read_metrics(text, ret, err);
	case SETTING_ACTIVE:
	case SETTING_IDLE:
	case SETTING_FIN:
	case SETTING_KEYS:
		break;
	}
	return read_span(text, ret, err);
}

int setting_parse(const char *word, struct setting *ret, struct err *err)
{
	const char *eq = strchr(word, '='), *colon = strchr(word, ':');
	char key[64];

	*ret = (struct setting){0};
	if (!eq || eq == word) {
		err_set(err, NFZ_E_USAGE, "--set %s: write [NODE:]KEY=VALUE",
			word);
		return err_hint(err, "As in sampling=100; sampling=default "
				     "takes it back");
	}
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
		return strcmp(eq + 1, "default") == 0
			       ? 0
			       : read_value(eq + 1, ret, err);
	}
	return unknown_key(key, err);
}

static const char *sampling_text(
	int64_t value, char text[static EXPORT_SAMPLING_TEXT])
{
	const struct export_sampling s = {.one_of = (uint32_t)value,
		.by = (enum export_choice)(value >> BY_AT)};

	return export_sampling_print(&s, text);
}

static int64_t value_of(const char *text, enum setting_key key)
{
	struct setting s = {.key = key, .value = -1};
	char word[WORD];

	if (key < SETTING_SAMPLING)
		return strtoll(text, NULL, 10);
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(text, " "), text);
	(void)read_value(word, &s, NULL);
	return s.value;
}

/* -1 when the text does not name it. */
static int64_t value_in(const char *text, enum setting_key key)
{
	size_t len = strlen(keys[key].word);

	for (const char *p = text; *p; p += strspn(p, " ")) {
		if (strncmp(p, keys[key].word, len) == 0 && p[len] == '=')
			return value_of(p + len + 1, key);
		p += strcspn(p, " ");
	}
	return -1;
}

static const char *value_text(
	enum setting_key key, int64_t value, char text[static WORD])
{
	_Static_assert((int)WORD >= (int)DEFINITION_WORDS &&
			       (int)WORD >= (int)EXPORT_SAMPLING_TEXT,
		"room for all");
	if (key == SETTING_SAMPLING)
		return sampling_text(value, text);
	if (key == SETTING_FLOW_KEY)
		return definition_print_key((unsigned)value, text);
	if (key == SETTING_METRICS)
		return definition_print_metrics((unsigned)value, text);
	snprintf(text, WORD, "%" PRId64, value);
	return text;
}

static void add_setting(
	enum setting_key key, int64_t value, char to[static SETTINGS_TEXT])
{
	size_t used = strlen(to);
	char text[WORD];

	snprintf(to + used, SETTINGS_TEXT - used, "%s%s=%s", used ? " " : "",
		keys[key].word, value_text(key, value, text));
}

void settings_merge(const char *now, const struct setting *wishes, size_t n,
	const char *node, char ret[static SETTINGS_TEXT])
{
	ret[0] = '\0';
	for (int k = 0; k < SETTING_KEYS; k++) {
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
		if (value >= 0)
			add_setting((enum setting_key)k, value, ret);
	}
}

void settings_share(char a[static SETTINGS_TEXT], const char *b)
{
	char both[SETTINGS_TEXT] = "";

	for (int k = 0; k < SETTING_KEYS; k++) {
		int64_t value = value_in(a, (enum setting_key)k);

		if (value >= 0 && value == value_in(b, (enum setting_key)k))
			add_setting((enum setting_key)k, value, both);
	}
	memcpy(a, both, sizeof(both));
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

static void add_count(const char *how, int64_t n, const char *what, char *to)
{
	const size_t used = strlen(to);

	if (n >= 0)
		snprintf(to + used, SETTINGS_TEXT - used, "%s%s %" PRId64 " %s",
			used ? ", " : "", how, n, what);
}

static void add_word(
	const char *name, const char *value, char to[static SETTINGS_TEXT])
{
	size_t n = strlen(to);

	snprintf(to + n, SETTINGS_TEXT - n, "%s%s%s%s", n ? ", " : "", name,
		*value ? " " : "", value);
}

void settings_describe(const char *text, char ret[static SETTINGS_TEXT])
{
	int64_t cpu = value_in(text, SETTING_CPU);
	char word[WORD];

	ret[0] = '\0';
	add_span("active", value_in(text, SETTING_ACTIVE), ret, SETTINGS_TEXT);
	add_span("idle", value_in(text, SETTING_IDLE), ret, SETTINGS_TEXT);
	if (value_in(text, SETTING_FIN) == 0)
		add_word("FIN ends nothing", "", ret);
	else
		add_span(
			"FIN", value_in(text, SETTING_FIN), ret, SETTINGS_TEXT);
	add_count("each", value_in(text, SETTING_BYTES), "bytes", ret);
	add_count("each", value_in(text, SETTING_PACKETS), "packets", ret);
	add_count("at most", value_in(text, SETTING_FLOWS), "flows", ret);
	snprintf(word, sizeof(word), "%" PRId64 " %%", cpu);
	if (cpu >= 0)
		add_word("CPU", word, ret);
	for (int k = SETTING_SAMPLING; k < SETTING_KEYS; k++) {
		int64_t value = value_in(text, (enum setting_key)k);

		if (value >= 0 && k == SETTING_BIFLOW)
			add_word("both ways", "", ret);
		else if (value >= 0)
			add_word(keys[k].name,
				value_text((enum setting_key)k, value, word),
				ret);
	}
}

int settings_for_caches(const char *text, struct err *err)
{
	const int64_t key = value_in(text, SETTING_FLOW_KEY);
	const struct definition d = {.key = key < 0 ? 0 : (unsigned)key,
		.both = value_in(text, SETTING_BIFLOW) > 0,
		.metrics = value_in(text, SETTING_METRICS) > 0};

	if (definition_in_digests(&d))
		return 0;
	err_set(err, NFZ_E_USAGE,
		"--caches: what meters tell flow caches has no room for flows "
		"by MAC address, of both directions, or with metrics, as is "
		"set (%s)",
		text);
	return err_hint(err, "Leave --caches out, or set flow-key, biflow and "
			     "metrics back: --set flow-key=vlan,biflow=no,"
			     "metrics=none");
}
