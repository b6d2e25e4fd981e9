/* Where deployments live, and the traces of a bootstrap that was killed.
 *
 * Making or removing PLACE/netflowize changes the modification time of PLACE.
 * It is put back at once, so it never has to be remembered; the bootstrap
 * script, which has no system call for that, leaves the old time in the
 * times of a marker file until it has put it back, where it has to make
 * something in such a place at all.  Two may be at work in one place: whoever
 * came second was given the time at which the first made something, so agents
 * wait for each other, and of several markers the oldest is right. */
#define _GNU_SOURCE
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "deploy/agent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define MARKER ".netflowize-mtime"
#define BOOT_PREFIX ".netflowize."
#define SCRATCH "/dev/shm"

/* Any user may lock a directory: nobody waits for long. */
enum { BOOT_STALLED_S = 60, PLACE_WAIT_MS = 500 };

/* statfs(2): file systems that other machines see as well */
static const uint32_t shared_fs[] = {
	0x6969 /* NFS */, 0xff534d42 /* CIFS */, 0xfe534d42 /* SMB2 */};

static const char *const bases[AGENT_PLACES] = {
	"/var/lib", "/local", "/var/tmp"};

static const char *problem_of(const char *base, const char *path)
{
	struct statvfs v;
	struct statfs f;
	struct stat st;

	if (lstat(base, &st) < 0)
		return "missing";
	if (!S_ISDIR(st.st_mode))
		return "not a directory";
	if (lstat(path, &st) == 0 &&
		(!S_ISDIR(st.st_mode) || st.st_uid != geteuid()))
		return "taken by something else";
	if (statvfs(base, &v) < 0 || statfs(base, &f) < 0)
		return "unknown";
	if (v.f_flag & ST_RDONLY)
		return "read-only";
	if (v.f_flag & ST_NOEXEC)
		return "noexec";
	for (size_t i = 0; i < sizeof(shared_fs) / sizeof(*shared_fs); i++)
		if ((uint32_t)f.f_type == shared_fs[i])
			return "network file system";
	return NULL;
}

void agent_places(const struct agent *a, struct agent_place ret[AGENT_PLACES])
{
	for (int i = 0; i < AGENT_PLACES; i++) {
		struct agent_place *p = &ret[i];
		struct statvfs v;

		snprintf(p->base, sizeof(p->base), "%s%s", a->root, bases[i]);
		snprintf(p->path, sizeof(p->path), "%s%s/netflowize", a->root,
			bases[i]);
		p->problem = problem_of(p->base, p->path);
		p->free_bytes = -1;
		if (statvfs(p->base, &v) == 0)
			p->free_bytes =
				(int64_t)v.f_bavail * (int64_t)v.f_frsize;
	}
}

/* A directory of ours: in /var/tmp anybody may have made one of this name. */
static bool ours(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
	       st.st_uid == geteuid();
}

static void put_back(const char *base, const struct stat *before)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, before->st_mtim};

	(void)utimensat(AT_FDCWD, base, times, 0);
}

/* Until it is closed no other agent makes or removes anything here. */
static int lock_base(const char *base)
{
	int fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (int ms = 0; fd >= 0 && ms < PLACE_WAIT_MS; ms += 10) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			break;
		clock_sleep_ms(10);
	}
	return fd;
}

int agent_place_make(
	const struct agent_place *p, const char *path, struct err *err)
{
	cleanup_close int lock = lock_base(p->base);
	struct stat before;

	if (stat(p->base, &before) < 0)
		return err_sys(err, "%s", p->base);
	if (mkdir(p->path, 0700) == 0)
		put_back(p->base, &before);
	else if (errno != EEXIST)
		return dep_sys(err, p->path);
	return mkdir(path, 0700) < 0 && errno != EEXIST ? dep_sys(err, path)
							: 0;
}

/* Did nothing arrive for longer than any controller waits?  Its connection is
 * lost, and the node's side may not learn that for hours. */
static bool is_stalled(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       time(NULL) - st.st_ctime > BOOT_STALLED_S;
}

/* Is the bootstrap of this file still at work?  Its name ends in its pid. */
static bool boot_lives(int dir, const char *name)
{
	static const char *const shells[] = {
		"sh", "dash", "bash", "ksh", "busybox", "mksh"};
	char link[64], exe[AGENT_PATH];
	const char *base, *pid = strrchr(name, '.') + 1;
	ssize_t n;

	if (strspn(pid, "0123456789") != strlen(pid) || strlen(pid) > 10)
		return false;
	snprintf(link, sizeof(link), "/proc/%s/exe", pid);
	n = readlink(link, exe, sizeof(exe) - 1);
	if (n <= 0)
		return false;
	exe[n] = '\0';
	if (strstr(exe, "/" BOOT_PREFIX))
		return true;
	base = strrchr(exe, '/');
	for (size_t i = 0; base && i < sizeof(shells) / sizeof(*shells); i++)
		if (strcmp(base + 1, shells[i]) == 0)
			return !is_stalled(dir, name);
	return false;
}

