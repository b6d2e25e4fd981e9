/* Rows, and the experiments table.
 *
 * Column names, types and defaults are the protocol: clients read them.  What
 * a real site would invent (indices, keys, UUIDs) is derived from names, so it
 * is the same on every call. */
#define _GNU_SOURCE
#include "lab/rows.h"
#include "base/hash.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { FIRST_USER = 10, FIRST_PROJECT = 100 };

static const char experiment_columns[] =
	"expt_head_uid=s linktest_level=i0 expt_terminating=n eventkey=s "
	"use_ipassign=i0 expt_swap_uid=s modelnetedge_osname=n expt_created=n "
	"swapper_idx=i0 swappable=i1 mem_usage=i0 locpiper_pid=i0 "
	"wa_plr_solverweight=d0 instance_idx=i0 noswap_reason=n "
	"expt_expires=n virtnode_count=n elabinelab_eid=n expt_end=n "
	"logfile=s uselatestwadata=i0 nonlocal_id=n attempts=i0 "
	"elabinelab_nosetup=i0 keyhash=s wa_delay_solverweight=d0 "
	"event_sched_pid=i0 idleswap=i1 geniflags=i0 testdb=n creator_idx=i0 "
	"nonlocal_user_id=n panic_date=n batchstate=n lockdown=i0 "
	"elabinelab_singlenet=i0 state=s shared=i0 multiplex_factor=n "
	"idleswap_timeout=i240 dpdbpassword=n delay_osname=n paniced=i0 "
	"forcelinkdelays=i0 prerender_pid=i0 batchmode=i0 locpiper_port=i0 "
	"path=s expt_locked=n idx=i0 usewatunnels=i1 sim_reswap_count=i0 "
	"cpu_usage=i0 modelnetcore_osname=n elab_in_elab=i0 useprepass=i0 "
	"jail_osname=n delay_capacity=n logfile_open=i0 encap_style=sdefault "
	"priority=i0 usemodelnet=i0 gid=s pid_idx=i0 dpdb=i0 "
	"wa_bw_solverweight=d0 last_swap_req=n dpdbname=n nonlocal_type=n "
	"modelnet_cores=i0 savedisk=i0 uselinkdelays=i0 elabinelab_exptidx=n "
	"idle_ignore=i0 eid=s linktest_pid=i0 autoswap=i0 gid_idx=i0 pid=s "
	"maximum_nodes=i0 minimum_nodes=i0 canceled=i0 modelnet_edges=i0 "
	"expt_name=n expt_swapped=n skipvlans=i0 security_level=i0 eid_uuid=s "
	"sync_server=n swap_requests=i0 allowfixnode=i1 elabinelab_cvstag=n "
	"veth_encapsulate=i1 autoswap_timeout=i0 noidleswap_reason=n "
	"ipassign_args=n expt_start=n";

static int by_vname(const void *a, const void *b)
{
	const struct lab_machine *const *x = a, *const *y = b;
	const char *p = (*x)->vname, *q = (*y)->vname;
	int r;

	if (!p || !q)
		return (p != NULL) - (q != NULL);
	r = strcasecmp(p, q);
	return r ? r : strcmp(p, q);
}

const struct lab_machine **rows_machines(const struct lab_site *site,
	const struct lab_experiment *e, size_t *ret_n)
{
	int owner = lab_index(site, e);
	const struct lab_machine **list =
		mem_zalloc(site->n_machines + 1, sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < site->n_machines && owner >= 0; i++)
		if (site->machines[i].owner == owner)
			list[n++] = &site->machines[i];
	qsort(list, n, sizeof(*list), by_vname);
	*ret_n = n;
	return list;
}

int row_uid_idx(const struct lab_site *site, const char *uid)
{
	size_t i = 0;

	while (i < site->n_users && strcmp(site->users[i].uid, uid) != 0)
		i++;
	return FIRST_USER + (int)i;
}

/* Projects are numbered in the order in which users name them. */
int row_pid_idx(const struct lab_site *site, const char *pid)
{
	const char *seen[64];
	int n = 0;

	for (size_t i = 0; i < site->n_users; i++)
		for (int g = 0; g < site->users[i].n_groups; g++) {
			const char *name = site->users[i].groups[g].pid;
			int k = 0;

			while (k < n && strcasecmp(seen[k], name) != 0)
				k++;
			if (k == n && n < 64)
				seen[n++] = name;
		}
	for (int k = 0; k < n; k++)
		if (strcasecmp(seen[k], pid) == 0)
			return FIRST_PROJECT + k;
	return FIRST_PROJECT + n;
}

