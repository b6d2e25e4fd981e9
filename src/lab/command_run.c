/* nfz-testbed run, exec, login: commands beside the boss and on nodes. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "lab/certs.h"
#include "lab/commands.h"
#include "lab/mounts.h"
#include "lab/netns.h"
#include "lab/node.h"
#include "lab/state.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ANSWER_MAX = 4096 };

struct run {
	const char *exp, *as;
};

const struct opt run_options[] = {
	{.name = "exp",
		.letter = 'e',
		.kind = OPT_TEXT,
		.offset = offsetof(struct run, exp),
		.arg = "PROJ/EXP",
		.help = "which testbed, when several are up"},
	{.name = "as",
		.kind = OPT_TEXT,
		.offset = offsetof(struct run, as),
		.arg = "UID",
		.help = "whose certificate and key (default: user; also: "
			"other)"},
	{.name = NULL}};

struct exec {
	bool user;
};

const struct opt exec_options[] = {
	{.name = "user",
		.letter = 'u',
		.kind = OPT_FLAG,
		.offset = offsetof(struct exec, user),
		.help = "as the experimenter instead of root"},
	{.name = NULL}};

/* A machine without /etc/hosts has nothing to mount ours on: lay a folder that
 * holds it alone over /etc. */
static int add_hosts(const struct testbed *t, const char *path)
{
	char folder[300], file[310], options[320];

	snprintf(folder, sizeof(folder), "%s/etc", t->dir);
	snprintf(file, sizeof(file), "%s/hosts", folder);
	snprintf(options, sizeof(options), "lowerdir=%s:/etc", folder);
	if (mkdir(folder, 0755) < 0 && errno != EEXIST)
		return -1;
	unlink(file);
	if (link(path, file) < 0 && errno != EEXIST)
		return -1;
	return mount("overlay", "/etc", "overlay", MS_RDONLY, options);
}

/* Names of nodes and of the boss, for this command and its children only. */
static int see_hosts(const struct testbed *t, struct err *err)
{
	char path[300];
	int r = mounts_leave(err);

	snprintf(path, sizeof(path), "%s/hosts", t->dir);
	if (r == 0 && mount(path, "/etc/hosts", NULL, MS_BIND, NULL) < 0 &&
		(errno != ENOENT || add_hosts(t, path) < 0))
		r = err_sys(err, "names of %s/%s", t->pid, t->eid);
	return r;
}

static void set_path(void)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *old = getenv("PATH");
	char *path;

	if (n <= 0)
		return;
	self[n] = '\0';
	path = mem_printf("%s:%s", dirname(self),
		old != NULL ? old : "/usr/local/bin:/usr/bin:/bin");
	setenv("PATH", path, 1);
	free(path);
}

static void set_certificates(const struct testbed *t, const char *as)
{
	const char *uid = as != NULL ? as : "user";
	char text[400];

	snprintf(text, sizeof(text), "%s/certs/%.40s.pem", t->dir, uid);
	setenv("NETFLOWIZE_CERTIFICATE", text, 1);
	snprintf(text, sizeof(text), "%s/certs/%s", t->dir, LAB_CERT_CA);
	setenv("NETFLOWIZE_CA", text, 1);
	snprintf(text, sizeof(text), "%s/certs/%.40s.key", t->dir, uid);
	setenv("NETFLOWIZE_SSH_IDENTITY", text, 1);
	setenv("NETFLOWIZE_SSH_USER", uid, 1);
}

/* Nodes of every testbed have the same names, and keys of their own: what is
 * learned of them stays here and out of the user's files. */
static void set_ssh_config(const struct testbed *t)
{
	cleanup_free char *path = mem_printf("%s/ssh_config", t->dir);
	FILE *f = fopen(path, "wex");

	if (f != NULL) {
		fprintf(f, "UserKnownHostsFile %s/known_hosts\n", t->dir);
		fclose(f);
	}
	setenv("NETFLOWIZE_SSH_CONFIG", path, 0);
}

/* The launcher wrote the boss's names; the last one is its full name. */
static int set_server(const struct testbed *t, struct err *err)
{
	char path[300], line[300], ip[64], name[128];
	FILE *f;
	int r = err_set(err, NFZ_E_IO, "%s/%s has no boss", t->pid, t->eid);

	snprintf(path, sizeof(path), "%s/hosts", t->dir);
	f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "%63s %127s", ip, name) == 2 &&
			strncmp(name, "boss.", 5) == 0) {
			snprintf(line, sizeof(line), "%s:3069", name);
			setenv("NETFLOWIZE_SERVER", line, 1);
			err_clear(err);
			r = 0;
			break;
		}
	if (f != NULL)
		fclose(f);
	return r;
}

