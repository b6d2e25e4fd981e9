/* nfz-testbed list, show, swap, fault, snapshot, upper, down: questions and
 * orders to launchers. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "format/jsonw.h"
#include "lab/commands.h"
#include "lab/output.h"
#include "lab/runtime.h"
#include "lab/service.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MAX = 64 << 20, DOWN_MS = 15000, SWAP_MS = 120000 };

const char *const output_choices[] = {"text", "json", NULL};

struct list {
	int output;
};

const struct opt list_options[] = {
	{.name = "output",
		.letter = 'o',
		.kind = OPT_CHOICE,
		.offset = offsetof(struct list, output),
		.arg = "text|json",
		.help = "how to print it",
		.choices = output_choices},
	{.name = NULL}};

struct down {
	bool all;
};

const struct opt down_options[] = {
	{.name = "all",
		.kind = OPT_FLAG,
		.offset = offsetof(struct down, all),
		.help = "all testbeds of this machine"},
	{.name = NULL}};

/* Asks and prints the answer as it is. */
static int output_answer(
	const struct testbed *t, const char *request, struct err *err)
{
	struct buf answer = BUF_INIT(ANSWER_MAX);
	int r = state_ask(t, request, &answer, err);

	if (r == 0)
		fwrite(buf_str(&answer), 1, answer.len, stdout);
	buf_release(&answer);
	return r;
}

int output_describe(const struct testbed *t, int output, struct err *err)
{
	return output_answer(t,
		output == OUTPUT_JSON ? "describe\tjson" : "describe\ttext",
		err);
}

static int need_words(int words, int wanted, const char *usage, struct err *err)
{
	if (words == wanted)
		return 0;
	err_set(err, NFZ_E_USAGE, "%s words are missing or too many",
		words < wanted ? "some" : "there");
	return err_hint(err, "usage: nfz-testbed %s", usage);
}

static void list_json(const struct testbed *list, size_t n)
{
	struct buf out = BUF_INIT(ANSWER_MAX);
	struct jsonw w;

	jsonw_init(&w, &out, JSONW_INDENT);
	jsonw_object(&w);
	jsonw_put(&w, "schema", "nfz-testbed.list/1");
	jsonw_key(&w, "testbeds");
	jsonw_array(&w);
	for (size_t i = 0; i < n; i++) {
		char name[140];

		snprintf(name, sizeof(name), "%s/%s", list[i].pid, list[i].eid);
		jsonw_object_inline(&w);
		jsonw_put(&w, "experiment", name);
		jsonw_put_int(&w, "launcher", list[i].launcher);
		jsonw_put(&w, "directory", list[i].dir);
		jsonw_end(&w);
	}
	jsonw_end(&w);
	jsonw_end(&w);
	fwrite(buf_str(&out), 1, out.len, stdout);
	buf_release(&out);
}

static void list_text(const struct testbed *list, size_t n)
{
	if (!n)
		fputs("no testbed is up\n", stderr);
	for (size_t i = 0; i < n; i++) {
		struct buf answer = BUF_INIT(ANSWER_MAX);
		struct err err = ERR_INIT;
		const char *state = "not answering\n";

		if (state_ask(&list[i], "state", &answer, &err) == 0)
			state = buf_str(&answer);
		printf("%s/%s\t%s", list[i].pid, list[i].eid, state);
		buf_release(&answer);
	}
}

int lab_list(int argc, char **argv, int *ret_status, struct err *err)
{
	struct list o = {0};
	struct testbed *list = NULL;
	size_t n = 0;
	int words = 0;
	int r = opt_parse(list_options, NULL, &o, argc, argv, &words, err);

	*ret_status = 0;
	if (r == 0)
		r = need_words(words, 0, "list [-o text|json]", err);
	if (r == 0)
		r = state_list(&list, &n, err);
	if (r == 0 && o.output == OUTPUT_JSON)
		list_json(list, n);
	else if (r == 0)
		list_text(list, n);
	free(list);
	return r;
}

