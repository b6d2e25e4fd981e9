/* What every step of an import needs: a note for the user, a bounded text. */
#include "testbed/import_data.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_LEN_MAX = 200 };

void import_note(struct import *i, const char *fmt, ...)
{
	char line[400];
	va_list ap;

	if (!i->options->notes)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	buf_addf(i->options->notes, "%s\n", line);
}

void import_silent(struct import *i, int node, int rc)
{
	if (i->t->nodes[node].m->unusable)
		return;
	if (rc == -NFZ_E_UNREACHABLE || rc == -NFZ_E_TIMEOUT ||
		rc == -NFZ_E_NODE_AUTH || rc == -NFZ_E_HOST_KEY)
		topology_machine(i->t, node)->unusable = "silent";
}

const char *import_text(const struct value *st, const char *name)
{
	const char *text = value_get_text(st, name);

	if (!text || !text[0] || strlen(text) > TEXT_LEN_MAX)
		return NULL;
	for (const char *s = text; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return NULL;
	return text;
}
