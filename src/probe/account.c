/* A frame is, in this order: not sampled; non-IP; excluded by rule or as our
 * own; truncated; not sampled by its contents; else an IP frame, unless the
 * cache refuses it.  What is excluded by rule is so whether or not its header
 * can be read. */
#include "probe/account.h"
#include "probe/beside.h"

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

/* Packets that each one counted stands for.  What the kernel chose before it was
 * asked to choose otherwise may come with what it chose since. */
static uint16_t weight(const struct account *a, uint16_t one_of)
{
	const uint32_t n = a->sample.how.one_of;

	if (one_of > 1 || (one_of && a->chosen))
		return one_of;
	return n > 1 ? (uint16_t)n : 1;
}

/* As a point says what its counts are. */
static uint16_t certainty(const struct account *a, uint16_t times)
{
	return times > 1 ? times : a->mtu > 0;
}

/* By the kernel: it is not for us. */
static bool is_chosen(const struct account *a, uint16_t one_of)
{
	return a->chosen || one_of > 1;
}

/* A point that has its number whatever else comes. */
static uint16_t plain_point(struct account *a, bool sent, uint16_t one_of)
{
	const struct flow_point p = {.tap = a->n.tap,
		.src_slot = SLOT_UNKNOWN,
		.dst_slot = SLOT_UNKNOWN,
		.sent = sent,
		.one_of = one_of};

	return flowcache_point(a->cache, &p);
}

static void reserve_points(struct account *a)
{
	for (int sent = 0; sent < 2; sent++)
		(void)plain_point(a, sent, certainty(a, weight(a, 0)));
}

/* The point's number; beyond the number of points there may be, flows are told
 * apart by their keys alone. */
static uint16_t number_of(
	struct account *a, bool sent, const struct flow_point *point)
{
	if (a->number[sent] != FLOWCACHE_NO_POINT &&
		memcmp(&a->point[sent], point, sizeof(*point)) == 0)
		return a->number[sent];
	a->point[sent] = *point;
	a->number[sent] = flowcache_point(a->cache, point);
	return a->number[sent] == FLOWCACHE_NO_POINT
		       ? plain_point(a, sent, point->one_of)
		       : a->number[sent];
}

void account_define(struct account *a, struct flows *flows)
{
	const struct definition *d = &flows->definition;

	a->cache = flows->cache;
	a->definition = definition_plain(d) ? NULL : d;
	a->seen = d->metrics ? flows->seen : NULL;
	a->number[0] = a->number[1] = FLOWCACHE_NO_POINT;
	reserve_points(a);
}

void account_sample(
	struct account *a, const struct export_sampling *how, bool chosen)
{
	sample_init(&a->sample, how);
	a->chosen = chosen;
	reserve_points(a);
}

void account_estimate(struct account *a, uint32_t mtu)
{
	if (mtu == a->mtu)
		return;
	a->mtu = mtu;
	reserve_points(a);
}

/* What is added to the flow cache together, and what else of it is counted. */
struct additions {
	struct flow_addition flow[CAPTURE_BATCH];
	struct share {
		uint32_t frames;
		uint32_t each; /* as in struct wire_count */
		uint16_t weight;
		bool from_near;
		const struct size_count *sizes; /* NULL: of one frame */
	} share[CAPTURE_BATCH];
	size_t n;
};

/* A flow that is not that of its 5-tuple at its point. */
static void define(struct account *a, const struct dissect *d,
	struct flow_point *p, struct flow_key *key)
{
	const struct definition *want = a->definition;
	const uint16_t src_slot = p->src_slot;
	bool turned;

	definition_key(want->key, key);
	turned = want->both && beside_turns(key);
	if (turned) {
		p->src_slot = p->dst_slot;
		p->dst_slot = src_slot;
		p->sent = !p->sent;
	}
	definition_point(want->key, d, turned, p);
}

static inline void place(struct account *a, bool sent,
	const struct rules_verdict *v, const struct dissect *d,
	struct additions *to)
{
	const uint16_t one_of = certainty(a, to->share[to->n].weight);
	struct flow_addition *ret = &to->flow[to->n++];
	struct flow_point p = {.tap = a->n.tap,
		.src_slot = v->src_slot,
		.dst_slot = v->dst_slot,
		.sent = sent,
		.one_of = one_of};

	if (a->definition)
		define(a, d, &p, &ret->key);
	ret->point = number_of(a, sent, &p);
}

/* The packet for metrics. */
static void see(struct metric_packet *to, const struct capture_frame *f,
	const struct dissect *d, const struct wire_count *count)
{
	metric_read(&f->frame, d, false, to);
	to->time_ns = f->time_ns;
	to->packets = count->packets;
	to->octets = (uint32_t)count->octets;
	to->each = count->each;
}

static struct wire_count count_packets(const struct account *a,
	const struct capture_frame *f, const struct dissect *d)
{
	return a->mtu ? dissect_estimate(&f->frame, d, a->mtu)
		      : dissect_segments(&f->frame, d, &f->seg);
}

