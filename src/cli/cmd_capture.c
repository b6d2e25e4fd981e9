/* netflowize capture: a bounded sample of what is on a link, brought home as a
 * capture file.  The meter's node is asked, by a program of its own that ends
 * by itself; nothing is written there. */
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/nodes.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct capture_command {
	struct common common;
	const char *topology, *write;
	int64_t count, for_ms;
};

#define AT(member) offsetof(struct capture_command, member)

static const struct opt options[] = {
	{"write", 'w', OPT_TEXT, AT(write), "FILE",
		"the capture file; - is standard output", NULL, 0, 0},
	{"count", 0, OPT_INT, AT(count), "N", "at most N frames (1000)", NULL,
		1, 1000000},
	{"for", 0, OPT_SPAN, AT(for_ms), "TIME", "at most so long (10s)", NULL,
		1, INT64_MAX},
	{"topology", 0, OPT_TEXT, AT(topology), "FILE",
		"nodes from a file instead of the testbed", NULL, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

/* What comes from one node. */
struct arrival {
	const char *path;
	int fd; /* -1: nothing has come yet */
	struct buf said;
	struct err err;
	int result;
};

static int arrive(void *ctx, const char *node, bool is_stderr, const void *data,
	size_t len)
{
	struct arrival *a = ctx;

	(void)node;
	if (is_stderr) {
		buf_add(&a->said, data, len);
		return buf_ok(&a->said) ? 0 : -NFZ_E_LIMIT;
	}
	if (a->fd < 0)
		a->fd = strcmp(a->path, "-") == 0
				? dup(STDOUT_FILENO)
				: open(a->path,
					  O_WRONLY | O_CREAT | O_TRUNC |
						  O_CLOEXEC,
					  0600);
	if (a->fd < 0)
		a->result = err_sys(&a->err, "%s", a->path);
	if (a->result == 0 && file_write_all(a->fd, data, len, &a->err) < 0)
		a->result = err_wrap(&a->err, "%s", a->path);
	return a->result;
}

/* What comes in pieces of any length may end within a frame.  What is behind
 * standard output is not ours to cut: it may hold more than this. */
static void keep_whole(const struct arrival *a)
{
	enum { PCAP_HEAD = 24, RECORD_HEAD = 16, LENGTH_AT = 8 };
	cleanup_close int in = -1;
	uint8_t head[RECORD_HEAD];
	off_t at = PCAP_HEAD;
	struct stat st;
	ssize_t n;

	if (strcmp(a->path, "-") == 0 || fstat(a->fd, &st) < 0 ||
		!S_ISREG(st.st_mode))
		return;
	in = open(a->path, O_RDONLY | O_CLOEXEC);
	while ((n = pread(in, head, sizeof(head), at)) == RECORD_HEAD) {
		uint32_t len;

		memcpy(&len, head + LENGTH_AT, sizeof(len));
		if (at + RECORD_HEAD + (off_t)len > st.st_size)
			break;
		at += RECORD_HEAD + (off_t)len;
	}
	if (n < 0 || (at < st.st_size && ftruncate(a->fd, at) < 0))
		log_warning("the last frame may not be whole");
}

/* The nodes that may have a tap on the link: on the wire, or at its ends. */
static size_t candidates(
	const struct topology *t, int link, int *nodes, size_t room)
{
	const struct topo_link *l = &t->links[link];
	size_t n = 0;

	for (size_t i = 0; i < t->n_bridges && n < room; i++)
		if (t->bridges[i].link == link)
			nodes[n++] = t->bridges[i].node;
	for (size_t i = 0; i < l->n_members && n < room; i++)
		nodes[n++] = t->ifaces[l->members[i].iface].node;
	return n;
}

/* One node: 0, or < 0 when it has no tap there or could not be asked. */
static int ask_node(struct nodes_context *n, const struct topology *t, int node,
	const char *const *argv, struct err *err)
{
	struct arrival *a = n->options.ctx;
	cleanup_free char *said = NULL;
	int status = 0, r;

	buf_reset(&a->said);
	r = deploy_run(t, &n->options, node, argv, arrive, &status, err);
	if (a->result < 0) {
		*err = a->err;
		return a->result;
	}
	if (r < 0)
		return r;
	said = mem_strdup(buf_str(&a->said));
	utf8_disarm(said);
	if (status != 0)
		return err_set(err,
			a->fd < 0 ? NFZ_E_NO_DEPLOYMENT : NFZ_E_REMOTE,
			"%s: %.300s", t->nodes[node].name, said);
	fprintf(stderr, "%s: %s", t->nodes[node].name, said);
	return 0;
}

static int ask_in_turn(struct nodes_context *n, const struct topology *t,
	int link, const char *const *argv, struct err *err)
{
	size_t room = t->n_bridges + t->links[link].n_members;
	cleanup_free int *nodes = mem_zalloc(room + 1, sizeof(*nodes));
	size_t found = candidates(t, link, nodes, room);
	const struct arrival *a = n->options.ctx;
	struct err kept = ERR_INIT;

	for (size_t i = 0; i < found; i++) {
		int r = ask_node(n, t, nodes[i], argv, err);

		if (r == 0 || r == -NFZ_E_INTERRUPTED || a->fd >= 0)
			return r;
		if (r != -NFZ_E_NO_DEPLOYMENT)
			kept = *err;
	}
	/* the probe may be on the one that could not be asked */
	if (kept.code) {
		*err = kept;
		return -(int)kept.code;
	}
	err_set(err, NFZ_E_NO_DEPLOYMENT, "no probe watches link %s now",
		t->links[link].name);
	return err_hint(
		err, "What runs where: netflowize status %s", n->target);
}

static const char *nth_link(const void *ctx, size_t i)
{
	const struct topology *t = ctx;

	return i < t->n_links ? t->links[i].name : NULL;
}

static int no_link(const struct topology *t, const char *name, struct err *err)
{
	const char *near = opt_nearest(name, nth_link, t);

	err_set(err, NFZ_E_USAGE, "there is no link %s in this experiment",
		name);
	if (near)
		return err_hint(err, "Did you mean %s?", near);
	return err_hint(err, "netflowize plan shows the links");
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	cleanup(topology_free_at) struct topology *t = NULL;
	struct capture_command o = {.count = 1000, .for_ms = 10000};
	struct arrival a = {.fd = -1, .said = BUF_INIT(1 << 16)};
	struct nodes_context n;
	char count[24], span[32];
	int words, skip, link, r;

	r = command_parse(app, &cmd_capture, &o, argc, argv, &words, err);
	if (r < 0 || words < 0)
		return r;
	skip = o.topology ? 0 : 1;
	if (words != skip + 1 || !o.write) {
		err_set(err, NFZ_E_USAGE,
			"capture needs a link, and --write FILE");
		return err_hint(err, "Example: %s", cmd_capture.example);
	}
	r = nodes_topology(app, o.topology, skip ? argv[1] : NULL, &t, err);
	if (r < 0)
		return r;
	link = topology_link(t, argv[1 + skip]);
	if (link < 0)
		return no_link(t, argv[1 + skip], err);
	snprintf(count, sizeof(count), "%lld", (long long)o.count);
	snprintf(span, sizeof(span), "%lldms", (long long)o.for_ms);
	a.path = o.write;
	nodes_init(&n, app, t);
	n.options.progress = NULL;
	n.options.ctx = &a;
	n.options.takes_ms = o.for_ms;
	r = ask_in_turn(&n, t, link,
		(const char *[]){"nfz-meter", "--setup", "etc/meter.setup",
			"--dump", t->links[link].name, "--count", count,
			"--for", span, NULL},
		err);
	if (r < 0 && a.fd >= 0)
		keep_whole(&a);
	if (a.fd >= 0 && close(a.fd) < 0 && r == 0)
		r = err_sys(err, "%s", o.write);
	buf_release(&a.said);
	return r;
}

const struct command cmd_capture = {.name = "capture",
	.usage = "PROJ/EXP LINK --write FILE",
	.summary = "Bring home a few frames of a link, as a capture file",
	.example = "netflowize capture netsec/dumbbell core --count 100 -w "
		   "core.pcap",
	.options = options,
	.words = 2,
	.run = run};
