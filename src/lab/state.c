/* A testbed is up while a process with the recorded pid *and* start time
 * lives: a pid alone may be somebody else's by now.  What a killed launcher
 * leaves is this directory, no more; the next command removes it. */
#define _GNU_SOURCE
#include "lab/state.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/unixsock.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_MS = 120000, PAUSE_MS = 5, SOCKET_DIR_MAX = 90 };

const char *state_root(void)
{
	const char *set = getenv("NFZ_TESTBED_DIR");

	return set != NULL && *set != '\0' ? set : "/run/nfz-testbed";
}

static bool good_name(const char *s, size_t n)
{
	if (n == 0 || n > 40)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '-' && s[i] != '_')
			return false;
	return s[0] != '-';
}

int state_name(const char *name, struct testbed *ret, struct err *err)
{
	const char *slash = strchr(name, '/');
	struct testbed t = {.launcher = 0};

	if (slash == NULL || !good_name(name, (size_t)(slash - name)) ||
		!good_name(slash + 1, strlen(slash + 1))) {
		err_set(err, NFZ_E_USAGE, "\"%.80s\" is no experiment name",
			name);
		return err_hint(err, "a name is PROJECT/EXPERIMENT, letters, "
				     "digits and '-' only: lab/first");
	}
	snprintf(t.pid, sizeof(t.pid), "%.*s", (int)(slash - name), name);
	snprintf(t.eid, sizeof(t.eid), "%s", slash + 1);
	snprintf(t.dir, sizeof(t.dir), "%.120s/%.50s+%.50s", state_root(),
		t.pid, t.eid);
	*ret = t;
	return 0;
}

/* Still running: the same process, and not just waiting to be buried. */
static bool runs(pid_t pid, uint64_t start)
{
	struct buf text = BUF_INIT(4096);
	struct err ignored = ERR_INIT;
	char path[64];
	const char *end;
	uint64_t now = 0;
	bool dead;

	if (!proc_start_time(pid, &now) || now != start)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (file_read(path, &text, &ignored) != 0)
		buf_reset(&text);
	end = strrchr(buf_str(&text), ')');
	dead = end == NULL || strncmp(end, ") Z", 3) == 0 ||
	       strncmp(end, ") X", 3) == 0;
	buf_release(&text);
	return !dead;
}

static bool alive(struct testbed *t)
{
	struct buf text = BUF_INIT(256);
	struct err err = ERR_INIT;
	char path[300];
	unsigned long long start = 0;
	int pid = 0, n = 0;

	snprintf(path, sizeof(path), "%s/launcher", t->dir);
	if (file_read(path, &text, &err) == 0)
		n = sscanf(buf_str(&text), "%d %llu", &pid, &start);
	buf_release(&text);
	t->launcher = pid;
	t->start = start;
	return n == 2 && runs(pid, start);
}

void state_unlock(const struct testbed *t, int lock)
{
	char path[300];

	snprintf(path, sizeof(path), "%s.lock", t->dir);
	unlink(path);
	close(lock);
}

/* Removes a dead one, unless somebody is bringing it up just now. */
static void sweep(const struct testbed *t)
{
	char path[300];
	struct err err = ERR_INIT;
	int lock;

	snprintf(path, sizeof(path), "%s.lock", t->dir);
	if (file_lock(path, &lock, &err) != 0)
		return;
	state_remove(t);
	state_unlock(t, lock);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct testbed *)a)->dir,
		((const struct testbed *)b)->dir);
}

int state_list(struct testbed **ret, size_t *ret_n, struct err *err)
{
	DIR *dir = opendir(state_root());
	struct testbed *list = NULL;
	size_t n = 0, cap = 0;
	struct dirent *d;

	while (dir != NULL && (d = readdir(dir)) != NULL) {
		const char *plus = strchr(d->d_name, '+');
		char name[300];
		struct testbed t;

		if (plus == NULL || strchr(d->d_name, '.') != NULL)
			continue;
		snprintf(name, sizeof(name), "%.*s/%s", (int)(plus - d->d_name),
			d->d_name, plus + 1);
		if (state_name(name, &t, err) != 0)
			continue;
		if (alive(&t))
			MEM_PUSH(list, n, cap) = t;
		else
			sweep(&t);
	}
	if (dir != NULL)
		closedir(dir);
	err_clear(err);
	if (n > 1)
		qsort(list, n, sizeof(*list), by_name);
	*ret = list;
	*ret_n = n;
	return 0;
}

int state_find(const char *name, struct testbed *ret, struct err *err)
{
	struct testbed *list = NULL;
	size_t n = 0;
	int r;

	if (name != NULL) {
		r = state_name(name, ret, err);
		if (r != 0)
			return r;
		if (alive(ret))
			return 0;
		err_set(err, NFZ_E_NO_EXPERIMENT, "no testbed %s is up", name);
		return err_hint(err,
			"nfz-testbed list shows what is up; "
			"nfz-testbed up FILE --exp %s brings "
			"one up",
			name);
	}
	r = state_list(&list, &n, err);
	if (r == 0 && n == 1)
		*ret = list[0];
	else if (r == 0 && n == 0) {
		r = err_set(err, NFZ_E_NO_EXPERIMENT, "no testbed is up");
		err_hint(err, "nfz-testbed up FILE brings one up");
	} else if (r == 0) {
		r = err_set(err, NFZ_E_USAGE, "%zu testbeds are up", n);
		err_hint(err, "choose with --exp: %s/%s, %s/%s%s", list[0].pid,
			list[0].eid, list[1].pid, list[1].eid,
			n > 2 ? ", ..." : "");
	}
	free(list);
	return r;
}

