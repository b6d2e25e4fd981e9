/* What a testbed's refusal means; for client*.c only. */
#ifndef NFZ_TESTBED_CLIENT_ERROR_H
#define NFZ_TESTBED_CLIENT_ERROR_H

#include "testbed/client.h"

/* The error for a reply with a code other than 0. */
int client_error_code(const char *method, const struct value *args,
	const struct client_reply *reply, struct err *err);
/* The error for a fault. */
int client_error_fault(
	const char *method, int64_t code, const char *text, struct err *err);
/* Adds to a NFZ_E_NO_EXPERIMENT which experiments there are. */
void client_error_suggest(const struct value *getlist,
	const struct client_exp *e, struct err *err);
/* Joins the lines of a message ("*** ..." marks removed) into one printable
 * line of at most size - 1 bytes. */
void client_error_line(const char *text, char *line, size_t size);

#endif
