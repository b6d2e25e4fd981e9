/* Small files of a deployment, read. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "base/within.h"
#include "deploy/agent.h"
#include "format/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of no program; to read a larger one would not end soon. */
enum { FILE_MAX = 256 << 20 };

int dep_sys(struct err *err, const char *what)
{
	int saved = errno;

	err_sys(err, "%s", what);
	if (err && (saved == ENOSPC || saved == EDQUOT)) {
		err->code = NFZ_E_DISK_FULL;
		err_hint(err, "Make room on the node, then run this again.");
	}
	return saved == ENOSPC || saved == EDQUOT ? -NFZ_E_DISK_FULL
						  : -NFZ_E_IO;
}

void text_field(const char *text, const char *name, char *to, size_t size)
{
	size_t len = strlen(name);

	to[0] = '\0';
	for (const char *p = text; p && *p;) {
		const char *end = strchr(p, '\n');

		if (strncmp(p, name, len) == 0 && p[len] == ' ') {
			size_t n = end ? (size_t)(end - p) : strlen(p);

			snprintf(to, size, "%.*s", (int)(n - len - 1),
				p + len + 1);
			return;
		}
		p = end ? end + 1 : NULL;
	}
}

void dep_text(int dir, const char *path, struct buf *out)
{
	cleanup_close int fd = within_open(dir, path, O_RDONLY, 0);
	char chunk[4096];
	ssize_t n;

	while (fd >= 0 && buf_ok(out) &&
		(n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_add(out, chunk, (size_t)n);
}

bool dep_hash(int dir, const char *path, char sha[static 65])
{
	cleanup_close int fd = within_open(dir, path, O_RDONLY, 0);
	uint8_t sum[CRYPTO_SHA256];
	struct crypto_sha256 s;
	char chunk[16384];
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size > FILE_MAX)
		return false;
	crypto_sha256_init(&s);
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		crypto_sha256_add(&s, chunk, (size_t)n);
	crypto_sha256_end(&s, sum);
	crypto_hex(sum, sizeof(sum), sha);
	return n == 0;
}

bool agent_hash(
	const struct agent *a, int dir, const char *path, char sha[static 65])
{
	struct stat st;

	if (fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		st.st_dev != a->file.st_dev || st.st_ino != a->file.st_ino)
		return dep_hash(dir, path, sha);
	memcpy(sha, a->sha, sizeof(a->sha));
	return true;
}

void log_tail(int dir, const char *role, size_t max, struct buf *out)
{
	char path[64], chunk[4096];
	cleanup_close int fd = -1;
	struct stat st;
	ssize_t n;

	snprintf(path, sizeof(path), "log/%.31s.log", role);
	fd = within_open(dir, path, O_RDONLY, 0);
	if (fd < 0 || fstat(fd, &st) < 0)
		return;
	if (st.st_size > (off_t)max)
		lseek(fd, st.st_size - (off_t)max, SEEK_SET);
	while (buf_ok(out) && (n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_add(out, chunk, (size_t)n);
}
