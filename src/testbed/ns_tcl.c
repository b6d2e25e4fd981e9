/* NS files are Tcl programs, so Tcl runs them: in a safe interpreter (no
 * files, no sockets, no programs), with limits on commands and time, and with
 * the Emulab commands of the ns_*.tcl texts defined in front.
 *
 * This is the adapter for libtcl.  It runs in a child process and leaves only
 * what it writes; whoever reads it must not believe it. */
#include "testbed/ns_tcl.h"

#include "base/buf.h"
#include "base/file.h"
#include "testbed/ns_prelude.h"
#include "testbed/ns_subnet.h"

#include <stdio.h>
#include <string.h>
#include <tcl.h>
#include <unistd.h>

enum { MAX_MESSAGES = 1 << 20, MAX_ROWS_BYTES = 64 << 20, MAX_VALUE = 1 << 20 };

struct run {
	struct buf messages, rows;
	struct ns_subnets subnets;
};

static void add_text(struct buf *buf, const char *s, size_t len)
{
	buf_u32(buf, (uint32_t)len);
	buf_add(buf, s, len);
}

/* ::nfz::say text */
static int cmd_say(
	ClientData data, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
	struct run *run = data;
	const char *s;
	int len = 0;

	if (objc != 2) {
		Tcl_WrongNumArgs(interp, 1, objv, "text");
		return TCL_ERROR;
	}
	s = Tcl_GetStringFromObj(objv[1], &len);
	/* Beyond the ceiling nobody reads on. */
	if (run->messages.len + (size_t)len < MAX_MESSAGES)
		buf_add(&run->messages, s, (size_t)len);
	return TCL_OK;
}

/* ::nfz::emit table {column value ...} */
static int cmd_emit(
	ClientData data, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
	struct run *run = data;
	Tcl_Obj **items;
	int n, len;
	const char *s;

	if (objc != 3) {
		Tcl_WrongNumArgs(interp, 1, objv, "table columns");
		return TCL_ERROR;
	}
	if (Tcl_ListObjGetElements(interp, objv[2], &n, &items) != TCL_OK)
		return TCL_ERROR;
	s = Tcl_GetStringFromObj(objv[1], &len);
	add_text(&run->rows, s, (size_t)len);
	buf_u32(&run->rows, (uint32_t)(n / 2));
	for (int i = 0; i < n / 2 * 2; i++) {
		s = Tcl_GetStringFromObj(items[i], &len);
		if (len > MAX_VALUE)
			run->rows.failed = true;
		add_text(&run->rows, s, (size_t)len);
	}
	if (buf_ok(&run->rows))
		return TCL_OK;
	Tcl_SetObjResult(
		interp, Tcl_NewStringObj("the experiment is too large", -1));
	return TCL_ERROR;
}

/* ::nfz::subnet use SUBNET MASK, or: get MASK -> subnet, "" when none left */
static int cmd_subnet(
	ClientData data, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])
{
	struct run *run = data;
	Tcl_WideInt value[2] = {0, 0};
	uint32_t found;

	if (objc < 3 || objc > 4) {
		Tcl_WrongNumArgs(interp, 1, objv, "use|get number ?mask?");
		return TCL_ERROR;
	}
	for (int i = 2; i < objc; i++) {
		if (Tcl_GetWideIntFromObj(interp, objv[i], &value[i - 2]) !=
			TCL_OK)
			return TCL_ERROR;
	}
	if (objc == 4)
		ns_subnet_use(
			&run->subnets, (uint32_t)value[0], (uint32_t)value[1]);
	else if (ns_subnet_get(&run->subnets, (uint32_t)value[0], &found))
		Tcl_SetObjResult(interp, Tcl_NewWideIntObj(found));
	return TCL_OK;
}

static void set_list(
	Tcl_Interp *interp, const char *var, const char *const *items)
{
	Tcl_Obj *list = Tcl_NewListObj(0, NULL);

	for (size_t i = 0; items && items[i]; i++)
		Tcl_ListObjAppendElement(
			NULL, list, Tcl_NewStringObj(items[i], -1));
	Tcl_SetVar2Ex(interp, var, NULL, list, TCL_GLOBAL_ONLY);
}

