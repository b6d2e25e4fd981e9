#include "collector/sources.h"

#include <criterion/criterion.h>

static struct source *note(struct sources *s, uint32_t seq, uint16_t count)
{
	const struct source_news news = {.addr = net_addr_v4_host(1),
		.kind = SOURCE_NF5,
		.sequence = seq,
		.units = count,
		.flows = count,
		.boot_ns = 1000000};

	return sources_note(s, &news, 0);
}

Test(sources, gaps_are_counted_in_flows)
{
	static struct sources s;
	struct source *src;

	s = (struct sources){0};
	note(&s, 100, 10);
	note(&s, 110, 10);
	src = note(&s, 150, 10); /* 30 missing */
	cr_assert_eq(source_lost(src), 30);
	cr_assert_eq(src->flows, 30);
	note(&s, 120, 30); /* late, not lost */
	cr_assert_eq(source_lost(src), 0);
}

Test(sources, numbers_wrap)
{
	static struct sources s;
	struct source *src;

	s = (struct sources){0};
	note(&s, 0xfffffff0u, 10);
	src = note(&s, 10, 5); /* 0xfffffffa..9: 16 missing */
	cr_assert_eq(source_lost(src), 16);
	cr_assert_eq(src->restarts, 0);
}

Test(sources, restart_is_no_loss)
{
	static struct sources s;
	struct source *src;

	s = (struct sources){0};
	note(&s, 1000000, 10);
	note(&s, 1000020, 10);
	src = note(&s, 0, 10);
	cr_assert_eq(src->restarts, 1);
	cr_assert_eq(source_lost(src), 10, "of the life before");
	note(&s, 15, 10);
	cr_assert_eq(source_lost(src), 15);
}

Test(sources, flood_of_exporters_is_bounded)
{
	static struct sources s;
	s = (struct sources){0};
	for (uint32_t i = 0; i < SOURCES_MAX + 10; i++) {
		const struct source_news news = {.addr = net_addr_v4_host(i),
			.kind = SOURCE_NF9,
			.units = 1};

		sources_note(&s, &news, 0);
	}
	cr_assert_eq(s.n, SOURCES_MAX);
	cr_assert_eq(s.refused, 10);
}

/* NetFlow 9 counts messages; of IPFIX whose template is missing nobody knows
 * how much it was until the next message tells. */
Test(sources, each_format_counts_its_own)
{
	static struct sources s;
	struct source_news news = {.addr = net_addr_v4_host(1),
		.kind = SOURCE_NF9,
		.sequence = 7,
		.units = 1,
		.flows = 20};
	struct source *src;

	s = (struct sources){0};
	sources_note(&s, &news, 0);
	news.sequence = 10;
	src = sources_note(&s, &news, 0);
	cr_assert_eq(source_lost(src), 2);
	cr_assert_eq(src->flows, 40);
	news = (struct source_news){.addr = news.addr,
		.kind = SOURCE_IPFIX,
		.sequence = 100,
		.unknown = true};
	sources_note(&s, &news, 0);
	news.sequence = 130; /* there were 30 */
	news.unknown = false;
	news.units = 5;
	sources_note(&s, &news, 0);
	news.sequence = 145;
	src = sources_note(&s, &news, 0);
	cr_assert_eq(source_lost(src), 10);
}
