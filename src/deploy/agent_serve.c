/* The agent's conversation: frames in, calls out of a table, results back.
 *
 * One call at a time; results come in the order of calls.  A controller that
 * vanishes ends the agent; whatever it was doing stays named in the journal. */
#define _GNU_SOURCE
#include "deploy/agent.h"

#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	agent_call_fn fn;
} calls[] = {
	{"hello", call_hello},
	{"open", call_open},
	{"close", call_close},
	{"install", call_install},
	{"put", call_put},
	{"start", call_start},
	{"stop", call_stop},
	{"renew", call_renew},
	{"tune", call_tune},
	{"clock", call_clock},
	{"run", call_exec},
	{"flush", call_flush},
	{"alive", call_alive},
	{"logs", call_logs},
	{"data", call_data},
	{"adopt", call_adopt},
	{"program", call_program},
	{"place", call_place},
	{"undo", call_undo},
	{"verify", call_verify},
	{"snapshot", call_snapshot},
};

static int one_call(struct agent *a, const struct frame *f, struct err *err)
{
	struct err why = ERR_INIT;
	struct frame_args args;
	int r = frame_args(f, &args, err);

	if (r < 0)
		return r;
	buf_consume(&a->input, f->total);
	buf_reset(&a->words);
	a->in_data = strcmp(frame_arg(&args, 0), "install") == 0 ||
		     strcmp(frame_arg(&args, 0), "put") == 0 ||
		     strcmp(frame_arg(&args, 0), "program") == 0;
	r = err_set(&why, NFZ_E_REMOTE, "this agent knows no call \"%.40s\"",
		frame_arg(&args, 0));
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (strcmp(calls[i].name, frame_arg(&args, 0)) == 0)
			r = calls[i].fn(a, &args, &why);
	frame_args_free(&args);
	if (r < 0 && !a->lost)
		agent_skip_data(a);
	agent_answer(a, r, &why);
	return 0;
}

int agent_serve(struct agent *a, struct err *err)
{
	struct frame f;
	int r;

	while ((r = agent_next(a, &f, err)) == 1) {
		if (f.type != FRAME_CALL) {
			r = err_set(err, NFZ_E_REMOTE, "a call was expected");
			break;
		}
		r = one_call(a, &f, err);
		if (r < 0)
			break;
	}
	dep_close(a);
	agent_place_tidy(a);
	return r;
}
