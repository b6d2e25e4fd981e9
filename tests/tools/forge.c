/* Somebody between our modules, who can read, keep, change and send:
 *
 *	tool-forge BRIDGE PAIRS COUNT RATE
 *
 * Listens on all interfaces for our datagrams until PAIRS different ends have
 * spoken to each other, one way each; prints "heard".  Then sends COUNT
 * datagrams at RATE a second out of BRIDGE, with the addresses of those who
 * sent them first: every other one is a datagram as it was heard, the rest are
 * changed in some way.  It goes on listening, so that they are of now.  Prints
 * how many of each it sent, and in how many ms. */
#define _GNU_SOURCE
#include "base/clock.h"
#include "flow/channel.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
	HEADERS = 14 + 20 + 8,
	FRAME = HEADERS + CHANNEL_DATAGRAM,
	KEPT = 1024,
	MOST_PAIRS = 64,
	BATCH = 32,
	LISTEN_EVERY = 16, /* batches */
	KIND_AT = 3,
	DEPLOYMENT_AT = 4,
	ENDS_AT = 12,
	EPOCH_AT = 16,
	COUNTER_AT = 32,
	TAG_AT = 40
};

struct frame {
	size_t len;
	uint8_t data[FRAME];
};

struct forger {
	int fd;
	struct frame kept[KEPT];
	size_t n; /* ever heard */
	uint64_t pairs[MOST_PAIRS];
	size_t n_pairs;
	struct frame out[BATCH];
	long same, changed;
};

static void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void note_pair(struct forger *f, const uint8_t *payload)
{
	uint64_t pair;
	size_t i = 0;

	memcpy(&pair, payload + 8, sizeof(pair)); /* the ends are in it */
	while (i < f->n_pairs && f->pairs[i] != pair)
		i++;
	if (i == f->n_pairs && i < MOST_PAIRS)
		f->pairs[f->n_pairs++] = pair;
}

/* Plain Ethernet, IPv4 and UDP with one of our datagrams in it. */
static bool is_ours(const uint8_t *d, size_t len)
{
	return len >= HEADERS + CHANNEL_HEADER && len <= FRAME && d[12] == 8 &&
	       d[13] == 0 && d[14] == 0x45 && d[23] == 17 &&
	       d[HEADERS] == 'N' && d[HEADERS + 1] == 'F';
}

static void listen_some(struct forger *f)
{
	static uint8_t data[65536];

	for (;;) {
		ssize_t len = recv(f->fd, data, sizeof(data), MSG_DONTWAIT);
		struct frame *keep = &f->kept[f->n % KEPT];

		if (len < 0)
			return;
		if (!is_ours(data, (size_t)len))
			continue;
		keep->len = (size_t)len;
		memcpy(keep->data, data, keep->len);
		f->n++;
		note_pair(f, data + HEADERS);
	}
}

/* Something of it becomes something else. */
static void change(struct frame *f, unsigned how)
{
	uint8_t *d = f->data + HEADERS;
	const size_t len = f->len - HEADERS;
	const long noise = lrand48();

	switch (how % 8) {
	case 0:
		d[TAG_AT + noise % 16] ^= 1;
		break;
	case 1:
		d[len - 1] ^= (uint8_t)(1 << noise % 8);
		break;
	case 2: /* one that is yet to come */
		put16(d + COUNTER_AT + 5, (size_t)noise);
		break;
	case 3:
		memcpy(d + EPOCH_AT, &noise, sizeof(noise));
		break;
	case 4:
		d[KIND_AT] = (uint8_t)(1 + d[KIND_AT] % 4);
		break;
	case 5:
		d[ENDS_AT + noise % 4] ^= (uint8_t)(1 + noise % 15);
		break;
	case 6:
		f->len -= (size_t)noise % (len + 1);
		break;
	default:
		d[DEPLOYMENT_AT + noise % 8] ^= 1;
	}
}

/* What it was heard with is true no more, or was never computed. */
static void set_lengths(struct frame *f)
{
	uint8_t *ip = f->data + 14;
	uint32_t sum = 0;

	put16(ip + 2, f->len - 14);
	put16(ip + 10, 0);
	put16(ip + 24, f->len - 34);
	put16(ip + 26, 0);
	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)(ip[i] << 8 | ip[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(ip + 10, ~sum & 0xffff);
}

static int send_batch(struct forger *f, int ifindex, size_t n)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_ifindex = ifindex};
	struct mmsghdr messages[BATCH] = {0};
	struct iovec pieces[BATCH];
	size_t heard = f->n < KEPT ? f->n : KEPT;

	for (size_t i = 0; i < n; i++) {
		struct frame *out = &f->out[i];

		*out = f->kept[(size_t)lrand48() % heard];
		if (i % 2) {
			change(out, (unsigned)f->changed++);
		} else {
			f->same++;
		}
		set_lengths(out);
		pieces[i] = (struct iovec){out->data, out->len};
		messages[i].msg_hdr = (struct msghdr){.msg_name = &to,
			.msg_namelen = sizeof(to),
			.msg_iov = &pieces[i],
			.msg_iovlen = 1};
	}
	return sendmmsg(f->fd, messages, (unsigned)n, 0) == (int)n ? 0 : -1;
}

static void nap(int64_t ns)
{
	const struct timespec t = {.tv_nsec = ns};

	nanosleep(&t, NULL);
}

static int send_all(struct forger *f, int ifindex, long count, long rate)
{
	const int64_t start = mono_now().ns;

	for (long sent = 0, n = 0; sent < count; sent += BATCH, n++) {
		if (send_batch(f, ifindex, BATCH) < 0)
			return -1;
		if (n % LISTEN_EVERY == 0)
			listen_some(f);
		while (start + sent * NS_PER_S / rate > mono_now().ns)
			nap(NS_PER_MS / 10);
	}
	printf("as heard %ld changed %ld ms %lld\n", f->same, f->changed,
		(long long)((mono_now().ns - start) / NS_PER_MS));
	return 0;
}

int main(int argc, char **argv)
{
	static struct forger f;
	const int one = 1;
	const size_t pairs = argc == 5 ? strtoul(argv[2], NULL, 10) : 0;
	unsigned ifindex;

	if (pairs < 1 || pairs > MOST_PAIRS) {
		fprintf(stderr, "usage: tool-forge BRIDGE PAIRS COUNT RATE\n");
		return 2;
	}
	ifindex = if_nametoindex(argv[1]);
	f.fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	/* not what we send ourselves */
	if (f.fd < 0 || setsockopt(f.fd, SOL_PACKET, PACKET_IGNORE_OUTGOING,
				&one, sizeof(one)) < 0) {
		perror("tool-forge");
		return 1;
	}
	while (f.n_pairs < pairs) {
		listen_some(&f);
		nap(NS_PER_MS);
	}
	printf("heard\n");
	fflush(stdout);
	if (send_all(&f, (int)ifindex, strtol(argv[3], NULL, 10),
		    strtol(argv[4], NULL, 10)) < 0) {
		perror("send");
		return 1;
	}
	return 0;
}
