/* What up did: as JSON, and what it means that some nodes failed. */
#include "cli/up_report.h"
#include "base/mem.h"
#include "cli/gather.h"
#include "cli/say.h"
#include "format/jsonw.h"

#include <string.h>

/* The lines of a dry run, without their indentation. */
static void put_steps(struct jsonw *w, const char *at)
{
	jsonw_key(w, "steps");
	jsonw_array(w);
	while (*at) {
		size_t n;

		at += strspn(at, " ");
		n = strcspn(at, "\n");
		jsonw_string_n(w, at, n);
		at += n + (at[n] == '\n');
	}
	jsonw_end(w);
}

int up_print_json(const struct app *app, const struct deploy_report *report,
	bool dry_run, struct err *err)
{
	struct buf out = BUF_INIT((size_t)64 << 20);
	struct jsonw w;

	jsonw_init(&w, &out, JSONW_INDENT);
	jsonw_object(&w);
	jsonw_put(&w, "schema", "netflowize.up/1");
	jsonw_put(&w, "deployment", report->id);
	jsonw_put_bool(&w, "dry_run", dry_run);
	jsonw_put_bool(&w, "changed", report->changed);
	jsonw_put_uint(&w, "binary_bytes", report->binary_bytes);
	jsonw_put_uint(&w, "failed", report->failed);
	jsonw_key(&w, "nodes");
	jsonw_array(&w);
	for (size_t i = 0; i < report->n; i++) {
		const struct deploy_node *n = &report->nodes[i];

		jsonw_object_inline(&w);
		jsonw_put(&w, "node", n->name);
		jsonw_put(&w, "status", node_status_name(n->status));
		jsonw_put(&w, "step", n->step);
		if (n->err.code) {
			jsonw_put(&w, "code", err_code_text(n->err.code));
			jsonw_put(&w, "error", n->err.text);
		}
		jsonw_end(&w);
	}
	jsonw_end(&w);
	if (dry_run)
		put_steps(&w, buf_str(&report->steps));
	jsonw_end(&w);
	return app_print_json(app, &out, err);
}

/* What a failed probe means for the record of the network. */
void up_say_effect(const struct app *app, const struct topology *t,
	const struct plan *p, const struct deploy_report *report)
{
	for (size_t i = 0; i < report->n; i++) {
		const struct deploy_node *n = &report->nodes[i];
		struct buf links = BUF_INIT(65536);

		for (size_t k = 0; n->err.code && k < p->n_probes; k++) {
			const struct plan_probe *probe = &p->probes[k];

			for (size_t l = 0;
				probe->node == n->node && l < probe->n_covers;
				l++)
				buf_addf(&links, " %s",
					t->links[probe->covers[l]].name);
		}
		if (links.len)
			say_note(app, "without %s, not watched as planned:%s",
				n->name, buf_str(&links));
		buf_release(&links);
	}
}

/* Behind the node's name, where it begins with that. */
static const char *behind_name(const char *why, const char *name)
{
	size_t n = strlen(name);

	return strncmp(why, name, n) == 0 && strncmp(why + n, ": ", 2) == 0
		       ? why + n + 2
		       : why;
}

/* Of no probe, so no failure. */
static void say_unheard(const struct app *app, const struct gather_line *l)
{
	struct buf names = BUF_INIT(65536);

	gather_names(l, &names);
	say_note(app,
		"%s could not be asked and %s no part in this; what an older "
		"plan may have there stays%s%s",
		buf_str(&names), l->n == 1 ? "has" : "have",
		l->text[0] ? ": " : "", l->text);
	buf_release(&names);
}

void up_say_unheard(const struct app *app, const struct topology *t,
	const struct deploy_report *report)
{
	struct gather whys = {0};

	for (size_t i = 0; i < report->n; i++) {
		const struct deploy_node *d = &report->nodes[i];

		if (d->status == NODE_SKIPPED && !d->err.code &&
			topology_may_answer(t->nodes[d->node].m))
			gather_add(&whys, 0, d->name,
				behind_name(d->step, d->name), 0);
	}
	for (size_t i = 0; i < whys.n; i++)
		say_unheard(app, &whys.lines[i]);
	gather_release(&whys);
}

/* READY tells what a probe has heard of the collector while it waited. */
void up_say_lonely(const struct app *app, const char *target,
	const struct deploy_report *report)
{
	static const char heard[] = " collector=";
	struct gather lonely = {0};
	struct buf names = BUF_INIT(65536);

	for (size_t i = 0; i < report->n; i++) {
		const struct deploy_node *n = &report->nodes[i];
		const char *at = strstr(n->step, heard);

		if (n->status == NODE_OK && at &&
			strncmp(at + sizeof(heard) - 1, "up ", 3) != 0)
			gather_add(&lonely, 0, n->name, "", 0);
	}
	if (lonely.n) {
		gather_names(&lonely.lines[0], &names);
		say_note(app,
			"%s: no word of the collector so far; whether it runs "
			"tells: netflowize status %s",
			buf_str(&names), target);
	}
	buf_release(&names);
	gather_release(&lonely);
}
