/* What CPython 2.7 prints: the repr of a value, which the original server puts
 * into `output`, and the order in which its dictionaries give their keys,
 * which shows on the wire. */
#ifndef NFZ_LAB_PYREPR_H
#define NFZ_LAB_PYREPR_H

#include "base/buf.h"
#include "format/xmlrpc.h"

/* 'text', with \n, \x07 and \\ escaped; in double quotes when it holds a
 * single quote and no double one. */
void pyrepr_string(const char *text, size_t len, struct buf *out);
void pyrepr_value(const struct value *v, struct buf *out);
/* str(): a string as it is, anything else as its repr. */
void pyrepr_str(const struct value *v, struct buf *out);
/* An array that prints as a tuple: ('a', 'b'), ('a',), (). */
struct value *pyrepr_tuple(void);
/* The name of the type in messages: "str", "list", "int". */
const char *pyrepr_type(const struct value *v);

/* Puts a struct's members, inserted in their present order, into the order of
 * a Python 2.7 dictionary on a 64-bit machine (no hash randomisation). */
void pydict_order(struct value *st);

#endif
