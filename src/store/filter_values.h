/* Values of a filter's words (private to filter*.c). */
#ifndef NFZ_STORE_FILTER_VALUES_H
#define NFZ_STORE_FILTER_VALUES_H

#include "store/filter_lex.h"

/* A node of the tree; its number. */
int filter_add(struct parser *p, struct filter_node node);
int filter_leaf(struct parser *p, enum filter_kind kind);
int filter_addr(struct parser *p, unsigned dir, struct net_prefix prefix);

/* Each reads one value and makes a node of it; about: what the value is of, a
 * direction, a measure, a kind of node.  Negative: what is wrong was told. */
typedef int (*filter_value_fn)(struct parser *p, unsigned about);
int filter_host(struct parser *p, unsigned dir);
/* Is this word, without "node" in front, the name of one? */
bool filter_may_be_node(struct parser *p, const char *text);
int filter_net(struct parser *p, unsigned dir);
int filter_node_addr(struct parser *p, unsigned dir);
int filter_port(struct parser *p, unsigned dir);
int filter_as(struct parser *p, unsigned dir);
int filter_vlan(struct parser *p, unsigned dir);
int filter_mac(struct parser *p, unsigned dir);
int filter_if(struct parser *p, unsigned dir); /* in, out */
int filter_mpls(struct parser *p, unsigned about);
int filter_next_host(struct parser *p, unsigned about);
int filter_next_net(struct parser *p, unsigned about);
/* Its number, which is kept for the values; false: there is none. */
bool filter_element_id(struct parser *p);
/* The same by the name of a metric. */
bool filter_metric_name(struct parser *p);
int filter_element(struct parser *p, unsigned about);
int filter_number(struct parser *p, unsigned measure);
int filter_flags(struct parser *p, unsigned about);
int filter_proto(struct parser *p, unsigned about);
int filter_named(struct parser *p, unsigned kind);
int filter_path(struct parser *p, unsigned about);
/* All nodes; no value follows. */
int filter_experiment(struct parser *p, enum filter_dir dir);
int filter_family(struct parser *p, unsigned family);

#endif
