/* Error values.  Nothing here allocates or fails; over-long texts are cut. */
#include "base/err.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
	int exit_status;
	const char *code;
	const char *meaning;
} table[] = {{0, "NFZ-OK", "no error"},
#define X(name, exit, code, text) {exit, code, text},
	NFZ_ERRORS(X)
#undef X
};

static int known(int code)
{
	if (code < 0)
		code = -code;
	return code < NFZ_E_COUNT ? code : NFZ_E_INTERNAL;
}

/* Texts name what others have named; terminals obey some names. */
static void format(char *to, size_t size, const char *fmt, va_list ap)
{
	vsnprintf(to, size, fmt, ap);
	utf8_disarm(to);
}

int err_set(struct err *err, enum nfz_error code, const char *fmt, ...)
{
	if (err) {
		va_list ap;

		err->code = code;
		err->sys = 0;
		err->hint[0] = '\0';
		va_start(ap, fmt);
		format(err->text, sizeof(err->text), fmt, ap);
		va_end(ap);
	}
	return -(int)code;
}

int err_sys(struct err *err, const char *fmt, ...)
{
	int saved = errno;

	if (err) {
		va_list ap;
		size_t n;

		err->code = NFZ_E_IO;
		err->sys = saved;
		err->hint[0] = '\0';
		va_start(ap, fmt);
		format(err->text, sizeof(err->text), fmt, ap);
		va_end(ap);
		n = strlen(err->text);
		snprintf(err->text + n, sizeof(err->text) - n, ": %s",
			strerror(saved));
	}
	errno = saved;
	return -(int)NFZ_E_IO;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	char inner[ERR_TEXT_MAX];
	va_list ap;
	size_t n;

	if (!err)
		return -(int)NFZ_E_INTERNAL;
	memcpy(inner, err->text, sizeof(inner));
	va_start(ap, fmt);
	format(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	snprintf(err->text + n, sizeof(err->text) - n, ": %s", inner);
	return -(int)err->code;
}

int err_hint(struct err *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -(int)NFZ_E_INTERNAL;
	va_start(ap, fmt);
	format(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
	return -(int)err->code;
}

void err_clear(struct err *err)
{
	if (err)
		*err = (struct err){0};
}

int err_exit_status(int code)
{
	return table[known(code)].exit_status;
}

const char *err_code_text(int code)
{
	return table[known(code)].code;
}

const char *err_code_meaning(int code)
{
	return table[known(code)].meaning;
}
