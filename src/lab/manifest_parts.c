/* Pieces of manifests: attributes, URNs, and what a link runs through. */
#include "lab/manifest_parts.h"
#include "format/xml_escape.h"

#include <stdio.h>
#include <string.h>

void manifest_escaped(struct buf *to, const char *s)
{
	xml_escape(to, s, strlen(s), XML_ATTRIBUTE);
}

void manifest_attr(struct buf *to, const char *name, const char *value)
{
	buf_addf(to, " %s=\"", name);
	manifest_escaped(to, value);
	buf_addc(to, '"');
}

int manifest_site_of(const struct lab_experiment *e, int node)
{
	size_t n = e->ns->n_nodes > 0 ? e->ns->n_nodes : 1;

	return node < 0 ? 0
			: (int)((size_t)node * (size_t)e->portal->n_sites / n);
}

static void add_domain(const struct lab_site *site, int number, struct buf *out)
{
	if (number > 0)
		buf_addf(out, "site%d.", number + 1);
	buf_adds(out, site->domain);
}

void manifest_manager(const struct lab_site *site,
	const struct lab_experiment *e, int number, struct buf *out)
{
	(void)e;
	buf_adds(out, "urn:publicid:IDN+");
	add_domain(site, number, out);
	buf_adds(out, "+authority+cm");
}

void manifest_urn(const struct manifest *o, const char *name, const char *kind,
	const char *rest, int port)
{
	buf_addf(o->text, " %s=\"urn:publicid:IDN+", name);
	add_domain(o->site, o->number, o->text);
	buf_addf(o->text, "+%s+", kind);
	manifest_escaped(o->text, rest);
	if (port >= 0)
		buf_addf(o->text, ":eth%d", port);
	buf_addc(o->text, '"');
}

enum { SLIVERS = 116600 };

void manifest_sliver(const struct manifest *o, int machine, int iface)
{
	char number[32];

	snprintf(number, sizeof(number), "%d",
		SLIVERS + machine * 16 + iface + 1);
	manifest_urn(o, "sliver_id", "sliver", number, -1);
}

bool manifest_is_inside(const struct manifest *o, const struct ns_lan *lan)
{
	int host = -2;

	for (size_t i = 0; i < lan->n_members; i++) {
		int at = lab_machine_of(o->site, o->e, lan->members[i].node);
		int on = at >= 0 ? o->site->machines[at].host : -1;

		if (on < 0 || (host != -2 && on != host))
			return false;
		host = on;
	}
	return true;
}

const struct lab_delay *manifest_delay(
	const struct lab_experiment *e, const char *lan, const char *member)
{
	for (size_t i = 0; i < e->n_delays; i++) {
		const struct lab_delay *d = &e->delays[i];

		if (strcmp(d->lan, lan) == 0 &&
			(member == NULL || strcmp(d->vnode[0], member) == 0))
			return d;
	}
	return NULL;
}
