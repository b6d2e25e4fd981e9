/* An experiment of an Emulab-compatible testbed as a topology.
 *
 * Joins what the testbed says in several places: who runs where (mapping), who
 * is on which link (links, virtual_topology), which card that is (physical),
 * how to log in (sshdescription, hostkeys), and for shapers, whose ports no
 * call names, the files on the shaper itself, joined by MAC address. */
#ifndef NFZ_TESTBED_IMPORT_H
#define NFZ_TESTBED_IMPORT_H

#include "base/buf.h"
#include "testbed/client.h"
#include "topology/topology.h"

#define IMPORT_DELAY_MAPPING "/var/emulab/boot/delay_mapping"
#define IMPORT_IFMAP "/var/emulab/boot/ifmap"
/* not a file: the output of `tmcc delay` on the node, as root */
#define IMPORT_TMCC_DELAY "tmcc:delay"
/* nor this: the output of `uname -s` */
#define IMPORT_UNAME "uname"
/* what sshd tells its session (the client's address and port, then the
 * node's), then the file ifmap */
#define IMPORT_VIRTUAL "virtual"

/* Adds the content of a node's file to out.  The node has its login data and
 * host keys.  An error means that bridges are concluded from the testbed's
 * report instead; NFZ_E_UNREACHABLE, NFZ_E_NODE_AUTH and NFZ_E_HOST_KEY also
 * that no probe can run there; NFZ_E_INTERRUPTED ends the import. */
typedef int (*node_file_fn)(void *ctx, const struct topo_node *node,
	const char *path, struct buf *out, struct err *err);

struct import_options {
	node_file_fn node_file; /* NULL: nobody can be asked */
	void *ctx;
	bool without_host_keys; /* saves one call a node */
	struct buf *notes;      /* gets a line for what was concluded or
				 * missing; may be NULL */
};

/* NFZ_E_SWAPPED, with what it is instead, when the experiment is not active.
 * options may be NULL. */
int import_experiment(struct client *client, const struct client_exp *e,
	const struct import_options *options, struct topology **ret,
	struct err *err) NFZ_MUST_CHECK;
/* Is that an image no probe of ours runs on (FreeBSD, Windows)?  Decided by
 * its name only; NULL and unknown names are taken for Linux until a shell on
 * the node says otherwise. */
bool import_os_unusable(const char *osid);

#endif
