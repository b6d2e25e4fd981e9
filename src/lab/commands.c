/* The table of commands: what nfz-testbed can do, in one place. */
#include "lab/commands.h"

#include <stdio.h>

const struct command testbed_commands[] = {
	{"up", "FILE", "bring a topology up; returns when every node answers",
		up_options, command_up},
	{"run", "-- COMMAND...", "run a command where the testbed is reachable",
		run_options, command_run},
	{"exec", "PROJ/EXP NODE -- COMMAND...",
		"run a command on a node, as over the console", exec_options,
		command_exec},
	{"login", "PROJ/EXP NODE", "log into a node over ssh", NULL,
		command_login},
	{"list", "", "what is up", list_options, command_list},
	{"show", "[PROJ/EXP]", "nodes, links and shapers of one testbed",
		list_options, command_show},
	{"swap", "PROJ/EXP in|out", "swap the experiment in or out", NULL,
		command_swap},
	{"serve", "[PROJ/EXP]", "answer for it as the portal, or as before",
		serve_options, command_serve},
	{"fault", "PROJ/EXP NODE KIND", "let something go wrong on a node",
		NULL, command_fault},
	{"snapshot", "PROJ/EXP NODE", "list all that a node's disk changed",
		NULL, command_snapshot},
	{"upper", "PROJ/EXP NODE", "where a node's changed files are", NULL,
		command_upper},
	{"down", "[PROJ/EXP]", "take a testbed down", down_options,
		command_down},
	{"parse", "FILE", "print what the testbed makes of an NS file", NULL,
		command_parse},
	{"nscheck", "FILE", "check an NS file as the testbed does", NULL,
		command_nscheck},
	{NULL, NULL, NULL, NULL, NULL}};

void command_help(const struct command *c)
{
	printf("usage: nfz-testbed %s%s%s%s\n\n%s.\n", c->name,
		c->options != NULL ? " [options]" : "",
		*c->words != '\0' ? " " : "", c->words, c->help);
	if (c->options != NULL) {
		puts("\noptions:");
		opt_print(c->options, stdout);
	}
}
