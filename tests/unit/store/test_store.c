#define _GNU_SOURCE
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/history.h"
#include "store/store.h"
#include "unit/store/run.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct seen {
	size_t rows;
	uint64_t packets;
	size_t whole; /* with what run_extra() gives */
};

static int count(void *ctx, const struct flow_rows *rows, struct err *err)
{
	struct seen *seen = ctx;

	(void)err;
	for (size_t i = 0; i < rows->n; i++) {
		seen->packets += rows->records[i].packets;
		seen->whole += run_has_extra(rows, i);
	}
	seen->rows += rows->n;
	return 0;
}

static struct seen read_all(const char *dir)
{
	struct store *s = run_open(dir, STORE_READ);
	struct seen seen = {0};
	const struct store_scan scan = {.rows = count, .ctx = &seen};
	struct err err = ERR_INIT;

	cr_assert_eq(store_scan(s, &scan, &err), 0, "%s", err.text);
	cr_assert_eq(store_rows(s), seen.rows);
	store_close(s);
	return seen;
}

static void fill(struct store *s, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i <= to; i++) {
		struct flow_record r =
			run_record("10.0.1.1", "10.0.3.1", 1, i, (double)i);

		run_store(s, 1, i, &r, 1);
	}
}

/* A bare collector writes no catalog. */
Test(store, is_there_with_a_catalog_or_without)
{
	char *dir = run_dir(), *catalog = mem_printf("%s/catalog", dir);
	struct store *s;

	cr_assert_not(store_is_there(dir));
	run_write_catalog(dir);
	cr_assert(store_is_there(dir));
	cr_assert_eq(unlink(catalog), 0);
	s = run_open(dir, STORE_WRITE);
	fill(s, 1, 3);
	store_close(s);
	cr_assert(store_is_there(dir));
	run_remove(dir);
	cr_assert_not(store_is_there("/nonexistent"));
	free(catalog);
}

Test(store, rows_survive_reopening)
{
	char *dir = run_dir();
	struct store *s = run_open(dir, STORE_WRITE);

	fill(s, 1, 100);
	cr_assert_eq(read_all(dir).packets, 5050);
	store_close(s);
	cr_assert_eq(read_all(dir).packets, 5050);
	s = run_open(dir, STORE_WRITE);
	cr_assert_eq(store_last_seq(s, (struct store_source){1, 77}), 100);
	cr_assert_eq(store_last_seq(s, (struct store_source){1, 78}), 0);
	cr_assert_eq(store_recovered(s)->rows, 100);
	fill(s, 101, 110);
	cr_assert_eq(read_all(dir).rows, 110);
	cr_assert_eq(store_sender(s, 0)->records, 110);
	cr_assert_eq(store_tap(s, 0)->packets, 110 * 111 / 2);
	store_close(s);
	run_remove(dir);
}

Test(store, a_batch_sent_again_is_not_stored_again)
{
	char *dir = run_dir();
	struct store *s = run_open(dir, STORE_WRITE);
	struct flow_record r = run_record("10.0.1.1", "10.0.3.1", 1, 7, 0);
	struct store_batch b = {
		.from = {1, 77}, .seq = 5, .records = &r, .n = 1};
	bool new;

	cr_assert_eq(store_append(s, &b, &new, NULL), 0);
	cr_assert(new);
	cr_assert_eq(store_append(s, &b, &new, NULL), 0);
	cr_assert_not(new);
	cr_assert_eq(store_commit(s, NULL), 0);
	cr_assert_eq(store_seal(s, NULL), 0);
	store_close(s);
	s = run_open(dir, STORE_WRITE);
	cr_assert_eq(store_append(s, &b, &new, NULL), 0);
	cr_assert_not(new, "sealing must not forget who sent what");
	b.from.life = 78;
	cr_assert_eq(store_append(s, &b, &new, NULL), 0);
	cr_assert(new, "another life counts from 1 again");
	cr_assert_eq(store_commit(s, NULL), 0);
	store_close(s);
	cr_assert_eq(read_all(dir).rows, 2);
	run_remove(dir);
}

