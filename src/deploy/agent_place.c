/* Where deployments live, and the traces of a bootstrap that was killed.
 *
 * Making or removing PLACE/netflowize changes the modification time of PLACE.
 * It is put back at once, so it never has to be remembered; the bootstrap
 * script, which has no system call for that, leaves the old time in the
 * times of a marker file until it has put it back, where it has to make
 * something in such a place at all. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/mem.h"
#include "deploy/agent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define MARKER ".netflowize-mtime"
#define BOOT_PREFIX ".netflowize."
#define SCRATCH "/dev/shm"

enum { BOOT_STALLED_S = 60 };

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

int agent_place_make(const struct agent_place *p, struct err *err)
{
	struct stat before;

	if (stat(p->base, &before) < 0)
		return err_sys(err, "%s", p->base);
	if (mkdir(p->path, 0700) < 0)
		return errno == EEXIST ? 0 : dep_sys(err, p->path);
	put_back(p->base, &before);
	return 0;
}

/* A marker made by the script: its times are the parent's of before. */
static void sweep_marker(const char *base)
{
	char path[AGENT_PATH + 32];
	struct stat st;

	snprintf(path, sizeof(path), "%.480s/" MARKER, base);
	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode) ||
		st.st_uid != geteuid())
		return;
	if (unlink(path) == 0)
		put_back(base, &st);
}

/* Did nothing arrive for longer than any controller waits?  Its connection is
 * lost, and the node's side may not learn that for hours. */
static bool is_stalled(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       time(NULL) - st.st_mtime > BOOT_STALLED_S;
}

/* Is the bootstrap of this file still at work?  Its name ends in its pid. */
static bool boot_lives(int dir, const char *name)
{
	static const char *const shells[] = {
		"sh", "dash", "bash", "ksh", "busybox", "mksh"};
	char link[64], exe[AGENT_PATH];
	const char *base, *pid = name + strlen(BOOT_PREFIX);
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

static bool is_ours(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode) && st.st_uid == geteuid();
}

static void sweep_boots(const char *base)
{
	int fd = open(base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct stat before;
	struct dirent *e;
	bool swept = false, known = d && fstat(fd, &before) == 0;

	while (known && (e = readdir(d)))
		if (strncmp(e->d_name, BOOT_PREFIX, strlen(BOOT_PREFIX)) == 0 &&
			is_ours(fd, e->d_name) && !boot_lives(fd, e->d_name))
			swept = unlinkat(fd, e->d_name, 0) == 0 || swept;
	if (swept)
		put_back(base, &before);
	if (d)
		closedir(d);
}

void agent_place_tidy(const struct agent *a)
{
	struct agent_place places[AGENT_PLACES];

	char scratch[AGENT_PATH];

	snprintf(scratch, sizeof(scratch), "%.480s" SCRATCH, a->root);
	sweep_boots(scratch);
	agent_places(a, places);
	for (int i = 0; i < AGENT_PLACES; i++) {
		struct agent_place *p = &places[i];
		struct stat before;

		sweep_marker(p->base);
		sweep_boots(p->base);
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
