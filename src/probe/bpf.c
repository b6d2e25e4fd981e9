/* bpf(2).  Structures and numbers are the kernel's (linux/bpf.h); fields that
 * are newer than a kernel are 0, which it accepts. */
#include "probe/bpf.h"
#include "base/mem.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	LOG_BYTES = 1 << 16,
	SAID_MAX = 600,
	CODE_MAX = 4096 /* instructions */
};

/* Of linux/bpf.h since 6.6. */
enum { TCX_INGRESS = 46, TCX_EGRESS = 47, IN_FRONT = 1 << 3 };

static long bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int refused(struct err *err, const char *what)
{
	int e = errno;

	(void)err_sys(err, "%s", what);
	if (e == EPERM || e == EACCES)
		err_hint(err, "needs root, or CAP_BPF and CAP_NET_ADMIN");
	return -NFZ_E_IO;
}

/* Before Linux 5.11 tables count as locked memory, of which little is
 * allowed. */
static void allow_locked_memory(void)
{
	const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

	(void)setrlimit(RLIMIT_MEMLOCK, &all);
}

static int new_map(union bpf_attr *attr, int *ret_fd, struct err *err)
{
	long fd;

	allow_locked_memory();
	fd = bpf(BPF_MAP_CREATE, attr);
	if (fd < 0)
		return refused(err, "the kernel makes no table for eBPF");
	*ret_fd = (int)fd;
	return 0;
}

int bpf_array_new(
	uint32_t value_bytes, uint32_t values, int *ret_fd, struct err *err)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = sizeof(uint32_t),
		.value_size = value_bytes,
		.max_entries = values,
		.map_flags = BPF_F_MMAPABLE};

	return new_map(&attr, ret_fd, err);
}

int bpf_ring_new(uint32_t bytes, int *ret_fd, struct err *err)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_RINGBUF, .max_entries = bytes};

	return new_map(&attr, ret_fd, err);
}

int bpf_array_map(int fd, size_t bytes, void **ret, struct err *err)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		return err_sys(err, "cannot map a table of eBPF");
	(void)madvise(at, bytes, MADV_DONTFORK);
	*ret = at;
	return 0;
}

static bool is_wide_load(const struct bpf_insn *i)
{
	return i->code == (BPF_LD | BPF_DW | BPF_IMM);
}

static int fill(struct bpf_insn *code, size_t n, const struct bpf_code *c,
	struct err *err)
{
	for (size_t i = 0; i + 1 < n; i++) {
		uint32_t hole = (uint32_t)code[i].imm;
		const struct bpf_filling *f = &c->fillings[hole];

		if (!is_wide_load(&code[i]))
			continue;
		if ((uint32_t)code[i + 1].imm == c->mark >> 32) {
			if (hole >= c->n_fillings)
				return err_set(err, NFZ_E_INTERNAL,
					"eBPF program with hole %u", hole);
			code[i].imm = (int32_t)f->value;
			code[i + 1].imm = (int32_t)(f->value >> 32);
			code[i].src_reg = f->kind == BPF_MAP ? BPF_PSEUDO_MAP_FD
					  : f->kind == BPF_MAP_VALUE
						  ? BPF_PSEUDO_MAP_VALUE
						  : 0;
			if (f->kind != BPF_NUMBER)
				code[i + 1].imm = 0;
		}
		i++;
	}
	return 0;
}

/* A second time, for the last thing the verifier says. */
static int say_why(union bpf_attr *attr, struct err *err)
{
	cleanup_free char *log = mem_zalloc(1, LOG_BYTES);
	int r = refused(err, "the kernel does not take our eBPF program");
	size_t len;

	attr->log_buf = (uintptr_t)log;
	attr->log_size = LOG_BYTES;
	attr->log_level = 1;
	if (err && err->sys != EPERM && bpf(BPF_PROG_LOAD, attr) < 0) {
		len = strnlen(log, LOG_BYTES - 1);
		err_hint(err, "its verifier: %s",
			len > SAID_MAX ? log + len - SAID_MAX : log);
	}
	return r;
}

int bpf_load(const struct bpf_code *c, enum bpf_place place, int *ret_fd,
	struct err *err)
{
	size_t n = c->len / sizeof(struct bpf_insn);
	cleanup_free struct bpf_insn *code = mem_zalloc(n + 1, sizeof(*code));
	union bpf_attr attr = {
		.prog_type = place == BPF_SOCKET ? BPF_PROG_TYPE_SOCKET_FILTER
						 : BPF_PROG_TYPE_SCHED_CLS,
		.insns = (uintptr_t)code,
		.insn_cnt = (uint32_t)n,
		.license = (uintptr_t) "GPL",
		.prog_name = "nfz_absorb"};
	long fd;

	if (n == 0 || n > CODE_MAX)
		return err_set(err, NFZ_E_IO, "built without eBPF");
	memcpy(code, c->text, n * sizeof(*code));
	if (fill(code, n, c, err) < 0)
		return -NFZ_E_INTERNAL;
	fd = bpf(BPF_PROG_LOAD, &attr);
	if (fd < 0)
		return say_why(&attr, err);
	*ret_fd = (int)fd;
	return 0;
}

int bpf_attach(int program, enum bpf_place place, int ifindex, int *ret_fd,
	struct err *err)
{
	union bpf_attr attr = {
		.link_create = {.prog_fd = (uint32_t)program,
			.target_ifindex = (uint32_t)ifindex,
			.attach_type =
				place == BPF_INGRESS ? TCX_INGRESS : TCX_EGRESS,
			.flags = IN_FRONT}};
	long fd = bpf(BPF_LINK_CREATE, &attr);

	if (fd < 0)
		return refused(
			err, "the kernel attaches no eBPF to interfaces");
	*ret_fd = (int)fd;
	return 0;
}
