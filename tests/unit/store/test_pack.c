#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "store/pack.h"
#include "unit/store/run.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { N = 20000, SEGMENTS = 2, NOTHING_MS = 1000, DUMP_MAX = 64 << 20 };

static int dump(void *ctx, const struct flow_rows *rows, struct err *err)
{
	static const struct flow_extra none;

	(void)err;
	for (size_t i = 0; i < rows->n; i++) {
		const struct flow_extra *e =
			rows->extras ? &rows->extras[i] : &none;

		flow_record_encode(&rows->records[i], ctx);
		flow_extra_encode(e, ~0u, ctx);
		buf_add(ctx, e->others.at, e->others.len);
	}
	return 0;
}

/* All rows in their order, as bytes. */
static struct buf dump_of(struct store *s)
{
	struct buf rows = BUF_INIT(DUMP_MAX);
	const struct store_scan scan = {.rows = dump, .ctx = &rows};
	struct err err = ERR_INIT;

	cr_assert_eq(store_scan(s, &scan, &err), 0, "%s", err.text);
	cr_assert(buf_ok(&rows));
	return rows;
}

static struct buf dump_dir(const char *dir)
{
	struct store *s = run_open(dir, STORE_READ);
	struct buf rows = dump_of(s);

	store_close(s);
	return rows;
}

/* Is it what was there?  Frees it. */
static bool same(const struct buf *was, struct buf is)
{
	bool is_same = was->len == is.len && was->len &&
		       memcmp(was->data, is.data, is.len) == 0;

	buf_release(&is);
	return is_same;
}

/* Two segments of two blocks each: both kinds of addresses, all kinds of
 * columns, what exporters tell, and what nobody knows. */
static char *make(void)
{
	char *dir = run_dir();
	struct store *s = run_open(dir, STORE_WRITE);
	struct flow_record *r = mem_zalloc(N, sizeof(*r));
	struct flow_extra *e = mem_zalloc(N, sizeof(*e));
	uint32_t state = 7;
	bool fresh;

	for (uint64_t k = 0; k < SEGMENTS; k++) {
		for (size_t i = 0; i < N; i++) {
			char src[32];

			state = state * 1664525u + 1013904223u;
			snprintf(src, sizeof(src), "10.%u.%u.%u", state >> 30,
				(unsigned)i % 20, state >> 8 & 63);
			r[i] = run_record(src,
				i % 10 ? "10.0.3.1" : "2001:db8::5",
				(uint16_t)(i % 9), 1 + (state >> 28),
				(double)i / 100);
			r[i].key.sport = (uint16_t)(1000 + (state >> 20) % 300);
			r[i].bytes = r[i].packets * (40 + (state >> 24) % 9);
			r[i].end_reason = (uint8_t)(i % 6);
			e[i] = run_extra(i % 40);
		}
		cr_assert_eq(store_append(s,
				     &(struct store_batch){
					     {1, 1}, k + 1, 1, r, e, N},
				     &fresh, NULL),
			0);
		cr_assert_eq(store_seal(s, NULL), 0);
	}
	store_close(s);
	free(r);
	free(e);
	return dir;
}

static struct stat stat_of(const char *dir, unsigned number)
{
	char path[512];
	struct stat st;

	snprintf(path, sizeof(path), "%s/seg-%010u", dir, number);
	cr_assert_eq(stat(path, &st), 0);
	return st;
}

/* At most so many steps; returns how many were done. */
static int steps(const char *dir, int64_t after_ms, int most)
{
	struct pack *p = pack_new(dir, after_ms);
	struct err err = ERR_INIT;
	int n = 0;

	while (n < most && pack_step(p, &err) < NOTHING_MS)
		n++;
	pack_free(p);
	return n;
}

Test(pack, the_same_rows_in_fewer_bytes)
{
	char *dir = make();
	struct buf before = dump_dir(dir);
	const struct timespec long_ago = {1000000000, 123456789},
			      times[] = {long_ago, long_ago};
	struct store *reader = run_open(dir, STORE_READ);
	struct stat was, is;
	char path[512];

	snprintf(path, sizeof(path), "%s/seg-%010u", dir, 1);
	cr_assert_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	was = stat_of(dir, 1);
	/* of each segment its blocks and its end */
	cr_assert_eq(steps(dir, 0, 100), SEGMENTS * 3);
	is = stat_of(dir, 1);
	cr_assert_lt(is.st_size, was.st_size * 9 / 10);
	cr_assert_eq(is.st_mtim.tv_sec, long_ago.tv_sec);
	cr_assert_eq(is.st_mtim.tv_nsec, long_ago.tv_nsec);
	cr_assert(same(&before, dump_dir(dir)));
	cr_assert(same(&before, dump_of(reader)), "opened before");
	cr_assert_eq(steps(dir, 0, 100), 0, "once is enough");
	cr_assert_eq(stat_of(dir, 1).st_ino, is.st_ino);
	store_close(reader);
	buf_release(&before);
	run_remove(dir);
}

Test(pack, what_is_young_waits)
{
	char *dir = make();

	cr_assert_eq(steps(dir, 3600 * 1000, 100), 0);
	run_remove(dir);
}

/* As far as it came, there is the one file or the other. */
Test(pack, wherever_it_ends_nothing_is_lost)
{
	char *dir = make();
	struct buf before = dump_dir(dir);

	for (int n = 1; n <= 3; n++) {
		cr_assert_eq(steps(dir, 0, n), n);
		cr_assert(same(&before, dump_dir(dir)));
	}
	/* the first one was done, so this begins with the second */
	cr_assert_eq(steps(dir, 0, 100), 3);
	cr_assert(same(&before, dump_dir(dir)));
	buf_release(&before);
	run_remove(dir);
}

Test(pack, what_retention_took_does_not_come_back)
{
	char *dir = make(), path[512];
	struct pack *p = pack_new(dir, 0);
	struct err err = ERR_INIT;

	snprintf(path, sizeof(path), "%s/seg-%010u", dir, 1);
	pack_step(p, &err);
	cr_assert_eq(unlink(path), 0);
	while (pack_step(p, &err) < NOTHING_MS)
		;
	cr_assert_eq(err.code, 0, "%s", err.text);
	pack_free(p);
	cr_assert_lt(access(path, F_OK), 0);
	strcat(path, ".new");
	cr_assert_lt(access(path, F_OK), 0);
	run_remove(dir);
}

Test(pack, what_is_damaged_stays)
{
	char *dir = make(), path[512];
	struct stat first = stat_of(dir, 1), second = stat_of(dir, 2);
	uint8_t byte;
	int fd;

	snprintf(path, sizeof(path), "%s/seg-%010u", dir, 1);
	fd = open(path, O_RDWR);
	cr_assert_eq(pread(fd, &byte, 1, 5000), 1);
	byte ^= 1;
	cr_assert_eq(pwrite(fd, &byte, 1, 5000), 1);
	close(fd);
	cr_assert_gt(steps(dir, 0, 100), 3);
	cr_assert_eq(stat_of(dir, 1).st_ino, first.st_ino);
	cr_assert_lt(stat_of(dir, 2).st_size, second.st_size);
	strcat(path, ".new");
	cr_assert_lt(access(path, F_OK), 0);
	run_remove(dir);
}
