/* landlock(7), seccomp(2).  The lists hold what our event loops and store do,
 * with glibc and musl, on x86_64 and aarch64; files and sockets are refused
 * with an error, everything else that is not named kills the process. */
#define _GNU_SOURCE
#include "base/jail.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#endif

enum { CALLS_MAX = 256, CAPABILITIES = 64 };

/* Of linux/landlock.h, which older headers do not have. */
enum {
	SYS_LANDLOCK_CREATE = 444,
	SYS_LANDLOCK_ADD = 445,
	SYS_LANDLOCK_RESTRICT = 446,
	LANDLOCK_VERSION = 1,
	LANDLOCK_PATH = 1
};
struct landlock_ruleset {
	uint64_t handled_access_fs;
};
struct landlock_path {
	uint64_t allowed_access;
	int32_t parent_fd;
} __attribute__((packed));

/* What any of our loops does. */
static const int running[] = {
	SYS_read,
	SYS_readv,
	SYS_write,
	SYS_writev,
	SYS_pread64,
	SYS_pwrite64,
	SYS_close,
	SYS_fstat,
	SYS_lseek,
	SYS_fcntl,
	SYS_ioctl,
	SYS_ftruncate,
	SYS_dup,
	SYS_dup3,
	SYS_ppoll,
	SYS_pselect6,
	SYS_epoll_pwait,
	SYS_epoll_ctl,
	SYS_epoll_create1,
	SYS_mmap,
	SYS_munmap,
	SYS_mremap,
	SYS_mprotect,
	SYS_madvise,
	SYS_brk,
	SYS_futex,
	SYS_set_robust_list,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_rt_sigtimedwait,
	SYS_signalfd4,
	SYS_timerfd_create,
	SYS_timerfd_settime,
	SYS_timerfd_gettime,
	SYS_eventfd2,
	SYS_restart_syscall,
	SYS_nanosleep,
	SYS_clock_nanosleep,
	SYS_clock_gettime,
	SYS_gettimeofday,
	SYS_getpid,
	SYS_gettid,
	SYS_tgkill,
	SYS_getuid,
	SYS_geteuid,
	SYS_getrusage,
	SYS_sysinfo,
	SYS_uname,
	SYS_sched_yield,
	SYS_sched_getaffinity,
	SYS_getrandom,
	SYS_exit,
	SYS_exit_group,
	SYS_membarrier,
	SYS_getsockname,
	SYS_getpeername,
	SYS_getsockopt,
	SYS_setsockopt,
	SYS_sendto,
	SYS_sendmsg,
	SYS_sendmmsg,
	SYS_recvfrom,
	SYS_recvmsg,
	SYS_recvmmsg,
	SYS_shutdown,
#ifdef SYS_poll
	SYS_poll,
	SYS_select,
	SYS_epoll_wait,
	SYS_time,
	SYS_getpgrp,
#endif
#ifdef SYS_rseq
	SYS_rseq,
#endif
};

/* New sockets: taps and links are attached again when they come back. */
static const int meeting[] = {
	SYS_socket,
	SYS_bind,
	SYS_connect,
	SYS_accept,
	SYS_accept4,
	SYS_listen,
};

/* What a store does with its files. */
static const int storing[] = {
	SYS_openat,
	SYS_newfstatat,
	SYS_statx,
	SYS_statfs,
	SYS_fstatfs,
	SYS_faccessat,
	SYS_renameat,
	SYS_renameat2,
	SYS_unlinkat,
	SYS_mkdirat,
	SYS_linkat,
	SYS_symlinkat,
	SYS_readlinkat,
	SYS_fsync,
	SYS_fdatasync,
	SYS_sync_file_range,
	SYS_truncate,
	SYS_fallocate,
	SYS_fadvise64,
	SYS_flock,
	SYS_getdents64,
	SYS_fchmod,
	SYS_fchmodat,
	SYS_utimensat,
	SYS_preadv,
	SYS_pwritev,
	SYS_umask,
	SYS_getcwd,
	SYS_copy_file_range,
	SYS_sendfile,
	SYS_msync,
#ifdef SYS_open
	SYS_open,
	SYS_stat,
	SYS_lstat,
	SYS_access,
	SYS_rename,
	SYS_unlink,
	SYS_mkdir,
	SYS_rmdir,
	SYS_link,
	SYS_readlink,
	SYS_chmod,
	SYS_creat,
#endif
#ifdef SYS_faccessat2
	SYS_faccessat2,
#endif
};

