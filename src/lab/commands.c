/* The table of commands: what nfz-testbed can do, in one place. */
#include "lab/commands.h"

#include <stdio.h>

const struct lab_command lab_commands[] = {
	{"up", "FILE", "bring a topology up; returns when every node answers",
		up_options, lab_up},
	{"run", "-- COMMAND...", "run a command where the testbed is reachable",
		run_options, lab_run},
	{"exec", "PROJ/EXP NODE -- COMMAND...",
		"run a command on a node, as over the console", exec_options,
		lab_exec},
	{"login", "PROJ/EXP NODE", "log into a node over ssh", NULL, lab_login},
	{"list", "", "what is up", list_options, lab_list},
	{"show", "[PROJ/EXP]", "nodes, links and shapers of one testbed",
		list_options, lab_show},
	{"swap", "PROJ/EXP in|out", "swap the experiment in or out", NULL,
		lab_swap},
	{"serve", "[PROJ/EXP]", "answer for it as the portal, or as before",
		serve_options, lab_serve},
	{"fault", "PROJ/EXP NODE KIND | list",
		"let something go wrong on a node", NULL, lab_fault},
	{"snapshot", "PROJ/EXP NODE", "list all that a node's disk changed",
		NULL, lab_snapshot},
	{"upper", "PROJ/EXP NODE", "where a node's changed files are", NULL,
		lab_upper},
	{"down", "[PROJ/EXP]", "take a testbed down", down_options, lab_down},
	{"parse", "FILE", "print what the testbed makes of an NS file", NULL,
		lab_parse},
	{"nscheck", "FILE", "check an NS file as the testbed does", NULL,
		lab_nscheck},
	{NULL, NULL, NULL, NULL, NULL}};

void lab_help(const struct lab_command *c)
{
	printf("usage: nfz-testbed %s%s%s%s\n\n%s.\n", c->name,
		c->options != NULL ? " [options]" : "",
		*c->words != '\0' ? " " : "", c->words, c->help);
	if (c->options != NULL) {
		puts("\noptions:");
		opt_print(c->options, stdout);
	}
}
