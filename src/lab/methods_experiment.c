/* Reading an experiment: lists, descriptions, texts. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "lab/dispatch.h"
#include "lab/pyrepr.h"
#include "lab/rows.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A picture of one pixel, as a site without pictures has. */
static const char pixel[] =
	"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\0\0\0\0:~\x9bU"
	"\0\0\0\nIDATx\x9c"
	"c\xf8\x0f\0\1\1\1\0\x1b\xb6\xee"
	"V\0\0\0\0"
	"IEND\xae"
	"B`\x82";

static struct value *picture(void)
{
	struct value *v = value_string_n(pixel, sizeof(pixel) - 1);

	v->kind = VALUE_BASE64;
	return v;
}

static void echo(struct lab_call *c, struct lab_experiment *none)
{
	const struct value *text = call_arg(c, "str");
	struct buf out cleanup(buf_release) = BUF_INIT(1 << 20);

	(void)none;
	if (!text) {
		call_fail(c, CALL_BADARGS, "Must supply a string to echo!");
		return;
	}
	if (text->kind != VALUE_STRING) {
		call_fault(c, "TypeError",
			"cannot concatenate 'str' and '%s' objects",
			pyrepr_type(text));
		return;
	}
	buf_addf(&out, "boss.%s: ", c->site->domain);
	pyrepr_str(c->request.params[0], &out);
	buf_addf(&out, " %s", text->text);
	call_ok_text(c, NULL, buf_str(&out));
}

static int by_name(const void *a, const void *b)
{
	const struct lab_experiment *const *x = a, *const *y = b;
	int r = strcasecmp((*x)->pid, (*y)->pid);

	return r ? r : strcasecmp((*x)->eid, (*y)->eid);
}

static struct value *list_entry(
	const struct lab_call *c, const struct lab_experiment *e, bool full)
{
	struct value *row;
	size_t machines;

	if (!full)
		return value_string(e->eid);
	free(rows_machines(c->site, e, &machines));
	row = row_new("state=s gid=s actual_nodes=i0 name=s expt_head=s "
		      "minimum_nodes=i0 pid=s maximum_nodes=i0 description=n");
	row_text(row, "state", lab_state_name(e->state));
	row_text(row, "gid", e->gid);
	row_text(row, "pid", e->pid);
	row_text(row, "name", e->eid);
	row_text(row, "expt_head", e->head);
	row_int(row, "actual_nodes", (int64_t)machines);
	row_int(row, "minimum_nodes", e->ns ? (int64_t)e->ns->n_nodes : 0);
	row_int(row, "maximum_nodes", e->ns ? (int64_t)e->ns->n_nodes : 0);
	row_text(row, "description", e->description);
	row_scrub(row);
	return row;
}

/* The member, made when it is not there. */
static struct value *member(
	struct value *st, const char *name, enum value_kind kind)
{
	for (size_t i = 0; i < st->n; i++)
		if (strcmp(st->names[i], name) == 0)
			return st->items[i];
	value_set(st, name, value_new(kind));
	return st->items[st->n - 1];
}

static void getlist(struct lab_call *c, struct lab_experiment *none)
{
	const char *format =
		call_arg(c, "format") ? call_text(c, "format") : "brief";
	bool full = format && strcmp(format, "full") == 0;
	bool known = full || (format && strcmp(format, "brief") == 0);
	const struct lab_experiment **list =
		mem_zalloc(c->site->n_experiments + 1, sizeof(*list));
	struct value *all = value_new(VALUE_STRUCT);
	size_t n = 0;

	(void)none;
	for (size_t i = 0; i < c->site->n_experiments; i++) {
		const struct lab_experiment *e = c->site->experiments[i];

		if (e->pid[0] && strcmp(e->head, c->caller->uid) == 0)
			list[n++] = e;
	}
	qsort(list, n, sizeof(*list), by_name);
	for (size_t i = 0; i < n; i++) {
		struct value *project = member(all, list[i]->pid, VALUE_STRUCT);
		struct value *group =
			member(project, list[i]->gid, VALUE_ARRAY);

		value_append(group, known ? list_entry(c, list[i], full)
					  : value_new(VALUE_NIL));
	}
	free(list);
	for (size_t i = 0; i < all->n; i++)
		pydict_order(all->items[i]);
	pydict_order(all);
	call_ok_repr(c, all);
}

/* Columns that metadata keeps to itself. */
static const char *const internal[] = {"expt_locked", "testdb", "logfile_open",
	"prerender_pid", "keyhash", "eventkey", "sim_reswap_count",
	"elab_in_elab", "locpiper_port", "locpiper_pid", "usemodelnet",
	"priority", "modelnet_edges", "modelnet_cores", "elabinelab_nosetup",
	"event_sched_pid", "wa_bw_solverweight", "wa_plr_solverweight",
	"wa_delay_solverweight", NULL};

