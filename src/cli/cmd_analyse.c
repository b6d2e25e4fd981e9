/* netflowize analyse: questions about flows that are asked often, by name. */
#include "analysis/analyses.h"
#include "cli/commands.h"
#include "cli/question.h"

#include <stdio.h>
#include <string.h>

struct analyse_command {
	struct common common;
	struct question question;
	const char *bucket, *threshold, *weights, *regions, *services;
	struct opt_list symptoms;
};

#define AT(member) offsetof(struct analyse_command, member)

static const struct opt options[] = {
	{"bucket", 0, OPT_TEXT, AT(bucket), "T",
		"pieces of time of utilisation, losses (10s), pricing (5m)",
		NULL, 0, 0},
	{"threshold", 0, OPT_TEXT, AT(threshold), "N",
		"targets that make a scan (16)", NULL, 0, 0},
	{"weight", 0, OPT_TEXT, AT(weights), "NAME=N,...",
		"how much symptoms count; 0: not at all", NULL, 0, 0},
	{"symptom", 0, OPT_EACH, AT(symptoms), "NAME=N:FILTER",
		"one more symptom, of flows that fit a filter", NULL, 0, 0},
	{"regions", 0, OPT_TEXT, AT(regions), "FILE",
		"whose addresses are: prefixes with names", NULL, 0, 0},
	{"services", 0, OPT_TEXT, AT(services), "FILE",
		"names of ports (/etc/services where the store is)", NULL, 0,
		0},
	QUESTION_OPTIONS(struct analyse_command),
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

enum { SYMPTOMS_MOST = 16, WORDS = 6 };

/* Which there are. */
static int list(const struct app *app, struct err *err)
{
	static const struct sheet_column columns[] = {
		{.name = "name"}, {.name = "summary"}};
	static const struct sheet_column heads[] = {
		{.name = "NAME"}, {.name = "WHAT IT TELLS"}};
	struct sheet s;

	sheet_print(&s, app_form(app),
		app_sheet(app) == SHEET_TABLE ? heads : columns, 2);
	sheet_begin(&s, "netflowize.analyses/1", "analyses");
	for (size_t i = 0; analyses[i].name; i++) {
		sheet_text(&s, analyses[i].name);
		sheet_text(&s, analyses[i].summary);
	}
	sheet_end(&s);
	return sheet_close(&s, err);
}

static int ask(struct app *app, const struct analyse_command *o,
	const char *name, const struct question_words *rest, struct err *err)
{
	struct question_word said[WORDS + SYMPTOMS_MOST] = {
		{"--analysis", name, false}, {"--bucket", o->bucket, false},
		{"--threshold", o->threshold, false},
		{"--weight", o->weights, false},
		{"--regions", o->regions, false},
		{"--services", o->services, false}};
	struct question_words w = *rest;
	const struct analysis *known;
	int r = analysis_find(name, &known, err);

	if (r == 0 && o->symptoms.n > SYMPTOMS_MOST)
		r = err_set(err, NFZ_E_USAGE, "--symptom: at most %d of them",
			SYMPTOMS_MOST);
	if (r < 0)
		return r;
	w.here = o->regions ? "--regions" : o->services ? "--services" : NULL;
	w.options = said;
	w.n_options = WORDS + o->symptoms.n;
	for (size_t i = 0; i < o->symptoms.n; i++)
		said[WORDS + i] = (struct question_word){
			"--symptom", o->symptoms.items[i], false};
	return question_ask(app, &o->question, &w, err);
}

static bool is_name(const char *word)
{
	for (size_t i = 0; analysis_name(i); i++)
		if (strcmp(analysis_name(i), word) == 0)
			return true;
	return false;
}

/* Other commands have the experiment first: here it may be, too. */
static void put_name_first(int words, char **argv)
{
	char *name = words > 1 ? argv[2] : NULL;

	if (!name || is_name(argv[1]) || !is_name(name))
		return;
	argv[2] = argv[1];
	argv[1] = name;
}

/* Only an experiment was named; a mistyped name is analysis_find's. */
static int check_name(const char *word, struct err *err)
{
	if (!strpbrk(word, "/,"))
		return 0;
	err_set(err, NFZ_E_USAGE, "which question about %s?", word);
	return err_hint(err,
		"netflowize analyse lists them; then, for one: "
		"netflowize analyse symptoms %s",
		word);
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	struct analyse_command o = {0};
	int words, r = command_parse(
			   app, &cmd_analyse, &o, argc, argv, &words, err);

	if (r == 0 && words == 0)
		r = list(app, err);
	if (r == 0 && words > 0) {
		put_name_first(words, argv);
		r = check_name(argv[1], err);
	}
	if (r == 0 && words > 0)
		r = ask(app, &o, argv[1],
			&(struct question_words){
				.words = argv + 2, .n_words = words - 1},
			err);
	opt_list_release(&o.symptoms);
	opt_list_release(&o.question.also);
	return r;
}

const struct command cmd_analyse = {.name = "analyse",
	.usage = "[options] NAME PROJ/EXP|DIR [FILTER]",
	.summary = "Answer a question asked often; without a name: which",
	.example = "netflowize analyse symptoms netsec/dumbbell -n 10",
	.options = options,
	.words = -1,
	.nth_first = analysis_name,
	.run = run};
