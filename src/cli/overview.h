/* Deployments as an administrator wants to see them: one row for each, over
 * all nodes it is on. */
#ifndef NFZ_CLI_OVERVIEW_H
#define NFZ_CLI_OVERVIEW_H

#include "deploy/deploy.h"

struct overview_row {
	char experiment[600], id[17], who[128], mode[80];
	char note[200];
	size_t nodes, running, programs;
	int64_t age_s;      /* -1 unknown */
	int64_t data_bytes; /* -1: none */
	int64_t data_idle_s;
	bool left_over; /* no tag */
	bool asked;     /* false: the experiment could not be asked; note */
};

struct overview {
	struct overview_row *rows;
	size_t n, cap;
};

/* Adds the deployments of a report that are at least older_ms old.
 * experiment: for those without a tag. */
void overview_add(struct overview *o, const struct deploy_report *r,
	const char *experiment, int64_t older_ms);
/* An experiment that could not be asked, and why. */
void overview_add_absent(
	struct overview *o, const char *experiment, const char *why);
void overview_release(struct overview *o);

/* "6 days", "10 min", "?" below 0; returns text. */
enum { OVERVIEW_TEXT = 32 };
char *overview_span(int64_t s, char text[static OVERVIEW_TEXT]);
/* "2.0 GiB", "" below 0; returns text. */
char *overview_bytes(int64_t bytes, char text[static OVERVIEW_TEXT]);

#endif