static int enter_testbed(const struct testbed *t, struct err *err)
{
	int ns, back, r;

	r = netns_of(t->launcher, &ns, err);
	if (r != 0)
		return r;
	if (state_gone(t, 0)) { /* after opening: no other process's */
		close(ns);
		return err_set(err, NFZ_E_NO_EXPERIMENT, "%s/%s has ended",
			t->pid, t->eid);
	}
	r = netns_enter(ns, &back, err);
	close(ns);
	if (r == 0)
		close(back);
	return r;
}

int lab_run(int argc, char **argv, int *ret_status, struct err *err)
{
	struct run o = {NULL, NULL};
	struct testbed t;
	char name[140];
	int next = 0;
	int r = opt_parse_front(run_options, &o, argc, argv, &next, err);

	(void)ret_status;
	if (r != 0)
		return r;
	if (next < argc && strcmp(argv[next], "--") == 0)
		next++;
	if (next >= argc) {
		err_set(err, NFZ_E_USAGE, "run needs a command");
		return err_hint(err, "nfz-testbed run -- netflowize list");
	}
	r = state_find(o.exp, &t, err);
	if (r == 0)
		r = set_server(&t, err);
	if (r == 0)
		r = enter_testbed(&t, err);
	if (r == 0)
		r = see_hosts(&t, err);
	if (r != 0)
		return r;
	set_path();
	set_certificates(&t, o.as);
	set_ssh_config(&t);
	snprintf(name, sizeof(name), "%s/%s", t.pid, t.eid);
	setenv("NFZ_TESTBED", name, 1);
	execvp(argv[next], argv + next);
	r = err_sys(err, "%s", argv[next]);
	*ret_status = errno == ENOENT ? 127 : 126;
	return r;
}

static int find_node(const char *name, const char *node, struct testbed *t,
	struct buf *answer, struct err *err)
{
	char request[120];
	int r = state_find(name, t, err);

	if (r != 0)
		return r;
	snprintf(request, sizeof(request), "node\t%.100s", node);
	return state_ask(t, request, answer, err);
}

int lab_exec(int argc, char **argv, int *ret_status, struct err *err)
{
	struct exec o = {false};
	struct buf answer = BUF_INIT(ANSWER_MAX);
	struct testbed t;
	int next = 0, at;
	int r = opt_parse_front(exec_options, &o, argc, argv, &next, err);

	if (r != 0)
		return r;
	at = next + 2;
	if (at < argc && strcmp(argv[at], "--") == 0)
		at++;
	if (at >= argc) {
		err_set(err, NFZ_E_USAGE, "exec needs a node and a command");
		return err_hint(err, "nfz-testbed exec lab/first nodeA -- ip "
				     "address");
	}
	r = find_node(argv[next], argv[next + 1], &t, &answer, err);
	if (r == 0)
		r = node_exec((pid_t)strtol(buf_str(&answer), NULL, 10),
			o.user ? "user" : NULL, argv + at, ret_status, err);
	buf_release(&answer);
	return r;
}

int lab_login(int argc, char **argv, int *ret_status, struct err *err)
{
	struct buf answer = BUF_INIT(ANSWER_MAX);
	struct testbed t;
	char ip[64] = "", key[320], to[80];
	int r;

	(void)ret_status;
	if (argc < 3) {
		err_set(err, NFZ_E_USAGE, "login needs a testbed and a node");
		return err_hint(err, "nfz-testbed login lab/first nodeA");
	}
	r = find_node(argv[1], argv[2], &t, &answer, err);
	if (r == 0 && sscanf(buf_str(&answer), "%*d %*s %63s", ip) != 1)
		r = err_set(err, NFZ_E_IO, "the launcher gave no address");
	buf_release(&answer);
	if (r == 0)
		r = enter_testbed(&t, err);
	if (r != 0)
		return r;
	snprintf(key, sizeof(key), "%s/certs/user.key", t.dir);
	snprintf(to, sizeof(to), "user@%s", ip);
	/* the machine is ours and only reachable from here */
	execlp("ssh", "ssh", "-i", key, "-o", "IdentitiesOnly=yes", "-o",
		"StrictHostKeyChecking=no", "-o",
		"UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", to,
		argv[3], (char *)NULL);
	return err_sys(err, "ssh");
}
