/* Checking NS files and changing experiments.
 *
 * Refusals come from programs behind the original service, each in its own
 * form: the wording, the asterisks, the line breaks and the exit status are
 * theirs (recorded).  A file name on the testbed's file server never leads to
 * a file of this machine: the local testbed has no such server. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "lab/dispatch.h"
#include "lab/pyrepr.h"

#include <stdio.h>
#include <string.h>

enum { NS_MAX = 512 * 1024, LINE_MAX_HERE = 74, STATUS_DIED = 11 };

/* "*** swapexp: text", or over more lines when it is too long for one or has
 * several of its own. */
static void refuse(
	struct lab_call *c, int status, const char *head, const char *text)
{
	struct buf out cleanup(buf_release) = BUF_INIT(1 << 16);
	bool error = strncmp(head, "*** ERROR", 9) == 0;

	if (!strchr(text, '\n') &&
		strlen(head) + strlen(text) + 2 <= LINE_MAX_HERE) {
		buf_addf(&out, "%s: %s\n", head, text);
	} else {
		buf_addf(&out, "%s:\n", head);
		while (*text) {
			size_t n = strcspn(text, "\n");

			buf_addf(&out, "***   %.*s%s\n", (int)n, text,
				error ? " " : "");
			text += n + (text[n] == '\n');
		}
	}
	call_exit(c, status, "%s", buf_str(&out));
}

/* A name of the kind the original makes for texts sent to it. */
static void temporary_name(const char *text, char *ret, size_t size)
{
	unsigned sum = (unsigned)strlen(text) * 2654435761u;

	snprintf(ret, size, "/var/tmp/php%06x", sum & 0xffffff);
}

