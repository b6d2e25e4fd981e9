/* The command line: finds the command, runs it, prints its error once, turns
 * it into an exit status. */
#include "base/err.h"
#include "base/log.h"
#include "base/proc.h"
#include "cli/commands.h"

#include <locale.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* an int, as sig_atomic_t is on every system we run on */
static volatile int interrupted;
_Static_assert(sizeof(int) == sizeof(sig_atomic_t), "signal flag");

/* First Ctrl-C: stop starting new work.  Second: stop now; the journals on the
 * nodes know the rest. */
static void on_interrupt(int signo)
{
	(void)signo;
	interrupted = interrupted + 1;
	if (interrupted >= 2)
		_exit(130);
}

static void usage(FILE *to)
{
	fputs("usage: netflowize [--light] PROJ/EXP      the same as: up "
	      "--light PROJ/EXP\n"
	      "       netflowize COMMAND [options] ...   netflowize COMMAND "
	      "--help tells more\n\n"
	      "A network-wide flow record for a running testbed experiment, "
	      "and back again.\n\n",
		to);
	for (size_t i = 0; commands[i]; i++)
		fprintf(to, "  %-11s%s\n", commands[i]->name,
			commands[i]->summary);
	fputs("\nExample:  netflowize --light myproj/myexp && netflowize query "
	      "myproj/myexp\n",
		to);
}

static const char *nth_command(const void *ctx, size_t i)
{
	(void)ctx;
	return commands[i] ? commands[i]->name : NULL;
}

/* What other tools call it. */
static const char *meant(const char *name)
{
	static const char *const words[][2] = {{"down", "strip"},
		{"stop", "strip"}, {"remove", "strip"}, {"destroy", "strip"},
		{"uninstall", "strip"}, {"start", "up"}, {"deploy", "up"},
		{"install", "up"}, {"light", "up --light"},
		{"heavy", "up --heavy"}, {"flows", "query"},
		{"check", "doctor"}};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(words[i][0], name) == 0)
			return words[i][1];
	return opt_nearest(name, nth_command, NULL);
}

static int unknown(const char *name, struct err *err)
{
	const char *near = meant(name);

	err_set(err, NFZ_E_USAGE, "there is no command %s", name);
	if (near)
		return err_hint(err, "Did you mean netflowize %s?", near);
	return err_hint(err, "All commands: netflowize --help");
}

static int help(const struct app *app, int argc, char **argv, struct err *err)
{
	const struct command *cmd;

	if (argc < 3) {
		usage(stdout);
		return 0;
	}
	cmd = app_command(app, argv[2]);
	if (!cmd)
		return unknown(argv[2], err);
	command_help(cmd, stdout);
	return 0;
}

/* The short form, in which a command's name is no experiment's. */
static int run_up(struct app *app, int argc, char **argv, struct err *err)
{
	int r = cmd_up.run(app, argc, argv, err);

	for (int i = 1; r == -NFZ_E_USAGE && i < argc; i++)
		if (argv[i] && app_command(app, argv[i]))
			return err_hint(err,
				"Options stand behind the command: netflowize "
				"%s OPTIONS ...",
				argv[i]);
	return r;
}

static int dispatch(struct app *app, int argc, char **argv, struct err *err)
{
	const char *word = argv[1];
	const struct command *cmd;

	if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0 ||
		strcmp(word, "help") == 0)
		return help(app, argc, argv, err);
	if (strcmp(word, "-V") == 0 || strcmp(word, "--version") == 0)
		return cmd_version.run(app, 1, argv, err);
	/* netflowize --light PROJ/EXP */
	if (word[0] == '-')
		return run_up(app, argc, argv, err);
	cmd = app_command(app, word);
	if (!cmd && strpbrk(word, "/,")) /* netflowize PROJ/EXP */
		return cmd_up.run(app, argc, argv, err);
	if (!cmd)
		return unknown(word, err);
	return cmd->run(app, argc - 1, argv + 1, err);
}

/* Who reads what we print has seen enough, as head(1) soon has. */
static bool reader_is_gone(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return ferror(stdout) && poll(&out, 1, 0) == 1 &&
	       (out.revents & POLLERR);
}

/* As a program ends that did not ignore it; only after all cleaning up. */
static void end_by_pipe(void)
{
	signal(SIGPIPE, SIG_DFL);
	(void)raise(SIGPIPE);
}

int main(int argc, char **argv)
{
	struct common defaults = {0};
	struct app app = {.program = argv[0],
		.common = &defaults,
		.commands = commands,
		.pool = BUF_INIT(1 << 20),
		.interrupted = &interrupted};
	struct sigaction act = {.sa_handler = on_interrupt}, was;
	struct err err = ERR_INIT;
	bool unread;
	int r;

	/* What is large goes back to the system when it is freed. */
	(void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
	proc_begin();
	setlocale(LC_CTYPE, ""); /* numbers are written with points */
	log_open("netflowize", LOG_INFO, false);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	/* the terminal is gone; nohup(1) has it ignored */
	sigaction(SIGHUP, NULL, &was);
	if (was.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &act, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		usage(stderr);
		return err_exit_status(NFZ_E_USAGE);
	}
	r = app_init(&app, &err);
	if (r == 0)
		r = dispatch(&app, argc, argv, &err);
	if ((fflush(stdout) != 0 || ferror(stdout)) && r == 0)
		r = err_sys(&err, "standard output");
	unread = reader_is_gone();
	if (r < 0 && err.text[0] && !unread)
		log_err(&err);
	app_release(&app);
	if (unread)
		end_by_pipe();
	return err_exit_status(r);
}
