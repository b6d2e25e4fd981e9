/* Nothing leads out of a directory that somebody else may change. */
#include "base/file.h"
#include "base/within.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64];
static int dir;

static void setup(void)
{
	snprintf(root, sizeof(root), "/tmp/nfz-within-XXXXXX");
	cr_assert_not_null(mkdtemp(root));
	dir = open(root, O_RDONLY | O_DIRECTORY);
	cr_assert_eq(mkdirat(dir, "ours", 0700), 0);
	cr_assert_eq(mkdirat(dir, "theirs", 0700), 0);
	close(openat(dir, "theirs/file", O_WRONLY | O_CREAT, 0600));
}

static void teardown(void)
{
	close(dir);
	cr_assert_eq(file_remove_tree(root, NULL), 0);
}

TestSuite(within, .init = setup, .fini = teardown);

/* errno of opening it, 0 when it could be */
static int opened(const char *path, int flags)
{
	int fd = within_open(dir, path, flags, 0600);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

Test(within, what_is_plain_is_opened_and_made)
{
	cr_assert_eq(opened("ours/a", O_RDONLY), ENOENT);
	cr_assert_eq(opened("ours/a", O_RDWR | O_CREAT), 0);
	cr_assert_eq(opened("ours/a", O_RDWR | O_CREAT), 0);
	cr_assert_eq(opened("ours/a", O_WRONLY | O_CREAT | O_TRUNC), 0);
	cr_assert_eq(opened("nowhere/a", O_RDWR | O_CREAT), ENOENT);
}

Test(within, what_leads_elsewhere_is_not)
{
	cr_assert_eq(symlinkat("../theirs/file", dir, "ours/link"), 0);
	cr_assert_eq(symlinkat("theirs", dir, "door"), 0);
	cr_assert_eq(linkat(dir, "theirs/file", dir, "ours/hard", 0), 0);
	cr_assert_eq(mkfifoat(dir, "ours/pipe", 0600), 0);
	cr_assert_eq(opened("ours/link", O_RDONLY), EMLINK);
	cr_assert_eq(opened("ours/link", O_RDWR | O_CREAT), EMLINK);
	cr_assert_eq(opened("door/file", O_RDONLY), EMLINK);
	cr_assert_eq(opened("door/new", O_RDWR | O_CREAT), EMLINK);
	cr_assert_eq(opened("ours/pipe", O_RDONLY), EMLINK, "it would wait");
	cr_assert_eq(opened("ours", O_RDONLY), EMLINK);
	cr_assert_eq(opened("ours/hard", O_RDONLY), 0);
	cr_assert_eq(opened("ours/hard", O_RDWR | O_CREAT), EMLINK);
}

Test(within, want_of_descriptors_is_nobody_elses_doing)
{
	struct rlimit few = {.rlim_cur = 64, .rlim_max = 64};

	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	while (dup(dir) >= 0)
		;
	cr_assert_eq(opened("theirs/file", O_RDONLY), EMFILE);
}

Test(within, removal_stays_inside)
{
	cr_assert_eq(symlinkat("../theirs", dir, "ours/door"), 0);
	cr_assert_eq(linkat(dir, "theirs/file", dir, "ours/hard", 0), 0);
	cr_assert_eq(within_remove(dir, "ours", NULL), 0);
	cr_assert_eq(within_remove(dir, "ours", NULL), 0, "it is gone");
	cr_assert_eq(faccessat(dir, "theirs/file", F_OK, 0), 0);
}

/* Neither the stack nor the descriptors of who removes it are used up. */
Test(within, removal_has_a_bottom)
{
	int at = openat(dir, "ours", O_RDONLY | O_DIRECTORY);

	for (int i = 0; i < 300; i++) {
		int below;

		cr_assert_eq(mkdirat(at, "d", 0700), 0);
		below = openat(at, "d", O_RDONLY | O_DIRECTORY);
		cr_assert_geq(below, 0);
		close(at);
		at = below;
	}
	close(at);
	cr_assert_neq(within_remove(dir, "ours", NULL), 0);
	/* from 150 levels below it is less deep */
	cr_assert_eq(fchdir(dir), 0);
	cr_assert_eq(chdir("ours"), 0);
	for (int i = 0; i < 150; i++)
		cr_assert_eq(chdir("d"), 0);
	cr_assert_eq(file_remove_tree("d", NULL), 0);
}