/* The settings an NS file makes; numbers stay numbers. */
static void experiment_settings(
	struct value *row, const struct ns_experiment *ns)
{
	static const char *const texts[] = {"delay_osname", "jail_osname",
		"encap_style", "sync_server", "ipassign_args", "elabinelab_eid",
		"elabinelab_cvstag"};
	static const char *const numbers[] = {"uselinkdelays",
		"forcelinkdelays", "multiplex_factor", "delay_capacity",
		"use_ipassign", "cpu_usage", "mem_usage", "veth_encapsulate",
		"allowfixnode", "usewatunnels", "uselatestwadata",
		"security_level"};
	static const char *const doubles[] = {"wa_delay_solverweight",
		"wa_bw_solverweight", "wa_plr_solverweight"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		row_text_if(row, texts[i], lab_setting(ns, texts[i]));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const char *v = lab_setting(ns, numbers[i]);

		if (v && *v)
			row_int(row, numbers[i], strtoll(v, NULL, 10));
	}
	for (size_t i = 0; i < sizeof(doubles) / sizeof(doubles[0]); i++) {
		const char *v = lab_setting(ns, doubles[i]);

		if (v && *v)
			row_double(row, doubles[i], strtod(v, NULL));
	}
}

/* What storing a parsed file changes in the row. */
static void experiment_parsed(struct value *row, const struct ns_experiment *ns)
{
	const struct ns_node **nodes;

	row_double(row, "wa_delay_solverweight", 1);
	row_double(row, "wa_bw_solverweight", 7);
	row_double(row, "wa_plr_solverweight", 500);
	row_int(row, "uselatestwadata", 1);
	row_int(row, "usewatunnels", 0);
	row_int(row, "cpu_usage", 3);
	row_int(row, "maximum_nodes", (int64_t)ns->n_nodes);
	row_int(row, "minimum_nodes", (int64_t)ns->n_nodes);
	nodes = rows_nodes(ns);
	if (ns->n_nodes > 0)
		row_text(row, "sync_server", nodes[0]->name);
	free(nodes);
	experiment_settings(row, ns);
}

struct value *row_experiment(
	const struct lab_site *site, const struct lab_experiment *e)
{
	struct value *row = row_new(experiment_columns);
	char name[160], text[256], key[48], uuid[40];
	int user = row_uid_idx(site, e->head);

	snprintf(name, sizeof(name), "%s/%s", e->pid, e->eid);
	row_text(row, "expt_head_uid", e->head);
	row_text(row, "expt_swap_uid", e->head);
	row_int(row, "swapper_idx", user);
	row_int(row, "creator_idx", user);
	row_hex(name, "event", 40, key);
	row_text(row, "eventkey", key);
	row_hex(name, "key", 24, key);
	row_text(row, "keyhash", key);
	row_uuid(name, "experiment", uuid);
	row_text(row, "eid_uuid", uuid);
	row_time(row, "expt_created", e->created);
	row_time(row, "expt_swapped",
		e->swapped_in ? e->swapped_in : e->created);
	snprintf(text, sizeof(text), "%s.log", e->eid);
	row_text(row, "logfile", text);
	snprintf(text, sizeof(text), "/proj/%s/exp/%s", e->pid, e->eid);
	if (strcasecmp(e->pid, e->gid) != 0)
		snprintf(text, sizeof(text), "/groups/%s/%s/exp/%s", e->pid,
			e->gid, e->eid);
	row_text(row, "path", text);
	row_int(row, "lockdown", e->locked);
	row_int(row, "batchmode", e->batch);
	row_int(row, "idx", e->idx);
	row_int(row, "pid_idx", row_pid_idx(site, e->pid));
	row_int(row, "gid_idx", row_pid_idx(site, e->gid));
	row_text(row, "state", lab_state_name(e->state));
	row_text(row, "pid", e->pid);
	row_text(row, "gid", e->gid);
	row_text(row, "eid", e->eid);
	row_text(row, "expt_name", e->description);
	if (e->ns)
		experiment_parsed(row, e->ns);
	return row;
}
