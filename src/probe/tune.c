#include "probe/tune.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT = 512, WORD = DEFINITION_WORDS };
enum { LEAST_MS = 10, MOST_MS = 7 * 86400000 };
enum { MOST_FLOWS = 1 << 26 };

int tune_open(const char *path, int *ret_fd, struct err *err)
{
	*ret_fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return *ret_fd < 0 && errno != ENOENT ? err_sys(err, "%s", path) : 0;
}

/* What stands behind a name and '='; NULL: it is not there. */
static const char *find(const char *text, const char *name)
{
	const size_t len = strlen(name);

	for (; *text; text += strcspn(text, " "), text += strspn(text, " "))
		if (strncmp(text, name, len) == 0 && text[len] == '=')
			return text + len + 1;
	return NULL;
}

static int64_t number_of(const char *text, const char *name)
{
	const char *at = find(text, name);

	return at ? strtoll(at, NULL, 10) : 0;
}

static int64_t time_of(const char *text, const char *name)
{
	const int64_t v = number_of(text, name);

	return v >= LEAST_MS && v <= MOST_MS ? v : 0;
}

static uint64_t count_of(const char *text, const char *name)
{
	const int64_t v = number_of(text, name);

	return v > 0 ? (uint64_t)v : 0;
}

static uint32_t flows_of(const char *text)
{
	const uint64_t v = count_of(text, "flows");

	return v <= MOST_FLOWS ? (uint32_t)v : 0;
}

/* The whole word there; false: there is none. */
static bool word_of(const char *text, const char *name, char ret[static WORD])
{
	const char *at = find(text, name);

	if (at)
		snprintf(ret, WORD, "%.*s", (int)strcspn(at, " \n"), at);
	return at != NULL;
}

static void read_sampling(const char *text, struct tune *ret)
{
	char word[WORD];

	if (word_of(text, "sampling", word))
		(void)export_sampling_parse(word, &ret->sampling);
}

static void read_definition(const char *text, struct definition *ret)
{
	char word[WORD];

	if (word_of(text, "key", word))
		(void)definition_read_key(word, &ret->key);
	if (word_of(text, "biflow", word))
		ret->both = word[0] == '1';
	if (word_of(text, "metrics", word))
		(void)definition_read_metrics(word, &ret->metrics);
}

void tune_read(int fd, struct tune *ret)
{
	char text[TEXT];
	ssize_t n = fd < 0 ? 0 : pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	ret->active_ms = time_of(text, "active");
	ret->idle_ms = time_of(text, "idle");
	ret->fin_ms = find(text, "fin") ? time_of(text, "fin") : -1;
	ret->limit.octets = count_of(text, "bytes");
	ret->limit.packets = count_of(text, "packets");
	ret->flows = flows_of(text);
	read_sampling(text, ret);
	read_definition(text, &ret->definition);
}
