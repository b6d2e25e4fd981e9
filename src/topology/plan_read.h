/* Shared by the parts of the plan reader; nobody else's business. */
#ifndef NFZ_TOPOLOGY_PLAN_READ_H
#define NFZ_TOPOLOGY_PLAN_READ_H

#include "base/err.h"
#include "format/json.h"
#include "topology/plan.h"

struct plan_reader {
	const struct topology *t;
	const char *name;
	struct plan *plan;
	int *probe_of; /* node -> probe, -1 */
	struct err *err;
};

int plan_read_bad(struct plan_reader *r, const char *what);
int plan_read_node(struct plan_reader *r, const char *name, int *ret);
int plan_read_link(struct plan_reader *r, const char *name, int *ret);
int plan_read_links(struct plan_reader *r, const struct jval *list, int **ret,
	size_t *ret_n);
int plan_read_nodes(
	struct plan_reader *r, const struct jval *list, struct plan_nodes *ret);
int plan_read_pairs(struct plan_reader *r, const struct jval *list,
	int (**ret)[2], size_t *ret_n);

/* plan_parse_more.c */
int plan_read_element(struct plan_reader *r, const struct jval *from,
	struct plan_element *ret);
bool plan_same_element(
	const struct plan_element *a, const struct plan_element *b);
int plan_read_demand(struct plan_reader *r, const struct jval *from);
int plan_read_gaps(struct plan_reader *r, const struct jval *uncovered,
	const struct jval *infeasible);
int plan_read_proof(struct plan_reader *r, const struct jval *from);
int plan_read_ranges(struct plan_reader *r, const struct jval *list);
int plan_read_duplicates(struct plan_reader *r, const struct jval *list);
/* plan_parse_modes.c: after the demand and the gaps have been read */
int plan_read_modes(struct plan_reader *r, const struct jval *root);
/* plan_parse_heavy.c */
int plan_read_heavy(struct plan_reader *r, const struct jval *from);

#endif
