/* The part of the meter that runs in the kernel: a frame that is as plain as
 * most are is added to its flow here.  What this does not take, for any
 * reason, goes to the meter, so each is counted once.
 *
 * There are two places for it.  As the filter of a packet socket it keeps what
 * it takes from the socket, and the rest goes the usual way, into the ring.
 * At an interface's own hooks (tcx, or filters of clsact), which cost the
 * traffic less, the rest goes through a ring of samples: a frame that was read
 * but found no room as a digest of what it adds to its flow, others as they
 * are.
 *
 * Plain is what dissect_plain() takes: Ethernet, IP without options,
 * extensions and fragments, TCP or UDP.  A super-frame of TCP is taken by its
 * segments; of UDP there are kinds that only the ring tells apart.
 *
 * Frames of one processor come one after the other, so its lane needs no lock.
 * It runs within an RCU read section: see absorb_turn().  Little-endian. */
#include "probe/absorb_layout.h"
#include "probe/wire.h"

#include <linux/bpf.h>
#include <linux/pkt_sched.h>

enum {
	IP4_HEADER = 20,
	IP6_HEADER = 40,
	PORTS_END = 8,  /* of what is read of a UDP header */
	FLAGS_END = 14, /* of a TCP header */
	PACKET_HOST = 0,
	PACKET_OUTGOING = 4,
	PACKET_LOOPBACK = 5,
	TC_NEXT = -1
};

#define INLINE static inline __attribute__((always_inline))

static void *(*const lookup)(
	void *map, const void *key) = (void *)BPF_FUNC_map_lookup_elem;
static long (*const load_bytes)(const struct __sk_buff *skb, uint32_t at,
	void *to, uint32_t n) = (void *)BPF_FUNC_skb_load_bytes;
static uint32_t (*const chance)(void) = (void *)BPF_FUNC_get_prandom_u32;
static uint64_t (*const boot_ns)(void) = (void *)BPF_FUNC_ktime_get_boot_ns;
static uint32_t (*const this_cpu)(void) = (void *)BPF_FUNC_get_smp_processor_id;

static void *(*const reserve)(void *ring, uint64_t bytes,
	uint64_t flags) = (void *)BPF_FUNC_ringbuf_reserve;
static void (*const submit)(
	void *sample, uint64_t flags) = (void *)BPF_FUNC_ringbuf_submit;
static uint64_t (*const query)(
	void *ring, uint64_t what) = (void *)BPF_FUNC_ringbuf_query;

#define SECTION(name) __attribute__((section(name), used))

/* An instruction of its own for each use: nothing is left to relocate. */
#define HOLE(which)                                                            \
	({                                                                     \
		uint64_t v_;                                                   \
		__asm__("%0 = %1 ll" : "=r"(v_) : "i"(ABSORB_MARK + (which))); \
		v_;                                                            \
	})
#define MAP(which) ((void *)HOLE(which))

union transport {
	uint32_t ports;
	uint8_t bytes[FLAGS_END];
};

struct ip4 {
	uint8_t version, tos;
	uint16_t total, id, fragment;
	uint8_t ttl, proto;
	uint16_t sum;
	uint32_t src, dst;
	union transport transport;
};

struct ip6 {
	uint8_t version, traffic;
	uint16_t label, payload;
	uint8_t proto, hops;
	uint64_t src[2], dst[2];
	union transport transport;
};

/* The start of a frame; the gap brings addresses to where they are loaded
 * whole. */
struct head {
	uint8_t gap[2];
	uint8_t macs[12];
	uint16_t type;
	union {
		struct ip4 ip4;
		struct ip6 ip6;
	} ip;
};

enum {
	ETHER = 14,
	FIRST_BYTES = ETHER + IP4_HEADER + PORTS_END,
	IP6_BYTES = IP6_HEADER - IP4_HEADER
};

union key {
	struct absorb_key of;
	uint64_t words[ABSORB_KEY_WORDS];
};

/* What a frame adds to its flow. */
struct share {
	union key key;
	uint64_t time_ns;
	uint64_t octets;  /* of the frame; then, of its last packet */
	uint32_t whole;   /* packets before that, */
	uint32_t each;    /* of so many octets */
	uint32_t headers; /* of IP and transport */
	uint8_t tcp_flags, tos;
};

