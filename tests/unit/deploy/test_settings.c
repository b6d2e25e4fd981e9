/* Settings of meters: what is understood, refused, and what holds where. */
#include "deploy/settings.h"

#include <criterion/criterion.h>
#include <string.h>

static struct setting parsed(const char *word)
{
	struct setting s;

	cr_assert_eq(setting_parse(word, &s, NULL), 0, "%s", word);
	return s;
}

/* What holds on the node after these wishes, where `old` did. */
static void merges(const char *old, const struct setting *wishes, size_t n,
	const char *node, const char *want)
{
	char text[SETTINGS_TEXT];

	settings_merge(old, wishes, n, node, text);
	cr_assert_str_eq(text, want);
}

static void describes(const char *settings, const char *want)
{
	char text[SETTINGS_TEXT];

	settings_describe(settings, text);
	cr_assert_str_eq(text, want);
}

Test(settings, parse)
{
	struct setting s = parsed("idle=2s");

	cr_assert_eq(s.key, SETTING_IDLE);
	cr_assert_eq(s.value, 2000);
	cr_assert_str_eq(s.node, "");
	s = parsed("r1:meter.active-timeout=1m");
	cr_assert_eq(s.key, SETTING_ACTIVE);
	cr_assert_eq(s.value, 60000);
	cr_assert_str_eq(s.node, "r1");
	cr_assert_eq(parsed("meter.cpu-limit=60%").value, 60);
	cr_assert_eq(parsed("cpu-limit=none").value, -1);
	cr_assert_eq(parsed("idle=default").value, -1);
	cr_assert_eq(parsed("sampling=1").value, -1);
	cr_assert_eq(parsed("sampling=none").value, -1);
}

Test(settings, what_a_flow_carries_until_it_is_reported)
{
	const struct setting wishes[] = {parsed("report-bytes=10m"),
		parsed("meter.report-packets=5K"), parsed("r1:bytes=none"),
		parsed("r1:packets=1000000000000000")};
	struct err err = ERR_INIT;

	merges("cpu=25 idle=7", wishes, 4, "r2",
		"idle=7 bytes=10000000 packets=5000 cpu=25");
	cr_assert_eq(settings_for_caches(
			     "idle=7 bytes=10000000 packets=5000 cpu=25", &err),
		0);
	merges("cpu=25 bytes=9 idle=7", wishes, 4, "r1",
		"idle=7 packets=1000000000000000 cpu=25");
	describes("bytes=10000000 packets=5000 cpu=25",
		"each 10000000 bytes, each 5000 packets, CPU 25 %");
}

Test(settings, how_many_flows_there_may_be)
{
	const struct setting wishes[] = {
		parsed("flows=100k"), parsed("r1:meter.flows=default")};
	char text[SETTINGS_TEXT];

	settings_merge("packets=5 cpu=25", wishes, 2, "r2", text);
	cr_assert_str_eq(text, "packets=5 flows=100000 cpu=25");
	settings_describe("packets=5 flows=100000 cpu=25", text);
	cr_assert_str_eq(
		text, "each 5 packets, at most 100000 flows, CPU 25 %");
	settings_merge("flows=7000 cpu=25", wishes, 2, "r1", text);
	cr_assert_str_eq(text, "cpu=25");
	cr_assert_eq(parsed("flows=64m").value, 64000000);
}

Test(settings, sampling_is_kept_in_words)
{
	const struct setting wishes[] = {
		parsed("sampling=100"), parsed("r1:sampling=random:7")};

	merges("idle=7", wishes, 2, "r2", "idle=7 sampling=100");
	merges("sampling=hash:9", wishes, 2, "r1", "sampling=random:7");
	merges("cpu=5 sampling=hash:9", NULL, 0, "r1", "cpu=5 sampling=hash:9");
	describes("cpu=5 sampling=hash:9", "CPU 5 %, sampling hash:9");
}

