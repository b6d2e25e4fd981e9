/* Reads the truth table beside the captures. */
#include "captures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAPTURES "../shared/ref/pcaps"

enum { COLUMNS = 16 };

static int split(char *line, char *cell[COLUMNS + 1])
{
	int n = 0;

	for (char *at = line; at && n <= COLUMNS; n++) {
		cell[n] = at;
		at = strchr(at, '|');
		if (at)
			*at++ = '\0';
	}
	return n;
}

static uint64_t number(const char *cell)
{
	return strtoull(cell, NULL, 10);
}

bool captures_each(
	void (*fn)(const struct capture_row *row, void *data), void *data)
{
	FILE *f = fopen(CAPTURES "/INDEX.md", "r");
	char line[2048], *cell[COLUMNS + 1];

	if (!f) {
		fprintf(stderr, "SKIPPED: no captures at %s\n", CAPTURES);
		return false;
	}
	while (fgets(line, sizeof(line), f)) {
		struct capture_row row = {0};

		if (line[0] != '|' || split(line, cell) <= COLUMNS)
			continue;
		if (sscanf(cell[1], " %255s", row.name) != 1 ||
			!strstr(row.name, ".pcap"))
			continue;
		snprintf(row.path, sizeof(row.path), CAPTURES "/%s", row.name);
		row.frames = number(cell[5]);
		row.ip4 = number(cell[6]);
		row.ip6 = number(cell[7]);
		row.octets = number(cell[8]);
		row.other = number(cell[12]);
		row.keys = number(cell[13]);
		row.flows = number(cell[15]);
		fn(&row, data);
	}
	fclose(f);
	return true;
}
