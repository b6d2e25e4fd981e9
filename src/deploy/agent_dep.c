/* One deployment on a node: found or made, locked, and changed only behind its
 * journal. */
#define _GNU_SOURCE
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/within.h"
#include "deploy/agent.h"
#include "format/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct finding {
	const char *id;
	char *path; /* AGENT_PATH bytes */
};

static int is_it(void *ctx, const char *path, const char *id)
{
	struct finding *f = ctx;

	if (strcmp(id, f->id) != 0)
		return 0;
	snprintf(f->path, AGENT_PATH, "%s", path);
	return 1;
}

static int choose_place(
	struct agent *a, int64_t need, struct agent_place *ret, struct err *err)
{
	struct agent_place places[AGENT_PLACES];
	struct buf why = BUF_INIT(900);
	bool full = false;

	agent_places(a, places);
	for (int i = 0; i < AGENT_PLACES; i++) {
		if (!places[i].problem && places[i].free_bytes >= need) {
			*ret = places[i];
			buf_release(&why);
			return 0;
		}
		full = full || !places[i].problem;
		buf_addf(&why, "%s%s: ", why.len ? "; " : "", places[i].base);
		if (places[i].problem)
			buf_adds(&why, places[i].problem);
		else
			buf_addf(&why, "%lld KiB left, %lld needed",
				(long long)places[i].free_bytes / 1024,
				(long long)need / 1024);
	}
	err_set(err, full ? NFZ_E_DISK_FULL : NFZ_E_NO_PLACE,
		full ? "disk full (%s)" : "no place to install to (%s)",
		buf_str(&why));
	buf_release(&why);
	return err_hint(err, full ? "Make room on the node, then run this again"
				  : "Leave it out (--avoid), or let programs "
				    "run in one of them");
}

/* The directory itself needs no record: whatever has such a name below
 * PLACE/netflowize is ours. */
static int make_dir(struct agent *a, int64_t need, struct err *err)
{
	struct agent_place place;
	struct dep *d = &a->dep;
	int r = choose_place(a, need, &place, err);

	if (r < 0)
		return r;
	snprintf(d->path, sizeof(d->path), "%.480s/%s", place.path, d->id);
	r = agent_place_make(&place, d->path, err);
	d->fresh = r == 0;
	return r;
}

static int busy(struct dep *d, struct err *err)
{
	struct buf text = BUF_INIT(4096);
	char who[128], since[64];

	dep_text(d->dir, "lock", &text);
	text_field(buf_str(&text), "who", who, sizeof(who));
	text_field(buf_str(&text), "since", since, sizeof(since));
	buf_release(&text);
	err_set(err, NFZ_E_BUSY, "busy: %s is working on deployment %s%s%s",
		who[0] ? who : "another controller", d->id,
		since[0] ? " since " : "", since);
	return err_hint(err, "Wait until it is done, then run this again.");
}

bool agent_told_to_end(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 && sigismember(&pending, SIGTERM);
}

/* Who only looks holds it for a moment; the agent of a controller that was
 * killed or cut off notices with its next word.  Who strips ends whoever waits
 * here: that one still says why, and stays deaf to it until its own controller
 * hangs up. */
static int wait_for_lock(struct dep *d, struct err *err)
{
	sigset_t term;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	for (int ms = 0; flock(d->lock, LOCK_EX | LOCK_NB) < 0; ms += 20) {
		if (ms > AGENT_WORD_MS + 1000 || agent_told_to_end())
			return busy(d, err);
		clock_sleep_ms(20);
	}
	sigprocmask(SIG_UNBLOCK, &term, NULL);
	return 0;
}

static int take_lock(struct dep *d, const char *who, struct err *err)
{
	struct buf text = BUF_INIT(1024);
	char now[CLOCK_TEXT];
	int r = 0;

	d->lock = within_open(d->dir, "lock", O_RDWR | O_CREAT, 0600);
	/* a name of somebody else's file, which is not ours to write into */
	if (d->lock < 0 && errno == EMLINK) {
		if (within_remove(d->dir, "lock", err) < 0)
			return -NFZ_E_IO;
		d->lock = within_open(d->dir, "lock", O_RDWR | O_CREAT, 0600);
	}
	if (d->lock < 0)
		return dep_sys(err, "lock");
	r = wait_for_lock(d, err);
	if (r < 0)
		return r;
	buf_addf(&text, "who %.100s\nsince %s\n", who,
		wall_print(wall_now(), now));
	if (ftruncate(d->lock, 0) < 0 ||
		pwrite(d->lock, text.data, text.len, 0) < 0)
		r = errno == ENOSPC ? 0 : dep_sys(err, "lock");
	buf_release(&text);
	return r;
}

