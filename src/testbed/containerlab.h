/* Topologies from containerlab: topology files (YAML) and the data it writes
 * about a lab that runs (topology-data.json, in each of its three shapes). */
#ifndef NFZ_TESTBED_CONTAINERLAB_H
#define NFZ_TESTBED_CONTAINERLAB_H

#include "testbed/draft.h"

bool containerlab_is(const char *text, size_t len);
bool containerlab_data_is(const char *text, size_t len);
/* Nodes by their names.  A node of a bridge's kind is no node but a LAN of
 * what is plugged into it.  Errors name the line. */
int containerlab_parse(const struct draft_text *from, struct topology **ret,
	struct err *err) NFZ_MUST_CHECK;

#endif
