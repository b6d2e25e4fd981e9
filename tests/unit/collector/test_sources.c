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
	note(&s, 120, 20); /* late, not lost */
	note(&s, 120, 20); /* once more */
	cr_assert_eq(source_lost(src), 10);
	note(&s, 140, 10);
	cr_assert_eq(source_lost(src), 0);
	note(&s, 80, 10); /* before the first: 10 missing between */
	cr_assert_eq(source_lost(src), 10);
	note(&s, 90, 10);
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

/* NetFlow tells an uptime of 32 bits: after 49.7 days its start seems to move. */
Test(sources, uptimes_wrap)
{
	static struct sources s;
	struct source_news news = {.addr = net_addr_v4_host(1),
		.kind = SOURCE_NF5,
		.sequence = 500,
		.units = 10,
		.boot_ns = 1000000};
	struct source *src;

	s = (struct sources){0};
	sources_note(&s, &news, 0);
	news.sequence = 540;
	news.boot_ns += (INT64_C(1) << 32) * 1000000;
	src = sources_note(&s, &news, 0);
	cr_assert_eq(src->restarts, 0);
	cr_assert_eq(source_lost(src), 30);
	news.sequence = 0;
	news.boot_ns += INT64_C(20000000000);
	cr_assert_eq(sources_note(&s, &news, 0)->restarts, 1);
}

Test(sources, restart_is_no_loss)
{
	static struct sources s;
	struct source *src;

	s = (struct sources){0};
	note(&s, 1000000, 10);
	note(&s, 1000020, 10);
	note(&s, 0, 10);
	src = note(&s, 15, 10);
	cr_assert_eq(src->restarts, 0, "these may be late");
	note(&s, 25, 10);
	cr_assert_eq(src->restarts, 1);
	cr_assert_eq(source_lost(src), 15, "10 of them of the life before");
}

/* Fills the gap it left: it was under way while 1500 others came. */
Test(sources, what_is_very_late_begins_no_life)
{
	static struct sources s;
	struct source *src = NULL;

	s = (struct sources){0};
	for (uint32_t i = 0; i < 3000; i++)
		if (i != 1000)
			src = note(&s, 24 * i, 24);
	cr_assert_eq(source_lost(src), 24);
	note(&s, 24 * 1000, 24);
	note(&s, 24 * 1000, 24);
	note(&s, 24 * 3000, 24);
	cr_assert_eq(src->restarts, 0);
	cr_assert_eq(source_lost(src), 0);
}

/* IPFIX, anew from anywhere: what is lost in its first messages counts. */
Test(sources, a_life_that_tells_nothing_loses_as_others_do)
{
	static const uint32_t begins[] = {
		0, 0x10000000, 0x7fffffff, 0xf0000000};
	static struct sources s;

	for (size_t k = 0; k < sizeof(begins) / sizeof(*begins); k++) {
		struct source_news news = {.kind = SOURCE_IPFIX, .units = 10};

		s = (struct sources){0};
		for (uint32_t i = 0; i < 2000; i++) {
			news.sequence = 0x40000000 + 10 * i;
			sources_note(&s, &news, 0);
		}
		for (uint32_t i = 0; i < 100; i++) {
			news.sequence = begins[k] + 10 * i;
			if (i % 2 == 0 || i > 80)
				sources_note(&s, &news, 0);
		}
		cr_assert_eq(s.items->restarts, 1);
		cr_assert_eq(source_lost(s.items), 400);
	}
}

/* A clock that is set is no restart, an uptime that goes back is one. */
Test(sources, clocks_are_set)
{
	static struct sources s;
	struct source_news news = {.kind = SOURCE_NF9,
		.units = 1,
		.boot_ns = INT64_C(1000000000000),
		.uptime_ms = 50000};
	struct source *src;

	s = (struct sources){0};
	sources_note(&s, &news, 0);
	news.sequence = 1;
	news.boot_ns += INT64_C(3600000000000);
	news.uptime_ms += 10;
	sources_note(&s, &news, 0);
	news.sequence = 3;
	sources_note(&s, &news, 0);
	news.sequence = 2; /* late */
	src = sources_note(&s, &news, 0);
	cr_assert_eq(src->restarts, 0);
	cr_assert_eq(source_lost(src), 0);
	news.sequence = 40;
	news.boot_ns += INT64_C(4000000000);
	news.uptime_ms = 100;
	sources_note(&s, &news, 0);
	cr_assert_eq(src->restarts, 1);
	cr_assert_eq(source_lost(src), 0);
}

