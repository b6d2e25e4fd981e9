/* The files the testbed's client side keeps on every node (emulab-api
 * reference, section 6), and the system files that make a node of the copied
 * root file system.  Pure text: who writes them is node.c. */
#ifndef NFZ_LAB_NODEFILES_H
#define NFZ_LAB_NODEFILES_H

#include "base/buf.h"
#include "lab/model.h"

#include <sys/types.h>

enum { LAB_UID = 20001, LAB_GID = 6001 }; /* the login user on every node */

struct nodefile {
	char path[96];
	mode_t mode;
	bool of_user; /* owned by the login user, else by root */
	char *text;   /* owned */
	size_t len;
};

struct nodefiles {
	struct nodefile *files;
	size_t n, cap;
};

/* All files of /var/emulab/boot and the answers of tmcc for one machine of
 * the experiment. */
void nodefiles_boot(const struct lab_site *site, const struct lab_experiment *e,
	int machine, struct nodefiles *ret);
/* hosts, hostname, accounts, sshd's and sudo's configuration.  authorized is
 * the public key line that may log in. */
void nodefiles_system(const struct lab_site *site,
	const struct lab_experiment *e, int machine, const char *authorized,
	struct nodefiles *ret);
/* /etc/hosts as one machine sees it; machine -1: as seen from the control
 * network, where names are control addresses. */
void nodefiles_hosts(const struct lab_site *site,
	const struct lab_experiment *e, int machine, struct buf *out);
void nodefiles_add(struct nodefiles *list, const char *path, mode_t mode,
	struct buf *text); /* takes the text */
void nodefiles_release(struct nodefiles *list);

#endif