/* Counts the frame, and puts it to those to be added when it is one. */
static void judge(
	struct account *a, const struct capture_frame *f, struct additions *to)
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
		count = count_packets(a, f, &d);
	a->more[f->sent] += count.packets - 1;
	if (verdict == DISSECT_NON_IP) {
		a->n.non_ip++;
		return;
	}
	v = rules_apply(a->rules, &rf);
	if (!v.counted ||
		(verdict == DISSECT_IP && own_traffic(a->own, &d.key))) {
		a->n.excluded++;
		return;
	}
	if (verdict == DISSECT_TRUNCATED) {
		a->n.lost[LOSS_TRUNCATED]++;
		return;
	}
	if (!is_chosen(a, f->one_of) &&
		!sample_packet(&a->sample, &f->frame, &d)) {
		a->n.unsampled++;
		return;
	}
	to->share[to->n] = (struct share){.frames = 1,
		.each = count.each,
		.weight = weight(a, f->one_of),
		.from_near = v.from_near};
	to->flow[to->n] = (struct flow_addition){.key = d.key,
		.octets = count.octets,
		.packets = count.packets,
		.first_ns = f->time_ns,
		.last_ns = f->time_ns,
		.tcp_flags = d.tcp_flags,
		.tos = d.tos};
	if (a->seen)
		see(&a->seen[to->n], f, &d, &count);
	if (f->vlan)
		d.vlan = f->vlan;
	place(a, f->sent, &v, &d, to);
}

/* As judge(), for frames that the kernel has added up: plain IP, all of one
 * key.  It chose them, if anybody did: what is sampled here comes as frames. */
static void judge_flow(
	struct account *a, const struct capture_flow *f, struct additions *to)
{
	const struct rules_frame rf = {.dst_mac = f->dst_mac,
		.src_mac = f->src_mac,
		.sent = f->sent,
		.to_host = f->to_host};
	const struct rules_verdict v = rules_apply(a->rules, &rf);
	static const struct dissect unknown;

	a->more[f->sent] += f->packets - f->frames;
	if (!v.counted || own_traffic(a->own, &f->key)) {
		a->n.excluded += f->frames;
		return;
	}
	to->share[to->n] = (struct share){.frames = f->frames,
		.weight = f->one_of,
		.from_near = v.from_near,
		.sizes = f->sizes};
	to->flow[to->n] = (struct flow_addition){.key = f->key,
		.octets = f->octets,
		.packets = f->packets,
		.first_ns = f->first_ns,
		.last_ns = f->last_ns,
		.tcp_flags = f->tcp_flags,
		.tos = f->tos};
	if (a->seen)
		a->seen[to->n].packets = 0;
	place(a, f->sent, &v, &unknown, to);
}

static void add(struct account *a, struct additions *all)
{
	uint64_t refused =
		all->n ? flowcache_add(a->cache, all->flow, all->n) : 0;

	for (size_t i = 0; i < all->n; i++) {
		const struct share *share = &all->share[i];
		const struct flow_addition *flow = &all->flow[i];
		struct size_count *sizes = a->n.sizes[share->from_near];

		if (refused >> i & 1) {
			a->n.lost[a->refusal] += share->frames;
			continue;
		}
		a->n.ip_frames += share->frames;
		a->n.packets += (uint64_t)flow->packets * share->weight;
		if (share->sizes)
			sizes_merge(sizes, share->sizes, share->weight);
		else
			sizes_add(sizes, flow->packets, flow->octets,
				share->each, share->weight);
	}
}

/* Not chosen: nothing is read of it but what it is on a wire. */
static void pass(struct account *a, const struct capture_frame *f)
{
	const bool several = a->mtu ? f->frame.wire > a->mtu : f->seg.size > 0;
	struct dissect d;

	a->n.unsampled++;
	if (several && dissect_frame(f->layer, &f->frame, &d) == DISSECT_IP)
		a->more[f->sent] += count_packets(a, f, &d).packets - 1;
}

static void count_way(struct account *a, bool sent, uint64_t frames)
{
	*(sent ? &a->n.frames_sent : &a->n.frames_received) += frames;
}

void account_frames(void *data, const struct capture_frame *frames, size_t n)
{
	struct account *a = data;
	struct additions all;

	all.n = 0;
	for (size_t i = 0; i < n; i++) {
		count_way(a, frames[i].sent, 1);
		if (is_chosen(a, frames[i].one_of) || sample_frame(&a->sample))
			judge(a, &frames[i], &all);
		else
			pass(a, &frames[i]);
	}
	add(a, &all);
}

void account_flows(void *data, const struct capture_flow *flows, size_t n)
{
	struct account *a = data;
	struct additions all;

	all.n = 0;
	for (size_t i = 0; i < n; i++) {
		count_way(a, flows[i].sent, flows[i].frames);
		judge_flow(a, &flows[i], &all);
	}
	add(a, &all);
}

void account_passed(void *data, const struct capture_passed *passed)
{
	struct account *a = data;

	for (int sent = 0; sent < 2; sent++) {
		count_way(a, sent, passed->frames[sent]);
		a->n.unsampled += passed->frames[sent];
		a->more[sent] += passed->more[sent];
	}
}
