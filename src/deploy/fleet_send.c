/* Calls on their way to a node, their data behind each. */
#include "deploy/fleet_io.h"

#include <stdio.h>

enum { OUT_LOW = 8 << 10 /* refilled below this, up to REMOTE_PACKET */ };

struct io_call *fleet_io_call(const struct fleet_io *io)
{
	return io->calls_answered < io->n_calls ? &io->calls[io->calls_answered]
						: NULL;
}

void fleet_io_await(struct fleet_io *io)
{
	const struct io_call *c = fleet_io_call(io);

	if (!c)
		return;
	fleet_io_within(io, c->ms);
	io->fresh = 0;
	snprintf(io->phase_text, sizeof(io->phase_text), "%s", c->name);
}

void fleet_io_forget(struct fleet_io *io)
{
	for (size_t i = 0; i < io->n_calls; i++)
		buf_release(&io->calls[i].frame);
	io->n_calls = io->calls_answered = io->calls_sent = 0;
	io->data = NULL;
}

static bool has_data_to_send(const struct fleet_io *io)
{
	return io->data && !io->data_end;
}

bool fleet_io_has_more(const struct fleet_io *io)
{
	return io->out.len || has_data_to_send(io) ||
	       io->calls_sent < io->n_calls;
}

static void send_call(struct fleet_io *io)
{
	struct io_call *c = &io->calls[io->calls_sent++];

	buf_add(&io->out, c->frame.data, c->frame.len);
	buf_release(&c->frame);
	io->data = c->data;
	io->data_len = c->len;
	io->data_sent = 0;
	io->data_frames = true;
	io->data_binary = c->binary;
	io->data_end = false;
}

/* More of a call's data behind what is waiting, its end with the last. */
static void add_data(struct fleet_node *n)
{
	struct fleet_io *io = n->io;
	size_t left = io->data_len - io->data_sent, some;

	some = REMOTE_PACKET - 2 * FRAME_HEAD - io->out.len;
	some = left < some ? left : some;
	if (some && io->data_frames)
		frame_put(&io->out, FRAME_DATA, io->data + io->data_sent, some);
	else
		buf_add(&io->out, io->data + io->data_sent, some);
	io->data_sent += some;
	n->binary_sent += io->data_binary ? some : 0;
	io->data_end = some == left;
	if (io->data_end && io->data_frames)
		frame_put(&io->out, FRAME_END, NULL, 0);
}

static void refill(struct fleet_node *n)
{
	struct fleet_io *io = n->io;

	while (io->out.len < OUT_LOW) {
		if (has_data_to_send(io))
			add_data(n);
		else if (io->calls_sent < io->n_calls)
			send_call(io);
		else
			return;
	}
}

int fleet_io_push(struct fleet *f, struct fleet_node *n, struct err *err)
{
	struct fleet_io *io = n->io;

	for (;;) {
		const struct io_call *call = fleet_io_call(io);
		ssize_t w;

		refill(n);
		if (!io->out.len) {
			buf_release(&io->out);
			return 0;
		}
		w = remote_write(io->ssh, io->out.data, io->out.len);
		if (w < 0)
			return err_set(err, NFZ_E_REMOTE,
				"%s: the connection was lost", n->name);
		if (w == 0)
			return 0;
		n->sent += (uint64_t)w;
		io->pinged = mono_now();
		buf_consume(&io->out, (size_t)w);
		if (io->phase == IO_SENDING)
			fleet_io_within(io, f->options.stall_ms);
		else if (call && io->data)
			fleet_io_within(io, call->ms > f->options.stall_ms
						    ? call->ms
						    : f->options.stall_ms);
	}
}
