/* netflowize explain NFZ-CODE: what an error code means. */
#include "cli/commands.h"
#include "format/sheet.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct opt options[] = {
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

/* Where it comes from, and what to do. */
static const char *const advice[NFZ_E_COUNT] = {
	[NFZ_E_INTERNAL] =
		"Please report it, with the command and what -v prints.",
	[NFZ_E_NOMEM] = "Use a machine with more memory, or ask for less: a "
			"filter, --last, --number.",
	[NFZ_E_IO] = "A file of this machine could not be read or written; the "
		     "message names it and says why.",
	[NFZ_E_LIMIT] = "What comes from outside is read up to a limit, which "
			"the message tells.",
	[NFZ_E_TIMEOUT] = "Somebody who answered before answers no more. Try "
			  "again; --timeout T waits longer for nodes.",
	[NFZ_E_USAGE] = "netflowize COMMAND --help shows the words and options "
			"of a command, netflowize(1) all of them.",
	[NFZ_E_CONFIG] = "/etc/netflowize.ini, ~/.config/netflowize/config.ini "
			 "and ./netflowize.ini are read, later ones win; "
			 "netflowize(1), FILES, has an example.",
	[NFZ_E_INPUT] =
		"The message names the file, and the line where there is one. "
		"Section 5 of the manual describes the formats.",
	[NFZ_E_FILTER] = "The mark under the filter shows where. Words and "
			 "examples: man 7 netflowize-filter.",
	[NFZ_E_NS] = "The message has the line. What is not understood here "
		     "the testbed might understand: PROJ/EXP in place of the "
		     "file asks it.",
	[NFZ_E_SWAPPED] = "Its nodes were given back. Swap it in on the "
			  "testbed's page, then run this again. Records that "
			  "were not brought home went with the nodes.",
	[NFZ_E_NO_EXPERIMENT] =
		"Look at the spelling of PROJ/EXP: it is that of the testbed's "
		"page. Other people's are not shown to you.",
	[NFZ_E_NO_DEPLOYMENT] =
		"Nothing of ours runs on its nodes: it was never instrumented, "
		"was stripped, its lease ended, or its nodes were loaded anew. "
		"Start: netflowize --light PROJ/EXP",
	[NFZ_E_UNCOVERED] = "No probe can see some links; netflowize plan says "
			    "why of each. --partial goes on without them, "
			    "--heavy adds nodes that see them.",
	[NFZ_E_RESOURCES] = "--mixed needs fewer new nodes than --heavy; plan "
			    "--heavy says how many.",
	[NFZ_E_NODES_FAILED] =
		"The others are done. The lines before say what was wrong "
		"with whom; when that is mended, give the same command again, "
		"or --limit @failed.",
	[NFZ_E_BUSY] = "Another up or strip works on the same nodes. Wait "
		       "until it is done.",
	[NFZ_E_DISK_FULL] =
		"Make room there. A collector keeps less with up --keep-mb N; "
		"what it has is not lost, and it goes on by itself.",
	[NFZ_E_UNREACHABLE] = "Is the node up, does ssh NODE reach it? Go on "
			      "without it: --avoid NODE.",
	[NFZ_E_HOST_KEY] = "A node that was loaded anew has another key: "
			   "ssh-keygen -R NODE forgets the old one. If it was "
			   "not, somebody may be in between.",
	[NFZ_E_NODE_AUTH] = "Which key does the testbed have of you? Name it: "
			    "--identity FILE; the login: --ssh-user NAME. New "
			    "keys reach nodes at the next swap-in or reboot.",
	[NFZ_E_NO_SUDO] =
		"Probes need a login as root (--ssh-user root) or sudo without "
		"a password, which testbeds give on nodes of one's own. Go on "
		"without the node: --avoid NODE.",
	[NFZ_E_NO_PLACE] = "/var/lib, /local and /var/tmp are full, read-only "
			   "or forbid programs.",
	[NFZ_E_NODE_OS] = "Nodes are x86_64, or aarch64 after make aarch64; "
			  "others are left out: --avoid NODE.",
	[NFZ_E_CRASHED] = "What it said last is printed; netflowize logs "
			  "PROJ/EXP NODE has all of it.",
	[NFZ_E_REMOTE] = "Often the connection broke. Give the command again; "
			 "what was done is not done twice.",
	[NFZ_E_PASSPHRASE] = "It is the passphrase of the certificate, which "
			     "the testbed's page asked for when it was made; "
			     "--passphrase-fd N for scripts.",
	[NFZ_E_CERT_EXPIRED] =
		"Make a new one on the testbed's page (Create SSL Certificate) "
		"and save it as ~/.ssl/emulab.pem.",
	[NFZ_E_SERVER_CERT] =
		"Give the testbed's own authority with --ca FILE. --insecure "
		"asks nobody's name: for tries only.",
	[NFZ_E_CLOSED] = "The testbed is being worked on. Try later; nothing "
			 "was changed.",
	[NFZ_E_SILENT_CLOSE] = "It does not say why. Host, port and path of "
			       "--server may be another service's.",
	[NFZ_E_CERT_REFUSED] =
		"Is it of this testbed, and of the account that you have now?",
	[NFZ_E_API_VERSION] = "Look for a newer netflowize.",
	[NFZ_E_SERVICE] =
		"Is --server HOST:PORT right, and no firewall in between?",
	[NFZ_E_FAULT] = "It is the testbed's; its operators will want the text "
			"of the message.",
	[NFZ_E_REPLY] = "Is --server HOST:PORT the testbed's service, and not "
			"its web page?",
	[NFZ_E_FORBIDDEN] = "You are not a member of the project, or may not "
			    "log in to these nodes. Ask who heads it.",
	[NFZ_E_CERT_FILE] = "It holds certificate and key, as the testbed's "
			    "page gives them: --certificate FILE.",
	[NFZ_E_TOO_BIG] = "--mixed or --select FILE need fewer bridges.",
	[NFZ_E_VERIFY] = "The lines before say what is not as it should be. "
			 "strip --force removes files that were changed, too.",
	[NFZ_E_PENDING] = "What would be changed was shown. Without --dry-run "
			  "it is done.",
	[NFZ_E_INTERRUPTED] = "What was done stays. The same command goes on, "
			      "netflowize strip takes back.",
};

