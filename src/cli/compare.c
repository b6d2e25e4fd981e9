#include "cli/compare.h"
#include "base/mem.h"
#include "base/sort.h"

#include <string.h>

static char **sorted(struct buf *text, size_t *ret_n)
{
	char **lines = NULL, *p;
	size_t cap = 0;

	*ret_n = 0;
	buf_addc(text, '\0');
	for (p = text->len ? text->data : NULL; p && *p;) {
		char *end = strchr(p, '\n');

		if (end)
			*end++ = '\0';
		MEM_PUSH(lines, *ret_n, cap) = p;
		p = end;
	}
	sort_texts(lines, *ret_n);
	return lines;
}

static void add(struct comparison *c, char sign, const char *text)
{
	MEM_PUSH(c->lines, c->n, c->cap) =
		(struct compare_line){.sign = sign, .text = text};
}

void compare_texts(
	struct buf *before, struct buf *after, struct comparison *ret)
{
	size_t n, m, i = 0, k = 0;

	*ret = (struct comparison){0};
	ret->before = sorted(before, &n);
	ret->after = sorted(after, &m);
	while (i < n || k < m) {
		int order = i == n   ? 1
			    : k == m ? -1
				     : strcmp(ret->before[i], ret->after[k]);

		if (order < 0)
			add(ret, '-', ret->before[i]);
		else if (order > 0)
			add(ret, '+', ret->after[k]);
		i += order <= 0;
		k += order >= 0;
	}
}

void compare_release(struct comparison *c)
{
	free(c->lines);
	free(c->before);
	free(c->after);
	*c = (struct comparison){0};
}
