/* The commands of nfz-testbed: each gets its own words and returns an exit
 * status; errors are printed here, once. */
#ifndef NFZ_LAB_COMMANDS_H
#define NFZ_LAB_COMMANDS_H

#include "base/err.h"
#include "base/opt.h"

struct lab_command {
	const char *name, *words, *help;
	const struct opt *options; /* may be NULL */
	int (*run)(int argc, char **argv, int *ret_status, struct err *err);
};

/* Ended by a NULL name. */
extern const struct lab_command lab_commands[];
void lab_help(const struct lab_command *c);

int lab_up(int argc, char **argv, int *ret_status, struct err *err);
int lab_run(int argc, char **argv, int *ret_status, struct err *err);
int lab_exec(int argc, char **argv, int *ret_status, struct err *err);
int lab_login(int argc, char **argv, int *ret_status, struct err *err);
int lab_fault(int argc, char **argv, int *ret_status, struct err *err);
int lab_list(int argc, char **argv, int *ret_status, struct err *err);
int lab_show(int argc, char **argv, int *ret_status, struct err *err);
int lab_down(int argc, char **argv, int *ret_status, struct err *err);
int lab_swap(int argc, char **argv, int *ret_status, struct err *err);
int lab_serve(int argc, char **argv, int *ret_status, struct err *err);
int lab_upper(int argc, char **argv, int *ret_status, struct err *err);
int lab_snapshot(int argc, char **argv, int *ret_status, struct err *err);
int lab_parse(int argc, char **argv, int *ret_status, struct err *err);
int lab_nscheck(int argc, char **argv, int *ret_status, struct err *err);

extern const struct opt up_options[], run_options[], exec_options[],
	list_options[], down_options[], serve_options[];

#endif