static void add(struct sheet *s, int code, bool with_advice)
{
	if (s->format == SHEET_TABLE) {
		printf("%s  %s (exit status %d)\n", err_code_text(code),
			err_code_meaning(code), err_exit_status(code));
		if (with_advice) {
			fputs("  ", stdout);
			opt_print_text(advice[code], 2, stdout);
		}
		return;
	}
	sheet_text(s, err_code_text(code));
	sheet_text(s, err_code_meaning(code));
	sheet_int(s, err_exit_status(code));
	sheet_text(s, advice[code]);
}

/* One code, or with 0 all. */
static int print(const struct app *app, int only, struct err *err)
{
	static const struct sheet_column columns[] = {{.name = "code"},
		{.name = "meaning"}, {.name = "exit_status"},
		{.name = "advice"}};
	struct sheet s;

	sheet_print(&s, app_form(app), columns, 4);
	if (s.format != SHEET_TABLE)
		sheet_begin(&s, "netflowize.explain/1", "errors");
	for (int i = 1; i < NFZ_E_COUNT; i++)
		if (!only || i == only)
			add(&s, i, only != 0);
	if (s.format != SHEET_TABLE)
		sheet_end(&s);
	return sheet_close(&s, err);
}

static const char *nth_code(size_t i)
{
	return i + 1 < NFZ_E_COUNT ? err_code_text((int)i + 1) : NULL;
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	struct common c = {0};
	int words, r = command_parse(
			   app, &cmd_explain, &c, argc, argv, &words, err);

	if (r < 0 || words < 0)
		return r;
	if (words == 0)
		return print(app, 0, err);
	for (int i = 1; i < NFZ_E_COUNT; i++) {
		const char *code = err_code_text(i);

		if (strcasecmp(argv[1], code) == 0 ||
			strcasecmp(argv[1], code + sizeof("NFZ-") - 1) == 0 ||
			strcmp(argv[1], code + sizeof("NFZ-E") - 1) == 0)
			return print(app, i, err);
	}
	err_set(err, NFZ_E_USAGE, "%s is no error code of netflowize", argv[1]);
	return err_hint(err, "All codes: netflowize explain");
}

const struct command cmd_explain = {.name = "explain",
	.usage = "[NFZ-CODE]",
	.summary = "Tell what an error code means, and what to do",
	.example = "netflowize explain NFZ-E101",
	.options = options,
	.words = 1,
	.nth_first = nth_code,
	.local = true,
	.run = run};
