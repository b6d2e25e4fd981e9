/* The list itself: as many findings as a person reads, with their words. */
#include "base/mem.h"
#include "report/findings_parts.h"

#include <stdarg.h>
#include <stdio.h>

const char *finding_level_name(enum finding_level level)
{
	static const char *const names[] = {
		"Problem", "Attention", "Note", "Good"};

	return names[level];
}

void findings_add(struct findings *all, enum finding_level level,
	const char *filter, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (all->n >= FINDINGS_MAX)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	all->all[all->n++] =
		(struct finding){level, arena_strdup(&all->arena, text),
			arena_strdup(&all->arena, filter)};
}

void findings_release(struct findings *f)
{
	arena_release(&f->arena);
	f->n = 0;
}
