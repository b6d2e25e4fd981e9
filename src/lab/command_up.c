/* nfz-testbed up: from an NS file to a running testbed. */
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "lab/commands.h"
#include "lab/daemon.h"
#include "lab/output.h"
#include "lab/portal.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NS_MAX = 512 << 10, FILE_MAX = 16 << 20 };

struct up {
	const char *exp, *delay_os, *domain;
	int64_t seed, disk_mb, sites;
	bool portal;
	int answers;
	int output;
};

#define AT(m) offsetof(struct up, m)
const struct opt up_options[] = {
	{.name = "exp",
		.letter = 'e',
		.kind = OPT_TEXT,
		.offset = AT(exp),
		.arg = "PROJ/EXP",
		.help = "its name (default: local/ and the file's name)"},
	{.name = "delay-os",
		.kind = OPT_TEXT,
		.offset = AT(delay_os),
		.arg = "IMAGE",
		.help = "image of shapers, such as FBSD410-STD (default: a "
			"Linux)"},
	{.name = "domain",
		.kind = OPT_TEXT,
		.offset = AT(domain),
		.arg = "NAME",
		.help = "the site's domain (default: testbed.example.net)"},
	{.name = "seed",
		.kind = OPT_INT,
		.offset = AT(seed),
		.arg = "N",
		.help = "another seed gives other machines and MACs",
		.max = 1000000000},
	{.name = "disk",
		.kind = OPT_INT,
		.offset = AT(disk_mb),
		.arg = "MIB",
		.help = "size of each node's disk (default: 512)",
		.min = 4,
		.max = 65536},
	{.name = "portal",
		.kind = OPT_FLAG,
		.offset = AT(portal),
		.help = "serve it as the portal serves its experiments"},
	{.name = "sites",
		.kind = OPT_INT,
		.offset = AT(sites),
		.arg = "N",
		.help = "of the portal: nodes on N sites, a manifest each",
		.min = 1,
		.max = LAB_SITES_MAX},
	{.name = "answers",
		.kind = OPT_CHOICE,
		.offset = AT(answers),
		.arg = "both|value|output",
		.help = "where the portal puts its JSON (default: both)",
		.choices = answers_choices},
	{.name = "output",
		.letter = 'o',
		.kind = OPT_CHOICE,
		.offset = AT(output),
		.arg = "text|json",
		.help = "how to print what came up",
		.choices = output_choices},
	{.name = NULL}};

/* "topologies/tut-basic.ns" -> "local/tut-basic". */
static void default_name(const char *file, char name[static 64])
{
	const char *base = strrchr(file, '/');
	size_t n = 0;

	base = base != NULL ? base + 1 : file;
	n = (size_t)snprintf(name, 64, "local/");
	for (; *base != '\0' && *base != '.' && n < 40; base++)
		name[n++] = (char)(isalnum((unsigned char)*base) ? *base : '-');
	name[n] = '\0';
}

/* Other documents would only give a puzzling complaint of Tcl's. */
static int check_kind(const char *file, const char *text, struct err *err)
{
	text += strspn(text, " \t\r\n");
	if (*text != '<' && *text != '{')
		return 0;
	err_set(err, NFZ_E_INPUT, "%s is %s, not an NS file", file,
		*text == '<' ? "XML" : "JSON");
	return err_hint(err, "only NS files and RSpecs can be brought up");
}

static void show_warnings(const struct buf *warnings)
{
	const char *at = buf_str(warnings);

	while (*at != '\0') {
		size_t n = strcspn(at, "\n");

		log_warning("%.*s", (int)n, at);
		at += n + (at[n] == '\n');
	}
}

/* An RSpec becomes an NS text in its place. */
static int read_rspec(const char *file, struct buf *text, struct lab_portal *p,
	struct err *err)
{
	struct buf ns = BUF_INIT(NS_MAX), warnings = BUF_INIT(1 << 16);
	struct draft_text from = {.text = buf_str(text),
		.len = text->len,
		.name = file,
		.warnings = &warnings};
	int r = lab_rspec_read(&from, &ns, p, err);

	show_warnings(&warnings);
	buf_release(&warnings);
	if (r == 0) {
		buf_release(text);
		*text = ns;
	} else {
		buf_release(&ns);
	}
	return r;
}

static int read_file(const char *file, struct buf *text, struct lab_portal *p,
	struct err *err)
{
	int r = file_read(file, text, err);

	if (r != 0) {
		/* it is the caller's to name another */
		err->code = NFZ_E_INPUT;
		return -NFZ_E_INPUT;
	}
	if (lab_rspec_is(buf_str(text), text->len))
		return read_rspec(file, text, p, err);
	if (text->len > NS_MAX)
		return err_set(err, NFZ_E_LIMIT, "%s has more than %d KiB",
			file, NS_MAX >> 10);
	return check_kind(file, buf_str(text), err);
}

static int start(const struct up *o, const char *file, struct daemon_setup *s,
	struct err *err)
{
	struct buf text = BUF_INIT(FILE_MAX);
	char name[64];
	int r = read_file(file, &text, s->portal, err);

	default_name(file, name);
	if (r == 0)
		r = state_name(
			o->exp != NULL ? o->exp : name, &s->testbed, err);
	if (r == 0)
		r = state_claim(&s->testbed, &s->lock, err);
	s->ns_text = buf_str(&text);
	/* served classically, names are those of the NS text */
	if (!o->portal) {
		lab_portal_free(s->portal);
		s->portal = NULL;
	}
	if (r == 0)
		r = daemon_start(s, err);
	buf_release(&text);
	return r;
}

static int bring_up(const struct up *o, const char *file, struct err *err)
{
	struct daemon_setup s = {.ns_name = file,
		.domain = o->domain,
		.delay_os = o->delay_os,
		.seed = (uint64_t)o->seed,
		.disk_bytes = o->disk_mb << 20,
		.portal = lab_portal_new(),
		.lock = -1};
	struct mono_time began = mono_now();
	int r;

	s.portal->n_sites = o->sites > 0 ? (int)o->sites : 1;
	s.portal->answers = o->answers == 1   ? LAB_IN_VALUE
			    : o->answers == 2 ? LAB_IN_OUTPUT
					      : LAB_IN_BOTH;
	r = start(o, file, &s, err);
	lab_portal_free(s.portal);
	if (r == 0)
		r = output_describe(&s.testbed, o->output, err);
	if (r == 0 && o->output == OUTPUT_TEXT)
		printf("up in %.2f s; take it down with: nfz-testbed down "
		       "%s/%s\n",
			(double)(mono_now().ns - began.ns) / 1e9, s.testbed.pid,
			s.testbed.eid);
	return r;
}

int lab_up(int argc, char **argv, int *ret_status, struct err *err)
{
	struct up o = {.seed = 1};
	int words = 0;
	int r = opt_parse(up_options, NULL, &o, argc, argv, &words, err);

	if (r != 0)
		return r;
	if (words != 1) {
		err_set(err, NFZ_E_USAGE, "up needs one file");
		return err_hint(err, "nfz-testbed up lab.ns");
	}
	if (geteuid() != 0) {
		err_set(err, NFZ_E_FORBIDDEN,
			"namespaces and mounts need root");
		return err_hint(err, "sudo nfz-testbed up %s", argv[1]);
	}
	*ret_status = 0;
	return bring_up(&o, argv[1], err);
}
