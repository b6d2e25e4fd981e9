/* Exchanges recorded from a testbed's server, kept outside the project. */
#ifndef NFZ_TESTS_REPLIES_H
#define NFZ_TESTS_REPLIES_H

#include <stdbool.h>
#include <stddef.h>

#define REPLIES_DIR "../shared/ref/emulab-replies"

/* False, said on stderr, when the recordings are not there. */
bool replies_present(void);
/* The file's bytes (free() them), NULL when there is no such file. */
char *replies_read(const char *name, size_t *ret_len);
/* Calls fn for every file whose name ends so; returns how many. */
size_t replies_each(const char *suffix,
	void (*fn)(void *ctx, const char *name, const char *text, size_t len),
	void *ctx);

#endif
