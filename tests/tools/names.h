/* The names that a made store has with it. */
#ifndef NFZ_TOOLS_NAMES_H
#define NFZ_TOOLS_NAMES_H

#include "base/file.h"
#include "store/catalog.h"
#include "topology/topofile.h"

#include <stdio.h>

/* DIR/catalog and DIR/topology.json. */
static inline int names_write(const struct catalog *c, const struct topology *t,
	const char *dir, struct err *err)
{
	struct buf text = BUF_INIT((size_t)1 << 30);
	char file[4096];
	int r;

	catalog_print(c, &text);
	snprintf(file, sizeof(file), "%s/catalog", dir);
	r = file_replace(file, 0600, buf_str(&text), text.len, err);
	buf_reset(&text);
	topofile_print(t, &text);
	snprintf(file, sizeof(file), "%s/topology.json", dir);
	if (r == 0)
		r = file_replace(file, 0600, buf_str(&text), text.len, err);
	buf_release(&text);
	return r;
}

#endif