Test(store, has_one_writer)
{
	char *dir = run_dir();
	struct store *s = run_open(dir, STORE_WRITE), *other;
	struct err err = ERR_INIT;

	cr_assert_eq(
		store_open(dir, STORE_WRITE, NULL, &other, &err), -NFZ_E_BUSY);
	store_close(s);
	run_remove(dir);
}

Test(store, sealed_rows_come_back_exactly)
{
	enum { N = 40000 };
	char *dir = run_dir();
	struct store *s = run_open(dir, STORE_WRITE);
	struct flow_record *r = mem_zalloc(N, sizeof(*r));
	struct seen before, after;

	for (int i = 0; i < N; i++) {
		char src[32];

		snprintf(src, sizeof(src), "10.%d.%d.%d", i % 7, i % 200,
			i % 250);
		r[i] = run_record(src, "2001:db8::5", (uint16_t)(i % 9),
			(uint64_t)i * i * i, i / 100.0);
		r[i].last_ns = i % 5 ? r[i].last_ns : r[i].first_ns - 5;
		r[i].end_reason = (uint8_t)(i % 6);
	}
	run_store(s, 3, 1, r, N);
	before = read_all(dir);
	cr_assert_eq(store_seal(s, NULL), 0);
	after = read_all(dir);
	cr_assert_eq(after.rows, N);
	cr_assert_eq(after.packets, before.packets);
	store_close(s);
	free(r);
	run_remove(dir);
}

Test(store, counters_are_kept_through_sealing)
{
	char *dir = run_dir();
	struct store *s = run_open(dir, STORE_WRITE);
	const struct store_source from = {1, 77};
	struct tap_counters c[2] = {{.tap = 1, .wire_frames = 10},
		{.tap = 2, .wire_frames = 20, .lost[LOSS_RING] = 3}};
	struct module_stats m = {.module = 1,
		.role = 1,
		.life = 77,
		.backend = "ring",
		.n[STAT_RECORDS_SENT] = 42};

	cr_assert_eq(store_append_counters(s, from, c, 2, NULL), 0);
	c[0].wire_frames = 11;
	cr_assert_eq(store_append_counters(s, from, c, 1, NULL), 0);
	cr_assert_eq(store_append_stats(s, &m, NULL), 0);
	cr_assert_eq(store_seal(s, NULL), 0);
	fill(s, 1, 3);
	cr_assert_eq(store_seal(s, NULL), 0);
	store_close(s);
	s = run_open(dir, STORE_READ);
	cr_assert_eq(store_tap(s, 0)->counters.wire_frames, 11);
	cr_assert_eq(store_tap(s, 0)->records, 3);
	cr_assert_eq(store_tap(s, 1)->counters.lost[LOSS_RING], 3);
	cr_assert(store_tap(s, 1)->known);
	cr_assert_null(store_tap(s, 2));
	cr_assert_eq(store_module(s, 0)->n[STAT_RECORDS_SENT], 42);
	cr_assert_str_eq(store_module(s, 0)->backend, "ring");
	store_close(s);
	run_remove(dir);
}

Test(store, seals_when_the_log_is_long_and_keeps_to_its_size)
{
	char *dir = run_dir();
	const struct store_limits limits = {.seal_rows = 10};
	const struct store_limits small = {.seal_rows = 10, .max_bytes = 3000};
	struct store *s;
	struct err err = ERR_INIT;

	cr_assert_eq(store_open(dir, STORE_WRITE, &limits, &s, &err), 0);
	fill(s, 1, 95);
	cr_assert_eq(store_trouble(s)->code, 0);
	cr_assert_eq(read_all(dir).rows, 95);
	store_close(s);
	cr_assert_eq(store_open(dir, STORE_WRITE, &small, &s, &err), 0);
	fill(s, 96, 120);
	cr_assert_eq(read_all(dir).rows + store_retired(s)->rows, 120);
	store_close(s);
	cr_assert_lt(read_all(dir).rows, 50);
	cr_assert_gt(read_all(dir).rows, 5);
	run_remove(dir);
}