static bool ascii(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

/* The text sent along: *ret_text, or NULL when a path was given or nothing.
 * False: answered. */
static bool sent_text(struct lab_call *c, const char **ret_text)
{
	const struct value *v = call_arg(c, "nsfilestr");

	*ret_text = NULL;
	if (!v)
		return true;
	if (v->kind != VALUE_STRING) {
		call_fault(c, "TypeError", "object of type '%s' has no len()",
			pyrepr_type(v));
		return false;
	}
	if (v->text_len > NS_MAX) {
		call_fail(c, CALL_TOOBIG, "NS File way too big!");
		return false;
	}
	if (!ascii(v->text)) {
		call_fault(c, "TypeError", "'NoneType' object is not iterable");
		return false;
	}
	*ret_text = v->text;
	return true;
}

/* Is the path in a directory that users can write to? */
static bool user_dir(const char *path)
{
	static const char *const roots[] = {
		"/proj/", "/users/", "/groups/", "/share/", "/scratch/"};

	if (strstr(path, "/../"))
		return false;
	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
		if (strncmp(path, roots[i], strlen(roots[i])) == 0)
			return true;
	return false;
}

static void nscheck(struct lab_call *c, struct lab_experiment *none)
{
	const char *text, *path = call_text(c, "nsfilepath");
	struct err err = ERR_INIT;
	char name[64];

	(void)none;
	if (!sent_text(c, &text))
		return;
	if (!text && !path) {
		call_fail(c, CALL_BADARGS, "Must supply an NS file to check!");
		return;
	}
	if (!text && !user_dir(path)) {
		char line[1024];

		snprintf(line, sizeof(line),
			"%s does not resolve to an appropriate directory!",
			path);
		refuse(c, STATUS_DIED, "*** ERROR: nscheck", line);
		return;
	}
	if (!text || !*text) {
		temporary_name("", name, sizeof(name));
		call_exit(c, 1,
			"*** nscheck:\n    %s does not exist or is not a "
			"readable file!\n",
			text ? name : path);
		return;
	}
	if (service_check(c->svc, c, text, &err) < 0)
		call_exit(c, 255, "*** nscheck: %s\n", err.text);
}

/* Changing needs local_root in the experiment's group or group_root in its
 * project; having made it does not count. */
static bool may_change(const struct lab_call *c, const struct lab_experiment *e)
{
	const char *trust = call_trust(c->caller, e->pid, e->gid);

	if (c->caller->admin)
		return true;
	if (trust && (strcmp(trust, "local_root") == 0 ||
			     strcmp(trust, "group_root") == 0 ||
			     strcmp(trust, "project_root") == 0))
		return true;
	trust = call_trust(c->caller, e->pid, e->pid);
	return trust && (strcmp(trust, "group_root") == 0 ||
				strcmp(trust, "project_root") == 0);
}

static bool permitted(struct lab_call *c, const struct lab_experiment *e)
{
	if (may_change(c, e))
		return true;
	refuse(c, STATUS_DIED, "*** ERROR: swapexp",
		"You do not have permission to swap or modify this "
		"experiment!");
	return false;
}

/* Refusals because of what the experiment is doing now; the text has room for
 * its name and state. */
static void refuse_state(struct lab_call *c, const struct lab_experiment *e,
	const char *before, const char *after)
{
	char line[512];

	snprintf(line, sizeof(line), "%s %s/%s %s", before, e->pid, e->eid,
		after);
	refuse(c, 1, "*** swapexp", line);
}

static bool unlocked(struct lab_call *c, const struct lab_experiment *e)
{
	if (!e->locked)
		return true;
	if (e->batch)
		refuse_state(c, e, "Batch experiment", "is locked down!");
	else
		refuse_state(
			c, e, "Experiment", "is locked down; cannot swap!");
	return false;
}

static void start(struct lab_call *c, struct lab_experiment *e,
	enum swap_kind kind, const char *text)
{
	struct swap_order order = {.kind = kind, .ns_text = text};
	struct err err = ERR_INIT;
	bool wait = call_bool(c, "wait");

	if (wait)
		order.waiter = c;
	if (service_swap(c->svc, e, &order, &err) < 0)
		refuse_state(c, e, "Experiment",
			"is in transition; you must wait until it is done.");
	else if (!wait)
		call_ok(c, NULL);
}

static bool modifiable(struct lab_call *c, const struct lab_experiment *e)
{
	char line[256];

	if (!unlocked(c, e))
		return false;
	if (e->batch && e->state != LAB_SWAPPED && e->state != LAB_ACTIVATING) {
		snprintf(line, sizeof(line),
			"must be SWAPPED or\nACTIVE to modify. Currently %s.",
			lab_state_name(e->state));
		refuse_state(c, e, "Batch experiment", line);
		return false;
	}
	if (!e->batch && e->state != LAB_ACTIVE && e->state != LAB_SWAPPED) {
		refuse_state(c, e, "Experiment",
			"must be ACTIVE or\nSWAPPED to modify!");
		return false;
	}
	return true;
}

static void modify(struct lab_call *c, struct lab_experiment *e)
{
	const char *text, *path = call_text(c, "nsfilepath");
	char name[64], line[1024];

	if (!sent_text(c, &text))
		return;
	if (!text && path && !user_dir(path)) {
		snprintf(line, sizeof(line),
			"%s does not resolve to an allowed directory!", path);
		refuse(c, STATUS_DIED, "*** ERROR: swapexp", line);
		return;
	}
	if ((text && !*text) || (!text && path)) {
		temporary_name("", name, sizeof(name));
		snprintf(line, sizeof(line),
			"%s does not look like an NS file!",
			text ? name : path);
		refuse(c, STATUS_DIED, "*** ERROR: swapexp", line);
		return;
	}
	if (permitted(c, e) && modifiable(c, e))
		start(c, e, SWAP_MODIFY, text);
}

static void swap_in(struct lab_call *c, struct lab_experiment *e)
{
	char line[256];

	if (e->batch && e->state != LAB_SWAPPED) {
		snprintf(line, sizeof(line),
			"must be SWAPPED to\nQUEUE. Currently %s.",
			lab_state_name(e->state));
		refuse_state(c, e, "Batch experiment", line);
	} else if (e->state != LAB_SWAPPED) {
		refuse_state(c, e, "Experiment", "is not swapped out!");
	} else {
		start(c, e, SWAP_IN, NULL);
	}
}

static void swap_out(struct lab_call *c, struct lab_experiment *e)
{
	char line[256];

	if (e->batch && e->state != LAB_ACTIVE && e->state != LAB_ACTIVATING) {
		snprintf(line, sizeof(line),
			"must be ACTIVE or\nACTIVATING to swap out. "
			"Currently %s.",
			lab_state_name(e->state));
		refuse_state(c, e, "Batch experiment", line);
	} else if (e->state != LAB_ACTIVE && e->state != LAB_PANICED) {
		refuse_state(
			c, e, "Experiment", "is not swapped in or activating!");
	} else {
		start(c, e, SWAP_OUT, NULL);
	}
}

static void swapexp(struct lab_call *c, struct lab_experiment *e)
{
	const char *direction = call_text(c, "direction");
	bool in = direction && strcmp(direction, "in") == 0;

	if (!in && (!direction || strcmp(direction, "out") != 0))
		call_fail(c, CALL_BADARGS, "direction must be 'in' or 'out'");
	else if (!permitted(c, e) || !unlocked(c, e))
		return;
	else if (in)
		swap_in(c, e);
	else
		swap_out(c, e);
}

/* One experiment, made by whoever started the testbed, is all there is. */
static void startexp(struct lab_call *c, struct lab_experiment *e)
{
	const char *text;

	(void)e;
	if (!call_bool(c, "swappable") && call_arg(c, "swappable") &&
		!call_arg(c, "noswap_reason")) {
		call_fail(c, CALL_BADARGS, "Must supply noswap reason!");
		return;
	}
	if (!sent_text(c, &text))
		return;
	refuse(c, 255, "*** ERROR: batchexp",
		"Experiments of this local testbed are made with its own "
		"command.");
}

static void endexp(struct lab_call *c, struct lab_experiment *e)
{
	if (permitted(c, e) && unlocked(c, e))
		refuse(c, 255, "*** ERROR: endexp",
			"Experiments of this local testbed are ended with its "
			"own command.");
}

static bool is_shaped(const struct lab_experiment *e, const char *link)
{
	for (size_t i = 0; i < e->n_delays; i++)
		if (strcmp(e->delays[i].lan, link) == 0)
			return true;
	return false;
}

static void delay_config(struct lab_call *c, struct lab_experiment *e)
{
	const struct value *params = call_arg(c, "params");
	const char *link = call_text(c, "link");
	char line[256];

	if (params->kind != VALUE_STRUCT) {
		call_fault(c, "AttributeError",
			"'%s' object has no attribute 'items'",
			pyrepr_type(params));
		return;
	}
	if (!link) {
		call_fault(c, "TypeError", "'%s' object is not iterable",
			pyrepr_type(call_arg(c, "link")));
		return;
	}
	if (!permitted(c, e))
		return;
	snprintf(line, sizeof(line), "%s/%s is not active!", e->pid, e->eid);
	if (e->state == LAB_ACTIVE)
		snprintf(line, sizeof(line),
			is_shaped(e, link)
				? "Cannot change the shaping of %.64s while it "
				  "runs; modify the experiment."
				: "%.64s is not a traffic shaped link!",
			link);
	refuse(c, 255, "*** ERROR: delay_config", line);
}

const struct call_method methods_change[] = {
	{"experiment", "nscheck", CALL_VERSION | CALL_NOLOGINS, "", nscheck},
	{"experiment", "modify", CALL_VERSION | CALL_NOLOGINS | CALL_PERM,
		"proj exp", modify},
	{"experiment", "swapexp", CALL_VERSION | CALL_NOLOGINS | CALL_PERM,
		"proj exp direction", swapexp},
	{"experiment", "startexp", CALL_VERSION | CALL_NOLOGINS, "proj exp",
		startexp},
	{"experiment", "batchexp", CALL_VERSION | CALL_NOLOGINS, "proj exp",
		startexp},
	{"experiment", "endexp", CALL_VERSION | CALL_NOLOGINS | CALL_PERM,
		"proj exp", endexp},
	{"experiment", "delay_config", CALL_VERSION | CALL_NOLOGINS | CALL_PERM,
		"proj exp link params", delay_config},
	{0}};