static size_t add(struct sock_filter *to, size_t at, const int *calls, size_t n,
	bool allowed)
{
	const uint32_t action =
		allowed ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | EACCES;

	for (size_t i = 0; i < n; i++) {
		to[at++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[i], 0, 1);
		to[at++] =
			(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
	}
	return at;
}

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

static int limit_calls(const struct jail *jail, struct err *err)
{
#ifdef OUR_ARCH
	struct sock_filter code[2 * CALLS_MAX + 8];
	struct sock_fprog program = {.filter = code};
	size_t n = 0;

	_Static_assert(
		COUNT(running) + COUNT(meeting) + COUNT(storing) < CALLS_MAX,
		"room");
	code[n++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	code[n++] = (struct sock_filter)BPF_JUMP(
		BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCH, 1, 0);
	code[n++] = (struct sock_filter)BPF_STMT(
		BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	code[n++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	n = add(code, n, running, COUNT(running), true);
	n = add(code, n, meeting, COUNT(meeting), !jail->no_sockets);
	n = add(code, n, storing, COUNT(storing), jail->dir != NULL);
	code[n++] = (struct sock_filter)BPF_STMT(
		BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	program.len = (unsigned short)n;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		return err_sys(err, "seccomp");
#else
	(void)jail;
	(void)err;
#endif
	return 0;
}

/* All rights that a version of the interface knows: 13, then one more each
 * with 2 (refer), 3 (truncate) and 5 (ioctl on devices). */
static uint64_t rights(int version)
{
	int n = version >= 5 ? 16 : version >= 3 ? 15 : version >= 2 ? 14 : 13;

	return (UINT64_C(1) << n) - 1;
}

static int allow_dir(
	int ruleset, const char *dir, uint64_t access, struct err *err)
{
	cleanup_close int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct landlock_path rule = {.allowed_access = access, .parent_fd = fd};

	if (fd < 0 ||
		syscall(SYS_LANDLOCK_ADD, ruleset, LANDLOCK_PATH, &rule, 0) < 0)
		return err_sys(err, "%s", dir);
	return 0;
}

/* Returns the interface's version, 0 where there is none or it is off. */
static int limit_files(const char *dir, struct err *err)
{
	int version = (int)syscall(
		SYS_LANDLOCK_CREATE, NULL, (size_t)0, LANDLOCK_VERSION);
	struct landlock_ruleset all;
	cleanup_close int fd = -1;
	int r = 0;

	if (version <= 0)
		return 0;
	all.handled_access_fs = rights(version);
	fd = (int)syscall(SYS_LANDLOCK_CREATE, &all, sizeof(all), 0);
	if (fd < 0)
		return err_sys(err, "landlock");
	if (dir)
		r = allow_dir(fd, dir, all.handled_access_fs, err);
	if (r == 0 && syscall(SYS_LANDLOCK_RESTRICT, fd, 0) < 0)
		r = err_sys(err, "landlock");
	return r < 0 ? r : version;
}

static int drop_capabilities(struct err *err)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {0};

	for (unsigned long cap = 0; cap < CAPABILITIES; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &head, none) < 0 ? err_sys(err, "capset")
						    : 0;
}

int jail_enter(const struct jail *jail, struct jail_state *ret, struct err *err)
{
	int r = 0;

	*ret = (struct jail_state){0};
	if (jail->no_capabilities)
		r = drop_capabilities(err);
	if (r < 0 || SANITIZED)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, "prctl");
	r = limit_files(jail->dir, err);
	if (r < 0)
		return r;
	ret->landlock = r;
	r = limit_calls(jail, err);
	ret->seccomp = r == 0;
	return r;
}
