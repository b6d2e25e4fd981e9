/* Programs that are not ours, for recipes: taken from the node itself or sent,
 * they get a place in bin/ like ours, so that journal, keeper and the proof of
 * strip hold for them, too; and a directory each for what they write. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/mem.h"
#include "deploy/agent.h"
#include "format/crypto.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PROGRAM_MAX = 64 << 20 };

/* Where a node's own programs are, whatever its PATH says. */
static const char *const folders[] = {"/usr/local/sbin", "/usr/local/bin",
	"/usr/sbin", "/usr/bin", "/sbin", "/bin"};

static bool foreign_name(const char *name)
{
	return *name && *name != '.' && !strchr(name, '/') &&
	       strlen(name) <= 60 && journal_path_ok(name) &&
	       strncmp(name, "nfz-", 4) != 0;
}

static int install(struct agent *a, const char *name, const struct buf *image,
	struct err *err)
{
	char path[AGENT_PATH], have[65], want[CRYPTO_SHA256_TEXT];
	const struct dep_file f = {.path = path,
		.mode = 0700,
		.kind = JOURNAL_FILE,
		.data = image->data,
		.len = image->len};
	int r = 0;

	snprintf(path, sizeof(path), "bin/%s", name);
	crypto_sha256_text(buf_str(image), image->len, want);
	if (!dep_hash(a->dep.dir, path, have) || strcmp(have, want) != 0)
		r = dep_write(&a->dep, &f, err);
	if (r == 0)
		agent_say(a, "sha=%s", want);
	return r;
}

static int check_name(const struct agent *a, const char *name, struct err *err)
{
	if (a->dep.journal < 0)
		return err_set(err, NFZ_E_REMOTE, "no deployment is open");
	if (!foreign_name(name))
		return err_set(err, NFZ_E_REMOTE, "no name for a program");
	return 0;
}

/* adopt NAME: the node's own program becomes bin/NAME. */
int call_adopt(struct agent *a, const struct frame_args *args, struct err *err)
{
	const char *name = frame_arg(args, 1);
	struct buf image = BUF_INIT(PROGRAM_MAX);
	char path[AGENT_PATH] = "";
	struct stat st;
	int r = check_name(a, name, err);

	for (size_t i = 0;
		r == 0 && !*path && i < sizeof(folders) / sizeof(*folders);
		i++) {
		snprintf(path, sizeof(path), "%s%s/%s", a->root, folders[i],
			name);
		if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) ||
			!(st.st_mode & 0111))
			path[0] = '\0';
	}
	if (r == 0 && !*path) {
		err_set(err, NFZ_E_NODE_OS, "%s is not installed on this node",
			name);
		r = err_hint(err, "Install it there, or let the recipe push "
				  "it (netflowize-recipe(5))");
	}
	if (r == 0)
		r = file_read(path, &image, err);
	if (r == 0)
		r = install(a, name, &image, err);
	buf_release(&image);
	return r;
}

/* program NAME + data: what was sent becomes bin/NAME. */
int call_program(
	struct agent *a, const struct frame_args *args, struct err *err)
{
	struct buf image = BUF_INIT(PROGRAM_MAX);
	int r = check_name(a, frame_arg(args, 1), err);

	if (r == 0)
		r = agent_data_all(a, &image, err);
	if (r == 0)
		r = install(a, frame_arg(args, 1), &image, err);
	buf_release(&image);
	return r;
}

/* place ROLE: a directory for what it writes; path=. */
int call_place(struct agent *a, const struct frame_args *args, struct err *err)
{
	const char *role = frame_arg(args, 1);
	char path[64];
	int r = 0;

	if (a->dep.journal < 0 || !role_ok(role))
		return err_set(err, NFZ_E_REMOTE, "place: no such role");
	snprintf(path, sizeof(path), "data/%.31s", role);
	r = dep_mkdir(&a->dep, "data", JOURNAL_TREE, err);
	if (r == 0)
		r = dep_mkdir(&a->dep, path, JOURNAL_TREE, err);
	if (r == 0)
		agent_say(a, "path=%s/%s", a->dep.path, path);
	return r;
}
