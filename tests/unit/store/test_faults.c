/* Every call that changes the disk fails once, in its turn: nothing that was
 * committed is lost or doubled, and the store goes on by itself.
 *
 * The calls are ours: what a program defines itself comes before the C
 * library's.  Syncing does nothing here: the machine does not fail. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "store/pack.h"
#include "store/store.h"
#include "unit/store/run.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	BATCHES = 14,
	ROWS = 3,
	SEAL_ROWS = 13,
	CALLS_MAX = 2000,
	STARTS = 20,
	SEAL_AGAIN_S = 11
};

static struct faults {
	bool armed;
	int error;     /* what the call fails with */
	bool half;     /* of a write, half is done before */
	unsigned left; /* calls before it */
	unsigned times;
	time_t later_s; /* than it is */
} faults;

static bool fails(void)
{
	if (!faults.armed)
		return false;
	if (faults.left > 0) {
		faults.left--;
		return false;
	}
	if (faults.times == 0)
		return false;
	faults.times--;
	errno = faults.error;
	return true;
}

ssize_t write(int fd, const void *data, size_t n)
{
	bool half = faults.half;

	if (!fails())
		return syscall(SYS_write, fd, data, n);
	if (half && n > 1) /* and the rest is refused */
		(void)!syscall(SYS_write, fd, data, n / 2);
	return -1;
}

int fsync(int fd)
{
	(void)fd;
	return fails() ? -1 : 0;
}

int fdatasync(int fd)
{
	(void)fd;
	return fails() ? -1 : 0;
}

int rename(const char *from, const char *to)
{
	return fails() ? -1 : (int)syscall(SYS_rename, from, to);
}

int ftruncate(int fd, off_t size)
{
	return fails() ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (flags & (O_WRONLY | O_RDWR) && fails())
		return -1;
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
	const int r = (int)syscall(SYS_clock_gettime, clock, ret);

	ret->tv_sec += faults.later_s;
	return r;
}

/* --- what is there ------------------------------------------------------- */

struct found {
	unsigned rows[BATCHES + 1]; /* by batch */
	unsigned torn;              /* without what was told of them */
};

static int count(void *ctx, const struct flow_rows *rows, struct err *err)
{
	struct found *found = ctx;

	(void)err;
	for (size_t i = 0; i < rows->n; i++) {
		if (rows->records[i].packets <= BATCHES)
			found->rows[rows->records[i].packets]++;
		found->torn += !run_has_extra(rows, i);
	}
	return 0;
}

/* All up to `committed`, each once; of those behind, none or all. */
static void check(const char *dir, unsigned committed, unsigned call)
{
	struct store *s = run_open(dir, STORE_READ);
	struct found found = {0};
	const struct store_scan scan = {.rows = count, .ctx = &found};
	struct err err = ERR_INIT;

	cr_assert_eq(store_scan(s, &scan, &err), 0, "%s", err.text);
	for (unsigned i = 1; i <= BATCHES; i++)
		cr_assert(found.rows[i] == ROWS ||
				  (i > committed && found.rows[i] == 0),
			"call %u: of batch %u, %u rows; %u committed", call, i,
			found.rows[i], committed);
	cr_assert_eq(found.torn, 0, "call %u", call);
	store_close(s);
}

/* --- writing ------------------------------------------------------------- */

struct writing {
	char *dir;
	struct store *s;
	unsigned next, committed, failures;
	bool stop_after; /* leave as a killed process does, soon after it */
};

static void open_it(struct writing *w)
{
	const struct store_limits limits = {.seal_rows = SEAL_ROWS};
	struct err err = ERR_INIT;

	cr_assert_eq(store_open(w->dir, STORE_WRITE, &limits, &w->s, &err), 0,
		"%s", err.text);
}

static void append(struct writing *w)
{
	struct flow_record r[ROWS];
	struct flow_extra e[ROWS];
	struct store_batch b = {.from = {1, 1},
		.seq = w->next,
		.records = r,
		.extras = e,
		.n = ROWS};
	bool fresh;

	for (int i = 0; i < ROWS; i++) {
		r[i] = run_record("10.0.1.1", "10.0.3.1", 1, w->next, 0);
		e[i] = run_extra(w->next);
	}
	cr_assert_eq(store_append(w->s, &b, &fresh, NULL), 0);
	w->next++;
}

/* Appends and commits all, through what fails; with stop_after only up to the
 * second commit that worked after it. */
static void write_all(struct writing *w)
{
	unsigned since = 0;

	while (w->next <= BATCHES && since < 2) {
		append(w);
		if (store_commit(w->s, NULL) < 0) {
			w->failures++;
			continue;
		}
		w->committed = w->next - 1;
		since += w->stop_after && faults.times == 0;
	}
}

static void run_with(unsigned call, bool stop_after, bool *ret_done)
{
	struct writing w = {
		.dir = run_dir(), .next = 1, .stop_after = stop_after};
	struct err err = ERR_INIT;
	uint64_t last;

	open_it(&w);
	faults.left = call;
	faults.armed = true;
	write_all(&w);
	*ret_done = faults.times > 0; /* there are not so many calls */
	faults.armed = false;
	check(w.dir, w.committed, call);
	store_close(w.s); /* which commits nothing */
	open_it(&w);
	last = store_last_seq(w.s, (struct store_source){1, 1});
	cr_assert_geq(last, w.committed, "call %u", call);
	cr_assert_eq(store_recovered(w.s)->damaged_bytes, 0, "call %u", call);
	w.next = (unsigned)last + 1;
	w.stop_after = false;
	write_all(&w);
	cr_assert_eq(store_seal(w.s, &err), 0, "call %u: %s", call, err.text);
	store_close(w.s);
	check(w.dir, BATCHES, call);
	run_remove(w.dir);
}

