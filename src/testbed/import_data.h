/* What an import has fetched and made so far; for import*.c only. */
#ifndef NFZ_TESTBED_IMPORT_DATA_H
#define NFZ_TESTBED_IMPORT_DATA_H

#include "testbed/import.h"
#include "testbed/nodefile.h"

struct import {
	struct client *client;
	const struct client_exp *e;
	const struct import_options *options;
	struct topology *t;
	/* replies; links and vtopo may be NULL, not both */
	struct value *mapping, *links, *physical, *traces, *vtopo, *ssh;
	struct nodefile_shapers report; /* the testbed's text report */
	struct import_member *members;  /* sorted by link, then place */
	size_t n_members, members_cap;
	struct import_shaper *shapers; /* all we know of, joined */
	size_t n_shapers, shapers_cap;
	struct import_cards *cards; /* of virtual nodes, by themselves */
	size_t n_cards, cards_cap;
	struct map iface_rows; /* "machine 10.1.1.2" -> row of physical */
	struct map controls;   /* machine -> that of its control interface */
	struct map logins;     /* machine -> its part of ssh */
	struct map machines;   /* those of mapping */
	struct err *err;
};

/* One member of a link, from links or the virtual topology. */
struct import_member {
	const char *link, *vnode;
	int64_t vport, vindex;
	const char *ip, *mask; /* NULL unnumbered */
	struct topo_shape shape;
	bool traced;
};

/* The testbed's answer about one machine's host keys. */
struct import_keys {
	const char *machine; /* NULL: do not ask */
	struct value *reply; /* NULL: none are stored */
	int rc;
	struct err *err; /* of a failure that ends the import */
};

/* What a virtual node says of its cards. */
struct import_cards {
	int node;
	struct nodefile_ifaces ifaces;
};

/* A shaper and the machine it is on. */
struct import_shaper {
	int node;
	struct nodefile_shaper s;
	bool stated; /* by the machine or by traces, not by the report only */
};

void import_note(struct import *i, const char *fmt, ...) NFZ_PRINTF(2, 3);
/* Asking a node ended with rc: no probe is planned where no login is. */
void import_silent(struct import *i, int node, int rc);
/* A printable text of a reply's struct, NULL when absent, empty or odd. */
const char *import_text(const struct value *st, const char *name);
/* Nodes of mapping, with login data and control interfaces. */
int import_nodes(struct import *i);
/* Asks for the host keys of n machines; those behind a failure that ends the
 * import are not asked about. */
void import_ask_keys(struct import *i, struct import_keys *keys, size_t n);
/* Failures after which the rest is asked for all the same. */
bool import_keys_missing(int rc);
/* Asks nodes whose image sounds foreign what they really run. */
int import_systems(struct import *i) NFZ_MUST_CHECK;
/* Asks virtual nodes for what the testbed does not tell of them: where they
 * are, and, when their links are known, which card is on which. */
int import_virtual(struct import *i) NFZ_MUST_CHECK;
void import_virtual_cards(struct import *i);
/* The members of all links. */
int import_members(struct import *i);
/* The run of members of one link; *ret_n 0 when there is none. */
const struct import_member *import_members_of(
	const struct import *i, const char *link, size_t *ret_n);
/* Fills shapers from node files, traces and the report. */
int import_shapers(struct import *i);
/* Links and their interfaces; a link of two that has a shaper for each member
 * is a LAN. */
int import_links(struct import *i);
/* Bridges and their ports, from shapers. */
int import_bridges(struct import *i);
/* The node that runs on a machine ("pc164"), or -1. */
int import_node_on(const struct import *i, const char *machine);

#endif
