/* Up's part that changes meters and caches while they run. */
#include "deploy/deploy_up.h"

#include <stdio.h>
#include <string.h>

enum { TUNE_MS = 10000 };

/* Settings that all nodes share that have any. */
static void share_settings(struct up *u)
{
	bool first = true;

	for (size_t i = 0; i < u->s.report->n; i++) {
		const char *set = steps_set(
			found_with(&u->s.report->nodes[i], u->rollout.id));

		if (!set)
			continue;
		if (first)
			snprintf(u->shared, sizeof(u->shared), "%s", set);
		else
			settings_share(u->shared, set);
		first = false;
	}
}

/* May this node still have settings to tell of? */
static bool is_awaited(const struct up *u, const struct fleet_node *n)
{
	return !u->nodes[n->index].heard && !n->none && n->status < NODE_FAILED;
}

bool up_shared(struct up *u)
{
	if (u->shares)
		return true;
	/* a deployment made just now has none anywhere */
	for (size_t i = 0; i < u->s.fleet->n && !u->new_state; i++)
		if (is_awaited(u, &u->s.fleet->nodes[i]))
			return false;
	share_settings(u);
	u->shares = true;
	return true;
}

bool up_needs_shared(struct up *u, const struct fleet_node *n)
{
	struct deploy_node *d = session_node(&u->s, n);

	return (up_module_on(u, d->node, MODULE_METER) ||
		       up_module_on(u, d->node, MODULE_CACHE)) &&
	       !steps_set(found_with(d, u->rollout.id));
}

void up_settings(struct up *u, const struct fleet_node *n,
	char text[static SETTINGS_TEXT])
{
	struct deploy_node *d = session_node(&u->s, n);
	const struct deploy_found *f = found_with(d, u->rollout.id);

	settings_merge(steps_settings(f, u->shared), u->s.o->settings,
		u->s.o->n_settings, d->name, text);
}

int up_tune(struct up *u, struct fleet_node *n, const struct step *step)
{
	if (step) {
		const char *const call[] = {
			"tune", u->rollout.id, step->role, step->what, NULL};

		fleet_call(n, TUNE_MS, call);
	}
	return step ? FLEET_CALL : 0;
}

void up_tuned(struct up *u, struct fleet_node *n, const struct reply *last)
{
	struct deploy_node *d = session_node(&u->s, n);
	const char *why = frame_value(&last->result, "limited");
	const struct up_node *node = up_node(u, n);
	/* what has just been set there, too, was told with it */
	const bool again = node->at > 1 &&
			   node->steps.items[node->at - 2].kind == STEP_TUNE;
	char now[SETTINGS_TEXT], text[SETTINGS_TEXT + 16];

	up_settings(u, n, now);
	settings_describe(now, text + 5);
	memcpy(text, "set: ", 5);
	snprintf(d->limited, sizeof(d->limited), "%s", why ? why : "");
	if (!again)
		session_note(
			&u->s, d, now[0] ? text : "set: as the setup says");
}
