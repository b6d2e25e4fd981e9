/* The situations of the recorded exchanges, built from the recorded NS texts:
 * users ada, ben, cleo, dan; experiments lan3, tutbasic, dumbbell and so on. */
#ifndef NFZ_TESTS_SERVICE_WORLD_H
#define NFZ_TESTS_SERVICE_WORLD_H

#include "base/loop.h"
#include "lab/model.h"
#include "lab/service.h"

#define REPLIES "../shared/ref/emulab-replies"
#define NS_FILES "../shared/ref/topologies/ns"

struct world {
	struct loop *loop;
	struct lab_site *site;
	struct lab_service *svc;
	int applied; /* how often the nodes were asked to follow */
};

/* NULL when the recordings are not there (said aloud). */
struct world *world_new(int64_t step_ms);
void world_free(struct world *w);
struct lab_user *world_user(struct world *w, const char *uid);
/* The response to a request document, "" while it waits; free() it. */
char *world_call(
	struct world *w, const char *uid, const char *request, size_t len);
/* A whole file, NULL when there is none; free() it. */
char *world_file(
	const char *dir, const char *name, const char *suffix, size_t *ret_len);

#endif
