/* Writing XML-RPC documents, byte for byte as the xmlrpclib of CPython 2.7
 * writes them: header in single quotes, one member a line, only & < > escaped,
 * doubles in the shortest form that reads back, base 64 in lines of 76. */
#include "format/xmlrpc.h"
#include "format/base64.h"
#include "format/xml_escape.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char header[] = "<?xml version='1.0'?>\n";

/* Digits and exponent of the shortest decimal that reads back as d. */
static int shortest_digits(double d, char digits[static 18], int *exponent)
{
	char text[40];
	int n = 0;

	for (int precision = 0; precision < 17; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision, d);
		if (strtod(text, NULL) == d)
			break;
	}
	for (const char *s = text; *s && *s != 'e'; s++)
		if (*s >= '0' && *s <= '9')
			digits[n++] = *s;
	digits[n] = '\0';
	*exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
	return n;
}

void xmlrpc_print_double(double d, struct buf *out)
{
	char digits[18];
	int exponent, n;

	if (!isfinite(d)) {
		buf_adds(out, isnan(d) ? "nan" : d < 0 ? "-inf" : "inf");
		return;
	}
	n = shortest_digits(d, digits, &exponent);
	if (signbit(d))
		buf_addc(out, '-');
	if (exponent < -4 || exponent >= 16) {
		buf_addf(out, "%c%s%se%s%02d", digits[0], n > 1 ? "." : "",
			digits + 1, exponent < 0 ? "-" : "+", abs(exponent));
		return;
	}
	if (exponent < 0) {
		buf_addf(out, "0.%.*s%s", -exponent - 1, "000", digits);
		return;
	}
	for (int i = 0; i < n || i <= exponent; i++) {
		if (i == exponent + 1)
			buf_addc(out, '.');
		buf_addc(out, i < n ? digits[i] : '0');
	}
	if (n <= exponent + 1)
		buf_adds(out, ".0");
}

static void print_value(const struct value *v, struct buf *out);

static void print_items(const struct value *v, struct buf *out)
{
	buf_adds(
		out, v->kind == VALUE_ARRAY ? "<array><data>\n" : "<struct>\n");
	for (size_t i = 0; i < v->n; i++) {
		if (v->kind == VALUE_STRUCT) {
			buf_adds(out, "<member>\n<name>");
			xml_escape(out, v->names[i], strlen(v->names[i]),
				XML_TEXT);
			buf_adds(out, "</name>\n");
		}
		print_value(v->items[i], out);
		if (v->kind == VALUE_STRUCT)
			buf_adds(out, "</member>\n");
	}
	buf_adds(out, v->kind == VALUE_ARRAY ? "</data></array>" : "</struct>");
}

static void print_value(const struct value *v, struct buf *out)
{
	buf_adds(out, "<value>");
	switch (v->kind) {
	case VALUE_NIL:
		buf_adds(out, "<nil/></value>"); /* no newline there either */
		return;
	case VALUE_BOOL:
		buf_addf(out, "<boolean>%d</boolean>", v->boolean);
		break;
	case VALUE_INT:
		buf_addf(out, "<int>%" PRId64 "</int>", v->integer);
		break;
	case VALUE_DOUBLE:
		buf_adds(out, "<double>");
		xmlrpc_print_double(v->number, out);
		buf_adds(out, "</double>");
		break;
	case VALUE_STRING:
		buf_adds(out, "<string>");
		xml_escape(out, v->text, v->text_len, XML_TEXT);
		buf_adds(out, "</string>");
		break;
	case VALUE_TIME:
		buf_addf(out, "<dateTime.iso8601>%s</dateTime.iso8601>",
			v->text);
		break;
	case VALUE_BASE64:
		buf_adds(out, "<base64>\n");
		base64_encode(v->text, v->text_len, 57, out);
		buf_adds(out, "</base64>");
		break;
	case VALUE_ARRAY:
	case VALUE_STRUCT:
		print_items(v, out);
		break;
	}
	buf_adds(out, "</value>\n");
}

static void print_params(
	const struct value *const *params, size_t n, struct buf *out)
{
	buf_adds(out, "<params>\n");
	for (size_t i = 0; i < n; i++) {
		buf_adds(out, "<param>\n");
		print_value(params[i], out);
		buf_adds(out, "</param>\n");
	}
	buf_adds(out, "</params>\n");
}

void xmlrpc_print_request(const char *method, const struct value *const *params,
	size_t n, struct buf *out)
{
	buf_adds(out, header);
	buf_adds(out, "<methodCall>\n<methodName>");
	xml_escape(out, method, strlen(method), XML_TEXT);
	buf_adds(out, "</methodName>\n");
	print_params(params, n, out);
	buf_adds(out, "</methodCall>\n");
}

void xmlrpc_print_response(const struct value *value, struct buf *out)
{
	buf_adds(out, header);
	buf_adds(out, "<methodResponse>\n");
	print_params(&value, 1, out);
	buf_adds(out, "</methodResponse>\n");
}

void xmlrpc_print_fault(int64_t code, const char *text, struct buf *out)
{
	struct value *v = value_new(VALUE_STRUCT);

	value_set(v, "faultCode", value_int(code));
	value_set(v, "faultString", value_string(text));
	buf_adds(out, header);
	buf_adds(out, "<methodResponse>\n<fault>\n");
	print_value(v, out);
	buf_adds(out, "</fault>\n</methodResponse>\n");
	value_free(v);
}