/* Forty segments of ten rows, of which none may stay: a part of them goes at
 * each occasion, and what went is known each time. */
Test(store, much_that_goes_does_not_go_at_once)
{
	char *dir = run_dir();
	const struct store_limits many = {.seal_rows = 10},
				  none = {.seal_rows = 10, .max_bytes = 1};
	static const uint64_t gone[] = {16, 32, 40, 40};
	struct store *s;

	cr_assert_eq(store_open(dir, STORE_WRITE, &many, &s, NULL), 0);
	fill(s, 1, 400);
	store_close(s);
	cr_assert_eq(store_open(dir, STORE_WRITE, &none, &s, NULL), 0);
	for (size_t i = 0; i < sizeof(gone) / sizeof(*gone); i++) {
		cr_assert_eq(store_retired(s)->segments, gone[i]);
		cr_assert_eq(store_retired(s)->rows, gone[i] * 10);
		cr_assert_eq(read_all(dir).rows, 400 - gone[i] * 10);
		cr_assert_eq(store_commit(s, NULL), 0);
	}
	store_close(s);
	run_remove(dir);
}

static void age(const char *dir, const char *name, int64_t by_s)
{
	cleanup_free char *path = mem_printf("%s/%s", dir, name);
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
		{.tv_sec = wall_now().ns / SECOND - by_s}};

	cr_assert_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Five segments of ten rows; the first three are two hours old. */
Test(store, drops_what_is_too_old_and_knows_it)
{
	char *dir = run_dir();
	const struct store_limits limits = {
		.seal_rows = 10, .max_age_ms = 3600000};
	struct store *s;

	cr_assert_eq(store_open(dir, STORE_WRITE, &limits, &s, NULL), 0);
	fill(s, 1, 50);
	cr_assert_eq(store_retired(s)->rows, 0);
	age(dir, "seg-0000000001", 7200);
	age(dir, "seg-0000000002", 7200);
	age(dir, "seg-0000000003", 7200);
	fill(s, 51, 60);
	cr_assert_eq(store_retired(s)->rows, 30);
	cr_assert_eq(store_retired(s)->segments, 3);
	cr_assert_eq(store_retired(s)->upto, 3);
	cr_assert_eq(store_retired(s)->first_ns, START + SECOND);
	cr_assert_eq(store_retired(s)->last_ns, START + 31 * SECOND);
	cr_assert_eq(read_all(dir).rows, 30);
	store_close(s);
	age(dir, "seg-0000000004", 7200);
	cr_assert_eq(store_open(dir, STORE_WRITE, &limits, &s, NULL), 0);
	cr_assert_eq(store_retired(s)->rows, 40, "it goes on counting");
	store_close(s);
	s = run_open(dir, STORE_READ);
	cr_assert_eq(store_retired(s)->rows, 40, "and readers know it");
	store_close(s);
	cr_assert_eq(read_all(dir).rows, 20);
	run_remove(dir);
}

/* What went and what is there are what was stored, told by the history. */
Test(store, counts_of_what_is_gone_remain)
{
	char *dir = run_dir();
	const struct store_limits limits = {
		.seal_rows = 10, .max_age_ms = 3600000};
	const struct history *h;
	uint64_t records = 0, packets = 0;
	struct store *s;

	for (int i = 1; i <= 2; i++) {
		cr_assert_eq(
			store_open(dir, STORE_WRITE, &limits, &s, NULL), 0);
		fill(s, (uint64_t)i * 20 - 19, (uint64_t)i * 20);
		store_close(s);
		s = run_open(dir, STORE_READ);
		cr_assert_eq(store_history(s)->n == 0, i == 1);
		store_close(s);
		age(dir, i == 1 ? "seg-0000000001" : "seg-0000000003", 7200);
	}
	s = run_open(dir, STORE_READ);
	h = store_history(s);
	for (size_t i = 0; i < h->n; i++) {
		records += h->cells[i].records;
		packets += h->cells[i].packets;
	}
	cr_assert_eq(store_retired(s)->rows, 10);
	cr_assert_eq(records, 10, "%d", (int)records);
	cr_assert_eq(packets, 10 * 11 / 2, "%d", (int)packets);
	store_close(s);
	run_remove(dir);
}

