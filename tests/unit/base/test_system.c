/* Files, children, loop: what touches the system. */
#include "base/clock.h"
#include "base/file.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/thread.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char *scratch(void)
{
	char *dir = mem_strdup("/tmp/nfz-test-XXXXXX");

	cr_assert_not_null(mkdtemp(dir));
	return dir;
}

Test(file, replaces_whole_and_reads_back)
{
	char *dir = scratch(), *path = mem_printf("%s/f", dir);
	struct buf text = BUF_INIT(10);
	struct err err = ERR_INIT;

	cr_assert_eq(file_replace(path, 0600, "hello", 5, &err), 0);
	cr_assert_eq(file_replace(path, 0600, "bye", 3, &err), 0);
	cr_assert_eq(file_read(path, &text, &err), 0);
	cr_assert_str_eq(buf_str(&text), "bye");
	cr_assert_eq(file_replace(path, 0600, "12345678901", 11, &err), 0);
	buf_reset(&text);
	cr_assert_eq(file_read(path, &text, &err), -NFZ_E_LIMIT);
	cr_assert_eq(file_remove_tree(dir, &err), 0);
	cr_assert_lt(access(dir, F_OK), 0);
	cr_assert_eq(file_remove_tree(dir, &err), 0, "absent is success");
	buf_release(&text);
	free(path);
	free(dir);
}

Test(file, a_home_is_found_without_the_variable)
{
	const struct passwd *me = getpwuid(getuid());

	cr_assert_not_null(me);
	setenv("HOME", "/over/there", 1);
	cr_assert_str_eq(file_home(), "/over/there");
	unsetenv("HOME");
	cr_assert_str_eq(file_home(), me->pw_dir);
	setenv("HOME", "", 1);
	cr_assert_str_eq(file_home(), me->pw_dir);
}

Test(file, a_part_is_read_as_far_as_there_is_one)
{
	char *dir = scratch(), *path = mem_printf("%s/f", dir), text[8];
	struct err err = ERR_INIT;
	int fd;

	cr_assert_eq(file_replace(path, 0600, "hello", 5, &err), 0);
	fd = open(path, O_RDONLY);
	cr_assert_eq(file_read_at(fd, text, 3, 1), 3);
	cr_assert_eq(memcmp(text, "ell", 3), 0);
	cr_assert_eq(file_read_at(fd, text, sizeof(text), 3), 2);
	cr_assert_eq(file_read_at(fd, text, sizeof(text), 9), 0);
	close(fd);
	cr_assert_lt(file_read_at(fd, text, sizeof(text), 0), 0);
	cr_assert_eq(file_remove_tree(dir, &err), 0);
	free(path);
	free(dir);
}

Test(file, names_the_file_that_was_asked_for)
{
	char *dir = scratch(), *path = mem_printf("%s/none/f", dir);
	struct err err = ERR_INIT;

	cr_assert_lt(file_replace(path, 0600, "x", 1, &err), 0);
	cr_assert(strstr(err.text, "none/f: "), "%s", err.text);
	cr_assert_eq(file_remove_tree(dir, &err), 0);
	free(path);
	free(dir);
}

Test(file, removing_a_tree_follows_no_link)
{
	char *dir = scratch(), *out = scratch();
	char *keep = mem_printf("%s/keep", out);
	char *link = mem_printf("%s/link", dir);
	struct err err = ERR_INIT;

	cr_assert_eq(file_replace(keep, 0600, "x", 1, &err), 0);
	cr_assert_eq(symlink(out, link), 0);
	cr_assert_eq(file_remove_tree(dir, &err), 0);
	cr_assert_eq(access(keep, F_OK), 0);
	cr_assert_eq(file_remove_tree(out, &err), 0);
	free(keep);
	free(link);
	free(dir);
	free(out);
}

Test(file, a_lock_is_held_once)
{
	char *dir = scratch(), *path = mem_printf("%s/lock", dir);
	struct err err = ERR_INIT;
	int a = -1, b = -1;

	cr_assert_eq(file_lock(path, &a, &err), 0);
	cr_assert_eq(file_lock(path, &b, &err), -NFZ_E_BUSY);
	close(a);
	cr_assert_eq(file_lock(path, &b, &err), 0);
	close(b);
	cr_assert_eq(file_remove_tree(dir, &err), 0);
	free(path);
	free(dir);
}

Test(proc, feeds_gathers_and_times_out)
{
	static const char *const cat[] = {"cat", NULL};
	static const char *const fail[] = {
		"sh", "-c", "echo no >&2; exit 3", NULL};
	static const char *const hang[] = {"sleep", "30", NULL};
	struct buf out = BUF_INIT(1 << 20), bad = BUF_INIT(1 << 20);
	struct proc_io io = {"hello", 5, &out, &bad, 5000};
	struct err err = ERR_INIT;
	int status = -1;

	cr_assert_eq(proc_run(cat, &io, &status, &err), 0);
	cr_assert_eq(status, 0);
	cr_assert_str_eq(buf_str(&out), "hello");
	cr_assert_eq(proc_run(fail, &io, &status, &err), 0);
	cr_assert_eq(status, 3);
	cr_assert_str_eq(buf_str(&bad), "no\n");
	io.timeout_ms = 50;
	cr_assert_eq(proc_run(hang, &io, &status, &err), -NFZ_E_TIMEOUT);
	buf_release(&out);
	buf_release(&bad);
}