INLINE uint16_t big16(uint16_t v)
{
	return __builtin_bswap16(v);
}

/* Where the bytes of a frame are: copied as far as asked for, or in place.  Of
 * those in place some may be elsewhere (in pages): such a frame is not taken. */
struct source {
	const struct __sk_buff *skb;
	const uint8_t *frame, *end;
	uint8_t *copy; /* NULL: in place */
};

/* Are those bytes there? */
INLINE int have(const struct source *from, uint32_t at, uint32_t end)
{
	if (from->copy)
		return load_bytes(from->skb, at, from->copy + at, end - at) ==
		       0;
	return from->frame + end <= from->end;
}

/* The transport header, `at` bytes into the frame. */
INLINE int read_transport(const struct source *from, const union transport *t,
	uint32_t at, uint8_t proto, struct share *s)
{
	if (s->octets <
		s->headers + (proto == PROTO_TCP ? FLAGS_END : PORTS_END))
		return 0;
	s->key.words[4] = (uint64_t)proto << 32 | t->ports;
	if (proto == PROTO_TCP) {
		if (!have(from, at + PORTS_END, at + FLAGS_END))
			return 0;
		s->headers += (t->bytes[12] >> 4) * 4;
		s->tcp_flags = t->bytes[13];
		return 1;
	}
	return proto == PROTO_UDP && from->skb->gso_size == 0;
}

INLINE int read_ip4(
	const struct source *from, const struct ip4 *ip, struct share *s)
{
	if (ip->version != 0x45 || ip->fragment & big16(0x3fff))
		return 0;
	s->key.words[0] = s->key.words[2] = 0;
	s->key.words[1] = (uint64_t)ip->src << 32 | 0xffff0000u;
	s->key.words[3] = (uint64_t)ip->dst << 32 | 0xffff0000u;
	s->tos = ip->tos;
	s->headers = IP4_HEADER;
	s->octets = big16(ip->total);
	return read_transport(
		from, &ip->transport, ETHER + IP4_HEADER, ip->proto, s);
}

INLINE int read_ip6(
	const struct source *from, const struct ip6 *ip, struct share *s)
{
	if (ip->version >> 4 != 6 ||
		!have(from, FIRST_BYTES, FIRST_BYTES + IP6_BYTES))
		return 0;
	s->key.words[0] = ip->src[0];
	s->key.words[1] = ip->src[1];
	s->key.words[2] = ip->dst[0];
	s->key.words[3] = ip->dst[1];
	s->tos = (uint8_t)(ip->version << 4 | ip->traffic >> 4);
	s->headers = IP6_HEADER;
	s->octets = big16(ip->payload) + (uint64_t)IP6_HEADER;
	return read_transport(
		from, &ip->transport, ETHER + IP6_HEADER, ip->proto, s);
}

/* As dissect_segments(). */
INLINE void count_segments(uint32_t size, struct share *s)
{
	if (size == 0 || s->octets <= s->headers)
		return;
	s->whole = (uint32_t)((s->octets - s->headers - 1) / size);
	s->each = size + s->headers;
	s->octets -= (uint64_t)s->whole * size;
}

INLINE int read_frame(const struct source *from, uint8_t way, struct share *s)
{
	const struct head *h =
		(const void *)(from->frame - sizeof(((struct head *)0)->gap));
	int plain;

	if (!have(from, 0, FIRST_BYTES))
		return 0;
	if (h->type == big16(TYPE_IP4))
		plain = read_ip4(from, &h->ip.ip4, s);
	else
		plain = h->type == big16(TYPE_IP6) &&
			read_ip6(from, &h->ip.ip6, s);
	if (!plain)
		return 0;
	s->key.words[5] = s->key.words[6] = 0;
	if (HOLE(ABSORB_HOLE_WITH_MACS))
		__builtin_memcpy(s->key.of.macs, h->macs, sizeof(h->macs));
	s->key.of.way = way;
	count_segments(from->skb->gso_size, s);
	return 1;
}

