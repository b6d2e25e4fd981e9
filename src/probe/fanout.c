/* packet(7), PACKET_FANOUT.  A ring has to be at its interface before it can
 * share, and until it does it has all frames for itself: so each is opened with
 * a filter that takes nothing, and let in when all of them share. */
#include "probe/fanout.h"
#include "probe/split.h"

#include <linux/if_packet.h>
#include <sys/socket.h>

/* The first makes the group, and the kernel its number. */
static int join(struct ring *r, bool first, uint16_t *id, struct err *err)
{
	int how = PACKET_FANOUT_CBPF << 16;
	socklen_t len = sizeof(how);

	how |= first ? PACKET_FANOUT_FLAG_UNIQUEID << 16 : *id;
	if (setsockopt(ring_fd(r), SOL_PACKET, PACKET_FANOUT, &how, len) < 0) {
		err_sys(err, "rings cannot share an interface");
		return err_hint(err,
			"needs Linux 4.12, and before 6.13 an interface that "
			"is up; one thread does not");
	}
	if (first && getsockopt(ring_fd(r), SOL_PACKET, PACKET_FANOUT, &how,
			     &len) < 0)
		return err_sys(err, "packet socket");
	*id = (uint16_t)how;
	return 0;
}

int fanout_split(
	const struct fanout_options *o, struct ring *first, struct err *err)
{
	const struct split_options split = {.seed = o->seed,
		.snap = o->ring.snap,
		.ethernet = ring_is_ethernet(o->ring.ifindex),
		.by_ports = o->by_ports};
	struct split program;
	struct sock_fprog code = {.filter = program.code};

	split_make(&split, &program);
	code.len = (unsigned short)program.n;
	if (setsockopt(ring_fd(first), SOL_PACKET, PACKET_FANOUT_DATA, &code,
		    sizeof(code)) < 0)
		return err_sys(err, "the kernel does not split frames by flow");
	return 0;
}

int fanout_open(
	const struct fanout_options *o, struct ring **ret, struct err *err)
{
	struct ring_options ring = o->ring;
	uint16_t id = 0;
	int r = 0;

	ring.closed = true;
	for (unsigned i = 0; i < o->rings; i++)
		ret[i] = NULL;
	for (unsigned i = 0; i < o->rings && r == 0; i++) {
		r = ring_open(&ring, &ret[i], err);
		if (r == 0)
			r = join(ret[i], i == 0, &id, err);
		if (r == 0 && i == 0)
			r = fanout_split(o, ret[0], err);
	}
	for (unsigned i = 0; i < o->rings && r == 0; i++)
		r = ring_let_in(ret[i], o->ring.snap, err);
	for (unsigned i = 0; i < o->rings && r < 0; i++) {
		ring_close(ret[i]);
		ret[i] = NULL;
	}
	return r;
}
