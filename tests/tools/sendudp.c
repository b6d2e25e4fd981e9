/* Sends UDP packets of known number and size, evenly at a rate:
 *
 *	tool-sendudp ADDR PORT COUNT PAYLOAD FLOWS RATE [SEGMENT [BATCH]]
 *
 * Flows differ in the source port (from 10000); the first COUNT mod FLOWS of
 * them get one packet more than the others.  With SEGMENT each send is a
 * super-frame of PAYLOAD bytes that is cut into segments (UDP_SEGMENT).
 * RATE 0 is as fast as it goes.  Without BATCH each packet is of another flow
 * than the one before; with it so many of one flow go in one system call.
 * Prints what was really sent. */
#define _GNU_SOURCE
#include "base/clock.h"
#include "base/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
	MOST_FLOWS = 1000,
	FIRST_PORT = 10000,
	MOST_BATCH = 64,
	SOL_UDP_LEVEL = 17,
	UDP_SEGMENT_OPTION = 103
};

static int open_flow(const struct sockaddr_in *to, int i, int segment)
{
	struct sockaddr_in from = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)(FIRST_PORT + i))};
	int fd = socket(AF_INET, SOCK_DGRAM, 0), big = 4 << 20;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &big, sizeof(big));
	if (segment && setsockopt(fd, SOL_UDP_LEVEL, UDP_SEGMENT_OPTION,
			       &segment, sizeof(segment)) < 0)
		return -1;
	if (bind(fd, (void *)&from, sizeof(from)) < 0 ||
		connect(fd, (const void *)to, sizeof(*to)) < 0)
		return -1;
	return fd;
}

/* Sends n times the same payload; 0, or -1 when the socket cannot. */
static int send_batch(int fd, struct mmsghdr *messages, unsigned n)
{
	while (n) {
		int done = sendmmsg(fd, messages, n, 0);

		if (done >= 0)
			n -= (unsigned)done;
		/* a closed port answers with ICMP: the next send says so */
		else if (errno != ECONNREFUSED && errno != ENOBUFS)
			return -1;
	}
	return 0;
}

/* Waits until `sent` packets are due. */
static void pace(int64_t start, long sent, long rate)
{
	const int64_t nap = 200 * (NS_PER_MS / 1000);
	int64_t due = start + sent * NS_PER_S / rate;
	struct timespec at = {
		.tv_sec = due / NS_PER_S, .tv_nsec = due % NS_PER_S};

	if (due - mono_now().ns > nap)
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

int main(int argc, char **argv)
{
	static char payload[65536];
	static int fds[MOST_FLOWS];
	static struct mmsghdr messages[MOST_BATCH];
	struct sockaddr_in to = {.sin_family = AF_INET};
	struct iovec piece = {.iov_base = payload};
	long n[8] = {0}, sent = 0, batch;
	int64_t start;

	for (int i = 2; i < argc && i < 9; i++)
		n[i - 1] = strtol(argv[i], NULL, 10);
	if (argc < 7 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1 ||
		n[4] < 1 || n[4] > MOST_FLOWS || n[7] > MOST_BATCH ||
		n[3] > (long)sizeof(payload))
		return 2;
	to.sin_port = htons((uint16_t)n[1]);
	piece.iov_len = (size_t)n[3];
	for (int i = 0; i < MOST_BATCH; i++)
		messages[i].msg_hdr =
			(struct msghdr){.msg_iov = &piece, .msg_iovlen = 1};
	for (int i = 0; i < n[4]; i++)
		if ((fds[i] = open_flow(&to, i, (int)n[6])) < 0) {
			perror("socket");
			return 1;
		}
	batch = n[7] > 0 ? n[7] : 1;
	start = mono_now().ns;
	/* rounds of one batch for each flow; the last round goes one by one */
	for (long f = 0; sent < n[2]; f = (f + 1) % n[4]) {
		if (f == 0 && n[2] - sent < batch * n[4])
			batch = 1;
		if (send_batch(fds[f], messages, (unsigned)batch) < 0) {
			perror("send");
			return 1;
		}
		sent += batch;
		if (n[5])
			pace(start, sent, n[5]);
	}
	printf("sent %ld in %lld ms\n", sent,
		(long long)((mono_now().ns - start) / NS_PER_MS));
	return 0;
}
