#include "base/file.h"
#include "base/mem.h"
#include "deploy/agent.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static size_t descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	cr_assert_not_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* Wherever there is no descriptor any more, none stays open. */
Test(agent_run, what_cannot_be_started_leaves_nothing_open)
{
	char root[] = "/tmp/nfz-agent-run-XXXXXX";
	char run[] = "run", id[] = "0123456789abcdef", program[] = "nfz-query";
	char *words[] = {run, id, program, NULL};
	const struct frame_args args = {.argv = words, .n = 3};
	struct agent a = {.root = root,
		.in = -1,
		.words = BUF_INIT(1 << 16),
		.held = BUF_INIT(1 << 16)};
	cleanup_free char *dir = NULL;
	struct rlimit was, few;
	struct err err = ERR_INIT;
	size_t before;
	int full = 0;

	cr_assert_not_null(mkdtemp(root));
	dir = mem_printf("%s/var/lib/netflowize/%s/bin", root, id);
	cr_assert_eq(file_make_dirs(dir, 0700, &err), 0, "%s", err.text);
	a.out = open("/dev/null", O_WRONLY | O_CLOEXEC);
	getrlimit(RLIMIT_NOFILE, &was);
	before = descriptors();
	few = was;
	for (rlim_t more = 0; more < 12; more++) {
		int r;

		few.rlim_cur = (rlim_t)a.out + 1 + more;
		cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
		r = call_exec(&a, &args, &err);
		cr_assert_eq(setrlimit(RLIMIT_NOFILE, &was), 0);
		full += r == -NFZ_E_IO;
		cr_expect_eq(descriptors(), before, "%zu more: %s",
			(size_t)more, err.text);
	}
	cr_expect_geq(full, 2, "the first pipe, the second");
	close(a.out);
	buf_release(&a.words);
	buf_release(&a.held);
	cr_assert_eq(file_remove_tree(root, NULL), 0);
}

/* The same of a program that is to stay. */
Test(agent_run, what_cannot_be_kept_leaves_nothing_open)
{
	char dir[] = "/tmp/nfz-agent-start-XXXXXX";
	char start[] = "start", id[] = "0123456789abcdef", role[] = "meter";
	char stamp[] = "s", how[] = "brief", program[] = "nfz-meter";
	char *words[] = {start, id, role, stamp, how, program, NULL};
	const struct frame_args args = {.argv = words, .n = 6};
	struct agent a = {.in = -1,
		.words = BUF_INIT(1 << 16),
		.held = BUF_INIT(1 << 16)};
	static const char *const made[] = {"bin/nfz-meter", "run/meter.set"};
	struct rlimit was, few;
	struct err err = ERR_INIT;
	size_t before;
	int full = 0;

	cr_assert_not_null(mkdtemp(dir));
	for (size_t i = 0; i < 2; i++) {
		cleanup_free char *path = mem_printf("%s/%s", dir, made[i]);
		cleanup_free char *parent = mem_printf("%s/%.3s", dir, made[i]);

		cr_assert_eq(file_make_dirs(parent, 0700, &err), 0);
		cr_assert_eq(file_replace(path, 0700, "", 0, &err), 0);
	}
	a.dep.dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_eq(journal_open(a.dep.dir, true, &a.dep.journal, &err), 0);
	a.out = open("/dev/null", O_WRONLY | O_CLOEXEC);
	getrlimit(RLIMIT_NOFILE, &was);
	before = descriptors();
	few = was;
	for (rlim_t more = 0; more < 6; more++) {
		int r;

		few.rlim_cur = (rlim_t)a.out + 1 + more;
		cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
		r = call_start(&a, &args, &err);
		cr_assert_eq(setrlimit(RLIMIT_NOFILE, &was), 0);
		full += r == -NFZ_E_IO;
		cr_expect_eq(descriptors(), before, "%zu more: %s",
			(size_t)more, err.text);
	}
	cr_expect_geq(full, 4, "the first pipe, the second");
	close(a.out);
	close(a.dep.journal);
	close(a.dep.dir);
	cr_assert_eq(file_remove_tree(dir, NULL), 0);
	buf_release(&a.words);
	buf_release(&a.held);
}
