/* The lease of a deployment on this node: run/lease holds the second since
 * boot at which it ends and how long it was, or 0 for none.
 *
 * At its end the programs end.  When nobody has come back for as long again,
 * a keeper that has nothing left to keep removes the deployment: what it does
 * is what strip does, under the same lock. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "base/within.h"
#include "deploy/agent.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	DRAIN_S = 20, /* meters hand over before the collector ends */
	CLEAN_S = 30  /* never less time to come back than this */
};

static long long since_boot(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (long long)now.tv_sec;
}

int lease_write(int dir, int64_t seconds, struct err *err)
{
	long long length = seconds > 0 ? (long long)seconds : 0;
	cleanup_close int fd = -1;
	char text[64];

	/* always as long: over the one before, so that there never is none, nor
	 * is room needed */
	snprintf(text, sizeof(text), "%-20lld %-20lld\n",
		length ? since_boot() + length : 0, length);
	fd = within_open(dir, "run/lease", O_WRONLY | O_CREAT, 0600);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return dep_sys(err, "lease");
	return 0;
}

/* False when there is none. */
static bool read_lease(int dir, long long *ret_until, long long *ret_length)
{
	struct buf text = BUF_INIT(4096);
	bool ok;

	dep_text(dir, "run/lease", &text);
	*ret_length = 0;
	ok = sscanf(buf_str(&text), "%lld %lld", ret_until, ret_length) >= 1 &&
	     *ret_until > 0;
	buf_release(&text);
	return ok;
}

bool lease_exists(int dir)
{
	long long until, length;

	return read_lease(dir, &until, &length);
}

bool lease_is_over(int dir, const char *role)
{
	long long until, length;

	if (!read_lease(dir, &until, &length))
		return false;
	if (strcmp(role, "collector") == 0)
		until += DRAIN_S;
	return since_boot() >= until;
}

static bool is_due(int dir)
{
	long long until, length;

	return read_lease(dir, &until, &length) &&
	       since_boot() >= until + (length > CLEAN_S ? length : CLEAN_S);
}

/* From ROOT/var/lib/netflowize/ID: what stands before the place, and ID. */
static bool split(char *path, char **ret_id)
{
	static const char *const tails[] = {"/var/lib/netflowize",
		"/local/netflowize", "/var/tmp/netflowize"};
	char *slash = strrchr(path, '/');

	if (!slash || !agent_id_ok(slash + 1))
		return false;
	*slash = '\0';
	*ret_id = slash + 1;
	for (size_t i = 0; i < sizeof(tails) / sizeof(*tails); i++) {
		size_t n = strlen(tails[i]), len = strlen(path);

		if (len >= n && strcmp(path + len - n, tails[i]) == 0) {
			path[len - n] = '\0';
			return true;
		}
	}
	return false;
}

static void remove_all(struct agent *a, int dir, const char *id)
{
	bool clean;

	/* busy: somebody has come back after all */
	if (dep_open(a, id, false, 0, NULL) < 0)
		return;
	/* a failure leaves the journal, and strip goes on with that */
	if (!is_due(dir) || dep_undo(a, false, &clean, NULL) < 0)
		dep_close(a);
}

bool lease_clean(int dir)
{
	char path[AGENT_PATH], *id;
	struct agent a = {.in = -1,
		.out = -1,
		.lost = true, /* nobody listens */
		.input = BUF_INIT(4096),
		.words = BUF_INIT(4096),
		.who = "the lease that has run out",
		.dep = {.dir = -1, .journal = -1, .lock = -1}};

	if (!is_due(dir))
		return true;
	if (!getcwd(path, sizeof(path)) || !split(path, &id))
		return false;
	a.root = path;
	if (chdir("/") < 0)
		return false;
	remove_all(&a, dir, id);
	free(a.sockets);
	buf_release(&a.words);
	/* again when it was busy; not when something had to be kept */
	return fchdir(dir) == 0 && is_due(dir) &&
	       faccessat(dir, "run", F_OK, 0) == 0;
}
