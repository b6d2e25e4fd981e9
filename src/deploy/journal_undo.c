/* Undo: the journal's records, last one first.
 *
 * Nothing outside the deployment's directory can be touched: paths are walked
 * part by part from its descriptor without following links, and a process is
 * ended only when pid, start time and boot all say that it is the one.
 * A file is removed only when its content is one we journaled for it (several
 * when it was replaced), else it is reported and kept unless forced. */
#define _GNU_SOURCE
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"
#include "deploy/journal.h"
#include "format/crypto.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct undo {
	int dir;
	const struct journal_undo *how;
	const struct journal_list *list;
	size_t kept;
};

static void keep(struct undo *u, const char *path, const char *why)
{
	u->kept++;
	if (u->how->kept)
		u->how->kept(u->how->ctx, path, why);
}

/* Opens the directory that holds the last part of path; *ret_name points to
 * that part.  -1 with errno ENOENT when some part is gone, ELOOP or ENOTDIR
 * when it is not a directory of ours any more. */
static int open_parent(int dir, const char *path, const char **ret_name)
{
	int fd = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	const char *slash;

	while (fd >= 0 && (slash = strchr(path, '/'))) {
		char part[256];
		int next;

		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		next = openat(fd, part,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(fd);
		fd = next;
		path = slash + 1;
	}
	*ret_name = path;
	return fd;
}

static bool hash_fd(int fd, char text[static 65])
{
	struct crypto_sha256 s;
	uint8_t sum[CRYPTO_SHA256];
	char chunk[16384];
	ssize_t n;

	crypto_sha256_init(&s);
	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		crypto_sha256_add(&s, chunk, (size_t)n);
	}
	crypto_sha256_end(&s, sum);
	crypto_hex(sum, sizeof(sum), text);
	return true;
}

static bool was_ours(const struct undo *u, const char *path, const char *sha)
{
	for (size_t i = 0; i < u->list->n; i++) {
		const struct journal_record *r = &u->list->records[i];

		if (r->path && r->sha[0] && strcmp(r->path, path) == 0 &&
			strcmp(r->sha, sha) == 0)
			return true;
	}
	return false;
}