/* NH over words of 32 bits (Black et al. 1999, UMAC). */
INLINE uint64_t hash_words(const union key *k, int from, int to)
{
	const struct absorb_control *control = MAP(ABSORB_HOLE_CONTROL);
	uint64_t sum = 0;

#pragma unroll
	for (int i = from; i < to; i++) {
		uint64_t w = k->words[i], by = control->secret[i];
		uint32_t low = (uint32_t)w + (uint32_t)by;
		uint32_t high = (uint32_t)(w >> 32) + (uint32_t)(by >> 32);

		sum += (uint64_t)low * high;
	}
	return sum;
}

/* The words of MAC addresses are 0 where they are not asked for, and the
 * kernel drops what is behind a constant that is 0. */
INLINE uint64_t hash(const union key *k)
{
	uint64_t sum = hash_words(k, 0, ABSORB_KEY_MACS);

	if (HOLE(ABSORB_HOLE_WITH_MACS))
		sum += hash_words(k, ABSORB_KEY_MACS, ABSORB_KEY_WORDS);
	return (sum ^ sum >> 29) * UINT64_C(0x9e3779b97f4a7c15);
}

INLINE struct absorb_flow *flow_at(uint32_t lane, uint32_t number)
{
	uint32_t at = lane * (uint32_t)HOLE(ABSORB_HOLE_LANE_FLOWS) + number;

	return lookup(MAP(ABSORB_HOLE_FLOWS), &at);
}

INLINE uint64_t differ(
	const union key *a, const struct absorb_flow *flow, int from, int to)
{
	const union key *b = (const void *)&flow->key;
	uint64_t sum = 0;

#pragma unroll
	for (int i = from; i < to; i++)
		sum |= a->words[i] ^ b->words[i];
	return sum;
}

INLINE int same(const union key *a, const struct absorb_flow *flow)
{
	return differ(a, flow, 0, ABSORB_KEY_MACS) == 0 &&
	       !(HOLE(ABSORB_HOLE_WITH_MACS) &&
		       differ(a, flow, ABSORB_KEY_MACS, ABSORB_KEY_WORDS));
}

/* No room for another flow, or no use in it: adding up is for flows that come
 * again, and these hardly do. */
INLINE int full(const struct absorb_tally *tally)
{
	uint32_t most = (uint32_t)HOLE(ABSORB_HOLE_LANE_FLOWS);

	return tally->flows >= most ||
	       (tally->flows >= most / 4 && tally->frames < 2 * tally->flows);
}

/* The flow of that key, made when there is room; NULL: none. */
INLINE struct absorb_flow *find(uint32_t lane, struct absorb_tally *tally,
	uint64_t h, const struct share *s)
{
	uint32_t buckets = (uint32_t)HOLE(ABSORB_HOLE_LANE_BUCKETS);
	uint32_t at = lane * buckets + ((uint32_t)(h >> 20) & (buckets - 1));
	uint32_t tag = (uint32_t)(h >> 48), n = tally->flows, slot = 0;
	struct absorb_bucket *bucket = lookup(MAP(ABSORB_HOLE_BUCKETS), &at);
	struct absorb_flow *flow;
	int i;

	if (!bucket)
		return 0;
#pragma unroll
	for (i = 0; i < ABSORB_BUCKET; i++) {
		slot = bucket->slots[i];
		if (slot == 0 || slot >> 16 == tag)
			break;
	}
	if (i == ABSORB_BUCKET || (slot == 0 && full(tally)))
		return 0;
	flow = flow_at(lane, slot == 0 ? n : (slot & 0xffff) - 1);
	if (!flow || slot != 0)
		return flow && same(&s->key, flow) ? flow : 0;
	bucket->slots[i] = tag << 16 | (n + 1);
	tally->flows = n + 1;
	*flow = (struct absorb_flow){
		.key = s->key.of, .first_ns = s->time_ns, .tos = s->tos};
	return flow;
}

/* Most frames are of flows that found no room: looking any further in this
 * epoch is in vain. */
INLINE int overrun(const struct absorb_tally *tally)
{
	return tally->missed > tally->frames && full(tally);
}

