/* The description without us: the way back of up --heavy. */
#include "base/mem.h"
#include "cli/heavy_up.h"
#include "cli/say.h"
#include "deploy/state.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 16 << 20 };

static void show(const struct heavy_now *now, const char *original)
{
	struct buf text = BUF_INIT(TEXT_MAX);

	ns_text_diff(now->text, original, now->label, &text);
	fwrite(buf_str(&text), 1, text.len, stdout);
	buf_release(&text);
}

/* Nothing of ours may be in the text or among the nodes. */
static int check_text(
	struct heavy_now *now, const char *original, struct err *err)
{
	cleanup_free char *raw = NULL;
	int r = client_nsfile(now->client, &now->exp, &raw, err);

	if (r < 0)
		return r;
	if (!raw || strcmp(raw, original) != 0)
		return err_set(err, NFZ_E_VERIFY,
			"the testbed does not keep the description that was "
			"sent");
	if (now->block.collector && now->view.mapping &&
		value_get(now->view.mapping, HEAVY_COLLECTOR))
		return err_set(err, NFZ_E_VERIFY,
			HEAVY_COLLECTOR " is still a node of %s/%s",
			now->exp.proj, now->exp.exp);
	say_done(now->app,
		"the description is what it was without netflowize"
		" (%zu bytes, compared)",
		strlen(original));
	return 0;
}

/* Where this machine noted who was where before: the same now? */
static void compare_machines(const struct heavy_now *now)
{
	const char *p = now->name.project, *e = now->name.experiment;
	cleanup_free char *before = state_noted(p, e, "heavy.machines");
	struct buf after = BUF_INIT(TEXT_MAX);

	if (!before || !now->view.mapping)
		return;
	change_machines(&now->view, &after);
	if (strcmp(before, buf_str(&after)) != 0)
		say_note(now->app,
			"the machines are not all those of before:\n"
			"was:\n%sis:\n%s",
			before, buf_str(&after));
	else
		say_done(now->app, "the machines are those of before (%zu)",
			now->view.mapping->n);
	buf_release(&after);
}

static int forget(const struct heavy_now *now, struct err *err)
{
	static const char *const names[] = {
		"heavy.before.ns", "heavy.machines", "heavy.sent.ns"};
	int r = 0;

	for (size_t i = 0; i < 3 && r == 0; i++)
		r = state_note(now->name.project, now->name.experiment,
			names[i], "", err);
	return r;
}

bool heavy_takes_failed(
	const struct heavy_now *now, struct deploy_report *report)
{
	cleanup_free char *original = heavy_original(now);
	struct opt_list stays = {0};
	bool ok = ns_node_names(original, &stays, NULL) == 0;

	for (size_t i = 0; ok && i < report->n; i++)
		for (size_t k = 0; report->nodes[i].err.code && k < stays.n;
			k++)
			ok = ok &&
			     strcmp(stays.items[k], report->nodes[i].name) != 0;
	for (size_t i = 0; ok && i < report->n; i++) {
		struct deploy_node *n = &report->nodes[i];

		if (!n->err.code)
			continue;
		say_note(now->app, "%s: %s; its machine goes back as it is",
			n->name, n->err.text);
		err_clear(&n->err);
	}
	opt_list_release(&stays);
	return ok;
}

int heavy_restore(struct heavy_now *now, bool dry_run, struct err *err)
{
	cleanup_free char *original = NULL;
	bool intact;
	int r;

	if (!now->has_block)
		return 0;
	original = heavy_original(now);
	intact = ns_block_intact(now->text, &now->block);
	say_done(now->app,
		"additions found in the description: %zu traced link%s%s",
		now->block.n_traces, now->block.n_traces == 1 ? "" : "s",
		now->block.collector ? ", 1 node" : "");
	if (intact)
		say_done(now->app, "without them it is what it was before, "
				   "byte for byte (digest)");
	else
		say_note(now->app,
			"the description was edited meanwhile: only our "
			"part is taken out");
	if (dry_run) {
		show(now, original);
		return 0;
	}
	r = heavy_send(now, original, err);
	if (r == 0)
		r = check_text(now, original, err);
	if (r == 0) {
		compare_machines(now);
		r = forget(now, err);
	}
	if (r == -NFZ_E_NS || r == -NFZ_E_RESOURCES)
		err_hint(err,
			"What netflowize added to the description is still in "
			"it.\nTry again later: netflowize strip %s/%s",
			now->exp.proj, now->exp.exp);
	if (r == -NFZ_E_INTERRUPTED || r == -NFZ_E_TIMEOUT)
		err_hint(err, "Go on: netflowize strip %s/%s", now->exp.proj,
			now->exp.exp);
	return r;
}