int state_claim(struct testbed *t, int *ret_lock, struct err *err)
{
	char path[300];
	int r;

	if (strlen(t->dir) > SOCKET_DIR_MAX)
		return err_set(err, NFZ_E_CONFIG,
			"%s is too long a path for a socket in it", t->dir);
	r = file_make_dirs(state_root(), 0755, err);

	if (r != 0)
		return r;
	snprintf(path, sizeof(path), "%s.lock", t->dir);
	r = file_lock(path, ret_lock, err);
	if (r == 0 && alive(t)) {
		state_unlock(t, *ret_lock);
		r = -NFZ_E_BUSY;
	}
	if (r == -NFZ_E_BUSY) {
		err_set(err, NFZ_E_BUSY, "testbed %s/%s is up already", t->pid,
			t->eid);
		return err_hint(err,
			"nfz-testbed down %s/%s takes it down; "
			"--exp gives another name",
			t->pid, t->eid);
	}
	if (r != 0)
		return r;
	state_remove(t);
	r = file_make_dirs(t->dir, 0700, err);
	if (r != 0)
		state_unlock(t, *ret_lock);
	return r;
}

int state_publish(struct testbed *t, struct err *err)
{
	char path[300], text[64];

	t->launcher = getpid();
	if (!proc_start_time(t->launcher, &t->start))
		return err_set(err, NFZ_E_IO, "own start time is unknown");
	snprintf(path, sizeof(path), "%s/launcher", t->dir);
	snprintf(text, sizeof(text), "%d %llu\n", (int)t->launcher,
		(unsigned long long)t->start);
	return file_replace(path, 0600, text, strlen(text), err);
}

void state_remove(const struct testbed *t)
{
	struct err ignored = ERR_INIT;

	if (file_remove_tree(t->dir, &ignored) != 0)
		err_clear(&ignored);
}

bool state_gone(const struct testbed *t, int64_t ms)
{
	struct mono_time end = mono_add_ms(mono_now(), ms);

	while (runs(t->launcher, t->start)) {
		if (mono_passed(end))
			return false;
		clock_sleep_ms(PAUSE_MS);
	}
	return true;
}

/* ---- questions ---- */

static int reach(const struct testbed *t, struct err *err)
{
	cleanup_free char *path = mem_printf("%s/control", t->dir);
	int fd, r = unixsock_connect(path, ANSWER_MS, &fd, err);

	if (r < 0)
		return err_wrap(err, "the launcher of %s/%s", t->pid, t->eid);
	return fd;
}

static int collect(int fd, struct buf *answer, struct err *err)
{
	struct mono_time end = mono_add_ms(mono_now(), ANSWER_MS);

	for (;;) {
		struct pollfd p = {fd, POLLIN, 0};
		char chunk[8192];
		ssize_t n;

		if (poll(&p, 1, mono_ms_until(end)) <= 0)
			return err_set(err, NFZ_E_TIMEOUT,
				"the launcher does not answer");
		n = read(fd, chunk, sizeof(chunk));
		if (n == 0)
			return 0;
		if (n < 0)
			return err_sys(err, "the launcher");
		buf_add(answer, chunk, (size_t)n);
	}
}

/* "ok\n" and a body, or "error CODE\n", the sentence, "\x1e", the remedy. */
static int understand(struct buf *answer, struct err *err)
{
	const char *text = buf_str(answer);
	int code = 0;

	if (strncmp(text, "ok\n", 3) == 0) {
		buf_consume(answer, 3);
		return 0;
	}
	if (sscanf(text, "error %d", &code) != 1 || code <= 0 ||
		code >= NFZ_E_COUNT)
		return err_set(err, NFZ_E_IO, "the launcher ended in between");
	text = strchr(text, '\n');
	if (text == NULL)
		return err_set(err, (enum nfz_error)code, "unknown reason");
	text++;
	const char *hint = strchr(text, '\x1e');
	err_set(err, (enum nfz_error)code, "%.*s",
		(int)(hint != NULL ? (size_t)(hint - text) : strlen(text)),
		text);
	if (hint != NULL && hint[1] != '\0')
		err_hint(err, "%s", hint + 1);
	return -code;
}

int state_ask(const struct testbed *t, const char *request, struct buf *answer,
	struct err *err)
{
	int fd = reach(t, err), r;

	if (fd < 0)
		return fd;
	r = file_write_all(fd, request, strlen(request), err);
	shutdown(fd, SHUT_WR);
	if (r == 0)
		r = collect(fd, answer, err);
	close(fd);
	return r == 0 ? understand(answer, err) : r;
}

void state_answer(
	struct buf *out, int result, const struct err *err, const char *body)
{
	if (result == 0)
		buf_addf(out, "ok\n%s", body);
	else
		buf_addf(out, "error %d\n%s\x1e%s", -result, err->text,
			err->hint);
}
