/* Round trips of small UDP packets on paths in turn, between two ends that
 * never sleep as long as it lasts:
 *
 *	tool-pingpong RUNS [FROM TO ADDR]...
 *
 * FROM and TO are the network namespaces of a path's ends, ADDR is the address
 * of the second.  A run is 100 round trips, after some that are not counted, on
 * each path; then the next run of each, so that what else a machine does is in
 * all of them.  Prints a line for each path: the median of the runs' medians,
 * ns, and the median of their ratios to the first path's of the same round. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	PATHS = 8,
	RUNS = 100000,
	TRIPS = 100,
	FIRST_TRIPS = 20, /* not counted */
	BREAK_EVERY = 8,  /* runs, for all others on the machine */
	BREAK_US = 4000,
	AWAKE_NS = 2000000, /* the answering end, without a question */
	PATIENCE_NS = 100000000,
	PORT = 7
};

struct path {
	int ask, answer;
	uint32_t asked;
	double median[RUNS], ratio[RUNS];
};

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *of, size_t n)
{
	qsort(of, n, sizeof(of[0]), compare);
	return of[n / 2];
}

static int socket_in(const char *namespace)
{
	char name[256];
	int fd;

	snprintf(name, sizeof(name), "/run/netns/%s", namespace);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		return -1;
	close(fd);
	return socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
}

static int open_path(struct path *p, char **argv)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(PORT)};

	p->answer = socket_in(argv[1]);
	if (bind(p->answer, (void *)&at, sizeof(at)) < 0)
		return -1;
	p->ask = socket_in(argv[0]);
	if (inet_pton(AF_INET, argv[2], &at.sin_addr) < 1)
		return -1;
	return connect(p->ask, (void *)&at, sizeof(at));
}

/* Each end has a processor of its own. */
static void stay_on(int nth)
{
	cpu_set_t all, one;
	int cpu = -1;

	sched_getaffinity(0, sizeof(all), &all);
	while (nth >= 0 && ++cpu < CPU_SETSIZE)
		nth -= CPU_ISSET(cpu, &all);
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

/* Until killed; `at` is the path in turn. */
static void answer_all(struct path *const *paths, int n, const int *at)
{
	struct pollfd fds[PATHS];
	int64_t last = now();

	for (int i = 0; i < n; i++)
		fds[i] = (struct pollfd){paths[i]->answer, POLLIN, 0};
	for (;;) {
		int fd = paths[__atomic_load_n(at, __ATOMIC_ACQUIRE)]->answer;
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		uint32_t number;

		if (recvfrom(fd, &number, sizeof(number), 0, (void *)&from,
			    &len) >= 0)
			sendto(fd, &number, sizeof(number), 0, (void *)&from,
				len);
		else if (now() - last < AWAKE_NS)
			continue;
		else
			poll(fds, (nfds_t)n, -1);
		last = now();
	}
}

/* -1: no answer.  One to an earlier question is none. */
static int64_t once(struct path *p)
{
	const uint32_t number = ++p->asked;
	int64_t start = now();
	uint32_t got = 0;

	if (send(p->ask, &number, sizeof(number), 0) < 0)
		return -1;
	while (recv(p->ask, &got, sizeof(got), 0) < 0 || got != number)
		if (now() - start > PATIENCE_NS)
			return -1;
	return now() - start;
}

static int run(struct path *p, double *ret)
{
	double took[TRIPS];
	size_t n = 0;

	for (int i = 0; i < FIRST_TRIPS + TRIPS; i++) {
		int64_t t = once(p);

		if (t >= 0 && i >= FIRST_TRIPS)
			took[n++] = (double)t;
	}
	if (n < TRIPS / 2)
		return -1;
	*ret = median(took, n);
	return 0;
}

static int ask_all(struct path *const *paths, int n, long runs, int *at)
{
	for (long r = 0; r < runs; r++) {
		for (int k = 0; k < n; k++) {
			int i = (int)((k + r) % n);

			__atomic_store_n(at, i, __ATOMIC_RELEASE);
			if (run(paths[i], &paths[i]->median[r]) < 0)
				return -1;
		}
		for (int i = 0; i < n; i++)
			paths[i]->ratio[r] =
				paths[i]->median[r] / paths[0]->median[r];
		if (r % BREAK_EVERY == BREAK_EVERY - 1)
			usleep(BREAK_US);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const int n = (argc - 2) / 3;
	const long runs = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
	struct path *paths[PATHS];
	int *at = mmap(NULL, sizeof(*at), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (runs < 1 || runs > RUNS || n < 1 || n > PATHS || at == MAP_FAILED) {
		fprintf(stderr,
			"usage: tool-pingpong RUNS [FROM TO ADDR]...\n");
		return 2;
	}
	for (int i = 0; i < n; i++) {
		paths[i] = calloc(1, sizeof(*paths[i]));
		if (!paths[i] || open_path(paths[i], argv + 2 + 3 * i) < 0) {
			perror(argv[2 + 3 * i]);
			return 1;
		}
	}
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		stay_on(1);
		answer_all(paths, n, at);
	}
	stay_on(0);
	if (ask_all(paths, n, runs, at) < 0)
		return 1;
	for (int i = 0; i < n; i++)
		printf("%.0f %.4f\n", median(paths[i]->median, (size_t)runs),
			median(paths[i]->ratio, (size_t)runs));
	return 0;
}
