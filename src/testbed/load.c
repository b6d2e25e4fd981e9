#define _GNU_SOURCE
#include "testbed/load.h"
#include "base/buf.h"
#include "base/file.h"
#include "testbed/containerlab.h"
#include "testbed/draft_xml.h"
#include "testbed/gr.h"
#include "testbed/graphml.h"
#include "testbed/hostlist.h"
#include "testbed/ns.h"
#include "testbed/portal.h"
#include "testbed/rocketfuel.h"
#include "testbed/rspec.h"
#include "testbed/sndlib.h"
#include "topology/topofile.h"

#include <ctype.h>
#include <string.h>
#include <sys/stat.h>

enum { TOPOLOGY_FILE_MAX = 256 << 20 };

static bool is_json(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isspace((unsigned char)text[i]))
			return text[i] == '{';
	return false;
}

static int load_json(
	const struct draft_text *from, struct topology **ret, struct err *err)
{
	return topofile_parse(from->text, from->len, from->name, ret, err);
}

static bool is_ns(const char *text, size_t len)
{
	static const char mark[] = "Simulator";

	return memmem(text, len, mark, sizeof(mark) - 1);
}

static int load_ns(
	const struct draft_text *from, struct topology **ret, struct err *err)
{
	const struct ns_limits limits = {0};
	struct ns_experiment *e = NULL;
	struct buf *warnings = from->warnings;
	int r = ns_evaluate(
		from->text, from->len, from->name, &limits, &e, NULL, err);

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

/* In this order: what is recognised by its first bytes comes before what is
 * by a word anywhere. */
static const struct {
	bool (*is)(const char *text, size_t len);
	int (*load)(const struct draft_text *from, struct topology **ret,
		struct err *err);
} formats[] = {
	{containerlab_data_is, containerlab_parse},
	{portal_manifests_is, portal_manifests_parse},
	{is_json, load_json},
	{rspec_is, rspec_parse},
	{graphml_is, graphml_parse},
	{gr_is, gr_parse},
	{sndlib_is, sndlib_parse},
	{containerlab_is, containerlab_parse},
	{is_ns, load_ns},
	{rocketfuel_is, rocketfuel_parse},
	{hostlist_is, hostlist_parse},
};
enum { N_FORMATS = sizeof(formats) / sizeof(formats[0]) };

/* What a text is not, told by its first bytes. */
static const char *packed_by(const struct draft_text *from)
{
	static const struct {
		const char *mark, *what;
	} known[] = {
		{"\x1f\x8b", "is compressed: unpack it first (gunzip)"},
		{"BZh", "is compressed: unpack it first (bunzip2)"},
		{"\xfd"
		 "7zXZ",
			"is compressed: unpack it first (unxz)"},
		{"\x28\xb5\x2f\xfd", "is compressed: unpack it first (unzstd)"},
		{"PK\x03\x04", "is an archive: unpack it first (unzip)"},
		{"\xff\xfe", "is in UTF-16, not in UTF-8: convert it (iconv)"},
		{"\xfe\xff", "is in UTF-16, not in UTF-8: convert it (iconv)"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (span_starts((struct span){from->text, from->len},
			    known[i].mark))
			return known[i].what;
	return NULL;
}

static int unknown_format(const struct draft_text *from, struct err *err)
{
	const char *packed = packed_by(from);
	size_t blank = 0;
	struct span root;

	if (packed)
		return err_set(err, NFZ_E_INPUT, "%s: %s", from->name, packed);
	while (blank < from->len && isspace((unsigned char)from->text[blank]))
		blank++;
	if (blank == from->len)
		err_set(err, NFZ_E_INPUT, "%s: is empty", from->name);
	else if (draft_xml_root(from->text, from->len, &root))
		err_set(err, NFZ_E_INPUT,
			"%s: is XML, but <%.*s> is neither RSpec nor GraphML",
			from->name, span_width(root), root.s);
	else
		err_set(err, NFZ_E_INPUT,
			"%s: is no topology in a format known here (JSON, NS, "
			"RSpec, GraphML, .gr, SNDlib, Rocketfuel, "
			"containerlab, list of hosts)",
			from->name);
	return err_hint(err, "See netflowize-topology(5), or get "
			     "one: netflowize fetch PROJ/EXP");
}

int topology_parse(
	const struct draft_text *from, struct topology **ret, struct err *err)
{
	struct lines past_mark = lines_over(from->text, from->len);
	struct draft_text text = *from;

	text.text = past_mark.at;
	text.len = (size_t)(past_mark.end - past_mark.at);
	for (size_t i = 0; i < N_FORMATS; i++)
		if (formats[i].is(text.text, text.len))
			return formats[i].load(&text, ret, err);
	return unknown_format(&text, err);
}

int topology_load(const char *path, struct topology **ret, struct buf *warnings,
	struct err *err)
{
	struct buf text = BUF_INIT(TOPOLOGY_FILE_MAX);
	struct draft_text from = {.warnings = warnings};
	int r = file_read_named(path, "the topology", &text, err);

	from.name = strcmp(path, "-") == 0 ? "standard input" : path;
	from.text = buf_str(&text);
	from.len = text.len;
	if (r == 0)
		r = topology_parse(&from, ret, err);
	buf_release(&text);
	return r;
}

bool topology_is_source(const char *path)
{
	struct buf text = BUF_INIT(TOPOLOGY_FILE_MAX);
	struct lines past_mark;
	struct stat st;
	bool is;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	is = file_read(path, &text, NULL) == 0;
	past_mark = lines_over(buf_str(&text), text.len);
	is = is && !is_json(past_mark.at, strlen(past_mark.at));
	buf_release(&text);
	return is;
}
