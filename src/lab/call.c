/* What a call was asked, and its answer.  Whatever Python would raise is a
 * fault with Python's words (emulab-api reference, 2.1 to 2.4). */
#include "lab/call.h"
#include "base/mem.h"
#include "lab/pyrepr.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { FAULT_MAX = 1 << 20 };

/* The text, as long as it is; free() it. */
static char *formatted(const char *fmt, va_list ap)
{
	va_list again;
	char *text;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	text = mem_zalloc((size_t)(n > 0 ? n : 0) + 1, 1);
	if (n > 0)
		vsnprintf(text, (size_t)n + 1, fmt, ap);
	return text;
}

void call_fault(struct lab_call *c, const char *type, const char *fmt, ...)
{
	struct buf text = BUF_INIT(FAULT_MAX);
	cleanup_free char *part = NULL;
	va_list ap;

	va_start(ap, fmt);
	part = formatted(fmt, ap);
	va_end(ap);
	if (strchr(type, '.'))
		buf_addf(&text, "<class '%s'>:%s", type, part);
	else
		buf_addf(&text, "<type 'exceptions.%s'>:%s", type, part);
	free(c->fault);
	c->fault = buf_take(&text);
	c->answered = true;
}

/* Python's string.printable: the rest is not sent. */
static void add_printable(struct lab_call *c, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char ch = (unsigned char)text[i];

		if ((ch >= 0x20 && ch < 0x7f) || (ch >= '\t' && ch <= '\r'))
			buf_addc(&c->output, (char)ch);
	}
}

static void set(
	struct lab_call *c, int code, struct value *v, const char *output)
{
	value_free(c->value);
	c->code = code;
	c->value = v;
	buf_reset(&c->output);
	if (output)
		add_printable(c, output, strlen(output));
	c->answered = true;
}

void call_ok(struct lab_call *c, struct value *v)
{
	set(c, CALL_SUCCESS, v, NULL);
}

void call_ok_text(struct lab_call *c, struct value *v, const char *output)
{
	set(c, CALL_SUCCESS, v, output);
}

void call_ok_repr(struct lab_call *c, struct value *v)
{
	struct buf text cleanup(buf_release) = BUF_INIT(CALL_OUTPUT_MAX);

	pyrepr_str(v, &text);
	set(c, CALL_SUCCESS, v, buf_str(&text));
}

void call_fail(struct lab_call *c, enum call_code code, const char *fmt, ...)
{
	cleanup_free char *part = NULL;
	va_list ap;

	va_start(ap, fmt);
	part = formatted(fmt, ap);
	va_end(ap);
	set(c, (int)code, NULL, part);
}

void call_exit(struct lab_call *c, int status, const char *fmt, ...)
{
	cleanup_free char *part = NULL;
	va_list ap;

	va_start(ap, fmt);
	part = formatted(fmt, ap);
	va_end(ap);
	set(c, CALL_ERROR, value_int(status), part);
}

const struct value *call_arg(const struct lab_call *c, const char *name)
{
	return value_get(c->args, name);
}

const char *call_text(const struct lab_call *c, const char *name)
{
	const struct value *v = call_arg(c, name);

	return v && v->kind == VALUE_STRING ? v->text : NULL;
}

bool call_bool(const struct lab_call *c, const char *name)
{
	const struct value *v = call_arg(c, name);

	if (!v)
		return false;
	switch (v->kind) {
	case VALUE_BOOL:
		return v->boolean;
	case VALUE_INT:
		return v->integer == 1;
	case VALUE_DOUBLE:
		return v->number == 1.0;
	case VALUE_STRING:
		return strcmp(v->text, "true") == 0 ||
		       strcmp(v->text, "yes") == 0 ||
		       strcmp(v->text, "on") == 0 || strcmp(v->text, "1") == 0;
	case VALUE_NIL:
	case VALUE_TIME:
	case VALUE_BASE64:
	case VALUE_ARRAY:
	case VALUE_STRUCT:
		break;
	}
	return false;
}

static void alias(struct lab_call *c, const char *from, const char *to)
{
	const struct value *v = call_arg(c, from);

	if (!v || call_arg(c, to))
		return;
	if (v->kind == VALUE_STRING)
		value_set(c->args, to, value_string_n(v->text, v->text_len));
	else if (v->kind == VALUE_INT)
		value_set(c->args, to, value_int(v->integer));
	else
		value_set(c->args, to, value_new(v->kind));
}

