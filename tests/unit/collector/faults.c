/* What a program defines itself comes before the C library's. */
#define _GNU_SOURCE
#include "unit/collector/faults.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct faults {
	atomic_int call, error;
} * faults; /* shared with those we fork; NULL: none were set */

void fault_set(enum fault_call call, int error)
{
	if (!faults)
		faults = mmap(NULL, sizeof(*faults), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq((void *)faults, MAP_FAILED);
	faults->error = error;
	faults->call = (int)call;
}

static bool fails(enum fault_call call, int fd)
{
	struct stat st;

	if (!faults || faults->call != (int)call || fstat(fd, &st) < 0 ||
		!S_ISREG(st.st_mode))
		return false;
	errno = faults->error;
	return true;
}

ssize_t write(int fd, const void *data, size_t n)
{
	return fails(FAULT_WRITE, fd) ? -1 : syscall(SYS_write, fd, data, n);
}

int fsync(int fd)
{
	return fails(FAULT_SYNC, fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return fails(FAULT_SYNC, fd) ? -1 : (int)syscall(SYS_fdatasync, fd);
}