static struct value *environment(const struct lab_experiment *e)
{
	struct value *tuple = pyrepr_tuple();

	for (size_t i = 0; e->ns && i < e->ns->n_environment; i++) {
		struct value *st = value_new(VALUE_STRUCT);
		const struct ns_pair *p = &e->ns->environment[i];

		row_text(st, "name", p->name);
		row_text(st, "value", p->value ? p->value : "");
		value_append(tuple, st);
	}
	return tuple;
}

static void metadata(struct lab_call *c, struct lab_experiment *e)
{
	struct value *row = row_experiment(c->site, e);
	struct value *all = value_new(VALUE_STRUCT);

	row_remove_all(row, internal);
	row_scrub(row);
	for (size_t i = 0; i < row->n; i++) {
		/* it stands third in the original's hash order */
		if (i == 2)
			value_set(all, "user_environment", environment(e));
		value_set(all, row->names[i], row->items[i]);
	}
	for (size_t i = 0; i < row->n; i++)
		free(row->names[i]);
	row->n = 0;
	value_free(row);
	call_ok_repr(c, all);
}

static struct value *stats(const struct lab_call *c,
	const struct lab_experiment *e, const char *uuid)
{
	struct value *row = row_new(
		"swapout_count=i0 gid_idx=i0 pid=s creator_idx=i0 "
		"swapin_count=i0 creator=s gid=s pid_idx=i0 security_level=i0 "
		"elabinelab=i0 eid_uuid=s swapmod_count=i0 rsrcidx=i0 "
		"swapin_last=n swapin_duration=i0 swap_exitcode=i0 created=n "
		"exptidx=i0 batch=i0 eid=s idle_swaps=i0 swap_errors=i0");

	row_int(row, "gid_idx", row_pid_idx(c->site, e->gid));
	row_int(row, "pid_idx", row_pid_idx(c->site, e->pid));
	row_int(row, "creator_idx", row_uid_idx(c->site, e->head));
	row_text(row, "creator", e->head);
	row_text(row, "pid", e->pid);
	row_text(row, "gid", e->gid);
	row_text(row, "eid", e->eid);
	row_text(row, "eid_uuid", uuid);
	row_int(row, "rsrcidx", 1);
	row_int(row, "exptidx", e->idx);
	row_int(row, "batch", e->batch);
	row_time(row, "created", e->created);
	if (e->swapped_in || e->state == LAB_ACTIVE) {
		row_int(row, "swapin_count", 1);
		row_time(row, "swapin_last",
			e->swapped_in ? e->swapped_in : e->created);
	}
	row_scrub(row);
	return row;
}

static struct value *resources(
	const struct lab_call *c, const struct lab_experiment *e)
{
	struct value *row = row_new(
		"links=i0 simnodes=i0 maxlinks=i0 byswapin=i0 delaynodes=i0 "
		"shapedlans=i0 plabnodes=i0 swapmod_time=i0 linkdelays=i0 "
		"byswapmod=i0 wanodes=i0 thumbnail=n swapin_time=i0 "
		"minlinks=i0 vnodes=i0 batchmode=i0 input_data_idx=i1 "
		"uid_idx=i0 shapedlinks=i0 swapout_time=i0 wirelesslans=i0 "
		"idx=i1 jailnodes=i0 walinks=i0 pnodes=i0 exptidx=i0 "
		"tstamp=n lans=i0");
	int64_t nodes = e->ns ? (int64_t)e->ns->n_nodes : 0;

	value_set(row, "thumbnail", picture());
	row_int(row, "vnodes", nodes);
	row_int(row, "pnodes", nodes);
	row_int(row, "batchmode", e->batch);
	row_int(row, "uid_idx", row_uid_idx(c->site, e->head));
	row_int(row, "exptidx", e->idx);
	row_time(row, "tstamp", e->created);
	return row;
}

static void history(struct lab_call *c, struct lab_experiment *e)
{
	struct value *all = value_new(VALUE_STRUCT);
	struct value *list = value_new(VALUE_ARRAY);
	char name[160], uuid[40];

	snprintf(name, sizeof(name), "%s/%s", e->pid, e->eid);
	row_uuid(name, "experiment", uuid);
	value_set(all, "stats", stats(c, e, uuid));
	value_append(list, resources(c, e));
	value_set(all, "resources", list);
	call_ok(c, all);
}

static void thumbnail(struct lab_call *c, struct lab_experiment *e)
{
	(void)e;
	call_ok_text(c, picture(), "ok");
}

/* No layout is ever stored here. */
static void getviz(struct lab_call *c, struct lab_experiment *e)
{
	(void)e;
	call_fail(c, CALL_ERROR, "No such experiment!");
}

static void nsfile(struct lab_call *c, struct lab_experiment *e)
{
	call_ok_text(c, value_string(e->ns_text ? e->ns_text : "None"), "ok");
}

