/* A listing of a directory tree that shows any change: the oracle for
 * "nothing is left" (deploy-targets reference, 5.4). */
#ifndef NFZ_LAB_SNAPSHOT_H
#define NFZ_LAB_SNAPSHOT_H

#include "base/buf.h"
#include "base/err.h"

/* One line for each entry below path, sorted: type, mode, owner, size, mtime
 * in nanoseconds, path.  Never follows links. */
int snapshot_tree(
	const char *path, struct buf *out, struct err *err) NFZ_MUST_CHECK;

#endif
