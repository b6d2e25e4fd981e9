#define _GNU_SOURCE
#include "test_service_world.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "format/xmlrpc.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

char *world_file(
	const char *dir, const char *name, const char *suffix, size_t *ret_len)
{
	struct buf text = BUF_INIT(64 << 20);
	char path[512];

	snprintf(path, sizeof(path), "%s/%s%s", dir, name, suffix);
	if (access(path, R_OK) != 0 || file_read(path, &text, NULL) < 0) {
		buf_release(&text);
		return NULL;
	}
	buf_adds(&text, "");
	if (ret_len)
		*ret_len = text.len;
	return buf_take(&text);
}

/* The NS text of a recorded experiment.nsfile answer. */
static char *recorded_text(const char *name)
{
	size_t len = 0;
	char *document =
		world_file(REPLIES, name, "-nsfile.response.xml", &len);
	struct xmlrpc_response r = {0};
	char *text = NULL;

	if (document && xmlrpc_parse_response(document, len, &r, NULL) == 0 &&
		r.value && value_get_text(r.value, "value"))
		text = mem_strdup(value_get_text(r.value, "value"));
	xmlrpc_response_release(&r);
	free(document);
	return text;
}

/* Puts `to` wherever `from` stands. */
static char *replaced(const char *text, const char *from, const char *to)
{
	struct buf out = BUF_INIT(1 << 20);
	const char *at;

	while ((at = strstr(text, from))) {
		buf_add(&out, text, (size_t)(at - text));
		buf_adds(&out, to);
		text = at + strlen(from);
	}
	buf_adds(&out, text);
	return buf_take(&out);
}

static void add_user(struct lab_site *site, const char *uid)
{
	struct lab_user *u;

	MEM_PUSH(site->users, site->n_users, site->users_cap) =
		(struct lab_user){.active = true, .cert_serial = -1};
	u = &site->users[site->n_users - 1];
	snprintf(u->uid, sizeof(u->uid), "%s", uid);
}

static void join(struct lab_site *site, const char *uid, const char *pid,
	const char *gid, const char *trust)
{
	for (size_t i = 0; i < site->n_users; i++) {
		struct lab_user *u = &site->users[i];
		int n = u->n_groups;

		if (strcmp(u->uid, uid) != 0)
			continue;
		snprintf(u->groups[n].pid, sizeof(u->groups[n].pid), "%s", pid);
		snprintf(u->groups[n].gid, sizeof(u->groups[n].gid), "%s", gid);
		snprintf(u->groups[n].trust, sizeof(u->groups[n].trust), "%s",
			trust);
		u->n_groups++;
	}
}

static void add_users(struct lab_site *site)
{
	add_user(site, "ada");
	add_user(site, "ben");
	add_user(site, "cleo");
	add_user(site, "dan");
	add_user(site, "eve"); /* frozen */
	add_user(site, "fay"); /* in no group */
	add_user(site, "gil"); /* certificate revoked */
	site->users[site->n_users - 3].active = false;
	join(site, "eve", "nfexp", "nfexp", "user");
	join(site, "gil", "nfexp", "nfexp", "user");
	join(site, "ada", "nfexp", "nfexp", "project_root");
	join(site, "ada", "nfexp", "probes", "project_root");
	join(site, "ada", "deter1", "deter1", "local_root");
	join(site, "ben", "nfexp", "nfexp", "local_root");
	join(site, "cleo", "nfexp", "nfexp", "user");
	join(site, "cleo", "nfexp", "probes", "group_root");
	join(site, "dan", "other", "other", "project_root");
}