/* Killed after it was said and before it was done. */
Test(store, what_is_said_to_be_gone_goes_and_counts_once)
{
	char *dir = run_dir(), *first = mem_printf("%s/seg-0000000001", dir),
	     *kept = mem_printf("%s/kept", dir);
	const struct store_limits limits = {
		.seal_rows = 10, .max_age_ms = 3600000};
	struct store *s;

	cr_assert_eq(store_open(dir, STORE_WRITE, &limits, &s, NULL), 0);
	fill(s, 1, 20);
	cr_assert_eq(link(first, kept), 0);
	age(dir, "seg-0000000001", 7200);
	store_close(s);
	cr_assert_eq(store_open(dir, STORE_WRITE, &limits, &s, NULL), 0);
	cr_assert_eq(store_retired(s)->rows, 10);
	store_close(s);
	cr_assert_eq(rename(kept, first), 0);
	cr_assert_eq(read_all(dir).rows, 10, "nobody reads it");
	cr_assert_eq(store_open(dir, STORE_WRITE, NULL, &s, NULL), 0);
	cr_assert_eq(store_retired(s)->rows, 10);
	store_close(s);
	cr_assert_eq(read_all(dir).rows, 10);
	free(first);
	free(kept);
	run_remove(dir);
}

static char *log_path(const char *dir, int number)
{
	return mem_printf("%s/wal-%010d", dir, number);
}

/* A log cut at any byte opens, and holds exactly the batches that are whole. */
Test(store, a_log_cut_anywhere_opens)
{
	char *dir = run_dir(), *path = log_path(dir, 1);
	struct store *s = run_open(dir, STORE_WRITE);
	struct buf all = BUF_INIT(1 << 20);
	struct stat st;
	off_t end[4];

	for (int i = 0; i < 4; i++) {
		cr_assert_eq(stat(path, &st), 0);
		end[i] = st.st_size;
		fill(s, (uint64_t)i + 1, (uint64_t)i + 1);
	}
	store_close(s);
	cr_assert_eq(file_read(path, &all, NULL), 0);
	for (size_t cut = (size_t)end[1]; cut < all.len; cut++) {
		char *copy = run_dir(), *log = log_path(copy, 1);
		size_t whole =
			1 + (cut >= (size_t)end[2]) + (cut >= (size_t)end[3]);

		cr_assert_eq(file_replace(log, 0600, all.data, cut, NULL), 0);
		cr_assert_eq(read_all(copy).rows, whole);
		s = run_open(copy, STORE_WRITE);
		cr_assert_eq(
			store_last_seq(s, (struct store_source){1, 77}), whole);
		cr_assert_eq(store_recovered(s)->cut_bytes,
			cut - (size_t)end[whole]);
		fill(s, whole + 1, 9);
		store_close(s);
		cr_assert_eq(read_all(copy).rows, 9);
		free(log);
		run_remove(copy);
	}
	buf_release(&all);
	free(path);
	run_remove(dir);
}

