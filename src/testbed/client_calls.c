/* The calls we use, one function each.
 *
 * proj and exp always go along, also where a method does not ask for them: a
 * user in many projects is only recognised with them.  Names are checked here
 * so that nothing odd is ever sent. */
#include "base/mem.h"
#include "testbed/client.h"
#include "testbed/client_error.h"

#include <string.h>

static int check_names(const struct client_exp *e, struct err *err)
{
	if (client_name_valid(e->proj) && client_name_valid(e->exp))
		return 0;
	return err_set(err, NFZ_E_USAGE,
		"\"%.60s/%.60s\" names no experiment (letters, digits, - and _ "
		"only)",
		e->proj, e->exp);
}

static struct value *exp_args(const struct client_exp *e)
{
	struct value *args = value_new(VALUE_STRUCT);

	value_set(args, "proj", value_string(e->proj));
	value_set(args, "exp", value_string(e->exp));
	return args;
}

/* Says in the hint which experiments there are, if that can be had. */
static void suggest(
	struct client *c, const struct client_exp *e, struct err *err)
{
	struct value *list = NULL;
	struct err ignored;

	if (err && client_getlist(c, &list, &ignored) == 0)
		client_error_suggest(list, e, err);
	value_free(list);
}

/* One question: exp NULL when it is about none, args NULL for no more than
 * the experiment's name. */
struct question {
	struct client *client;
	const char *method;
	const struct client_exp *exp;
	struct value *args;
};

/* Takes the arguments; *ret is set in any case. */
static int ask(
	const struct question *q, struct client_reply *ret, struct err *err)
{
	struct value *args = q->args;
	int rc = q->exp ? check_names(q->exp, err) : 0;

	memset(ret, 0, sizeof(*ret));
	if (rc) {
		value_free(args);
		return rc;
	}
	if (!args)
		args = q->exp ? exp_args(q->exp) : value_new(VALUE_STRUCT);
	rc = client_call(q->client, q->method, args, ret, err);
	if (rc == -NFZ_E_NO_EXPERIMENT && q->exp)
		suggest(q->client, q->exp, err);
	return rc;
}

static int unexpected(struct err *err, const char *method)
{
	return err_set(err, NFZ_E_REPLY,
		"the testbed's answer to %s is of another kind than agreed",
		method);
}

/* For an answer that is a value of that kind. */
static int ask_value(const struct question *q, enum value_kind kind,
	struct value **ret, struct err *err)
{
	struct client_reply r;
	int rc = ask(q, &r, err);

	if (!rc && (!r.value || r.value->kind != kind))
		rc = unexpected(err, q->method);
	if (!rc)
		*ret = take(r.value);
	client_reply_release(&r);
	return rc;
}

static int ask_text(const struct question *q, char **ret, struct err *err)
{
	struct value *v = NULL;
	int rc = ask_value(q, VALUE_STRING, &v, err);

	if (!rc)
		*ret = take(v->text);
	value_free(v);
	return rc;
}

/* For what the testbed says to people. */
static int ask_output(const struct question *q, char **ret, struct err *err)
{
	struct client_reply r;
	int rc = ask(q, &r, err);

	if (!rc)
		*ret = take(r.output);
	client_reply_release(&r);
	return rc;
}

int client_state(struct client *c, const struct client_exp *e, char **ret,
	struct err *err)
{
	const struct question q = {c, "experiment.state", e, NULL};

	return ask_text(&q, ret, err);
}

int client_info(struct client *c, const struct client_exp *e,
	const char *aspect, struct value **ret, struct err *err)
{
	const struct question q = {c, "experiment.info", e, exp_args(e)};
	bool list = strcmp(aspect, "traces") == 0;

	value_set(q.args, "aspect", value_string(aspect));
	return ask_value(&q, list ? VALUE_ARRAY : VALUE_STRUCT, ret, err);
}

static struct value *list_of(const char *const *names)
{
	struct value *list = value_new(VALUE_ARRAY);

	for (; names && *names; names++)
		value_append(list, value_string(*names));
	return list;
}

/* Takes {table: rows} out of [{experiment: {table: rows}}]; NULL when it is
 * anything else. */
static struct value *take_tables(struct value *v)
{
	if (v->n != 1 || v->items[0]->kind != VALUE_STRUCT)
		return NULL;
	v = v->items[0];
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->names[i], "experiment") == 0 &&
			v->items[i]->kind == VALUE_STRUCT) {
			struct value *tables = v->items[i];

			v->items[i] = value_new(VALUE_NIL);
			return tables;
		}
	return NULL;
}

int client_virtual_topology(struct client *c, const struct client_exp *e,
	const char *const *tables, struct value **ret, struct err *err)
{
	const struct question q = {
		c, "experiment.virtual_topology", e, exp_args(e)};
	struct value *answer = NULL;
	int rc;

	if (tables)
		value_set(q.args, "tables", list_of(tables));
	rc = ask_value(&q, VALUE_ARRAY, &answer, err);
	if (rc)
		return rc;
	*ret = take_tables(answer);
	value_free(answer);
	return *ret ? 0 : unexpected(err, q.method);
}

