/* What becomes of a fleet's sessions when its run is over: the next fleet goes
 * on with them, or they end. */
#include "base/mem.h"
#include "deploy/fleet_io.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

enum {
	NAP_MS = 50,
	GOODBYE_MS = 3000,
	STALE_MS = 100000 /* an agent gives up after two minutes */
};

/* Tells every agent that this was all and waits for it to go. */
static void say_goodbye(struct fleet *f)
{
	struct pollfd *p = mem_zalloc(f->n, sizeof(*p));
	struct mono_time limit = mono_add_ms(mono_now(), GOODBYE_MS);
	bool open = true;

	for (size_t i = 0; i < f->n; i++)
		if (f->nodes[i].io->phase == IO_AGENT && !f->nodes[i].io->ended)
			remote_end_input(f->nodes[i].io->ssh);
	while (open && !mono_passed(limit)) {
		nfds_t count = 0;

		open = false;
		for (size_t i = 0; i < f->n; i++) {
			struct fleet_io *io = f->nodes[i].io;
			char chunk[4096];
			ssize_t n;

			if (io->phase != IO_AGENT)
				continue;
			do
				n = remote_read(
					io->ssh, false, chunk, sizeof(chunk));
			while (n > 0);
			if (n < 0)
				fleet_io_close(io);
			else
				p[count++] = (struct pollfd){
					remote_fd(io->ssh), POLLIN, 0};
		}
		open = count > 0;
		if (open)
			poll(p, count, NAP_MS);
	}
	free(p);
}

static void take_over(struct fleet_node *n, struct fleet_node *from)
{
	struct fleet_io *io = n->io;
	bool left = from->io->left.ns != 0;

	n->status = from->status < NODE_FAILED ? NODE_PENDING : from->status;
	n->err = from->err;
	memcpy(n->arch, from->arch, sizeof(n->arch));
	memcpy(n->own_address, from->own_address, sizeof(n->own_address));
	memcpy(n->new_key, from->new_key, sizeof(n->new_key));
	n->binary_sent = from->binary_sent;
	n->sent = from->sent;
	n->received = from->received;
	if (mono_passed(mono_add_ms(
		    left ? from->io->left : from->io->pinged, STALE_MS)) ||
		(!left && !fleet_io_alive(from->io)))
		return;
	n->io = from->io;
	n->none = n->io->phase == IO_PARKED;
	from->io = io;
}

void fleet_adopt(struct fleet *f, struct fleet *old)
{
	size_t k = 0; /* both are in the topology's order */

	f->logins = old->logins;
	f->quickest_ms = old->quickest_ms;

	for (size_t i = 0; i < f->n; i++) {
		size_t at = k;

		while (at < old->n &&
			strcmp(old->nodes[at].name, f->nodes[i].name) != 0)
			at++;
		if (at == old->n)
			continue;
		take_over(&f->nodes[i], &old->nodes[at]);
		k = at + 1;
	}
}

void fleet_free(struct fleet *f)
{
	if (!f)
		return;
	say_goodbye(f);
	for (size_t i = 0; i < f->n; i++)
		fleet_io_free(f->nodes[i].io);
	close(f->epoll);
	free(f->nodes);
	free(f);
}
