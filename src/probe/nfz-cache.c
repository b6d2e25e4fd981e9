/* nfz-cache: a flow cache of its own (nfz-cache(8)). */
#include "base/log.h"
#include "base/opt.h"
#include "base/proc.h"
#include "base/program.h"
#include "probe/cache.h"
#include "probe/privs.h"
#include "probe/setupfile.h"

#include <signal.h>

struct args {
	const char *setup, *status, *settings;
	bool help, version;
	int64_t uid;
};

#define AT(field) offsetof(struct args, field)
static const struct opt table[] = {
	{"setup", 's', OPT_TEXT, AT(setup), "FILE",
		"who the peers are, with keys", NULL, 0, 0},
	{"status", 0, OPT_TEXT, AT(status), "FILE",
		"keep the state in this file", NULL, 0, 0},
	{"settings", 0, OPT_TEXT, AT(settings), "FILE",
		"times and what is reported, read again at SIGHUP", NULL, 0, 0},
	{"user", 'u', OPT_INT, AT(uid), "UID", "become this user", NULL, 0,
		INT32_MAX},
	{"help", 'h', OPT_FLAG, AT(help), NULL, "this text", NULL, 0, 0},
	{"version", 'V', OPT_FLAG, AT(version), NULL, "which version this is",
		NULL, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

static int run(const struct args *a, struct err *err)
{
	struct setup setup = {0};
	const struct cache_options o = {.setup = &setup,
		.status_path = a->status,
		.settings = a->settings,
		.uid = (uint32_t)a->uid};
	int r = setupfile_read(a->setup, &setup, err);

	if (r == 0)
		r = cache_run(&o, err);
	setup_release(&setup);
	return r;
}

int PROGRAM_MAIN(cache)(int argc, char **argv)
{
	struct args a = {.uid = PRIVS_NOBODY};
	struct err err = ERR_INIT;
	int words = 0, r;

	proc_begin();
	r = opt_parse(table, NULL, &a, argc, argv, &words, &err);
	log_open("nfz-cache", LOG_INFO, true);
	signal(SIGPIPE, SIG_IGN);
	if (r == 0 && a.help) {
		printf("usage: nfz-cache --setup FILE\n\n");
		opt_print(table, stdout);
		return 0;
	}
	if (r == 0 && a.version) {
		printf("nfz-cache %s\n", NFZ_VERSION);
		return 0;
	}
	if (r == 0 && (words > 0 || !a.setup))
		r = err_set(&err, NFZ_E_USAGE, "nfz-cache needs --setup FILE");
	if (r == 0)
		r = run(&a, &err);
	if (r < 0)
		log_err(&err);
	return r < 0 ? err_exit_status(r) : 0;
}