ParameterizedTestParameters(store_faults, any_call_may_fail)
{
	static struct faults kinds[] = {
		{.error = ENOSPC, .times = 1},
		{.error = ENOSPC, .half = true, .times = 1},
		{.error = EIO, .times = 1},
		{.error = EIO, .times = 7},
		{.error = EIO, .half = true, .times = 3},
	};

	return cr_make_param_array(
		struct faults, kinds, sizeof(kinds) / sizeof(*kinds));
}

ParameterizedTest(
	struct faults *kind, store_faults, any_call_may_fail, .timeout = 60)
{
	bool done = false;
	unsigned call = 0;

	for (; !done && call < CALLS_MAX; call++) {
		faults = *kind;
		run_with(call, false, &done);
		faults = *kind;
		run_with(call, true, &done);
	}
	cr_assert_gt(call, 30, "only %u calls change the disk", call);
	cr_assert_lt(call, CALLS_MAX);
}

/* The log of a collector that was killed cannot be sealed when it starts, for
 * the disk is full: it is, soon after there is room, however little comes. */
Test(store_faults, what_the_start_could_not_seal_is_sealed_soon)
{
	const struct store_limits limits = {.seal_rows = SEAL_ROWS};
	unsigned seen = 0;

	for (unsigned call = 0; call < STARTS; call++) {
		struct writing w = {.dir = run_dir(), .next = 1};
		int r;

		open_it(&w);
		append(&w);
		cr_assert_eq(store_commit(w.s, NULL), 0);
		store_close(w.s);
		faults = (struct faults){.error = ENOSPC,
			.left = call,
			.times = 1,
			.armed = true};
		w.s = NULL;
		r = store_open(w.dir, STORE_WRITE, &limits, &w.s, NULL);
		faults.armed = false;
		if (r == 0 && store_trouble(w.s)->code) {
			seen++;
			faults.later_s = SEAL_AGAIN_S;
			append(&w);
			cr_assert_eq(store_commit(w.s, NULL), 0);
			cr_expect_eq(
				store_trouble(w.s)->code, 0, "call %u", call);
			faults.later_s = 0;
		}
		store_close(w.s);
		run_remove(w.dir);
	}
	cr_assert_gt(seen, 0);
}

/* --- packing ------------------------------------------------------------- */

enum { WAITS_MS = 1000, TRY_AGAIN_S = 60 };

static ino_t file_of_first(const char *dir)
{
	char path[512];
	struct stat st;

	snprintf(path, sizeof(path), "%s/seg-%010u", dir, 1);
	cr_assert_eq(stat(path, &st), 0);
	return st.st_ino;
}

static char *make_sealed(void)
{
	struct writing w = {.dir = run_dir(), .next = 1};

	open_it(&w);
	write_all(&w);
	cr_assert_eq(store_seal(w.s, NULL), 0);
	store_close(w.s);
	return w.dir;
}

/* Until nothing is due; returns how many failures were told. */
static unsigned pack_all(struct pack *p)
{
	struct err err = ERR_INIT;
	unsigned told = 0;
	int64_t ms;

	do {
		ms = pack_step(p, &err);
		told += err.code != 0;
		err_clear(&err);
	} while (ms < WAITS_MS);
	return told;
}

/* Wherever the disk is full, it is told once, nothing is lost, and all is packed
 * when there is room.  That a directory was not synced is not told: one file or
 * the other will be there. */
Test(store_faults, packing_waits_for_room)
{
	bool done = false;
	unsigned call = 0, said = 0;

	for (; !done && call < CALLS_MAX; call++) {
		char *dir = make_sealed();
		const ino_t was = file_of_first(dir);
		struct pack *p = pack_new(dir, 0);
		unsigned told;

		faults = (struct faults){.error = ENOSPC,
			.half = call % 2,
			.left = call,
			.times = 1,
			.armed = true};
		told = pack_all(p);
		done = faults.times > 0;
		faults.armed = false;
		check(dir, BATCHES, call);
		faults.later_s = TRY_AGAIN_S;
		told += pack_all(p);
		cr_assert_leq(told, 1, "call %u: told %u times", call, told);
		said += told;
		cr_assert_neq(file_of_first(dir), was, "call %u", call);
		check(dir, BATCHES, call);
		faults.later_s = 0;
		pack_free(p);
		run_remove(dir);
	}
	cr_assert_gt(said, call / 2, "%u of %u", said, call);
	cr_assert_gt(call, 5);
}

/* The new file cannot be made, which is no fault of the old one: it is told
 * once, and tried again. */
Test(store_faults, packing_waits_for_its_file)
{
	static const int errors[] = {EMFILE, ENFILE, EIO};

	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		char *dir = make_sealed();
		const ino_t was = file_of_first(dir);
		struct pack *p = pack_new(dir, 0);

		faults = (struct faults){
			.error = errors[i], .times = 2, .armed = true};
		cr_expect_eq(pack_all(p), 1, "%d", errors[i]);
		faults.later_s = TRY_AGAIN_S;
		cr_expect_eq(pack_all(p), 0, "%d", errors[i]);
		cr_expect_eq(file_of_first(dir), was);
		faults.later_s += TRY_AGAIN_S;
		cr_expect_eq(pack_all(p), 0, "%d", errors[i]);
		cr_expect_neq(file_of_first(dir), was, "%d", errors[i]);
		check(dir, BATCHES, 0);
		faults = (struct faults){0};
		pack_free(p);
		run_remove(dir);
	}
}
