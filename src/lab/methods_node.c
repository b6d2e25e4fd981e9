/* Machines: how many are free, how to reach them, their keys. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "lab/dispatch.h"
#include "lab/pyrepr.h"
#include "lab/rows.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* An argument as Python's str() shows it, when it is a plain word: false and
 * answered with text when it is not.  *ret is "" when there is none. */
static bool word_arg(struct lab_call *c, const char *name, const char *text,
	char *ret, size_t size)
{
	const struct value *v = call_arg(c, name);
	struct buf shown cleanup(buf_release) = BUF_INIT(1 << 16);

	ret[0] = '\0';
	if (!v)
		return true;
	pyrepr_str(v, &shown);
	if (!call_word(buf_str(&shown))) {
		call_fail(c, CALL_BADARGS, "%s", text);
		return false;
	}
	snprintf(ret, size, "%s", buf_str(&shown));
	return true;
}

/* A project's members may ask with its rights. */
static bool may_use_project(struct lab_call *c)
{
	const struct value *v = call_arg(c, "proj");
	const char *pid = call_text(c, "proj"), *trust;
	bool bad;

	if (!v)
		return true;
	if (!call_name_ok(c, "proj", &bad)) {
		if (bad)
			call_fail(c, CALL_BADARGS,
				"Illegal characters in project ID!");
		return false;
	}
	trust = call_trust(c->caller, pid, pid);
	if (trust && strcmp(trust, "none") != 0)
		return true;
	call_fail(c, CALL_FORBIDDEN,
		"You do not have permission to access project: %s", pid);
	return false;
}

static bool fits(
	const struct lab_machine *m, const char *class_name, const char *type)
{
	return (!class_name[0] ||
		       strcasecmp(m->type->class_name, class_name) == 0) &&
	       (!type[0] || strcasecmp(m->type->name, type) == 0);
}

static void available(struct lab_call *c, struct lab_experiment *none)
{
	char class_name[64], type[64];
	int n = 0;

	(void)none;
	if (!word_arg(c, "class", "Improperly formed node class", class_name,
		    sizeof(class_name)) ||
		!word_arg(c, "type", "Improperly formed node type", type,
			sizeof(type)) ||
		!may_use_project(c))
		return;
	for (size_t i = 0; i < c->site->n_machines; i++) {
		const struct lab_machine *m = &c->site->machines[i];

		n += lab_is_free(m) &&
		     fits(m, class_name[0] ? class_name : "pc", type);
	}
	call_ok_repr(c, value_int(n));
}

/* "pc164,pc93": words between commas only. */
static bool node_list_ok(const char *text)
{
	bool in_word = false;

	for (; *text; text++) {
		char one[2] = {*text, '\0'};

		if (*text == ',' && !in_word)
			return false;
		if (*text == '\n' && text[1] == '\0')
			break;
		if (*text != ',' && !call_word(one))
			return false;
		in_word = *text != ',';
	}
	return in_word;
}

static bool in_list(const char *list, const char *id)
{
	size_t n = strlen(id);

	while (list) {
		if (strncasecmp(list, id, n) == 0 &&
			(list[n] == ',' || list[n] == '\0'))
			return true;
		list = strchr(list, ',');
		list = list ? list + 1 : NULL;
	}
	return false;
}

static int by_id(const void *a, const void *b)
{
	const struct lab_machine *const *x = a, *const *y = b;

	return strcmp((*x)->id, (*y)->id);
}

static const struct lab_machine **all_machines(const struct lab_site *site)
{
	const struct lab_machine **list =
		mem_zalloc(site->n_machines + 1, sizeof(*list));

	for (size_t i = 0; i < site->n_machines; i++)
		list[i] = &site->machines[i];
	qsort(list, site->n_machines, sizeof(*list), by_id);
	return list;
}

