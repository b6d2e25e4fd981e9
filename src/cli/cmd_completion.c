/* netflowize completion: what a shell needs to complete our words, made of the
 * tables that also parse and explain them. */
#include "cli/commands.h"

#include <stdio.h>

static const struct opt options[] = {
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

static bool takes_value(const struct opt *o)
{
	return o->kind != OPT_FLAG && o->kind != OPT_COUNT;
}

static void print_names(const struct opt *table, FILE *to)
{
	for (; table->name; table++)
		fprintf(to, " --%s", table->name);
}

static void print_flags(const struct opt *o, FILE *to)
{
	fprintf(to, "--%s", o->name);
	if (o->letter)
		fprintf(to, " | -%c", o->letter);
}

/* A value of few. */
static void print_choices(const struct opt *table, FILE *to)
{
	for (; table->name; table++) {
		if (!table->choices)
			continue;
		fputs("\t\t", to);
		print_flags(table, to);
		fputs(") words=\"", to);
		for (size_t i = 0; table->choices[i]; i++)
			fprintf(to, "%s%s", i ? " " : "", table->choices[i]);
		fputs("\" ;;\n", to);
	}
}

/* Any other value: the shell offers files. */
static void print_free(const struct opt *table, bool *first, FILE *to)
{
	for (; table->name; table++) {
		if (!takes_value(table) || table->choices)
			continue;
		fputs(*first ? "\t\t" : " | ", to);
		*first = false;
		print_flags(table, to);
	}
}

/* What a command's first word may be. */
static void print_first(const struct command *cmd, FILE *to)
{
	if (!cmd->nth_first)
		return;
	fputs("\n\t\t[[ $COMP_CWORD -eq 2 && $cur != -* ]] && words=\"", to);
	for (size_t i = 0; cmd->nth_first(i); i++)
		fprintf(to, "%s%s", i ? " " : "", cmd->nth_first(i));
	fputs("\"", to);
}

static void print_command(const struct command *cmd, FILE *to)
{
	const struct opt *common = command_common(cmd);
	bool first = true;

	fprintf(to, "\t%s)\n\t\twords=\"", cmd->name);
	print_names(cmd->options, to);
	print_names(common, to);
	fputs("\"\n\t\tcase $prev in\n", to);
	print_choices(cmd->options, to);
	print_choices(common, to);
	print_free(cmd->options, &first, to);
	print_free(common, &first, to);
	fputs(first ? "" : ") words= ;;\n", to);
	fputs("\t\t*) [[ $cur == -* ]] || words=$experiments ;;\n\t\tesac", to);
	print_first(cmd, to);
	fputs(" ;;\n", to);
}

/* Without a command's name, it is up's options that are meant. */
static void print_script(const struct app *app, FILE *to)
{
	fputs("# bash completion of netflowize\n"
	      "_netflowize() {\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]}\n"
	      "\tlocal prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\tlocal command=${COMP_WORDS[1]} words=\n"
	      "\tlocal commands=\"",
		to);
	for (size_t i = 0; app->commands[i]; i++)
		fprintf(to, "%s%s", i ? " " : "", app->commands[i]->name);
	/* those that up was run for on this machine */
	fputs("\"\n"
	      "\tlocal experiments= at "
	      "state=${XDG_STATE_HOME:-$HOME/.local/state}\n"
	      "\tfor at in \"$state\"/netflowize/*/*/; do\n"
	      "\t\tat=${at#\"$state\"/netflowize/}\n"
	      "\t\t[[ $at == *[!A-Za-z0-9_/-]* ]] || "
	      "experiments+=\" ${at%/}\"\n"
	      "\tdone\n"
	      "\t[[ \" $commands \" == *\" $command \"* ]] || command=up\n"
	      "\tcase $command in\n",
		to);
	for (size_t i = 0; app->commands[i]; i++)
		print_command(app->commands[i], to);
	fputs("\tesac\n"
	      "\t[[ $COMP_CWORD -eq 1 && $cur != -* ]] && words=$commands\n"
	      "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	      "}\n"
	      "complete -o default -F _netflowize netflowize\n",
		to);
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	struct common c = {0};
	int words, r = command_parse(
			   app, &cmd_completion, &c, argc, argv, &words, err);

	if (r < 0 || words < 0)
		return r;
	print_script(app, stdout);
	return 0;
}

const struct command cmd_completion = {.name = "completion",
	.usage = "",
	.summary = "Print what bash needs to complete these words",
	.example = "eval \"$(netflowize completion)\"",
	.options = options,
	.words = 0,
	.no_rows = true,
	.local = true,
	.run = run};