static const struct {
	const char *pid, *gid, *eid, *head, *description, *text, *state;
	int nodes; /* without a recorded text: so many nodes */
} experiments[] = {
	{"nfexp", "nfexp", "lan3", "ada", "3 node LAN", "lan3", "active", 0},
	{"nfexp", "nfexp", "tutbasic", "ada", "Tutorial: link and LAN",
		"tutbasic", "active", 0},
	{"deter1", "deter1", "dumbbell", "ada",
		"20 clients, 5 servers, one bottleneck", "dumbbell", "active",
		0},
	{"nfexp", "nfexp", "parked", "ada", "swapped out over the holidays",
		"it-router", "swapped", 0},
	{"nfexp", "nfexp", "tracebr", "ada", "traced links, bridges", "tracebr",
		"active", 0},
	{"nfexp", "nfexp", "vmshare", "ada", "virtual nodes on shared hosts",
		"vmshare", "active", 0},
	{"nfexp", "nfexp", "booting", "ada", "on its way up", "lan3",
		"activating", 0},
	{"nfexp", "nfexp", "modding", "ada", "being modified", "tutbasic",
		"modify_reswap", 0},
	{"nfexp", "nfexp", "queued1", "ada", "batch", "lan3", "queued", 0},
	{"nfexp", "nfexp", "fresh", "ada", NULL, NULL, "new", 0},
	{"nfexp", "nfexp", "oddip", "cleo", "one member has no address",
		"tutbasic", "active", 0},
	{"nfexp", "nfexp", "oddos", "cleo", "unknown OS", "lan3", "active", 0},
	{"nfexp", "nfexp", "oddname", "cleo", "no name", "lan3", "active", 0},
	{"nfexp", "nfexp", "oddbig", "cleo", "big number", "lan3", "active", 0},
	{"nfexp", "nfexp", "oddtext", "cleo",
		"Pr\xc3\xbc"
		"fstand <no. 1> & \"more\" \xe2\x80\x94 UTF-8",
		"oddtext", "active", 0},
	{"nfexp", "nfexp", "oddctl", "cleo", "control characters", "oddctl",
		"active", 0},
	{"nfexp", "nfexp", "empty", "cleo", "nothing", NULL, "active", 0},
	{"nfexp", "nfexp", "oddlatin", "cleo", "latin", NULL, "active", 0},
	{"nfexp", "nfexp", "oddstat", "cleo", "stat", NULL, "active", 0},
	{"nfexp", "nfexp", "redlink", "ben", "", "ts-red", "active", 0},
	{"nfexp", "nfexp", "locked", "ada", "locked down", "lan3", "active", 0},
	{"nfexp", "nfexp", "big200", "ada", "200 nodes", NULL, "active", 200},
	{"nfexp", "nfexp", "bridged", "ada", "explicit bridge", NULL, "swapped",
		3},
	{"nfexp", "nfexp", "mixed", "ada", "several sorts of link", NULL,
		"active", 6},
	{"nfexp", "nfexp", "odd1", "ada", "temporary", NULL, "swapped", 6},
	{"nfexp", "nfexp", "reparse", "ada", "being parsed again", "lan3",
		"modify_reparse", 0},
	{"nfexp", "nfexp", "ring10", "ada", "ring with RED", NULL, "active",
		10},
	{"nfexp", "nfexp", "storm16", "ada", "16 nodes on one LAN", NULL,
		"active", 20},
	{"nfexp", "probes", "vmhost", "ada",
		"virtual nodes on hosts of their own", NULL, "active", 9},
	{"other", "other", "private", "dan", "secret", NULL, "active", 2},
};

static char *text_for(const char *name, int nodes)
{
	struct buf text = BUF_INIT(1 << 16);
	char *file, *a, *b;

	if (!name && nodes == 0)
		return NULL;
	if (!name) {
		buf_adds(&text,
			"source tb_compat.tcl\nset ns [new Simulator]\n");
		for (int i = 0; i < nodes; i++)
			buf_addf(&text, "set n%d [$ns node]\n", i);
		buf_adds(&text, "$ns run\n");
		return buf_take(&text);
	}
	a = recorded_text(name);
	if (a)
		return a;
	file = world_file(NS_FILES, name, ".ns", NULL);
	cr_assert_not_null(file, "no NS text for %s", name);
	a = replaced(file, "@OS@", "RHL-STD");
	b = replaced(a, "@RTPROTO@", "Static");
	free(a);
	free(file);
	return b;
}

static enum lab_state state_of(const char *name)
{
	enum lab_state state = 0;

	while (state < LAB_RESTARTING &&
		strcmp(lab_state_name(state), name) != 0)
		state++;
	return state;
}

static bool mapped(enum lab_state state)
{
	return state == LAB_ACTIVE || state == LAB_ACTIVATING ||
	       state == LAB_MODIFY_REPARSE || state == LAB_MODIFY_RESWAP;
}

