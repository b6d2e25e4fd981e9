/* pcap(3PCAP).  It does not tell which way a frame went, so there are two
 * handles, one for each way; nor how a super-frame is cut, so packets are
 * estimates.  Buffers are large, and blocks are waited for: never its
 * immediate mode, which would double the round trips of what is watched.
 *
 * libpcap would tell the ways apart itself, but only what both handles have
 * copied, whole, whatever their snapshot length is.  So the kernel is told, by
 * a filter libpcap does not know of: with one of its own it loses frames of the
 * first blocks.  Until it is told, libpcap lets go of the other way's frames
 * and counts them all the same: where a mark is may not be known then, only
 * when it must have been reached; and the ledger's wire frames are those handed
 * over or dropped.  Nor does libpcap stop at a mark: what is behind it is told
 * as ahead of it.
 *
 * Times are microseconds: for nanoseconds libpcap sets SO_TIMESTAMPNS, which its
 * rings do not need and by which the kernel asks its clock for each frame that
 * any interface of the machine receives. */
#include "probe/capture_pcap.h"
#include "base/mem.h"
#include "probe/pcapold.h"
#include "base/clock.h"

#include <linux/filter.h>
#include <linux/if_packet.h>
#include <pcap/pcap.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { RECEIVED, SENT, WAYS };
enum { BUFFER_MIN = 32 << 20, BLOCKS_MAX = 1024, TIMEOUT_MS = 100 };

struct one_way {
	struct pcap_capture *capture;
	pcap_t *pcap;
	enum link_layer layer;
	uint64_t taken, placed, dropped;
	uint64_t early; /* placed before the kernel was told which */
};

/* Of one dispatch: its bytes are libpcap's only until it takes the next. */
struct batch {
	struct capture_frame frames[CAPTURE_BATCH];
	uint8_t bytes[CAPTURE_BATCH][CAPTURE_SNAP];
	size_t n;
};

struct pcap_capture {
	struct capture head;
	struct capture_options opt;
	struct one_way ways[WAYS];
	struct mono_time settled; /* by then all up to the mark was there */
	int ready;                /* epoll */
	struct batch batch;
};

static struct pcap_capture *of(struct capture *c)
{
	return (struct pcap_capture *)c;
}

static const struct pcap_capture *of_const(const struct capture *c)
{
	return (const struct pcap_capture *)c;
}

static void pcap_way_detach(struct capture *c)
{
	for (int i = 0; i < WAYS; i++)
		if (of(c)->ways[i].pcap)
			pcap_close(of(c)->ways[i].pcap);
	if (of(c)->ready >= 0)
		close(of(c)->ready);
	memset(of(c)->ways, 0, sizeof(of(c)->ways));
	of(c)->ready = -1;
}

static void pcap_way_close(struct capture *c)
{
	pcap_way_detach(c);
	free(c);
}

static int pcap_way_open(const struct capture_options *options,
	struct capture **ret, struct err *err)
{
	struct pcap_capture *p = mem_zalloc(1, sizeof(*p));

	(void)err;
	p->head = (struct capture){.way = &capture_pcap, .lanes = 1};
	p->opt = *options;
	p->ready = -1;
	*ret = &p->head;
	return 0;
}

static int refused(const char *ifname, const char *why, struct err *err)
{
	return err_set(err, NFZ_E_IO, "libpcap, %s: %s", ifname, why);
}

static bool ask(struct one_way *w)
{
	struct pcap_stat s = {0};

	if (pcap_stats(w->pcap, &s) < 0)
		return false;
	/* 32 bits that wrap; received ones include those dropped */
	w->dropped += (uint32_t)(s.ps_drop - (uint32_t)w->dropped);
	w->placed += (uint32_t)(s.ps_recv - s.ps_drop - (uint32_t)w->placed);
	return true;
}

