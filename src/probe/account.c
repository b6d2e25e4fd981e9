/* A frame is, in this order: non-IP; excluded by rule or as our own; truncated;
 * else an IP frame, unless the cache refuses it.  What is excluded by rule is
 * so whether or not its header can be read. */
#include "probe/account.h"

#include <string.h>

_Static_assert((int)CAPTURE_BATCH <= (int)FLOWCACHE_BATCH,
	"one batch is one addition");

void account_init(struct account *a, const struct setup_tap *tap,
	struct flowcache *cache, const struct own *own)
{
	*a = (struct account){.n.tap = tap->id,
		.cache = cache,
		.own = own,
		.rules = rules_new(tap),
		.refusal = LOSS_CACHE,
		.number = {FLOWCACHE_NO_POINT, FLOWCACHE_NO_POINT}};
}

void account_release(struct account *a)
{
	rules_free(a->rules);
	a->rules = NULL;
}

/* The point's number; with unknown slots when there are too many points. */
static uint16_t number_of(
	struct account *a, bool sent, const struct rules_verdict *v)
{
	struct flow_point p = {.tap = a->n.tap,
		.src_slot = v->src_slot,
		.dst_slot = v->dst_slot,
		.sent = sent};
	const struct flow_point *last = &a->point[sent];

	if (a->number[sent] != FLOWCACHE_NO_POINT &&
		last->src_slot == p.src_slot && last->dst_slot == p.dst_slot)
		return a->number[sent];
	a->point[sent] = p;
	a->number[sent] = flowcache_point(a->cache, &p);
	if (a->number[sent] == FLOWCACHE_NO_POINT) {
		p.src_slot = p.dst_slot = SLOT_UNKNOWN;
		return flowcache_point(a->cache, &p);
	}
	return a->number[sent];
}

/* Counts the frame; true when *ret is to be added to the flow cache. */
static bool judge(struct account *a, const struct capture_frame *f,
	struct flow_addition *ret)
{
	struct dissect d;
	enum dissect_verdict verdict = dissect_frame(f->layer, &f->frame, &d);
	const struct rules_frame rf = {.dst_mac = d.has_macs ? d.dst_mac : NULL,
		.src_mac = d.has_macs ? d.src_mac : NULL,
		.sent = f->sent,
		.to_host = f->to_host};
	struct rules_verdict v;
	struct wire_count count = {.packets = 1};

	if (verdict == DISSECT_IP)
		count = dissect_segments(&f->frame, &d, &f->seg);
	a->more[f->sent] += count.packets - 1;
	if (verdict == DISSECT_NON_IP) {
		a->n.non_ip++;
		return false;
	}
	v = rules_apply(a->rules, &rf);
	if (!v.counted ||
		(verdict == DISSECT_IP && own_traffic(a->own, &d.key))) {
		a->n.excluded++;
		return false;
	}
	if (verdict == DISSECT_TRUNCATED) {
		a->n.lost[LOSS_TRUNCATED]++;
		return false;
	}
	*ret = (struct flow_addition){.key = d.key,
		.octets = count.octets,
		.packets = count.packets,
		.first_ns = f->time_ns,
		.last_ns = f->time_ns,
		.point = number_of(a, f->sent, &v),
		.tcp_flags = d.tcp_flags,
		.tos = d.tos};
	return true;
}

/* As judge(), for frames that the kernel has added up: plain IP, all of one
 * key. */
static bool judge_flow(struct account *a, const struct capture_flow *f,
	struct flow_addition *ret)
{
	const struct rules_frame rf = {.dst_mac = f->dst_mac,
		.src_mac = f->src_mac,
		.sent = f->sent,
		.to_host = f->to_host};
	const struct rules_verdict v = rules_apply(a->rules, &rf);

	a->more[f->sent] += f->packets - f->frames;
	if (!v.counted || own_traffic(a->own, &f->key)) {
		a->n.excluded += f->frames;
		return false;
	}
	*ret = (struct flow_addition){.key = f->key,
		.octets = f->octets,
		.packets = f->packets,
		.first_ns = f->first_ns,
		.last_ns = f->last_ns,
		.point = number_of(a, f->sent, &v),
		.tcp_flags = f->tcp_flags,
		.tos = f->tos};
	return true;
}

/* frames[i]: in adds[i]. */
static void add(struct account *a, struct flow_addition *adds,
	const uint32_t *frames, size_t n)
{
	uint64_t refused = n ? flowcache_add(a->cache, adds, n) : 0;

	for (size_t i = 0; i < n; i++) {
		if (refused >> i & 1) {
			a->n.lost[a->refusal] += frames[i];
			continue;
		}
		a->n.ip_frames += frames[i];
		a->n.packets += adds[i].packets;
	}
}

static void count_way(struct account *a, bool sent, uint32_t frames)
{
	*(sent ? &a->n.frames_sent : &a->n.frames_received) += frames;
}

void account_frames(void *data, const struct capture_frame *frames, size_t n)
{
	struct account *a = data;
	struct flow_addition adds[CAPTURE_BATCH];
	uint32_t ones[CAPTURE_BATCH];
	size_t n_adds = 0;

	for (size_t i = 0; i < n; i++) {
		count_way(a, frames[i].sent, 1);
		ones[n_adds] = 1;
		if (judge(a, &frames[i], &adds[n_adds]))
			n_adds++;
	}
	add(a, adds, ones, n_adds);
}

void account_flows(void *data, const struct capture_flow *flows, size_t n)
{
	struct account *a = data;
	struct flow_addition adds[CAPTURE_BATCH];
	uint32_t frames[CAPTURE_BATCH];
	size_t n_adds = 0;

	for (size_t i = 0; i < n; i++) {
		count_way(a, flows[i].sent, flows[i].frames);
		frames[n_adds] = flows[i].frames;
		if (judge_flow(a, &flows[i], &adds[n_adds]))
			n_adds++;
	}
	add(a, adds, frames, n_adds);
}
