#define _GNU_SOURCE
#include "cli/app.h"
#include "base/file.h"
#include "base/mem.h"
#include "format/ini.h"
#include "store/store.h"
#include "testbed/client.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const format_names[] = {
	"table", "wide", "json", "ndjson", "csv", NULL};
static const char *const api_names[] = {"auto", "classic", "portal", NULL};
static const char *const color_names[] = {"auto", "always", "never", NULL};

#define AT(member) offsetof(struct common, member)

enum { REMOTE_OPTIONS = 13 };

/* First those about a testbed and its nodes. */
const struct opt common_options[] = {
	{"server", 0, OPT_TEXT, AT(server), "HOST:PORT", "the testbed service",
		NULL, 0, 0},
	{"api", 0, OPT_CHOICE, AT(api), "KIND",
		"its interface: auto, classic or portal", api_names, 0, 0},
	{"certificate", 0, OPT_TEXT, AT(certificate), "FILE",
		"your testbed certificate (~/.ssl/emulab.pem)", NULL, 0, 0},
	{"ca", 0, OPT_TEXT, AT(ca), "FILE",
		"certificate that signed the testbed's", NULL, 0, 0},
	{"insecure", 0, OPT_FLAG, AT(insecure), NULL,
		"do not verify the testbed's certificate", NULL, 0, 0},
	{"old-ciphers", 0, OPT_FLAG, AT(old_ciphers), NULL,
		"accept weak keys of old testbeds", NULL, 0, 0},
	{"passphrase-fd", 0, OPT_INT, AT(passphrase_fd), "N",
		"read the passphrase from a descriptor", NULL, 0, 1 << 20},
	{"identity", 'i', OPT_TEXT, AT(identity), "FILE",
		"private key for the nodes", NULL, 0, 0},
	{"ssh-config", 0, OPT_TEXT, AT(ssh_config), "FILE",
		"instead of ~/.ssh/config", NULL, 0, 0},
	{"ssh-user", 0, OPT_TEXT, AT(ssh_user), "NAME", "login on the nodes",
		NULL, 0, 0},
	{"parallel", 0, OPT_INT, AT(parallel), "N",
		"nodes worked on at once (64)", NULL, 1, 4096},
	{"timeout", 0, OPT_SPAN, AT(timeout_ms), "T",
		"give a node up after T without progress (15s)", NULL, 0, 0},
	{"yes", 'y', OPT_FLAG, AT(yes), NULL, "do not ask", NULL, 0, 0},
	{"help", 'h', OPT_FLAG, AT(help), NULL, "show this help", NULL, 0, 0},
	{"output", 'o', OPT_CHOICE, AT(format), "FORMAT",
		"table, wide, json, ndjson or csv", format_names, 0, 0},
	{"quiet", 'q', OPT_FLAG, AT(quiet), NULL, "only problems", NULL, 0, 0},
	{"verbose", 'v', OPT_COUNT, AT(verbose), NULL, "more messages", NULL, 0,
		0},
	{"color", 0, OPT_CHOICE, AT(color), "WHEN", "auto, always or never",
		color_names, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

/* Sets the defaults that are not zero. */
static void common_init(struct common *c)
{
	c->passphrase_fd = -1;
	c->parallel = 64;
}

static void set(char **to, const char *value)
{
	free(*to);
	*to = mem_strdup(value);
}

/* "~/x" -> home; everything else as it is. */
static char *expand(const char *path)
{
	if (path[0] == '~' && path[1] == '/')
		return mem_printf("%s%s", file_home(), path + 1);
	return mem_strdup(path);
}

static void set_path(char **to, const char *value)
{
	free(*to);
	*to = expand(value);
}

static int on_key(void *ctx, const char *section, const char *key,
	const char *value, struct err *err)
{
	struct app *app = ctx;
	char name[128];

	snprintf(name, sizeof(name), "%s.%s", section, key);
	if (strcmp(name, "testbed.server") == 0)
		set(&app->server, value);
	else if (strcmp(name, "testbed.api") == 0)
		set(&app->api, value);
	else if (strcmp(name, "testbed.certificate") == 0)
		set_path(&app->certificate, value);
	else if (strcmp(name, "testbed.ca") == 0)
		set_path(&app->ca, value);
	else if (strcmp(name, "testbed.project") == 0)
		set(&app->project, value);
	else if (strcmp(name, "ssh.identity") == 0)
		set_path(&app->identity, value);
	else if (strcmp(name, "ssh.config") == 0)
		set_path(&app->ssh_config, value);
	else if (strcmp(name, "ssh.user") == 0)
		set(&app->ssh_user, value);
	else
		return err_set(err, NFZ_E_CONFIG, "unknown key %s", name);
	return 0;
}

static void from_environment(struct app *app)
{
	const struct {
		const char *name;
		char **to;
	} all[] = {
		{"NETFLOWIZE_SERVER", &app->server},
		{"NETFLOWIZE_API", &app->api},
		{"NETFLOWIZE_CERTIFICATE", &app->certificate},
		{"NETFLOWIZE_CA", &app->ca},
		{"NETFLOWIZE_PROJECT", &app->project},
		{"NETFLOWIZE_SSH_IDENTITY", &app->identity},
		{"NETFLOWIZE_SSH_CONFIG", &app->ssh_config},
		{"NETFLOWIZE_SSH_USER", &app->ssh_user},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		const char *value = getenv(all[i].name);

		if (value && *value)
			set_path(all[i].to, value);
	}
}

int app_init(struct app *app, struct err *err)
{
	cleanup_free char *user = expand("~/.config/netflowize/config.ini");
	int r = ini_read("/etc/netflowize.ini", on_key, app, err);

	if (r == 0)
		r = ini_read(user, on_key, app, err);
	if (r == 0)
		r = ini_read("netflowize.ini", on_key, app, err);
	if (r < 0)
		return r;
	from_environment(app);
	if (!app->certificate)
		app->certificate = expand("~/.ssl/emulab.pem");
	if (!app->server)
		set(&app->server, "boss.emulab.net:3069");
	return 0;
}

void app_release(struct app *app)
{
	free(app->server);
	free(app->certificate);
	free(app->ca);
	free(app->project);
	free(app->identity);
	free(app->ssh_config);
	free(app->ssh_user);
	free(app->api);
	free(app->argv);
	client_close(app->client);
	buf_release(&app->pool);
}

/* Puts the configured values under the flags that were not given. */
static int app_complete(
	const struct app *app, struct common *c, struct err *err)
{
	int api = 0;

	while (app->api && api_names[api] &&
		strcmp(api_names[api], app->api) != 0)
		api++;
	if (!api_names[api]) {
		err_set(err, NFZ_E_CONFIG, "testbed.api: there is no \"%s\"",
			app->api);
		return err_hint(err, "It is auto, classic or portal");
	}
	if (c->api == API_AUTO)
		c->api = api;
	if (!c->server)
		c->server = app->server;
	if (!c->certificate)
		c->certificate = app->certificate;
	if (!c->ca)
		c->ca = app->ca;
	if (!c->identity)
		c->identity = app->identity;
	if (!c->ssh_config)
		c->ssh_config = app->ssh_config;
	if (!c->ssh_user)
		c->ssh_user = app->ssh_user;
	return 0;
}

static bool name_ok(const char *s, size_t n)
{
	if (n == 0 || n >= 64 || s[0] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '-' && s[i] != '_')
			return false;
	return true;
}

/* "998549eb-6d4a-11ee-b1b8-000000000001" */
static bool is_uuid(const char *word)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i = 0;

	for (; form[i] && word[i]; i++)
		if (form[i] == '-' ? word[i] != '-'
				   : !isxdigit((unsigned char)word[i]))
			return false;
	return !form[i] && !word[i];
}

static int hint_at_missing(const char *word, struct err *err)
{
	(void)err_sys(err, "%s", word);
	err->code = NFZ_E_USAGE;
	return err_hint(err, "An experiment is PROJ/EXP, each of letters, "
			     "digits, - and _");
}

/* A word that names no experiment may be that of a file or directory. */
static int hint_at_file(const char *word, struct err *err)
{
	const bool path = *word == '/' || strchr(word, '.');
	cleanup_free char *within = NULL;
	struct stat st;

	if (path && access(word, R_OK) < 0)
		return hint_at_missing(word, err);
	if (store_is_there(word))
		return err_hint(err,
			"%s is a store: query, analyse, top, view, report and "
			"export read it",
			word);
	if (stat(word, &st) < 0)
		return strpbrk(word, "/,")
			       ? -(int)err->code
			       : err_hint(err,
					 "Write PROJ/%s, or set "
					 "testbed.project in the configuration",
					 word);
	if (!S_ISDIR(st.st_mode))
		return err_hint(
			err, "If the file is meant: --topology %s", word);
	within = store_within(word);
	if (within)
		return err_hint(err,
			"An experiment is PROJ/EXP; did you mean "
			"the store %s?",
			within);
	return err_hint(err,
		"An experiment is PROJ/EXP; a store is what strip --keep-data "
		"made in there: %s/PROJ-EXP-TIME.store",
		word);
}

int app_experiment(const struct app *app, const char *word,
	struct experiment_name *ret, struct err *err)
{
	size_t n = strcspn(word, "/,");
	const char *project = word, *experiment = word + n + 1;

	if (is_uuid(word)) {
		ret->project[0] = '\0';
		snprintf(ret->experiment, sizeof(ret->experiment), "%s", word);
		return 0;
	}
	if (!word[n] && name_ok(word, n)) {
		if (!app->project || !*app->project) {
			err_set(err, NFZ_E_USAGE, "%s: which project is it in?",
				word);
			return hint_at_file(word, err);
		}
		project = app->project;
		n = strlen(project);
		experiment = word;
	}
	if (!name_ok(project, n) || !name_ok(experiment, strlen(experiment))) {
		err_set(err, NFZ_E_USAGE,
			"%s: an experiment is named PROJ/EXP, each of letters, "
			"digits, - and _",
			word);
		return hint_at_file(word, err);
	}
	snprintf(ret->project, sizeof(ret->project), "%.*s", (int)n, project);
	snprintf(ret->experiment, sizeof(ret->experiment), "%s", experiment);
	return 0;
}

const struct command *app_command(const struct app *app, const char *name)
{
	for (size_t i = 0; app->commands[i]; i++)
		if (strcmp(app->commands[i]->name, name) == 0)
			return app->commands[i];
	return NULL;
}

const struct opt *command_common(const struct command *cmd)
{
	return common_options + (cmd->local ? REMOTE_OPTIONS : 0);
}

void command_help(const struct command *cmd, FILE *to)
{
	int at = fprintf(to, "usage: netflowize %s%s", cmd->name,
		*cmd->usage ? " " : "");

	opt_print_text(cmd->usage, at, to);
	fprintf(to, "\n%s.\n\n", cmd->summary);
	if (cmd->example)
		fprintf(to, "Example:  %s\n\n", cmd->example);
	opt_print(cmd->options, to);
	if (cmd->options->name)
		fputc('\n', to);
	fputs("Options of all commands\n", to);
	opt_print(command_common(cmd), to);
}

bool app_for_people(const struct app *app)
{
	return app->common->format == FORMAT_TABLE ||
	       app->common->format == FORMAT_WIDE;
}

const char *app_width(const struct app *app, char text[static APP_WIDTH])
{
	const size_t n = app->common->format == FORMAT_TABLE
				 ? sheet_terminal(stdout)
				 : 0;

	snprintf(text, APP_WIDTH, "%zu", n);
	return n ? text : NULL;
}

enum sheet_format app_sheet(const struct app *app)
{
	switch ((enum format)app->common->format) {
	case FORMAT_TABLE:
	case FORMAT_WIDE:
		return SHEET_TABLE;
	case FORMAT_JSON:
		return SHEET_JSON;
	case FORMAT_NDJSON:
		return SHEET_NDJSON;
	case FORMAT_CSV:
		return SHEET_CSV;
	}
	return SHEET_TABLE;
}

/* Writers indent with line ends and spaces, which no string holds raw. */
static void print_on_one_line(const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		fwrite(text, 1, n, stdout);
		text += n;
		text += strspn(text, "\n ");
	}
	putchar('\n');
}

