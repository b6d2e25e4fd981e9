/* Undo after a cut at any byte of the journal, twice, with files changed and
 * paths that want out. */
#include "base/clock.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"
#include "deploy/journal.h"
#include "format/crypto.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char root[64];
static int dir;

static void setup(void)
{
	snprintf(root, sizeof(root), "/tmp/nfz-journal-XXXXXX");
	cr_assert_not_null(mkdtemp(root));
	dir = open(root, O_RDONLY | O_DIRECTORY);
}

static void teardown(void)
{
	close(dir);
	cr_assert_eq(file_remove_tree(root, NULL), 0);
}

TestSuite(journal, .init = setup, .fini = teardown);

static void put(const char *path, const char *text)
{
	int fd = openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static bool there(const char *path)
{
	struct stat st;

	return fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void note(enum journal_kind kind, const char *path, const char *text)
{
	struct journal_record r = {.kind = kind, .path = path};
	int fd;

	if (text)
		crypto_sha256_text(text, strlen(text), r.sha);
	cr_assert_eq(journal_open(dir, true, &fd, NULL), 0);
	cr_assert_eq(journal_add(fd, &r, NULL), 0);
	close(fd);
}

static void count(void *ctx, const char *path, const char *why)
{
	(void)path;
	(void)why;
	++*(int *)ctx;
}

static bool undo(bool force, int *ret_kept)
{
	int kept = 0;
	const struct journal_undo how = {
		.force = force, .stop_ms = 1000, .kept = count, .ctx = &kept};
	bool clean = false;
	struct err err = ERR_INIT;

	cr_assert_eq(journal_undo(dir, &how, &clean, &err), 0, "%s", err.text);
	if (ret_kept)
		*ret_kept = kept;
	return clean;
}

/* A whole installation, step by step as the agent makes one. */
static void install(void)
{
	note(JOURNAL_TEMP, "tag.new.1", NULL);
	put("tag", "id");
	put("lock", "");
	note(JOURNAL_DIR, "bin", NULL);
	mkdirat(dir, "bin", 0700);
	note(JOURNAL_TREE, "log", NULL);
	mkdirat(dir, "log", 0700);
	note(JOURNAL_TEMP, "bin/a.new.2", NULL);
	put("bin/a.new.2", "half");
	note(JOURNAL_FILE, "bin/a", "one");
	put("bin/a", "one");
	note(JOURNAL_SECRET, "key", "secret");
	put("key", "secret");
	put("log/meter.log", "anything");
}

Test(journal, undo_leaves_nothing_and_can_be_repeated)
{
	install();
	cr_assert(undo(false, NULL));
	cr_assert_eq(rmdir(root), 0, "something was left");
	cr_assert_eq(mkdir(root, 0700), 0);
	close(dir);
	dir = open(root, O_RDONLY | O_DIRECTORY);
	cr_assert(undo(false, NULL));
}

/* A kill may cut the journal anywhere; what it names is exactly what had been
 * begun.  Here everything exists, so with a shorter journal the rest must be
 * reported, never silently kept or lost. */
Test(journal, a_torn_line_is_no_record)
{
	struct buf text = BUF_INIT(1 << 16);
	struct journal_list all = {0};
	char path[96];

	install();
	snprintf(path, sizeof(path), "%s/journal", root);
	cr_assert_eq(file_read(path, &text, NULL), 0);
	journal_parse(text.data, text.len, &all);
	cr_assert_eq(all.n, 6);
	cr_assert_eq(all.damaged, 0);
	for (size_t n = 0; n < text.len; n++) {
		struct journal_list some = {0};
		size_t lines = 0;

		for (size_t i = 0; i < n; i++)
			lines += text.data[i] == '\n';
		journal_parse(text.data, n, &some);
		/* a line without its newline may count when it is whole */
		cr_assert(some.n == lines ||
			  (some.n == lines + 1 && text.data[n] == '\n'));
		cr_assert_eq(some.damaged, 0);
		for (size_t i = 0; i < some.n; i++)
			cr_assert_str_eq(
				some.records[i].path, all.records[i].path);
		journal_list_release(&some);
	}
	journal_list_release(&all);
	buf_release(&text);
}

Test(journal, undo_after_a_cut_reports_the_rest)
{
	struct buf text = BUF_INIT(1 << 16);
	char path[96];

	install();
	snprintf(path, sizeof(path), "%s/journal", root);
	cr_assert_eq(file_read(path, &text, NULL), 0);
	cr_assert_eq(file_remove_tree(root, NULL), 0);
	for (size_t n = 0; n <= text.len; n += 5) {
		int kept = 0;

		cr_assert_eq(mkdir(root, 0700), 0);
		close(dir);
		dir = open(root, O_RDONLY | O_DIRECTORY);
		install();
		cr_assert_eq(file_replace(path, 0600, text.data, n, NULL), 0);
		if (!undo(false, &kept)) {
			cr_assert_gt(kept, 0);
			cr_assert(there("tag"), "whose it was stays known");
			cr_assert(undo(true, NULL));
		}
		cr_assert_eq(rmdir(root), 0, "left after a cut at %zu", n);
	}
	cr_assert_eq(mkdir(root, 0700), 0);
	buf_release(&text);
}

Test(journal, a_record_behind_a_torn_line_counts)
{
	struct journal_list list;
	int fd;

	note(JOURNAL_DIR, "bin", NULL);
	fd = openat(dir, "journal", O_WRONLY | O_APPEND);
	cr_assert_eq(write(fd, "0123abcd fi", 11), 11);
	close(fd);
	note(JOURNAL_DIR, "etc", NULL);
	cr_assert_eq(journal_read(dir, &list, NULL), 0);
	cr_assert_eq(list.n, 2);
	cr_assert_eq(list.damaged, 1);
	cr_assert_str_eq(list.records[1].path, "etc");
	journal_list_release(&list);
}

Test(journal, a_changed_file_is_kept_and_reported)
{
	int kept;

	install();
	put("bin/a", "edited by somebody");
	cr_assert_not(undo(false, &kept));
	cr_assert_eq(kept, 1);
	cr_assert(there("bin/a"));
	cr_assert_not(there("key"));
	cr_assert(there("journal"));
	cr_assert(undo(true, NULL));
	cr_assert_not(there("bin"));
}

Test(journal, every_content_we_ever_wrote_is_ours)
{
	install();
	note(JOURNAL_FILE, "bin/a", "two");
	/* killed before the rename: the first content is still there */
	cr_assert(undo(false, NULL));
}

Test(journal, unknown_files_are_kept)
{
	int kept;

	install();
	put("bin/stranger", "x");
	put("note", "x");
	cr_assert_not(undo(false, &kept));
	cr_assert_geq(kept, 1);
	cr_assert(there("bin/stranger"));
	cr_assert(undo(true, NULL));
	cr_assert_eq(rmdir(root), 0);
	cr_assert_eq(mkdir(root, 0700), 0);
}

Test(journal, nothing_outside_is_touched)
{
	static const char *const bad[] = {"/etc/passwd", "../x", "a/../../x",
		"./a", "a//b", "", "a/", "a\nb"};
	char outside[] = "/tmp/nfz-outside-XXXXXX", path[128];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_assert_not(journal_path_ok(bad[i]), "%s", bad[i]);
	cr_assert(journal_path_ok("bin/nfz-meter.new.0a"));
	/* links in place of our directory and of our file */
	cr_assert_not_null(mkdtemp(outside));
	snprintf(path, sizeof(path), "%s/victim", outside);
	cr_assert_eq(file_replace(path, 0600, "v", 1, NULL), 0);
	note(JOURNAL_DIR, "bin", NULL);
	note(JOURNAL_TEMP, "bin/victim", NULL);
	note(JOURNAL_TREE, "log", NULL);
	cr_assert_eq(symlinkat(outside, dir, "bin"), 0);
	cr_assert_eq(symlinkat(outside, dir, "log"), 0);
	undo(true, NULL);
	cr_assert_eq(access(path, F_OK), 0, "a link was followed");
	cr_assert_eq(file_remove_tree(outside, NULL), 0);
}

Test(journal, a_process_is_ended_only_when_it_is_the_one)
{
	struct journal_record r = {.kind = JOURNAL_PROC, .role = "meter"};
	int status, ready[2];
	char byte;
	pid_t pid;

	cr_assert_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		signal(SIGTERM, SIG_IGN);
		byte = 'r';
		if (write(ready[1], &byte, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	r.pid = pid;
	journal_boot(r.boot);
	cr_assert(proc_start_time(pid, &r.start));
	r.start++; /* another process that had this pid */
	cr_assert(journal_end_process(&r, 10));
	cr_assert_eq(waitpid(pid, &status, WNOHANG), 0, "a stranger was hit");
	r.start--;
	r.boot[0] ^= 1; /* of another boot */
	cr_assert(journal_end_process(&r, 10));
	cr_assert_eq(waitpid(pid, &status, WNOHANG), 0, "a stranger was hit");
	r.boot[0] ^= 1;
	cr_assert(journal_process_lives(&r));
	cr_assert(journal_end_process(&r, 10), "it ignores SIGTERM");
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(WTERMSIG(status), SIGKILL);
}

/* Somebody wrote it down with its true numbers. */
Test(journal, a_process_that_runs_elsewhere_is_reported)
{
	struct journal_record r = {.kind = JOURNAL_PROC, .role = "meter"};
	int status, kept = 0, fd;
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	r.pid = pid;
	journal_boot(r.boot);
	cr_assert(proc_start_time(pid, &r.start));
	cr_assert_eq(journal_open(dir, true, &fd, NULL), 0);
	cr_assert_eq(journal_add(fd, &r, NULL), 0);
	close(fd);
	cr_assert_not(undo(false, &kept));
	cr_assert_eq(kept, 1);
	cr_assert(undo(true, NULL));
	cr_assert_eq(waitpid(pid, &status, WNOHANG), 0, "a stranger was hit");
	kill(pid, SIGKILL);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
}

/* As one of ours that ends is not seen to be ours any more. */
Test(journal, a_process_that_ends_is_no_stranger)
{
	struct journal_record r = {.kind = JOURNAL_PROC, .role = "meter"};
	int status, kept = 0, go[2], fd;
	const struct journal_undo how = {
		.stop_ms = 60000, .kept = count, .ctx = &kept};
	bool clean = false;
	pid_t pid;
	char byte;

	cr_assert_eq(pipe(go), 0);
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		(void)!read(go[0], &byte, 1);
		clock_sleep_ms(100);
		_exit(0);
	}
	close(go[0]);
	r.pid = pid;
	journal_boot(r.boot);
	cr_assert(proc_start_time(pid, &r.start));
	cr_assert_eq(journal_open(dir, true, &fd, NULL), 0);
	cr_assert_eq(journal_add(fd, &r, NULL), 0);
	close(fd);
	close(go[1]);
	cr_assert_eq(journal_undo(dir, &how, &clean, NULL), 0);
	cr_assert(clean);
	cr_assert_eq(kept, 0);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
}

/* A pipe has no end to wait for; a second name is a file of somebody else. */
Test(journal, one_that_is_no_file_of_ours)
{
	struct stat before, after;
	int kept = 0, fd;

	put("note", "no newline at its end");
	cr_assert_eq(fstatat(dir, "note", &before, 0), 0);
	cr_assert_eq(linkat(dir, "note", dir, "journal", 0), 0);
	cr_assert_neq(journal_open(dir, false, &fd, NULL), 0);
	cr_assert_eq(fstatat(dir, "note", &after, 0), 0);
	cr_assert_eq(before.st_size, after.st_size, "it was written to");
	cr_assert_eq(unlinkat(dir, "journal", 0), 0);
	cr_assert_eq(mkfifoat(dir, "journal", 0600), 0);
	cr_assert_not(undo(false, &kept));
	cr_assert_eq(kept, 2, "the journal, and what it does not name");
	cr_assert(undo(true, NULL));
	cr_assert_not(there("journal"));
}

/* As journal_add writes it, but without waiting for the disk. */
static void add_line(struct buf *text, const char *body)
{
	uint32_t crc = 0xffffffff;

	for (const char *p = body; *p; p++) {
		crc ^= (uint8_t)*p;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	buf_addf(text, "%08x %s\n", ~crc, body);
}

/* Each with each would be 10^10 comparisons. */
Test(journal, as_many_lines_as_fit, .timeout = 60)
{
	struct buf text = BUF_INIT(16 << 20);
	int kept = 0, fd;

	for (int i = 0; text.len < 7 << 20; i++) {
		char body[32];

		snprintf(body, sizeof(body), "temp %x", i);
		add_line(&text, body);
	}
	fd = openat(dir, "journal", O_WRONLY | O_CREAT, 0600);
	cr_assert_eq(file_write_all(fd, text.data, text.len, NULL), 0);
	close(fd);
	cr_assert(undo(false, &kept));
	cr_assert_eq(kept, 0);
	/* more than we would ever write: its beginning, and a word of it */
	cr_assert_eq(mkdirat(dir, "etc", 0700), 0);
	fd = openat(dir, "journal", O_WRONLY | O_CREAT, 0600);
	cr_assert_eq(file_write_all(fd, text.data, text.len, NULL), 0);
	cr_assert_eq(file_write_all(fd, text.data, text.len, NULL), 0);
	close(fd);
	cr_assert_not(undo(false, &kept));
	cr_assert_eq(kept, 2);
	cr_assert(undo(true, NULL));
	buf_release(&text);
}

Test(journal, cgroups_of_strangers_are_left_alone)
{
	struct journal_undo how = {.stop_ms = 100};
	struct journal_list list;
	bool clean = false;

	note(JOURNAL_CGROUP, "netflowize-0000000000000001-nobody", NULL);
	note(JOURNAL_CGROUP, "user.slice", NULL);
	cr_assert_eq(journal_read(dir, &list, NULL), 0);
	cr_assert_eq(list.n, 2u);
	cr_assert_eq(list.records[0].kind, JOURNAL_CGROUP);
	journal_list_release(&list);
	cr_assert_eq(journal_undo(dir, &how, &clean, NULL), 0);
	cr_assert(clean);
}
