#include "cli/scope.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/experiment.h"
#include "cli/nodes.h"
#include "cli/say.h"
#include "deploy/state.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { LIST_MAX = 4 << 20 };

bool scope_is_given(const struct scope_options *o)
{
	return o->project || o->from_list || o->nodes.n > 0;
}

static int check(const struct scope_options *o, const char *word,
	const char *file, struct err *err)
{
	int n = (o->project != NULL) + (o->from_list != NULL) +
		(o->nodes.n > 0);

	if (n <= 1 && (n == 0 || (!word && !file)))
		return 0;
	err_set(err, NFZ_E_USAGE,
		"an experiment, --topology, --project, --from-list and --nodes "
		"exclude each other");
	return err_hint(err, "Give one of them");
}

static bool has(const struct scope *s, const char *word)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->items[i].word, word) == 0)
			return true;
	return false;
}

static struct scope_item *add(struct scope *s, const char *word)
{
	struct scope_item *item;

	if (has(s, word))
		return NULL;
	item = &MEM_PUSH(s->items, s->n, s->cap);
	*item = (struct scope_item){.word = mem_strdup(word)};
	return item;
}

/* experiment.getlist: struct project -> struct group -> array of names. */
static void add_listed(
	struct scope *s, const struct value *list, const char *project)
{
	for (size_t p = 0; p < list->n; p++) {
		const struct value *groups = list->items[p];

		if (project && strcmp(list->names[p], project) != 0)
			continue;
		for (size_t g = 0; g < groups->n; g++)
			for (size_t e = 0; e < groups->items[g]->n; e++) {
				const struct value *name =
					groups->items[g]->items[e];
				char word[160];

				if (name->kind != VALUE_STRING ||
					!client_name_valid(list->names[p]) ||
					!client_name_valid(name->text))
					continue;
				snprintf(word, sizeof(word), "%s/%s",
					list->names[p], name->text);
				add(s, word);
			}
	}
}

static const char *nth_project(const void *ctx, size_t i)
{
	const struct value *list = ctx;

	return i < list->n ? list->names[i] : NULL;
}

/* A slip looks like a project with nothing in it. */
static void say_empty(
	const struct app *app, const struct value *list, const char *project)
{
	const char *near = opt_nearest(project, nth_project, list);
	const bool other = near && strcmp(near, project) != 0;

	say_note(app,
		"the testbed lists no experiment that you head in %s%s%s%s",
		project, other ? "; did you mean " : "", other ? near : "",
		other ? "?" : "");
}

static int from_testbed(struct scope *s, const char *project, struct err *err)
{
	struct value *list = NULL;
	int r = experiment_connect(s->app, &s->client, err);

	if (r == 0)
		r = client_getlist(s->client, &list, err);
	if (r == 0)
		add_listed(s, list, project);
	if (r == 0 && project && !s->n)
		say_empty(s->app, list, project);
	value_free(list);
	if (r < 0 || !project || !s->n)
		return r;
	say_note(s->app,
		"the testbed names the experiments of %s that you head; others "
		"are not seen here (name them with --from-list)",
		project);
	return 0;
}

static int remember(void *ctx, const char *project, const char *experiment)
{
	char word[160];

	if (client_name_valid(project) && client_name_valid(experiment)) {
		snprintf(
			word, sizeof(word), "%.70s/%.70s", project, experiment);
		add(ctx, word);
	}
	return 0;
}

/* One line of a list: PROJ/EXP, or a file, which has a dot in its name. */
static int add_line(struct scope *s, char *line, int number, struct err *err)
{
	struct experiment_name name;
	struct scope_item *item;
	char word[160];
	size_t n;

	line += strspn(line, " \t");
	line[strcspn(line, "#\r")] = '\0';
	for (n = strlen(line); n && isspace((unsigned char)line[n - 1]); n--)
		line[n - 1] = '\0';
	if (!*line)
		return 0;
	if (strchr(line, '.')) {
		item = add(s, line);
		if (item)
			item->is_file = true;
		return 0;
	}
	if (app_experiment(s->app, line, &name, err) < 0)
		return err_wrap(err, "%s, line %d", s->o->from_list, number);
	snprintf(word, sizeof(word), "%s/%s", name.project, name.experiment);
	add(s, word);
	return 0;
}

static int from_file(struct scope *s, struct err *err)
{
	struct buf text = BUF_INIT(LIST_MAX);
	int number = 0,
	    r = file_read_named(s->o->from_list, "the list", &text, err);
	char *p = r == 0 && text.len ? text.data : NULL;

	buf_addc(&text, '\0');
	for (char *end; r == 0 && p; p = end) {
		end = strchr(p, '\n');
		if (end)
			*end++ = '\0';
		r = add_line(s, p, ++number, err);
	}
	buf_release(&text);
	if (r == 0 && s->n == 0)
		r = err_set(err, NFZ_E_INPUT, "%s names no experiment",
			s->o->from_list);
	return r;
}

static void add_nodes(struct scope *s)
{
	struct buf word = BUF_INIT(1 << 20);

	for (size_t i = 0; i < s->o->nodes.n; i++)
		buf_addf(&word, "%s%s", i ? "," : "", s->o->nodes.items[i]);
	add(s, buf_str(&word))->is_nodes = true;
	buf_release(&word);
}

int scope_open(struct app *app, const struct scope_options *o, const char *word,
	const char *file, struct scope *ret, struct err *err)
{
	int r = check(o, word, file, err);

	*ret = (struct scope){.app = app, .o = o};
	if (r < 0)
		return r;
	if (o->nodes.n)
		add_nodes(ret);
	else if (o->from_list)
		return from_file(ret, err);
	else if (o->project && !client_name_valid(o->project))
		return err_set(err, NFZ_E_USAGE,
			"--project: %s is no project's name", o->project);
	else if (o->project)
		return from_testbed(ret, o->project, err);
	else {
		r = from_testbed(ret, NULL, err);
		state_each(NULL, remember, ret);
	}
	return r;
}

static int nodes_only(
	const struct scope_options *o, struct topology **ret, struct err *err)
{
	struct topology *t = topology_new();

	for (size_t i = 0; i < o->nodes.n; i++) {
		const struct topo_machine m = {.hostname = o->nodes.items[i]};
		const struct topo_node n = {.name = o->nodes.items[i], .m = &m};
		int index, r = topology_add_node(t, &n, &index, err);

		if (r < 0) {
			topology_free(t);
			return r;
		}
	}
	topology_finish(t);
	*ret = t;
	return 0;
}

int scope_topology(
	struct scope *s, size_t i, struct topology **ret, struct err *err)
{
	const struct scope_item *item = &s->items[i];
	bool quiet = s->app->common->quiet;
	struct experiment_name name;
	int r;

	s->app->file = item->is_file ? item->word : NULL;
	if (item->is_nodes)
		return nodes_only(s->o, ret, err);
	if (item->is_file)
		return nodes_topology(s->app, item->word, NULL, ret, err);
	r = app_experiment(s->app, item->word, &name, err);
	if (r == 0)
		r = experiment_connect(s->app, &s->client, err);
	s->app->common->quiet = !s->app->common->verbose;
	if (r == 0)
		r = experiment_topology_over(
			s->app, s->client, &name, ret, err);
	s->app->common->quiet = quiet;
	return r;
}

void scope_release(struct scope *s, struct scope_options *o)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->items[i].word);
	free(s->items);
	opt_list_release(&o->nodes);
	*s = (struct scope){0};
}
