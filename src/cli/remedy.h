/* What can be done where a plan is not what was asked for: the lines behind
 * "Possible:" in an error's hint. */
#ifndef NFZ_CLI_REMEDY_H
#define NFZ_CLI_REMEDY_H

#include "cli/planning.h"

/* What all of these texts are made of. */
struct last_word {
	const struct app *app;
	const struct plan *plan;
	const struct topology *t;
	const struct plan_options *o;
};

/* Each adds lines that begin with eleven spaces. */
void remedy_share(struct buf *to, const struct last_word *w);
/* The share that is covered, if it is one. */
void remedy_coverage(struct buf *to, size_t covered, size_t of);
void remedy_repair(struct buf *to, const struct last_word *w);
/* Fewer probes for each, if that covers more. */
void remedy_redundancy(struct buf *to, const struct last_word *w);
/* New nodes for what the light plan leaves uncovered. */
void remedy_offer(struct buf *to, const struct last_word *w);
/* A way out of a conflict. */
void remedy_way(
	struct buf *to, const struct last_word *w, const struct plan_way *way);
/* In heavy and mixed mode: with the existing nodes where they see something,
 * and with the collector on one of them, as far as that helps. */
void remedy_pool(struct buf *to, const struct last_word *w);
/* The lines, the first of them behind the word; releases them. */
void remedy_print(struct buf *to, const char *word, struct buf *lines);

#endif
