/* Reading XML-RPC documents.
 *
 * As tolerant as the servers and clients in the field: bare text in <value> is
 * a string, white space between elements means nothing, i4, i8 and nil are
 * known, elements we do not know beside the ones we want are passed over.
 * A value that cannot be what its element says is an error with its line. */
#include "base/mem.h"
#include "format/base64.h"
#include "format/xml.h"
#include "format/xmlrpc.h"

#include <errno.h>
#include <string.h>

enum { VALUE_DEPTH_MAX = 64, TEXT_MAX = 64 << 20 };

static int bad(const struct xnode *node, struct err *err, const char *cause)
{
	return err_set(
		err, NFZ_E_REPLY, "line %ld: %s", xnode_line(node), cause);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The element's text without the white space around it; it may hold NUL bytes,
 * which are not its end. */
static const char *trimmed_text(const struct xnode *node, size_t *ret_len)
{
	const char *text = xnode_text(node, ret_len);

	for (; *ret_len && is_space(*text); --*ret_len)
		text++;
	while (*ret_len && is_space(text[*ret_len - 1]))
		--*ret_len;
	return text;
}

static int parse_int(
	const struct xnode *node, struct value **ret, struct err *err)
{
	size_t len;
	const char *text = trimmed_text(node, &len);
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (!len || end != text + len || errno)
		return bad(node, err, "an integer expected");
	*ret = value_int(n);
	return 0;
}

static int parse_double(
	const struct xnode *node, struct value **ret, struct err *err)
{
	size_t len;
	const char *text = trimmed_text(node, &len);
	char *end;
	double d = strtod(text, &end);

	if (!len || end != text + len)
		return bad(node, err, "a number expected");
	*ret = value_double(d);
	return 0;
}

static int parse_boolean(
	const struct xnode *node, struct value **ret, struct err *err)
{
	size_t len;
	const char *text = trimmed_text(node, &len);

	if (len != 1 || (*text != '0' && *text != '1'))
		return bad(node, err, "0 or 1 expected");
	*ret = value_bool(*text == '1');
	return 0;
}

static int parse_text(
	const struct xnode *node, struct value **ret, struct err *err)
{
	size_t len;
	const char *text = xnode_text(node, &len);

	(void)err;
	*ret = value_string_n(text, len);
	return 0;
}

static int parse_time(
	const struct xnode *node, struct value **ret, struct err *err)
{
	size_t len;
	const char *text = trimmed_text(node, &len);

	(void)err;
	*ret = value_string_n(text, len);
	(*ret)->kind = VALUE_TIME;
	return 0;
}

static int parse_base64(
	const struct xnode *node, struct value **ret, struct err *err)
{
	struct buf bytes = BUF_INIT(TEXT_MAX);
	size_t len;
	const char *text = trimmed_text(node, &len);
	int rc = 0;

	if (base64_decode(text, len, &bytes) && buf_ok(&bytes)) {
		*ret = value_string_n(buf_str(&bytes), bytes.len);
		(*ret)->kind = VALUE_BASE64;
	} else {
		rc = bad(node, err, "ill-formed base 64");
	}
	buf_release(&bytes);
	return rc;
}

static int parse_nil(
	const struct xnode *node, struct value **ret, struct err *err)
{
	(void)node;
	(void)err;
	*ret = value_new(VALUE_NIL);
	return 0;
}

static int parse_value(const struct xnode *node, int depth, struct value **ret,
	struct err *err);

static int parse_array(const struct xnode *node, int depth, struct value *array,
	struct err *err)
{
	const struct xnode *data = xnode_find(node, "data");

	for (const struct xnode *n = data ? xnode_child(data) : NULL; n;
		n = xnode_next(n)) {
		struct value *item = NULL;
		int rc;

		if (!xnode_is(n, "value"))
			continue;
		rc = parse_value(n, depth, &item, err);
		if (rc)
			return rc;
		value_append(array, item);
	}
	return 0;
}

/* Appends without looking for the name: a look-up finds the last. */
static void add_member(
	struct value *st, const struct xnode *name, struct value *item)
{
	size_t len;
	const char *text = xnode_text(name, &len);

	st->names = mem_reserve(
		st->names, st->n, &st->names_cap, sizeof(*st->names));
	st->names[st->n] = mem_strdup(text);
	value_append(st, item);
}

static int parse_struct(
	const struct xnode *node, int depth, struct value *st, struct err *err)
{
	for (const struct xnode *n = xnode_child(node); n; n = xnode_next(n)) {
		const struct xnode *name = xnode_find(n, "name");
		const struct xnode *value = xnode_find(n, "value");
		struct value *item = NULL;
		int rc;

		if (!xnode_is(n, "member"))
			continue;
		if (!name || !value)
			return bad(n, err, "a member needs a name and a value");
		rc = parse_value(value, depth, &item, err);
		if (rc)
			return rc;
		add_member(st, name, item);
	}
	return 0;
}

static int parse_tree(const struct xnode *node, int depth, struct value **ret,
	struct err *err)
{
	bool array = xnode_is(node, "array");
	struct value *v;
	int rc;

	if (depth >= VALUE_DEPTH_MAX)
		return err_set(err, NFZ_E_LIMIT,
			"line %ld: values nested deeper than %d",
			xnode_line(node), VALUE_DEPTH_MAX);
	v = value_new(array ? VALUE_ARRAY : VALUE_STRUCT);
	rc = array ? parse_array(node, depth + 1, v, err)
		   : parse_struct(node, depth + 1, v, err);
	if (rc)
		value_free(v);
	else
		*ret = v;
	return rc;
}

typedef int (*scalar_fn)(
	const struct xnode *node, struct value **ret, struct err *err);

static const struct {
	const char *element;
	scalar_fn parse;
} scalars[] = {
	{"string", parse_text},
	{"int", parse_int},
	{"i4", parse_int},
	{"i8", parse_int},
	{"double", parse_double},
	{"boolean", parse_boolean},
	{"dateTime.iso8601", parse_time},
	{"base64", parse_base64},
	{"nil", parse_nil},
};

static int parse_value(const struct xnode *node, int depth, struct value **ret,
	struct err *err)
{
	const struct xnode *inner = xnode_child(node);

	if (!inner)
		return parse_text(node, ret, err);
	if (xnode_is(inner, "array") || xnode_is(inner, "struct"))
		return parse_tree(inner, depth, ret, err);
	for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++)
		if (xnode_is(inner, scalars[i].element))
			return scalars[i].parse(inner, ret, err);
	return err_set(err, NFZ_E_REPLY, "line %ld: unknown type <%.40s>",
		xnode_line(inner), xnode_name(inner));
}

