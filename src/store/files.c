/* Listing a directory that may change while it is read.
 *
 * Numbers follow one another without holes (only the lowest are ever deleted,
 * and a log goes only after its segment is there), so a hole in a listing
 * means that the directory changed during it: then it is read again. */
#include "store/files.h"
#include "base/clock.h"
#include "base/lines.h"
#include "base/mem.h"
#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRIES = 10 };

const char *store_wal_name(uint64_t number, char to[static STORE_PATH])
{
	snprintf(to, STORE_PATH, "wal-%010" PRIu64, number);
	return to;
}

const char *store_segment_name(uint64_t number, char to[static STORE_PATH])
{
	snprintf(to, STORE_PATH, "seg-%010" PRIu64, number);
	return to;
}

void store_files_release(struct store_files *f)
{
	free(f->items);
	*f = (struct store_files){0};
}

static int by_number(const void *a, const void *b)
{
	const struct store_file *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

/* The number in "wal-0000000012"; false for any other name. */
static bool number_of(const char *name, const char *prefix, uint64_t *ret)
{
	int64_t v;

	if (strncmp(name, prefix, 4) != 0 || strlen(name) < 14 ||
		!span_count(span_of(name + 4), INT64_MAX, &v))
		return false;
	*ret = (uint64_t)v;
	return true;
}

static void note_segment(struct store_file *file, const struct stat *st)
{
	file->segment_bytes = (uint64_t)st->st_size;
	file->written_ns =
		(int64_t)st->st_mtim.tv_sec * NS_PER_S + st->st_mtim.tv_nsec;
}

static void note(struct store_files *f, int dir, const char *name)
{
	struct store_file file = {0};
	struct stat st;

	if (number_of(name, "wal-", &file.number)) {
		file.wal = true;
	} else if (number_of(name, "seg-", &file.number)) {
		file.segment = true;
		if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			note_segment(&file, &st);
	} else {
		return;
	}
	MEM_PUSH(f->items, f->n, f->cap) = file;
}

/* One entry for each number; says whether numbers are missing. */
static void join(struct store_files *f)
{
	size_t to = 0;

	qsort(f->items, f->n, sizeof(*f->items), by_number);
	f->gap = false;
	for (size_t i = 0; i < f->n; i++) {
		struct store_file *last = to ? &f->items[to - 1] : NULL;

		if (last && last->number == f->items[i].number) {
			last->wal |= f->items[i].wal;
			last->segment |= f->items[i].segment;
			last->segment_bytes += f->items[i].segment_bytes;
			last->written_ns += f->items[i].written_ns;
			continue;
		}
		if (last && last->number + 1 != f->items[i].number)
			f->gap = true;
		f->items[to++] = f->items[i];
	}
	f->n = to;
}

static int list_once(const char *dir, struct store_files *f, struct err *err)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	if (!d)
		return err_sys(err, "%s", dir);
	f->n = 0;
	while ((e = readdir(d)))
		note(f, dirfd(d), e->d_name);
	closedir(d);
	if (f->n)
		join(f);
	return 0;
}

bool store_is_there(const char *dir)
{
	cleanup_free char *catalog = mem_printf("%s/catalog", dir);
	struct store_files files = {0};
	struct stat st;
	bool any;

	if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode))
		return false;
	if (access(catalog, F_OK) == 0)
		return true;
	any = store_files_list(dir, &files, NULL) == 0 && files.n;
	store_files_release(&files);
	return any;
}

char *store_within(const char *dir)
{
	const char *slash = strcmp(dir + strlen(dir) - 1, "/") ? "/" : "";
	struct dirent **found = NULL;
	char *last = NULL;
	int n = scandir(dir, &found, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		cleanup_free char *path =
			mem_printf("%s%s%s", dir, slash, found[i]->d_name);

		if (*found[i]->d_name != '.' && store_is_there(path)) {
			free(last);
			last = mem_strdup(path);
		}
		free(found[i]);
	}
	free(found);
	return last;
}

int store_files_list(const char *dir, struct store_files *ret, struct err *err)
{
	struct store_files f = {0};
	int r = 0;

	for (int i = 0; i < TRIES; i++) {
		r = list_once(dir, &f, err);
		if (r < 0 || !f.gap)
			break;
	}
	if (r < 0)
		store_files_release(&f);
	else
		*ret = f;
	return r;
}

int store_file_open(const char *dir, const char *name, int flags, int *ret_fd,
	struct err *err)
{
	cleanup_free char *path = mem_printf("%s/%s", dir, name);

	*ret_fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*ret_fd < 0 && errno != ENOENT)
		return err_sys(err, "%s", path);
	return 0;
}

int store_dir_sync(const char *dir, struct err *err)
{
	cleanup_close int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return err_sys(err, "%s", dir);
	return 0;
}

void store_files_sweep(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		size_t n = strlen(e->d_name);
		bool ours = strncmp(e->d_name, "wal-", 4) == 0 ||
			    strncmp(e->d_name, "seg-", 4) == 0;

		if (ours && n > 4 && strcmp(e->d_name + n - 4, ".new") == 0)
			unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d)
		closedir(d);
}
