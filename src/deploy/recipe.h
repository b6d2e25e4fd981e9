/* Recipes: how to run any other monitoring tool at the planned places.
 *
 * A recipe (netflowize-recipe(5)) names programs and their arguments, one word
 * each, with placeholders; nothing of it ever reaches a shell.  Programs are
 * taken from the node itself or pushed; they run below the deployment's
 * directory, with the same tag, journal and keeper as our own. */
#ifndef NFZ_DEPLOY_RECIPE_H
#define NFZ_DEPLOY_RECIPE_H

#include "base/buf.h"
#include "base/err.h"
#include "deploy/deploy.h"

#include <stdbool.h>
#include <stdint.h>

enum { RECIPE_NAME = 20, RECIPE_WORDS_MAX = 256, RECIPE_WORD_MAX = 4096 };

/* One of its programs. */
struct recipe_part {
	bool given;
	char *program; /* its plain name */
	char *push;    /* file to bring along, NULL: the node has it */
	char **words;  /* arguments, placeholders not filled */
	size_t n, cap;
	bool per_node; /* probe: once a node, not once an interface */
};

struct recipe {
	char name[RECIPE_NAME];
	char *summary;
	struct recipe_part collector, probe;
	uint16_t port;
};

/* Small letters, digits and -, a letter first: nodes say what theirs is called,
 * and files of the user's own machine are called so. */
bool recipe_is_name(const char *text);

/* NFZ_E_CONFIG names file, line and cause.  A relative push is looked for
 * beside the recipe. */
int recipe_read(
	const char *path, struct recipe **ret, struct err *err) NFZ_MUST_CHECK;
/* The same from a text; file is for messages and pushes. */
int recipe_parse(const char *text, const char *file, struct recipe **ret,
	struct err *err) NFZ_MUST_CHECK;
void recipe_free(struct recipe *r); /* NULL is fine */
static inline void recipe_free_at(struct recipe **r)
{
	recipe_free(*r);
}

/* What placeholders stand for; NULL where there is none. */
struct recipe_values {
	const char *interface, *link, *node, *role, *directory;
	const char *collector, *collector_name, *project, *experiment;
	uint16_t port;
};
/* Appends a word with its placeholders filled. */
int recipe_fill(const char *word, const struct recipe_values *v,
	struct buf *out, struct err *err) NFZ_MUST_CHECK;
/* Name and meaning of placeholder i; false behind the last. */
bool recipe_placeholder(size_t i, const char **ret_name, const char **ret_text);

/* Installs and starts a recipe at the plan's places, or makes what runs equal
 * to it.  The report is as that of deploy_up. */
int deploy_recipe(const struct topology *t, const struct plan *plan,
	const struct recipe *recipe, const struct deploy_options *o,
	struct deploy_report *ret, struct err *err) NFZ_MUST_CHECK;

/* One program on one node. */
struct recipe_process {
	int node; /* topology node */
	const struct recipe_part *part;
	char role[32];
	int tap; /* of the plan, -1: none */
};
/* Who runs where: the collector first.  Pure. */
struct recipe_process *recipe_processes(const struct recipe *r,
	const struct topology *t, const struct plan *plan, size_t *ret_n);

#endif
