/* Rows of the testbed's tables as XML-RPC structs: every column there, at its
 * default, in the order in which the original's dictionaries give them. */
#ifndef NFZ_LAB_ROWS_H
#define NFZ_LAB_ROWS_H

#include "format/xmlrpc.h"
#include "lab/model.h"

/* columns: "name=KIND[default] ..." with KIND i (int), d (double), s (string),
 * n (NULL, a VALUE_NIL). */
struct value *row_new(const char *columns);
void row_int(struct value *row, const char *name, int64_t v);
void row_double(struct value *row, const char *name, double v);
/* NULL text is SQL's NULL. */
void row_text(struct value *row, const char *name, const char *text);
/* A unix time, in UTC, as a date. */
void row_time(struct value *row, const char *name, int64_t unix_s);
/* NULL and "" both leave the column as it is. */
void row_text_if(struct value *row, const char *name, const char *text);

/* Takes a member out; false when there is none. */
bool row_remove(struct value *row, const char *name);
void row_remove_all(struct value *row, const char *const *names);
/* Takes NULLs out, as most methods do. */
void row_scrub(struct value *row);
/* Makes NULLs empty strings, as virtual_topology does. */
void row_blank(struct value *row);

/* Numbers of the site's own making that never change for a name: a UUID, a
 * key of hex digits. */
void row_uuid(const char *of, const char *kind, char ret[static 40]);
void row_hex(const char *of, const char *kind, int digits, char ret[static 48]);

/* The experiments table's row. */
struct value *row_experiment(
	const struct lab_site *site, const struct lab_experiment *e);
/* Index of a user, a project, a group: 10, 11...; 100, 102... */
int row_uid_idx(const struct lab_site *site, const char *uid);
int row_pid_idx(const struct lab_site *site, const char *pid);

/* The OS a node was given, or its type's own. */
const char *rows_osname(const struct lab_site *site, const struct ns_node *n);
/* As the tables hold a loss rate: eight decimals. */
double rows_loss(double loss);

/* The links and LANs sorted by name, and the members of one by node and port:
 * arrays of pointers to free(). */
const struct ns_lan **rows_lans(const struct ns_experiment *ns);
const struct ns_member **rows_members(const struct ns_lan *lan);
/* The nodes sorted by name.  Case matters only between equals. */
const struct ns_node **rows_nodes(const struct ns_experiment *ns);
int rows_by_name(const char *a, const char *b);
/* All links' members in the order of link and "node:port". */
struct rows_port {
	const struct ns_lan *lan;
	const struct ns_member *m;
	int vindex;       /* place in the link's own list */
	char member[128]; /* "node:port" */
};
struct rows_port *rows_ports(const struct ns_experiment *ns, size_t *ret_n);

/* The experiment's machines by virtual name: an array of *ret_n to free(). */
const struct lab_machine **rows_machines(const struct lab_site *site,
	const struct lab_experiment *e, size_t *ret_n);

/* The tables of virtual_topology: a struct of tags by table name, in the order
 * in which the original goes through them. */
struct value *rows_tables(void);
/* The rows of a tag; NULLs are VALUE_NIL.  No rows for a tag we do not know and
 * for an experiment that was never parsed. */
struct value *rows_table(const struct lab_site *site,
	const struct lab_experiment *e, const char *tag);
/* One row of a table at its defaults, and all that the parser made: nothing
 * for a tag we do not know. */
struct value *rows_new(const struct lab_experiment *e, const char *tag);
void rows_add_parsed(
	const struct lab_experiment *e, const char *tag, struct value *rows);
/* The parser's agents and groups and those the site adds for links. */
struct value *rows_agents(const struct lab_experiment *e);
struct value *rows_groups(const struct lab_experiment *e);

#endif