/* The lock is older than the journal; undo knows both by name. */
static int open_locked(struct agent *a, bool create, struct err *err)
{
	struct dep *d = &a->dep;
	cleanup_close int place = -1;
	int r;

	d->dir = open(d->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (d->dir < 0)
		return dep_sys(err, d->path);
	place = openat(d->dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (place < 0 || !within_one_mount(place, d->dir))
		return err_set(err, NFZ_E_REMOTE,
			"%s: something is mounted there, left alone", d->path);
	r = take_lock(d, a->who, err);
	if (r == 0 && create)
		r = journal_open(d->dir, true, &d->journal, err);
	else if (r == 0 && journal_open(d->dir, false, &d->journal, NULL) < 0)
		d->journal = -1; /* undo says what is wrong with it */
	return r;
}

int dep_open(struct agent *a, const char *id, bool create, int64_t need,
	struct err *err)
{
	struct dep *d = &a->dep;
	struct finding f = {.id = id, .path = d->path};
	int r = 0;

	if (d->dir >= 0 && strcmp(d->id, id) == 0)
		return 0;
	dep_close(a);
	if (!agent_id_ok(id))
		return err_set(err, NFZ_E_REMOTE, "a deployment id is wrong");
	d->fresh = d->has_self = false;
	snprintf(d->id, sizeof(d->id), "%s", id);
	if (!agent_each_deployment(a, is_it, &f)) {
		if (!create)
			return err_set(err, NFZ_E_NO_DEPLOYMENT,
				"there is no deployment %s here", id);
		r = make_dir(a, need, err);
	}
	if (r == 0)
		r = open_locked(a, create, err);
	if (r < 0)
		dep_close(a);
	return r;
}

void dep_close(struct agent *a)
{
	struct dep *d = &a->dep;
	int *fds[] = {&d->journal, &d->lock, &d->dir};

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

/* At: the directory it is to be in, where it has the name temp. */
static int write_temp(struct dep *d, const struct dep_file *f, int at,
	const char *temp, struct err *err)
{
	cleanup_close int fd = -1;

	if (f->same && linkat(d->dir, f->same, at, temp, 0) == 0)
		return 0;
	fd = openat(at, temp,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || file_write_all(fd, f->data, f->len, NULL) < 0 ||
		fchmod(fd, f->mode) < 0 || fsync(fd) < 0)
		return dep_sys(err, f->path);
	return 0;
}

int dep_write(struct dep *d, const struct dep_file *f, struct err *err)
{
	struct journal_record temp = {.kind = JOURNAL_TEMP};
	struct journal_record file = {.kind = f->kind, .path = f->path};
	char path[AGENT_PATH];
	const char *name, *temp_name;
	cleanup_close int at = within_parent(d->dir, f->path, &name);
	uint32_t number;
	int r;

	if (at < 0)
		return dep_sys(err, f->path);
	crypto_random(&number, sizeof(number));
	snprintf(path, sizeof(path), "%s.new.%08x", f->path, number);
	temp.path = path;
	temp_name = path + (name - f->path);
	if (f->kind != JOURNAL_TEMP && f->sha)
		memcpy(file.sha, f->sha, sizeof(file.sha));
	else if (f->kind != JOURNAL_TEMP)
		crypto_sha256_text(f->data, f->len, file.sha);
	r = journal_add(d->journal, &temp, err);
	if (r == 0)
		r = write_temp(d, f, at, temp_name, err);
	if (r == 0)
		r = journal_add(d->journal, &file, err);
	if (r == 0 && renameat(at, temp_name, at, name) < 0)
		r = dep_sys(err, f->path);
	/* to give a file a name it has leaves the other one */
	if (r < 0 || f->same)
		unlinkat(at, temp_name, 0);
	return r;
}

int dep_mkdir(struct dep *d, const char *path, enum journal_kind kind,
	struct err *err)
{
	struct journal_record dir = {.kind = kind, .path = path};
	const char *name;
	cleanup_close int at = within_parent(d->dir, path, &name);
	struct stat st;
	int r;

	if (at < 0)
		return dep_sys(err, path);
	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (S_ISDIR(st.st_mode))
			return 0;
		return err_set(
			err, NFZ_E_REMOTE, "%s: is something else now", path);
	}
	r = journal_add(d->journal, &dir, err);
	if (r == 0 && mkdirat(at, name, 0700) < 0)
		r = dep_sys(err, path);
	return r;
}

void agent_set_who(struct agent *a, const struct frame_args *args)
{
	const char *who = frame_value(args, "who");

	snprintf(a->who, sizeof(a->who), "%s",
		who && !strpbrk(who, "\r\n") ? who : "somebody");
}
