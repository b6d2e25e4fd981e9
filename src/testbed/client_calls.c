/* The calls we use, one function each.
 *
 * proj and exp always go along, also where a method does not ask for them: a
 * user in many projects is only recognised with them.  Names are checked here
 * so that nothing odd is ever sent. */
#include "base/mem.h"
#include "testbed/client.h"
#include "testbed/client_error.h"

#include <ctype.h>
#include <string.h>

bool client_name_valid(const char *name)
{
	size_t n = strlen(name);

	if (!n || n >= CLIENT_NAME_MAX || name[0] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '-' &&
			name[i] != '_')
			return false;
	return true;
}

int client_parse_exp(const char *text, char proj[static CLIENT_NAME_MAX],
	char exp[static CLIENT_NAME_MAX], struct err *err)
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : 0;

	if (!slash || n >= CLIENT_NAME_MAX ||
		strlen(slash + 1) >= CLIENT_NAME_MAX)
		return err_set(err, NFZ_E_USAGE,
			"\"%.100s\" names no experiment (PROJ/EXP expected)",
			text);
	memcpy(proj, text, n);
	proj[n] = '\0';
	memcpy(exp, slash + 1, strlen(slash + 1) + 1);
	if (!client_name_valid(proj) || !client_name_valid(exp))
		return err_set(err, NFZ_E_USAGE,
			"\"%.100s\" names no experiment (letters, digits, - "
			"and _ only)",
			text);
	return 0;
}

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

/* A call about an experiment; args NULL: no more than its name. */
static int call_exp(struct client *c, const char *method,
	const struct client_exp *e, struct value *args,
	struct client_reply *ret, struct err *err)
{
	int rc = check_names(e, err);

	memset(ret, 0, sizeof(*ret));
	if (rc) {
		value_free(args);
		return rc;
	}
	rc = client_call(c, method, args ? args : exp_args(e), ret, err);
	if (rc == -NFZ_E_NO_EXPERIMENT)
		suggest(c, e, err);
	return rc;
}

static int unexpected(struct err *err, const char *method)
{
	return err_set(err, NFZ_E_REPLY,
		"the testbed's answer to %s is of another kind than agreed",
		method);
}

/* Gives the reply's value away when it is of that kind. */
static int take_value(struct client_reply *r, enum value_kind kind,
	const char *method, struct value **ret, struct err *err)
{
	if (!r->value || r->value->kind != kind)
		return unexpected(err, method);
	*ret = take(r->value);
	return 0;
}

static int take_text(
	struct client_reply *r, const char *method, char **ret, struct err *err)
{
	if (!r->value || r->value->kind != VALUE_STRING)
		return unexpected(err, method);
	*ret = take(r->value->text);
	return 0;
}

int client_state(struct client *c, const struct client_exp *e, char **ret,
	struct err *err)
{
	static const char method[] = "experiment.state";
	struct client_reply r;
	int rc = call_exp(c, method, e, NULL, &r, err);

	if (!rc)
		rc = take_text(&r, method, ret, err);
	client_reply_release(&r);
	return rc;
}

int client_info(struct client *c, const struct client_exp *e,
	const char *aspect, struct value **ret, struct err *err)
{
	static const char method[] = "experiment.info";
	struct value *args = exp_args(e);
	struct client_reply r;
	bool list = strcmp(aspect, "traces") == 0;
	int rc;

	value_set(args, "aspect", value_string(aspect));
	rc = call_exp(c, method, e, args, &r, err);
	if (!rc)
		rc = take_value(&r, list ? VALUE_ARRAY : VALUE_STRUCT, method,
			ret, err);
	client_reply_release(&r);
	return rc;
}

static struct value *list_of(const char *const *names)
{
	struct value *list = value_new(VALUE_ARRAY);

	for (; names && *names; names++)
		value_append(list, value_string(*names));
	return list;
}

/* The answer is an array of one struct {experiment: {table: rows}}. */
static int take_tables(struct client_reply *r, struct value **ret,
	const char *method, struct err *err)
{
	struct value *v = r->value;

	if (!v || v->kind != VALUE_ARRAY || v->n != 1 ||
		v->items[0]->kind != VALUE_STRUCT)
		return unexpected(err, method);
	v = v->items[0];
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->names[i], "experiment") == 0 &&
			v->items[i]->kind == VALUE_STRUCT) {
			*ret = v->items[i];
			v->items[i] = value_new(VALUE_NIL);
			return 0;
		}
	return unexpected(err, method);
}

int client_virtual_topology(struct client *c, const struct client_exp *e,
	const char *const *tables, struct value **ret, struct err *err)
{
	static const char method[] = "experiment.virtual_topology";
	struct value *args = exp_args(e);
	struct client_reply r;
	int rc;

	if (tables)
		value_set(args, "tables", list_of(tables));
	rc = call_exp(c, method, e, args, &r, err);
	if (!rc)
		rc = take_tables(&r, ret, method, err);
	client_reply_release(&r);
	return rc;
}

