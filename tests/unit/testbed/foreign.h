/* Topologies from texts in foreign formats, for the tests of their readers. */
#ifndef NFZ_TEST_FOREIGN_H
#define NFZ_TEST_FOREIGN_H

#include "testbed/load.h"

/* The topology of a text, recognised by its content, called "f" in messages.
 * Fails the test when it is refused. */
struct topology *foreign(const char *text);
/* As above; *warnings gets what was warned of, to be freed. */
struct topology *foreign_warned(const char *text, char **warnings);
/* The text must be refused with this sentence. */
void foreign_refused(const char *text, const char *sentence);
/* "a: b, c" lines: every link with its members' nodes, LANs with "[]". */
void foreign_expect(const struct topology *t, const char *links);
/* Names of the nodes, one blank between. */
void foreign_nodes(const struct topology *t, const char *names);

#endif
