/* What every command of netflowize shares: common options, where the testbed
 * is, how to talk to the user. */
#ifndef NFZ_CLI_APP_H
#define NFZ_CLI_APP_H

#include "base/buf.h"
#include "base/err.h"
#include "base/opt.h"
#include "format/sheet.h"

#include <signal.h>
#include <stdbool.h>

enum format {
	FORMAT_TABLE,
	FORMAT_WIDE,
	FORMAT_JSON,
	FORMAT_NDJSON,
	FORMAT_CSV
};

struct client; /* testbed/client.h */

/* Which interface of the testbed's service knows the experiment. */
enum api {
	API_AUTO, /* the classic one, else the portal's */
	API_CLASSIC,
	API_PORTAL
};

/* First member of every command's options. */
struct common {
	bool help;
	int format;         /* enum format */
	const char *server; /* host:port */
	int api;            /* enum api */
	const char *certificate, *ca;
	bool insecure;
	bool old_ciphers;
	int64_t passphrase_fd;  /* -1: ask on the terminal */
	const char *identity;   /* private key file for the nodes */
	const char *ssh_config; /* ssh_config(5), NULL: the usual one */
	const char *ssh_user;
	int64_t parallel;
	int64_t timeout_ms; /* per node, without progress; 0: not said */
	bool yes, quiet;
	int verbose;
	int color; /* auto, always, never */
};

struct app {
	const char *program;
	struct common *common; /* of the running command */
	/* values of the configuration files and the environment; strings live
	 * until app_release */
	struct buf pool;
	char *server, *certificate, *ca, *project, *identity, *ssh_config,
		*ssh_user, *api;
	const char *file; /* --topology of the running command, or NULL */
	volatile int *interrupted; /* number of Ctrl-C so far */
	struct client *client;     /* once a command has asked for it */
	/* the running command and its words as typed, NULL-ended (again.h);
	 * they live as long as those of main() */
	const struct command *running;
	char **argv;
	const struct command *const *commands; /* all of them, NULL-ended */
};

extern const struct opt common_options[];
extern const char *const format_names[];

/* Reads configuration files and environment, lowest precedence first:
 * /etc/netflowize.ini, ~/.config/netflowize/config.ini, ./netflowize.ini,
 * NETFLOWIZE_<OPTION>. */
int app_init(struct app *app, struct err *err) NFZ_MUST_CHECK;
void app_release(struct app *app);

/* PROJ/EXP, PROJ,EXP or EXP (with a configured project); or the UUID that the
 * portal gave an experiment, then project is "". */
struct experiment_name {
	char project[64], experiment[64];
};
int app_experiment(const struct app *app, const char *word,
	struct experiment_name *ret, struct err *err) NFZ_MUST_CHECK;

/* A command: one file cmd_<name>.c each. */
struct command {
	const char *name;
	const char *usage;   /* after "netflowize NAME" */
	const char *summary; /* one line */
	const char *example; /* shown first by -h */
	const struct opt *options;
	/* how many words it takes; -1: any number */
	int words;
	/* what its first word may be, NULL at the end; NULL: anything */
	const char *(*nth_first)(size_t i);
	bool local;   /* needs neither the testbed nor a node */
	bool no_rows; /* its answer is one document: -o csv is refused */
	/* argv[0] is the command's name; returns 0 or a negative error whose
	 * text is not yet printed; err->code may carry an exit status with no
	 * text at all. */
	int (*run)(struct app *app, int argc, char **argv, struct err *err);
};
/* The command of that name, or NULL. */
const struct command *app_command(const struct app *app, const char *name);
/* Parses a command's options into `into` (struct common first), answers -h;
 * *ret_words < 0: help was printed, return 0. */
int command_parse(struct app *app, const struct command *cmd, void *into,
	int argc, char **argv, int *ret_words, struct err *err) NFZ_MUST_CHECK;
/* For people: a table, or sentences; else the answer is for programs. */
bool app_for_people(const struct app *app);
/* The form of rows that -o asks for. */
enum sheet_format app_sheet(const struct app *app);
struct sheet_form app_form(const struct app *app);
/* For who prints a table elsewhere: how wide the terminal is here.  NULL: it is
 * no table, or for no terminal. */
enum { APP_WIDTH = 24 };
const char *app_width(const struct app *app, char text[static APP_WIDTH]);
/* Writes a JSON document to stdout: as it is, or with -o ndjson on one line.
 * Releases it. */
int app_print_json(
	const struct app *app, struct buf *doc, struct err *err) NFZ_MUST_CHECK;
/* Writes the file that an option names, whole or not at all. */
int app_write_file(const char *option, const char *file, const struct buf *b,
	struct err *err) NFZ_MUST_CHECK;
/* Those of the common options that this command heeds. */
const struct opt *command_common(const struct command *cmd);
void command_help(const struct command *cmd, FILE *to);

/* Between the two a signal that asks to end does so at once: for what only
 * reads and computes, and leaves nothing half done. */
struct app_signals {
	struct sigaction was[3];
};
void app_end_at_once(struct app_signals *ret);
void app_end_in_order(const struct app_signals *s);

#endif
