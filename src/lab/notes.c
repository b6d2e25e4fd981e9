/* Said aloud: where this testbed is less than the one the file was written
 * for.  Nothing here stops an experiment; what would is the mapper's. */
#include "lab/describe.h"
#include "lab/netplan.h"

#include <string.h>

static bool any_red(const struct ns_experiment *ns)
{
	for (size_t i = 0; i < ns->n_lans; i++)
		for (size_t k = 0; k < ns->lans[i].n_members; k++)
			if (ns->lans[i].members[k].q_red != 0)
				return true;
	return false;
}

static bool any_capture(const struct lab_experiment *e)
{
	for (size_t i = 0; i < e->n_traces; i++)
		if (strcmp(e->traces[i].type, "monitor") != 0)
			return true;
	return false;
}

static bool any_shared(
	const struct lab_site *site, const struct lab_experiment *e)
{
	int owner = lab_index(site, e);

	for (size_t i = 0; i < site->n_machines; i++) {
		const struct lab_machine *m = &site->machines[i];

		if (m->owner == owner && m->host >= 0 &&
			site->machines[m->host].is_shared_host)
			return true;
	}
	return false;
}

static bool any_cargo(const struct ns_experiment *ns)
{
	for (size_t i = 0; i < ns->n_nodes; i++)
		if (lab_flag(ns->nodes[i].tarfiles) ||
			lab_flag(ns->nodes[i].rpms))
			return true;
	return false;
}

static void foreign_images(const struct lab_site *site,
	const struct lab_experiment *e, struct buf *out)
{
	int owner = lab_index(site, e), n = 0;

	for (size_t i = 0; i < site->n_machines; i++) {
		const struct lab_machine *m = &site->machines[i];

		if (m->owner != owner || strncmp(m->osid, "FBSD", 4) != 0)
			continue;
		buf_addf(out, "%s%s", n++ > 0 ? " " : "", m->vname);
	}
	if (n > 0)
		buf_adds(out, ": FreeBSD images, but this machine's Linux runs "
			      "there\n");
}

void describe_notes(const struct lab_site *site, const struct lab_experiment *e,
	struct buf *out)
{
	const struct ns_experiment *ns = e->ns;

	for (size_t i = 0; i < ns->n_warnings; i++)
		buf_addf(out, "%.*s\n", (int)strcspn(ns->warnings[i], "\n"),
			ns->warnings[i]);
	for (size_t i = 0; i < ns->n_inert; i++)
		buf_addf(out, "%s: no effect here\n", ns->inert[i]);
	if (!site->has_netem && netplan_delays(e))
		buf_adds(out, "this kernel has no netem: shapers limit the "
			      "bandwidth but add neither delay nor loss\n");
	if (any_red(ns))
		buf_adds(out, "RED queues are plain ones here\n");
	if (any_capture(e))
		buf_adds(out, "traced links have their bridges, but no "
			      "capture is written\n");
	if (any_cargo(ns))
		buf_adds(out, "tar files and RPMs are not installed\n");
	if (any_shared(site, e))
		buf_adds(out, "shared hosts are no machines of their own "
			      "here: their virtual nodes are wired directly\n");
	foreign_images(site, e, out);
}
