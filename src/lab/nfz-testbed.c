/* nfz-testbed: a whole testbed on one machine. */
#include "base/log.h"
#include "base/proc.h"
#include "lab/commands.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void usage(FILE *to)
{
	fputs("usage: nfz-testbed COMMAND [options] [words]\n\n"
	      "A whole testbed on one machine: real namespaces, a real sshd "
	      "per node, the\ntestbed's own service.  Needs root.\n\n"
	      "commands:\n",
		to);
	for (const struct lab_command *c = lab_commands; c->name != NULL; c++)
		fprintf(to, "  %-9s %s\n", c->name, c->help);
	fputs("\n\"nfz-testbed COMMAND --help\" tells more.\n", to);
}

static const char *next_name(const void *ctx, size_t i)
{
	(void)ctx;
	return lab_commands[i].name;
}

static const struct lab_command *find(const char *name)
{
	for (const struct lab_command *c = lab_commands; c->name != NULL; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

static int unknown(const char *name)
{
	const char *near = opt_nearest(name, next_name, NULL);
	struct err err = ERR_INIT;

	err_set(&err, NFZ_E_USAGE, "there is no command \"%s\"", name);
	if (near != NULL)
		err_hint(&err, "did you mean \"%s\"?", near);
	else
		err_hint(&err, "nfz-testbed --help lists the commands");
	log_err(&err);
	return err_exit_status(err.code);
}

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* Of a command, before "--", behind which another one begins. */
static bool asks_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (is_help(argv[i]))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	struct err err = ERR_INIT;
	const struct lab_command *c;
	int status = 0, first, r;

	proc_begin();
	log_open("nfz-testbed", LOG_INFO, false);
	if (argc < 2) {
		usage(stderr);
		return 2;
	}
	if (is_help(argv[1]) || strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("nfz-testbed " NFZ_VERSION);
		return 0;
	}
	/* short for "up --portal" */
	first = strcmp(argv[1], "--portal") == 0 ? 0 : 1;
	c = find(first == 0 ? "up" : argv[1]);
	if (c == NULL)
		return unknown(argv[1]);
	if (asks_help(argc - first, argv + first)) {
		lab_help(c);
		return 0;
	}
	r = c->run(argc - first, argv + first, &status, &err);
	if (r != 0) {
		log_err(&err);
		return err_exit_status(-r);
	}
	return status;
}