/* One that was sent before the clock was set, and came after that. */
Test(sources, what_is_late_when_a_clock_is_set_is_late)
{
	static struct sources s;
	struct source_news news = {.kind = SOURCE_NF5,
		.units = 10,
		.boot_ns = INT64_C(1000000000000)};
	struct source *src = NULL;

	s = (struct sources){0};
	for (uint32_t i = 0; i < 100; i++) {
		news.sequence = 10 * (i == 59 ? 60 : i == 60 ? 59 : i);
		news.uptime_ms = 50000 + news.sequence;
		news.boot_ns = INT64_C(1000000000000) +
			       (news.sequence < 600 ? 0 : 5000000000);
		src = sources_note(&s, &news, 0);
	}
	cr_assert_eq(src->restarts, 0);
	cr_assert_eq(source_lost(src), 0);
	/* told when it had been up for a minute: three messages show it */
	for (uint32_t i = 0; i < 10; i++) {
		news.sequence = 10 * i;
		news.uptime_ms = 50000 + i;
		news.boot_ns = INT64_C(2000000000000);
		src = sources_note(&s, &news, 0);
	}
	cr_assert_eq(src->restarts, 1);
	cr_assert_eq(source_lost(src), 0);
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

static uint32_t draw(uint32_t *state, uint32_t below)
{
	*state = *state * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)*state * below >> 32);
}

enum { SENT = 3000, LATE = 20 }; /* messages; places one may come late */

/* What an exporter sends in one life, as a network delivers it: one in ten is
 * lost, one in twenty comes twice, all in some disorder; those at either end
 * arrive.  What is lost between them is returned. */
static uint64_t deliver(
	struct sources *s, struct source_news news, uint32_t *state, size_t n)
{
	static struct source_news got[2 * SENT];
	uint64_t lost = 0;
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		const bool end = i < 4 || i >= n - 4;

		news.units = news.kind == SOURCE_NF9 ? 1 : 1 + draw(state, 30);
		if (!end && !draw(state, 10)) {
			lost += news.units;
		} else {
			got[k++] = news;
			if (!end && !draw(state, 20))
				got[k++] = news;
		}
		news.sequence += news.units;
	}
	for (size_t i = 4; i + LATE + 4 < k; i += LATE)
		for (uint32_t j = LATE - 1; j; j--) {
			const size_t at = i + draw(state, j + 1);
			const struct source_news moved = got[at];

			got[at] = got[i + j];
			got[i + j] = moved;
		}
	for (size_t i = 0; i < k; i++)
		sources_note(s, &got[i], 0);
	return lost;
}

/* Numbers wrap on the way; exporters are restarted, and IPFIX does not say so. */
Test(sources, what_is_lost_is_known_to_the_flow)
{
	static const enum source_kind kinds[] = {
		SOURCE_NF5, SOURCE_NF7, SOURCE_NF9, SOURCE_IPFIX};
	static struct sources s;

	for (uint32_t seed = 1; seed <= 200; seed++) {
		const enum source_kind kind = kinds[seed % 4];
		struct source_news news = {.addr = net_addr_v4_host(1),
			.kind = kind,
			.sequence = UINT32_MAX - 1000};
		uint32_t state = seed;
		uint64_t lost = 0;

		s = (struct sources){0};
		for (uint64_t lives = 0; lives < 3; lives++) {
			if (kind != SOURCE_IPFIX)
				news.boot_ns = 1 + (int64_t)lives * 2000000000;
			lost += deliver(&s, news, &state,
				lives ? 300 + draw(&state, 200) : SENT);
			news.sequence = 0;
			cr_assert_eq(s.n, 1);
			cr_assert_eq(source_lost(s.items), lost,
				"seed %u, life %lu: %lu, not %lu", seed,
				(unsigned long)lives,
				(unsigned long)source_lost(s.items),
				(unsigned long)lost);
			cr_assert_eq(s.items->restarts, lives);
		}
	}
}

