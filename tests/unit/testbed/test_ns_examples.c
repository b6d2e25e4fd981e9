/* The examples we ship are what their README says. */
#include "base/file.h"
#include "testbed/ns.h"
#include "topology/topofile.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *file;
	size_t nodes, links, bridges; /* boxes with shapers are nodes, too */
	const char *refused;
} examples[] = {
	{"line.ns", 4, 3, 0, NULL},
	{"dumbbell.ns", 7, 5, 1, NULL},
	{"star-lan.ns", 5, 1, 0, NULL},
	{"shaped-lan.ns", 5, 1, 3, NULL},
	{"tree.ns", 15, 14, 0, NULL},
	{"fat-tree.ns", 36, 48, 0, NULL},
	{"traced-link.ns", 4, 2, 2, NULL},
	{"line.json", 4, 3, 0, NULL},
	{"mixed.json", 6, 3, 0, NULL},
	{"broken-variable.ns", 0, 0, 0,
		"broken-variable.ns:7: can't read \"sever\": no such variable"},
	{"broken-delay.ns", 0, 0, 0,
		"broken-delay.ns:7: The delay of 1.0ms is invalid, it must be "
		"either 0 or at least 2ms."},
	{"broken-macro.ns", 0, 0, 0,
		"broken-macro.ns:7: @OS@ is a macro that nobody replaced"},
	{"broken-run.ns", 0, 0, 0,
		"broken-run.ns: No 'Simulator run' statement found."},
	{"broken-name.ns", 0, 0, 0,
		"broken-name.ns:9: [run] Invalid node name my_client.  Can "
		"only contain [-0-9A-Za-z] due to DNS limitations."},
};

static int load(const char *file, struct topology **ret, struct err *err)
{
	struct buf text = BUF_INIT(1 << 20);
	struct ns_experiment *e = NULL;
	char path[100];
	int code;

	snprintf(path, sizeof(path), "topologies/%s", file);
	cr_assert_eq(file_read(path, &text, err), 0, "%s", err->text);
	if (strstr(file, ".json")) {
		code = topofile_parse(buf_str(&text), text.len, file, ret, err);
		buf_release(&text);
		return code;
	}
	code = ns_evaluate(buf_str(&text), text.len, file, NULL, &e, NULL, err);
	if (code == 0)
		code = ns_check_real(e, buf_str(&text), text.len, file, err);
	if (code == 0)
		code = ns_topology(e, ret, err);
	ns_free(e);
	buf_release(&text);
	return code;
}

Test(ns_examples, are_what_they_say)
{
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		struct topology *t = NULL;
		struct err err;
		int code = load(examples[i].file, &t, &err);

		if (examples[i].refused) {
			cr_expect_lt(code, 0, "%s", examples[i].file);
			cr_expect_str_eq(err.text, examples[i].refused);
			continue;
		}
		cr_assert_eq(code, 0, "%s", err.text);
		cr_expect_eq(t->n_nodes, examples[i].nodes, "%s: %zu nodes",
			examples[i].file, t->n_nodes);
		cr_expect_eq(t->n_links, examples[i].links);
		cr_expect_eq(t->n_bridges, examples[i].bridges);
		topology_free(t);
	}
}
