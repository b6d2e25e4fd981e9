/* Shared by the parts of the topology reader; nobody else's business. */
#ifndef NFZ_TOPOLOGY_TOPOFILE_READ_H
#define NFZ_TOPOLOGY_TOPOFILE_READ_H

#include "base/err.h"
#include "format/json.h"
#include "topology/topofile.h"

enum { READER_NAME_MAX = TOPOFILE_NAME_MAX, READER_COUNT_MAX = 1 << 23 };

enum { LIST_NODES, LIST_LINKS, LIST_IFACES, LIST_BRIDGES, N_LISTS };

/* Who claims an interface: its link, -1 for nobody, and how it is shaped. */
struct claim {
	int link;
	int shape; /* in shapes, -1 for none */
};

struct reader {
	const char *text, *name;
	size_t len;
	struct topology *t;
	struct jval_step path[4]; /* where we are, for errors */
	size_t depth;
	struct jlist lists[N_LISTS];
	struct claim *claims; /* by interface, as many as are listed */
	struct topo_shape *shapes;
	size_t n_shapes, shapes_cap;
	struct map made; /* "a--b" -> number for the next link without name */
	struct err *err;
};

/* Goes to an element of a list of the document; to a member of it. */
void reader_go(struct reader *r, const char *key, size_t index);
void reader_step(struct reader *r, const char *key);
/* Puts "name:line: " in front of the error made last. */
int reader_located(struct reader *r);
int reader_fail(struct reader *r, const char *fmt, ...) NFZ_PRINTF(2, 3);
int reader_bad_type(struct reader *r, const char *key, const char *wanted);
bool reader_printable(const char *s);

/* These leave *ret alone when the key is absent. */
int reader_text(struct reader *r, const struct jval *o, const char *key,
	const char **ret);
int reader_name(struct reader *r, const struct jval *o, const char *key,
	const char **ret);
int reader_bool(
	struct reader *r, const struct jval *o, const char *key, bool *ret);
int reader_int(
	struct reader *r, const struct jval *o, const char *key, int64_t *ret);
int reader_number(
	struct reader *r, const struct jval *o, const char *key, double *ret);
int reader_find_node(struct reader *r, const char *name, int *ret);
int reader_find_link(struct reader *r, const char *name, int *ret);

/* topofile_iface.c */
int reader_claims(struct reader *r, const struct jval *o, int link);
int reader_iface(struct reader *r, const struct jval *o);
int reader_bridge(struct reader *r, const struct jval *o);

#endif
