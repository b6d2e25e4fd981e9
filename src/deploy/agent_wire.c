/* The agent's end of the session: frames in, notes, words and results out.  A
 * controller that vanishes (end of input, broken pipe, two minutes of silence)
 * is an error of whoever reads next.
 *
 * One that vanished while its link was down is never heard of again: nothing
 * says so to a side that only listens.  Hence a word now and then. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/mem.h"
#include "deploy/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { HOLD_MAX = 32768 };

void agent_hold(struct agent *a)
{
	a->holding = true;
}

static void flush(struct agent *a, const struct buf *b)
{
	if (!a->lost && (!buf_ok(b) || file_write_all(a->out, b->data, b->len,
					       NULL) < 0))
		a->lost = true;
}

static void send_buf(struct agent *a, const struct buf *b)
{
	if (a->holding && buf_ok(b) && a->held.len + b->len < HOLD_MAX) {
		buf_add(&a->held, b->data, b->len);
		return;
	}
	flush(a, &a->held);
	buf_reset(&a->held);
	flush(a, b);
}

void agent_send(
	struct agent *a, enum frame_type type, const void *data, size_t len)
{
	struct buf b = BUF_INIT(FRAME_BODY_MAX + 4096);

	if (type == FRAME_OUT || type == FRAME_ERR)
		frame_put_data(&b, type, data, len);
	else
		frame_put(&b, type, data, len);
	send_buf(a, &b);
	buf_release(&b);
}

void agent_note(struct agent *a, const char *const *words, size_t n)
{
	struct buf b = BUF_INIT(FRAME_BODY_MAX + 4096);

	frame_put_args(&b, FRAME_NOTE, words, n);
	send_buf(a, &b);
	buf_release(&b);
}

void agent_say(struct agent *a, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_add(&a->words, text, strlen(text) + 1);
}

/* Who removes the deployment that our program is of: nobody is told, "". */
static void find_remover(char who[static 128], char id[static AGENT_ID])
{
	char path[AGENT_PATH] = "";
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *end = n > 0 ? strstr(path, "/bin/nfz-agent") : NULL;
	cleanup_close int dir = -1, lock = -1;
	struct buf text = BUF_INIT(4096);

	who[0] = id[0] = '\0';
	if (end)
		*end = '\0';
	if (!end || !agent_id_ok(strrchr(path, '/') + 1))
		return;
	snprintf(id, AGENT_ID, "%s", strrchr(path, '/') + 1);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	lock = dir < 0 ? -1
		       : openat(dir, "lock",
				 O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
					 O_CLOEXEC);
	if (lock >= 0 && flock(lock, LOCK_SH | LOCK_NB) < 0) {
		dep_text(dir, "lock", &text);
		text_field(buf_str(&text), "who", who, 128);
	}
	buf_release(&text);
}

/* Between calls there is time to say why: whoever removes a deployment ends all
 * that runs its programs. */
static void say_ended(struct agent *a)
{
	char who[128], id[AGENT_ID];
	const char *words[] = {"ended", who, id};

	find_remover(who, id);
	agent_note(a, words, 3);
	a->lost = true;
}

/* False when the controller has been silent for too long, or we are to end. */
static bool await_either(struct agent *a, int told)
{
	struct pollfd p[2] = {{a->in, POLLIN, 0}, {told, POLLIN, 0}};

	for (int ms = 0; ms < AGENT_IDLE_MS && !a->lost; ms += AGENT_WORD_MS) {
		int r = poll(p, 2, AGENT_WORD_MS);

		if (r > 0 && p[1].revents)
			say_ended(a);
		else if (r != 0)
			return r > 0;
		else
			agent_send(a, FRAME_NOOP, NULL, 0);
	}
	return false;
}

/* In a call the signal ends us as it always does; who is deaf to it stays so. */
static bool await_input(struct agent *a)
{
	cleanup_close int told = -1;
	sigset_t term, before;
	bool r;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, &before);
	if (!sigismember(&before, SIGTERM))
		told = signalfd(-1, &term, SFD_CLOEXEC | SFD_NONBLOCK);
	r = await_either(a, told);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return r;
}

/* More bytes into a->input; false when the controller is gone. */
static bool receive(struct agent *a)
{
	char *to = buf_space(&a->input, 65536);
	ssize_t n;

	if (!to || a->lost || !await_input(a)) {
		a->lost = true;
		return false;
	}
	do
		n = read(a->in, to, 65536);
	while (n < 0 && errno == EINTR);
	if (n <= 0) {
		a->lost = true;
		return false;
	}
	buf_commit(&a->input, (size_t)n);
	return true;
}

int agent_next(struct agent *a, struct frame *ret, struct err *err)
{
	for (;;) {
		int r = frame_next(buf_str(&a->input), a->input.len, ret, err);

		if (r < 0)
			return r;
		if (r == 1 && ret->type == FRAME_NOOP)
			buf_consume(&a->input, ret->total);
		else if (r == 1)
			return 1;
		else if (!receive(a))
			return 0;
	}
}

bool agent_hung_up(struct agent *a)
{
	struct pollfd p = {.fd = a->in, .events = POLLIN | POLLRDHUP};

	if (!a->lost && poll(&p, 1, 0) > 0) {
		if (p.revents & POLLIN)
			return !receive(a);
		a->lost = true;
	}
	return a->lost;
}

int agent_data(struct agent *a, struct frame *ret, struct err *err)
{
	int r = agent_next(a, ret, err);

	if (r < 0)
		return r;
	if (r == 0)
		return err_set(err, NFZ_E_REMOTE,
			"the controller went away in the middle of its data");
	if (ret->type == FRAME_DATA)
		return 1;
	if (ret->type != FRAME_END)
		return err_set(err, NFZ_E_REMOTE, "data was expected");
	buf_consume(&a->input, ret->total);
	a->in_data = false;
	return 0;
}

void agent_data_done(struct agent *a, const struct frame *f)
{
	buf_consume(&a->input, f->total);
}

int agent_data_all(struct agent *a, struct buf *out, struct err *err)
{
	struct frame f;
	int r;

	while ((r = agent_data(a, &f, err)) == 1) {
		buf_add(out, f.body, f.len);
		agent_data_done(a, &f);
	}
	if (r == 0 && !buf_ok(out))
		r = err_set(err, NFZ_E_LIMIT, "more data than allowed");
	return r;
}

void agent_skip_data(struct agent *a)
{
	struct frame f;

	while (a->in_data && agent_data(a, &f, NULL) == 1)
		agent_data_done(a, &f);
}

void agent_answer(struct agent *a, int result, const struct err *err)
{
	const char *words[FRAME_ARGS_MAX];
	struct buf b = BUF_INIT(FRAME_BODY_MAX + 4096);
	char code[16];
	size_t n = 0;

	if (result < 0) {
		snprintf(code, sizeof(code), "%d", (int)err->code);
		words[n++] = "error";
		words[n++] = code;
		words[n++] = err->text;
		words[n++] = err->hint;
	} else {
		const char *p = buf_str(&a->words), *end = p + a->words.len;

		words[n++] = "ok";
		for (; p < end && n < FRAME_ARGS_MAX; p += strlen(p) + 1)
			words[n++] = p;
	}
	frame_put_args(&b, FRAME_RESULT, words, n);
	send_buf(a, &b);
	buf_release(&b);
	a->holding = false;
	flush(a, &a->held);
	buf_reset(&a->held);
}
