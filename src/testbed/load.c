#define _GNU_SOURCE
#include "testbed/load.h"
#include "base/buf.h"
#include "base/file.h"
#include "testbed/ns.h"
#include "topology/topofile.h"

#include <ctype.h>
#include <string.h>

enum { TOPOLOGY_FILE_MAX = 256 << 20 };

static bool is_json(const struct buf *text)
{
	const char *s = buf_str(text);

	while (isspace((unsigned char)*s))
		s++;
	return *s == '{';
}

static bool is_ns(const struct buf *text)
{
	static const char mark[] = "Simulator";

	return memmem(buf_str(text), text->len, mark, sizeof(mark) - 1);
}

static int load_ns(const struct buf *text, const char *name,
	struct topology **ret, struct buf *warnings, struct err *err)
{
	const struct ns_limits limits = {0};
	struct ns_experiment *e = NULL;
	int r = ns_evaluate(
		buf_str(text), text->len, name, &limits, &e, NULL, err);

	if (r < 0)
		return r;
	for (size_t i = 0; warnings && i < e->n_warnings; i++)
		buf_addf(warnings, "%s\n", e->warnings[i]);
	for (size_t i = 0; warnings && i < e->n_inert; i++)
		buf_addf(warnings, "%s: no effect here\n", e->inert[i]);
	r = ns_topology(e, ret, err);
	ns_free(e);
	return r;
}

int topology_load(const char *path, struct topology **ret, struct buf *warnings,
	struct err *err)
{
	struct buf text = BUF_INIT(TOPOLOGY_FILE_MAX);
	const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
	int r = file_read(path, &text, err);

	if (r == -NFZ_E_IO) { /* most often a wrong name: not our mistake */
		if (err)
			err->code = NFZ_E_INPUT;
		(void)err_wrap(err, "the topology cannot be read");
		return -NFZ_E_INPUT;
	}
	if (r == 0) {
		if (is_json(&text))
			r = topofile_parse(
				buf_str(&text), text.len, name, ret, err);
		else if (is_ns(&text))
			r = load_ns(&text, name, ret, warnings, err);
		else {
			err_set(err, NFZ_E_INPUT,
				"%s: is neither a topology in JSON nor an NS "
				"file",
				name);
			r = err_hint(err, "See netflowize-topology(5), or get "
					  "one: netflowize fetch PROJ/EXP");
		}
	}
	buf_release(&text);
	return r;
}
