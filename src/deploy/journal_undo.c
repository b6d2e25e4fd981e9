/* Undo: the journal's records, last one first.
 *
 * Nothing outside the deployment's directory can be touched: paths are walked
 * part by part from its descriptor without following links or entering mounts,
 * and a process is ended only when pid, start time and boot all say that it is
 * the one, and it runs from there.
 * A file is removed only when its content is one we journaled for it (several
 * when it was replaced), else it is reported and kept unless forced. */
#define _GNU_SOURCE
#include "base/clock.h"
#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/within.h"
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

/* No file of ours is larger; the hash of one without end has none. */
enum { PLACE_MAX = 1024, SECRET_MAX = 16 << 20, FILE_MAX = 256 << 20 };

struct undo {
	int dir;
	const struct journal_undo *how;
	const struct journal_list *list;
	struct map newest; /* path -> the last record of it, counted from 1 */
	size_t *older;     /* of each record: the one of its path before */
	size_t kept;
	struct mono_time patience; /* until then a stranger may end; 0: none */
};

/* What stands in the way is not kept when it is forced: it goes with all that
 * the directory has. */
static void keep(struct undo *u, const char *path, const char *why)
{
	if (u->how->force)
		return;
	u->kept++;
	if (u->how->kept)
		u->how->kept(u->how->ctx, path, why);
}

static bool hash_fd(int fd, char text[static 65])
{
	struct crypto_sha256 s;
	uint8_t sum[CRYPTO_SHA256];
	char chunk[16384];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0 || st.st_size > FILE_MAX)
		return false;
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

/* A journal may have as many lines as somebody liked to write: none of them is
 * looked at once for each other. */
static void index_paths(struct undo *u)
{
	const struct journal_list *list = u->list;

	map_init(&u->newest);
	u->older = mem_zalloc(list->n + 1, sizeof(*u->older));
	for (size_t i = 0; i < list->n; i++)
		if (list->records[i].path)
			u->older[i] = (uintptr_t)map_puts(&u->newest,
				list->records[i].path,
				(void *)(uintptr_t)(i + 1));
}

static void forget_paths(struct undo *u)
{
	map_release(&u->newest);
	free(u->older);
}

static bool was_ours(const struct undo *u, const char *path, const char *sha)
{
	size_t at = (uintptr_t)map_gets(&u->newest, path);

	for (; at; at = u->older[at - 1])
		if (strcmp(u->list->records[at - 1].sha, sha) == 0)
			return true;
	return false;
}

/* Overwrites a key file, so that the bytes do not stay on the disk. */
static void overwrite(int fd)
{
	char zeros[4096] = {0};
	struct stat st;
	off_t left = fstat(fd, &st) == 0 ? st.st_size : 0;

	if (left > SECRET_MAX || lseek(fd, 0, SEEK_SET) < 0)
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
	cleanup_close int fd = -1;
	bool ours_alone = false;
	struct stat st;
	char sha[65];

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(err, "%s", r->path);
	if (S_ISDIR(st.st_mode)) {
		keep(u, r->path, "is a directory now");
		return 0;
	}
	/* hashed and overwritten is one and the same file, whatever bears its
	 * name by then; a key that has another name as well is only removed */
	if (r->kind == JOURNAL_SECRET)
		fd = within_open(parent, name, O_RDWR, 0);
	if (fd < 0)
		fd = within_open(parent, name, O_RDONLY, 0);
	else
		ours_alone = true;
	if (r->sha[0] && !u->how->force &&
		(fd < 0 || !hash_fd(fd, sha) || !was_ours(u, r->path, sha))) {
		keep(u, r->path, "was modified since deployment");
		return 0;
	}
	if (ours_alone)
		overwrite(fd);
	if (unlinkat(parent, name, 0) < 0 && errno != ENOENT)
		return err_sys(err, "%s", r->path);
	return 0;
}

/* These stay until nothing else is left: an undo that is cut off, or that had
 * to keep something, can be told whose it was and be tried again. */
static const char *const last_files[] = {"tag", "lock", "journal"};
enum { LAST_FILES = sizeof(last_files) / sizeof(*last_files) };

