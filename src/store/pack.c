/* Segments in the order of their numbers, each once.  What is packed already is
 * known by its head. */
#include "store/pack.h"
#include "base/clock.h"
#include "base/mem.h"
#include "store/files.h"
#include "store/segment.h"

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

/* Opens it; false: there is nothing to do about it. */
static bool open_one(struct pack *p, uint64_t number)
{
	char name[STORE_PATH];
	int fd;

	if (store_file_open(p->dir, store_segment_name(number, name), O_RDONLY,
		    &fd, NULL) < 0 ||
		fd < 0 || segment_open(fd, name, &p->from, NULL) < 0)
		return false;
	return !p->from.packed;
}

/* Finds the next.  False: none is due, or there is no room for it now. */
static bool begin(struct pack *p)
{
	struct store_files f;
	bool found = false;

	if (store_files_list(p->dir, &f, NULL) < 0)
		return false;
	for (size_t i = 0; i < f.n && !found; i++) {
		if (!is_due(p, &f.items[i]))
			continue;
		found = open_one(p, f.items[i].number);
		if (!found) {
			p->upto = f.items[i].number;
			segment_close(&p->from);
		}
	}
	store_files_release(&f);
	if (found && segment_create_packed(p->dir, &p->from, &p->to, NULL) < 0)
		leave(p);
	return p->to;
}

/* Retention may have taken it meanwhile: then it does not come back. */
static bool is_there(const struct pack *p)
{
	char name[STORE_PATH];
	cleanup_close int fd = -1;

	return store_file_open(p->dir, store_segment_name(p->from.number, name),
		       O_RDONLY, &fd, NULL) == 0 &&
	       fd >= 0;
}

static void end(struct pack *p)
{
	p->upto = p->from.number;
	if (is_there(p) && segment_finish(take(p->to), NULL) == 0)
		(void)!store_dir_sync(p->dir, NULL);
	leave(p);
}

static int64_t wait_long(struct pack *p)
{
	if (mono_passed(p->look))
		p->look = mono_add_ms(mono_now(), LOOK_MS);
	return LOOK_MS;
}

int64_t pack_step(struct pack *p)
{
	struct err err;
	int r;

	if (!p->to && (!mono_passed(p->look) || !begin(p)))
		return wait_long(p);
	if (p->at < p->from.n_blocks) {
		r = segment_add_packed(p->to, &p->from, p->at++, &err);
		if (r == 0)
			return REST_MS;
		/* a full disk may have room again */
		if (r != -NFZ_E_DISK_FULL)
			p->upto = p->from.number;
		leave(p);
		return r == -NFZ_E_DISK_FULL ? wait_long(p) : REST_MS;
	}
	end(p);
	return REST_MS;
}