int lab_show(int argc, char **argv, int *ret_status, struct err *err)
{
	struct list o = {0};
	struct testbed t;
	int words = 0;
	int r = opt_parse(list_options, NULL, &o, argc, argv, &words, err);

	*ret_status = 0;
	if (r == 0 && words > 1)
		r = need_words(words, 1, "show [PROJ/EXP]", err);
	if (r == 0)
		r = state_find(words == 1 ? argv[1] : NULL, &t, err);
	return r == 0 ? output_describe(&t, o.output, err) : r;
}

static int wait_state(
	const struct testbed *t, const char *wanted, struct err *err)
{
	struct mono_time end = mono_add_ms(mono_now(), SWAP_MS);

	for (;;) {
		struct buf now = BUF_INIT(ANSWER_MAX);
		int r = state_ask(t, "state", &now, err);
		bool there = r == 0 && strncmp(buf_str(&now), wanted,
					       strlen(wanted)) == 0;

		buf_release(&now);
		if (r != 0 || there)
			return r;
		if (mono_passed(end))
			return err_set(err, NFZ_E_TIMEOUT,
				"%s/%s did not become %s", t->pid, t->eid,
				wanted);
		clock_sleep_ms(20);
	}
}

struct serve {
	bool portal, classic;
	int answers;
	const char *status;
};

const char *const answers_choices[] = {"both", "value", "output", NULL};

const struct opt serve_options[] = {
	{.name = "portal",
		.kind = OPT_FLAG,
		.offset = offsetof(struct serve, portal),
		.help = "as an experiment of the portal"},
	{.name = "classic",
		.kind = OPT_FLAG,
		.offset = offsetof(struct serve, classic),
		.help = "as an experiment of the classic interface"},
	{.name = "answers",
		.kind = OPT_CHOICE,
		.offset = offsetof(struct serve, answers),
		.arg = "both|value|output",
		.help = "where the portal puts its JSON (default: both)",
		.choices = answers_choices},
	{.name = "status",
		.kind = OPT_TEXT,
		.offset = offsetof(struct serve, status),
		.arg = "WORD",
		.help = "what the portal says it is; \"true\": as it is"},
	{.name = NULL}};

int lab_serve(int argc, char **argv, int *ret_status, struct err *err)
{
	struct buf answer = BUF_INIT(ANSWER_MAX);
	struct serve o = {0};
	struct testbed t;
	char request[128];
	int words = 0;
	int r = opt_parse(serve_options, NULL, &o, argc, argv, &words, err);

	*ret_status = 0;
	if (r == 0 && (words > 1 || o.portal == o.classic)) {
		err_set(err, NFZ_E_USAGE,
			"serve needs --portal or --classic, and at most one "
			"experiment");
		r = err_hint(err, "nfz-testbed serve --portal [PROJ/EXP]");
	}
	if (r == 0)
		r = state_find(words == 1 ? argv[1] : NULL, &t, err);
	if (r == 0) {
		snprintf(request, sizeof(request), "serve\t%s\t%s\t%.30s",
			o.portal ? "portal" : "classic",
			answers_choices[o.answers],
			o.status != NULL ? o.status : "true");
		r = state_ask(&t, request, &answer, err);
	}
	buf_release(&answer);
	return r;
}

int lab_swap(int argc, char **argv, int *ret_status, struct err *err)
{
	struct buf answer = BUF_INIT(ANSWER_MAX);
	struct testbed t;
	char request[64];
	int r = need_words(argc - 1, 2, "swap PROJ/EXP in|out", err);

	*ret_status = 0;
	if (r == 0)
		r = state_find(argv[1], &t, err);
	if (r == 0) {
		snprintf(request, sizeof(request), "swap\t%.20s", argv[2]);
		r = state_ask(&t, request, &answer, err);
	}
	if (r == 0)
		r = wait_state(&t,
			strcmp(argv[2], "in") == 0 ? "active" : "swapped", err);
	buf_release(&answer);
	return r;
}

