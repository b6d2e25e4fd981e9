/* Endpoints as they are, over the loopback interface, where time is ours and the
 * network does one thing wrong: the system calls they use are here.  Off, they
 * are the system's. */
#ifndef NFZ_TESTS_SIM_H
#define NFZ_TESTS_SIM_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum sim_fault { SIM_LOSE, SIM_REPEAT, SIM_EXCHANGE, SIM_NONE };

struct sim {
	bool on;
	time_t set_s; /* the wall clock of whose turn it is was set by so much */
	int64_t now_ns; /* passes where somebody would wait */
	unsigned sent;  /* datagrams, by anybody */
	unsigned at;    /* what befalls this one... */
	enum sim_fault fault;
	bool hit; /* ...has */
	/* exchanged with the next of anybody */
	uint8_t held[2048];
	size_t n_held;
	int held_fd;
	struct sockaddr_in held_to;
};
extern struct sim sim;

/* From now on; nothing is wrong but what happens to datagram `at`. */
void sim_begin(unsigned at, enum sim_fault fault);

#endif
