/* Files below a directory that somebody else may have changed meanwhile: no
 * symbolic link, no mount and no second name leads out of it.
 *
 * Paths are relative and without "." or ".."; who has them from elsewhere
 * checks that first. */
#ifndef NFZ_BASE_WITHIN_H
#define NFZ_BASE_WITHIN_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

/* Opens the directory that holds the last part of path; *ret_name points to
 * that part.  -1: errno is ENOENT when some part is gone; ELOOP, ENOTDIR or
 * EXDEV when it is a link, a file or a mount now. */
int within_parent(int dir, const char *path, const char **ret_name);
/* open(2) for plain files.  -1 with errno EMLINK when there is something else:
 * a link, a pipe, a device (which is not even opened), a mounted file; for
 * writing also one that has another name. */
int within_open(int dir, const char *path, int flags, mode_t mode);
/* Does nothing lie between them, that is mounted? */
bool within_one_mount(int a, int b);
/* rm -r of dir/name: never following links, never leaving the mount it starts
 * on, which is that of dir unless it is AT_FDCWD.  Absent is success. */
int within_remove(int dir, const char *name, struct err *err) NFZ_MUST_CHECK;

#endif
