/* nfz-collector: receives flow records and keeps them (nfz-collector(8)). */
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/proc.h"
#include "base/program.h"
#include "collector/collector.h"
#include "format/crypto.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

struct args {
	const char *setup;
	bool help, version;
};

#define AT(field) offsetof(struct args, field)
static const struct opt table[] = {
	{"setup", 's', OPT_TEXT, AT(setup), "FILE",
		"who we are and who the others are", NULL, 0, 0},
	{"help", 'h', OPT_FLAG, AT(help), NULL, "this text", NULL, 0, 0},
	{"version", 'V', OPT_FLAG, AT(version), NULL, "which version this is",
		NULL, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

/* TERM and INT: what was received is committed, modules are left waiting for
 * the next start.  (To end them too, say "stop" on the control socket.) */
static void on_signal(void *data, int signo)
{
	struct collector *c = data;

	log_info("signal %d, leaving", signo);
	loop_stop(c->loop);
}

static int read_setup(const char *path, struct setup *ret, struct err *err)
{
	struct buf text = BUF_INIT(SETUP_TEXT_MAX);
	int r = file_read(path, &text, err);

	if (r == 0)
		r = setup_parse(buf_str(&text), text.len, ret, err);
	if (text.data)
		crypto_wipe(text.data, text.cap); /* keys */
	buf_release(&text);
	return r < 0 ? err_wrap(err, "%s", path) : 0;
}

/* What strangers send is read behind this. */
static int lock_up(const char *store, struct err *err)
{
	struct jail_state state;
	bool capless;
	int r = keeper_jail(store, &state, &capless, err);

	if (r == 0)
		log_info("jailed; capabilities=%s seccomp=%s landlock=%d",
			capless ? "none" : "kept", state.seccomp ? "on" : "off",
			state.landlock);
	return r;
}

static int run(const struct setup *setup, struct err *err)
{
	static const int signals[] = {SIGTERM, SIGINT};
	struct loop *loop = loop_new();
	struct collector *c = NULL;
	int r = collector_new(loop, setup, &c, err);

	if (r == 0)
		r = loop_signals(loop, signals, 2, on_signal, c, err);
	if (r == 0)
		r = lock_up(setup->store, err);
	if (r == 0) {
		printf("READY %u\n", endpoint_port(c->ep));
		fflush(stdout);
		r = loop_run(loop, err);
	}
	if (!collector_free(c) && r == 0)
		r = err_set(err, NFZ_E_IO,
			"ended with records that could not be written");
	loop_free(loop);
	return r;
}

int main(int argc, char **argv)
{
	struct args a = {0};
	struct err err = ERR_INIT;
	struct setup setup = {0};
	int words = 0, r;

#ifdef NFZ_NODE
	if (program_is(argv, "nfz-query"))
		return query_main(argc, argv);
#endif
	proc_begin();
	r = opt_parse(table, NULL, &a, argc, argv, &words, &err);
	log_open("nfz-collector", LOG_INFO, true);
	signal(SIGPIPE, SIG_IGN);
	if (r == 0 && a.help) {
		printf("usage: nfz-collector --setup FILE\n\n");
		opt_print(table, stdout);
		return 0;
	}
	if (r == 0 && a.version) {
		printf("nfz-collector %s\n", NFZ_VERSION);
		return 0;
	}
	if (r == 0 && (!a.setup || words))
		r = err_set(&err, NFZ_E_USAGE,
			"usage: nfz-collector --setup "
			"FILE");
	if (r == 0)
		r = read_setup(a.setup, &setup, &err);
	if (r == 0 && setup.role != MODULE_COLLECTOR)
		r = err_set(&err, NFZ_E_CONFIG, "%s is the setup of a %s",
			a.setup, module_role_name(setup.role));
	if (r == 0)
		r = run(&setup, &err);
	setup_release(&setup);
	if (r < 0)
		log_err(&err);
	return err_exit_status(r);
}
