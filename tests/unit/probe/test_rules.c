#include "probe/rules.h"
#include "topology/plan.h"

#include <criterion/criterion.h>

/* LAN of members 0..3 with MACs 02:..:00 to 02:..:03; 3 has no tap. */
static struct setup_member lan[] = {
	{.slot = 0, .mac = {2, 0, 0, 0, 0, 0}, .watched = true},
	{.slot = 1, .mac = {2, 0, 0, 0, 0, 1}, .watched = true},
	{.slot = 2, .mac = {2, 0, 0, 0, 0, 2}, .watched = true},
	{.slot = 3, .mac = {2, 0, 0, 0, 0, 3}, .watched = false},
};
static const uint8_t group[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t stranger[6] = {2, 0, 0, 0, 9, 9};

struct expected {
	bool counted;
	uint16_t src, dst;
};

static void expect(const struct setup_tap *tap, bool sent, const uint8_t *src,
	const uint8_t *dst, struct expected want)
{
	struct rules *r = rules_new(tap);
	const struct rules_frame f = {
		.dst_mac = dst, .src_mac = src, .sent = sent};
	struct rules_verdict v = rules_apply(r, &f);

	cr_expect_eq(v.counted, want.counted, "counted %d", v.counted);
	if (want.counted) {
		cr_expect_eq(v.src_slot, want.src, "src %u", v.src_slot);
		cr_expect_eq(v.dst_slot, want.dst, "dst %u", v.dst_slot);
	}
	rules_free(r);
}

static const struct expected no = {.counted = false};

Test(rules, point_to_point)
{
	struct setup_tap tap = {.count_received = COUNT_ALL,
		.count_sent = COUNT_ALL,
		.near_slot = 1,
		.far_slot = 0};

	expect(&tap, true, NULL, NULL, (struct expected){true, 1, 0});
	expect(&tap, false, NULL, NULL, (struct expected){true, 0, 1});
	tap.facing = true; /* a bridge's port that faces member 1 */
	tap.count_sent = COUNT_NONE;
	expect(&tap, false, NULL, NULL, (struct expected){true, 1, 0});
	expect(&tap, true, NULL, NULL, no);
}

Test(rules, lan_member)
{
	struct setup_tap tap = {.count_received = COUNT_UNWATCHED,
		.count_sent = COUNT_ALL,
		.lan = true,
		.near_slot = 1,
		.members = lan,
		.n_members = 4};

	expect(&tap, true, lan[1].mac, lan[0].mac,
		(struct expected){true, 1, 0});
	expect(&tap, true, lan[1].mac, group,
		(struct expected){true, 1, SLOT_GROUP});
	expect(&tap, true, lan[1].mac, stranger,
		(struct expected){true, 1, SLOT_UNKNOWN});
	/* from a watched member: counted where it was sent */
	expect(&tap, false, lan[0].mac, lan[1].mac, no);
	expect(&tap, false, lan[0].mac, group, no);
	/* from the one nobody watches */
	expect(&tap, false, lan[3].mac, lan[1].mac,
		(struct expected){true, 3, 1});
	expect(&tap, false, stranger, lan[1].mac,
		(struct expected){true, SLOT_UNKNOWN, 1});
	/* flooded by the switch: for another member */
	expect(&tap, false, lan[3].mac, lan[2].mac, no);
	/* to a group: the lowest watcher's business */
	expect(&tap, false, lan[3].mac, group, no);
	tap.lowest = true;
	expect(&tap, false, lan[3].mac, group,
		(struct expected){true, 3, SLOT_GROUP});
}

/* A shaper in front of member 2: one port faces it, the other the switch. */
Test(rules, lan_bridge_counts_what_it_receives)
{
	struct setup_tap face = {.count_received = COUNT_ALL,
		.count_sent = COUNT_NONE,
		.lan = true,
		.facing = true,
		.near_slot = 2,
		.members = lan,
		.n_members = 4};
	struct setup_tap back = face;

	back.facing = false;
	back.count_received = COUNT_UNWATCHED;
	expect(&face, false, lan[2].mac, lan[3].mac,
		(struct expected){true, 2, 3});
	expect(&face, true, lan[3].mac, lan[2].mac, no);
	expect(&back, true, lan[2].mac, lan[3].mac, no);
	expect(&back, false, lan[3].mac, lan[2].mac,
		(struct expected){true, 3, 2});
	expect(&back, false, lan[1].mac, lan[2].mac, no);
}

/* Whatever goes between whom, all taps together count it once. */
Test(rules, every_lan_frame_is_counted_once)
{
	for (int from = 0; from < 4; from++)
		for (int to = 0; to <= 4; to++) {
			const uint8_t *dst = to == 4 ? group : lan[to].mac;
			int counted = 0;

			if (from == to)
				continue;
			for (uint16_t at = 0; at < 3; at++) {
				struct setup_tap tap = {
					.count_received = COUNT_UNWATCHED,
					.count_sent = COUNT_ALL,
					.lan = true,
					.lowest = at == 0,
					.near_slot = at,
					.members = lan,
					.n_members = 4};
				struct rules *r = rules_new(&tap);
				/* flooded: everybody gets it */
				const struct rules_frame f = {.dst_mac = dst,
					.src_mac = lan[from].mac,
					.sent = at == from};

				counted += rules_apply(r, &f).counted;
				rules_free(r);
			}
			/* between the unwatched alone nobody sees it */
			cr_expect_eq(
				counted, 1, "%d to %d: %d", from, to, counted);
		}
}