/* Damage in the middle costs what it hit, not what follows. */
Test(store, damage_does_not_take_what_follows)
{
	char *dir = run_dir(), *path = log_path(dir, 1);
	struct store *s = run_open(dir, STORE_WRITE);
	struct buf all = BUF_INIT(1 << 20);
	int fd;

	fill(s, 1, 10);
	store_close(s);
	cr_assert_eq(file_read(path, &all, NULL), 0);
	fd = open(path, O_WRONLY);
	cr_assert_eq(pwrite(fd, "x", 1, (off_t)all.len / 2), 1);
	close(fd);
	cr_assert_eq(read_all(dir).rows, 9);
	s = run_open(dir, STORE_WRITE);
	cr_assert_eq(store_recovered(s)->rows, 9);
	cr_assert_gt(store_recovered(s)->damaged_bytes, 0);
	cr_assert_eq(store_last_seq(s, (struct store_source){1, 77}), 10);
	store_close(s);
	cr_assert_eq(read_all(dir).rows, 9);
	buf_release(&all);
	free(path);
	run_remove(dir);
}

/* The child tells how far it committed; killed at any moment, nothing of that
 * is missing. */
static void write_until_killed(const char *dir, int out)
{
	const struct store_limits limits = {.seal_rows = 37};
	struct store *s;

	if (store_open(dir, STORE_WRITE, &limits, &s, NULL) < 0)
		_exit(1);
	for (;;) {
		uint64_t seq = store_last_seq(s, (struct store_source){1, 1});
		struct flow_record r[3];
		struct flow_extra e[3];
		struct store_batch b = {.from = {1, 1},
			.seq = seq + 1,
			.records = r,
			.extras = seq % 3 ? e : NULL,
			.n = 3};
		bool new;

		for (uint64_t i = 0; i < 3; i++) {
			uint64_t packets = seq % 3 ? i + seq : 2;

			r[i] = run_record(
				"10.0.1.1", "10.0.3.1", 1, packets, 0);
			e[i] = run_extra(packets);
		}
		if (store_append(s, &b, &new, NULL) < 0 ||
			store_commit(s, NULL) < 0 ||
			write(out, &b.seq, sizeof(b.seq)) < 0)
			_exit(1);
	}
}

Test(store, nothing_committed_is_lost_to_kill, .timeout = 60)
{
	char *dir = run_dir();
	uint64_t said = 0;

	for (int round = 0; round < 25; round++) {
		uint64_t seq;
		struct seen seen;
		int pipes[2], status;
		pid_t child;

		cr_assert_eq(pipe(pipes), 0);
		child = fork();
		if (child == 0)
			write_until_killed(dir, pipes[1]);
		close(pipes[1]);
		cr_assert_eq(read(pipes[0], &seq, sizeof(seq)), sizeof(seq));
		said = seq;
		usleep(200 + 900 * (unsigned)round);
		kill(child, SIGKILL);
		cr_assert_eq(waitpid(child, &status, 0), child);
		cr_assert(WIFSIGNALED(status), "the writer failed by itself");
		while (read(pipes[0], &seq, sizeof(seq)) == sizeof(seq))
			said = seq;
		close(pipes[0]);
		seen = read_all(dir);
		cr_assert_eq(seen.rows % 3, 0, "a part of a batch is there");
		cr_assert_eq(seen.whole, seen.rows, "what was told besides");
		cr_assert_geq(seen.rows, 3 * said);
		cr_assert_leq(seen.rows, 3 * (said + 1) + 3);
		said = seen.rows / 3;
	}
	cr_assert_geq(said, 25);
	run_remove(dir);
}

/* A disk of half a MiB, of which most is taken away and given back. */
static bool small_disk(const char *dir)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("tmpfs", dir, "tmpfs", 0, "size=512k") == 0;
}

