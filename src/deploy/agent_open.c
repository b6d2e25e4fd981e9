/* A deployment opened for a session, furnished when it is new, and closed. */
#define _GNU_SOURCE
#include "base/clock.h"
#include "deploy/agent.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRAM "program=" /* a word of open that is not for the tag */

static int write_tag(
	struct agent *a, const struct frame_args *args, struct err *err)
{
	struct dep_file f = {.path = "tag", .mode = 0600, .kind = JOURNAL_TEMP};
	struct buf text = BUF_INIT(8192), old = BUF_INIT(8192);
	char now[CLOCK_TEXT], since[CLOCK_TEXT], boot[40];
	int r = 0;

	dep_text(a->dep.dir, "tag", &old);
	text_field(buf_str(&old), "since", since, sizeof(since));
	wall_print(wall_now(), now);
	journal_boot(boot);
	buf_addf(&text, "schema netflowize.tag/1\nid %s\n", a->dep.id);
	for (size_t i = 2; i < args->n; i++) {
		/* name=value becomes "name value"; no line can be smuggled in */
		char *eq = strchr(args->argv[i], '=');

		if (strncmp(args->argv[i], "need=", 5) == 0 ||
			strncmp(args->argv[i], PROGRAM, strlen(PROGRAM)) == 0)
			continue;
		if (!eq || strpbrk(args->argv[i], "\r\n")) {
			r = err_set(err, NFZ_E_REMOTE, "a tag word is wrong");
			break;
		}
		buf_addf(&text, "%.*s %s\n", (int)(eq - args->argv[i]),
			args->argv[i], eq + 1);
	}
	buf_addf(&text, "boot %s\nsince %s\nupdated %s\n", boot,
		since[0] ? since : now, now);
	f.data = text.data;
	f.len = text.len;
	if (r == 0)
		r = dep_write(&a->dep, &f, err);
	buf_release(&text);
	buf_release(&old);
	return r;
}

/* Tag, directories, and which programs are missing. */
static int furnish(
	struct agent *a, const struct frame_args *args, struct err *err)
{
	static const struct {
		const char *path;
		enum journal_kind kind;
	} dirs[] = {{"bin", JOURNAL_DIR}, {"etc", JOURNAL_DIR},
		{"log", JOURNAL_TREE}, {"run", JOURNAL_TREE}};
	int r = write_tag(a, args, err);

	for (size_t i = 0; r == 0 && i < sizeof(dirs) / sizeof(*dirs); i++)
		r = dep_mkdir(&a->dep, dirs[i].path, dirs[i].kind, err);
	for (size_t i = 2; r == 0 && i < args->n; i++)
		if (strncmp(args->argv[i], PROGRAM, strlen(PROGRAM)) == 0)
			r = agent_say_missing(
				a, args->argv[i] + strlen(PROGRAM), err);
	return r;
}

/* open ID need=BYTES program=NAME:SHA... who=... experiment=... NAME=VALUE...:
 * makes or finds the deployment, locks it for this session and writes its tag;
 * `missing=NAME` words for programs that are not here with this very content.
 * One that was new and could not be furnished is taken back. */
int call_open(struct agent *a, const struct frame_args *args, struct err *err)
{
	const char *need = frame_value(args, "need");
	bool clean;
	int r;

	agent_set_who(a, args);
	r = dep_open(a, frame_arg(args, 1), true,
		need ? strtoll(need, NULL, 10) : 0, err);
	if (r < 0)
		return r;
	r = furnish(a, args, err);
	if (r < 0 && a->dep.fresh && dep_undo(a, true, &clean, NULL) < 0)
		dep_close(a); /* its journal is there */
	if (r < 0)
		return r;
	agent_say(a, "path=%s", a->dep.path);
	agent_say(a, "fresh=%d", a->dep.fresh);
	return 0;
}

int call_close(struct agent *a, const struct frame_args *args, struct err *err)
{
	(void)args;
	(void)err;
	dep_close(a);
	return 0;
}
