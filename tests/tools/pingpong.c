/* Round trips of small UDP packets between two ends that never sleep:
 *
 *	tool-pingpong PORT            answers on 127.0.0.1 and all else, until killed
 *	tool-pingpong ADDR PORT COUNT prints the median round trip, ns
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { MOST = 1000000, PATIENCE_NS = 100000000 };

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int answer(int fd)
{
	for (;;) {
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		char byte;

		if (recvfrom(fd, &byte, 1, MSG_DONTWAIT, (void *)&from, &len) >=
			0)
			sendto(fd, &byte, 1, 0, (void *)&from, len);
	}
	return 0;
}

static int64_t once(int fd)
{
	int64_t start = now(), end = start + PATIENCE_NS;
	char byte = 1;

	if (send(fd, &byte, 1, 0) < 0)
		return -1;
	while (recv(fd, &byte, 1, MSG_DONTWAIT) < 0)
		if (now() > end)
			return -1;
	return now() - start;
}

int main(int argc, char **argv)
{
	static int64_t took[MOST];
	struct sockaddr_in at = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	long count, n = 0;

	if (argc == 2) {
		at.sin_port = htons((uint16_t)strtol(argv[1], NULL, 10));
		return bind(fd, (void *)&at, sizeof(at)) < 0 ? 1 : answer(fd);
	}
	count = argc == 4 ? strtol(argv[3], NULL, 10) : 0;
	if (count < 1 || count > MOST ||
		inet_pton(AF_INET, argv[1], &at.sin_addr) < 1)
		return 2;
	at.sin_port = htons((uint16_t)strtol(argv[2], NULL, 10));
	if (connect(fd, (void *)&at, sizeof(at)) < 0)
		return 1;
	for (long i = 0; i < count; i++) {
		int64_t t = once(fd);

		if (t >= 0)
			took[n++] = t;
	}
	if (n < count / 2)
		return 1;
	qsort(took, (size_t)n, sizeof(took[0]), compare);
	printf("%.0f\n", (double)took[n / 2]);
	return 0;
}
