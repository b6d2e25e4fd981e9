/* The recorded flows of a deployment: how much there is, and the files of the
 * store as one stream, for somebody who wants to keep them. */
#define _GNU_SOURCE
#include "base/clock.h"
#include "base/mem.h"
#include "deploy/agent.h"
#include "format/crypto.h"
#include "store/wal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 8, LOG_LOOK = 1 << 20 };

/* Walks a tree below dir without following links; fn gets every entry with
 * its path, and stops the walk with a negative value.  What is there and cannot
 * be read stops it, too: whoever keeps the flows then removes them. */
struct walk {
	int (*fn)(struct walk *w, int parent, const char *name,
		const char *path, const struct stat *st);
	void *ctx;
	bool whole; /* what is too deep stops it, else is passed over */
	struct err *err;
};

static int no_way_there(struct walk *w, const char *path)
{
	return err_set(w->err, NFZ_E_LIMIT,
		"%s cannot be sent: more than 8 directories deep, more than "
		"255 bytes, or a control character in its path",
		path);
}

/* The next of them.  NULL: no more; with *ret_error that is not sure. */
static struct dirent *next_entry(
	DIR *d, int fd, struct stat *st, int *ret_error)
{
	struct dirent *e;

	while (errno = 0, (e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (fstatat(fd, e->d_name, st, AT_SYMLINK_NOFOLLOW) == 0)
			return e;
		if (errno != ENOENT) /* else it has just been removed */
			break;
	}
	*ret_error = errno ? -NFZ_E_IO : 0;
	return NULL;
}

static int walk_dir(struct walk *w, int parent, const char *name,
	const char *path, int depth)
{
	int fd = openat(
		parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	struct stat st;
	int r = 0;

	if (!d)
		return errno == ENOENT ? 0 : -NFZ_E_IO;
	while (r == 0 && (e = next_entry(d, fd, &st, &r))) {
		char below[AGENT_PATH];

		/* cut off it is too long for a journal's path still */
		snprintf(below, sizeof(below), "%.255s%s%.255s", path,
			*path ? "/" : "", e->d_name);
		r = w->fn(w, fd, e->d_name, below, &st);
		if (r < 0 || !S_ISDIR(st.st_mode))
			continue;
		if (depth < DEPTH_MAX)
			r = walk_dir(w, fd, e->d_name, below, depth + 1);
		else if (w->whole)
			r = no_way_there(w, below);
	}
	closedir(d);
	return r;
}

static int is_flows(
	void *ctx, enum wal_kind kind, struct cursor *body, struct err *err)
{
	(void)ctx;
	(void)body;
	(void)err;
	return wal_is_batch(kind);
}

/* Is there more in this log than counters?  When in doubt there is. */
static bool log_has_flows(int parent, const char *name, const struct stat *st)
{
	cleanup_close int fd = openat(
		parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct wal_reading how = {.fd = fd,
		.name = name,
		.size = (uint64_t)st->st_size,
		.fn = is_flows};
	struct wal_found found;

	if (fd < 0 || st->st_size > LOG_LOOK)
		return true;
	return wal_read(&how, &found, NULL) != 0 || found.damaged_bytes;
}

/* A store begins with files that tell of no flow. */
static bool has_flows(int parent, const char *name, const struct stat *st)
{
	if (strncmp(name, "wal-", 4) == 0)
		return log_has_flows(parent, name, st);
	return strncmp(name, "seg-", 4) == 0 || strcmp(name, "retired") == 0;
}

static int count(struct walk *w, int parent, const char *name, const char *path,
	const struct stat *st)
{
	struct dep_data *data = w->ctx;
	int64_t idle = wall_now().ns / NS_PER_S - st->st_mtime;

	data->entries++;
	if (strcmp(path, "store") == 0)
		data->any = true;
	if (strncmp(path, "store/", 6) != 0 || !S_ISREG(st->st_mode))
		return 0;
	data->bytes += st->st_size;
	data->flows = data->flows || has_flows(parent, name, st);
	if (idle < data->idle_s)
		data->idle_s = idle > 0 ? idle : 0;
	return 0;
}

void dep_data(int dir, struct dep_data *ret)
{
	struct walk w = {.fn = count, .ctx = ret};

	*ret = (struct dep_data){.idle_s = INT64_MAX};
	if (walk_dir(&w, dir, ".", "", 0) < 0) /* perhaps in there */
		ret->any = ret->flows = true;
	if (ret->idle_s == INT64_MAX)
		ret->idle_s = -1;
}

static void send_text(struct agent *a, const char *fmt, ...) NFZ_PRINTF(2, 3);

static void send_text(struct agent *a, const char *fmt, ...)
{
	char text[AGENT_PATH + 128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	agent_send(a, FRAME_OUT, text, strlen(text));
}

/* Exactly as many bytes as were announced; a file that shrank meanwhile is
 * filled up and gets a wrong checksum. */
static void send_bytes(struct agent *a, int fd, int64_t left)
{
	struct crypto_sha256 s;
	uint8_t sum[CRYPTO_SHA256];
	char chunk[FRAME_DATA_MAX], hex[CRYPTO_SHA256_TEXT];
	bool whole = true;

	crypto_sha256_init(&s);
	while (left > 0 && !a->lost) {
		size_t want = left < (int64_t)sizeof(chunk) ? (size_t)left
							    : sizeof(chunk);
		ssize_t n = read(fd, chunk, want);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			memset(chunk, 0, want);
			n = (ssize_t)want;
			whole = false;
		}
		crypto_sha256_add(&s, chunk, (size_t)n);
		agent_send(a, FRAME_OUT, chunk, (size_t)n);
		left -= n;
	}
	crypto_sha256_end(&s, sum);
	crypto_hex(sum, sizeof(sum), hex);
	send_text(a, "sha %s\n", whole ? hex : "changed");
}

static int send_file(struct walk *w, int parent, const char *name,
	const char *path, const struct stat *st)
{
	struct agent *a = w->ctx;
	cleanup_close int fd = -1;
	struct stat now;

	if (!S_ISREG(st->st_mode))
		return 0;
	if (!journal_path_ok(path))
		return no_way_there(w, path);
	fd = openat(
		parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &now) < 0)
		return errno == ENOENT ? 0 : -NFZ_E_IO;
	send_text(a, "file %lld %s\n", (long long)now.st_size, path);
	send_bytes(a, fd, now.st_size);
	return a->lost ? -NFZ_E_REMOTE : 0;
}

static int still_running(void *ctx, const struct proc_info *info)
{
	(void)ctx;
	return strcmp(proc_info_state(info), "running") == 0;
}

/* data ID TREE: the files of store/ or data/ as OUT frames: "file SIZE PATH\n", SIZE bytes,
 * "sha HEX\n", ...; at last "end\n".  Programs must have been stopped. */
int call_data(struct agent *a, const struct frame_args *args, struct err *err)
{
	struct walk w = {.fn = send_file, .ctx = a, .whole = true, .err = err};
	bool foreign = strcmp(frame_arg(args, 2), "data") == 0;
	int r = dep_open(a, frame_arg(args, 1), false, 0, err);

	if (r < 0)
		return r;
	if (agent_each_role(a->dep.dir, still_running, NULL))
		return err_set(err, NFZ_E_BUSY,
			"the programs of deployment %s still run", a->dep.id);
	r = walk_dir(&w, a->dep.dir, foreign ? "data" : "store", "", 0);
	if (r == -NFZ_E_LIMIT)
		return r;
	if (r < 0)
		return err_sys(err, "the recorded flows");
	send_text(a, "end\n");
	return 0;
}