/* Where this processor counts, or NULL. */
INLINE struct absorb_tally *tally_of(uint32_t epoch, uint32_t *lane)
{
	uint32_t cpu = this_cpu(), cpus = (uint32_t)HOLE(ABSORB_HOLE_CPUS);

	*lane = epoch * cpus + cpu;
	return cpu < cpus ? lookup(MAP(ABSORB_HOLE_TALLIES), lane) : 0;
}

/* False: one of its classes has enough. */
INLINE int add_sizes(struct absorb_flow *flow, const struct share *s)
{
	uint64_t *last = &flow->sizes[size_class(s->octets)], *whole;

	if (*last & ABSORB_ENOUGH)
		return 0;
	if (s->whole) {
		whole = &flow->sizes[size_class(s->each)];
		if (*whole & ABSORB_ENOUGH)
			return 0;
		*whole +=
			s->whole * ((uint64_t)s->each << ABSORB_OCTETS_AT | 1);
	}
	*last += s->octets << ABSORB_OCTETS_AT | 1;
	return 1;
}

/* Not what is read here; read, but without room; in its flow. */
enum outcome { LEFT, MISSED, TAKEN };

/* Adds the frame to its flow, if it can. */
INLINE enum outcome take(const struct source *from, uint32_t lane,
	struct absorb_tally *tally, uint8_t way, struct share *s)
{
	struct absorb_flow *flow = 0;

	if (!read_frame(from, way, s))
		return LEFT;
	s->time_ns = boot_ns();
	if (!overrun(tally))
		flow = find(lane, tally, hash(&s->key), s);
	if (!flow || !add_sizes(flow, s)) {
		tally->missed++;
		return MISSED;
	}
	flow->frames++;
	flow->last_ns = s->time_ns;
	flow->tcp_flags |= s->tcp_flags;
	tally->frames++;
	return TAKEN;
}

INLINE uint8_t way_of(const struct __sk_buff *skb, int sent)
{
	return sent                           ? ABSORB_SENT
	       : skb->pkt_type == PACKET_HOST ? ABSORB_TO_HOST
					      : 0;
}

/* Is the frame not one of those chosen?  Then it is counted as that. */
INLINE int pass(struct absorb_control *control, const struct __sk_buff *skb,
	uint32_t epoch, struct absorb_tally *tally, uint8_t way)
{
	const struct absorb_choice *choice = &control->choice[epoch];
	uint32_t number;

	if (!tally || choice->one_of == 0)
		return 0;
	number = choice->random ? chance() : control->turn++;
	if (number % choice->one_of == 0)
		return 0;
	tally->passed[way & ABSORB_SENT]++;
	if (skb->gso_segs > 1)
		tally->more[way & ABSORB_SENT] += skb->gso_segs - 1;
	return 1;
}

/* Of a packet socket: 0, or how much of the frame goes into its ring. */
SECTION("filter") int absorb_filter(struct __sk_buff *skb)
{
	struct absorb_control *control = MAP(ABSORB_HOLE_CONTROL);
	uint32_t lane, epoch = control->epoch & 1;
	struct absorb_tally *tally = tally_of(epoch, &lane);
	uint8_t way = way_of(skb, skb->pkt_type == PACKET_OUTGOING);
	struct share s = {0};
	struct head copy;
	struct source from = {.skb = skb,
		.frame = (uint8_t *)&copy + sizeof(copy.gap),
		.copy = (uint8_t *)&copy + sizeof(copy.gap)};

	if (pass(control, skb, epoch, tally, way) ||
		(tally && !control->choice[epoch].leave && !overrun(tally) &&
			take(&from, lane, tally, way, &s) == TAKEN))
		return 0;
	return (int)control->snap;
}

/* The meter reads it; it is woken before there is no room any more, at each
 * multiple of so much: another processor may have reserved meanwhile, and then
 * nobody is the one who passed it.  It also looks by itself. */
INLINE void hand_over(void *sample, uint32_t bytes)
{
	uint64_t now = query(MAP(ABSORB_HOLE_SAMPLES), BPF_RB_AVAIL_DATA);
	uint64_t passed = now ^ (now - bytes - 8);

	submit(sample, passed >= HOLE(ABSORB_HOLE_WAKE) ? BPF_RB_FORCE_WAKEUP
							: BPF_RB_NO_WAKEUP);
}

