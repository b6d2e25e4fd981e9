/* Two NS texts as a unified diff.
 *
 * They differ in one place, the block: what is equal before and behind it is
 * context, everything between one hunk.  patch(1) takes it. */
#include "testbed/ns_block.h"

#include <string.h>

enum { CONTEXT = 3 };

struct text {
	const char *at, *end;
};

static const char *line_end(const char *at, const char *end)
{
	const char *nl = memchr(at, '\n', (size_t)(end - at));

	return nl ? nl + 1 : end;
}

static size_t count(const char *at, const char *end)
{
	size_t n = 0;

	for (; at < end; at = line_end(at, end))
		n++;
	return n;
}

static void put(char sign, const char *at, const char *end, struct buf *out)
{
	while (at < end) {
		const char *next = line_end(at, end);

		buf_addc(out, sign);
		buf_add(out, at, (size_t)(next - at));
		if (next[-1] != '\n')
			buf_adds(out, "\n\\ No newline at end of file\n");
		at = next;
	}
}

/* So many lines back from at, but not before start. */
static const char *back(const char *at, const char *start, int lines)
{
	while (at > start && lines-- > 0) {
		at--;
		while (at > start && at[-1] != '\n')
			at--;
	}
	return at;
}

static const char *forth(const char *at, const char *end, int lines)
{
	while (at < end && lines-- > 0)
		at = line_end(at, end);
	return at;
}

/* Whole lines at the beginning that are the same. */
static size_t same_head(const char *a, const char *b)
{
	size_t n = 0, whole = 0;

	while (a[n] && a[n] == b[n])
		if (a[n++] == '\n')
			whole = n;
	return whole;
}

/* Do the last n bytes begin with a line? */
static bool begins_line(const struct text *t, size_t head, size_t n)
{
	const char *at = t->end - n;

	return at == t->at + head || at[-1] == '\n';
}

/* Whole lines at the end that are the same, behind the first `head` bytes. */
static size_t same_tail(const struct text *a, const struct text *b, size_t head)
{
	size_t room_a = (size_t)(a->end - a->at) - head;
	size_t room_b = (size_t)(b->end - b->at) - head;
	size_t most = room_a < room_b ? room_a : room_b, n = 0;

	while (n < most && *(a->end - n - 1) == *(b->end - n - 1))
		n++;
	while (n > 0 && (!begins_line(a, head, n) || !begins_line(b, head, n)))
		n--;
	return n;
}

void ns_text_diff(
	const char *from, const char *to, const char *name, struct buf *out)
{
	const struct text a = {from, from + strlen(from)};
	const struct text b = {to, to + strlen(to)};
	size_t head, tail;
	const char *start, *stop;

	if (strcmp(from, to) == 0)
		return;
	head = same_head(from, to);
	tail = same_tail(&a, &b, head);
	start = back(from + head, from, CONTEXT);
	stop = forth(a.end - tail, a.end, CONTEXT);
	buf_addf(out, "--- %s\t(now)\n+++ %s\t(with netflowize)\n", name, name);
	buf_addf(out, "@@ -%zu,%zu +%zu,%zu @@\n", count(from, start) + 1,
		count(start, stop), count(from, start) + 1,
		count(start, from + head) + count(to + head, b.end - tail) +
			count(a.end - tail, stop));
	put(' ', start, from + head, out);
	put('-', from + head, a.end - tail, out);
	put('+', to + head, b.end - tail, out);
	put(' ', a.end - tail, stop, out);
}