static void print_faults(void)
{
	const char *kind;

	for (size_t i = 0; (kind = lab_fault_kind(i)) != NULL; i++)
		printf("  %-14s %s\n", kind, lab_fault_help(kind));
	for (size_t i = 0; (kind = lab_service_fault_kind(i)) != NULL; i++)
		printf("  %-14s %s\n", kind, lab_service_fault_help(kind));
}

static const char *next_fault(const void *ctx, size_t i)
{
	(void)ctx;
	return lab_fault_kind(i);
}

int lab_fault(int argc, char **argv, int *ret_status, struct err *err)
{
	struct testbed t;
	char request[200];
	int r;

	*ret_status = 0;
	if (argc == 2 && strcmp(argv[1], "list") == 0) {
		print_faults();
		return 0;
	}
	r = need_words(argc - 1, 3,
		"fault PROJ/EXP NODE KIND\n       nfz-testbed fault list", err);
	if (r != 0)
		return r;
	if (lab_fault_help(argv[3]) == NULL &&
		lab_service_fault_help(argv[3]) == NULL) {
		const char *near = opt_nearest(argv[3], next_fault, NULL);

		err_set(err, NFZ_E_USAGE, "there is no fault \"%s\"", argv[3]);
		if (near != NULL)
			return err_hint(err, "did you mean \"%s\"?", near);
		return err_hint(err, "nfz-testbed fault list shows all");
	}
	r = state_find(argv[1], &t, err);
	if (r != 0)
		return r;
	snprintf(request, sizeof(request), "fault\t%.100s\t%s", argv[2],
		argv[3]);
	return output_answer(&t, request, err);
}

static int snapshot(int argc, char **argv, const char *how, struct err *err)
{
	struct testbed t;
	char request[200];
	int r = need_words(argc - 1, 2, "snapshot PROJ/EXP NODE", err);

	if (r == 0)
		r = state_find(argv[1], &t, err);
	if (r != 0)
		return r;
	snprintf(
		request, sizeof(request), "snapshot\t%.100s\t%s", argv[2], how);
	return output_answer(&t, request, err);
}

int lab_snapshot(int argc, char **argv, int *ret_status, struct err *err)
{
	*ret_status = 0;
	return snapshot(argc, argv, "list", err);
}

int lab_upper(int argc, char **argv, int *ret_status, struct err *err)
{
	*ret_status = 0;
	return snapshot(argc, argv, "path", err);
}

/* Asks first; a launcher that does not answer is killed, which takes all
 * down just the same. */
static int take_down(const struct testbed *t, struct err *err)
{
	struct buf answer = BUF_INIT(ANSWER_MAX);
	int r = state_ask(t, "down", &answer, err);

	buf_release(&answer);
	if (r != 0 || !state_gone(t, DOWN_MS)) {
		if (!state_gone(t, 0))
			kill(t->launcher, SIGKILL);
		if (!state_gone(t, DOWN_MS))
			return err_set(err, NFZ_E_TIMEOUT,
				"launcher %d of %s/%s does not end",
				(int)t->launcher, t->pid, t->eid);
	}
	err_clear(err);
	state_remove(t);
	printf("%s/%s is down\n", t->pid, t->eid);
	return 0;
}

int lab_down(int argc, char **argv, int *ret_status, struct err *err)
{
	struct down o = {0};
	struct testbed *list = NULL, one;
	size_t n = 0;
	int words = 0;
	int r = opt_parse(down_options, NULL, &o, argc, argv, &words, err);

	*ret_status = 0;
	if (r == 0 && (words > 1 || (o.all && words > 0)))
		r = need_words(words, 1, "down PROJ/EXP | --all", err);
	if (r == 0 && o.all)
		r = state_list(&list, &n, err);
	else if (r == 0) {
		r = state_find(words == 1 ? argv[1] : NULL, &one, err);
		if (r == 0)
			r = take_down(&one, err);
	}
	for (size_t i = 0; i < n && r == 0; i++)
		r = take_down(&list[i], err);
	free(list);
	return r;
}
