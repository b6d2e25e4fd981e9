/* What is too much for memory, put aside on disk: one file without a name, in
 * $TMPDIR or /var/tmp.  It goes with the process, however that ends. */
#ifndef NFZ_STORE_ASIDE_H
#define NFZ_STORE_ASIDE_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct aside {
	const char *dir;
	int fd;
	uint64_t size;
};

int aside_open(struct aside *a, struct err *err) NFZ_MUST_CHECK;
void aside_close(struct aside *a);
/* At the end.  NFZ_E_DISK_FULL: the last of the room is left to others. */
int aside_write(struct aside *a, const void *data, size_t len,
	struct err *err) NFZ_MUST_CHECK;
/* All of it, or it is an error. */
int aside_read(const struct aside *a, void *room, size_t len, uint64_t offset,
	struct err *err) NFZ_MUST_CHECK;
int aside_damaged(const struct aside *a, struct err *err);

#endif
