/* The methods of the service, and how a request finds its own. */
#ifndef NFZ_LAB_DISPATCH_H
#define NFZ_LAB_DISPATCH_H

#include "lab/call.h"

/* NULL-ended by .module; one table a file of methods. */
extern const struct call_method methods_info[];
extern const struct call_method methods_experiment[];
extern const struct call_method methods_virtual[];
extern const struct call_method methods_events[];
extern const struct call_method methods_change[];
extern const struct call_method methods_node[];
extern const struct call_method methods_site[];
extern const struct call_method methods_absent[];
extern const struct call_method methods_portal[];

/* Parses the document, makes the common tests and runs the method. */
void dispatch_document(struct lab_call *c, const char *document, size_t len);

#endif
