/* Until the agent speaks: the bootstrap's words, and what each asks of us. */
#include "base/net.h"
#include "deploy/bootstrap.h"
#include "deploy/fleet_io.h"

#include <stdio.h>
#include <string.h>

enum { LINE_LIMIT = 65536 /* of banners before our first word */ };

static const char *last_stderr_line(struct fleet_io *io, char *to, size_t size)
{
	char *text = io->stderr_tail.data;
	size_t n = io->stderr_tail.len;
	size_t start;

	while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	for (start = n; start && text[start - 1] != '\n'; start--)
		;
	snprintf(to, size, "%.*s", (int)(n - start), text ? text + start : "");
	return to;
}

/* The channel closed before the agent spoke: why? */
int fleet_boot_ended(struct fleet_node *n, bool rooted, struct err *err)
{
	char line[200];

	last_stderr_line(n->io, line, sizeof(line));
	if (!rooted) {
		err_set(err, NFZ_E_NO_SUDO,
			"%s: the login is not root, and sudo without a "
			"password does not work%s%s%s",
			n->name, line[0] ? " (" : "", line, line[0] ? ")" : "");
		return err_hint(err,
			"The programs must open interfaces as "
			"root once.  Allow sudo for your user there, log in "
			"as root (--ssh-user root), or leave the node out with "
			"--avoid");
	}
	return err_set(err, NFZ_E_REMOTE,
		"%s: the node's shell ended before the agent started%s%s",
		n->name, line[0] ? ": " : "", line);
}

/* In the middle of a call, or between two. */
int fleet_agent_ended(const struct fleet_node *n, struct err *err)
{
	const struct reply *r = &n->io->reply;

	for (size_t i = 0; i < r->n_notes; i++) {
		const char *who = frame_arg(&r->notes[i], 1);

		if (strcmp(frame_arg(&r->notes[i], 0), "ended") != 0)
			continue;
		err_set(err, NFZ_E_REMOTE,
			*who ? "%s: %.60s removes deployment %.16s there"
			     : "%s: its agent was told to end",
			n->name, who, frame_arg(&r->notes[i], 2));
		return err_hint(err, "Wait until that is done, then run this "
				     "again");
	}
	err_set(err, NFZ_E_REMOTE,
		"%s: the agent ended in the middle of a call", n->name);
	return err_hint(err, "\"netflowize list\" tells what is there; then "
			     "run this again");
}

static int no_program(struct fleet_node *n, const char *what, struct err *err)
{
	err_set(err, NFZ_E_NODE_OS, "%s: there is no program for %s", n->name,
		what[0] ? what : "its system");
	if (strcmp(what, "aarch64") == 0)
		return err_hint(err,
			"Build them (make aarch64), or leave it out: --avoid "
			"%s",
			n->name);
	return err_hint(err, "Leave it out: --avoid %s", n->name);
}

/* The agent will ask for its own bytes: begin_sending().  What goes before them
 * is made once for all nodes. */
static int announce(struct fleet *f, struct fleet_node *n, struct err *err)
{
	const struct payload *p = payloads_for(f->payloads, n->arch);
	const struct payload_boot *boot;
	int r;

	if (!p)
		return no_program(n, n->arch, err);
	r = payload_boot(p, &boot, err);
	if (r < 0)
		return r;
	if (!boot->line.len)
		bootstrap_send(p->agent->sha, p->agent->size, boot->packed,
			&boot->unpack, &p->boot->line);
	buf_add(&n->io->out, boot->line.data, boot->line.len);
	n->binary_sent += boot->unpack.len;
	return 0;
}

static int begin_sending(struct fleet *f, struct fleet_node *n, struct err *err)
{
	const struct payload *p = payloads_for(f->payloads, n->arch);
	const struct payload_boot *boot;
	struct fleet_io *io = n->io;
	struct err later = ERR_INIT;
	int r = p ? payload_boot(p, &boot, err) : no_program(n, n->arch, err);

	if (r < 0)
		return r;
	/* While others log in: later, all wait for the collector's programs.
	 * What is wrong then is said of the node that needs it. */
	if (payload_check(p, &later) < 0)
		err_clear(&later);
	io->data = boot->block;
	io->data_len = boot->packed;
	io->data_sent = 0;
	io->data_frames = false;
	io->data_binary = true;
	io->data_end = false;
	io->phase = IO_SENDING;
	snprintf(io->phase_text, sizeof(io->phase_text), "transfer");
	fleet_io_within(io, f->options.stall_ms);
	return 0;
}