bool call_require(struct lab_call *c, const char *names)
{
	alias(c, "pid", "proj");
	alias(c, "gid", "group");
	alias(c, "eid", "exp");
	while (*names) {
		char name[32];
		size_t n = strcspn(names, " ");

		snprintf(name, sizeof(name), "%.*s", (int)n, names);
		if (!call_arg(c, name)) {
			call_fail(c, CALL_BADARGS, "Must supply '%s'", name);
			return false;
		}
		names += n;
		names += strspn(names, " ");
	}
	return true;
}

bool call_nologins(struct lab_call *c)
{
	if (!c->site->nologins)
		return false;
	call_fail(c, CALL_REFUSED, "%s", c->site->nologins);
	return true;
}

bool call_word(const char *text)
{
	while ((*text >= 'a' && *text <= 'z') ||
		(*text >= 'A' && *text <= 'Z') ||
		(*text >= '0' && *text <= '9') || *text == '_' || *text == '-')
		text++;
	return *text == '\0' || (*text == '\n' && text[1] == '\0');
}

bool call_name_ok(struct lab_call *c, const char *name, bool *ret_bad)
{
	const char *text = call_text(c, name);

	*ret_bad = false;
	if (!text) {
		call_fault(c, "TypeError", "expected string or buffer");
		return false;
	}
	*ret_bad = !call_word(text);
	return !*ret_bad;
}

/* Both names of an experiment: the text when they are bad. */
bool call_names_ok(struct lab_call *c, const char *text)
{
	bool bad;

	if (call_name_ok(c, "proj", &bad) && call_name_ok(c, "exp", &bad))
		return true;
	if (bad)
		call_fail(c, CALL_BADARGS, "%s", text);
	return false;
}

const char *call_trust(
	const struct lab_user *user, const char *pid, const char *gid)
{
	for (int i = 0; i < user->n_groups; i++)
		if (strcasecmp(user->groups[i].pid, pid) == 0 &&
			strcasecmp(user->groups[i].gid, gid) == 0)
			return user->groups[i].trust;
	return NULL;
}

bool call_may_see(const struct lab_call *c, const char *pid, const char *gid)
{
	return call_trust(c->caller, pid, gid) != NULL;
}

struct lab_experiment *call_experiment(struct lab_call *c)
{
	struct lab_experiment *e;
	const char *pid, *eid;

	if (!call_names_ok(c, "Illegal characters in project and/or experiment "
			      "IDs!"))
		return NULL;
	pid = call_text(c, "proj");
	eid = call_text(c, "exp");
	e = lab_experiment_find(c->site, pid, eid);
	if (!e || e->portal) { /* the portal's are none of the classic's */
		call_fail(c, CALL_ERROR, "No such experiment: %s/%s", pid, eid);
		return NULL;
	}
	if (!call_may_see(c, e->pid, e->gid)) {
		call_fail(c, CALL_FORBIDDEN,
			"You do not have permission to access experiment: "
			"%s/%s",
			pid, eid);
		return NULL;
	}
	return e;
}

/* What the marshaller cannot write: its complaint, or NULL. */
static const char *unmarshallable(const struct value *v, const char **ret_type)
{
	if (v->kind == VALUE_NIL) {
		*ret_type = "TypeError";
		return "cannot marshal None unless allow_none is enabled";
	}
	if (v->kind == VALUE_INT &&
		(v->integer > INT32_MAX || v->integer < INT32_MIN)) {
		*ret_type = "OverflowError";
		return "int exceeds XML-RPC limits";
	}
	for (size_t i = 0; i < v->n; i++) {
		const char *text = unmarshallable(v->items[i], ret_type);

		if (text)
			return text;
	}
	return NULL;
}

static void print_struct(struct lab_call *c, struct buf *out)
{
	struct value *st = value_new(VALUE_STRUCT);

	value_set(st, "output",
		value_string_n(buf_str(&c->output), c->output.len));
	value_set(st, "code", value_int(c->code));
	value_set(st, "value", c->value ? take(c->value) : value_int(0));
	xmlrpc_print_response(st, out);
	value_free(st);
}

void call_print(struct lab_call *c, struct buf *out)
{
	const char *type = NULL;
	const char *text =
		c->value && !c->fault ? unmarshallable(c->value, &type) : NULL;

	if (text)
		call_fault(c, type, "%s", text);
	if (c->fault)
		xmlrpc_print_fault(1, c->fault, out);
	else
		print_struct(c, out);
}

void call_free(struct lab_call *c)
{
	if (!c)
		return;
	xmlrpc_request_release(&c->request);
	value_free(c->value);
	value_free(c->states);
	buf_release(&c->output);
	free(c->fault);
	free(c);
}