static void add_experiment(struct lab_site *site, size_t i)
{
	struct lab_experiment *e = lab_experiment_add(site, experiments[i].pid,
		experiments[i].eid, experiments[i].head);
	struct ns_limits limits = {.delay_threshold_ms = 2};
	struct err err = ERR_INIT;
	bool plain = strcmp(e->eid, "oddctl") != 0;
	bool small = strcmp(e->eid, "big200") != 0;

	snprintf(e->gid, sizeof(e->gid), "%s", experiments[i].gid);
	if (experiments[i].description)
		e->description = mem_strdup(experiments[i].description);
	e->created = 1320242709;
	e->swapped_in = 1323678600;
	e->state = state_of(experiments[i].state);
	e->batch = strcmp(e->eid, "queued1") == 0;
	e->locked = strcmp(e->eid, "locked") == 0;
	e->ns_text = text_for(experiments[i].text, experiments[i].nodes);
	if (!e->ns_text || !plain)
		return;
	cr_assert_eq(ns_evaluate(e->ns_text, strlen(e->ns_text), e->eid,
			     &limits, &e->ns, NULL, &err),
		0, "%s: %s", e->eid, err.text);
	if (small && mapped(e->state) && lab_map(site, e, e->ns, &err) < 0)
		fprintf(stderr, "[ not mapped ] %s: %s\n", e->eid, err.text);
}

/* Gives a machine another's id, and that one its own. */
static void rename_machine(
	struct lab_site *site, struct lab_machine *m, const char *id)
{
	int at = lab_machine_find(site, id);
	const struct lab_type *type;
	char old[16];

	cr_assert_geq(at, 0);
	if (&site->machines[at] == m)
		return;
	memcpy(old, m->id, sizeof(old));
	type = m->type;
	memcpy(m->id, site->machines[at].id, sizeof(old));
	memcpy(site->machines[at].id, old, sizeof(old));
	m->type = site->machines[at].type;
	site->machines[at].type = type;
}

static struct lab_machine *machine(struct lab_site *site, const char *pid,
	const char *eid, const char *vname)
{
	struct lab_experiment *e = lab_experiment_find(site, pid, eid);
	int at = lab_machine_of(site, e, vname);

	cr_assert_geq(at, 0, "%s/%s: no %s", pid, eid, vname);
	return &site->machines[at];
}

/* Requests name some machines: the ones they mean get these names. */
static void name_machines(struct lab_site *site)
{
	struct lab_machine *client = machine(site, "nfexp", "lan3", "client");
	struct lab_machine *delay = machine(site, "nfexp", "lan3", "tbdelay0");

	rename_machine(site, client, "pc164");
	rename_machine(site, delay, "pc93");
	rename_machine(
		site, machine(site, "nfexp", "tutbasic", "nodeA"), "pc310");
	rename_machine(site, machine(site, "other", "private", "n0"), "pc161");
	rename_machine(site,
		machine(site, "deter1", "dumbbell", "clientnode-1"), "pc120");
	for (size_t i = 0; i < site->n_machines; i++)
		if (site->machines[i].owner < 0 &&
			strcmp(site->machines[i].type->name, "pc850") == 0) {
			rename_machine(site, &site->machines[i], "pc44");
			break;
		}
	client->host_key_rsa = mem_strdup("ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB");
	delay->host_key_rsa = mem_strdup("ssh-rsa AAAAB3NzaC1yc2EAAAADAQAC");
}

static struct ns_member *member(struct lab_site *site, const char *eid,
	const char *lan, const char *node)
{
	struct ns_experiment *ns = lab_experiment_find(site, "nfexp", eid)->ns;

	for (size_t i = 0; i < ns->n_lans; i++)
		for (size_t k = 0; k < ns->lans[i].n_members; k++)
			if (strcmp(ns->lans[i].name, lan) == 0 &&
				strcmp(ns->lans[i].members[k].node, node) == 0)
				return &ns->lans[i].members[k];
	cr_assert_fail("no member");
	return NULL;
}