/* "10.0.0.9 51234 10.0.0.1 22": where we come from, where we came in. */
static void take_address(struct fleet_node *n, const char *rest)
{
	char word[sizeof(n->own_address)] = "";
	struct net_addr a;

	if (sscanf(rest, "%*s %*s %63s", word) == 1 && net_addr_parse(word, &a))
		snprintf(n->own_address, sizeof(n->own_address), "%s", word);
}

static int on_word(struct fleet *f, struct fleet_node *n, const char *line,
	struct err *err)
{
	struct fleet_io *io = n->io;
	enum bootstrap_word word;
	const char *rest;

	word = bootstrap_parse(line, &rest);
	switch (word) {
	case BOOTSTRAP_NOISE:
		return 0;
	case BOOTSTRAP_USER:
		take_address(n, rest);
		snprintf(io->phase_text, sizeof(io->phase_text), "sudo");
		return 0;
	case BOOTSTRAP_ROOT:
		snprintf(io->phase_text, sizeof(io->phase_text), "start");
		/* of no other system there is a program */
		if (strncmp(rest, "Linux ", 6) == 0)
			rest += 6;
		snprintf(n->arch, sizeof(n->arch), "%s", rest);
		return 0;
	case BOOTSTRAP_NONE:
		n->none = true;
		io->phase = IO_PARKED;
		fleet_io_arrived(f, io);
		return 1;
	case BOOTSTRAP_OS:
		return no_program(n, rest, err);
	case BOOTSTRAP_NO_PLACE:
		err_set(err, NFZ_E_NO_PLACE,
			"%s: no directory of /var/lib, /local and /var/tmp "
			"lets us make and run a file, nor /dev/shm",
			n->name);
		return err_hint(err, "Leave it out: --avoid %s", n->name);
	case BOOTSTRAP_NEED: /* however often it says so */
		return io->out.len ? 0 : announce(f, n, err);
	case BOOTSTRAP_PACKED:
		/* each time it were progress, without end */
		if (io->phase == IO_SENDING)
			return err_set(err, NFZ_E_REMOTE,
				"%s: it asks for the agent again and again",
				n->name);
		return begin_sending(f, n, err);
	case BOOTSTRAP_FULL:
		err_set(err, NFZ_E_DISK_FULL,
			"%s: disk full: no room for the agent", n->name);
		return err_hint(err, "Make room on the node, then run this "
				     "again");
	case BOOTSTRAP_BAD:
		return err_set(err, NFZ_E_REMOTE,
			"%s: the agent did not arrive whole", n->name);
	case BOOTSTRAP_AGENT:
		io->phase = IO_AGENT;
		io->data = NULL;
		fleet_io_arrived(f, io);
		return 0;
	}
	return 0;
}

/* Lines until the agent speaks.  1: the node is through (nothing there). */
int fleet_boot_lines(struct fleet *f, struct fleet_node *n, struct err *err)
{
	struct fleet_io *io = n->io;

	while (io->phase == IO_SCRIPT || io->phase == IO_SENDING) {
		const char *text = buf_str(&io->in);
		const char *end = memchr(text, '\n', io->in.len);
		char line[256];
		size_t len;
		int r;

		if (!end && io->in.len > LINE_LIMIT)
			return err_set(err, NFZ_E_REMOTE,
				"%s: its login says too much", n->name);
		if (!end)
			return 0;
		len = (size_t)(end - text);
		snprintf(line, sizeof(line), "%.*s", (int)len, text);
		line[strcspn(line, "\r")] = '\0';
		buf_consume(&io->in, len + 1);
		r = on_word(f, n, line, err);
		if (r)
			return r;
	}
	return 0;
}

void fleet_boot_begin(struct fleet *f, struct fleet_node *n)
{
	struct bootstrap_agent agents[8];
	size_t k = 0;

	for (size_t i = 0; i < f->payloads->n && k < 8; i++) {
		const struct payload *p = &f->payloads->items[i];

		agents[k++] = (struct bootstrap_agent){p->arch, p->agent->sha};
	}
	bootstrap_script(agents, k, n->look, &n->io->out);
}

/* The node that was only looked at shall have an agent after all. */
int fleet_boot_go_on(struct fleet *f, struct fleet_node *n, struct err *err)
{
	n->none = false;
	n->io->phase = IO_SCRIPT;
	fleet_io_within(n->io, f->options.start_ms);
	return announce(f, n, err);
}
