/* YAML as a tree: what is found, what is refused. */
#include "format/yaml.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct ydoc *parsed(const char *text)
{
	struct ydoc *doc = NULL;
	struct err err;

	cr_assert_eq(ydoc_parse(text, strlen(text), "f", &doc, &err), 0, "%s",
		err.text);
	return doc;
}

static void refused(const char *text, const char *sentence)
{
	struct ydoc *doc = NULL;
	struct err err;

	cr_assert_eq(ydoc_parse(text, strlen(text), "f", &doc, &err),
		-NFZ_E_INPUT, "accepted: %s", text);
	cr_expect_str_eq(err.text, sentence);
}

Test(yaml, maps_lists_and_lines)
{
	struct ydoc *doc = parsed("a: 1\nb:\n  - x\n  - 'null'\n  - null\n"
				  "c: {d: [e, \"f g\"]}\n");
	const struct yval *root = ydoc_root(doc), *b = yval_get(root, "b");

	cr_expect(yval_is_map(root));
	cr_expect_eq(yval_count(root), 3);
	cr_expect_str_eq(yval_key(root, 1), "b");
	cr_expect_str_eq(yval_text(yval_get(root, "a")), "1");
	cr_expect(yval_is_list(b));
	cr_expect_eq(yval_line(yval_at(b, 1)), 4);
	cr_expect_str_eq(yval_text(yval_at(b, 1)), "null");
	cr_expect_null(yval_text(yval_at(b, 2)));
	cr_expect_str_eq(
		yval_text(yval_at(yval_get(yval_get(root, "c"), "d"), 1)),
		"f g");
	cr_expect_null(yval_get(root, "zz"));
	cr_expect_null(yval_get(b, "zz"));
	cr_expect_null(yval_at(NULL, 0));
	ydoc_free(doc);
}

Test(yaml, anchors_and_merges)
{
	struct ydoc *doc = parsed("base: &b {kind: linux, image: x}\n"
				  "n: {<<: *b, image: y}\n"
				  "m: {<<: [{q: 1}, *b]}\n");
	const struct yval *root = ydoc_root(doc);
	const struct yval *n = yval_get(root, "n"), *m = yval_get(root, "m");

	cr_expect_str_eq(yval_text(yval_get(n, "kind")), "linux");
	cr_expect_str_eq(yval_text(yval_get(n, "image")), "y");
	cr_expect_str_eq(yval_text(yval_get(m, "kind")), "linux");
	cr_expect_null(yval_get(m, "zz"));
	ydoc_free(doc);
}

Test(yaml, nothing_holds_itself_and_laughs_stay_small)
{
	char text[4000] = "a0: &a0 [x,x]\n";
	struct ydoc *doc;

	refused("a: &x [*x]\n",
		"f:1: an alias of nothing that is complete before it");
	for (int i = 1; i < 60; i++) {
		size_t n = strlen(text);

		snprintf(text + n, sizeof(text) - n,
			"a%d: &a%d {<<: [*a%d,*a%d]}\n", i, i, i - 1, i - 1);
	}
	doc = parsed(text);
	cr_expect_null(yval_get(yval_get(ydoc_root(doc), "a59"), "zz"));
	ydoc_free(doc);
}

Test(yaml, refusals)
{
	char deep[200];

	refused("a: 1\na: 2\n", "f:2: \"a\" is given twice");
	refused("", "f:1: the document is empty");
	refused("a: [1\nb: 2\n", "f:2: did not find expected ',' or ']'");
	refused("a: \"\\0\"\n", "f:1: a NUL character");
	memset(deep, '[', 100);
	deep[100] = '\0';
	refused(deep, "f:1: nested too deep");
}
