/* Lists of hosts to log in at: a line for each, or an Ansible inventory.  They
 * have no links; those are found on the nodes (cli/resolve.h). */
#ifndef NFZ_TESTBED_HOSTLIST_H
#define NFZ_TESTBED_HOSTLIST_H

#include "testbed/draft.h"

bool hostlist_is(const char *text, size_t len);
/*	NAME [USER@]HOST[:PORT] [via JUMP]
 * or, after a line "[group]", lines of Ansible's INI form: the name first, then
 * ansible_host=, ansible_user=, ansible_port= among others. */
int hostlist_parse(const struct draft_text *from, struct topology **ret,
	struct err *err) NFZ_MUST_CHECK;

#endif
