/* The list of commands, in the order help shows them. */
#include "cli/commands.h"

const struct command *const commands[] = {&cmd_up, &cmd_plan, &cmd_fetch,
	&cmd_status, &cmd_query, &cmd_analyse, &cmd_mark, &cmd_top, &cmd_watch,
	&cmd_view, &cmd_report, &cmd_verify, &cmd_strip, &cmd_list, &cmd_logs,
	&cmd_capture, &cmd_snapshot, &cmd_recipe, &cmd_import, &cmd_export,
	&cmd_doctor, &cmd_explain, &cmd_completion, &cmd_version, NULL};