/* A plain file of ours that begins so. */
static bool is_ours(
	int dir, const char *name, const char *prefix, struct stat *ret)
{
	return strncmp(name, prefix, strlen(prefix)) == 0 &&
	       fstatat(dir, name, ret, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(ret->st_mode) && ret->st_uid == geteuid();
}

static bool is_older(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec != b->st_mtim.tv_sec
		       ? a->st_mtim.tv_sec < b->st_mtim.tv_sec
		       : a->st_mtim.tv_nsec < b->st_mtim.tv_nsec;
}

/* Of a bootstrap that goes on; that of our own is over. */
static bool is_needed(const struct agent *a, int dir, const char *marker)
{
	const char *own = a->boot ? strrchr(a->boot, '.') : NULL;

	return !(own && strcmp(strrchr(marker, '.'), own) == 0) &&
	       boot_lives(dir, marker);
}

/* Markers made by the script: their times are the parent's of before.  Who
 * still works there puts back what we do. */
static void sweep_markers(const struct agent *a, DIR *d, const char *base)
{
	struct stat st, oldest;
	struct dirent *e;
	bool any = false;
	int fd = dirfd(d);

	while ((e = readdir(d)))
		if (is_ours(fd, e->d_name, MARKER, &st) &&
			(!any || is_older(&st, &oldest))) {
			oldest = st;
			any = true;
		}
	rewinddir(d);
	while (any && (e = readdir(d))) {
		const struct timespec times[2] = {
			{.tv_nsec = UTIME_OMIT}, oldest.st_mtim};

		if (!is_ours(fd, e->d_name, MARKER, &st))
			continue;
		if (!is_needed(a, fd, e->d_name))
			unlinkat(fd, e->d_name, 0);
		else if (is_older(&oldest, &st))
			utimensat(fd, e->d_name, times, AT_SYMLINK_NOFOLLOW);
	}
	if (any)
		put_back(base, &oldest);
}

static void sweep_boots(DIR *d, const char *base)
{
	struct stat before, st;
	struct dirent *e;
	bool swept = false, known = fstat(dirfd(d), &before) == 0;

	rewinddir(d);
	while (known && (e = readdir(d)))
		if (is_ours(dirfd(d), e->d_name, BOOT_PREFIX, &st) &&
			!boot_lives(dirfd(d), e->d_name))
			swept = unlinkat(dirfd(d), e->d_name, 0) == 0 || swept;
	if (swept)
		put_back(base, &before);
}

static void sweep(const struct agent *a, const char *base)
{
	int fd = open(base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d)
		return;
	sweep_markers(a, d, base);
	sweep_boots(d, base);
	closedir(d);
}

void agent_place_tidy(const struct agent *a)
{
	struct agent_place places[AGENT_PLACES];
	char scratch[AGENT_PATH];

	snprintf(scratch, sizeof(scratch), "%.480s" SCRATCH, a->root);
	sweep(a, scratch);
	agent_places(a, places);
	for (int i = 0; i < AGENT_PLACES; i++) {
		struct agent_place *p = &places[i];
		cleanup_close int lock = lock_base(p->base);
		struct stat before;

		sweep(a, p->base);
		if (!ours(p->path))
			continue;
		if (stat(p->base, &before) == 0 && rmdir(p->path) == 0)
			put_back(p->base, &before);
	}
}

bool agent_id_ok(const char *id)
{
	return strlen(id) == AGENT_ID - 1 &&
	       strspn(id, "0123456789abcdef") == AGENT_ID - 1;
}

int agent_each_deployment(const struct agent *a,
	int (*fn)(void *ctx, const char *path, const char *id), void *ctx)
{
	struct agent_place places[AGENT_PLACES];
	int r = 0;

	agent_places(a, places);
	for (int i = 0; i < AGENT_PLACES && r == 0; i++) {
		DIR *d = ours(places[i].path) ? opendir(places[i].path) : NULL;
		struct dirent *e;

		while (d && r == 0 && (e = readdir(d))) {
			char path[AGENT_PATH + 300];

			if (!agent_id_ok(e->d_name))
				continue;
			snprintf(path, sizeof(path), "%s/%s", places[i].path,
				e->d_name);
			r = fn(ctx, path, e->d_name);
		}
		if (d)
			closedir(d);
	}
	return r;
}
