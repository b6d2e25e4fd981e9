/* The import as a list of steps: fetch, then nodes, shapers, links, bridges.
 *
 * Names that are not of the testbed's own alphabet are refused, for they end
 * up in commands and pages.  Tables are asked for one by one: the table of
 * settings, which comes along unasked and holds keys, is dropped unread. */
#include "testbed/import.h"
#include "base/mem.h"
#include "testbed/import_data.h"

#include <stdio.h>
#include <string.h>

/* Failures of one source that another may replace. */
static bool replaceable(int rc)
{
	return rc == -NFZ_E_FAULT || rc == -NFZ_E_REPLY ||
	       rc == -NFZ_E_SERVICE || rc == -NFZ_E_USAGE;
}

/* A source without which the topology is poorer, but one. */
static int spare(struct import *i, int rc, const char *missing)
{
	if (!rc || !replaceable(rc))
		return rc;
	import_note(i, "the testbed does not say %s", missing);
	return 0;
}

static int require_active(struct import *i)
{
	cleanup_free char *state = NULL;
	int rc = client_state(i->client, i->e, &state, i->err);

	return rc ? rc : client_require_active(i->e, state, i->err);
}

/* links stumbles over members without address; the virtual topology knows
 * them, too, but is missing on some servers.  One of both is enough. */
static int fetch_links(struct import *i)
{
	static const char *const tables[] = {"lans", NULL};
	struct err first = ERR_INIT;
	int rc = client_info(i->client, i->e, "links", &i->links, &first), rc2;

	if (rc && !replaceable(rc)) {
		if (i->err)
			*i->err = first;
		return rc;
	}
	rc2 = client_virtual_topology(
		i->client, i->e, tables, &i->vtopo, i->err);
	if (!rc2 || (!rc && replaceable(rc2))) {
		if (rc)
			import_note(i, "the testbed's list of links failed; "
				       "the virtual topology is used instead");
		return 0;
	}
	if (rc && i->err)
		*i->err = first; /* that is the one to report */
	return rc ? rc : rc2;
}

static bool has_shapers(const struct import *i)
{
	for (size_t k = 0; k < i->mapping->n; k++) {
		const char *erole =
			value_get_text(i->mapping->items[k], "erole");

		if (erole && strcmp(erole, "delaynode") == 0)
			return true;
	}
	return false;
}

static int fetch_report(struct import *i)
{
	cleanup_free char *text = NULL;
	int rc;

	if (!has_shapers(i))
		return 0;
	rc = client_expinfo(i->client, i->e, "shaping", &text, i->err);
	if (!rc)
		nodefile_report(text, strlen(text), &i->report);
	return spare(i, rc, "where its shapers are");
}

static int fetch(struct import *i)
{
	struct client *c = i->client;
	int rc = require_active(i);

	if (!rc)
		rc = client_info(c, i->e, "mapping", &i->mapping, i->err);
	if (!rc)
		rc = fetch_links(i);
	if (!rc)
		rc = spare(i,
			client_info(c, i->e, "physical", &i->physical, i->err),
			"which cards the machines have");
	if (!rc)
		rc = spare(i,
			client_info(c, i->e, "traces", &i->traces, i->err),
			"what it traces itself");
	if (!rc)
		rc = spare(i, client_sshdescription(c, i->e, &i->ssh, i->err),
			"how to log in to the nodes");
	return rc ? rc : fetch_report(i);
}

/* Of several control interfaces with an address the first. */
static void index_control(struct import *i, const char *host, struct value *row)
{
	const char *role = import_text(row, "role");
	struct net_addr a;

	if (host && role && strcmp(role, "ctrl") == 0 &&
		net_addr_parse(import_text(row, "IP"), &a) &&
		!map_gets(&i->controls, host))
		map_puts(&i->controls, host, row);
}

static void index_interface(struct import *i, struct value *row)
{
	const char *vnode = import_text(row, "vnode_id");
	const char *host = import_text(row, "node_id");
	const char *ip = import_text(row, "IP");
	cleanup_free char *key = NULL;

	if (!ip || !(vnode || host))
		return;
	key = mem_printf("%s %s", vnode ? vnode : host, ip);
	map_puts(&i->iface_rows, key, row);
	index_control(i, host, row);
}

/* What is looked up for every node. */
static void index_replies(struct import *i)
{
	const struct value *rows = value_get(i->physical, "interfaces");

	for (size_t k = 0; rows && k < rows->n; k++)
		index_interface(i, rows->items[k]);
	for (size_t k = 0; i->ssh && k < i->ssh->n; k++)
		map_puts(&i->logins, i->ssh->names[k], i->ssh->items[k]);
}

static int build(struct import *i)
{
	struct topology *t = i->t;
	int rc;

	t->project = arena_strdup(&t->arena, i->e->proj);
	t->experiment = arena_strdup(&t->arena, i->e->exp);
	t->source = "emulab";
	index_replies(i);
	rc = import_nodes(i);
	if (!rc)
		rc = import_systems(i);
	if (!rc)
		rc = import_virtual(i);
	if (!rc)
		rc = import_members(i);
	if (!rc)
		rc = import_shapers(i);
	if (!rc)
		rc = import_links(i);
	if (!rc)
		import_virtual_cards(i);
	if (!rc)
		rc = import_bridges(i);
	if (!rc)
		topology_finish(t);
	return rc;
}

static void release(struct import *i)
{
	value_free(i->mapping);
	value_free(i->links);
	value_free(i->physical);
	value_free(i->traces);
	value_free(i->vtopo);
	value_free(i->ssh);
	nodefile_shapers_release(&i->report);
	free(i->shapers);
	free(i->members);
	for (size_t k = 0; k < i->n_cards; k++)
		nodefile_ifaces_release(&i->cards[k].ifaces);
	free(i->cards);
	map_release(&i->iface_rows);
	map_release(&i->controls);
	map_release(&i->logins);
	map_release(&i->machines);
	topology_free(i->t);
}

int import_experiment(struct client *client, const struct client_exp *e,
	const struct import_options *options, struct topology **ret,
	struct err *err)
{
	static const struct import_options none = {0};
	struct import i = {.client = client,
		.e = e,
		.options = options ? options : &none,
		.err = err};
	int rc;

	map_init(&i.iface_rows);
	map_init(&i.controls);
	map_init(&i.logins);
	map_init(&i.machines);
	rc = fetch(&i);
	if (!rc) {
		i.t = topology_new();
		rc = build(&i);
		if (rc == -NFZ_E_INPUT) { /* refused by topology_add_*() */
			err_wrap(err, "the testbed contradicts itself");
			if (err)
				err->code = NFZ_E_REPLY;
			rc = -NFZ_E_REPLY;
		}
	}
	if (!rc)
		*ret = take(i.t);
	release(&i);
	return rc;
}
