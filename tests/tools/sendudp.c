/* Sends UDP packets of known number and size, evenly at a rate:
 *
 *	tool-sendudp ADDR PORT COUNT PAYLOAD FLOWS RATE [SEGMENT]
 *
 * Flows differ in the source port (from 20000).  With SEGMENT each send is a
 * super-frame of PAYLOAD bytes that is cut into segments (UDP_SEGMENT).
 * RATE 0 is as fast as it goes.  Prints what was really sent. */
#define _GNU_SOURCE
#include "base/clock.h"
#include "base/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	MOST_FLOWS = 1000,
	FIRST_PORT = 20000,
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

int main(int argc, char **argv)
{
	static char payload[65536];
	static int fds[MOST_FLOWS];
	struct sockaddr_in to = {.sin_family = AF_INET};
	long n[7] = {0}, sent = 0;
	int64_t start;

	for (int i = 2; i < argc && i < 8; i++)
		n[i - 1] = strtol(argv[i], NULL, 10);
	if (argc < 7 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1 ||
		n[4] > MOST_FLOWS || n[3] > (long)sizeof(payload))
		return 2;
	to.sin_port = htons((uint16_t)n[1]);
	for (int i = 0; i < n[4]; i++)
		if ((fds[i] = open_flow(&to, i, (int)n[6])) < 0) {
			perror("socket");
			return 1;
		}
	start = mono_now().ns;
	for (long i = 0; i < n[2]; i++) {
		/* a closed port answers with ICMP: the next send says so */
		while (send(fds[i % n[4]], payload, (size_t)n[3], 0) < 0)
			if (errno != ECONNREFUSED && errno != ENOBUFS) {
				perror("send");
				return 1;
			}
		sent++;
		if (n[5] && i % 50 == 49) {
			int64_t due = start + (i + 1) * NS_PER_S / n[5];
			int64_t wait = due - mono_now().ns;

			if (wait > 0)
				usleep((useconds_t)(wait / 1000));
		}
	}
	printf("sent %ld in %lld ms\n", sent,
		(long long)((mono_now().ns - start) / NS_PER_MS));
	return 0;
}
