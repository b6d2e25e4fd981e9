/* The controller's cache: a few lines in a private file. */
#include "deploy/state.h"
#include "base/file.h"
#include "base/mem.h"
#include "format/crypto.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STATE_MAX = 1 << 20 };

static bool part_ok(const char *s)
{
	return s && *s && *s != '.' && !strchr(s, '/');
}

/* NULL when the names cannot be a path. */
static char *dir_of(
	const char *dir, const char *project, const char *experiment)
{
	const char *xdg = getenv("XDG_STATE_HOME");

	if (!part_ok(project) || !part_ok(experiment))
		return NULL;
	if (dir)
		return mem_printf("%s/%s/%s", dir, project, experiment);
	if (xdg && *xdg == '/')
		return mem_printf(
			"%s/netflowize/%s/%s", xdg, project, experiment);
	return mem_printf("%s/.local/state/netflowize/%s/%s", file_home(),
		project, experiment);
}

static void take_line(struct deploy_state *s, const char *line)
{
	char word[128];

	if (sscanf(line, "deployment %16" SCNx64, &s->deployment) == 1)
		s->known = true;
	else if (sscanf(line, "key %127s", word) == 1) {
		if (!crypto_unhex(word, s->key, sizeof(s->key)))
			s->known = false;
		crypto_wipe(word, sizeof(word));
	} else if (sscanf(line, "collector %127s", word) == 1)
		snprintf(s->collector, sizeof(s->collector), "%s", word);
	else if (sscanf(line, "node %127s", word) == 1)
		opt_list_add(&s->nodes, word);
	else if (strcmp(line, "complete") == 0)
		s->nodes_all = true;
}

void state_load(const char *dir, const char *project, const char *experiment,
	struct deploy_state *ret)
{
	cleanup_free char *where = dir_of(dir, project, experiment);
	cleanup_free char *path =
		where ? mem_printf("%s/deployment", where) : NULL;
	struct buf text = BUF_INIT(STATE_MAX);
	char *p, *end;

	*ret = (struct deploy_state){0};
	if (path && file_read(path, &text, NULL) == 0)
		for (p = text.data; p && *p; p = end) {
			end = strchr(p, '\n');
			if (end)
				*end++ = '\0';
			take_line(ret, p);
		}
	if (text.data)
		crypto_wipe(text.data, text.cap);
	buf_release(&text);
}

bool state_known(const char *project, const char *experiment)
{
	struct deploy_state s;
	bool known;

	state_load(NULL, project, experiment, &s);
	known = s.known;
	state_wipe(&s);
	return known;
}

/* What is there already waits for no disk. */
static bool is_written(const char *path, const struct buf *text)
{
	struct buf there = BUF_INIT(STATE_MAX);
	struct stat st;
	bool same = lstat(path, &st) == 0 && st.st_mode == (S_IFREG | 0600) &&
		    file_read(path, &there, NULL) == 0 &&
		    there.len == text->len &&
		    memcmp(there.data, text->data, text->len) == 0;

	if (there.data)
		crypto_wipe(there.data, there.cap);
	buf_release(&there);
	return same;
}

int state_save(const char *dir, const char *project, const char *experiment,
	const struct deploy_state *s, struct err *err)
{
	cleanup_free char *where = dir_of(dir, project, experiment);
	cleanup_free char *path =
		where ? mem_printf("%s/deployment", where) : NULL;
	struct buf text = BUF_INIT(STATE_MAX);
	char hex[SETUP_KEY_BYTES * 2 + 1];
	int r;

	if (!path)
		return 0;
	buf_addf(&text, "deployment %016" PRIx64 "\nkey %s\n", s->deployment,
		crypto_hex(s->key, sizeof(s->key), hex));
	if (s->collector[0])
		buf_addf(&text, "collector %s\n", s->collector);
	for (size_t i = 0; i < s->nodes.n; i++)
		buf_addf(&text, "node %s\n", s->nodes.items[i]);
	if (s->nodes_all)
		buf_adds(&text, "complete\n");
	r = file_make_dirs(where, 0700, err);
	if (r == 0 && !is_written(path, &text))
		r = file_replace(path, 0600, text.data, text.len, err);
	crypto_wipe(text.data, text.cap);
	crypto_wipe(hex, sizeof(hex));
	buf_release(&text);
	return r;
}