/* Overwrites a key file, so that the bytes do not stay on the disk. */
static void overwrite(int parent, const char *name, const struct stat *st)
{
	cleanup_close int fd = openat(
		parent, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char zeros[4096] = {0};
	off_t left = st->st_size;

	if (fd < 0 || st->st_nlink != 1)
		return;
	while (left > 0) {
		size_t n = left < (off_t)sizeof(zeros) ? (size_t)left
						       : sizeof(zeros);
		ssize_t w = write(fd, zeros, n);

		if (w <= 0)
			return;
		left -= w;
	}
	(void)fdatasync(fd);
}

static int undo_file(struct undo *u, const struct journal_record *r, int parent,
	const char *name, struct err *err)
{
	struct stat st;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(err, "%s", r->path);
	if (S_ISDIR(st.st_mode)) {
		keep(u, r->path, "is a directory now");
		return 0;
	}
	if (r->sha[0] && !u->how->force) {
		cleanup_close int fd = -1;
		char sha[65];

		if (S_ISREG(st.st_mode))
			fd = openat(parent, name,
				O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0 || !hash_fd(fd, sha) || !was_ours(u, r->path, sha)) {
			keep(u, r->path, "was modified since deployment");
			return 0;
		}
	}
	if (r->kind == JOURNAL_SECRET && S_ISREG(st.st_mode))
		overwrite(parent, name, &st);
	if (unlinkat(parent, name, 0) < 0 && errno != ENOENT)
		return err_sys(err, "%s", r->path);
	return 0;
}

static int remove_tree_at(int parent, const char *name, struct err *err)
{
	char path[320];

	/* file_remove_tree takes a path: name it through the descriptor */
	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", parent, name);
	return file_remove_tree(path, err);
}

/* These stay until nothing else is left: an undo that is cut off, or that had
 * to keep something, can be told whose it was and be tried again. */
static const char *const last_files[] = {"tag", "lock", "journal"};

static bool goes_last(const char *name)
{
	for (size_t i = 0; i < sizeof(last_files) / sizeof(*last_files); i++)
		if (strcmp(name, last_files[i]) == 0)
			return true;
	return false;
}

/* Reports what is still in a directory that should be empty.  With path ""
 * that is the deployment's own, where journal and lock go last. */
static int undo_strays(struct undo *u, int parent, const char *name,
	const char *path, struct err *err)
{
	int fd = openat(
		parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	int r = 0;

	if (!d)
		return errno == ENOENT ? 0 : err_sys(err, "%s", path);
	while ((e = readdir(d))) {
		char full[640];

		if (strcmp(e->d_name, ".") == 0 ||
			strcmp(e->d_name, "..") == 0 ||
			(!*path && goes_last(e->d_name)))
			continue;
		snprintf(full, sizeof(full), "%s%s%s", path, *path ? "/" : "",
			e->d_name);
		if (!u->how->force)
			keep(u, full, "is not a file of ours");
		else if (remove_tree_at(fd, e->d_name, err) < 0)
			r = -NFZ_E_IO;
	}
	closedir(d);
	return r;
}

static int undo_dir(struct undo *u, const struct journal_record *r, int parent,
	const char *name, struct err *err)
{
	size_t before = u->kept;
	int result;

	if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno == ENOTDIR) {
		keep(u, r->path, "is not a directory any more");
		return 0;
	}
	if (errno != ENOTEMPTY && errno != EEXIST)
		return err_sys(err, "%s", r->path);
	/* files kept above were reported by their own records */
	if (before && !u->how->force)
		return 0;
	result = undo_strays(u, parent, name, r->path, err);
	if (result == 0 && u->how->force &&
		unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(err, "%s", r->path);
	return result;
}

/* Only one of a name like ours, in one of two places, and only when no process
 * is in it (any more: the kernel may need a moment). */
static int undo_cgroup(const struct journal_record *r, struct err *err)
{
	static const char *const places[] = {"", "/cpu"};
	char path[320];

	if (strncmp(r->path, "netflowize-", 11) != 0 || strchr(r->path, '/'))
		return 0;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		snprintf(path, sizeof(path), CGROUP_ROOT "%s/%s", places[i],
			r->path);
		for (int k = 0; rmdir(path) < 0; k++) {
			if (errno != EBUSY)
				break; /* gone, or there never was one */
			if (k == 100)
				return err_sys(err, "%s", path);
			clock_sleep_ms(10);
		}
	}
	return 0;
}

static int undo_path(
	struct undo *u, const struct journal_record *r, struct err *err)
{
	const char *name;
	cleanup_close int parent = -1;

	if (r->kind == JOURNAL_CGROUP)
		return undo_cgroup(r, err);
	parent = open_parent(u->dir, r->path, &name);
	if (parent < 0) {
		if (errno == ENOENT)
			return 0;
		keep(u, r->path, "its directory is a link or a file now");
		return 0;
	}
	switch (r->kind) {
	case JOURNAL_DIR:
		return undo_dir(u, r, parent, name, err);
	case JOURNAL_TREE:
		return remove_tree_at(parent, name, err);
	case JOURNAL_FILE:
	case JOURNAL_SECRET:
	case JOURNAL_TEMP:
		return undo_file(u, r, parent, name, err);
	case JOURNAL_CGROUP:
	case JOURNAL_PROC:
		break;
	}
	return 0;
}

/* Was this path dealt with when a later record named it? */
static bool again(const struct journal_list *list, size_t at)
{
	for (size_t i = at + 1; i < list->n; i++)
		if (list->records[i].path &&
			strcmp(list->records[i].path, list->records[at].path) ==
				0)
			return true;
	return false;
}

int journal_undo(int dir, const struct journal_undo *how, bool *ret_clean,
	struct err *err)
{
	struct journal_list list
		__attribute__((__cleanup__(journal_list_release))) = {0};
	struct undo u = {.dir = dir, .how = how, .list = &list};
	int result = journal_read(dir, &list, err);

	if (result < 0)
		return result;
	for (size_t i = list.n; i-- > 0;) {
		const struct journal_record *r = &list.records[i];
		int one = 0;

		if (r->path && (goes_last(r->path) || again(&list, i)))
			continue;
		if (r->kind != JOURNAL_PROC)
			one = undo_path(&u, r, err);
		else if (!journal_end_process(r, how->stop_ms))
			one = err_set(err, NFZ_E_REMOTE,
				"process %d (%s) does not end", (int)r->pid,
				r->role);
		if (one < 0)
			result = one;
	}
	if (result == 0 && (u.kept == 0 || how->force))
		result = undo_strays(&u, dir, ".", "", err);
	if (result < 0)
		return result;
	*ret_clean = u.kept == 0;
	for (size_t i = 0;
		*ret_clean && i < sizeof(last_files) / sizeof(*last_files); i++)
		if (unlinkat(dir, last_files[i], 0) < 0 && errno != ENOENT)
			return err_sys(err, "%s", last_files[i]);
	return 0;
}

static char process_state(pid_t pid)
{
	struct buf text = BUF_INIT(4096);
	char path[64], state = 'X';
	const char *p;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (file_read(path, &text, NULL) == 0) {
		p = strrchr(buf_str(&text), ')');
		if (p && p[1] == ' ')
			state = p[2];
	}
	buf_release(&text);
	return state;
}

void journal_boot(char ret[static 40])
{
	uint64_t first = 0;
	char id[40];

	proc_boot_id(id);
	proc_start_time(1, &first);
	snprintf(ret, 40, "%.20s-%llx", id, (unsigned long long)first);
}

bool journal_process_lives(const struct journal_record *r)
{
	char boot[40], state;
	uint64_t start;

	journal_boot(boot);
	if (strcmp(boot, r->boot) != 0 || !proc_start_time(r->pid, &start) ||
		start != r->start)
		return false;
	state = process_state(r->pid);
	return state != 'Z' && state != 'X';
}

static bool gone_within(const struct journal_record *r, int64_t ms)
{
	struct mono_time deadline = mono_add_ms(mono_now(), ms);

	for (;;) {
		if (!journal_process_lives(r))
			return true;
		if (mono_passed(deadline))
			return false;
		clock_sleep_ms(5);
	}
}

bool journal_end_process(const struct journal_record *r, int64_t stop_ms)
{
	bool leads, gone;

	/* ourselves, when a keeper cleans up: we end behind it */
	if (!journal_process_lives(r) || r->pid == getpid())
		return true;
	leads = getpgid(r->pid) == r->pid;
	kill(r->pid, SIGTERM);
	gone = gone_within(r, stop_ms);
	if (!gone) {
		if (journal_process_lives(r))
			kill(r->pid, SIGKILL);
		gone = gone_within(r, 5000);
	}
	/* its children, in the group it was made the leader of */
	if (leads && gone)
		kill(-r->pid, SIGKILL);
	return gone;
}
