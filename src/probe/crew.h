/* Threads that do the same at the same time, each its share, while who has them
 * do it does the first and waits for the others.  In between they sleep, and
 * all there is belongs to their caller: so they share without locks. */
#ifndef NFZ_PROBE_CREW_H
#define NFZ_PROBE_CREW_H

#include "base/err.h"

enum { CREW_MAX = 16 };

struct crew;

/* As many as `wish` says; 0: half the processors, 4 at most, and one where there
 * are fewer than 4: below that a second thread takes what traffic needs. */
unsigned crew_size(unsigned wish);
struct crew *crew_new(unsigned members);
void crew_free(struct crew *c); /* may be NULL; they end */
/* The threads begin, without any right: to be called when the program's
 * privileges have been given up, and before it is jailed.  Until then all is
 * done by the caller. */
int crew_start(struct crew *c, struct err *err) NFZ_MUST_CHECK;
/* job(data, i) for each member i; returns when all are done. */
typedef void (*crew_job)(void *data, unsigned member);
void crew_run(struct crew *c, crew_job job, void *data);
/* Within a job: what only one may do at a time. */
void crew_alone(struct crew *c);
void crew_together(struct crew *c);

#endif
