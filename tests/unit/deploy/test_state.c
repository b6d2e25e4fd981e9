#include "base/file.h"
#include "base/mem.h"
#include "deploy/state.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static ino_t inode(const char *path)
{
	struct stat st;

	cr_assert_eq(stat(path, &st), 0, "%s", path);
	return st.st_ino;
}

static void save(const char *dir, uint64_t deployment)
{
	struct deploy_state s = {
		.known = true, .deployment = deployment, .key = {1, 2, 3}};
	struct err err = ERR_INIT;

	cr_assert_eq(state_save(dir, "p", "e", &s, &err), 0, "%s", err.text);
}

/* It takes the place of what was, by another inode, when it says something
 * else, or when others could read it. */
Test(state, what_is_there_already_is_left)
{
	char dir[] = "/tmp/nfz-test-XXXXXX";
	cleanup_free char *path = NULL;
	struct deploy_state s;
	ino_t first, second;

	cr_assert_not_null(mkdtemp(dir));
	path = mem_printf("%s/p/e/deployment", dir);
	save(dir, 7);
	first = inode(path);
	save(dir, 7);
	cr_expect_eq(inode(path), first);
	save(dir, 8);
	second = inode(path);
	cr_expect_neq(second, first);
	cr_assert_eq(chmod(path, 0644), 0);
	save(dir, 8);
	cr_expect_neq(inode(path), second);
	state_load(dir, "p", "e", &s);
	cr_expect(s.known);
	cr_expect_eq(s.deployment, 8);
	cr_expect_eq(s.key[2], 3);
	state_wipe(&s);
	cr_assert_eq(file_remove_tree(dir, NULL), 0);
}

Test(state, notes_come_back)
{
	char dir[] = "/tmp/nfz-test-XXXXXX";
	struct err err = ERR_INIT;
	char *text;

	cr_assert_not_null(mkdtemp(dir));
	setenv("XDG_STATE_HOME", dir, 1);
	cr_assert_null(state_noted("p", "e", "n"));
	cr_assert_eq(state_note("p", "e", "n", "one", &err), 0);
	cr_assert_eq(state_jot("p", "e", "m", "two", &err), 0);
	cr_assert_eq(state_jot("p", "e", "m", "three", &err), 0);
	text = state_noted("p", "e", "n");
	cr_expect_str_eq(text, "one");
	free(text);
	text = state_noted("p", "e", "m");
	cr_expect_str_eq(text, "three");
	free(text);
	cr_assert_eq(state_jot("p", "e", "m", "", &err), 0);
	cr_assert_null(state_noted("p", "e", "m"));
	cr_assert_eq(file_remove_tree(dir, NULL), 0);
}