Test(store, a_full_disk_is_waited_out)
{
	char *dir = run_dir(), *ballast = mem_printf("%s/ballast", dir);
	struct flow_record r[100];
	struct store_batch b = {.from = {1, 77}, .records = r, .n = 100};
	struct err err = ERR_INIT;
	struct store *s;
	bool new;
	int res = 0;

	if (!small_disk(dir))
		cr_skip_test("needs root for a disk of its own");
	for (int i = 0; i < 100; i++)
		r[i] = run_record("10.0.1.1", "10.0.3.1", 1, 1, 0);
	cr_assert_eq(file_replace(ballast, 0600, r, sizeof(r), NULL), 0);
	s = run_open(dir, STORE_WRITE);
	while (res == 0 && b.seq < 1000) {
		b.seq++;
		cr_assert_eq(store_append(s, &b, &new, NULL), 0);
		res = store_commit(s, &err);
	}
	cr_assert_eq(res, -NFZ_E_DISK_FULL, "%s", err.text);
	cr_assert_eq(read_all(dir).rows, 100 * (b.seq - 1),
		"what was committed can be read while the disk is full");
	cr_assert_eq(store_commit(s, &err), -NFZ_E_DISK_FULL);
	unlink(ballast);
	cr_assert_eq(mount(NULL, dir, NULL, MS_REMOUNT, "size=2m"), 0);
	cr_assert_eq(store_commit(s, &err), 0, "%s", err.text);
	cr_assert_eq(store_seal(s, &err), 0, "%s", err.text);
	store_close(s);
	cr_assert_eq(read_all(dir).rows, 100 * b.seq);
	umount(dir);
	free(ballast);
	run_remove(dir);
}

/* Nothing is left of the disk. */
static void fill_up(const char *path)
{
	char piece[4096] = {1};
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	cr_assert_geq(fd, 0);
	while (write(fd, piece, sizeof(piece)) > 0)
		;
	close(fd);
}

static uint64_t remembered(const struct store *s)
{
	const struct history *h = store_history(s);
	uint64_t records = 0;

	for (size_t i = 0; i < h->n; i++)
		records += h->cells[i].records;
	return records;
}

/* Commits batches of n rows until the four old segments have gone; returns the
 * number of commits that failed. */
static unsigned go_on(struct store *s, size_t n, uint64_t *ret_rows)
{
	struct store_batch b = {.from = {1, 77}, .seq = 50, .n = n};
	struct flow_record r[100];
	unsigned failures = 0;
	bool new;

	for (size_t i = 0; i < n; i++)
		r[i] = run_record("10.0.1.1", "10.0.3.1", 1, 1, 60);
	b.records = r;
	for (int i = 0; i < 100 && store_retired(s)->rows < 40; i++) {
		b.seq++;
		cr_assert_eq(store_append(s, &b, &new, NULL), 0);
		failures += store_commit(s, NULL) < 0;
		*ret_rows += n;
	}
	return failures;
}

/* Not even what is said of them has room: segments that are to go make some, for
 * that and for what is received, whether the log or the next one has none. */
static void old_goes_from_a_full_disk(size_t n, unsigned failures)
{
	char *dir = run_dir(), *ballast = mem_printf("%s/ballast", dir);
	const struct store_limits limits = {
		.seal_rows = 10, .max_age_ms = 3600000};
	uint64_t rows = 50;
	struct store *s;

	if (!small_disk(dir))
		cr_skip_test("needs root for a disk of its own");
	run_write_catalog(dir);
	cr_assert_eq(store_open(dir, STORE_WRITE, &limits, &s, NULL), 0);
	fill(s, 1, rows);
	for (int i = 1; i <= 4; i++) {
		cleanup_free char *name = mem_printf("seg-%010d", i);

		age(dir, name, 7200);
	}
	fill_up(ballast);
	cr_assert_eq(go_on(s, n, &rows), failures);
	cr_assert_eq(store_retired(s)->rows, 40);
	store_close(s);
	s = run_open(dir, STORE_READ);
	cr_assert_eq(store_retired(s)->rows, 40, "readers know it");
	cr_assert_eq(remembered(s), 40);
	cr_assert_eq(read_all(dir).rows, rows - 40);
	store_close(s);
	umount(dir);
	free(ballast);
	run_remove(dir);
}

Test(store, what_is_old_goes_where_the_log_has_no_room)
{
	old_goes_from_a_full_disk(100, 1);
}

Test(store, what_is_old_goes_where_the_next_log_has_no_room)
{
	old_goes_from_a_full_disk(1, 0);
}