int client_nsfile(struct client *c, const struct client_exp *e, char **ret,
	struct err *err)
{
	static const char method[] = "experiment.nsfile";
	struct client_reply r;
	char *text = NULL;
	int rc = call_exp(c, method, e, NULL, &r, err);

	if (!rc)
		rc = take_text(&r, method, &text, err);
	client_reply_release(&r);
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
	static const char method[] = "node.sshdescription";
	struct client_reply r;
	int rc = call_exp(c, method, e, NULL, &r, err);

	if (!rc)
		rc = take_value(&r, VALUE_STRUCT, method, ret, err);
	client_reply_release(&r);
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
	static const char method[] = "node.hostkeys";
	struct value *args = exp_args(e);
	struct client_reply r;
	int rc;

	value_set(args, "node", value_string(node));
	rc = call_exp(c, method, e, args, &r, err);
	if (!rc) {
		rc = take_value(&r, VALUE_STRUCT, method, ret, err);
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
	struct value *args = exp_args(e);
	struct client_reply r;
	int rc;

	value_set(args, "show", value_string(show));
	rc = call_exp(c, "experiment.expinfo", e, args, &r, err);
	if (!rc)
		*ret = take(r.output);
	client_reply_release(&r);
	return rc;
}

int client_getlist(struct client *c, struct value **ret, struct err *err)
{
	static const char method[] = "experiment.getlist";
	struct client_reply r;
	int rc = client_call(c, method, value_new(VALUE_STRUCT), &r, err);

	if (!rc)
		rc = take_value(&r, VALUE_STRUCT, method, ret, err);
	client_reply_release(&r);
	return rc;
}

int client_portstats(struct client *c, const struct client_exp *e,
	const char *const *ports, char **ret, struct err *err)
{
	struct value *args = exp_args(e);
	struct client_reply r;
	int rc;

	value_set(args, "nodeports", list_of(ports));
	rc = call_exp(c, "experiment.portstats", e, args, &r, err);
	if (!rc)
		*ret = take(r.output);
	client_reply_release(&r);
	return rc;
}

int client_available(struct client *c, const char *proj, const char *type,
	int64_t *ret, struct err *err)
{
	static const char method[] = "node.available";
	struct value *args = value_new(VALUE_STRUCT);
	struct client_reply r;
	int rc;

	value_set(args, "proj", value_string(proj));
	if (type)
		value_set(args, "type", value_string(type));
	rc = client_call(c, method, args, &r, err);
	if (!rc && r.value->kind != VALUE_INT)
		rc = unexpected(err, method);
	if (!rc)
		*ret = r.value->integer;
	client_reply_release(&r);
	return rc;
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

int client_modify(struct client *c, const struct client_exp *e, const char *ns,
	char **ret_messages, struct err *err)
{
	struct value *args;
	struct client_reply r;
	int rc = check_ns(ns, err);

	if (ret_messages)
		*ret_messages = NULL;
	if (rc)
		return rc;
	args = exp_args(e);
	value_set(args, "nsfilestr", value_string(ns));
	rc = call_exp(c, "experiment.modify", e, args, &r, err);
	if (ret_messages)
		*ret_messages = take(r.output);
	client_reply_release(&r);
	return rc;
}

int client_nscheck(struct client *c, const char *proj, const char *ns,
	char **ret_messages, struct err *err)
{
	struct value *args;
	struct client_reply r;
	int rc = check_ns(ns, err);

	if (ret_messages)
		*ret_messages = NULL;
	if (rc)
		return rc;
	args = value_new(VALUE_STRUCT);
	value_set(args, "proj", value_string(proj));
	value_set(args, "nsfilestr", value_string(ns));
	rc = client_call(c, "experiment.nscheck", args, &r, err);
	if (ret_messages)
		*ret_messages = take(r.output);
	client_reply_release(&r);
	return rc;
}

int client_images(struct client *c, struct value **ret, struct err *err)
{
	static const char method[] = "osid.getlist";
	struct client_reply r;
	int rc = client_call(c, method, value_new(VALUE_STRUCT), &r, err);

	if (!rc)
		rc = take_value(&r, VALUE_STRUCT, method, ret, err);
	client_reply_release(&r);
	return rc;
}

int client_echo(struct client *c, const char *text, char **ret, struct err *err)
{
	struct value *args = value_new(VALUE_STRUCT);
	struct client_reply r;
	int rc;

	value_set(args, "str", value_string(text));
	rc = client_call(c, "experiment.echo", args, &r, err);
	if (!rc)
		*ret = take(r.output);
	client_reply_release(&r);
	return rc;
}
