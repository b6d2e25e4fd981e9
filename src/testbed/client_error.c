/* What a testbed's refusal means.
 *
 * Codes are coarse (2 is "anything a back-end program did not like"), so its
 * text decides, matched loosely: wording differs between methods and years.
 * Whatever is quoted is made one printable line, for it comes from outside
 * and goes to a terminal. */
#define _GNU_SOURCE /* strcasestr */
#include "testbed/client_error.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LINE_MAX_LEN = 600, DISTANCE_MAX = 2, SUGGEST_MAX = 300 };

static bool is_space(char c)
{
	return (unsigned char)c <= ' ';
}

void client_error_line(const char *text, char *line, size_t size)
{
	size_t n = 0;
	bool start = true, gap = false;

	for (const char *s = text; *s && n + 2 < size; s++) {
		if (*s == '\n')
			start = true;
		if (is_space(*s)) {
			gap = n > 0;
			continue;
		}
		if (start && *s == '*')
			continue;
		start = false;
		if (gap)
			line[n++] = ' ';
		gap = false;
		/* DEL, and C1 controls in UTF-8 */
		line[n++] = *s == 0x7f || ((unsigned char)*s == 0xc2 &&
						  (unsigned char)s[1] < 0xa0)
				    ? '?'
				    : *s;
	}
	line[n] = '\0';
}

/* "proj/exp" of a call's arguments, as far as they name one. */
static void experiment_of(const struct value *args, char *text, size_t size)
{
	const char *proj = value_get_text(args, "proj");
	const char *exp = value_get_text(args, "exp");
	char raw[160];

	if (value_get_text(args, "experiment")) { /* the portal's way */
		client_error_line(
			value_get_text(args, "experiment"), text, size);
		if (strchr(text, ','))
			*strchr(text, ',') = '/';
		return;
	}
	if (!proj)
		proj = value_get_text(args, "pid");
	if (!exp)
		exp = value_get_text(args, "eid");
	snprintf(raw, sizeof(raw), "%s%s%s", proj ? proj : "", exp ? "/" : "",
		exp ? exp : "");
	client_error_line(raw, text, size);
}

static int by_text(
	const char *method, const char *what, const char *line, struct err *err)
{
	if (strstr(line, "No such experiment")) {
		err_set(err, NFZ_E_NO_EXPERIMENT, "no experiment %s", what);
		return err_hint(err, "The testbed said: %s", line);
	}
	if (strcasestr(line, "experiment is not active")) {
		err_set(err, NFZ_E_SWAPPED, "experiment %s is not active",
			what);
		return err_hint(err, "Swap it in, or wait until the change "
				     "under way is done, then run this again.");
	}
	if (strstr(line, "do not have permission"))
		return err_set(err, NFZ_E_FORBIDDEN, "%s: %s", what, line);
	if (strcmp(method, "experiment.nscheck") == 0)
		return err_set(err, NFZ_E_NS,
			"the testbed does not accept the NS file: %s", line);
	if (strstr(line, "parse-ns") || strstr(line, "ns2ir"))
		return err_set(err, NFZ_E_NS,
			"the testbed does not accept the NS file: %s", line);
	return err_set(err, NFZ_E_SERVICE, "the testbed refused %s%s%s: %s",
		method, what[0] ? " for " : "", what,
		line[0] ? line : "it gave no reason");
}

static int closed(int64_t code, const char *line, struct err *err)
{
	err_set(err, NFZ_E_CLOSED,
		code == 7 ? "the testbed is closed for logins"
			  : "the testbed has a problem of its own");
	return err_hint(err,
		"It said: \"%s\"\nTry again later; nothing was changed.", line);
}

int client_error_code(const char *method, const struct value *args,
	const struct client_reply *reply, struct err *err)
{
	char line[LINE_MAX_LEN], what[160];

	client_error_line(reply->output, line, sizeof(line));
	experiment_of(args, what, sizeof(what));
	switch (reply->code) {
	case 1:
		return err_set(err, NFZ_E_USAGE,
			"the testbed did not understand %s: %s", method, line);
	case 2:
		return by_text(method, what, line, err);
	case 3:
		err_set(err, NFZ_E_FORBIDDEN, "you may not access %s%s",
			strchr(what, '/') ? "experiment " : "",
			what[0] ? what : "this");
		return err_hint(err,
			"The testbed said: %s\nAsk the project's head to let "
			"you in.",
			line);
	case 4:
		err_set(err, NFZ_E_API_VERSION,
			"the testbed speaks another version of its interface "
			"(%s)",
			line);
		return err_hint(err, "Look for a newer netflowize.");
	case 5:
	case 7:
		return closed(reply->code, line, err);
	case 6:
		err_set(err, NFZ_E_TOO_BIG,
			"the description is too big for the testbed");
		return err_hint(
			err, "It said: %s  The limit is 512 KiB.", line);
	case 8:
		return err_set(err, NFZ_E_SERVICE,
			"the testbed gave up waiting: %s", line);
	case 12:
		err_set(err, NFZ_E_NO_EXPERIMENT, "no experiment %s", what);
		return err_hint(err, "The testbed said: %s", line);
	case 11:
	case 14:
	case 16:
		err_set(err, NFZ_E_BUSY, "%s%sthe testbed is busy: %s", what,
			what[0] ? ": " : "", line);
		return err_hint(err, "Run this again in a minute.");
	case 15:
		return err_set(err, NFZ_E_SWAPPED,
			"experiment %s has expired: %s", what, line);
	default:
		return err_set(err, NFZ_E_SERVICE,
			"the testbed refused %s with code %" PRId64 ": %s",
			method, reply->code, line);
	}
}