struct sheet_form app_form(const struct app *app)
{
	const bool wide = app->common->format == FORMAT_WIDE;

	return (struct sheet_form){app_sheet(app), wide ? SHEET_ANY_WIDTH : 0};
}

int app_print_json(const struct app *app, struct buf *doc, struct err *err)
{
	int r = 0;

	if (!buf_ok(doc))
		r = err_set(err, NFZ_E_LIMIT,
			"the answer is larger than %zu MiB", doc->max >> 20);
	else if (app->common->format == FORMAT_NDJSON)
		print_on_one_line(buf_str(doc));
	else
		fputs(buf_str(doc), stdout);
	buf_release(doc);
	return r;
}

int app_write_file(const char *option, const char *file, const struct buf *b,
	struct err *err)
{
	int r = file_replace(file, 0644, b->data, b->len, err);

	if (r != -NFZ_E_IO)
		return r;
	(void)err_wrap(err, "%s", option);
	if (err->sys == ENOSPC || err->sys == EDQUOT)
		return err_hint(err, "Make room on this machine, or name a "
				     "file elsewhere");
	err->code = NFZ_E_USAGE;
	return err_hint(
		err, "Is there such a directory, and may you write to it?");
}

static int check_words(
	const struct command *cmd, int words, char **argv, struct err *err)
{
	if (cmd->words < 0 || words <= cmd->words)
		return 0;
	if (cmd->words == 0)
		err_set(err, NFZ_E_USAGE, "%s takes no words such as \"%s\"",
			cmd->name, argv[1]);
	else
		err_set(err, NFZ_E_USAGE, "%s: \"%s\" is one word too many",
			cmd->name, argv[cmd->words + 1]);
	return err_hint(err, "usage: netflowize %s%s%s", cmd->name,
		cmd->usage[0] ? " " : "", cmd->usage);
}

