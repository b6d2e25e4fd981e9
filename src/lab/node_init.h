/* PID 1 of a node. */
#ifndef NFZ_LAB_NODE_INIT_H
#define NFZ_LAB_NODE_INIT_H

#include "lab/node.h"

#define NODE_OK "ok"

/* Mounts the node's root, says NODE_OK (or what went wrong) on talk, waits for
 * "go", sets the control address, starts sshd, says NODE_OK again and reaps
 * children for ever.  Dies with its launcher. */
void node_init(const struct node_place *place, int talk)
	__attribute__((noreturn));

/* Turns the calling process, which is inside a node, into its sshd. */
void node_become_sshd(void) __attribute__((noreturn));

#endif
