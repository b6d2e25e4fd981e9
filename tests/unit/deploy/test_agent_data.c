/* What a node tells of a store without opening it. */
#include "deploy/agent.h"
#include "store/wal.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/nfz-agent-data-XXXXXX";

static void put(const char *name, const struct buf *b)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/store/%s", dir, name);
	f = fopen(path, "w");
	cr_assert(f);
	cr_assert_eq(fwrite(buf_str(b), 1, b->len, f), b->len);
	cr_assert_eq(fclose(f), 0);
}

static struct dep_data look(void)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY);
	struct dep_data d;

	dep_data(fd, &d);
	close(fd);
	return d;
}

static void begin(void)
{
	char path[128];

	cr_assert(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/store", dir);
	cr_assert_eq(mkdir(path, 0700), 0);
}

static void end(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	cr_assert_eq(system(command), 0);
}

static void add(struct buf *log, enum wal_kind kind)
{
	size_t at = wal_entry_begin(log);

	buf_adds(log, "body");
	wal_entry_end(log, at, kind);
}

Test(agent_data, counters_are_no_flows, .init = begin, .fini = end)
{
	struct buf log = BUF_INIT(4096), names = BUF_INIT(64);

	buf_adds(&names, "names\n");
	put("catalog", &names);
	cr_expect(look().any);
	cr_expect_not(look().flows);
	wal_begin(&log, 1);
	put("wal-0000000001", &log);
	cr_expect_not(look().flows);
	add(&log, WAL_SENDERS);
	add(&log, WAL_COUNTERS);
	put("wal-0000000001", &log);
	cr_expect_not(look().flows);
	/* being written at this moment */
	buf_add(&log, "NZWE\0\0", 6);
	put("wal-0000000001", &log);
	cr_expect_not(look().flows);
	cr_expect_eq(look().bytes, (int64_t)(log.len + names.len));
	buf_release(&log);
	buf_release(&names);
}

Test(agent_data, flows_in_the_log, .init = begin, .fini = end)
{
	struct buf log = BUF_INIT(4096);

	wal_begin(&log, 1);
	add(&log, WAL_STATS);
	add(&log, WAL_BATCH_SHORT);
	put("wal-0000000001", &log);
	cr_expect(look().flows);
	buf_release(&log);
}

Test(agent_data, flows_elsewhere, .init = begin, .fini = end)
{
	struct buf one = BUF_INIT(64);

	buf_adds(&one, "x");
	put("seg-0000000001", &one);
	cr_expect(look().flows);
	buf_release(&one);
}

Test(agent_data, a_log_that_cannot_be_read_may_have_some, .init = begin,
	.fini = end)
{
	struct buf log = BUF_INIT(2 << 20);

	buf_adds(&log, "no log at all");
	put("wal-0000000001", &log);
	cr_expect(look().flows);
	buf_reset(&log);
	wal_begin(&log, 1);
	add(&log, WAL_STATS);
	log.data[40] ^= 1;
	add(&log, WAL_STATS);
	put("wal-0000000001", &log);
	cr_expect(look().flows);
	buf_release(&log);
}

Test(agent_data, without_a_store, .init = begin, .fini = end)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/store", dir);
	cr_assert_eq(rmdir(path), 0);
	cr_expect_not(look().any);
	cr_expect_not(look().flows);
}

/* Whoever keeps them strips then: nothing is no answer where there is much. */
Test(agent_data, a_store_that_cannot_be_read_is_said, .init = begin,
	.fini = end)
{
	char id[] = "0123456789abcdef",
	     *argv[] = {(char[]){"data"}, id, (char[]){"store"}};
	const struct frame_args args = {argv, 3};
	struct agent a = {.in = -1,
		.root = dir,
		.out = open("/dev/null", O_WRONLY),
		.dep = {.dir = open(dir, O_RDONLY | O_DIRECTORY),
			.journal = -1,
			.lock = -1}};
	struct err err = ERR_INIT;
	char path[128];

	snprintf(a.dep.id, sizeof(a.dep.id), "%s", id);
	cr_expect_eq(call_data(&a, &args, &err), 0);
	snprintf(path, sizeof(path), "%s/store", dir);
	cr_assert_eq(rmdir(path), 0);
	cr_expect_eq(call_data(&a, &args, &err), 0, "none is none");
	cr_assert_eq(symlink("/", path), 0);
	cr_expect_lt(call_data(&a, &args, &err), 0);
	close(a.out);
	close(a.dep.dir);
}
