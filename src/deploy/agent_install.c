/* Files onto the node: programs from an archive, setups and other small files
 * one by one.  A file is whole and verified before it gets its name, and a
 * running program is replaced by renaming, never overwritten. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/mem.h"
#include "deploy/agent.h"
#include "deploy/payload_read.h"
#include "format/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PUT_MAX = 16 << 20, MANIFEST_MAX = 65536 };

static bool program_ok(const char *name)
{
	return *name && strlen(name) < PAYLOAD_NAME_MAX && !strchr(name, '/') &&
	       *name != '.' && journal_path_ok(name);
}

static int add_manifest(
	struct dep *d, const struct payload_entry *e, struct err *err)
{
	struct dep_file f = {
		.path = "manifest", .mode = 0600, .kind = JOURNAL_TEMP};
	struct buf old = BUF_INIT(MANIFEST_MAX), text = BUF_INIT(MANIFEST_MAX);
	char path[AGENT_PATH];
	int r;

	snprintf(path, sizeof(path), "bin/%s ", e->name);
	dep_text(d->dir, "manifest", &old);
	for (const char *p = buf_str(&old); *p;) {
		const char *end = strchr(p, '\n');
		size_t n = end ? (size_t)(end - p) + 1 : strlen(p);

		if (strncmp(p, path, strlen(path)) != 0)
			buf_add(&text, p, n);
		p += n;
	}
	buf_addf(&text, "%s%04o %llu %s\n", path, e->mode,
		(unsigned long long)e->size, e->sha);
	f.data = text.data;
	f.len = text.len;
	r = dep_write(d, &f, err);
	buf_release(&old);
	buf_release(&text);
	return r;
}

/* Where a deployment has its agent. */
static const char self[] = "bin/nfz-agent";

/* The agent that runs may be the very program that is to be installed, be it
 * by another name. */
static int install_self(struct agent *a, const char *name, struct err *err)
{
	struct payload_entry e = {.mode = 0700, .size = a->image_len};
	char path[AGENT_PATH];
	const struct dep_file f = {.path = path,
		.mode = e.mode,
		.kind = JOURNAL_FILE,
		.data = a->image,
		.len = a->image_len,
		.sha = a->sha,
		.same = a->dep.has_self ? self : NULL};
	int r;

	snprintf(path, sizeof(path), "bin/%s", name);
	r = dep_write(&a->dep, &f, err);
	if (r < 0 || strcmp(path, self) == 0)
		return r;
	snprintf(e.name, sizeof(e.name), "%s", name);
	memcpy(e.sha, a->sha, sizeof(e.sha));
	return add_manifest(&a->dep, &e, err);
}

int agent_say_missing(struct agent *a, const char *program, struct err *err)
{
	char name[PAYLOAD_NAME_MAX], path[AGENT_PATH], sha[65];
	const char *colon = strchr(program, ':');
	bool ours;
	int r = 0;

	if (!colon)
		return err_set(err, NFZ_E_REMOTE, "open: NAME:SHA");
	snprintf(name, sizeof(name), "%.*s", (int)(colon - program), program);
	if (!program_ok(name))
		return err_set(err, NFZ_E_REMOTE, "open: bad name");
	snprintf(path, sizeof(path), "bin/%s", name);
	ours = strcmp(a->sha, colon + 1) == 0;
	if (!agent_hash(a, a->dep.dir, path, sha) ||
		strcmp(sha, colon + 1) != 0) {
		if (ours)
			r = install_self(a, name, err);
		else
			agent_say(a, "missing=%s", name);
	}
	if (r == 0 && strcmp(path, self) == 0)
		a->dep.has_self = ours;
	return r;
}

static int install_file(void *ctx, const struct payload_entry *e,
	const void *data, struct err *err)
{
	struct agent *a = ctx;
	char path[AGENT_PATH], same[AGENT_PATH];
	struct dep_file f = {.path = path,
		.mode = e->mode & 0700,
		.kind = JOURNAL_FILE,
		.data = data,
		.len = e->size,
		.sha = e->sha};
	int r;

	snprintf(path, sizeof(path), "bin/%s", e->name);
	if (e->again && e[-1].mode == e->mode) {
		snprintf(same, sizeof(same), "bin/%s", e[-1].name);
		f.same = same;
	}
	r = dep_write(&a->dep, &f, err);
	if (r == 0)
		r = add_manifest(&a->dep, e, err);
	if (r == 0)
		agent_say(a, "installed=%s", e->name);
	return r;
}

/* install + data: an archive (deploy/payload_read.h) into bin/. */
int call_install(
	struct agent *a, const struct frame_args *args, struct err *err)
{
	struct payload_reader *reader;
	struct frame f;
	int r;

	(void)args;
	if (a->dep.journal < 0)
		return err_set(err, NFZ_E_REMOTE, "no deployment is open");
	reader = payload_reader_new(install_file, a);
	while ((r = agent_data(a, &f, err)) == 1) {
		r = payload_reader_add(reader, f.body, f.len, err);
		agent_data_done(a, &f);
		if (r < 0)
			break;
	}
	if (r == 0 && !payload_reader_done(reader))
		r = err_set(err, NFZ_E_INPUT, "the archive is cut off");
	payload_reader_free(reader);
	return r;
}

static bool parent_ok(int dir, const char *path)
{
	char parent[AGENT_PATH];
	const char *slash = strrchr(path, '/');
	struct stat st;

	if (!slash)
		return true;
	snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
	return !strchr(parent, '/') &&
	       fstatat(dir, parent, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

/* put PATH KIND + data: a small file, 0600; KIND is secret, file or temp.
 * In a new directory of the first level that is made as `tree` first: for the
 * store.  Says unchanged=1 when it was there with this content. */
int call_put(struct agent *a, const struct frame_args *args, struct err *err)
{
	const char *path = frame_arg(args, 1), *kind = frame_arg(args, 2);
	struct dep_file f = {.path = path, .mode = 0600};
	struct buf data = BUF_INIT(PUT_MAX);
	char have[65], want[CRYPTO_SHA256_TEXT];
	int r = 0;

	f.kind = strcmp(kind, "secret") == 0 ? JOURNAL_SECRET
		 : strcmp(kind, "temp") == 0 ? JOURNAL_TEMP
					     : JOURNAL_FILE;
	if (a->dep.journal < 0 || !journal_path_ok(path))
		r = err_set(err, NFZ_E_REMOTE, "put: no place for this");
	if (r == 0 && strncmp(path, "store/", 6) == 0)
		r = dep_mkdir(&a->dep, "store", JOURNAL_TREE, err);
	if (r == 0 && !parent_ok(a->dep.dir, path))
		r = err_set(err, NFZ_E_REMOTE, "put: no such directory");
	if (r == 0)
		r = agent_data_all(a, &data, err);
	if (r == 0) {
		crypto_sha256_text(buf_str(&data), data.len, want);
		if (dep_hash(a->dep.dir, path, have) && !strcmp(have, want)) {
			agent_say(a, "unchanged=1");
		} else {
			f.data = buf_str(&data);
			f.len = data.len;
			r = dep_write(&a->dep, &f, err);
		}
	}
	if (data.data)
		crypto_wipe(data.data, data.len);
	buf_release(&data);
	return r;
}