static void getlist(struct lab_call *c, struct lab_experiment *none)
{
	char class_name[64], type[64];
	const char *nodes = call_text(c, "nodes");
	const struct lab_machine **list;
	struct value *all;

	(void)none;
	if (!word_arg(c, "class", "Improperly formed node class", class_name,
		    sizeof(class_name)) ||
		!word_arg(c, "type", "Improperly formed node type", type,
			sizeof(type)) ||
		!may_use_project(c))
		return;
	if (call_arg(c, "nodes") && (!nodes || !node_list_ok(nodes))) {
		call_fail(c, CALL_BADARGS, "Bad chars in node list!");
		return;
	}
	if (call_arg(c, "proj")) { /* its query is ill-formed */
		call_fault(c, "RuntimeError", "DBQueryFatal failed");
		return;
	}
	all = value_new(VALUE_STRUCT);
	list = all_machines(c->site);
	for (size_t i = 0; i < c->site->n_machines; i++) {
		const struct lab_machine *m = list[i];
		struct value *row;

		if (!m->id[0] || !fits(m, class_name, type) ||
			(nodes && !in_list(nodes, m->id)))
			continue;
		row = row_new("node_id=s type=s free=n");
		row_text(row, "node_id", m->id);
		row_text(row, "type", m->type->name);
		value_set(row, "free", value_bool(lab_is_free(m)));
		value_set(all, m->id, row);
	}
	free(list);
	pydict_order(all);
	call_ok_repr(c, all);
}

static const char type_columns[] =
	"isfednode=i0 issubnode=i0 type=s isdynamic=i0 issimnode=i0 "
	"isremotenode=i0 isvirtnode=i0 isplabdslice=i0 isplabphysnode=i0 "
	"isswitch=i0 isgeninode=i0 isjailed=i0 class=spc";

static void typeinfo(struct lab_call *c, struct lab_experiment *none)
{
	struct value *all = value_new(VALUE_STRUCT);

	(void)none;
	if (call_arg(c, "type")) {
		value_free(all);
		call_fault(c, "UnboundLocalError",
			"local variable 're' referenced before assignment");
		return;
	}
	for (size_t i = 0; i <= c->site->n_types; i++) {
		struct value *row = row_new(type_columns);
		const char *name =
			i < c->site->n_types ? c->site->types[i].name : "pc";

		row_text(row, "type", name);
		if (i < c->site->n_types)
			row_text(row, "class", c->site->types[i].class_name);
		value_set(all, name, row);
	}
	pydict_order(all);
	call_ok_repr(c, all);
}

static bool node_name_ok(struct lab_call *c, char *ret, size_t size)
{
	return word_arg(c, "node", "Improperly formed node value!", ret, size);
}

/* The experiment a machine belongs to, NULL when free or unknown. */
static struct lab_experiment *owner_of(
	struct lab_call *c, const char *node, struct lab_machine **ret)
{
	int at = lab_machine_find(c->site, node);

	*ret = at >= 0 ? &c->site->machines[at] : NULL;
	if (at < 0 || (*ret)->owner < 0)
		return NULL;
	return c->site->experiments[(*ret)->owner];
}

static struct value *ssh_entry(const struct lab_site *site,
	const struct lab_experiment *e, const struct lab_machine *m)
{
	struct value *row = value_new(VALUE_STRUCT);
	char host[300];

	snprintf(host, sizeof(host), "%s.%s.%s.%s", m->vname ? m->vname : m->id,
		e->eid, e->pid, site->domain);
	row_text(row, "hostname", host);
	if (m->is_virtual) {
		/* its address is of use only behind that host */
		snprintf(host, sizeof(host), "users.%s", site->domain);
		row_text(row, "gateway", host);
		pydict_order(row);
	}
	return row;
}

static void ssh_by_node(struct lab_call *c, const char *node)
{
	struct lab_machine *m;
	struct lab_experiment *e = owner_of(c, node, &m);

	if (!e)
		call_fail(c, CALL_ERROR, "No such node: %s", node);
	else if (!call_may_see(c, e->pid, e->gid))
		call_fail(c, CALL_FORBIDDEN,
			"You do not have permission to access: %s", node);
	else
		call_ok_repr(c, ssh_entry(c->site, e, m));
}