void state_forget(const char *dir, const char *project, const char *experiment)
{
	cleanup_free char *where = dir_of(dir, project, experiment);
	cleanup_free char *path =
		where ? mem_printf("%s/deployment", where) : NULL;

	if (path)
		unlink(path);
}

static char *note_path(
	const char *project, const char *experiment, const char *name)
{
	cleanup_free char *where = dir_of(NULL, project, experiment);

	return where ? mem_printf("%s/%s", where, name) : NULL;
}

typedef int (*write_fn)(const char *path, mode_t mode, const void *data,
	size_t len, struct err *err);

static int note(
	const char *path, const char *text, write_fn fn, struct err *err)
{
	cleanup_free char *where = path ? mem_strdup(path) : NULL;
	int r;

	if (!path)
		return 0;
	if (!*text) {
		unlink(path);
		return 0;
	}
	*strrchr(where, '/') = '\0';
	r = file_make_dirs(where, 0700, err);
	return r < 0 ? r : fn(path, 0600, text, strlen(text), err);
}

int state_note(const char *project, const char *experiment, const char *name,
	const char *text, struct err *err)
{
	cleanup_free char *path = note_path(project, experiment, name);

	return note(path, text, file_replace, err);
}

int state_jot(const char *project, const char *experiment, const char *name,
	const char *text, struct err *err)
{
	cleanup_free char *path = note_path(project, experiment, name);

	return note(path, text, file_replace_soon, err);
}

char *state_noted(const char *project, const char *experiment, const char *name)
{
	cleanup_free char *path = note_path(project, experiment, name);
	struct buf text = BUF_INIT((size_t)16 << 20);
	char *ret = NULL;

	if (path && file_read(path, &text, NULL) == 0)
		ret = mem_strdup(buf_str(&text));
	buf_release(&text);
	return ret;
}

/* Names of the directories in path, in no order. */
static void names_in(const char *path, struct opt_list *ret)
{
	DIR *d = opendir(path);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (part_ok(e->d_name) && !strchr(e->d_name, ','))
			opt_list_add(ret, e->d_name);
	if (d)
		closedir(d);
}

void state_each(const char *dir,
	int (*fn)(void *ctx, const char *project, const char *experiment),
	void *ctx)
{
	cleanup_free char *sample = dir_of(dir, "p", "e");
	struct opt_list projects = {0};
	int r = 0;

	if (!sample)
		return;
	sample[strlen(sample) - strlen("/p/e")] = '\0';
	names_in(sample, &projects);
	for (size_t i = 0; i < projects.n; i++) {
		cleanup_free char *path =
			mem_printf("%s/%s", sample, projects.items[i]);
		struct opt_list names = {0};

		names_in(path, &names);
		for (size_t k = 0; r == 0 && k < names.n; k++) {
			cleanup_free char *file = mem_printf(
				"%s/%s/deployment", path, names.items[k]);

			if (access(file, F_OK) == 0)
				r = fn(ctx, projects.items[i], names.items[k]);
		}
		opt_list_release(&names);
	}
	opt_list_release(&projects);
}

void state_wipe(struct deploy_state *s)
{
	crypto_wipe(s->key, sizeof(s->key));
	opt_list_release(&s->nodes);
	*s = (struct deploy_state){0};
}

int state_lock(const char *dir, const char *project, const char *experiment,
	int *ret_fd, struct err *err)
{
	cleanup_free char *where = dir_of(dir, project, experiment);
	cleanup_free char *path = where ? mem_printf("%s/lock", where) : NULL;
	int r;

	*ret_fd = -1;
	if (!path || file_make_dirs(where, 0700, NULL) < 0)
		return 0; /* nowhere to lock: the nodes have locks as well */
	r = file_lock(path, ret_fd, err);
	if (r == -NFZ_E_BUSY) {
		err_set(err, NFZ_E_BUSY,
			"another netflowize is working on %s/%s", project,
			experiment);
		return err_hint(err, "Wait until it has ended, then run this "
				     "again");
	}
	return 0;
}
