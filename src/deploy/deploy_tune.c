/* Up's part that changes meters while they run. */
#include "deploy/deploy_up.h"

#include <stdio.h>
#include <string.h>

enum { TUNE_MS = 10000 };

void up_shared_settings(struct up *u, char text[static SETTINGS_TEXT])
{
	bool first = true;

	text[0] = '\0';
	for (size_t i = 0; i < u->s.report->n; i++) {
		const struct deploy_found *f =
			found_with(&u->s.report->nodes[i], u->rollout.id);

		if (!steps_has_meter(f))
			continue;
		if (first)
			snprintf(text, SETTINGS_TEXT, "%s", f->settings);
		else
			settings_share(text, f->settings);
		first = false;
	}
}

void up_settings(struct up *u, const struct fleet_node *n,
	char text[static SETTINGS_TEXT])
{
	struct deploy_node *d = session_node(&u->s, n);
	const struct deploy_found *f = found_with(d, u->rollout.id);

	char shared[SETTINGS_TEXT];

	up_shared_settings(u, shared);
	settings_merge(steps_settings(f, shared), u->s.o->settings,
		u->s.o->n_settings, d->name, text);
}

int up_tune(struct up *u, struct fleet_node *n, const struct step *step)
{
	if (step) {
		const char *const call[] = {
			"tune", u->rollout.id, "meter", step->what, NULL};

		fleet_call(n, TUNE_MS, call);
	}
	return step ? FLEET_CALL : 0;
}

void up_tuned(struct up *u, struct fleet_node *n, const struct reply *last)
{
	struct deploy_node *d = session_node(&u->s, n);
	const char *why = frame_value(&last->result, "limited");
	char now[SETTINGS_TEXT], text[SETTINGS_TEXT + 16];

	up_settings(u, n, now);
	settings_describe(now, text + 5);
	memcpy(text, "set: ", 5);
	snprintf(d->limited, sizeof(d->limited), "%s", why ? why : "");
	session_note(&u->s, d, now[0] ? text : "set: as the setup says");
}
