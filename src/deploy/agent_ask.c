/* Questions that only a living program answers. */
#include "base/file.h"
#include "base/mem.h"
#include "deploy/agent.h"
#include "store/control.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum {
	ANSWER_MAX = 1 << 20,
	COMMIT_MS = 3000,
	WAIT_MAX_MS = 60000,
	ROLES_MAX = 16,
	LOOK_MS = 20
};

/* Our programs that run, and how often each has been awake. */
struct wakes {
	struct {
		char role[32];
		pid_t pid;
		uint64_t n;
	} of[ROLES_MAX];
	size_t n;
};

/* flush ID MS: the collector takes what all others hold.  An error says that it
 * could not; who was late is not told. */
int call_flush(struct agent *a, const struct frame_args *args, struct err *err)
{
	struct buf answer = BUF_INIT(ANSWER_MAX);
	cleanup_free char *store = NULL;
	char path[AGENT_PATH], line[48];
	int64_t ms = strtoll(frame_arg(args, 2), NULL, 10);
	int r = agent_find(a, frame_arg(args, 1), path, err);

	if (r < 0)
		return r;
	if (ms < 1 || ms > WAIT_MAX_MS)
		return err_set(err, NFZ_E_REMOTE, "flush: wrong words");
	store = mem_printf("%s/store", path);
	snprintf(line, sizeof(line), "flush %" PRId64, ms);
	r = control_ask(store, line, ms + COMMIT_MS, &answer, err);
	buf_release(&answer);
	if (r == -NFZ_E_TIMEOUT || r == -NFZ_E_UNREACHABLE)
		r = err_set(err, NFZ_E_REMOTE, "the collector does not answer");
	return r;
}

static uint64_t field(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

/* Of its main thread, which has a timer of a second: stopped, or waiting for
 * ever, it is switched to no more.  Who has much to do is switched away from,
 * rather. */
static uint64_t awake(pid_t pid)
{
	struct buf text = BUF_INIT(1 << 16);
	char path[48];
	uint64_t n = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (file_read(path, &text, NULL) == 0)
		n = field(buf_str(&text), "\nvoluntary_ctxt_switches:") +
		    field(buf_str(&text), "\nnonvoluntary_ctxt_switches:");
	buf_release(&text);
	return n;
}

static int note_awake(void *ctx, const struct proc_info *info)
{
	struct wakes *w = ctx;

	if (w->n == ROLES_MAX || strncmp(info->program, "nfz-", 4) != 0 ||
		strcmp(proc_info_state(info), "running") != 0)
		return 0;
	snprintf(w->of[w->n].role, sizeof(w->of[w->n].role), "%s", info->role);
	w->of[w->n].pid = info->pid;
	w->of[w->n++].n = awake(info->pid);
	return 0;
}

/* Keeps those that have not been awake since. */
static void pass_over(struct wakes *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++)
		if (awake(w->of[i].pid) == w->of[i].n)
			w->of[n++] = w->of[i];
	w->n = n;
}

/* alive ID MS: NOTEs `hung ROLE` of programs that run, and in MS have done
 * nothing: each has something to do every second. */
int call_alive(struct agent *a, const struct frame_args *args, struct err *err)
{
	const int64_t ms = strtoll(frame_arg(args, 2), NULL, 10);
	struct wakes w = {.n = 0};
	char path[AGENT_PATH];
	cleanup_close int dir = -1;
	int r = agent_find(a, frame_arg(args, 1), path, err);

	if (r < 0)
		return r;
	if (ms < 1 || ms > WAIT_MAX_MS)
		return err_set(err, NFZ_E_REMOTE, "alive: wrong words");
	dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return err_sys(err, "%s", path);
	agent_each_role(dir, note_awake, &w);
	/* by looks: who had no time himself cannot tell that others did not */
	for (int64_t left = ms; w.n && left > 0 && !agent_hung_up(a);
		left -= LOOK_MS) {
		poll(NULL, 0, LOOK_MS);
		pass_over(&w);
	}
	for (size_t i = 0; i < w.n; i++) {
		const char *words[] = {"hung", w.of[i].role};

		agent_note(a, words, 2);
	}
	return 0;
}
