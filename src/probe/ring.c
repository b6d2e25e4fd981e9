/* packet(7) and the kernel's Documentation/networking/packet_mmap.rst.
 *
 * The kernel owns a block until it sets TP_STATUS_USER, which it does when the
 * block is full or timeout_ms old; then it is ours until we give it back.  The
 * bytes in a block are read through offsets the kernel wrote; they are checked
 * against the block all the same. */
#define _GNU_SOURCE
#include "probe/ring.h"
#include "base/clock.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum { VNET_HEADER = 10, FRAME_SIZE = 2048 };

struct ring {
	int fd;
	uint8_t *map;
	size_t map_len;
	uint32_t block_bytes, blocks;
	bool vnet;
	uint32_t block;  /* the one being read, or next */
	uint32_t left;   /* frames of it not yet read; 0: not begun */
	uint32_t offset; /* of the next frame in it */
	uint64_t taken;
	uint64_t unfilled;
	struct ring_statistics stats;
};

bool ring_is_ethernet(int ifindex)
{
	struct ifreq r = {.ifr_ifindex = ifindex};
	cleanup_close int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (ioctl(fd, SIOCGIFNAME, &r) < 0 || ioctl(fd, SIOCGIFHWADDR, &r) < 0)
		return false;
	return r.ifr_hwaddr.sa_family == ARPHRD_ETHER ||
	       r.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK;
}

/* Accepts everything, but only the first bytes of it. */
static int take_bytes(int fd, uint32_t snap, struct err *err)
{
	struct sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, snap)};
	const struct sock_fprog program = {1, code};

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
		    sizeof(program)) < 0)
		return err_sys(err, "cannot limit the bytes captured");
	return 0;
}

/* The same, or nothing yet, or what the program leaves. */
static int set_filter(int fd, const struct ring_options *o, struct err *err)
{
	if (o->program < 0)
		return take_bytes(fd, o->closed ? 0 : o->snap, err);
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &o->program,
		    sizeof(o->program)) < 0)
		return err_sys(err, "cannot attach the eBPF program");
	return 0;
}

int ring_let_in(struct ring *r, uint32_t snap, struct err *err)
{
	return take_bytes(r->fd, snap, err);
}

static int make_ring(
	struct ring *r, const struct ring_options *o, struct err *err)
{
	const int version = TPACKET_V3, one = 1;
	const struct tpacket_req3 req = {.tp_block_size = o->block_bytes,
		.tp_block_nr = o->blocks,
		.tp_frame_size = FRAME_SIZE,
		.tp_frame_nr = o->block_bytes / FRAME_SIZE * o->blocks,
		.tp_retire_blk_tov = (unsigned)o->timeout_ms};

	if (setsockopt(r->fd, SOL_PACKET, PACKET_VERSION, &version,
		    sizeof(version)) < 0)
		return err_sys(err, "the kernel has no TPACKET_V3");
	/* before the ring; older kernels refuse it: then segments stay
	 * unknown */
	r->vnet = setsockopt(r->fd, SOL_PACKET, PACKET_VNET_HDR, &one,
			  sizeof(one)) == 0;
	if (setsockopt(r->fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)) <
		0) {
		const int zero = 0;

		if (!r->vnet ||
			setsockopt(r->fd, SOL_PACKET, PACKET_VNET_HDR, &zero,
				sizeof(zero)) < 0 ||
			setsockopt(r->fd, SOL_PACKET, PACKET_RX_RING, &req,
				sizeof(req)) < 0)
			return err_sys(err,
				"cannot make a ring of %u blocks of %u bytes",
				o->blocks, o->block_bytes);
		r->vnet = false;
	}
	r->map_len = (size_t)o->block_bytes * o->blocks;
	r->map = mmap(
		NULL, r->map_len, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
	if (r->map == MAP_FAILED) {
		r->map = NULL;
		return err_sys(err, "cannot map the ring");
	}
	(void)madvise(r->map, r->map_len, MADV_DONTFORK);
	return 0;
}

