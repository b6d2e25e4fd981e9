/* mount_namespaces(7).  A chroot's directory is no mount, or one below others:
 * there pivot_root(2) fails, or moves the machine's root instead of ours, and
 * whoever enters the namespace later is outside.  setns(2) into the namespace
 * we are in leads to its true root, and shows whether that is ours. */
#define _GNU_SOURCE
#include "lab/mounts.h"
#include "base/file.h"
#include "base/mem.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int make_root(int root)
{
	char path[PATH_MAX];

	if (!file_where(root, path, sizeof(path)) ||
		mount(path, path, NULL, MS_BIND | MS_REC, NULL) < 0 ||
		chdir(path) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
		umount2(".", MNT_DETACH) < 0)
		return -1;
	return chdir("/");
}

static int leave(int root, int mounts, const char *here)
{
	struct stat ours, top;

	if (setns(mounts, CLONE_NEWNS) < 0 || /* changes to its root, too */
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		fstat(root, &ours) < 0 || stat("/", &top) < 0)
		return -1;
	if ((ours.st_dev != top.st_dev || ours.st_ino != top.st_ino) &&
		make_root(root) < 0)
		return -1;
	return chdir(here) < 0 ? chdir("/") : 0;
}

int mounts_leave(struct err *err)
{
	cleanup_free char *here = getcwd(NULL, 0);
	int root, mounts, r = -1;

	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(err, "mounts of our own need root");
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (root >= 0 && mounts >= 0)
		r = leave(root, mounts, here ? here : "/");
	if (r < 0)
		r = err_sys(err, "making mounts private");
	if (root >= 0)
		close(root);
	if (mounts >= 0)
		close(mounts);
	return r;
}
