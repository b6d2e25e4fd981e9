/* Recorded exchanges, read for tests. */
#include "support/replies.h"
#include "base/file.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool replies_present(void)
{
	if (access(REPLIES_DIR "/INDEX.md", R_OK) == 0)
		return true;
	fprintf(stderr, "SKIPPED: no recordings in %s\n", REPLIES_DIR);
	return false;
}

char *replies_read(const char *name, size_t *ret_len)
{
	struct buf b = BUF_INIT(64 << 20);
	char path[512];

	snprintf(path, sizeof(path), REPLIES_DIR "/%s", name);
	if (access(path, R_OK) != 0 || file_read(path, &b, NULL) != 0) {
		buf_release(&b);
		return NULL;
	}
	if (ret_len)
		*ret_len = b.len;
	return buf_take(&b);
}

size_t replies_each(const char *suffix,
	void (*fn)(void *ctx, const char *name, const char *text, size_t len),
	void *ctx)
{
	char pattern[512];
	glob_t found;
	size_t n = 0;

	snprintf(pattern, sizeof(pattern), REPLIES_DIR "/*%s", suffix);
	if (glob(pattern, 0, NULL, &found) != 0)
		return 0;
	for (; n < found.gl_pathc; n++) {
		const char *name = strrchr(found.gl_pathv[n], '/') + 1;
		size_t len = 0;
		char *text = replies_read(name, &len);

		fn(ctx, name, text ? text : "", len);
		free(text);
	}
	globfree(&found);
	return n;
}
