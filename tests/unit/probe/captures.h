/* The table of public captures with their truth, where it is at hand. */
#ifndef NFZ_TESTS_PROBE_CAPTURES_H
#define NFZ_TESTS_PROBE_CAPTURES_H

#include <stdbool.h>
#include <stdint.h>

struct capture_row {
	char path[512];
	char name[256];
	uint64_t frames, ip4, ip6, octets, other, keys, flows;
};

/* Calls fn for each row; false (and a line on stderr) without the table. */
bool captures_each(
	void (*fn)(const struct capture_row *row, void *data), void *data);

#endif
