/* What a portal answers, and RSpecs that are to become a local testbed.  The
 * first byte chooses: s status, m manifests, r an RSpec to bring up.  No text
 * of an RSpec may get into the NS text but as a name of harmless letters. */
#include "foreign.h"
#include "lab/portal.h"
#include "testbed/portal.h"

static void status(const char *text, size_t len)
{
	const struct client_exp e = {"p", "e"};
	struct portal_status s;
	struct err err = ERR_INIT;

	if (portal_status_parse(text, len, &s, &err) == 0) {
		for (const char *at = s.status; *at; at++)
			if ((unsigned char)*at < ' ')
				__builtin_trap();
		if (portal_require_ready(&e, &s, &err) && !err.text[0])
			__builtin_trap();
	} else if (!err.text[0]) {
		__builtin_trap();
	}
	portal_status_release(&s);
}

static int known_line(const char *line)
{
	static const char *const starts[] = {"source tb_compat.tcl\n",
		"set nfzSimulator [new Simulator]\n", "set {", "tb-set-", "${",
		"[[$nfzSimulator lanlink ${", "$nfzSimulator r"};

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (strncmp(line, starts[i], strlen(starts[i])) == 0)
			return 1;
	return 0;
}

/* Commands stand in brackets: the simulator's only. */
static void check_ns(const char *text)
{
	const char *at = text;

	while (*at) {
		if (!known_line(at))
			__builtin_trap();
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	for (at = text; (at = strchr(at, '[')); at++)
		if (strncmp(at, "[$nfzSimulator ", 15) != 0 &&
			strncmp(at, "[[$nfzSimulator ", 16) != 0 &&
			strncmp(at, "[new Simulator]", 15) != 0)
			__builtin_trap();
	if (strpbrk(text, ";\\`\r\t"))
		__builtin_trap();
}

static void bring_up(const char *text, size_t len)
{
	struct buf warnings = BUF_INIT(1 << 16), ns = BUF_INIT(1 << 20);
	const struct draft_text from = {
		.text = text, .len = len, .name = "f", .warnings = &warnings};
	struct lab_portal *p = lab_portal_new();
	struct err err = ERR_INIT;

	if (lab_rspec_read(&from, &ns, p, &err) == 0)
		check_ns(buf_str(&ns));
	else if (!err.text[0])
		__builtin_trap();
	lab_portal_free(p);
	buf_release(&ns);
	buf_release(&warnings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;

	if (size == 0)
		return 0;
	switch (data[0]) {
	case 's':
		status(text, size - 1);
		return 0;
	case 'r':
		bring_up(text, size - 1);
		return 0;
	default:
		return foreign_input(
			portal_manifests_parse, data + 1, size - 1);
	}
}