int client_nsfile(struct client *c, const struct client_exp *e, char **ret,
	struct err *err)
{
	const struct question q = {c, "experiment.nsfile", e, NULL};
	char *text = NULL;
	int rc = ask_text(&q, &text, err);

	if (rc)
		return rc;
	if (strcmp(text, "None") == 0) { /* how Python says that */
		free(text);
		text = NULL;
	}
	*ret = text;
	return 0;
}

int client_sshdescription(struct client *c, const struct client_exp *e,
	struct value **ret, struct err *err)
{
	const struct question q = {c, "node.sshdescription", e, NULL};
	int rc = ask_value(&q, VALUE_STRUCT, ret, err);

	/* Without permission this method trips over itself. */
	if (rc == -NFZ_E_FAULT && err && strstr(err->text, "KeyError"))
		return err_set(err, NFZ_E_FORBIDDEN,
			"you may not log in to the nodes of %s/%s", e->proj,
			e->exp);
	return rc;
}

int client_hostkeys(struct client *c, const struct client_exp *e,
	const char *node, struct value **ret, struct err *err)
{
	const struct question q = {c, "node.hostkeys", e, exp_args(e)};
	struct client_reply r;
	int rc;

	value_set(q.args, "node", value_string(node));
	rc = ask(&q, &r, err);
	if (!rc) {
		if (!r.value || r.value->kind != VALUE_STRUCT)
			rc = unexpected(err, q.method);
		else
			*ret = take(r.value);
	} else if (r.code == 2 && strstr(r.output, "No such node")) {
		*ret = NULL; /* how it says that no key is stored */
		rc = 0;
	}
	client_reply_release(&r);
	return rc;
}

int client_expinfo(struct client *c, const struct client_exp *e,
	const char *show, char **ret, struct err *err)
{
	const struct question q = {c, "experiment.expinfo", e, exp_args(e)};

	value_set(q.args, "show", value_string(show));
	return ask_output(&q, ret, err);
}

int client_getlist(struct client *c, struct value **ret, struct err *err)
{
	const struct question q = {c, "experiment.getlist", NULL, NULL};

	return ask_value(&q, VALUE_STRUCT, ret, err);
}

int client_available(struct client *c, const char *proj, const char *type,
	int64_t *ret, struct err *err)
{
	const struct question q = {
		c, "node.available", NULL, value_new(VALUE_STRUCT)};
	struct value *number = NULL;
	int rc;

	value_set(q.args, "proj", value_string(proj));
	if (type)
		value_set(q.args, "type", value_string(type));
	rc = ask_value(&q, VALUE_INT, &number, err);
	if (!rc)
		*ret = number->integer;
	value_free(number);
	return rc;
}

int client_eventlist(struct client *c, const struct client_exp *e,
	struct value **ret, struct err *err)
{
	const struct question q = {c, "experiment.event_eventlist", e, NULL};

	return ask_value(&q, VALUE_ARRAY, ret, err);
}

int client_event_starts(struct client *c, const struct client_exp *e,
	struct value **ret, struct err *err)
{
	const struct question q = {c, "experiment.event_time_start", e, NULL};

	return ask_value(&q, VALUE_ARRAY, ret, err);
}

/* The server trips over other characters and refuses larger texts: say so
 * before it is sent. */
static int check_ns(const char *ns, struct err *err)
{
	int line = 1;

	if (strlen(ns) > CLIENT_NS_MAX)
		return err_set(err, NFZ_E_TOO_BIG,
			"the NS file has %zu bytes; the testbed takes %d at "
			"most",
			strlen(ns), CLIENT_NS_MAX);
	for (const char *s = ns; *s; s++) {
		unsigned char ch = (unsigned char)*s;

		if (ch >= 0x7f || (ch < ' ' && !strchr("\t\n\r", ch)))
			return err_set(err, NFZ_E_NS,
				"line %d of the NS file has a character beyond "
				"plain ASCII, which the testbed cannot take",
				line);
		line += ch == '\n';
	}
	return 0;
}

/* Sends an NS text; what the testbed says of it is given also on failure. */
static int ask_about_ns(const struct question *q, const char *ns,
	char **ret_messages, struct err *err)
{
	struct client_reply r;
	int rc = check_ns(ns, err);

	*ret_messages = NULL;
	if (rc) {
		value_free(q->args);
		return rc;
	}
	value_set(q->args, "nsfilestr", value_string(ns));
	rc = ask(q, &r, err);
	*ret_messages = take(r.output);
	client_reply_release(&r);
	return rc;
}

int client_modify(struct client *c, const struct client_exp *e, const char *ns,
	char **ret_messages, struct err *err)
{
	const struct question q = {c, "experiment.modify", e, exp_args(e)};

	return ask_about_ns(&q, ns, ret_messages, err);
}

int client_nscheck(struct client *c, const char *proj, const char *ns,
	char **ret_messages, struct err *err)
{
	const struct question q = {
		c, "experiment.nscheck", NULL, value_new(VALUE_STRUCT)};

	value_set(q.args, "proj", value_string(proj));
	return ask_about_ns(&q, ns, ret_messages, err);
}

int client_images(struct client *c, struct value **ret, struct err *err)
{
	const struct question q = {c, "osid.getlist", NULL, NULL};

	return ask_value(&q, VALUE_STRUCT, ret, err);
}
