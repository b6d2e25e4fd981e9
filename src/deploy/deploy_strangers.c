/* What our meter on a node watches, and whether somebody else does already; what
 * is there that is not to be removed. */
#include "base/net.h"
#include "deploy/deploy_up.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void tap_name(const struct setup_tap *tap, char text[static 32])
{
	if (tap->has_mac)
		net_mac_print(tap->mac, text);
	else
		snprintf(text, 32, "%s", tap->ifname);
}

void up_taps(const struct up *u, int topo_node, char *text, size_t size)
{
	const struct module *m = up_module_on(u, topo_node, MODULE_METER);
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; m && i < m->setup.n_taps; i++) {
		char name[32];

		tap_name(&m->setup.taps[i], name);
		if (n + strlen(name) + 2 > size) {
			snprintf(text, size, "*");
			return;
		}
		n += (size_t)snprintf(
			text + n, size - n, "%s%s", i ? "," : "", name);
	}
}

/* Does another deployment watch what we are going to watch?  Who does not say
 * what it watches might. */
static bool same_taps(
	const struct up *u, int topo_node, const struct deploy_found *f)
{
	const struct module *m = up_module_on(u, topo_node, MODULE_METER);

	if (!m || !found_has_role(f, "meter"))
		return false;
	if (!f->taps[0] || strcmp(f->taps, "*") == 0)
		return true;
	for (size_t i = 0; i < m->setup.n_taps; i++) {
		char name[32];

		tap_name(&m->setup.taps[i], name);
		if (strstr(f->taps, name))
			return true;
	}
	return false;
}

/* Another experiment's programs on a planned node: not ours to touch, and not
 * to be doubled.  On other links they do not disturb ours. */
int up_refuse_strangers(
	struct up *u, const struct deploy_node *d, struct err *err)
{
	for (size_t k = 0; k < d->n_found; k++) {
		const struct deploy_found *f = &d->found[k];

		/* other tools do not disturb ours */
		if (found_is_ours(&u->s, f) || f->recipe[0] ||
			!same_taps(u, d->node, f))
			continue;
		err_set(err, NFZ_E_BUSY,
			"%s already has a deployment of %s by %s (%s, since "
			"%s) on the same link",
			d->name, f->experiment, f->who[0] ? f->who : "somebody",
			f->id, f->since);
		return err_hint(
			err, "Remove it: netflowize strip %s", f->experiment);
	}
	return 0;
}

int up_refuse_records(const struct up *u, const struct deploy_node *d,
	uint64_t id, struct err *err)
{
	char text[17];

	snprintf(text, sizeof(text), "%016" PRIx64, id);
	for (size_t k = 0; k < d->n_found; k++) {
		const struct deploy_found *f = &d->found[k];

		if (!found_is_ours(&u->s, f) || !f->flows ||
			strcmp(f->id, text) == 0)
			continue;
		err_set(err, NFZ_E_BUSY,
			"%s has records of another deployment of %s (%s, since "
			"%s) than %s, which would go on",
			d->name, u->s.name, f->id, f->since, text);
		return err_hint(err,
			"Remove one of the two, its records brought home:\n"
			"netflowize strip %s --deployment ID --keep-data DIR",
			u->s.name);
	}
	return 0;
}