static int attach(struct ring *r, const struct ring_options *o, struct err *err)
{
	const struct packet_mreq all = {
		.mr_ifindex = o->ifindex, .mr_type = PACKET_MR_ALLMULTI};
	const struct sockaddr_ll at = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = o->ifindex};

	/* until here the socket had no protocol and received nothing */
	if (bind(r->fd, (const struct sockaddr *)&at, sizeof(at)) < 0)
		return err_sys(
			err, "cannot attach to interface %d", o->ifindex);
	/* ends with the socket */
	if (o->all_groups &&
		setsockopt(r->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all,
			sizeof(all)) < 0)
		return err_sys(err, "cannot ask for all multicast");
	return 0;
}

int ring_open(const struct ring_options *o, struct ring **ret, struct err *err)
{
	struct ring *r = mem_zalloc(1, sizeof(*r));
	int e;

	r->block_bytes = o->block_bytes;
	r->blocks = o->blocks;
	r->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (r->fd < 0) {
		e = err_sys(err, "cannot open a packet socket");
		if (errno == EPERM || errno == EACCES)
			err_hint(err, "needs root, or CAP_NET_RAW");
	} else {
		e = set_filter(r->fd, o, err);
	}
	if (e == 0)
		e = make_ring(r, o, err);
	if (e == 0)
		e = attach(r, o, err);
	if (e < 0) {
		ring_close(r);
		return e;
	}
	*ret = r;
	return 0;
}

void ring_close(struct ring *r)
{
	if (!r)
		return;
	if (r->map)
		munmap(r->map, r->map_len);
	if (r->fd >= 0)
		close(r->fd);
	free(r);
}

int ring_fd(const struct ring *r)
{
	return r->fd;
}

uint64_t ring_unfilled(const struct ring *r)
{
	return r->unfilled;
}

bool ring_has_segments(const struct ring *r)
{
	return r->vnet;
}

static enum link_layer layer_of(uint16_t hardware)
{
	switch (hardware) {
	case ARPHRD_NONE:
	case ARPHRD_PPP:
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
	case ARPHRD_IPGRE:
		return LAYER_RAW;
	default:
		return LAYER_ETHERNET;
	}
}

/* struct virtio_net_hdr: flags, gso_type, hdr_len, gso_size, csum_start,
 * csum_offset; integers in the machine's order. */
static struct segmentation read_vnet(const uint8_t *p)
{
	enum { NEEDS_CSUM = 1, ECN = 0x80 };
	struct segmentation seg = {.type = (uint8_t)(p[1] & ~ECN)};

	memcpy(&seg.size, p + 4, 2);
	if (p[0] & NEEDS_CSUM)
		memcpy(&seg.csum_start, p + 6, 2);
	return seg;
}

/* The frame at `offset` of a block; false when there is none: the kernel has
 * set room aside and then dropped the frame, as it does with segmentation that
 * PACKET_VNET_HDR cannot express (SCTP, fragments of a guest).  It has counted
 * that one as dropped. */
static bool read_frame(const struct ring *r, const uint8_t *block,
	uint32_t offset, struct capture_frame *ret)
{
	const size_t from_at = TPACKET_ALIGN(sizeof(struct tpacket3_hdr));
	struct tpacket3_hdr h;
	struct sockaddr_ll from;

	memset(ret, 0, sizeof(*ret));
	if (offset > r->block_bytes - from_at - sizeof(from))
		return false;
	memcpy(&h, block + offset, sizeof(h));
	memcpy(&from, block + offset + from_at, sizeof(from));
	if (h.tp_mac < VNET_HEADER ||
		(uint64_t)offset + h.tp_mac + h.tp_snaplen > r->block_bytes)
		return false;
	ret->frame = (struct frame){.data = block + offset + h.tp_mac,
		.captured = h.tp_snaplen,
		.wire = h.tp_len < h.tp_snaplen ? h.tp_snaplen : h.tp_len};
	if (r->vnet)
		ret->seg = read_vnet(ret->frame.data - VNET_HEADER);
	ret->time_ns = (int64_t)h.tp_sec * NS_PER_S + h.tp_nsec;
	ret->layer = layer_of(from.sll_hatype);
	ret->sent = from.sll_pkttype == PACKET_OUTGOING;
	ret->to_host = from.sll_pkttype == PACKET_HOST;
	if (h.tp_status & TP_STATUS_VLAN_VALID) {
		ret->tag = (uint16_t)h.hv1.tp_vlan_tci;
		ret->vlan = ret->tag & VLAN_BITS;
		ret->tag_type = h.tp_status & TP_STATUS_VLAN_TPID_VALID
					? h.hv1.tp_vlan_tpid
					: ETH_P_8021Q;
	}
	return true;
}