static bool goes_last(const char *name)
{
	for (size_t i = 0; i < LAST_FILES; i++)
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
		else if (within_remove(fd, e->d_name, err) < 0)
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

/* Where the deployment's directory is, with a slash behind it. */
static bool place_of(int dir, char *to, size_t size)
{
	if (!file_where(dir, to, size - 1))
		return false;
	memcpy(to + strlen(to), "/", 2);
	return true;
}

/* Only one of this deployment's name, in one of two places, and only when no
 * process is in it (any more: the kernel may need a moment). */
static int undo_cgroup(
	const struct undo *u, const struct journal_record *r, struct err *err)
{
	static const char *const places[] = {"", "/cpu"};
	char path[320], place[PLACE_MAX], ours[PLACE_MAX + 16];
	char *id;

	if (strchr(r->path, '/') || !place_of(u->dir, place, sizeof(place)))
		return 0;
	place[strlen(place) - 1] = '\0';
	id = strrchr(place, '/');
	snprintf(ours, sizeof(ours), "netflowize-%s-", id ? id + 1 : place);
	if (strncmp(r->path, ours, strlen(ours)) != 0)
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
		return undo_cgroup(u, r, err);
	parent = within_parent(u->dir, r->path, &name);
	if (parent < 0) {
		if (errno == ENOENT)
			return 0;
		keep(u, r->path,
			"its directory is a link, a file or a mount now");
		return 0;
	}
	switch (r->kind) {
	case JOURNAL_DIR:
		return undo_dir(u, r, parent, name, err);
	case JOURNAL_TREE:
		return within_remove(parent, name, err);
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

/* What is about to end shows neither its program nor its directory any more.
 * All that seem strange have as long together as one of ours. */
static bool is_strange(struct undo *u, const struct journal_record *r)
{
	if (!journal_process_lives(r) ||
		journal_process_is_here(u->dir, r->pid))
		return false;
	if (!u->patience.ns)
		u->patience = mono_add_ms(mono_now(), u->how->stop_ms);
	return !gone_within(r, mono_ms_until(u->patience));
}

static int undo_process(
	struct undo *u, const struct journal_record *r, struct err *err)
{
	if (is_strange(u, r)) {
		char what[64];

		snprintf(what, sizeof(what), "process %d", (int)r->pid);
		keep(u, what, "runs no program of this deployment");
		return 0;
	}
	if (journal_end_process(r, u->how->stop_ms))
		return 0;
	return err_set(err, NFZ_E_REMOTE, "process %d (%s) does not end",
		(int)r->pid, r->role);
}

static int undo_records(struct undo *u, struct err *err)
{
	int result = 0;

	for (size_t i = u->list->n; i-- > 0;) {
		const struct journal_record *r = &u->list->records[i];
		int one = 0;

		if (r->kind == JOURNAL_PROC)
			one = undo_process(u, r, err);
		else if (!goes_last(r->path) &&
			 (uintptr_t)map_gets(&u->newest, r->path) == i + 1)
			one = undo_path(u, r, err);
		if (one < 0)
			result = one;
	}
	return result;
}

static int undo_last(struct undo *u, struct err *err)
{
	struct stat st;

	for (size_t i = 0; i < LAST_FILES; i++) {
		if (!u->how->force &&
			fstatat(u->dir, last_files[i], &st,
				AT_SYMLINK_NOFOLLOW) == 0 &&
			S_ISDIR(st.st_mode))
			keep(u, last_files[i], "is a directory now");
		else if (u->kept == 0 &&
			 within_remove(u->dir, last_files[i], err) < 0)
			return -NFZ_E_IO;
	}
	return 0;
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
	index_paths(&u);
	if (list.broken)
		keep(&u, "journal", list.broken);
	result = undo_records(&u, err);
	if (result == 0 && (u.kept == 0 || how->force || list.broken))
		result = undo_strays(&u, dir, ".", "", err);
	forget_paths(&u);
	if (result == 0 && u.kept == 0)
		result = undo_last(&u, err);
	*ret_clean = result == 0 && u.kept == 0;
	return result;
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

bool journal_process_is_here(int dir, pid_t pid)
{
	static const char *const links[] = {"exe", "cwd"};
	char place[PLACE_MAX], link[64], to[PLACE_MAX];

	if (!place_of(dir, place, sizeof(place)))
		return false;
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++) {
		ssize_t n;

		snprintf(link, sizeof(link), "/proc/%d/%s", (int)pid, links[i]);
		n = readlink(link, to, sizeof(to) - 2);
		if (n <= 0)
			continue;
		to[n] = '/'; /* it may be in the very directory */
		if (strncmp(to, place, strlen(place)) == 0)
			return true;
	}
	return false;
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