/* A frame that was read: what it adds to its flow, for the meter to do it. */
INLINE void put_digest(
	const struct share *s, uint32_t epoch, struct absorb_tally *tally)
{
	const int with_macs = HOLE(ABSORB_HOLE_WITH_MACS) != 0;
	const uint32_t bytes =
		with_macs ? sizeof(struct absorb_digest) : ABSORB_DIGEST_SHORT;
	struct absorb_digest *d = reserve(MAP(ABSORB_HOLE_SAMPLES), bytes, 0);
	union key *key;

	if (!d) {
		tally->dropped++;
		return;
	}
	d->time_ns = s->time_ns;
	d->octets = (uint32_t)s->octets;
	d->whole = s->whole;
	d->each = s->each;
	d->tcp_flags = s->tcp_flags;
	d->tos = s->tos;
	d->epoch = (uint8_t)epoch;
	d->unused = 0;
	key = (void *)&d->key;
#pragma unroll
	for (int i = 0; i < ABSORB_KEY_MACS; i++)
		key->words[i] = s->key.words[i];
#pragma unroll
	for (int i = ABSORB_KEY_MACS; with_macs && i < ABSORB_KEY_WORDS; i++)
		key->words[i] = s->key.words[i];
	tally->sampled++;
	hand_over(d, bytes);
}

/* A frame as it is. */
INLINE void put_sample(const struct __sk_buff *skb, uint32_t epoch,
	struct absorb_tally *tally, uint8_t way)
{
	struct absorb_sample *s =
		reserve(MAP(ABSORB_HOLE_SAMPLES), sizeof(*s), 0);
	uint32_t n = skb->len, last;

	if (!s) {
		tally->dropped++;
		return;
	}
	if (n > ABSORB_SAMPLE)
		n = ABSORB_SAMPLE;
	s->time_ns = boot_ns();
	s->wire = skb->len;
	s->captured = n;
	s->gso_size = (uint16_t)skb->gso_size;
	s->way = way;
	s->epoch = (uint8_t)epoch;
	s->tag = skb->vlan_present ? (uint16_t)skb->vlan_tci : 0;
	s->unused = 0;
	/* kernels before 6.2 do not keep in mind that it is not 0 */
	last = n - 1;
	__asm__ volatile("" : "+r"(last));
	last &= ABSORB_SAMPLE - 1;
	if (n == 0 || load_bytes(skb, 0, s->bytes, last + 1))
		s->captured = 0;
	tally->sampled++;
	hand_over(s, sizeof(*s));
}

/* Of an interface; whatever comes after it goes on as if it were not there. */
INLINE int watch(struct __sk_buff *skb, int sent)
{
	struct absorb_control *control = MAP(ABSORB_HOLE_CONTROL);
	uint32_t lane, epoch = control->epoch & 1;
	struct absorb_tally *tally = tally_of(epoch, &lane);
	uint8_t way = way_of(skb, sent);
	enum outcome outcome = LEFT;
	struct share s = {0};
	struct source from = {.skb = skb,
		.frame = (void *)(uintptr_t)skb->data,
		.end = (void *)(uintptr_t)skb->data_end};

	/* copies of what was sent to a group, for this system itself, have not
	 * been on any wire; packet sockets do not get them */
	if (skb->pkt_type == PACKET_LOOPBACK || control->away)
		return TC_NEXT;
	if (pass(control, skb, epoch, tally, way))
		return TC_NEXT;
	if (!tally)
		return TC_NEXT;
	if (!control->choice[epoch].leave)
		outcome = take(&from, lane, tally, way, &s);
	if (outcome == LEFT)
		put_sample(skb, epoch, tally, way);
	else if (outcome == MISSED)
		put_digest(&s, epoch, tally);
	return TC_NEXT;
}

SECTION("ingress") int absorb_ingress(struct __sk_buff *skb)
{
	return watch(skb, 0);
}

SECTION("egress") int absorb_egress(struct __sk_buff *skb)
{
	return watch(skb, 1);
}

/* A filter's class, which it was given, says where it is: one program for both,
 * that the kernel has to prove but once. */
SECTION("either") int absorb_either(struct __sk_buff *skb)
{
	return watch(skb, skb->tc_classid == TC_H_MIN_EGRESS);
}