/* Moves on to the next frame of the block; one that does not lie in it would be
 * the kernel's fault, and ends the block. */
static void step(struct ring *r, const uint8_t *block)
{
	uint32_t by;

	memcpy(&by, block + r->offset, sizeof(by)); /* tp_next_offset */
	r->left--;
	if (by == 0 || by > r->block_bytes - r->offset - sizeof(by))
		r->left = 0;
	else
		r->offset += by;
}

/* Is a block there to be read?  Begins it when it was not. */
static bool begin_block(struct ring *r, struct tpacket_block_desc *b)
{
	uint32_t status =
		__atomic_load_n(&b->hdr.bh1.block_status, __ATOMIC_ACQUIRE);

	if (r->left > 0)
		return true;
	if (!(status & TP_STATUS_USER))
		return false;
	r->left = b->hdr.bh1.num_pkts;
	r->offset = b->hdr.bh1.offset_to_first_pkt;
	if (r->offset > r->block_bytes - sizeof(uint32_t))
		r->left = 0;
	return true;
}

/* Cleared, so that room set aside and not filled shows when the block comes
 * round again. */
static void end_block(struct ring *r, uint8_t *block)
{
	struct tpacket_block_desc *b = (void *)block;
	uint32_t from = b->hdr.bh1.offset_to_first_pkt;
	uint32_t to = b->hdr.bh1.blk_len;

	if (to > r->block_bytes)
		to = r->block_bytes;
	if (r->vnet && from < to)
		memset(block + from, 0, to - from);
	__atomic_store_n(
		&b->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	r->block = (r->block + 1) % r->blocks;
}

/* One batch of the block at hand. */
static void read_batch(struct ring *r, const uint8_t *block, uint64_t stop,
	ring_fn fn, void *data)
{
	struct capture_frame frames[CAPTURE_BATCH];
	size_t n = 0;

	while (n < CAPTURE_BATCH && r->left > 0 && r->taken + n < stop) {
		if (read_frame(r, block, r->offset, &frames[n]))
			n++;
		else
			r->unfilled++;
		step(r, block);
	}
	r->taken += n;
	fn(data, frames, n);
}

uint64_t ring_read(struct ring *r, uint64_t stop, unsigned max_blocks,
	ring_fn fn, void *data)
{
	while (max_blocks > 0 && r->taken < stop) {
		uint8_t *block = r->map + (size_t)r->block * r->block_bytes;
		struct tpacket_block_desc *b = (void *)block;

		if (!begin_block(r, b))
			break;
		while (r->left > 0 && r->taken < stop)
			read_batch(r, block, stop, fn, data);
		if (r->left > 0)
			break;
		end_block(r, block);
		max_blocks--;
	}
	return r->taken;
}

bool ring_statistics(struct ring *r, struct ring_statistics *ret)
{
	struct tpacket_stats_v3 s;
	socklen_t len = sizeof(s);

	/* reading resets; tp_packets includes the dropped ones */
	if (getsockopt(r->fd, SOL_PACKET, PACKET_STATISTICS, &s, &len) < 0)
		return false;
	r->stats.placed += s.tp_packets - s.tp_drops;
	r->stats.dropped += s.tp_drops;
	*ret = r->stats;
	return true;
}

int ring_error(struct ring *r)
{
	int e = 0;
	socklen_t len = sizeof(e);

	if (getsockopt(r->fd, SOL_SOCKET, SO_ERROR, &e, &len) < 0)
		return errno;
	return e;
}

bool ring_bound(const struct ring *r)
{
	struct sockaddr_ll at = {0};
	socklen_t len = sizeof(at);

	return getsockname(r->fd, (struct sockaddr *)&at, &len) == 0 &&
	       at.sll_ifindex > 0;
}
