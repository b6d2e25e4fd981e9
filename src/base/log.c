#include "base/log.h"
#include "base/clock.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
	const char *program;
	enum log_level level;
	bool stamps;
} state = {"netflowize", LOG_INFO, false};

void log_open(const char *program, enum log_level level, bool stamps)
{
	state.program = program;
	state.level = level;
	state.stamps = stamps;
}

/* One write per line, so that lines of several processes do not mix. */
static void line(
	enum log_level level, const char *word, const char *fmt, va_list ap)
{
	char text[2048], stamp[CLOCK_TEXT] = "";
	int saved = errno;
	int n, room = (int)sizeof(text) - 1;

	if (level > state.level)
		return;
	n = snprintf(text, sizeof(text), "%s%s%s: %s",
		state.stamps ? wall_print(wall_now(), stamp) : "",
		state.stamps ? " " : "", state.program, word);
	if (n > 0 && n < room)
		n += vsnprintf(text + n, (size_t)(room - n), fmt, ap);
	if (n > room - 1)
		n = room - 1;
	text[n++] = '\n';
	if (write(STDERR_FILENO, text, (size_t)n) < 0)
		errno = saved; /* nowhere left to say it */
	errno = saved;
}

#define DEFINE_LOG(name, level, word)                                          \
	void name(const char *fmt, ...)                                        \
	{                                                                      \
		va_list ap;                                                    \
                                                                               \
		va_start(ap, fmt);                                             \
		line(level, word, fmt, ap);                                    \
		va_end(ap);                                                    \
	}

DEFINE_LOG(log_error, LOG_ERROR, "")
DEFINE_LOG(log_warning, LOG_WARNING, "warning: ")
DEFINE_LOG(log_info, LOG_INFO, "")

void log_err(const struct err *err)
{
	const char *hint = err->hint;

	log_error("%s  %s", err->text, err_code_text(err->code));
	while (*hint) {
		size_t n = strcspn(hint, "\n");

		fprintf(stderr, "  %.*s\n", (int)n, hint);
		hint += n + (hint[n] == '\n');
	}
}

bool log_allow(struct log_limit *limit, unsigned long *ret_hidden)
{
	int64_t second = mono_now().ns / NS_PER_S;

	if (second != limit->second) {
		limit->second = second;
		limit->in_second = 0;
	}
	if (limit->in_second >= (unsigned long)limit->burst) {
		limit->hidden++;
		return false;
	}
	limit->in_second++;
	*ret_hidden = limit->hidden;
	limit->hidden = 0;
	return true;
}
