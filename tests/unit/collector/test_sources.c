#include "collector/sources.h"

#include <criterion/criterion.h>

static struct nf5_header header(uint32_t sequence, uint16_t count)
{
	return (struct nf5_header){.count = count,
		.sequence = sequence,
		.unix_s = 1000000,
		.uptime_ms = 5000};
}

static struct source *note(struct sources *s, uint32_t seq, uint16_t count)
{
	const struct net_addr addr = net_addr_v4_host(1);
	const struct nf5_header h = header(seq, count);

	return sources_note(s, &addr, &h, 0);
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
	const struct nf5_header h = header(0, 1);

	s = (struct sources){0};
	for (uint32_t i = 0; i < SOURCES_MAX + 10; i++) {
		const struct net_addr addr = net_addr_v4_host(i);

		sources_note(&s, &addr, &h, 0);
	}
	cr_assert_eq(s.n, SOURCES_MAX);
	cr_assert_eq(s.refused, 10);
}
