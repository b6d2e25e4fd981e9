#include "unit/testbed/foreign.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static int parse(const char *text, struct topology **ret, struct buf *warnings,
	struct err *err)
{
	/* a block of its own, so that a sanitizer sees a byte too many */
	size_t len = strlen(text);
	char *exact = malloc(len ? len : 1);
	struct draft_text from = {
		.text = exact, .len = len, .name = "f", .warnings = warnings};
	int rc;

	memcpy(exact, text, len);
	rc = topology_parse(&from, ret, err);
	free(exact);
	return rc;
}

struct topology *foreign_warned(const char *text, char **warnings)
{
	struct buf said = BUF_INIT(1 << 16);
	struct topology *t = NULL;
	struct err err;

	cr_assert_eq(parse(text, &t, &said, &err), 0, "%s", err.text);
	*warnings = said.len ? buf_take(&said) : strdup("");
	return t;
}

struct topology *foreign(const char *text)
{
	struct topology *t = NULL;
	struct err err;

	cr_assert_eq(parse(text, &t, NULL, &err), 0, "%s", err.text);
	return t;
}

void foreign_refused(const char *text, const char *sentence)
{
	struct topology *t = NULL;
	struct err err;
	int rc = parse(text, &t, NULL, &err);

	cr_assert_lt(rc, 0, "accepted: %s", text);
	cr_expect_str_eq(err.text, sentence);
	cr_expect_null(t);
}

void foreign_expect(const struct topology *t, const char *links)
{
	struct buf out = BUF_INIT(1 << 16);

	for (size_t i = 0; i < t->n_links; i++) {
		const struct topo_link *l = &t->links[i];

		buf_addf(&out, "%s:", l->name);
		for (size_t m = 0; m < l->n_members; m++)
			buf_addf(&out, " %s",
				t->nodes[t->ifaces[l->members[m].iface].node]
					.name);
		buf_adds(&out, l->kind == LINK_LAN ? " []\n" : "\n");
	}
	cr_expect_str_eq(buf_str(&out), links);
	buf_release(&out);
}

void foreign_nodes(const struct topology *t, const char *names)
{
	struct buf out = BUF_INIT(1 << 16);

	for (size_t i = 0; i < t->n_nodes; i++)
		buf_addf(&out, "%s%s", i ? " " : "", t->nodes[i].name);
	cr_expect_str_eq(buf_str(&out), names);
	buf_release(&out);
}