/* Before the options are sorted out. */
static void keep_words(
	struct app *app, const struct command *cmd, int argc, char **argv)
{
	free(app->argv);
	app->running = cmd;
	app->argv = mem_zalloc((size_t)argc + 1, sizeof(*app->argv));
	for (int i = 1; i < argc; i++)
		app->argv[i - 1] = argv[i];
}

int command_parse(struct app *app, const struct command *cmd, void *into,
	int argc, char **argv, int *ret_words, struct err *err)
{
	struct common *c = into;
	int r;

	app->common = c;
	keep_words(app, cmd, argc, argv);
	common_init(c);
	r = opt_parse(
		cmd->options, common_options, into, argc, argv, ret_words, err);
	if (r < 0) {
		if (!err->hint[0])
			err_hint(err, "See: netflowize %s --help", cmd->name);
		return r;
	}
	r = app_complete(app, c, err);
	if (r < 0)
		return r;
	if (c->help) {
		command_help(cmd, stdout);
		*ret_words = -1;
		return 0;
	}
	if (cmd->no_rows && c->format == FORMAT_CSV) {
		err_set(err, NFZ_E_USAGE,
			"%s answers with one document, which has no rows for "
			"-o csv",
			cmd->name);
		return err_hint(err, "Use -o json");
	}
	return check_words(cmd, *ret_words, argv, err);
}

static const int endings[] = {SIGINT, SIGTERM, SIGHUP};

void app_end_at_once(struct app_signals *ret)
{
	const struct sigaction at_once = {.sa_handler = SIG_DFL};

	for (int i = 0; i < 3; i++) {
		sigaction(endings[i], NULL, &ret->was[i]);
		if (ret->was[i].sa_handler != SIG_IGN) /* nohup(1) */
			sigaction(endings[i], &at_once, NULL);
	}
}

void app_end_in_order(const struct app_signals *s)
{
	for (int i = 0; i < 3; i++)
		sigaction(endings[i], &s->was[i], NULL);
}
