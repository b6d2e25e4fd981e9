/* Every NS file of the reference gives what the testbed's own parser gives. */
#include "base/file.h"
#include "testbed/ns.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define REFERENCE "../shared/ref/topologies/"

static struct err err;

/* Messages up to the trace of a Tcl error: the trace shows the insides of
 * whichever program evaluates the file. */
static json_t *reasons(const json_t *doc)
{
	json_t *all = json_object_get(doc, "messages"), *ret = json_array();
	json_t *item;
	size_t i;

	json_array_foreach(all, i, item)
	{
		if (strcmp(json_string_value(item), "while executing") == 0)
			break;
		json_array_append(ret, item);
	}
	return ret;
}

static json_t *ours(const char *name)
{
	struct buf text = BUF_INIT(1 << 20), out = BUF_INIT(16 << 20);
	char path[300];
	json_t *doc;
	int code;

	snprintf(path, sizeof(path), REFERENCE "ns/%s.ns", name);
	cr_assert_eq(file_read(path, &text, &err), 0, "%s", err.text);
	code = ns_print(buf_str(&text), text.len, "x.ns", NULL, &out, &err);
	cr_assert(code == 0 || code == -NFZ_E_NS, "%s", err.text);
	doc = json_loads(buf_str(&out), 0, NULL);
	cr_assert_not_null(doc, "%s", buf_str(&out));
	cr_expect_eq(
		json_integer_value(json_object_get(doc, "exit")), code < 0);
	buf_release(&text);
	buf_release(&out);
	return doc;
}

static void compare(const char *name, json_t *doc, json_t *truth)
{
	json_t *a = reasons(doc), *b = reasons(truth);
	char *text = json_dumps(a, 0);

	cr_expect(json_equal(a, b), "%s: messages are %s", name, text);
	json_object_del(doc, "messages");
	json_object_del(truth, "messages");
	free(text);
	text = json_dumps(doc, JSON_INDENT(1) | JSON_SORT_KEYS);
	cr_expect(json_equal(doc, truth), "%s differs: %.2000s", name, text);
	free(text);
	json_decref(a);
	json_decref(b);
}

static int is_json(const struct dirent *entry)
{
	return strstr(entry->d_name, ".json") != NULL;
}

Test(ns_reference, all_files_as_the_testbed)
{
	struct dirent **entries;
	int n = scandir(REFERENCE "ns-truth", &entries, is_json, alphasort);

	if (n < 0)
		cr_skip_test("no reference files beside the checkout");
	cr_assert_geq(n, 33);
	for (int i = 0; i < n; i++) {
		char path[600];
		char *name = entries[i]->d_name;
		json_t *truth, *doc;

		snprintf(path, sizeof(path), REFERENCE "ns-truth/%s", name);
		truth = json_load_file(path, 0, NULL);
		cr_assert_not_null(truth, "%s", path);
		*strstr(name, ".json") = '\0';
		doc = ours(name);
		compare(name, doc, truth);
		json_decref(truth);
		json_decref(doc);
		free(entries[i]);
	}
	free(entries);
}
