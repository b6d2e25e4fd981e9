/* On a node, programs that are made of much the same are one file, for each
 * byte of it is sent to each node: it is the one it is called by.  Elsewhere
 * each has a file of its own. */
#ifndef NFZ_BASE_PROGRAM_H
#define NFZ_BASE_PROGRAM_H

#include <stdbool.h>

#ifdef NFZ_NODE
#define PROGRAM_MAIN(name) name##_main
int meter_main(int argc, char **argv);
int cache_main(int argc, char **argv);
int query_main(int argc, char **argv);
#else
#define PROGRAM_MAIN(name) main
#endif

/* Is it called by that name? */
bool program_is(char *const *argv, const char *name);

#endif
