/* Reads a file of a node before anything is installed there: one exec channel
 * with a constant command, no agent, no trace. */
#include "base/clock.h"
#include "base/mem.h"
#include "deploy/deploy.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { READ_MS = 15000 };

/* What may be read, and the command for it: no string is ever put together. */
#define READABLE(X)                                                            \
	X("delay_mapping")                                                     \
	X("ifmap")                                                             \
	X("rc.delay")                                                          \
	X("rc.linkdelay")                                                      \
	X("rc.ifc")                                                            \
	X("isdelaynode")                                                       \
	X("nickname")                                                          \
	X("nodeid")                                                            \
	X("role")                                                              \
	X("controlif")                                                         \
	X("topomap")                                                           \
	X("ltmap")                                                             \
	X("ltpmap")

#define COMMAND(what)                                                          \
	"exec /bin/sh -c 'echo; echo NFZ 1 file; "                             \
	"" what " 2>/dev/null || sudo -n " what " 2>/dev/null; "               \
	"x=$?; echo; echo NFZ 1 end $x'"

static const struct {
	const char *path, *command;
} readable[] = {
#define X(name)                                                                \
	{"/var/emulab/boot/" name, COMMAND("cat /var/emulab/boot/" name)},
	READABLE(X)
#undef X
	/* not a file: what the testbed tells the node about its shapers */
	{"tmcc:delay", COMMAND("/usr/local/etc/emulab/tmcc delay")},
	{"uname", COMMAND("uname -s")},
	/* and this is two things at once, each of which may be missing */
	{"virtual", "exec /bin/sh -c 'echo; echo NFZ 1 file; "
		    "echo $SSH_CONNECTION; "
		    "cat /var/emulab/boot/ifmap 2>/dev/null; "
		    "echo; echo NFZ 1 end 0'"},
};

static int talk(struct remote *r, const char *name,
	const struct deploy_options *o, struct buf *out, struct err *err)
{
	const int64_t ms = o->timeout_ms > 0 && o->timeout_ms < READ_MS
				   ? o->timeout_ms
				   : READ_MS;
	const struct mono_time deadline = mono_add_ms(mono_now(), ms);

	for (;;) {
		struct pollfd p = {remote_fd(r), remote_events(r), 0};
		char chunk[8192];
		int open = remote_step(r, err);
		ssize_t n = 0;

		if (open < 0)
			return open;
		while (open &&
			(n = remote_read(r, false, chunk, sizeof(chunk))) > 0)
			buf_add(out, chunk, (size_t)n);
		if (n == -1)
			return 0;
		if (n < 0)
			return err_set(err, NFZ_E_REMOTE,
				"%s: the connection was lost", name);
		if (o->cancel && *o->cancel)
			return err_set(err, NFZ_E_INTERRUPTED, "interrupted");
		if (mono_passed(deadline))
			return err_set(err, NFZ_E_TIMEOUT, "%s: timed out (%s)",
				name, remote_phase(r));
		poll(&p, 1, 50);
	}
}

/* The text between our two lines; what a login shell says stays outside. */
static int cut_out(
	const char *text, const char *path, struct buf *out, struct err *err)
{
	static const char begin[] = "\nNFZ 1 file\n", end[] = "\nNFZ 1 end ";
	const char *from = strstr(text, begin);
	const char *to = NULL;

	if (from) {
		from += sizeof(begin) - 1;
		for (const char *p = from - 1; (p = strstr(p, end)); p++)
			to = p;
	}
	if (!to || strtol(to + sizeof(end) - 1, NULL, 10) != 0)
		return err_set(err, NFZ_E_REMOTE, "%s: cannot be read", path);
	if (to > from)
		buf_add(out, from, (size_t)(to - from));
	return buf_ok(out)
		       ? 0
		       : err_set(err, NFZ_E_LIMIT, "%s: is too large", path);
}

int deploy_read_file(const struct topo_node *node,
	const struct deploy_options *o, const char *path, struct buf *out,
	struct err *err)
{
	const struct remote_target target = {.name = node->name,
		.host = node->m->hostname,
		.address = topology_login(node->m),
		.port = node->m->port,
		.user = o->user ? o->user : node->m->user,
		.gateway = node->m->gateway,
		.host_keys = node->m->host_keys};
	struct buf text = BUF_INIT((8 << 20) + 4096);
	struct remote_keys *keys;
	struct remote *r = NULL;
	const char *command = NULL;
	int result;

	for (size_t i = 0; i < sizeof(readable) / sizeof(*readable); i++)
		if (strcmp(readable[i].path, path) == 0)
			command = readable[i].command;
	if (!command)
		return err_set(err, NFZ_E_INTERNAL,
			"%s is not among the files we read", path);
	keys = remote_keys_load(&o->ssh);
	result = remote_new(&target, keys, command, &r, err);
	if (result == 0)
		result = talk(r, node->name, o, &text, err);
	if (result == 0)
		result = cut_out(buf_str(&text), path, out, err);
	remote_free(r);
	remote_keys_free(keys);
	buf_release(&text);
	return result;
}