/* Many gaps: the oldest are lost for good, memory is bounded. */
Test(sources, of_many_gaps_the_oldest_are_final)
{
	static struct sources s;
	struct source *src = NULL;

	s = (struct sources){0};
	for (uint32_t i = 0; i <= SOURCE_GAPS + 10; i++)
		src = note(&s, 2 * i, 1);
	cr_assert_eq(src->now.n_gaps, SOURCE_GAPS);
	cr_assert_eq(source_lost(src), SOURCE_GAPS + 10);
	note(&s, 1, 1); /* too late */
	cr_assert_eq(source_lost(src), SOURCE_GAPS + 10);
	note(&s, 2 * SOURCE_GAPS + 1, 1);
	cr_assert_eq(source_lost(src), SOURCE_GAPS + 9);
}

/* Two of one machine at the same time; one that comes from another port. */
Test(sources, ports_tell_exporters_apart)
{
	static struct sources s;
	struct source_news news = {.kind = SOURCE_IPFIX, .units = 10};

	s = (struct sources){0};
	for (uint32_t i = 0; i < 200; i++) {
		news.port = (uint16_t)(1000 + i % 2);
		news.sequence = i / 2 * 10;
		if (i != 30) /* ten of the first one's */
			sources_note(&s, &news, 0);
	}
	cr_assert_eq(s.n, 2);
	cr_assert_eq(source_lost(s.items) + source_lost(s.items + 1), 10);
	cr_assert_eq(s.items[0].restarts + s.items[1].restarts, 0);
	news.port = 2000;
	news.sequence = 1000;
	sources_note(&s, &news, 0);
	cr_assert_eq(s.n, 2, "it goes on");
}

/* Templates alone count nothing; who stays at a port is not another. */
Test(sources, two_that_begin_with_templates_are_two)
{
	static struct sources s;
	struct source_news news = {.kind = SOURCE_IPFIX};

	s = (struct sources){0};
	for (uint32_t i = 0; i < 200; i++) {
		news.port = (uint16_t)(1000 + i % 2);
		news.units = i < 2 ? 0 : 10;
		news.sequence = i < 2 ? 0 : (i / 2 - 1) * 10;
		if (i != 30) /* ten of the first one's */
			sources_note(&s, &news, 0);
	}
	cr_assert_eq(s.n, 2);
	cr_assert_eq(source_lost(s.items) + source_lost(s.items + 1), 10);
	cr_assert_eq(s.items[0].restarts + s.items[1].restarts, 0);
}

/* The second begins where the first one is: it seems to be the first one. */
Test(sources, two_whose_numbers_meet_are_two)
{
	static struct sources s;
	struct source_news news = {.kind = SOURCE_NF9, .units = 1};
	uint64_t lost = 0;

	s = (struct sources){0};
	for (uint32_t i = 0; i < 200; i++) {
		news.port = (uint16_t)(1000 + i % 2);
		news.sequence = (i + 1) / 2;
		if (i != 30)
			sources_note(&s, &news, 0);
	}
	cr_assert_eq(s.n, 2);
	for (size_t i = 0; i < s.n; i++)
		lost += source_lost(s.items + i) + s.items[i].restarts;
	cr_assert_eq(lost, 1);
}

