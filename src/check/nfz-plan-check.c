/* nfz-plan-check: does a plan keep what it says?  (nfz-plan-check(1))  It
 * shares no code with the planner. */
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/proc.h"
#include "check/judge.h"
#include "testbed/load.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

enum { PLAN_FILE_MAX = 1 << 30, EXIT_OPEN = 3, EXIT_REFUSED = 8 };

struct args {
	int64_t time_ms;
	int format;
	bool help, version, quiet;
};

static const char *const formats[] = {"table", "json", NULL};

#define AT(field) offsetof(struct args, field)

static const struct opt table[] = {
	{"time-limit", 0, OPT_SPAN, AT(time_ms), "SPAN",
		"search for a cheaper placement no longer than this (60s)",
		NULL, 0, 0},
	{"output", 'o', OPT_CHOICE, AT(format), "FORMAT", "table or json",
		formats, 0, 0},
	{"quiet", 'q', OPT_FLAG, AT(quiet), NULL, "only the exit status", NULL,
		0, 0},
	{"help", 'h', OPT_FLAG, AT(help), NULL, "this text", NULL, 0, 0},
	{"version", 'V', OPT_FLAG, AT(version), NULL, "which version this is",
		NULL, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

static int usage(void)
{
	printf("usage: nfz-plan-check [options] TOPOLOGY PLAN\n\n"
	       "  netflowize plan --topology net.json -o json >plan.json\n"
	       "  nfz-plan-check net.json plan.json\n\n"
	       "Exit status: 0 accepted, 8 refused, 3 the bound is not "
	       "verified, 2 unreadable.\n\n");
	opt_print(table, stdout);
	return 0;
}

static int read_plan(const char *path, struct jval **ret, struct err *err)
{
	struct buf text = BUF_INIT(PLAN_FILE_MAX);
	int r = file_read_named(path, "the plan", &text, err);

	if (r == 0)
		r = jval_parse(buf_str(&text), text.len,
			strcmp(path, "-") == 0 ? "standard input" : path, ret,
			err);
	buf_release(&text);
	return r;
}

static int show(const struct verdict *v, const struct args *a, struct err *err)
{
	bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	struct buf text = BUF_INIT(1 << 20);
	int r = 0;

	if (a->format)
		verdict_print_json(v, &text);
	else
		verdict_print(v, utf8, &text);
	if (!a->quiet)
		r = file_write_all(
			STDOUT_FILENO, buf_str(&text), text.len, err);
	buf_release(&text);
	return r;
}

static int exit_status(const struct verdict *v)
{
	switch (verdict_sum(v)) {
	case FINDING_HOLDS:
	case FINDING_NOTE:
		return 0;
	case FINDING_BROKEN:
		return EXIT_REFUSED;
	case FINDING_OPEN:
		return EXIT_OPEN;
	}
	return EXIT_REFUSED;
}

/* The exit status, or a negative error. */
static int check(char **files, const struct args *a, struct err *err)
{
	cleanup(topology_free_at) struct topology *t = NULL;
	cleanup(jval_free_at) struct jval *plan = NULL;
	struct verdict v = {.n = 0};
	int r = topology_load(files[0], &t, NULL, err);

	if (r == 0)
		r = read_plan(files[1], &plan, err);
	if (r < 0)
		return r;
	judge_plan(t, plan, a->time_ms ? a->time_ms : 60000, &v);
	r = show(&v, a, err);
	if (r == 0)
		r = exit_status(&v);
	verdict_release(&v);
	return r;
}

int main(int argc, char **argv)
{
	struct args a = {0};
	struct err err = ERR_INIT;
	int words = 0, r;

	proc_begin();
	setlocale(LC_CTYPE, "");
	log_open("nfz-plan-check", LOG_INFO, false);
	r = opt_parse(table, NULL, &a, argc, argv, &words, &err);
	if (r == 0 && a.help)
		return usage();
	if (r == 0 && a.version) {
		printf("nfz-plan-check %s\n", NFZ_VERSION);
		return 0;
	}
	if (r == 0 && words != 2) {
		r = err_set(&err, NFZ_E_USAGE,
			"two files are wanted: a topology and a plan");
		err_hint(&err, "nfz-plan-check TOPOLOGY PLAN; "
			       "nfz-plan-check --help");
	}
	if (r == 0)
		r = check(argv + 1, &a, &err);
	if (r >= 0)
		return r;
	log_err(&err);
	return err_exit_status(r);
}
