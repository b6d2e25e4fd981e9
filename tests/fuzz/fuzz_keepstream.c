/* Any bytes as a node's files on their way home: what is written stays below
 * the directory, and all of it is what its checksum says. */
#define _GNU_SOURCE
#include "base/file.h"
#include "deploy/keepstream.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* line: "SHA256  PATH" */
static void hold_against_sum(const char *dir, const char *line)
{
	char path[KEEPSTREAM_LINE + 64], hex[CRYPTO_SHA256_TEXT];
	struct buf text = BUF_INIT(TEXT_MAX);
	struct stat st;

	snprintf(path, sizeof(path), "%s/%.*s", dir,
		(int)strcspn(line + 66, "\n"), line + 66);
	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode) ||
		(st.st_mode & 07777) != 0600 ||
		file_read(path, &text, NULL) < 0)
		abort();
	crypto_sha256_text(buf_str(&text), text.len, hex);
	if (strncmp(line, hex, 64) != 0)
		abort();
	buf_release(&text);
}

/* Entries below a directory that are none. */
static size_t count_files(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	size_t n = 0;

	while (d && (e = readdir(d))) {
		char path[4096];
		struct stat st;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof(path), "%.3500s/%s", dir, e->d_name);
		if (lstat(path, &st) < 0)
			abort();
		n += S_ISDIR(st.st_mode) ? count_files(path) : 1;
	}
	if (d)
		closedir(d);
	return n;
}

/* In pieces, the sizes of which come from the first byte. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	bool shm = access("/dev/shm", W_OK) == 0;
	char top[64], path[80];
	struct keepstream in = KEEPSTREAM_NONE;
	struct buf sums = BUF_INIT(TEXT_MAX);
	struct err err = ERR_INIT;
	size_t piece = len ? (size_t)data[0] % 7 + 1 : 1, lines = 0;

	/* every file is synced: better in memory */
	snprintf(top, sizeof(top), "%s/nfz-keepstream-XXXXXX",
		shm ? "/dev/shm" : "/tmp");
	if (!mkdtemp(top))
		abort();
	snprintf(path, sizeof(path), "%s/in", top);
	if (mkdir(path, 0700) < 0)
		abort();
	keepstream_open(
		&in, open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "", &sums);
	for (size_t i = 1; i < len; i += piece)
		keepstream_add(
			&in, data + i, len - i < piece ? len - i : piece);
	if (keepstream_end(&in, &err) < 0 && !err.text[0])
		abort();
	for (const char *at = buf_str(&sums); *at;) {
		hold_against_sum(path, at);
		at += strcspn(at, "\n") + 1;
		lines++;
	}
	if (lines != in.files || lines != count_files(path))
		abort();
	keepstream_close(&in);
	/* nothing beside it */
	if (file_remove_tree(path, NULL) < 0 || rmdir(top) < 0)
		abort();
	buf_release(&sums);
	return 0;
}
