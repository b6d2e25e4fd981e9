#include "base/file.h"
#include "base/mem.h"
#include "store/control.h"
#include "unit/store/run.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Answers one question in a child; exits 0 when it was `want`. */
static pid_t server(int listen_fd, const char *want, const char *say)
{
	pid_t child = fork();
	struct pollfd p = {.fd = listen_fd, .events = POLLIN};
	char line[100] = "";
	int fd;

	if (child != 0)
		return child;
	poll(&p, 1, 30000);
	fd = accept(listen_fd, NULL, NULL);
	if (fd < 0 || read(fd, line, sizeof(line) - 1) < 0 ||
		write(fd, say, strlen(say)) < 0)
		_exit(1);
	close(fd);
	_exit(strcmp(line, want) != 0);
}

static int asked(const char *say, struct buf *answer, struct err *err)
{
	char *dir = run_dir();
	/* deeper than a socket address can hold */
	char *deep = mem_printf("%s/%0100d/%0100d", dir, 1, 2);
	int fd, status, r;
	pid_t child;

	cr_assert_eq(file_make_dirs(deep, 0700, err), 0);
	cr_assert_eq(control_listen(deep, &fd, err), 0, "%s", err->text);
	child = server(fd, "flush 100\n", say);
	r = control_ask(deep, "flush 100", 5000, answer, err);
	waitpid(child, &status, 0);
	cr_assert_eq(status, 0);
	close(fd);
	cr_assert_eq(control_ask(deep, "flush", 100, answer, NULL),
		-NFZ_E_UNREACHABLE);
	free(deep);
	run_remove(dir);
	return r;
}

Test(control, gets_the_answer)
{
	struct buf answer = BUF_INIT(1000);
	struct err err = ERR_INIT;

	cr_assert_eq(asked("late 3\nlate 4\nok\n", &answer, &err), 0);
	cr_assert_str_eq(buf_str(&answer), "late 3\nlate 4\n");
	buf_reset(&answer);
	cr_assert_eq(asked("ok\n", &answer, &err), 0);
	cr_assert_str_eq(buf_str(&answer), "");
	buf_release(&answer);
}

Test(control, gets_errors)
{
	struct buf answer = BUF_INIT(10);
	struct err err = ERR_INIT;

	cr_assert_eq(asked("error no\n", &answer, &err), -NFZ_E_REMOTE);
	cr_assert(strstr(err.text, "says: no"), "%s", err.text);
	buf_reset(&answer);
	cr_assert_eq(asked("", &answer, &err), -NFZ_E_REMOTE);
	cr_assert_eq(asked("more than ten bytes\nok\n", &answer, &err),
		-NFZ_E_LIMIT);
	buf_release(&answer);
}
