/* The journal's file form: writing records and reading what is left of them.
 *
 * Each record is one write(2) to a descriptor opened with O_APPEND, so that
 * agent and keepers may append at the same time without mixing lines. */
#define _GNU_SOURCE
#include "deploy/journal.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/within.h"
#include "base/word.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { JOURNAL_MAX = 8 << 20, CHUNK = 65536, WORDS_MAX = 6 };

static const char *const kind_names[] = {
	[JOURNAL_DIR] = "mkdir",
	[JOURNAL_TREE] = "tree",
	[JOURNAL_FILE] = "file",
	[JOURNAL_SECRET] = "secret",
	[JOURNAL_TEMP] = "temp",
	[JOURNAL_CGROUP] = "cgroup",
	[JOURNAL_PROC] = "proc",
};

/* CRC-32 of IEEE 802.3, bit by bit: a journal has a few dozen short lines. */
static uint32_t crc32_of(const char *p, size_t len)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < len; i++) {
		crc ^= (uint8_t)p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

bool journal_path_ok(const char *path)
{
	size_t part = 0;

	if (!*path || strlen(path) > 255)
		return false;
	for (const char *p = path;; p++) {
		if (*p == '/' || *p == '\0') {
			const char *start = p - part;

			if (part == 0 || (part == 1 && start[0] == '.') ||
				(part == 2 && start[0] == '.' &&
					start[1] == '.'))
				return false;
			part = 0;
			if (!*p)
				return true;
		} else {
			if ((unsigned char)*p < 0x20 || *p == 0x7f)
				return false;
			part++;
		}
	}
}

int journal_open(int dir, bool create, int *ret_fd, struct err *err)
{
	int fd = within_open(dir, "journal",
		O_RDWR | O_APPEND | (create ? O_CREAT : 0), 0600);
	off_t size;
	char last;

	if (fd < 0 && errno == EMLINK) {
		err_set(err, NFZ_E_REMOTE,
			"journal: is no file of this deployment any more");
		return err_hint(err, "\"netflowize strip --force\" removes the "
				     "deployment without it.");
	}
	if (fd < 0)
		return err_sys(err, "journal");
	/* a torn last line must not swallow the record behind it */
	size = lseek(fd, 0, SEEK_END);
	if (size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n' &&
		write(fd, "\n", 1) != 1) {
		err_sys(err, "journal");
		close(fd);
		return -NFZ_E_IO;
	}
	if (create && (fsync(fd) < 0 || fsync(dir) < 0)) {
		err_sys(err, "journal");
		close(fd);
		return -NFZ_E_IO;
	}
	*ret_fd = fd;
	return 0;
}

int journal_add(int fd, const struct journal_record *r, struct err *err)
{
	struct buf body = BUF_INIT(4096), line = BUF_INIT(4200);
	ssize_t n;
	int result = 0;

	buf_addf(&body, "%s ", kind_names[r->kind]);
	if (r->kind == JOURNAL_PROC) {
		word_add(&body, r->role);
		buf_addf(&body, " %d %llu %s", (int)r->pid,
			(unsigned long long)r->start, r->boot);
	} else {
		word_add(&body, r->path);
		if (r->sha[0])
			buf_addf(&body, " %s", r->sha);
	}
	buf_addf(&line, "%08x %s\n", crc32_of(body.data, body.len),
		buf_str(&body));
	if (!buf_ok(&line) || (r->path && !journal_path_ok(r->path))) {
		result = err_set(
			err, NFZ_E_INTERNAL, "this cannot be journaled");
	} else {
		n = write(fd, line.data, line.len);
		if (n != (ssize_t)line.len && n >= 0)
			errno = ENOSPC;
		if (n != (ssize_t)line.len || fdatasync(fd) < 0) {
			result = err_sys(err, "journal");
			/* ends the torn line, so that the next one counts */
			if (n > 0 && write(fd, "\n", 1) != 1)
				result = -NFZ_E_IO;
		}
	}
	buf_release(&body);
	buf_release(&line);
	return result;
}

static size_t split(char *line, char *words[static WORDS_MAX])
{
	size_t n = 0;

	for (char *p = line; p && n < WORDS_MAX;) {
		char *blank = strchr(p, ' ');

		if (blank)
			*blank++ = '\0';
		if (!word_undo(p, p, strlen(p) + 1))
			return 0;
		words[n++] = p;
		p = blank;
	}
	return n;
}

static bool parse_proc(char **w, size_t n, struct journal_record *r)
{
	unsigned long long start;
	long long pid;

	if (n != 5 || sscanf(w[2], "%lld", &pid) != 1 || pid <= 1 ||
		pid > INT_MAX || sscanf(w[3], "%llu", &start) != 1 ||
		strlen(w[4]) >= 40)
		return false;
	r->role = mem_strdup(w[1]);
	r->pid = (pid_t)pid;
	r->start = start;
	snprintf(r->boot, sizeof(r->boot), "%s", w[4]);
	return true;
}

static bool parse_line(const char *text, size_t len, struct journal_record *r)
{
	cleanup_free char *line = mem_strndup(text, len);
	char *w[WORDS_MAX];
	unsigned int crc;
	size_t n;

	if (len < 10 || strlen(line) != len || line[8] != ' ' ||
		sscanf(line, "%8x", &crc) != 1 ||
		crc != crc32_of(line + 9, len - 9))
		return false;
	n = split(line + 9, w);
	if (n < 2)
		return false;
	for (int k = 0; k <= JOURNAL_PROC; k++) {
		bool sha = k == JOURNAL_FILE || k == JOURNAL_SECRET;

		if (strcmp(w[0], kind_names[k]) != 0)
			continue;
		*r = (struct journal_record){.kind = (enum journal_kind)k};
		if (k == JOURNAL_PROC)
			return parse_proc(w, n, r);
		if (n != (sha ? 3 : 2) || !journal_path_ok(w[1]) ||
			(sha && strlen(w[2]) != 64))
			return false;
		r->path = mem_strdup(w[1]);
		if (sha)
			memcpy(r->sha, w[2], 65);
		return true;
	}
	return false;
}

void journal_parse(const char *text, size_t len, struct journal_list *ret)
{
	const char *end = text + len;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;
		struct journal_record r;

		if (stop > text) {
			if (parse_line(text, (size_t)(stop - text), &r))
				MEM_PUSH(ret->records, ret->n, ret->cap) = r;
			else if (newline)
				ret->damaged++;
		}
		text = stop + 1;
	}
}

int journal_read(int dir, struct journal_list *ret, struct err *err)
{
	struct buf text = BUF_INIT(JOURNAL_MAX);
	cleanup_close int fd = -1;
	ssize_t n = 1;
	char *to;

	*ret = (struct journal_list){0};
	fd = within_open(dir, "journal", O_RDONLY, 0);
	if (fd < 0 && errno == EMLINK)
		ret->broken = "is no file of this deployment any more";
	if (fd < 0)
		return errno == ENOENT || ret->broken ? 0
						      : err_sys(err, "journal");
	while (n > 0 && (to = buf_space(&text, CHUNK))) {
		n = read(fd, to, CHUNK);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			buf_commit(&text, (size_t)n);
	}
	if (n < 0)
		err_sys(err, "journal");
	else if (n > 0)
		ret->broken = "is longer than any of ours";
	if (n >= 0)
		journal_parse(buf_str(&text), text.len, ret);
	buf_release(&text);
	return n < 0 ? -NFZ_E_IO : 0;
}

void journal_list_release(struct journal_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		/* cast: they were allocated by parse_line */
		free((void *)(uintptr_t)list->records[i].path);
		free((void *)(uintptr_t)list->records[i].role);
	}
	free(list->records);
	*list = (struct journal_list){0};
}