static void ssh_by_experiment(struct lab_call *c)
{
	const char *pid = call_text(c, "proj"), *eid = call_text(c, "exp");
	struct lab_experiment *e = lab_experiment_find(c->site, pid, eid);
	const struct lab_machine **list;
	struct value *all;
	size_t n;

	if (!e) {
		call_fail(c, CALL_ERROR, "No such experiment: %s/%s", pid, eid);
		return;
	}
	if (e->state != LAB_ACTIVE && e->state != LAB_ACTIVATING &&
		e->state != LAB_MODIFY_REPARSE) {
		call_fail(c, CALL_ERROR, "Experiment is not active");
		return;
	}
	if (!call_may_see(c, e->pid, e->gid)) { /* the text needs a node */
		call_fault(c, "KeyError", "'node'");
		return;
	}
	all = value_new(VALUE_STRUCT);
	list = rows_machines(c->site, e, &n);
	for (size_t i = 0; i < n; i++)
		value_set(all, list[i]->id, ssh_entry(c->site, e, list[i]));
	free(list);
	pydict_order(all);
	call_ok_repr(c, all);
}

static void sshdescription(struct lab_call *c, struct lab_experiment *none)
{
	char node[64];
	bool bad, by_node;

	(void)none;
	call_require(c, ""); /* the aliases */
	by_node = call_arg(c, "node") != NULL;
	if (!by_node && !(call_arg(c, "proj") && call_arg(c, "exp"))) {
		call_fail(c, CALL_BADARGS, "Must supply 'node'");
		return;
	}
	if (!node_name_ok(c, node, sizeof(node)))
		return;
	if (call_arg(c, "proj")) {
		if (!call_arg(c, "exp")) {
			call_fault(c, "KeyError", "'exp'");
			return;
		}
		if (!call_name_ok(c, "proj", &bad) ||
			!call_name_ok(c, "exp", &bad)) {
			if (bad)
				call_fail(c, CALL_BADARGS,
					"Improperly formed proj/exp!");
			return;
		}
		if (!by_node) {
			ssh_by_experiment(c);
			return;
		}
	}
	ssh_by_node(c, node);
}

/* The tables have room for three sorts of keys; newer sorts than RSA stand
 * where the RSA key would, when there is none. */
static void hostkeys(struct lab_call *c, struct lab_experiment *none)
{
	char node[64];
	struct lab_machine *m;
	struct lab_experiment *e;
	const char *key;
	struct value *row;

	(void)none;
	if (call_nologins(c) || !node_name_ok(c, node, sizeof(node)))
		return;
	e = owner_of(c, node, &m);
	key = !e                    ? NULL
	      : m->host_key_rsa     ? m->host_key_rsa
	      : m->host_key_ed25519 ? m->host_key_ed25519
				    : m->host_key_ecdsa;
	if (e && !call_may_see(c, e->pid, e->gid)) {
		call_fail(c, CALL_FORBIDDEN,
			"You do not have permission to access: %s", node);
	} else if (!key) {
		call_fail(c, CALL_ERROR, "No such node: %s", node);
	} else {
		row = value_new(VALUE_STRUCT);
		row_text(row, "sshrsa_v2", key);
		call_ok_repr(c, row);
	}
}

/* No machine here has a serial console. */
static void console(struct lab_call *c, struct lab_experiment *none)
{
	char node[64];
	struct lab_machine *m;
	struct lab_experiment *e;

	(void)none;
	if (!node_name_ok(c, node, sizeof(node)))
		return;
	e = owner_of(c, node, &m);
	if (!e && !c->caller->admin)
		call_fail(c, CALL_ERROR, "No permission to access node: %s",
			node);
	else if (e && !c->caller->admin && !call_may_see(c, e->pid, e->gid))
		call_fail(c, CALL_FORBIDDEN,
			"You do not have permission to access: %s", node);
	else
		call_fail(c, CALL_ERROR, "No such node: %s", node);
}

const struct call_method methods_node[] = {
	{"node", "available", CALL_VERSION | CALL_NOLOGINS, "", available},
	{"node", "getlist", CALL_VERSION, "", getlist},
	{"node", "typeinfo", CALL_VERSION, "", typeinfo},
	{"node", "sshdescription", CALL_VERSION, "", sshdescription},
	{"node", "hostkeys", CALL_VERSION, "node", hostkeys},
	{"node", "console", CALL_VERSION, "node", console}, {0}};
