/* One declaration for each cmd_<name>.c. */
#ifndef NFZ_CLI_COMMANDS_H
#define NFZ_CLI_COMMANDS_H

#include "cli/app.h"

extern const struct command *const commands[]; /* NULL-ended */

extern const struct command cmd_up, cmd_plan, cmd_fetch, cmd_status, cmd_query,
	cmd_analyse, cmd_mark, cmd_top, cmd_watch, cmd_view, cmd_report,
	cmd_verify, cmd_strip, cmd_list, cmd_logs, cmd_capture, cmd_snapshot,
	cmd_recipe, cmd_doctor, cmd_import, cmd_export, cmd_explain,
	cmd_completion, cmd_version;

#endif
