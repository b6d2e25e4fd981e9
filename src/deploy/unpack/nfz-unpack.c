/* nfz-unpack: the first of us that runs on a node, and makes the agent there.
 *
 *   nfz-unpack PACKED SIZE FILE ARG...
 *
 * Removes FILE, which is its own program.  Asks for the agent by a line on
 * standard output, takes PACKED bytes from standard input, an LZ4 block of SIZE
 * bytes, and becomes that, in memory or, if it must be, as FILE; FILE and what
 * follows are its arguments.  Exits with 28 where there is no room, with 1 for
 * whatever else.
 *
 * The shell writes it from a line of its script, so it is as small as can be: no
 * C library, a dozen instructions to start with.  Whether the agent is the one
 * that was meant, that one says itself. */
#include "deploy/unpack/lz4_block.h"

#include <asm/unistd.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/memfd.h>
#include <linux/mman.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

enum {
	PROGRAM, /* arguments */
	PACKED,
	SIZE,
	FILE_NAME
};

#if defined(__x86_64__)
__asm__(".globl _start\n_start: xor %ebp, %ebp; mov %rsp, %rdi; "
	"and $-16, %rsp; call unpack");

static long call5(long number, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = 0;

	__asm__ volatile("syscall"
			 : "+a"(number)
			 : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return number;
}
#elif defined(__aarch64__)
__asm__(".globl _start\n_start: mov x29, #0; mov x30, #0; mov x0, sp; "
	"b unpack");

static long call5(long number, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = 0;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}
#else
#error "nodes of this architecture have no agent"
#endif

static long call(long number, long a, long b, long c, long d)
{
	return call5(number, a, b, c, d, -1);
}

static _Noreturn void leave(long status)
{
	for (;;)
		call(__NR_exit_group, status, 0, 0, 0);
}

static long number_of(const char *digits)
{
	long n = 0;

	while (*digits >= '0' && *digits <= '9')
		n = n * 10 + *digits++ - '0';
	return n;
}

static void receive(uint8_t *to, long n)
{
	for (long got; n > 0; n -= got, to += got) {
		got = call(__NR_read, 0, (long)to, n, 0);
		if (got <= 0)
			leave(1);
	}
}

static void put(long fd, const uint8_t *from, long n)
{
	long done = 0;

	for (; fd >= 0 && done >= 0 && n > 0; n -= done, from += done)
		done = call(__NR_write, fd, (long)from, n, 0);
	if (fd == -ENOSPC || done == -ENOSPC || fd == -EDQUOT ||
		done == -EDQUOT)
		leave(ENOSPC);
	if (fd < 0 || done < 0)
		leave(1);
}

/* A file without a name, if the kernel lets such be run. */
static void become_memory(
	const uint8_t *from, long n, char **argv, char **environment)
{
	static const char name[] = "nfz-agent", none[] = "";
	long fd = call(
		__NR_memfd_create, (long)name, MFD_CLOEXEC | MFD_EXEC, 0, 0);

	if (fd == -EINVAL) /* before Linux 6.3 */
		fd = call(__NR_memfd_create, (long)name, MFD_CLOEXEC, 0, 0);
	if (fd < 0)
		return;
	put(fd, from, n);
	call5(__NR_execveat, fd, (long)none, (long)argv, (long)environment,
		AT_EMPTY_PATH);
	call(__NR_close, fd, 0, 0, 0);
}

static void become_file(
	const uint8_t *from, long n, char **argv, char **environment)
{
	long fd = call(__NR_openat, AT_FDCWD, (long)argv[0],
		O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);

	put(fd, from, n);
	call(__NR_close, fd, 0, 0, 0);
	call(__NR_execve, (long)argv[0], (long)argv, (long)environment, 0);
}

/* stack: the count of arguments, they, NULL, and the environment */
__attribute__((used)) _Noreturn static void unpack(long *stack)
{
	static const char asks[] = "NFZ 1 packed\n";
	const long argc = stack[0];
	char **argv = (char **)(stack + 1);
	long packed, size, at;
	uint8_t *bytes;

	if (argc <= FILE_NAME)
		leave(1);
	packed = number_of(argv[PACKED]);
	size = number_of(argv[SIZE]);
	at = call(__NR_mmap, 0, packed + size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE);
	if (at < 0 && at > -4096)
		leave(1);
	bytes = (uint8_t *)at;
	call(__NR_unlinkat, AT_FDCWD, (long)argv[FILE_NAME], 0, 0);
	call(__NR_write, 1, (long)asks, sizeof(asks) - 1, 0);
	receive(bytes, packed);
	if (!lz4_block_open(
		    bytes, (size_t)packed, bytes + packed, (size_t)size))
		leave(1);
	become_memory(bytes + packed, size, argv + FILE_NAME, argv + argc + 1);
	become_file(bytes + packed, size, argv + FILE_NAME, argv + argc + 1);
	leave(1);
}
