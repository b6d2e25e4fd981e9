#define _GNU_SOURCE
#include "cli/say.h"
#include "base/utf8.h"
#include "format/crypto.h"
#include "format/sheet.h"

#include <fcntl.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static bool utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static bool colour(const struct app *app)
{
	const char *none = getenv("NO_COLOR"), *term = getenv("TERM");

	if (app->common->color == 1)
		return true;
	if (app->common->color == 2 || (none && *none))
		return false;
	return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

struct sign {
	const char *unicode, *ascii, *colour;
};

/* A command that is told can be copied: the terminal breaks its line, which we
 * do with words. */
static bool has_command(const char *text)
{
	return strstr(text, "netflowize ") || strstr(text, "nfz-");
}

static void line(const struct app *app, const struct sign *sign,
	const char *fmt, va_list ap)
{
	const size_t width = sheet_terminal(stderr);
	bool c = colour(app) && sign->colour;
	int at = 0;
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		return;
	utf8_disarm(text); /* words of nodes are in it */
	/* where both go to one pipe, in the order they were said */
	fflush(stdout);
	if (*sign->ascii) {
		const char *shown = utf8() ? sign->unicode : sign->ascii;

		at = (int)utf8_columns(shown) + 1;
		fprintf(stderr, "%s%s%s ", c ? sign->colour : "", shown,
			c ? "\033[0m" : "");
	}
	if (width && !strchr(text, '\n') && !has_command(text)) {
		const int blanks = (int)strspn(text, " ");

		fprintf(stderr, "%*s", blanks, "");
		opt_fold_text(text + blanks, at + blanks, (int)width, stderr);
	} else {
		fprintf(stderr, "%s\n", text);
	}
	free(text);
}

#define DEFINE_SAY(name, loud, ...)                                            \
	void name(const struct app *app, const char *fmt, ...)                 \
	{                                                                      \
		static const struct sign sign = {__VA_ARGS__};                 \
		va_list ap;                                                    \
                                                                               \
		if (app->common->quiet && !(loud))                             \
			return;                                                \
		va_start(ap, fmt);                                             \
		line(app, &sign, fmt, ap);                                     \
		va_end(ap);                                                    \
	}

DEFINE_SAY(say_done, false, "\xe2\x9c\x94", "ok", "\033[32m")
DEFINE_SAY(say_note, true, "!", "!", "\033[33m")
DEFINE_SAY(say_fail, true, "\xe2\x9c\x98", "FAILED", "\033[31m")
DEFINE_SAY(say, false, "", "", NULL)

/* One line from the terminal itself, whatever stdin is. */
static int read_line(
	bool echo, const char *prompt, char *to, size_t size, struct err *err)
{
	struct termios old, quiet;
	ssize_t n;
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return err_set(
			err, NFZ_E_USAGE, "there is no terminal to ask on");
	if (dprintf(fd, "%s", prompt) < 0 || tcgetattr(fd, &old) < 0) {
		close(fd);
		return err_sys(err, "/dev/tty");
	}
	quiet = old;
	if (!echo)
		quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(fd, TCSAFLUSH, &quiet);
	n = read(fd, to, size - 1);
	tcsetattr(fd, TCSAFLUSH, &old);
	if (!echo)
		dprintf(fd, "\n");
	close(fd);
	if (n < 0)
		return err_set(err, NFZ_E_INTERRUPTED, "interrupted");
	if (n == 0)
		return err_set(err, NFZ_E_INTERRUPTED, "nothing was typed");
	to[n] = '\0';
	to[strcspn(to, "\n")] = '\0';
	return 0;
}

int say_confirm(const struct app *app, const char *question, const char *word,
	struct err *err)
{
	char answer[256], prompt[512];
	int r;

	if (app->common->yes)
		return 0;
	if (!isatty(STDIN_FILENO)) {
		err_set(err, NFZ_E_USAGE, "%s", question);
		return err_hint(err, "This needs a confirmation: give --yes");
	}
	snprintf(prompt, sizeof(prompt), "%s\nType %s to go on: ", question,
		word);
	r = read_line(true, prompt, answer, sizeof(answer), err);
	if (r == -NFZ_E_INTERRUPTED)
		return err_hint(err, "Nothing was changed");
	if (r == 0 && strcmp(answer, word) != 0)
		return err_set(err, NFZ_E_INTERRUPTED,
			"not confirmed; nothing was changed");
	return r;
}

int say_passphrase(const struct app *app, const char *what, char *to,
	size_t size, struct err *err)
{
	int64_t fd = app->common->passphrase_fd;
	char prompt[512];
	size_t n = 0;

	if (fd < 0) {
		int r;

		snprintf(prompt, sizeof(prompt), "Passphrase for %s: ", what);
		r = read_line(false, prompt, to, size, err);
		if (r != -NFZ_E_USAGE)
			return r;
		err_set(err, NFZ_E_PASSPHRASE,
			"%s needs a passphrase, and there is no terminal to "
			"ask on",
			what);
		return err_hint(err, "--passphrase-fd N reads it from a "
				     "descriptor");
	}
	while (n < size - 1 && read((int)fd, to + n, 1) == 1 && to[n] != '\n')
		n++;
	to[n] = '\0';
	if (n == 0)
		return err_set(err, NFZ_E_PASSPHRASE,
			"no passphrase on descriptor %lld", (long long)fd);
	return 0;
}