int client_error_fault(
	const char *method, int64_t code, const char *text, struct err *err)
{
	char line[LINE_MAX_LEN];

	client_error_line(text, line, sizeof(line));
	if (strstr(line, "is not supported")) {
		err_set(err, NFZ_E_FAULT, "the testbed does not know %s: %s",
			method, line);
		return err_hint(err, "This testbed is too old or another "
				     "kind than netflowize can use.");
	}
	err_set(err, NFZ_E_FAULT,
		"the testbed's program failed in %s (fault %" PRId64 "): %s",
		method, code, line);
	return err_hint(err, "This is a fault of the testbed; its operators "
			     "will want the text above.");
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Edit distance of two names, which are short (CLIENT_NAME_MAX). */
static size_t distance(const char *a, const char *b)
{
	size_t row[CLIENT_NAME_MAX + 1], n = strlen(b), diagonal, above;

	if (n > CLIENT_NAME_MAX || strlen(a) > CLIENT_NAME_MAX)
		return CLIENT_NAME_MAX;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			above = row[j];
			row[j] = least(least(row[j] + 1, row[j - 1] + 1),
				diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[n];
}

/* Adds the names of one group; keeps the one nearest to wanted. */
static void add_names(const struct value *names, const char *wanted,
	struct buf *list, const char **nearest)
{
	for (size_t i = 0; i < names->n; i++) {
		const struct value *name = names->items[i];

		if (name->kind != VALUE_STRING ||
			!client_name_valid(name->text))
			continue;
		if (list->len + strlen(name->text) < SUGGEST_MAX)
			buf_addf(list, "%s%s", list->len ? ", " : "",
				name->text);
		if (distance(name->text, wanted) <= DISTANCE_MAX &&
			(!*nearest || distance(name->text, wanted) <
					      distance(*nearest, wanted)))
			*nearest = name->text;
	}
}

void client_error_suggest(const struct value *getlist,
	const struct client_exp *e, struct err *err)
{
	const struct value *groups = value_get(getlist, e->proj);
	struct buf list = BUF_INIT(SUGGEST_MAX + CLIENT_NAME_MAX);
	const char *nearest = NULL;

	if (!groups || groups->kind != VALUE_STRUCT) {
		err_hint(err, "You head no experiment in project %s.", e->proj);
		return;
	}
	for (size_t i = 0; i < groups->n; i++)
		if (groups->items[i]->kind == VALUE_ARRAY)
			add_names(groups->items[i], e->exp, &list, &nearest);
	if (nearest)
		err_hint(err,
			"Your experiments in %s: %s.   Did you mean %s/%s?",
			e->proj, buf_str(&list), e->proj, nearest);
	else if (list.len)
		err_hint(err, "Your experiments in %s: %s.", e->proj,
			buf_str(&list));
	buf_release(&list);
}

static const struct {
	const char *state, *meaning;
	bool passing; /* becomes active by itself */
} states[] = {
	{"swapped", "is swapped out", false},
	{"swapping", "is being swapped out", false},
	{"activating", "is still being swapped in", true},
	{"modify_parse", "is being modified", true},
	{"modify_reparse", "is being modified", true},
	{"modify_reswap", "is being modified", true},
	{"restarting", "is being restarted", true},
	{"queued", "waits in the testbed's batch queue", true},
	{"new", "is being created", true},
	{"prerunning", "is being created", true},
	{"paniced", "was cut off by the testbed's operators", false},
	{"terminating", "is being terminated", false},
	{"ended", "has ended", false},
};

int client_require_active(
	const struct client_exp *e, const char *state, struct err *err)
{
	const size_t n = sizeof(states) / sizeof(states[0]);
	char shown[60];
	size_t i = 0;

	if (strcmp(state, "active") == 0)
		return 0;
	client_error_line(state, shown, sizeof(shown));
	while (i < n && strcmp(states[i].state, state) != 0)
		i++;
	if (i == n)
		return err_set(err, NFZ_E_SWAPPED,
			"experiment %s/%s is not active (state %s)", e->proj,
			e->exp, shown);
	if (states[i].passing) {
		err_set(err, NFZ_E_SWAPPED, "experiment %s/%s %s (%s)", e->proj,
			e->exp, states[i].meaning, shown);
		return err_hint(err, "Wait until it is active, then run this "
				     "again.");
	}
	err_set(err, NFZ_E_SWAPPED, "experiment %s/%s %s", e->proj, e->exp,
		states[i].meaning);
	return err_hint(err,
		"The testbed has no nodes reserved for it, so there is nothing "
		"to measure.\nSwap it in (web page, or: script_wrapper.py "
		"swapexp -e %s,%s in), then run this again.",
		e->proj, e->exp);
}
