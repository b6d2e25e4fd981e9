/* How an experiment of the portal is: its status words and what each means for
 * somebody who wants to measure. */
#include "base/mem.h"
#include "format/json.h"
#include "testbed/client_error.h"
#include "testbed/portal.h"

#include <stdio.h>
#include <string.h>

enum { BAD_NODES_MAX = 64 << 10 };

/* A member's text as one printable line. */
static void take_line(
	const struct jval *object, const char *key, char *to, size_t size)
{
	const char *text = jval_get_text(object, key);

	client_error_line(text ? text : "", to, size);
}

static void take_node(
	const char *name, const struct jval *node, struct buf *out)
{
	char status[32], raw[32], line[128];

	take_line(node, "status", status, sizeof(status));
	take_line(node, "rawstate", raw, sizeof(raw));
	if (strcmp(status, "failed") != 0 && strcmp(raw, "PXEFAILED") != 0 &&
		strcmp(raw, "TBFAILED") != 0)
		return;
	client_error_line(name, line, sizeof(line));
	buf_addf(out, "%s\n", line);
}

static void take_nodes(const struct jval *sites, struct buf *out)
{
	if (!jval_is_object(sites))
		return;
	for (void *s = jval_first(sites); s; s = jval_next(sites, s)) {
		const struct jval *nodes = jval_get(jval_member(s), "nodes");

		if (!jval_is_object(nodes))
			continue;
		for (void *n = jval_first(nodes); n; n = jval_next(nodes, n))
			take_node(jval_key(n), jval_member(n), out);
	}
}

int portal_status_parse(const char *text, size_t len, struct portal_status *ret,
	struct err *err)
{
	cleanup(jval_free_at) struct jval *root = NULL;
	const struct jval *startup;
	int rc = jval_parse(text, len, "experiment status", &root, err);

	*ret = (struct portal_status){.bad_nodes = BUF_INIT(BAD_NODES_MAX)};
	if (rc) {
		if (err)
			err->code = NFZ_E_REPLY;
		(void)err_wrap(err, "the portal's answer makes no sense");
		return -NFZ_E_REPLY;
	}
	take_line(root, "status", ret->status, sizeof(ret->status));
	take_line(root, "url", ret->url, sizeof(ret->url));
	take_line(root, "failure_message", ret->message, sizeof(ret->message));
	startup = jval_get(root, "execute_status");
	if (!jval_int(jval_get(startup, "failed"), &ret->failed_startup))
		ret->failed_startup = 0;
	take_nodes(jval_get(root, "aggregate_status"), &ret->bad_nodes);
	if (!ret->status[0])
		return err_set(err, NFZ_E_REPLY,
			"the portal's answer about the experiment has no "
			"status");
	return 0;
}

void portal_status_release(struct portal_status *s)
{
	buf_release(&s->bad_nodes);
}

static const struct {
	const char *status, *meaning;
	bool passing; /* becomes ready by itself */
} words[] = {
	{"created", "is being created", true},
	{"pending", "waits for its start", true},
	{"scheduled", "waits for its start", true},
	{"stitching", "is being connected", true},
	{"provisioning", "gets its nodes", true},
	{"provisioned", "boots its nodes", true},
	{"booting", "boots its nodes", true},
	{"modifying", "is being modified", true},
	{"failed", "has failed", false},
	{"canceled", "was canceled", false},
	{"terminating", "is being terminated", false},
	{"terminated", "has ended", false},
};

int portal_require_ready(const struct client_exp *e,
	const struct portal_status *s, struct err *err)
{
	const size_t n = sizeof(words) / sizeof(words[0]);
	const char *proj = e->proj, *bar = e->proj[0] ? "/" : "";
	size_t i = 0;

	/* booted: only the profile's own startup commands still run */
	if (strcmp(s->status, "ready") == 0 || strcmp(s->status, "booted") == 0)
		return 0;
	while (i < n && strcmp(words[i].status, s->status) != 0)
		i++;
	if (i == n)
		return err_set(err, NFZ_E_SWAPPED,
			"experiment %s%s%s is not ready (status %s)", proj, bar,
			e->exp, s->status);
	err_set(err, NFZ_E_SWAPPED, "experiment %s%s%s %s (%s)", proj, bar,
		e->exp, words[i].meaning, s->status);
	if (words[i].passing)
		return err_hint(err, "Wait until the portal says that it is "
				     "ready, then run this again.");
	return err_hint(err,
		"%s%sThere are no nodes to measure on.  Start it again from "
		"its profile on the portal's web page%s%s, then run this "
		"again.",
		s->message, s->message[0] ? "\n" : "", s->url[0] ? ": " : "",
		s->url);
}
