/* Whole files, safely: read with a ceiling, replace atomically, lock. */
#ifndef NFZ_BASE_FILE_H
#define NFZ_BASE_FILE_H

#include "base/buf.h"
#include "base/err.h"

#include <sys/types.h>

/* Appends the file's bytes to buf; "-" is stdin.  Over buf->max is
 * NFZ_E_LIMIT. */
int file_read(
	const char *path, struct buf *buf, struct err *err) NFZ_MUST_CHECK;
/* The same of a file that somebody named: that it cannot be read, "the plan", is
 * NFZ_E_INPUT, most often a wrong name. */
int file_read_named(const char *path, const char *what, struct buf *buf,
	struct err *err) NFZ_MUST_CHECK;
/* errno of a path that somebody named, as NFZ_E_INPUT. */
int file_misnamed(const char *path, struct err *err);
/* Writes beside, fsyncs, renames over path, fsyncs the directory: readers see
 * the old or the new file, never a part.  "-" is stdout, written straight, as
 * are devices and pipes. */
int file_replace(const char *path, mode_t mode, const void *data, size_t len,
	struct err *err) NFZ_MUST_CHECK;
/* The same of a plain file that can be made again: waits for no disk, so that
 * after a crash of the machine it may be empty. */
int file_replace_soon(const char *path, mode_t mode, const void *data,
	size_t len, struct err *err) NFZ_MUST_CHECK;
/* Of what was made or renamed to path. */
int file_sync_dir_of(const char *path, struct err *err) NFZ_MUST_CHECK;
/* All of len bytes or an error; EINTR is retried. */
int file_write_all(
	int fd, const void *data, size_t len, struct err *err) NFZ_MUST_CHECK;
/* len bytes at offset, fewer only where the file ends; -1: errno tells. */
ssize_t file_read_at(int fd, void *to, size_t len, uint64_t offset);
/* mkdir -p. */
int file_make_dirs(
	const char *path, mode_t mode, struct err *err) NFZ_MUST_CHECK;
/* Opens (creating, 0600) and locks path; NFZ_E_BUSY when another holds it.
 * The lock goes with the descriptor. */
int file_lock(const char *path, int *ret_fd, struct err *err) NFZ_MUST_CHECK;
/* The user's home directory: HOME, else what the password file says.  Good
 * until the next call. */
const char *file_home(void);
/* Where an open directory is, as this process sees it.  False: nobody says, or
 * there is no room for it. */
bool file_where(int dir, char *to, size_t room);
/* rm -r of path itself and all in it, never following links, never leaving
 * the mount it starts on.  Absent is success. */
int file_remove_tree(const char *path, struct err *err) NFZ_MUST_CHECK;

#endif