/* One that went on from another port once, and stays there, hops no more. */
Test(sources, one_that_begins_beside_one_that_moved)
{
	static struct sources s;
	struct source_news news = {.kind = SOURCE_IPFIX, .units = 10};

	s = (struct sources){0};
	for (uint32_t i = 0; i < 100; i++) {
		news.port = i < 10 ? 1000 : 1001;
		news.sequence = 10 * i;
		sources_note(&s, &news, 0);
	}
	cr_assert_eq(s.n, 1);
	news.port = 2000;
	news.sequence = 0;
	sources_note(&s, &news, 0);
	cr_assert_eq(s.n, 2);
	cr_assert_eq(source_lost(s.items), 0);
}

Test(sources, begins_anew_from_another_port)
{
	static struct sources s;
	struct source_sum sum;
	struct source_news news = {.kind = SOURCE_IPFIX, .units = 10};

	s = (struct sources){0};
	for (uint32_t i = 0; i < 400; i++) {
		news.port = (uint16_t)(1000 + i / 100);
		news.sequence = i % 100 * 10;
		if (i % 100 % 10 != 5)
			sources_note(&s, &news, 0);
	}
	cr_assert_eq(s.n, 4);
	for (size_t i = 0; i < 3; i++)
		cr_assert_not(sources_sum(&s, i, &sum));
	cr_assert(sources_sum(&s, 3, &sum));
	cr_assert_eq(sum.messages, 360);
	cr_assert_eq(sum.restarts, 3);
	cr_assert_eq(sum.lost, 400);
}

/* Restarts take no room for ever, whatever our clock does. */
Test(sources, many_restarts_from_other_ports)
{
	static struct sources s;
	struct source_news news = {.kind = SOURCE_IPFIX, .units = 10};

	for (int64_t step = -1; step <= 1; step++) {
		struct source_sum sum, all = {0};

		s = (struct sources){0};
		for (uint32_t i = 0; i < 3 * SOURCES_MAX; i++) {
			news.port = (uint16_t)(1000 + i);
			for (uint32_t k = 0; k < 4; k++) {
				news.sequence = 10 * k;
				if (k != 1)
					sources_note(&s, &news, step * i);
			}
		}
		cr_assert_eq(s.n, SOURCES_MAX);
		cr_assert_eq(s.refused, 0);
		for (size_t i = 0; i < s.n; i++)
			if (sources_sum(&s, i, &sum)) {
				all.lost += sum.lost;
				all.messages += sum.messages;
				all.restarts += sum.restarts + 1;
			}
		cr_assert_eq(all.restarts, 3 * SOURCES_MAX);
		cr_assert_eq(all.messages, 9 * SOURCES_MAX);
		cr_assert_eq(all.lost, 30 * SOURCES_MAX);
	}
}

/* What the store keeps of a place goes on with whoever has it. */
Test(sources, flows_of_places_never_go_back)
{
	static struct sources s;
	struct source_news news = {
		.kind = SOURCE_IPFIX, .units = 10, .flows = 10};
	struct source_flows all = {0};

	s = (struct sources){0};
	for (uint32_t i = 0; i < 3 * SOURCES_MAX; i++) {
		news.port = (uint16_t)(1000 + i);
		for (news.sequence = 0; news.sequence < 40; news.sequence += 10)
			if (news.sequence != 10)
				sources_note(&s, &news, i);
	}
	for (size_t i = 0; i < s.n; i++) {
		all.sent += source_flows(s.items + i).sent;
		all.lost += source_flows(s.items + i).lost;
	}
	cr_assert_eq(all.sent, 120 * SOURCES_MAX);
	cr_assert_eq(all.lost, 30 * SOURCES_MAX);
}

/* A port for each message, late ones and gaps among them. */
Test(sources, ports_of_single_messages)
{
	static const uint32_t order[] = {0, 1, 3, 2, 5, 6, 4, 9, 10};
	static struct sources s;
	struct source_news news = {
		.kind = SOURCE_NF5, .units = 10, .boot_ns = 1};

	s = (struct sources){0};
	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
		news.port = (uint16_t)(2000 + i);
		news.sequence = order[i] * 10;
		sources_note(&s, &news, 0);
	}
	cr_assert_eq(s.n, 1);
	cr_assert_eq(source_lost(s.items), 20);
}
