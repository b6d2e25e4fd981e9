/* Nothing of it is believed: names stay below the directory, no link is
 * followed, no file is written twice, every byte is held against its sum. */
#define _GNU_SOURCE
#include "deploy/keepstream.h"
#include "base/file.h"
#include "deploy/journal.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* No more than any file system takes. */
#define FILE_BYTES_MAX (UINT64_C(1) << 62)

void keepstream_open(
	struct keepstream *in, int dir, const char *prefix, struct buf *sums)
{
	in->dir = dir;
	in->sums = sums;
	snprintf(in->prefix, sizeof(in->prefix), "%s", prefix);
}

static int make_parents(int dir, const char *path, struct err *err)
{
	char part[KEEPSTREAM_LINE];

	for (const char *p = path; (p = strchr(p, '/')); p++) {
		snprintf(part, sizeof(part), "%.*s", (int)(p - path), path);
		if (mkdirat(dir, part, 0700) < 0 && errno != EEXIST)
			return err_sys(err, "%s", part);
	}
	return 0;
}

static int not_agreed(struct keepstream *in)
{
	return err_set(&in->err, NFZ_E_REMOTE,
		"the node's files do not come as agreed");
}

static void close_file(struct keepstream *in)
{
	bool whole;

	if (in->fd < 0)
		return;
	whole = fsync(in->fd) == 0;
	if (close(in->fd) < 0 || !whole)
		err_sys(&in->err, "%s", in->path);
	in->fd = -1;
}

/* A name that the node gave before, for a file or a directory. */
static bool is_taken(int error)
{
	return error == EEXIST || error == ENOTDIR || error == EISDIR;
}

/* "file SIZE PATH" */
static int begin_file(struct keepstream *in)
{
	const char *word = in->line + strlen("file ");
	char *path = NULL;
	uint64_t size = 0;

	if (strncmp(in->line, "file ", 5) == 0 && isdigit((unsigned char)*word))
		size = strtoull(word, &path, 10);
	/* the one we shall write ourselves */
	if (!path || *path++ != ' ' || size > FILE_BYTES_MAX ||
		!journal_path_ok(path) ||
		(!in->prefix[0] && strcmp(path, "SHA256SUMS") == 0))
		return not_agreed(in);
	snprintf(in->path, sizeof(in->path), "%s", path);
	if (make_parents(in->dir, in->path, &in->err) == 0)
		in->fd = openat(in->dir, in->path,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0600);
	if (in->fd < 0) {
		if (!in->err.code)
			err_sys(&in->err, "%s", in->path);
		in->path[0] = '\0'; /* what is there is another file */
		return is_taken(in->err.sys) ? not_agreed(in)
					     : -(int)in->err.code;
	}
	in->size = in->left = size;
	in->sum_due = true;
	crypto_sha256_init(&in->sum);
	return 0;
}

/* "sha HEX": must be that of what was written. */
static int end_file(struct keepstream *in)
{
	uint8_t sum[CRYPTO_SHA256];
	char hex[CRYPTO_SHA256_TEXT];

	crypto_sha256_end(&in->sum, sum);
	crypto_hex(sum, sizeof(sum), hex);
	close_file(in);
	in->sum_due = false;
	if (strncmp(in->line, "sha ", 4) != 0 || strcmp(in->line + 4, hex) != 0)
		return err_set(&in->err, NFZ_E_VERIFY,
			"%s: the copy is not what is on the node", in->path);
	buf_addf(in->sums, "%s  %s%s\n", hex, in->prefix, in->path);
	if (!buf_ok(in->sums))
		return err_set(
			&in->err, NFZ_E_LIMIT, "the node has too many files");
	in->path[0] = '\0';
	in->files++;
	in->bytes += in->size;
	return 0;
}

static int take_line(struct keepstream *in)
{
	if (in->sum_due)
		return end_file(in);
	if (in->ended)
		return not_agreed(in);
	if (strcmp(in->line, "end") != 0)
		return begin_file(in);
	in->ended = true;
	return 0;
}

static size_t take_bytes(struct keepstream *in, const char *data, size_t len)
{
	size_t n = in->left < len ? (size_t)in->left : len;

	crypto_sha256_add(&in->sum, data, n);
	in->left -= n;
	if (file_write_all(in->fd, data, n, &in->err) < 0)
		err_wrap(&in->err, "%s", in->path);
	return n;
}

void keepstream_add(struct keepstream *in, const void *bytes, size_t len)
{
	const char *data = bytes;

	while (len > 0 && !in->err.code) {
		size_t n = 1;

		if (in->left > 0) {
			n = take_bytes(in, data, len);
		} else if (*data == '\n') {
			in->line[in->line_len] = '\0';
			in->line_len = 0;
			(void)take_line(in); /* in->err says it */
		} else if (in->line_len < sizeof(in->line) - 1) {
			in->line[in->line_len++] = *data;
		} else {
			not_agreed(in);
		}
		data += n;
		len -= n;
	}
}

int keepstream_end(struct keepstream *in, struct err *err)
{
	close_file(in);
	if (in->path[0] && unlinkat(in->dir, in->path, 0) < 0)
		err_sys(&in->err, "%s", in->path);
	if (!in->err.code)
		return 0;
	*err = in->err;
	return -(int)err->code;
}

void keepstream_close(struct keepstream *in)
{
	if (in->fd >= 0)
		close(in->fd);
	if (in->dir >= 0)
		close(in->dir);
	*in = (struct keepstream)KEEPSTREAM_NONE;
}