/* What is printed would get into the first files that are opened. */
Test(proc, closed_descriptors_are_nobodys)
{
	int status, fd;
	pid_t pid = fork();

	if (pid == 0) {
		close(STDIN_FILENO);
		close(STDOUT_FILENO);
		close(STDERR_FILENO);
		proc_begin();
		fd = open("/dev/null", O_RDWR);
		_exit(fd <= STDERR_FILENO || write(STDOUT_FILENO, "x", 1) > 0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(status, 0);
}

Test(proc, no_core_goes_to_a_file_or_a_program)
{
	struct rlimit core;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		proc_begin();
		_exit(getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max ||
			prctl(PR_GET_DUMPABLE) != 0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(status, 0);
}

static int writes_too_much(void)
{
	const struct rlimit little = {1, 1};
	char *dir = scratch(), *path = mem_printf("%s/f", dir);
	int fd, r;

	proc_begin();
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	r = setrlimit(RLIMIT_FSIZE, &little) == 0 && write(fd, "x", 1) == 1 &&
			    write(fd, "x", 1) < 0 && errno == EFBIG
		    ? 0
		    : 1;
	close(fd);
	(void)!file_remove_tree(dir, NULL);
	free(path);
	free(dir);
	return r;
}

Test(proc, a_file_that_may_grow_no_more_is_an_error)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(writes_too_much());
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(status, 0);
}

Test(proc, a_child_gets_what_it_is_given)
{
	char text[8] = "";
	int status, pipes[2];
	pid_t pid;

	cr_assert_eq(pipe(pipes), 0);
	pid = fork();
	if (pid == 0) {
		if (!proc_stdio(-1, pipes[1], -1) || read(0, text, 1) != 0 ||
			write(2, "lost", 4) != 4)
			_exit(1);
		proc_exec((const char *[]){"echo", "found", NULL});
		_exit(2);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(status, 0);
	cr_expect_eq(read(pipes[0], text, sizeof(text) - 1), 6);
	cr_expect_str_eq(text, "found\n");
	close(pipes[0]);
	close(pipes[1]);
}

Test(proc, a_child_is_waited_for)
{
	pid_t child = fork();

	if (child == 0)
		_exit(3);
	cr_assert_eq(proc_exit_code(proc_wait(child)), 3);
	cr_assert_eq(proc_wait(child), -1, "it is gone");
	child = fork();
	if (child == 0) {
		raise(SIGKILL);
		_exit(0);
	}
	cr_assert_eq(proc_exit_code(proc_wait(child)), 128 + SIGKILL);
}

/* Both threads answer whether they take SIGTERM. */
static void *is_blocked(void *data)
{
	sigset_t now;

	pthread_sigmask(SIG_SETMASK, NULL, &now);
	*(int *)data = sigismember(&now, SIGTERM);
	return NULL;
}

/* One that has closed its ends and goes on is waited for at one go: a turn each
 * millisecond were some hundred. */
Test(proc, a_silent_child_is_not_asked_again_and_again)
{
	const char *const argv[] = {
		"sh", "-c", "exec <&- >&- 2>&-; sleep 0.5", NULL};
	struct buf out = BUF_INIT(16);
	struct proc_io io = {.out = &out, .timeout_ms = 60000};
	struct rusage before, after;
	struct err err = ERR_INIT;
	int status = -1;

	getrusage(RUSAGE_SELF, &before);
	cr_assert_eq(proc_run(argv, &io, &status, &err), 0, "%s", err.text);
	getrusage(RUSAGE_SELF, &after);
	cr_expect_eq(status, 0);
	cr_expect_lt(after.ru_nvcsw - before.ru_nvcsw, 50);
	buf_release(&out);
}

Test(thread, takes_no_signals)
{
	pthread_t thread;
	int there = 0, here = 1;

	cr_assert_eq(thread_start(&thread, is_blocked, &there), 0);
	cr_assert_eq(pthread_join(thread, NULL), 0);
	is_blocked(&here);
	cr_assert_eq(there, 1);
	cr_assert_eq(here, 0);
}

/* Were they by the other clock, this would be over half a century ago. */
Test(thread, timed_waits_are_by_the_clock_nobody_sets)
{
	const struct mono_time until = mono_add_ms(mono_now(), 50);
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t cond;

	thread_cond_init(&cond);
	pthread_mutex_lock(&lock);
	while (thread_cond_wait(&cond, &lock, until))
		; /* woken by nobody in particular */
	cr_expect(mono_passed(until));
	pthread_mutex_unlock(&lock);
	pthread_cond_destroy(&cond);
}

Test(proc, a_process_has_a_start_time)
{
	uint64_t a = 0, b = 0;
	char boot[40];

	cr_assert(proc_start_time(getpid(), &a));
	cr_assert(proc_start_time(getpid(), &b));
	cr_assert_eq(a, b);
	cr_assert_gt(a, 0);
	cr_assert_not(proc_start_time(0x7ffffffe, &a));
	proc_boot_id(boot);
	cr_assert_eq(strlen(boot), 36);
}

struct seen {
	struct loop *loop;
	int ticks, bytes;
};

static void on_tick(void *data)
{
	struct seen *s = data;

	if (++s->ticks == 3)
		loop_stop(s->loop);
}

static void on_byte(void *data, int fd, short revents)
{
	struct seen *s = data;
	char c;

	(void)revents;
	if (read(fd, &c, 1) == 1)
		s->bytes++;
	loop_unwatch(s->loop, fd);
}

Test(loop, timers_and_descriptors)
{
	struct seen s = {loop_new(), 0, 0};
	struct err err = ERR_INIT;
	int p[2];

	cr_assert_eq(pipe(p), 0);
	loop_watch(s.loop, p[0], POLLIN, on_byte, &s);
	cr_assert_eq(write(p[1], "ab", 2), 2);
	loop_every(s.loop, 5, on_tick, &s);
	cr_assert_eq(loop_run(s.loop, &err), 0);
	cr_assert_eq(s.ticks, 3);
	cr_assert_eq(s.bytes, 1, "unwatched after the first");
	loop_free(s.loop);
	close(p[0]);
	close(p[1]);
}

struct turns {
	struct loop *loop;
	struct loop_timer *timer;
	int64_t short_ns, apart_ns; /* the least there was */
	int n;
};

static void on_short_turn(void *data)
{
	((struct turns *)data)->short_ns = mono_now().ns;
}

static void on_long_turn(void *data)
{
	struct turns *t = data;
	int64_t apart_ns = mono_now().ns - t->short_ns;

	if (apart_ns < t->apart_ns)
		t->apart_ns = apart_ns;
	if (++t->n == 5)
		loop_stop(t->loop);
}

/* Begun at different times, turns fall together; the short one is called first,
 * as the one added last. */
Test(loop, timers_are_in_step)
{
	struct turns t = {.loop = loop_new(), .apart_ns = INT64_MAX};
	const struct timespec seven_ms = {.tv_nsec = 7000000};
	struct err err = ERR_INIT;

	loop_every(t.loop, 30, on_long_turn, &t);
	nanosleep(&seven_ms, NULL);
	loop_every(t.loop, 15, on_short_turn, &t);
	cr_assert_eq(loop_run(t.loop, &err), 0);
	cr_assert_lt(t.apart_ns, 2000000);
	loop_free(t.loop);
}

static void on_turn(void *data)
{
	((struct turns *)data)->n++;
}

/* A timer that rests does not come, unless it is wanted by then. */
Test(loop, turns_are_left_out)
{
	struct turns t = {.loop = loop_new()};
	struct loop_timer *timer = loop_every(t.loop, 20, on_turn, &t);
	const struct mono_time later = mono_add_ms(mono_now(), 100);

	loop_timer_rest(t.loop, timer, 600000);
	while (!mono_passed(later))
		cr_assert_eq(loop_step(t.loop, 20, NULL), 0);
	cr_assert_eq(t.n, 0);
	loop_timer_by(timer, 1);
	loop_timer_by(timer, 600000);
	while (t.n < 2) /* and has its turns again */
		cr_assert_eq(loop_step(t.loop, -1, NULL), 0);
	loop_free(t.loop);
}

static void on_wake(void *data, int fd, short revents)
{
	struct turns *t = data;

	(void)fd;
	(void)revents;
	clock_sleep_ms(1);
	loop_timer_wake(t->loop, t->timer);
}

/* Whoever is woken all the time has its turns. */
Test(loop, a_turn_that_is_near_is_not_put_off, .timeout = 30)
{
	struct turns t = {.loop = loop_new()};
	const int fd = eventfd(1, EFD_CLOEXEC); /* read by nobody */

	cr_assert_geq(fd, 0);
	t.timer = loop_every(t.loop, 20, on_turn, &t);
	loop_timer_rest(t.loop, t.timer, 600000);
	loop_watch(t.loop, fd, POLLIN, on_wake, &t);
	for (int i = 0; i < 100; i++) /* at least five turns */
		cr_assert_eq(loop_step(t.loop, -1, NULL), 0);
	cr_assert_geq(t.n, 1);
	loop_free(t.loop);
	close(fd);
}

Test(file, special_files_are_not_replaced)
{
	struct stat before, after;

	cr_assert_eq(stat("/dev/full", &before), 0);
	/* a device that takes nothing: never /dev/null, which others need */
	cr_assert_lt(file_replace("/dev/full", 0600, "x", 1, NULL), 0);
	cr_assert_eq(stat("/dev/full", &after), 0);
	cr_assert(S_ISCHR(after.st_mode));
	cr_assert_eq(before.st_ino, after.st_ino);
}
