#include "probe/absorbed.h"

#include <string.h>

static void read_key(const struct absorb_key *k, struct capture_flow *ret)
{
	const uint8_t *ports = k->ports;

	memcpy(ret->key.src.b, k->src, sizeof(ret->key.src.b));
	memcpy(ret->key.dst.b, k->dst, sizeof(ret->key.dst.b));
	ret->key.sport = (uint16_t)(ports[0] << 8 | ports[1]);
	ret->key.dport = (uint16_t)(ports[2] << 8 | ports[3]);
	ret->key.proto = k->proto;
	ret->sent = k->way & ABSORB_SENT;
	ret->to_host = k->way & ABSORB_TO_HOST;
}

static void read_macs(const struct absorb_key *k, struct capture_flow *ret)
{
	memcpy(ret->dst_mac, k->macs, sizeof(ret->dst_mac));
	memcpy(ret->src_mac, k->macs + 6, sizeof(ret->src_mac));
}

static void read_sizes(const struct absorb_flow *f, struct capture_flow *ret)
{
	for (unsigned i = 0; i < PACKET_SIZES; i++) {
		const uint64_t packets =
			f->sizes[i] & ((UINT64_C(1) << ABSORB_OCTETS_AT) - 1);
		const uint64_t octets = f->sizes[i] >> ABSORB_OCTETS_AT;

		ret->sizes[i] = (struct size_count){packets, octets};
		ret->packets += (uint32_t)packets;
		ret->octets += octets;
	}
}

struct capture_flow absorbed_flow(
	const struct absorb_flow *f, int64_t offset_ns)
{
	struct capture_flow c = {.first_ns = (int64_t)f->first_ns + offset_ns,
		.last_ns = (int64_t)f->last_ns + offset_ns,
		.frames = f->frames,
		.tcp_flags = f->tcp_flags,
		.tos = f->tos};

	read_key(&f->key, &c);
	read_macs(&f->key, &c);
	read_sizes(f, &c);
	return c;
}

struct capture_flow absorbed_frame(
	const struct absorb_digest *d, bool with_macs, int64_t offset_ns)
{
	const int64_t at = (int64_t)d->time_ns + offset_ns;
	struct capture_flow c = {.first_ns = at,
		.last_ns = at,
		.frames = 1,
		.packets = d->whole + 1,
		.octets = (uint64_t)d->whole * d->each + d->octets,
		.tcp_flags = d->tcp_flags,
		.tos = d->tos};

	read_key(&d->key, &c);
	if (with_macs)
		read_macs(&d->key, &c);
	sizes_add(c.sizes, c.packets, c.octets, d->each, 1);
	return c;
}
