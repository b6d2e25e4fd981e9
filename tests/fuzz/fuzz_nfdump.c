/* Any text as the CSV of nfdump: a line of names and lines of flows.  A row
 * that is taken ends after it began. */
#include "exchange/intake.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *line, *rest;
	struct nfdump_columns columns;

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	line = strtok_r(text, "\n", &rest);
	nfdump_head(&columns, line);
	while (line && (line = strtok_r(NULL, "\n", &rest))) {
		struct flow_record r[2];
		struct flow_extra extras[2];
		size_t n = nfdump_row(&columns, line, r, extras);

		if (n > 2)
			abort();
		for (size_t i = 0; i < n; i++)
			if (r[i].first_ns < 0 || r[i].last_ns < r[i].first_ns ||
				extras[i].src_mac >> 48)
				abort();
	}
	free(text);
	return 0;
}
