/* NS text in, a mapped experiment out: for tests of what follows from it. */
#ifndef NFZ_TEST_LAB_MAPPED_H
#define NFZ_TEST_LAB_MAPPED_H

#include "lab/model.h"

#define NS_HEAD "source tb_compat.tcl\nset ns [new Simulator]\n"
#define NS_TAIL "$ns rtproto Static\n$ns run\n"

struct mapped {
	struct lab_site *site;
	struct lab_experiment *e;
	struct err err;
	int result;
};

/* A site with one experiment; the text is evaluated and mapped. */
struct mapped mapped_new(const char *ns_text);
/* Evaluates and maps another text; the result is also returned. */
int mapped_again(struct mapped *m, const char *ns_text);
void mapped_free(struct mapped *m);
const struct lab_machine *mapped_machine(
	const struct mapped *m, const char *vname);

/* The recorded site's experiments. */
extern const char ns_lan3[], ns_tutbasic[], ns_tracebr[];

#endif
