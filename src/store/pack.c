/* Segments in the order of their numbers, each once.  What is packed already is
 * known by its head. */
#include "store/pack.h"
#include "base/clock.h"
#include "base/mem.h"
#include "store/files.h"
#include "store/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

enum {
	REST_MS = 50,   /* after a block, which takes some 10 */
	LOOK_MS = 10000 /* between looks for what has become old */
};

struct pack {
	char *dir;
	int64_t after_ms;
	uint64_t upto;         /* number of the last one that is done */
	struct mono_time look; /* no sooner for the next */
	uint64_t number;       /* of the one in work */
	uint64_t told;         /* that its failure was told */
	struct segment from;
	struct segment_writer *to; /* NULL: none is in work */
	size_t at;                 /* its next block */
};

struct pack *pack_new(const char *dir, int64_t after_ms)
{
	struct pack *p = mem_zalloc(1, sizeof(*p));

	p->dir = mem_strdup(dir);
	p->after_ms = after_ms;
	p->from.fd = -1;
	return p;
}

/* The one in work is done, or given up. */
static void leave(struct pack *p)
{
	segment_abandon(take(p->to));
	segment_close(&p->from);
	p->at = 0;
}

void pack_free(struct pack *p)
{
	if (!p)
		return;
	leave(p);
	free(p->dir);
	free(p);
}

static bool is_due(const struct pack *p, const struct store_file *f)
{
	return f->segment && !f->wal && f->number > p->upto &&
	       (wall_now().ns - f->written_ns) / NS_PER_MS >= p->after_ms;
}

/* 1: it is open; 0: there is nothing to do about it. */
static int open_one(struct pack *p, uint64_t number, struct err *err)
{
	char name[STORE_PATH];
	int fd, r;

	p->number = number;
	r = store_file_open(
		p->dir, store_segment_name(number, name), O_RDONLY, &fd, err);
	if (r == 0 && fd >= 0)
		r = segment_open(fd, name, &p->from, err);
	return r < 0 ? r : fd >= 0 && !p->from.packed;
}

/* Finds the next.  1: it is begun; 0: none is due. */
static int begin(struct pack *p, struct err *err)
{
	struct store_files f;
	int r = 0;

	if (store_files_list(p->dir, &f, NULL) < 0)
		return 0;
	for (size_t i = 0; i < f.n && r == 0; i++) {
		if (!is_due(p, &f.items[i]))
			continue;
		r = open_one(p, f.items[i].number, err);
		if (r == 0) {
			p->upto = f.items[i].number;
			segment_close(&p->from);
		}
	}
	store_files_release(&f);
	if (r > 0)
		r = segment_create_packed(p->dir, &p->from, &p->to, err);
	return r < 0 ? r : p->to != NULL;
}

/* Retention may have taken it meanwhile: then it does not come back. */
static bool is_there(const struct pack *p)
{
	char name[STORE_PATH];
	cleanup_close int fd = -1;

	return store_file_open(p->dir, store_segment_name(p->number, name),
		       O_RDONLY, &fd, NULL) == 0 &&
	       fd >= 0;
}

static int end(struct pack *p, struct err *err)
{
	int r = is_there(p) ? segment_finish(take(p->to), err) : 0;

	if (r == 0) {
		(void)!store_dir_sync(p->dir, NULL);
		p->upto = p->number;
		leave(p);
	}
	return r;
}

static int64_t wait_long(struct pack *p)
{
	if (mono_passed(p->look))
		p->look = mono_add_ms(mono_now(), LOOK_MS);
	return LOOK_MS;
}

/* May it go well another time?  The disk may have room again, or the process a
 * descriptor; a new file that cannot be made is no fault of the old one. */
static bool may_pass(const struct pack *p, int r, const struct err *err)
{
	return r == -NFZ_E_DISK_FULL || err->sys == EMFILE ||
	       err->sys == ENFILE || (p->from.fd >= 0 && p->at == 0);
}

/* It stays as it is: for good, or until it is tried again. */
static int64_t give_up(struct pack *p, int r, struct err *err)
{
	const bool later = may_pass(p, r, err);

	leave(p);
	if (p->told == p->number)
		err_clear(err);
	else
		err_wrap(err, "%s: an old segment is not packed", p->dir);
	p->told = p->number;
	if (!later)
		p->upto = p->number;
	return later ? wait_long(p) : REST_MS;
}

int64_t pack_step(struct pack *p, struct err *err)
{
	int r;

	if (p->to) {
		r = p->at < p->from.n_blocks
			    ? segment_add_packed(p->to, &p->from, p->at++, err)
			    : end(p, err);
	} else {
		r = mono_passed(p->look) ? begin(p, err) : 0;
		if (r == 0)
			return wait_long(p);
		if (r > 0) /* its first block, too */
			return pack_step(p, err);
	}
	return r < 0 ? give_up(p, r, err) : REST_MS;
}