static int parse_fault(
	const struct xnode *fault, struct xmlrpc_response *out, struct err *err)
{
	const struct xnode *value = xnode_find(fault, "value");
	struct value *v = NULL;
	const char *text;
	int rc;

	if (!value)
		return bad(fault, err, "a fault without a value");
	rc = parse_value(value, 0, &v, err);
	if (rc)
		return rc;
	text = value_get_text(v, "faultString");
	if (text && value_get_int(v, "faultCode", &out->fault_code)) {
		out->fault = true;
		out->fault_text = mem_strdup(text);
	} else {
		rc = bad(fault, err, "a fault without code and text");
	}
	value_free(v);
	return rc;
}

static int read_response(
	const struct xnode *root, struct xmlrpc_response *out, struct err *err)
{
	const struct xnode *n;

	if (!xnode_is(root, "methodResponse"))
		return err_set(err, NFZ_E_REPLY,
			"line %ld: <methodResponse> expected, not <%.40s>",
			xnode_line(root), xnode_name(root));
	n = xnode_find(root, "fault");
	if (n)
		return parse_fault(n, out, err);
	n = xnode_find(root, "params");
	n = n ? xnode_find(n, "param") : NULL;
	n = n ? xnode_find(n, "value") : NULL;
	if (!n)
		return bad(root, err, "a response without a value");
	return parse_value(n, 0, &out->value, err);
}

int xmlrpc_parse_response(const char *text, size_t len,
	struct xmlrpc_response *ret, struct err *err)
{
	cleanup(xdoc_free_at) struct xdoc *doc = NULL;
	struct xmlrpc_response out = {0};
	int rc = xdoc_parse(text, len, XDOC_MEND, &doc, err);

	if (rc)
		return rc;
	out.recovered = xdoc_mended(doc);
	rc = read_response(xdoc_root(doc), &out, err);
	if (rc)
		xmlrpc_response_release(&out);
	else
		*ret = out;
	return rc;
}

static int read_params(
	const struct xnode *params, struct xmlrpc_request *out, struct err *err)
{
	size_t cap = 0;

	for (const struct xnode *n = xnode_child(params); n;
		n = xnode_next(n)) {
		const struct xnode *value = xnode_find(n, "value");
		struct value *v = NULL;
		int rc;

		if (!xnode_is(n, "param"))
			continue;
		if (!value)
			return bad(n, err, "a parameter without a value");
		rc = parse_value(value, 0, &v, err);
		if (rc)
			return rc;
		MEM_PUSH(out->params, out->n_params, cap) = v;
	}
	return 0;
}

int xmlrpc_parse_request(const char *text, size_t len,
	struct xmlrpc_request *ret, struct err *err)
{
	cleanup(xdoc_free_at) struct xdoc *doc = NULL;
	struct xmlrpc_request out = {0};
	const struct xnode *root, *n;
	size_t method_len;
	int rc = xdoc_parse(text, len, XDOC_STRICT, &doc, err);

	if (rc)
		return rc;
	root = xdoc_root(doc);
	n = xnode_find(root, "methodName");
	if (n)
		out.method = mem_strdup(xnode_text(n, &method_len));
	n = xnode_find(root, "params");
	rc = n ? read_params(n, &out, err) : 0;
	if (rc)
		xmlrpc_request_release(&out);
	else
		*ret = out;
	return rc;
}

void xmlrpc_response_release(struct xmlrpc_response *r)
{
	free(r->fault_text);
	value_free(r->value);
	memset(r, 0, sizeof(*r));
}

void xmlrpc_request_release(struct xmlrpc_request *r)
{
	for (size_t i = 0; i < r->n_params; i++)
		value_free(r->params[i]);
	free(r->params);
	free(r->method);
	memset(r, 0, sizeof(*r));
}
