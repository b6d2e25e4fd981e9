#define _GNU_SOURCE
#include "sim.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NS_PER_MS = 1000000, NS_PER_S = 1000000000 };

struct sim sim;

void sim_begin(unsigned at, enum sim_fault fault)
{
	sim = (struct sim){
		.on = true, .now_ns = NS_PER_S, .at = at, .fault = fault};
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
	static const time_t began_s = 1700000000;
	int r = 0;

	if (sim.on)
		*ret = (struct timespec){
			.tv_sec = sim.now_ns / NS_PER_S +
				  (clock == CLOCK_REALTIME ? began_s : 0),
			.tv_nsec = sim.now_ns % NS_PER_S};
	else
		r = (int)syscall(SYS_clock_gettime, clock, ret);
	if (clock == CLOCK_REALTIME)
		ret->tv_sec += sim.set_s;
	return r;
}

int poll(struct pollfd *fds, nfds_t n, int ms)
{
	struct timespec wait = {
		.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * NS_PER_MS};
	int r;

	if (sim.on)
		wait = (struct timespec){0};
	r = (int)syscall(
		SYS_ppoll, fds, n, ms < 0 && !sim.on ? NULL : &wait, NULL, 0);
	if (sim.on && r == 0)
		sim.now_ns += (int64_t)(ms > 0 ? ms : 1) * NS_PER_MS;
	return r;
}

static ssize_t pass_on(int fd, const void *data, size_t len, int flags,
	const struct sockaddr *to, socklen_t to_len)
{
	return syscall(SYS_sendto, fd, data, len, flags, to, to_len);
}

static void let_go(void)
{
	if (sim.n_held)
		pass_on(sim.held_fd, sim.held, sim.n_held, MSG_NOSIGNAL,
			(const struct sockaddr *)&sim.held_to,
			sizeof(sim.held_to));
	sim.n_held = 0;
}

static void hold(int fd, const void *data, size_t len,
	const struct sockaddr *to, socklen_t to_len)
{
	memcpy(sim.held, data, len);
	memcpy(&sim.held_to, to, to_len);
	sim.n_held = len;
	sim.held_fd = fd;
}

ssize_t sendto(int fd, const void *data, size_t len, int flags,
	const struct sockaddr *to, socklen_t to_len)
{
	const bool wrong = sim.on && sim.sent++ == sim.at;
	ssize_t r = (ssize_t)len;

	sim.hit = sim.hit || wrong;
	if (wrong && sim.fault == SIM_LOSE)
		return r;
	if (wrong && sim.fault == SIM_EXCHANGE && len <= sizeof(sim.held) &&
		to_len <= sizeof(sim.held_to)) {
		hold(fd, data, len, to, to_len);
		return r;
	}
	r = pass_on(fd, data, len, flags, to, to_len);
	if (wrong && sim.fault == SIM_REPEAT)
		pass_on(fd, data, len, flags, to, to_len);
	let_go();
	return r;
}