/* A column of a row of the parser's, changed by hand. */
static void set_column(struct lab_site *site, const char *eid,
	const char *table, const char *member, const char *column,
	const char *value)
{
	struct ns_experiment *ns = lab_experiment_find(site, "nfexp", eid)->ns;

	for (size_t i = 0; i < ns->n_rows; i++) {
		struct ns_row *row = &ns->rows[i];
		const char *name = ns_row_get(row, "member");

		if (!name)
			name = ns_row_get(row, "vname");
		if (strcmp(row->table, table) != 0 || strcmp(name, member) != 0)
			continue;
		for (size_t k = 0; k < row->n_columns; k++)
			if (strcmp(row->columns[k].name, column) == 0)
				row->columns[k].value = value;
	}
}

/* What the recordings' database was made to hold by hand. */
static void make_odd(struct lab_site *site)
{
	struct lab_experiment *oddname =
		lab_experiment_find(site, "nfexp", "oddname");

	member(site, "oddip", "lan0", "nodeB")->ip = NULL;
	set_column(site, "oddip", "virt_nodes", "nodeB", "ips", "0:10.1.1.2");
	set_column(site, "oddbig", "virt_lans", "client:0", "bandwidth",
		"3000000000");
	member(site, "oddbig", "lan0", "client")->bandwidth = 3000000000;
	machine(site, "nfexp", "oddos", "server")->osid = NULL;
	for (size_t i = 0; i < site->n_machines; i++)
		if (site->machines[i].owner < 0) {
			site->machines[i].owner = lab_index(site, oddname);
			site->machines[i].osid = "RHL90-STD";
			site->machines[i].erole = "node";
			break;
		}
}

/* As the runtime does when a node has booted. */
static void boot(struct lab_site *site)
{
	for (size_t i = 0; i < site->n_machines; i++)
		if (site->machines[i].owner >= 0) {
			site->machines[i].eventstatus = "ISUP";
			site->machines[i].status = "up";
		}
}

static int count_apply(void *ctx, struct lab_experiment *e, struct err *err)
{
	struct world *w = ctx;

	(void)e;
	(void)err;
	w->applied++;
	return 0;
}

struct world *world_new(int64_t step_ms)
{
	struct world *w;
	struct lab_actions actions = {.apply = count_apply};
	struct lab_service_setup setup = {
		.actions = &actions, .step_ms = step_ms};

	if (access(REPLIES, R_OK) != 0) {
		fprintf(stderr, "[ SKIPPED ] no " REPLIES "\n");
		return NULL;
	}
	w = mem_zalloc(1, sizeof(*w));
	actions.ctx = w;
	w->loop = loop_new();
	w->site = lab_site_new("example.net", 1);
	w->site->delay_os = "FBSD410-STD";
	for (size_t i = 0; i < w->site->n_types; i++)
		w->site->types[i].default_os = "RHL90-STD";
	add_users(w->site);
	for (size_t i = 0; i < sizeof(experiments) / sizeof(experiments[0]);
		i++)
		add_experiment(w->site, i);
	name_machines(w->site);
	make_odd(w->site);
	boot(w->site);
	setup.site = w->site;
	cr_assert_eq(lab_service_start(w->loop, -1, &setup, &w->svc, NULL), 0);
	return w;
}

void world_free(struct world *w)
{
	if (!w)
		return;
	lab_service_stop(w->svc);
	lab_site_free(w->site);
	loop_free(w->loop);
	free(w);
}

struct lab_user *world_user(struct world *w, const char *uid)
{
	for (size_t i = 0; i < w->site->n_users; i++)
		if (strcmp(w->site->users[i].uid, uid) == 0)
			return &w->site->users[i];
	return NULL;
}

static void keep_reply(void *ctx, const char *document, size_t len)
{
	char **to = ctx;

	*to = mem_strndup(document, len);
}

char *world_call(
	struct world *w, const char *uid, const char *request, size_t len)
{
	const struct lab_request r = {request, len};
	struct mono_time end = mono_add_ms(mono_now(), 30000);
	char *reply = NULL;
	struct lab_call *call = lab_service_call(
		w->svc, world_user(w, uid), &r, keep_reply, &reply);

	/* NS files are checked beside the loop */
	while (!reply && !mono_passed(end))
		cr_assert_eq(loop_step(w->loop, 50, NULL), 0);
	if (call && !reply)
		lab_call_cancel(w->svc, call);
	return reply ? reply : mem_strdup("");
}