/* The kernel keeps frames of this way only, and the first bytes of them. */
static int set_filter(int fd, int way)
{
	enum { OURS = 0, OTHERS = 1 };
	const bool sent = way == SENT;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_PKTTYPE),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING,
			sent ? OURS : OTHERS, sent ? OTHERS : OURS),
		BPF_STMT(BPF_RET | BPF_K, CAPTURE_SNAP),
		BPF_STMT(BPF_RET | BPF_K, 0)};
	const struct sock_fprog program = {
		sizeof(code) / sizeof(code[0]), code};
	const int one = 1;

	/* not even asked (Linux 4.20) */
	if (!sent)
		(void)setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one,
			sizeof(one));
	return setsockopt(
		fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

static int open_way(
	struct pcap_capture *p, int i, const char *ifname, struct err *err)
{
	const int bytes =
		p->opt.bytes < BUFFER_MIN ? BUFFER_MIN : (int)p->opt.bytes;
	struct one_way *w = &p->ways[i];
	char text[PCAP_ERRBUF_SIZE] = "";
	struct epoll_event event = {.events = EPOLLIN};
	int fd;

	*w = (struct one_way){.capture = p};
	w->pcap = pcap_create(ifname, text);
	if (!w->pcap)
		return refused(ifname, text, err);
	if (pcap_set_snaplen(w->pcap, CAPTURE_SNAP) < 0 ||
		pcap_set_promisc(w->pcap, 0) < 0 ||
		pcap_set_timeout(w->pcap, TIMEOUT_MS) < 0 ||
		pcap_set_buffer_size(w->pcap, bytes) < 0 ||
		pcap_activate(w->pcap) < 0 ||
		pcap_setdirection(w->pcap, i == SENT ? PCAP_D_OUT : PCAP_D_IN) <
			0 ||
		pcap_setnonblock(w->pcap, 1, text) < 0)
		return refused(ifname, pcap_geterr(w->pcap), err);
	if (!link_layer_of((uint32_t)pcap_datalink(w->pcap), &w->layer))
		return refused(ifname, "unknown kind of link", err);
	fd = pcap_get_selectable_fd(w->pcap);
	if (fd < 0)
		return refused(ifname, "cannot be waited for", err);
	if (set_filter(fd, i) < 0)
		return err_sys(err, "libpcap, %s: no filter for it", ifname);
	if (!ask(w))
		return refused(ifname, pcap_geterr(w->pcap), err);
	w->early = w->placed;
	if (epoll_ctl(p->ready, EPOLL_CTL_ADD, fd, &event) < 0)
		return err_sys(
			err, "libpcap, %s: cannot be waited for", ifname);
	return 0;
}

static int pcap_way_attach(
	struct capture *c, const struct netdev *dev, struct err *err)
{
	struct pcap_capture *p = of(c);
	int r = 0;

	p->ready = epoll_create1(EPOLL_CLOEXEC);
	if (p->ready < 0)
		return err_sys(err, "epoll");
	for (int i = 0; i < WAYS && r == 0; i++)
		r = open_way(p, i, dev->name, err);
	if (r < 0)
		pcap_way_detach(c);
	return r;
}

static int pcap_way_fd(const struct capture *c, unsigned lane)
{
	(void)lane;
	return of_const(c)->ready;
}

static int pcap_way_error(struct capture *c, unsigned lane)
{
	(void)lane;
	(void)c;
	return 0;
}

static bool pcap_way_bound(const struct capture *c, const struct netdev *now)
{
	(void)c;
	return now != NULL;
}

static bool pcap_way_mark(struct capture *c)
{
	of(c)->settled = mono_add_ms(mono_now(), 2 * TIMEOUT_MS);
	return ask(&of(c)->ways[RECEIVED]) && ask(&of(c)->ways[SENT]);
}

static void hand_over(struct pcap_capture *p)
{
	struct batch *b = &p->batch;

	if (b->n)
		p->opt.sinks[0].frames(p->opt.sinks[0].data, b->frames, b->n);
	b->n = 0;
}

static void on_frame(
	u_char *user, const struct pcap_pkthdr *header, const u_char *bytes)
{
	struct one_way *w = (void *)user;
	struct batch *b = &w->capture->batch;
	const uint32_t len =
		header->caplen < CAPTURE_SNAP ? header->caplen : CAPTURE_SNAP;

	memcpy(b->bytes[b->n], bytes, len);
	b->frames[b->n] = (struct capture_frame){
		.frame = {b->bytes[b->n], len, header->len},
		.time_ns = header->ts.tv_sec * NS_PER_S +
			   header->ts.tv_usec * 1000,
		.layer = w->layer,
		.sent = w == &w->capture->ways[SENT]};
	w->taken++;
	if (++b->n == CAPTURE_BATCH)
		hand_over(w->capture);
}

static bool reached(const struct pcap_capture *p)
{
	const struct one_way *w = p->ways;

	return mono_passed(p->settled) ||
	       (w[RECEIVED].taken >= w[RECEIVED].placed &&
		       w[SENT].taken >= w[SENT].placed);
}

/* A dispatch is within a block, so several times. */
static bool pcap_way_read(
	struct capture *c, unsigned lane, unsigned blocks, bool to_mark)
{
	struct pcap_capture *p = of(c);

	(void)lane;
	(void)to_mark;
	for (int i = 0; i < WAYS; i++)
		for (unsigned n = 0; n < (blocks ? blocks : BLOCKS_MAX); n++)
			if (pcap_dispatch(p->ways[i].pcap, -1, on_frame,
				    (void *)&p->ways[i]) <= 0)
				break;
	hand_over(p);
	return reached(p);
}

/* At most, for not all that came early may have been handed over. */
static uint64_t ahead(const struct one_way *w)
{
	const uint64_t most = w->taken + w->early;

	return most > w->placed ? most - w->placed : 0;
}

static struct capture_statistics pcap_way_statistics(const struct capture *c)
{
	const struct one_way *w = of_const(c)->ways;

	return (struct capture_statistics){
		.placed = w[RECEIVED].taken + w[SENT].taken,
		.dropped = w[RECEIVED].dropped + w[SENT].dropped,
		.ahead = ahead(&w[RECEIVED]) + ahead(&w[SENT])};
}

static bool pcap_way_has_segments(const struct capture *c)
{
	(void)c;
	return false;
}

static uint64_t pcap_way_unfilled(const struct capture *c)
{
	(void)c;
	return 0;
}

static const char *pcap_name(const struct capture *c)
{
	(void)c;
	return "pcap";
}

const struct capture_way capture_pcap = {.name = pcap_name,
	.open = pcap_way_open,
	.close = pcap_way_close,
	.attach = pcap_way_attach,
	.once = true, /* libpcap opens files */
	.detach = pcap_way_detach,
	.fd = pcap_way_fd,
	.error = pcap_way_error,
	.bound = pcap_way_bound,
	.mark = pcap_way_mark,
	.read = pcap_way_read,
	.statistics = pcap_way_statistics,
	.has_segments = pcap_way_has_segments,
	.unfilled = pcap_way_unfilled};