static void set_limits(Tcl_Interp *interp, const struct ns_limits *l)
{
	Tcl_Time end;

	Tcl_LimitSetCommands(
		interp, l->commands < INT32_MAX ? (int)l->commands : INT32_MAX);
	Tcl_LimitTypeSet(interp, TCL_LIMIT_COMMANDS);
	Tcl_GetTime(&end);
	end.sec += (long)(l->time_ms / 1000);
	end.usec += (long)(l->time_ms % 1000 * 1000);
	if (end.usec >= 1000000) {
		end.sec++;
		end.usec -= 1000000;
	}
	Tcl_LimitSetTime(interp, &end);
	Tcl_LimitSetGranularity(interp, TCL_LIMIT_TIME, 100);
	Tcl_LimitTypeSet(interp, TCL_LIMIT_TIME);
}

/* Commands a safe interpreter still has and an NS file has no use for. */
static void take_away(Tcl_Interp *interp)
{
	static const char *const names[] = {"after", "vwait", "update",
		"fileevent", "fcopy", "package", "read", "gets", "seek", "tell",
		"flush", "eof", "fblocked", "close", "chan", "thread",
		"coroutine", "yield", "yieldto"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		Tcl_HideCommand(interp, names[i], names[i]);
}

static bool define(
	Tcl_Interp *interp, struct run *run, const struct ns_job *job)
{
	const struct ns_prelude *part;
	static const char *const any[] = {"pc*", "d[0-9]*", NULL};

	Tcl_CreateObjCommand(interp, "::nfz::say", cmd_say, run, NULL);
	Tcl_CreateObjCommand(interp, "::nfz::emit", cmd_emit, run, NULL);
	Tcl_CreateObjCommand(interp, "::nfz::subnet", cmd_subnet, run, NULL);
	set_list(interp, "::nfz::types",
		job->limits.types ? job->limits.types : any);
	set_list(interp, "::nfz::oses", job->limits.oses);
	Tcl_SetVar(interp, "::nfz::default_os",
		job->limits.default_os ? job->limits.default_os : "",
		TCL_GLOBAL_ONLY);
	Tcl_SetVar2Ex(interp, "::nfz::check", NULL,
		Tcl_NewIntObj(job->limits.check_only), TCL_GLOBAL_ONLY);
	Tcl_SetVar2Ex(interp, "::nfz::threshold", NULL,
		Tcl_ObjPrintf("%g", job->limits.delay_threshold_ms),
		TCL_GLOBAL_ONLY);
	for (part = ns_prelude(); part->name; part++) {
		if (Tcl_EvalEx(interp, part->text, -1, TCL_EVAL_GLOBAL) !=
			TCL_OK) {
			buf_addf(&run->messages, "prelude %s:%d: %s",
				part->name, Tcl_GetErrorLine(interp),
				Tcl_GetStringResult(interp));
			return false;
		}
	}
	take_away(interp);
	return true;
}

static int number(Tcl_Interp *interp, const char *var)
{
	Tcl_Obj *o = Tcl_GetVar2Ex(interp, var, NULL, TCL_GLOBAL_ONLY);
	int value = 0;

	if (!o || Tcl_GetIntFromObj(NULL, o, &value) != TCL_OK)
		return 0;
	return value;
}

/* The trace as the testbed's parser prints it: ours ends at the user's file,
 * its goes on with the lines of the program that reads it. */
static void say_trace(
	struct run *run, Tcl_Interp *interp, const struct ns_job *job, int line)
{
	const char *trace =
		Tcl_GetVar2(interp, "errorInfo", NULL, TCL_GLOBAL_ONLY);

	buf_addf(&run->messages,
		"%.30000s\n    (file \"%s\" line %d)\n"
		"    invoked from within\n"
		"\"real_source ${GLOBALS::nsfile}\"\n"
		"    invoked from within\n"
		"\"if { ${GLOBALS::errors} != 1 } {\n"
		"    file copy -force ${GLOBALS::tbcompat} .\n"
		"    real_source ${GLOBALS::nsfile}\n\n"
		"    if {${GLOBALS::ran} == 0} {\n\tperr...\"\n"
		"    (file \"/usr/testbed/lib/ns2ir/parse.tcl\" line 614)\n",
		trace ? trace : Tcl_GetStringResult(interp), job->name, line);
}

static bool called_exit(Tcl_Interp *interp)
{
	const char *code =
		Tcl_GetVar2(interp, "errorCode", NULL, TCL_GLOBAL_ONLY);

	return code && strcmp(code, "NFZ EXIT") == 0;
}

/* Runs the text statement by statement, so that the line is always known;
 * *ret_line is that of the statement that failed. */
static int run_text(Tcl_Interp *interp, const struct ns_job *job, int *ret_line)
{
	const char *at = job->text, *end = job->text + job->len;
	const char *counted = at;
	int code = TCL_OK, line = 1;

	while (code == TCL_OK && at < end) {
		Tcl_Parse parse;
		const char *start = at;
		int len = (int)(end - at);

		if (Tcl_ParseCommand(NULL, at, len, 0, &parse) == TCL_OK) {
			start = parse.commandStart;
			len = parse.commandSize;
			at = start + len;
			Tcl_FreeParse(&parse);
		} else {
			at = end; /* evaluating it says what is wrong */
		}
		for (; counted < start; counted++)
			line += *counted == '\n';
		Tcl_SetVar2Ex(interp, "::nfz::statement_line", NULL,
			Tcl_NewIntObj(line), TCL_GLOBAL_ONLY);
		Tcl_AllowExceptions(interp);
		code = Tcl_EvalObjEx(
			interp, Tcl_NewStringObj(start, len), TCL_EVAL_GLOBAL);
		*ret_line = line + Tcl_GetErrorLine(interp) - 1;
	}
	if (code == TCL_RETURN)
		return TCL_OK;
	if (code == TCL_OK || code == TCL_ERROR)
		return code;
	Tcl_SetObjResult(
		interp, Tcl_ObjPrintf("invoked \"%s\" outside of a loop",
				code == TCL_BREAK ? "break" : "continue"));
	Tcl_SetVar(interp, "errorInfo", Tcl_GetStringResult(interp),
		TCL_GLOBAL_ONLY);
	return TCL_ERROR;
}

static enum ns_outcome evaluate(struct run *run, Tcl_Interp *interp,
	const struct ns_job *job, int *ret_line)
{
	int code;

	set_limits(interp, &job->limits);
	code = run_text(interp, job, ret_line);
	if (Tcl_LimitTypeExceeded(interp, TCL_LIMIT_TIME))
		return NS_OVER_TIME;
	if (Tcl_LimitTypeExceeded(interp, TCL_LIMIT_COMMANDS))
		return NS_OVER_COMMANDS;
	Tcl_LimitTypeReset(interp, TCL_LIMIT_TIME);
	Tcl_LimitTypeReset(interp, TCL_LIMIT_COMMANDS);
	if (code == TCL_ERROR && !called_exit(interp)) {
		say_trace(run, interp, job, *ret_line);
		if (number(interp, "::nfz::error_line"))
			*ret_line = number(interp, "::nfz::error_line");
		return NS_TCL_ERROR;
	}
	if (code != TCL_ERROR && !number(interp, "::nfz::ran"))
		Tcl_EvalEx(interp,
			"::nfz::set ::nfz::simulated 0;"
			"::nfz::perror {No 'Simulator run' statement found.};"
			"::nfz::set ::nfz::error_line 0",
			-1, TCL_EVAL_GLOBAL);
	*ret_line = number(interp, "::nfz::error_line");
	if (number(interp, "::nfz::errors") ||
		number(interp, "::nfz::exit_status"))
		return NS_REFUSED;
	return NS_FINE;
}

static void answer(struct run *run, enum ns_outcome outcome, int line,
	const char *result, int fd)
{
	struct buf head = BUF_INIT(4 * MAX_MESSAGES);

	buf_u8(&head, (uint8_t)outcome);
	buf_u32(&head, (uint32_t)line);
	add_text(&head, result, strnlen(result, 65536));
	add_text(&head, buf_str(&run->messages), run->messages.len);
	if (!buf_ok(&head) ||
		file_write_all(fd, head.data, head.len, NULL) < 0 ||
		(run->rows.len && file_write_all(fd, run->rows.data,
					  run->rows.len, NULL) < 0))
		_exit(5);
}

void ns_tcl_run(void *arg, int fd)
{
	const struct ns_job *job = arg;
	struct run run = {.messages = BUF_INIT(2 * MAX_MESSAGES),
		.rows = BUF_INIT(MAX_ROWS_BYTES)};
	enum ns_outcome outcome;
	Tcl_Interp *interp;
	int line = 0;

	Tcl_FindExecutable("nfz");
	interp = Tcl_CreateInterp();
	if (!interp || Tcl_MakeSafe(interp) != TCL_OK)
		_exit(3);
	if (!define(interp, &run, job)) {
		answer(&run, NS_TCL_ERROR, 0, Tcl_GetStringResult(interp), fd);
		return;
	}
	outcome = evaluate(&run, interp, job, &line);
	if (outcome == NS_FINE) {
		answer(&run, outcome, 0, "", fd);
		return;
	}
	run.rows.len = 0;
	answer(&run, outcome, line,
		outcome == NS_TCL_ERROR ? Tcl_GetStringResult(interp) : "", fd);
}
