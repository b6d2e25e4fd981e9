/* Keys by name, and how rows are ordered by them. */
#include "base/clock.h"
#include "base/lines.h"
#include "base/opt.h"
#include "store/group.h"

#include <string.h>

/* time has two places, and a figure may want one more. */
enum { KEYS_MAX = BINS_PLACES_MAX - 2 };

static const char *const names[] = {
#define X(name, text) text,
	GROUP_KEYS(X)
#undef X
		NULL};

const char *group_key_name(enum group_key key)
{
	if (key == GROUP_SRC_NET || key == GROUP_DST_NET)
		return key == GROUP_SRC_NET ? "src_net" : "dst_net";
	return (unsigned)key < GROUP_KEY_COUNT ? names[key] : "unknown";
}

static const char *nth_name(const void *ctx, size_t i)
{
	(void)ctx;
	return i < GROUP_BIN ? names[i] : NULL;
}

bool group_by_has(const struct group_by *by, enum group_key key)
{
	for (size_t i = 0; i < by->n; i++)
		if (by->keys[i] == key)
			return true;
	return false;
}

static int parse_bucket(struct group_by *by, const char *text, struct err *err)
{
	int64_t ms;

	if (!clock_parse_span(text, &ms) || ms <= 0 ||
		ms > INT64_C(366) * 86400 * 1000) {
		err_set(err, NFZ_E_USAGE, "--by: time of how many seconds?");
		return err_hint(err, "As in time:60 or time:5m");
	}
	by->bucket_ns = ms * NS_PER_MS;
	return 0;
}

/* src/24 of IPv4, src/64 of IPv6: by the number alone, so up to 32 it is for
 * IPv4, and IPv6 is cut to as many bits as well. */
static int parse_bits(uint8_t *ret, const char *text, struct err *err)
{
	int64_t bits;

	if (!span_count(span_of(text), 128, &bits))
		return err_set(err, NFZ_E_USAGE,
			"--by: /%s: how many bits, 0 to 128?", text);
	*ret = (uint8_t)bits;
	return 0;
}

/* The key, and where its number begins. */
static enum group_key find_key(const char *text, const char **ret_rest)
{
	size_t len = strcspn(text, ":/");
	int key = 0;

	if (text[len] == '/')
		len++;
	while (key < GROUP_BIN && (strlen(names[key]) != len ||
					  memcmp(names[key], text, len) != 0))
		key++;
	*ret_rest = text + len + (text[len] == ':');
	if (text[len] && key != GROUP_TIME && key != GROUP_SRC_NET &&
		key != GROUP_DST_NET)
		return GROUP_BIN;
	return (enum group_key)key;
}

int group_by_add(struct group_by *by, const char *text, struct err *err)
{
	const char *near = opt_nearest(text, nth_name, NULL), *rest;
	const struct export_field *metric =
		group_metric_named(text, strlen(text));
	enum group_key key = find_key(text, &rest);

	if (key == GROUP_BIN && metric)
		key = GROUP_METRIC;
	if (key == GROUP_BIN) {
		err_set(err, NFZ_E_USAGE, "--by: there is no key %s", text);
		return err_hint(err,
			"%s%s%sKeys: src dst src/BITS dst/BITS sport dport "
			"proto flags service size link node src_node dst_node "
			"vlan out_vlan in_if out_if src_as dst_as next_hop "
			"src_mac dst_mac mpls time:SECONDS, or a metric",
			near ? "Did you mean " : "", near ? near : "",
			near ? "?\n" : "");
	}
	if (by->n == KEYS_MAX)
		return err_set(
			err, NFZ_E_USAGE, "--by: more than %d keys", KEYS_MAX);
	if (group_by_has(by, key))
		return key == GROUP_METRIC
			       ? err_set(err, NFZ_E_USAGE,
					 "--by: one metric, not two")
			       : err_set(err, NFZ_E_USAGE,
					 "--by: %s is there twice",
					 group_key_name(key));
	by->keys[by->n++] = key;
	if (key == GROUP_METRIC)
		by->metric = metric;
	if (key == GROUP_TIME)
		return parse_bucket(by, rest, err);
	if (key == GROUP_SRC_NET)
		return parse_bits(&by->src_len, rest, err);
	return key == GROUP_DST_NET ? parse_bits(&by->dst_len, rest, err) : 0;
}

bool group_takes_blocks(const struct group_by *by)
{
	static const enum group_key by_flow[] = {GROUP_NODE, GROUP_SRC_NET,
		GROUP_DST_NET, GROUP_FLAGS, GROUP_SERVICE, GROUP_SIZE,
		GROUP_BIN, GROUP_METRIC};

	for (size_t i = 0; i < sizeof(by_flow) / sizeof(*by_flow); i++)
		if (group_by_has(by, by_flow[i]))
			return false;
	return by->from_ns == by->to_ns;
}

static int order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

int group_value_compare(
	const struct group_value *a, const struct group_value *b)
{
	const int64_t numbers[][2] = {{a->link, b->link}, {a->node, b->node},
		{a->src_node, b->src_node}, {a->dst_node, b->dst_node},
		{a->proto, b->proto}, {a->service, b->service},
		{a->sport, b->sport}, {a->dport, b->dport},
		{a->flags, b->flags}, {a->size, b->size}, {a->bin, b->bin},
		{(int64_t)a->metric, (int64_t)b->metric}};
	int r = order(a->time_ns, b->time_ns);

	/* the four addresses lie first, one after the other */
	if (!r)
		r = memcmp(a, b, offsetof(struct group_value, sport));
	for (size_t i = 0; !r && i < sizeof(numbers) / sizeof(*numbers); i++)
		r = order(numbers[i][0], numbers[i][1]);
	for (int i = 0; !r && i < EXTRA_COUNT; i++) {
		const uint64_t x =
			flow_extra_get(&a->extra, (enum flow_extra_field)i);
		const uint64_t y =
			flow_extra_get(&b->extra, (enum flow_extra_field)i);

		r = (x > y) - (x < y);
	}
	return r;
}
