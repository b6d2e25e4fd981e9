/* XML-RPC values and documents, both ways; no network.
 *
 * Parsing takes what real servers send: bare text in <value> is a string, i4,
 * nil, white space between elements; an ill-formed document is read again in
 * recovery mode, an undecodable one as ISO-8859-1 (*_parse says so).
 * Writing gives the bytes CPython 2.7's marshaller gives. */
#ifndef NFZ_FORMAT_XMLRPC_H
#define NFZ_FORMAT_XMLRPC_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_kind {
	VALUE_NIL,
	VALUE_BOOL,
	VALUE_INT,
	VALUE_DOUBLE,
	VALUE_STRING,
	VALUE_TIME, /* dateTime.iso8601: text as it came */
	VALUE_BASE64,
	VALUE_ARRAY,
	VALUE_STRUCT
};

/* A tree; every value owns its children. */
struct value {
	enum value_kind kind;
	bool boolean;
	int64_t integer;
	double number;
	char *text; /* STRING, TIME, BASE64 (decoded); NUL-terminated */
	size_t text_len;
	char **names;         /* STRUCT: member names, in wire order */
	struct value **items; /* ARRAY, STRUCT */
	size_t n, names_cap, items_cap;
};

struct value *value_new(enum value_kind kind);
struct value *value_int(int64_t v);
struct value *value_bool(bool v);
struct value *value_double(double v);
struct value *value_string(const char *s);
struct value *value_string_n(const char *s, size_t n);
struct value *value_time(const char *s);
void value_free(struct value *v); /* NULL is fine */
static inline void value_free_at(struct value **v)
{
	value_free(*v);
}
/* Both take ownership of item and return it. */
struct value *value_append(struct value *array, struct value *item);
/* Replaces a member of the same name. */
struct value *value_set(struct value *st, const char *name, struct value *item);
/* NULL when absent or not a struct. */
const struct value *value_get(const struct value *st, const char *name);
/* The text of a STRING or TIME member; NULL when absent or of another kind. */
const char *value_get_text(const struct value *st, const char *name);
/* INT or BOOL member, also a string of digits; false when absent. */
bool value_get_int(const struct value *st, const char *name, int64_t *ret);
bool value_get_double(const struct value *st, const char *name, double *ret);

struct xmlrpc_request {
	char *method; /* NULL when the document names none */
	struct value **params;
	size_t n_params;
};

struct xmlrpc_response {
	bool fault;
	int64_t fault_code;
	char *fault_text;
	struct value *value; /* NULL for a fault */
	bool recovered;      /* the document was ill-formed and mended */
};

/* Limits: depth 64, 16 M nodes, len as given.  Errors are NFZ_E_REPLY with
 * line and cause.  A response with damaged text is mended (format/xml.h), a
 * request is not: servers refuse ill-formed ones. */
int xmlrpc_parse_response(const char *text, size_t len,
	struct xmlrpc_response *ret, struct err *err) NFZ_MUST_CHECK;
int xmlrpc_parse_request(const char *text, size_t len,
	struct xmlrpc_request *ret, struct err *err) NFZ_MUST_CHECK;
void xmlrpc_response_release(struct xmlrpc_response *r);
void xmlrpc_request_release(struct xmlrpc_request *r);

void xmlrpc_print_request(const char *method, const struct value *const *params,
	size_t n, struct buf *out);
/* The shortest decimal that reads back the same, as Python's repr(). */
void xmlrpc_print_double(double d, struct buf *out);
/* value NULL is not allowed; NIL inside is the caller's bug. */
void xmlrpc_print_response(const struct value *value, struct buf *out);
void xmlrpc_print_fault(int64_t code, const char *text, struct buf *out);

#endif