static void dpinfo(struct lab_call *c, struct lab_experiment *e)
{
	(void)e;
	call_ok_repr(c, row_new("dbname=s"));
}

/* One line of the switch's counters, seen from the switch. */
static void counter_line(struct lab_call *c, const struct lab_machine *m,
	const struct lab_iface *f, bool physical, struct buf *out)
{
	struct lab_counters n = {0};
	char port[96];
	int at = (int)(m - c->site->machines);

	if (lab_service_counters(c->svc, at, (int)(f - m->ifaces), &n) < 0)
		return;
	snprintf(port, sizeof(port), "%s:%d",
		physical || !m->vname ? m->id : m->vname, f->card);
	buf_addf(out, "%-14s %10lld %10lld %10lld %10lld %10lld %10lld\n", port,
		(long long)n.in_octets, (long long)n.in_unicast,
		(long long)n.in_other, (long long)n.out_octets,
		(long long)n.out_unicast, (long long)n.out_other);
}

/* Is this port in the list?  "node", "node:1"; an empty list is all. */
static bool wanted(const struct value *list, const char *name, int card)
{
	size_t n = strlen(name);

	for (size_t i = 0; list->kind == VALUE_ARRAY && i < list->n; i++) {
		const struct value *v = list->items[i];

		if (v->kind != VALUE_STRING || strncmp(v->text, name, n) != 0)
			continue;
		if (v->text[n] == '\0' ||
			(v->text[n] == ':' &&
				strtol(v->text + n + 1, NULL, 10) == card))
			return true;
	}
	return list->kind == VALUE_ARRAY && list->n == 0;
}

static void port_table(struct lab_call *c, const struct lab_experiment *e,
	const struct value *list)
{
	struct buf out cleanup(buf_release) = BUF_INIT(1 << 20);
	bool physical = call_bool(c, "physnames");
	size_t n = 0;
	const struct lab_machine **machines = rows_machines(c->site, e, &n);

	buf_adds(&out, "                       In  InUnicast InNUnicast"
		       "        Out OutUnicast  OutNUcast\n"
		       "Port               Octets    Packets    Packets"
		       "     Octets    Pakcets    Packets\n"
		       "---------------------------------------------------"
		       "-----------------------------\n");
	for (size_t i = 0; i < n; i++)
		for (int k = 0; k < machines[i]->n_ifaces; k++) {
			const struct lab_iface *f = &machines[i]->ifaces[k];
			const char *name = machines[i]->vname
						   ? machines[i]->vname
						   : machines[i]->id;

			if (!f->control && f->lan && !machines[i]->is_virtual &&
				wanted(list, name, f->card))
				counter_line(c, machines[i], f, physical, &out);
		}
	free(machines);
	if (call_bool(c, "quiet"))
		buf_reset(&out);
	call_ok_text(c, value_int(0), buf_str(&out));
}

static void portstats(struct lab_call *c, struct lab_experiment *none)
{
	const char *pid = call_text(c, "proj"), *eid = call_text(c, "exp");
	const struct value *list = call_arg(c, "nodeports");
	struct lab_experiment *e;

	(void)none;
	if ((call_arg(c, "proj") || call_arg(c, "exp")) &&
		(!pid || !eid || call_arg(c, "physnames"))) {
		call_fail(c, CALL_BADARGS, "pid/eid/physnames");
		return;
	}
	if (!list) {
		call_fault(c, "KeyError", "'nodeports'");
		return;
	}
	if (!pid) {
		call_exit(c, 1, "Usage: portstats needs an experiment here\n");
		return;
	}
	e = lab_experiment_find(c->site, pid, eid);
	if (!e)
		call_exit(c, 2, "There is no experiment %s in project %s\n",
			eid, pid);
	else if (!call_may_see(c, e->pid, e->gid))
		call_exit(c, 2,
			"You do not have permission to view experiment "
			"%s/%s\n",
			pid, eid);
	else
		port_table(c, e, list);
}

enum {
	READ = CALL_VERSION | CALL_PERM,
	READ_FORMED = READ | CALL_CHARS_FORMED,
	OPEN = CALL_NOLOGINS
};

const struct call_method methods_experiment[] = {
	{"experiment", "echo", 0, "", echo},
	{"experiment", "getlist", CALL_VERSION | OPEN, "", getlist},
	{"experiment", "metadata", READ, "proj exp", metadata},
	{"experiment", "history", READ | OPEN, "proj exp", history},
	{"experiment", "thumbnail", READ_FORMED | OPEN, "proj exp", thumbnail},
	{"experiment", "getviz", READ_FORMED | OPEN, "proj exp", getviz},
	{"experiment", "nsfile", READ_FORMED | OPEN, "proj exp", nsfile},
	{"experiment", "dpinfo", READ_FORMED | OPEN, "proj exp", dpinfo},
	{"experiment", "portstats", CALL_VERSION | OPEN, NULL, portstats}, {0}};
