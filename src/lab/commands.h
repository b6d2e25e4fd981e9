/* The commands of nfz-testbed: each gets its own words and returns an exit
 * status; errors are printed here, once. */
#ifndef NFZ_LAB_COMMANDS_H
#define NFZ_LAB_COMMANDS_H

#include "base/err.h"
#include "base/opt.h"

struct command {
	const char *name, *words, *help;
	const struct opt *options; /* may be NULL */
	int (*run)(int argc, char **argv, int *ret_status, struct err *err);
};

/* Ended by a NULL name. */
extern const struct command testbed_commands[];
void command_help(const struct command *c);

int command_up(int argc, char **argv, int *ret_status, struct err *err);
int command_run(int argc, char **argv, int *ret_status, struct err *err);
int command_exec(int argc, char **argv, int *ret_status, struct err *err);
int command_login(int argc, char **argv, int *ret_status, struct err *err);
int command_fault(int argc, char **argv, int *ret_status, struct err *err);
int command_list(int argc, char **argv, int *ret_status, struct err *err);
int command_show(int argc, char **argv, int *ret_status, struct err *err);
int command_down(int argc, char **argv, int *ret_status, struct err *err);
int command_swap(int argc, char **argv, int *ret_status, struct err *err);
int command_serve(int argc, char **argv, int *ret_status, struct err *err);
int command_upper(int argc, char **argv, int *ret_status, struct err *err);
int command_snapshot(int argc, char **argv, int *ret_status, struct err *err);
int command_parse(int argc, char **argv, int *ret_status, struct err *err);
int command_nscheck(int argc, char **argv, int *ret_status, struct err *err);

extern const struct opt up_options[], run_options[], exec_options[],
	list_options[], down_options[], serve_options[];

#endif
