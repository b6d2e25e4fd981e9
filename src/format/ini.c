#include "format/ini.h"
#include "base/buf.h"
#include "base/file.h"

#include <errno.h>
#include <ini.h>
#include <unistd.h>

enum { INI_FILE_MAX = 1 << 20 };

struct reading {
	ini_fn fn;
	void *ctx;
	struct err *err;
	int result;
};

/* libinih wants non-zero to go on. */
static int each(
	void *user, const char *section, const char *key, const char *value)
{
	struct reading *r = user;

	if (r->result == 0)
		r->result =
			r->fn(r->ctx, section, key, value ? value : "", r->err);
	return r->result == 0;
}

int ini_read_text(const char *text, const char *file, ini_fn fn, void *ctx,
	struct err *err)
{
	struct reading r = {fn, ctx, err, 0};
	int line = ini_parse_string(text, each, &r);

	if (r.result < 0)
		return err_wrap(err, "%s:%d", file, line);
	if (line > 0)
		return err_set(err, NFZ_E_CONFIG,
			"%s:%d: neither [section], key = value nor a comment",
			file, line);
	return 0;
}

int ini_read(const char *path, ini_fn fn, void *ctx, struct err *err)
{
	struct buf text = BUF_INIT(INI_FILE_MAX);
	int code;

	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	code = file_read(path, &text, err);
	if (code == 0)
		code = ini_read_text(buf_str(&text), path, fn, ctx, err);
	buf_release(&text);
	return code;
}
