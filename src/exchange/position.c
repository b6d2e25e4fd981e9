/* A small text file, replaced as a whole; a lock beside it keeps a second
 * sender out. */
#include "exchange/position.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "format/checksum.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define HEAD "netflowize.position/1"
enum { TEXT_MAX = 1 << 18 };

static bool take_line(const char **text, const char *word, const char *value)
{
	cleanup_free char *line = mem_printf("%s %s\n", word, value);
	const size_t n = strlen(line);

	if (strncmp(*text, line, n) != 0)
		return false;
	*text += n;
	return true;
}

static bool parse(struct position *p, const char *text)
{
	int end = 0;

	return sscanf(text,
		       "id %" SCNx64 "\ndone %" SCNd64 "\nuntil %" SCNd64
		       "\nsent %" SCNd64 " %" SCNx64 "\nflows %" SCNu64
		       "\nend\n%n",
		       &p->id, &p->done_ns, &p->until_ns, &p->sent_ns,
		       &p->sent_tie, &p->flows, &end) == 6 &&
	       end && !text[end] && p->until_ns >= p->done_ns;
}

static int load(
	struct position *p, const char *to, const char *filter, struct err *err)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	int r = file_read(p->path, &text, err);
	const char *at = buf_str(&text);

	if (r == 0 && strncmp(at, HEAD "\n", strlen(HEAD) + 1) != 0)
		r = err_set(err, NFZ_E_INPUT, "%s is no position", p->path);
	at += r == 0 ? strlen(HEAD) + 1 : 0;
	if (r == 0 && (!take_line(&at, "to", to) ||
			      !take_line(&at, "filter", filter))) {
		r = err_set(err, NFZ_E_USAGE,
			"%s is of another destination or filter", p->path);
		err_hint(err, "Each has a --position of its own.");
	}
	if (r == 0 && !parse(p, at))
		r = err_set(err, NFZ_E_INPUT, "%s makes no sense", p->path);
	buf_release(&text);
	return r;
}

int position_save(const struct position *p, const char *to, const char *filter,
	struct err *err)
{
	cleanup_free char *text = mem_printf(HEAD
		"\nto %s\nfilter %s\nid %016" PRIx64 "\ndone %" PRId64
		"\nuntil %" PRId64 "\nsent %" PRId64 " %016" PRIx64
		"\nflows %" PRIu64 "\nend\n",
		to, filter, p->id, p->done_ns, p->until_ns, p->sent_ns,
		p->sent_tie, p->flows);

	return file_replace(p->path, 0600, text, strlen(text), err);
}

int position_open(const char *path, const char *to, const char *filter,
	struct position *ret, struct err *err)
{
	struct position p = {.path = mem_strdup(path),
		.lock = -1,
		.id = hash_key_new().k0,
		.done_ns = INT64_MIN,
		.until_ns = INT64_MIN};
	cleanup_free char *lock = mem_printf("%s.lock", path);
	struct stat st;
	int r = file_lock(lock, &p.lock, err);

	position_rewind(&p);
	if (r == -NFZ_E_BUSY)
		err_hint(err, "Another export with this position is running.");
	else if (r < 0)
		err_hint(err, "--position FILE keeps it elsewhere.");
	if (r == 0)
		r = stat(path, &st) == 0 || errno != ENOENT
			    ? load(&p, to, filter, err)
			    : position_save(&p, to, filter, err);
	if (r == 0)
		*ret = p;
	else
		position_close(&p);
	return r;
}

void position_close(struct position *p)
{
	if (p->lock >= 0)
		close(p->lock);
	free(p->path);
	*p = (struct position){.lock = -1};
}

void position_rewind(struct position *p)
{
	p->sent_ns = INT64_MIN;
	p->sent_tie = 0;
}

uint64_t position_batch(const struct position *p)
{
	const uint64_t words[] = {p->id, (uint64_t)p->until_ns,
		(uint64_t)p->sent_ns, p->sent_tie};

	return checksum(words, sizeof(words));
}
