/* File to value; parsing is flow/setup's. */
#define _GNU_SOURCE
#include "probe/setupfile.h"
#include "base/file.h"

#include <string.h>

int setupfile_read(const char *path, struct setup *ret, struct err *err)
{
	struct buf text = BUF_INIT(SETUP_TEXT_MAX);
	int r = file_read(path, &text, err);

	if (r == 0) {
		r = setup_parse(buf_str(&text), text.len, ret, err);
		if (r < 0)
			err_wrap(err, "%s", path);
	}
	if (text.data)
		explicit_bzero(text.data, text.len);
	buf_release(&text);
	return r;
}