Test(settings, a_flow_is_what_words_say)
{
	const struct setting wishes[] = {parsed("flow-key=mac+vlan"),
		parsed("biflow=yes"), parsed("metrics=rtt+ttl"),
		parsed("r1:flow-key=5tuple"), parsed("r1:biflow=no"),
		parsed("r1:metrics=none")};
	struct err err = ERR_INIT;

	merges("idle=7 key=tos", wishes, 6, "r2",
		"idle=7 key=vlan+mac biflow=1 metrics=ttl+rtt");
	merges("key=tos biflow=1", wishes, 6, "r1", "");
	merges("key=tos biflow=1 metrics=sizes", NULL, 0, "r",
		"key=tos biflow=1 metrics=sizes");
	cr_assert_eq(
		settings_for_caches("key=tos biflow=1 metrics=sizes", &err),
		-NFZ_E_USAGE);
	cr_assert_eq(settings_for_caches("key=mac", &err), -NFZ_E_USAGE);
	cr_assert_eq(settings_for_caches("key=vlan+tos+addresses", &err), 0);
	cr_assert_eq(settings_for_caches("fin=0 bytes=9 packets=9", &err), 0);
	describes("key=mac biflow=1 metrics=rtt",
		"flow-key mac, both ways, metrics rtt");
}

Test(settings, how_long_a_finished_flow_is_waited_for)
{
	const struct setting wishes[] = {parsed("fin=2s"),
		parsed("r1:fin=none"), parsed("r2:fin=default")};

	merges("idle=7", wishes, 3, "r", "idle=7 fin=2000");
	merges("idle=7", wishes, 3, "r1", "idle=7 fin=0");
	describes("fin=0 bytes=9", "FIN ends nothing, each 9 bytes");
	merges("fin=0 idle=7", wishes, 3, "r2", "idle=7");
	describes("fin=1500", "FIN 1500 ms");
}

Test(settings, refused)
{
	static const char *const bad[] = {"idle", "=2", "idle=soon", "idle=0",
		"idle=none", "fin=0", "fin=soon", "cpu-limit=0",
		"cpu-limit=lots", "cpu-limit=5x", "sampling=0", "sampling=2x",
		"flow-key=src", "flow-key=vlan+", "biflow=both",
		"metrics=weight", "report-bytes=", "bytes=0", "bytes=-1",
		"bytes=-9223372036854775808m", "packets=5kk", "packets=k",
		"packets=1001t", "packets=9223372036854775807k", "flows=999",
		"flows=65m", "flows=many", "colour=red", "r1:colour=red",
		"threads=2"};
	struct err err = ERR_INIT;
	struct setting s;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_assert_eq(setting_parse(bad[i], &s, &err), -NFZ_E_USAGE,
			"%s", bad[i]);
	cr_assert_not_null(strstr(err.hint, "--threads N"));
}

Test(settings, merge)
{
	const struct setting wishes[] = {parsed("idle=1s"),
		parsed("r1:idle=2s"), parsed("idle=3s"), parsed("active=9s"),
		parsed("r2:active=default")};

	merges("", wishes, 5, "r1", "active=9000 idle=2000");
	merges("active=5000 cpu=25", wishes, 5, "r2", "idle=3000 cpu=25");
	merges("active=5000 idle=7 cpu=25", NULL, 0, "r2",
		"active=5000 idle=7 cpu=25");
	merges("what ever=1 idlex=4", NULL, 0, "r", "");
	describes("active=9000 idle=250 cpu=25",
		"active 9 s, idle 250 ms, CPU 25 %");
}

Test(settings, what_is_alike_is_shared)
{
	char text[SETTINGS_TEXT] =
		"active=5 idle=7 sampling=hash:9 metrics=ttl";

	settings_share(text, "idle=7 cpu=25 sampling=hash:9 metrics=ttl+rtt");
	cr_assert_str_eq(text, "idle=7 sampling=hash:9");
	settings_share(text, "sampling=random:9 idle=7");
	cr_assert_str_eq(text, "idle=7");
	settings_share(text, "");
	cr_assert_str_eq(text, "");
}

/* Nothing is cut off, however much is set. */
Test(settings, there_is_room_for_all)
{
	const struct setting wishes[] = {parsed("active=86399999ms"),
		parsed("idle=86399999ms"), parsed("fin=86399999ms"),
		parsed("bytes=999999999999999"),
		parsed("packets=999999999999999"), parsed("cpu=102399"),
		parsed("sampling=random:65535"),
		parsed("key=addresses+vlan+mac+tos"), parsed("biflow=yes"),
		parsed("metrics=all")};
	char text[SETTINGS_TEXT], again[SETTINGS_TEXT];

	settings_merge("", wishes, sizeof(wishes) / sizeof(*wishes), "r", text);
	settings_merge(text, NULL, 0, "r", again);
	cr_expect_str_eq(again, text);
	cr_expect(strstr(text, "fingerprint"), "%s", text);
	settings_describe(text, again);
	cr_expect(strstr(again, "fingerprint"), "%s", again);
}
