/* fts(3) in a fixed order.  The size of a directory says nothing on a tmpfs
 * that a removed entry does not also change back, so it is printed as 0. */
#include "lab/snapshot.h"

#include <errno.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static char type_of(const struct stat *st)
{
	switch (st->st_mode & S_IFMT) {
	case S_IFDIR:
		return 'd';
	case S_IFREG:
		return 'f';
	case S_IFLNK:
		return 'l';
	case S_IFCHR:
		return 'c'; /* an overlay's mark for "removed", too */
	case S_IFBLK:
		return 'b';
	case S_IFIFO:
		return 'p';
	case S_IFSOCK:
		return 's';
	}
	return '?';
}

static void add_entry(const FTSENT *f, size_t skip, struct buf *out)
{
	const struct stat *st = f->fts_statp;
	long long size = S_ISDIR(st->st_mode) ? 0 : (long long)st->st_size;

	buf_addf(out, "%c %04o %u %lld %lld.%09ld %s\n", type_of(st),
		(unsigned)(st->st_mode & 07777), (unsigned)st->st_uid, size,
		(long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
		f->fts_path + skip);
}

int snapshot_tree(const char *path, struct buf *out, struct err *err)
{
	char copy[4096];
	char *roots[] = {copy, NULL};
	size_t skip = strlen(path);
	FTSENT *f;
	FTS *tree;

	if (skip + 1 > sizeof(copy))
		return err_set(err, NFZ_E_LIMIT, "%.200s: too long", path);
	memcpy(copy, path, skip + 1);
	tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	if (tree == NULL)
		return err_sys(err, "%s", path);
	errno = 0;
	while ((f = fts_read(tree)) != NULL)
		if (f->fts_info != FTS_DP && f->fts_level > 0 &&
			f->fts_info != FTS_NS)
			add_entry(f, skip, out);
	fts_close(tree);
	return 0;
}
