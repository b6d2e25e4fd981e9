#include "cli/gather.h"
#include "base/mem.h"
#include "cli/nodeset.h"

#include <string.h>

static struct gather_line *line_of(
	struct gather *g, int kind, const char *text, int64_t value)
{
	struct gather_line *l;

	for (size_t i = 0; i < g->n; i++)
		if (g->lines[i].kind == kind &&
			strcmp(g->lines[i].text, text) == 0)
			return &g->lines[i];
	l = &MEM_PUSH(g->lines, g->n, g->cap);
	*l = (struct gather_line){.text = mem_strdup(text),
		.kind = kind,
		.from = value,
		.to = value};
	return l;
}

void gather_add(struct gather *g, int kind, const char *name, const char *text,
	int64_t value)
{
	struct gather_line *l = line_of(g, kind, text, value);

	MEM_PUSH(l->names, l->n, l->cap) = name;
	l->from = value < l->from ? value : l->from;
	l->to = value > l->to ? value : l->to;
}

void gather_names(const struct gather_line *l, struct buf *to)
{
	nodeset_print(l->names, l->n, to);
}

void gather_release(struct gather *g)
{
	for (size_t i = 0; i < g->n; i++) {
		free(g->lines[i].text);
		free(g->lines[i].names);
	}
	free(g->lines);
	*g = (struct gather){0};
}
