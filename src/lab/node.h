/* One machine that runs: a process tree with namespaces of its own on an
 * overlay of this machine's root (deploy-targets reference, section 2). */
#ifndef NFZ_LAB_NODE_H
#define NFZ_LAB_NODE_H

#include "base/err.h"
#include "lab/nodefiles.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct lab_node {
	pid_t pid;      /* its PID 1 as we see it; 0: not running */
	uint64_t start; /* with pid: which process for ever */
	int net;        /* descriptor of its network namespace, -1 */
	int talk;       /* to its PID 1 while it boots, -1 */
	unsigned boot;  /* counts its starts: wires belong to one of them */
	char vname[64], osid[64]; /* what it was started as */
	char *net_text;           /* what was set up inside, to see changes */
	int n_bridges;
};

struct node_place {
	const char *store; /* this machine's directory: gets u, w, m */
	const char *hostname, *login;
	const char *control_if;
	uint32_t control_ip, control_mask; /* host order */
	uint32_t boss_ip;                  /* known to nodes from the start */
	uint8_t boss_mac[6];
	int64_t disk_bytes; /* size of its disk, 0: 512 MiB */
	unsigned share;     /* it has one part in so many of our memory */
};

/* Makes the disk (a tmpfs of its own) once; also after a re-image. */
int node_disk(const struct node_place *place, struct err *err) NFZ_MUST_CHECK;
/* Clones PID 1: it mounts its root and then waits. */
int node_start(const struct node_place *place, struct lab_node *node,
	struct err *err) NFZ_MUST_CHECK;
/* Waits until its root is mounted. */
int node_mounted(struct lab_node *node, struct err *err) NFZ_MUST_CHECK;
/* Lets it set its control address and start sshd. */
int node_release(struct lab_node *node, struct err *err) NFZ_MUST_CHECK;
/* Waits until it has done so. */
int node_booted(struct lab_node *node, struct err *err) NFZ_MUST_CHECK;
/* Kills PID 1, does not wait: to stop many at once. */
void node_kill(const struct lab_node *node);
/* Kills PID 1 and with it everything in the node; waits for the end. */
void node_stop(struct lab_node *node);
/* Writes files into the running node's root, whatever links its users made:
 * paths are resolved inside the node.  Only what differs is written. */
int node_write(const struct lab_node *node, const struct nodefiles *files,
	struct err *err) NFZ_MUST_CHECK;
int node_unlink(const struct lab_node *node, const char *path,
	struct err *err) NFZ_MUST_CHECK;
/* The node's sshd listener as we see it, 0 when there is none. */
pid_t node_sshd(const struct lab_node *node);
/* Runs argv in the node and waits: as root with a clean environment, in all
 * of its namespaces.  login NULL: root.  Returns the exit status; the
 * caller's stdin, stdout and stderr are used. */
int node_exec(pid_t pid, const char *login, char *const *argv, int *ret_status,
	struct err *err) NFZ_MUST_CHECK;
/* Runs fn(data) in the node's mount namespace in a child of ours; its return
 * value is an errno. */
int node_inside(const struct lab_node *node, int (*fn)(const void *data),
	const void *data, struct err *err) NFZ_MUST_CHECK;

#endif
