/* An experiment as the portal has it: not from an NS file but from an RSpec,
 * with names of its own, perhaps over several sites (aggregates).
 *
 * The machines below are mapped from an NS text all the same; what an NS file
 * cannot say (names with "_", names of bridges) is kept here. */
#ifndef NFZ_LAB_PORTAL_H
#define NFZ_LAB_PORTAL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "lab/model.h"
#include "testbed/draft.h"

enum { LAB_UUID = 40, LAB_SITES_MAX = 16, LAB_LOGIN_PORTS = 25000 };

/* Where the JSON of an answer is put: clients have seen all of these. */
enum lab_answers { LAB_IN_VALUE, LAB_IN_OUTPUT, LAB_IN_BOTH };

/* A name of the NS text and the RSpec's own. */
struct lab_name {
	const char *ns, *id;
};

/* A bridge that the RSpec itself asked for: visible in the manifest. */
struct lab_bridge {
	const char *lan;    /* of the NS text */
	const char *member; /* the node before it; NULL: both of a link */
	const char *id;
};

struct lab_portal {
	struct arena arena;
	char uuid[LAB_UUID];
	int n_sites; /* nodes are dealt out among them, in order */
	enum lab_answers answers;
	struct lab_name *nodes, *links; /* only those that differ */
	struct lab_bridge *bridges;
	size_t n_nodes, n_links, n_bridges;
	size_t nodes_cap, links_cap, bridges_cap;
	char status[32]; /* instead of the true one, "" for that */
};

struct lab_portal *lab_portal_new(void);
void lab_portal_free(struct lab_portal *p); /* NULL is fine */
/* Sets the UUID, by rule from the experiment's name. */
void lab_portal_name(struct lab_portal *p, const char *pid, const char *eid);

/* The RSpec's names; the given ones where they do not differ. */
const char *lab_portal_node(const struct lab_experiment *e, const char *vname);
const char *lab_portal_link(const struct lab_experiment *e, const char *lan);
/* The NS text's name of an RSpec's node. */
const char *lab_portal_vname(const struct lab_experiment *e, const char *id);
/* The bridge of that link and member, or NULL. */
const struct lab_bridge *lab_portal_bridge(
	const struct lab_experiment *e, const char *lan, const char *member);

/* Does the text hold an RSpec, or the portal's JSON with several? */
bool lab_rspec_is(const char *text, size_t len);
/* An RSpec, request or manifest, as an NS text and the names that it cannot
 * hold.  What a local testbed cannot have is left out and warned of. */
int lab_rspec_read(const struct draft_text *from, struct buf *ns,
	struct lab_portal *portal, struct err *err) NFZ_MUST_CHECK;

/* The manifest of one site (0 to n_sites - 1) of a mapped experiment. */
void manifest_print(const struct lab_site *site, const struct lab_experiment *e,
	int number, struct buf *out);
/* "urn:publicid:IDN+...+authority+cm" of that site. */
void manifest_manager(const struct lab_site *site,
	const struct lab_experiment *e, int number, struct buf *out);
/* The site of a node of the NS text. */
int manifest_site_of(const struct lab_experiment *e, int node);
/* The port of a machine's login as the manifest has it. */
int manifest_login_port(const struct lab_experiment *e, int machine,
	const struct lab_machine *m);

#endif
