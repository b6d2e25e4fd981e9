/* Calls of the module `portal`.
 *
 * Documentation and clients disagree where the JSON is: in value or in output;
 * both occur.  An experiment is named "project,name", or by its UUID. */
#include "testbed/portal.h"
#include "base/mem.h"
#include "testbed/client_error.h"

#include <ctype.h>
#include <string.h>

static bool is_json(const char *text)
{
	while (text && isspace((unsigned char)*text))
		text++;
	return text && (*text == '{' || *text == '[');
}

/* The text of the answer, wherever it is; NULL when there is none. */
static const char *answer_text(const struct client_reply *r)
{
	if (r->value && r->value->kind == VALUE_STRING &&
		is_json(r->value->text))
		return r->value->text;
	return is_json(r->output) ? r->output : NULL;
}

static int check_name(const struct client_exp *e, struct err *err)
{
	if ((!e->proj[0] || client_name_valid(e->proj)) &&
		client_name_valid(e->exp))
		return 0;
	return err_set(err, NFZ_E_USAGE,
		"\"%.60s/%.60s\" names no experiment (letters, digits, - and _ "
		"only)",
		e->proj, e->exp);
}

/* One call about an experiment; *ret_text lives as long as the reply. */
static int ask(struct client *c, const char *method, const struct client_exp *e,
	struct client_reply *reply, struct err *err)
{
	struct value *args;
	cleanup_free char *name = NULL;
	int rc = check_name(e, err);

	memset(reply, 0, sizeof(*reply));
	if (rc)
		return rc;
	name = mem_printf("%s%s%s", e->proj, e->proj[0] ? "," : "", e->exp);
	args = value_new(VALUE_STRUCT);
	value_set(args, "experiment", value_string(name));
	value_set(args, "asjson", value_bool(true));
	rc = client_call(c, method, args, reply, err);
	if (rc)
		return rc;
	if (!answer_text(reply))
		return err_set(err, NFZ_E_REPLY,
			"the portal's answer to %s has no JSON in it", method);
	return 0;
}

int portal_status(struct client *c, const struct client_exp *e,
	struct portal_status *ret, struct err *err)
{
	struct client_reply reply;
	int rc = ask(c, "portal.experimentStatus", e, &reply, err);

	*ret = (struct portal_status){.bad_nodes = BUF_INIT(1)};
	if (!rc)
		rc = portal_status_parse(answer_text(&reply),
			strlen(answer_text(&reply)), ret, err);
	client_reply_release(&reply);
	return rc;
}

/* Nodes that the portal itself calls failed carry no probe. */
static void mark_bad(struct topology *t, const struct portal_status *s)
{
	const char *at = buf_str(&s->bad_nodes);

	while (*at) {
		size_t n = strcspn(at, "\n");
		cleanup_free char *name = mem_strndup(at, n);
		int node = topology_node_exact(t, name);

		if (node >= 0) {
			topology_machine(t, node)->status = "failed";
			topology_machine(t, node)->unusable = "down";
		}
		at += n + (at[n] == '\n');
	}
}

static void add_notes(const struct client_exp *e, const struct portal_status *s,
	struct buf *notes)
{
	if (!notes)
		return;
	if (strcmp(s->status, "booted") == 0)
		buf_addf(notes, "startup commands of %s still run\n", e->exp);
	if (s->failed_startup > 0)
		buf_addf(notes, "startup commands failed on %lld node%s\n",
			(long long)s->failed_startup,
			s->failed_startup == 1 ? "" : "s");
}

static int read_manifests(const char *text,
	const struct portal_options *options, struct topology **ret,
	struct err *err)
{
	const struct draft_text from = {.text = text,
		.len = strlen(text),
		.name = "manifest",
		.warnings = options->notes,
		.user = options->user};
	int rc = portal_manifests_parse(&from, ret, err);

	if (rc == -NFZ_E_INPUT) {
		/* what the portal sent, not what the user gave */
		if (err)
			err->code = NFZ_E_REPLY;
		(void)err_wrap(err, "the portal's manifests make no sense");
		rc = -NFZ_E_REPLY;
	}
	return rc;
}

static void name_topology(struct topology *t, const struct client_exp *e)
{
	if (e->proj[0]) {
		t->project = arena_strdup(&t->arena, e->proj);
		t->experiment = arena_strdup(&t->arena, e->exp);
	} else if (!t->project || !client_name_valid(t->project) ||
		   !client_name_valid(t->experiment)) {
		t->project = "portal";
		t->experiment = arena_strdup(&t->arena, e->exp);
	}
}

int portal_import(struct client *client, const struct client_exp *e,
	const struct portal_options *options, struct topology **ret,
	struct err *err)
{
	static const struct portal_options none = {0};
	struct client_reply reply = {0};
	struct portal_status status;
	int rc = portal_status(client, e, &status, err);

	options = options ? options : &none;
	if (!rc)
		rc = portal_require_ready(e, &status, err);
	if (!rc)
		rc = ask(client, "portal.experimentManifests", e, &reply, err);
	if (!rc)
		rc = read_manifests(answer_text(&reply), options, ret, err);
	if (!rc) {
		name_topology(*ret, e);
		mark_bad(*ret, &status);
		add_notes(e, &status, options->notes);
	}
	client_reply_release(&reply);
	portal_status_release(&status);
	return rc;
}
