#define _GNU_SOURCE
#include "base/unixsock.h"
#include "base/mem.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

Test(unixsock, meets_at_a_path_and_waits_no_longer)
{
	char dir[] = "/tmp/nfz-unixsock-XXXXXX", byte;
	cleanup_free char *path = mem_printf("%s/s", mkdtemp(dir));
	struct err err = ERR_INIT;
	struct stat st;
	int at, from, to;

	cr_assert_lt(unixsock_connect(path, 10, &from, &err), 0);
	cr_assert(strstr(err.text, path), "%s", err.text);
	cr_assert_eq(unixsock_listen(path, &at, &err), 0);
	close(at);
	cr_assert_eq(unixsock_listen(path, &at, &err), 0, "in its place");
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
	cr_expect_lt(accept(at, NULL, NULL), 0, "nobody is there");
	cr_assert_eq(unixsock_connect(path, 10, &from, &err), 0);
	to = accept(at, NULL, NULL);
	cr_assert_geq(to, 0);
	cr_expect_lt(read(from, &byte, 1), 0, "it says nothing");
	cr_assert_eq(write(to, "x", 1), 1);
	cr_expect_eq(read(from, &byte, 1), 1);
	close(from);
	close(to);
	close(at);
	unlink(path);
	rmdir(dir);
}

Test(unixsock, refuses_a_path_that_would_be_cut)
{
	char path[120];
	struct err err = ERR_INIT;
	int fd;

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	cr_expect_eq(unixsock_listen(path, &fd, &err), -NFZ_E_LIMIT);
	cr_expect_eq(unixsock_connect(path, 1, &fd, &err), -NFZ_E_LIMIT);
}
