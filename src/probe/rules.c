/* The counting rules.  The values of setup_tap's count_received and count_sent
 * are those of topology/plan.h's enum count_rule.
 *
 * COUNT_UNWATCHED, on a LAN: a frame counts when its sender has no tap of its
 * own (or is no known member) and it is for the near member; group-addressed
 * frames of such senders reach every watcher, so only the lowest counts them.
 * A frame that a switch floods to everybody is counted by its addressee only. */
#include "probe/rules.h"
#include "base/mem.h"
#include "topology/plan.h"

#include <string.h>

struct rules_member {
	uint64_t mac; /* 48 bits, RULES_USED set; 0 empty */
	uint16_t slot;
	bool watched;
};

#define RULES_USED (UINT64_C(1) << 63)

struct rules {
	bool lan, facing, lowest, near_known;
	uint16_t near_slot, far_slot;
	enum count_rule received, sent;
	struct rules_member *members; /* open addressing */
	size_t mask;
	struct hash_key seed;
};

static uint64_t mac_value(const uint8_t mac[6])
{
	uint64_t v = 0;

	for (int i = 0; i < 6; i++)
		v = v << 8 | mac[i];
	return v | RULES_USED;
}

static struct rules_member *find(const struct rules *r, uint64_t mac)
{
	uint64_t at = (mac ^ r->seed.k0) * UINT64_C(0x9e3779b97f4a7c15) >> 32;

	while (r->members[at & r->mask].mac &&
		r->members[at & r->mask].mac != mac)
		at++;
	return &r->members[at & r->mask];
}

static void add_members(struct rules *r, const struct setup_tap *tap)
{
	size_t size = 16;

	while (size < tap->n_members * 2)
		size *= 2;
	r->members = mem_zalloc(size, sizeof(*r->members));
	r->mask = size - 1;
	for (size_t i = 0; i < tap->n_members; i++) {
		const struct setup_member *m = &tap->members[i];
		uint64_t mac = mac_value(m->mac);

		if (mac == RULES_USED)
			continue; /* not known */
		*find(r, mac) = (struct rules_member){
			.mac = mac, .slot = m->slot, .watched = m->watched};
		if (m->slot == tap->near_slot)
			r->near_known = true;
	}
}

static enum count_rule rule_of(uint8_t number)
{
	return number == COUNT_ALL         ? COUNT_ALL
	       : number == COUNT_UNWATCHED ? COUNT_UNWATCHED
					   : COUNT_NONE;
}

struct rules *rules_new(const struct setup_tap *tap)
{
	struct rules *r = mem_zalloc(1, sizeof(*r));

	*r = (struct rules){.lan = tap->lan,
		.facing = tap->facing,
		.lowest = tap->lowest,
		.near_slot = tap->near_slot,
		.far_slot = tap->far_slot,
		.received = rule_of(tap->count_received),
		.sent = rule_of(tap->count_sent),
		.seed = hash_key_new()};
	add_members(r, tap);
	return r;
}

void rules_free(struct rules *r)
{
	if (!r)
		return;
	free(r->members);
	free(r);
}

static const struct rules_member *lookup(
	const struct rules *r, const uint8_t *mac)
{
	const struct rules_member *m = mac ? find(r, mac_value(mac)) : NULL;

	return m && m->mac ? m : NULL;
}

static struct rules_verdict apply_lan(
	const struct rules *r, const struct rules_frame *f, bool from_near)
{
	const struct rules_member *src = lookup(r, f->src_mac);
	const struct rules_member *dst = lookup(r, f->dst_mac);
	bool group = f->dst_mac && f->dst_mac[0] & 1;
	bool to_near, watched = src && src->watched;
	struct rules_verdict v = {.from_near = from_near,
		.src_slot = SLOT_UNKNOWN,
		.dst_slot = SLOT_UNKNOWN};

	if (src)
		v.src_slot = src->slot;
	if (from_near)
		v.src_slot = r->near_slot;
	if (group)
		v.dst_slot = SLOT_GROUP;
	else if (dst)
		v.dst_slot = dst->slot;
	if (from_near) {
		v.counted = !watched;
		return v;
	}
	to_near = v.dst_slot == r->near_slot ||
		  (!group && !dst && (f->to_host || !r->near_known));
	v.counted = !watched && (group ? r->lowest : to_near);
	return v;
}

struct rules_verdict rules_apply(
	const struct rules *r, const struct rules_frame *f)
{
	enum count_rule rule = f->sent ? r->sent : r->received;
	bool from_near = r->facing ? !f->sent : f->sent;
	struct rules_verdict v = {.counted = true,
		.from_near = from_near,
		.src_slot = from_near ? r->near_slot : r->far_slot,
		.dst_slot = from_near ? r->far_slot : r->near_slot};

	if (r->lan)
		v = apply_lan(r, f, from_near);
	switch (rule) {
	case COUNT_NONE:
		v.counted = false;
		break;
	case COUNT_ALL:
		v.counted = true;
		break;
	case COUNT_UNWATCHED:
		break;
	}
	return v;
}
