/* What is known of a program that was started: run/ROLE, and whether it still
 * runs. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "base/within.h"
#include "deploy/agent.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool role_ok(const char *role)
{
	size_t n = strlen(role);

	if (n == 0 || n > 31 || !isalpha((unsigned char)*role))
		return false;
	return strspn(role, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

bool proc_info_read(int dir, const char *role, struct proc_info *ret)
{
	struct buf text = BUF_INIT(4096);
	unsigned long long start, keeper_start;
	char path[64], numbers[160];
	int pid, keeper;
	bool ok;

	*ret = (struct proc_info){0};
	snprintf(path, sizeof(path), "run/%.31s", role);
	dep_text(dir, path, &text);
	text_field(buf_str(&text), "process", numbers, sizeof(numbers));
	ok = sscanf(numbers, "%d %llu %d %llu", &pid, &start, &keeper,
		     &keeper_start) == 4 &&
	     pid > 1 && keeper > 1;
	if (ok) {
		char status[16];

		snprintf(ret->role, sizeof(ret->role), "%s", role);
		ret->pid = pid;
		ret->start = start;
		ret->keeper = keeper;
		ret->keeper_start = keeper_start;
		text_field(buf_str(&text), "program", ret->program,
			sizeof(ret->program));
		text_field(buf_str(&text), "stamp", ret->stamp,
			sizeof(ret->stamp));
		text_field(
			buf_str(&text), "boot", ret->boot, sizeof(ret->boot));
		text_field(buf_str(&text), "started", ret->started,
			sizeof(ret->started));
		text_field(buf_str(&text), "exit", status, sizeof(status));
		ret->exited = status[0] != '\0';
		ret->status = (int)strtol(status, NULL, 10);
	}
	buf_release(&text);
	return ok;
}

int proc_info_write(int dir, const struct proc_info *info, struct err *err)
{
	struct buf text = BUF_INIT(4096);
	char path[64], temp[64];
	cleanup_close int fd = -1, run = -1;
	const char *name;
	int r = 0;

	snprintf(path, sizeof(path), "run/%.31s", info->role);
	snprintf(temp, sizeof(temp), "run/.%.31s", info->role);
	buf_addf(&text,
		"process %d %llu %d %llu\nprogram %s\nstamp %s\nboot %s\n"
		"started %s\n",
		(int)info->pid, (unsigned long long)info->start,
		(int)info->keeper, (unsigned long long)info->keeper_start,
		info->program, info->stamp, info->boot, info->started);
	if (info->exited)
		buf_addf(&text, "exit %d\n", info->status);
	fd = within_open(dir, temp, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	run = within_parent(dir, path, &name);
	if (fd < 0 || write(fd, text.data, text.len) != (ssize_t)text.len ||
		fdatasync(fd) < 0 ||
		renameat(run, temp + strlen("run/"), run, name) < 0)
		r = dep_sys(err, path);
	buf_release(&text);
	return r;
}

static struct journal_record record_of(const struct proc_info *i, bool keeper)
{
	struct journal_record r = {.kind = JOURNAL_PROC, .role = i->role};

	r.pid = keeper ? i->keeper : i->pid;
	r.start = keeper ? i->keeper_start : i->start;
	snprintf(r.boot, sizeof(r.boot), "%s", i->boot);
	return r;
}

const char *proc_info_state(const struct proc_info *info)
{
	struct journal_record program = record_of(info, false);
	char boot[40];

	if (info->exited)
		return "exited";
	if (journal_process_lives(&program))
		return "running";
	journal_boot(boot);
	return strcmp(boot, info->boot) == 0 ? "killed" : "rebooted";
}

/* One that is another's, whatever is written there, is none of ours. */
static bool end_here(int dir, const struct journal_record *r, int64_t stop_ms)
{
	return !journal_process_is_here(dir, r->pid) ||
	       journal_end_process(r, stop_ms);
}

bool proc_info_end(int dir, const struct proc_info *info, int64_t stop_ms)
{
	struct journal_record program = record_of(info, false);
	struct journal_record keeper = record_of(info, true);
	bool gone = end_here(dir, &program, stop_ms);

	return end_here(dir, &keeper, 1000) && gone;
}

int agent_each_role(
	int dir, int (*fn)(void *ctx, const struct proc_info *info), void *ctx)
{
	int fd = openat(
		dir, "run", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	int r = 0;

	while (d && r == 0 && (e = readdir(d))) {
		struct proc_info info;

		if (role_ok(e->d_name) && proc_info_read(dir, e->d_name, &info))
			r = fn(ctx, &info);
	}
	if (d)
		closedir(d);
	return r;
}
