/* What a node is sent before anything is started on it: the deployment opened,
 * programs it lacks, setups, the lease.  Keys travel only as data of `put`, over
 * SSH. */
#include "base/mem.h"
#include "deploy/deploy_up.h"
#include "format/crypto.h"

#include <stdio.h>
#include <string.h>

enum {
	QUICK_MS = 10000,
	INSTALL_MS = 30000,
	SETUP_MAX = 8 << 20,
	ARCHIVE_MAX = 64 << 20
};

const struct module *up_module_on(
	const struct up *u, int node, enum module_role role)
{
	for (size_t i = 0; i < u->rollout.n; i++)
		if (u->rollout.modules[i].node == node &&
			u->rollout.modules[i].role == role)
			return &u->rollout.modules[i];
	return NULL;
}

enum { PROGRAMS_MAX = 5 };

/* Programs this node must have. */
static size_t programs_of(
	struct up *u, int node, const char *names[PROGRAMS_MAX])
{
	size_t n = 0;

	names[n++] = "nfz-agent";
	if (up_module_on(u, node, MODULE_METER))
		names[n++] = "nfz-meter";
	if (up_module_on(u, node, MODULE_CACHE))
		names[n++] = "nfz-cache";
	if (up_module_on(u, node, MODULE_COLLECTOR)) {
		names[n++] = "nfz-collector";
		names[n++] = "nfz-query";
	}
	return n;
}

static int call_open(struct up *u, struct fleet_node *n, struct err *err)
{
	const struct payload *p = payloads_for(u->s.payloads, n->arch);
	const char *names[PROGRAMS_MAX];
	size_t k = programs_of(u, up_topo_node(u, n), names);
	char need[40], words[6][240], set[SETTINGS_TEXT + 8],
		text[SETTINGS_TEXT], taps[256], watches[264],
		programs[PROGRAMS_MAX][160];
	const char *call[11 + PROGRAMS_MAX + 1] = {"open", u->rollout.id, need,
		words[0], words[1], words[2], words[3], words[4], words[5], set,
		watches};
	uint64_t bytes = DEPLOY_ROOM;

	for (size_t i = 0; i < k; i++) {
		const struct payload_entry *e =
			p ? payload_entry(p, names[i]) : NULL;

		if (!e)
			return err_set(err, NFZ_E_NODE_OS,
				"%s: there is no %s for %s", n->name, names[i],
				n->arch);
		bytes += 2 * e->size;
		snprintf(programs[i], sizeof(programs[i]), "program=%s:%s",
			names[i], e->sha);
		call[11 + i] = programs[i];
	}
	snprintf(need, sizeof(need), "need=%llu", (unsigned long long)bytes);
	snprintf(words[0], sizeof(words[0]), "experiment=%s", u->s.name);
	snprintf(words[1], sizeof(words[1]), "who=%s", u->s.who);
	snprintf(words[2], sizeof(words[2]), "host=%s", u->s.host);
	snprintf(words[3], sizeof(words[3]), "version=%s",
		u->s.o->version ? u->s.o->version : NFZ_VERSION);
	snprintf(words[4], sizeof(words[4]), "mode=%s",
		u->plan->mode ? u->plan->mode : "light");
	snprintf(words[5], sizeof(words[5]), "keyid=%s", u->rollout.keyid);
	up_settings(u, n, text);
	snprintf(set, sizeof(set), "set=%s", text);
	up_taps(u, up_topo_node(u, n), taps, sizeof(taps));
	snprintf(watches, sizeof(watches), "taps=%s", taps);
	fleet_call(n, QUICK_MS, call);
	return FLEET_CALL;
}

/* One archive of these programs for all nodes that miss just them. */
static int archive_of(struct up *u, const struct payload *p, unsigned programs,
	const struct buf **ret, struct err *err)
{
	const char *names[sizeof(programs) * 8];
	struct up_archive made = {p, programs, BUF_INIT(ARCHIVE_MAX)};
	size_t k = 0;
	int r;

	for (size_t i = 0; i < u->n_archives; i++) {
		*ret = &u->archives[i].bytes;
		if (u->archives[i].payload == p &&
			u->archives[i].programs == programs)
			return 0;
	}
	for (size_t i = 0; i < p->n && i < sizeof(programs) * 8; i++)
		if (programs & 1U << i)
			names[k++] = p->entries[i].name;
	r = payload_choose(p, names, k, &made.bytes, err);
	if (r == 0 && !buf_ok(&made.bytes))
		r = err_set(err, NFZ_E_LIMIT,
			"the programs for %s take more than %d MiB", p->arch,
			ARCHIVE_MAX >> 20);
	if (r < 0) {
		buf_release(&made.bytes);
		return r;
	}
	MEM_PUSH(u->archives, u->n_archives, u->archives_cap) = made;
	*ret = &u->archives[u->n_archives - 1].bytes;
	return 0;
}

/* The agent may be all that a node needs, by several names. */
static bool is_agent(const struct payload *p, const char *name)
{
	const struct payload_entry *e = p ? payload_entry(p, name) : NULL;

	return e && strcmp(e->sha, p->agent->sha) == 0;
}

static unsigned program_bit(const struct payload *p, const char *name)
{
	for (size_t i = 0; p && i < p->n && i < sizeof(unsigned) * 8; i++)
		if (strcmp(name, p->entries[i].name) == 0)
			return 1U << i;
	return 0;
}

/* Sends these, if any. */
static int call_install(
	struct up *u, struct fleet_node *n, unsigned programs, struct err *err)
{
	static const char *const call[] = {"install", NULL};
	const struct payload *p = payloads_for(u->s.payloads, n->arch);
	const struct buf *bytes;
	int r;

	if (!programs)
		return 0;
	r = archive_of(u, p, programs, &bytes, err);
	if (r < 0)
		return r;
	up_node(u, n)->sent |= programs;
	fleet_call(n, INSTALL_MS, call);
	/* an archive's bytes stay where they are */
	fleet_call_data(n, bytes->data, bytes->len, true);
	return 0;
}

void up_wipe_data(struct up_node *node)
{
	for (size_t i = 0; i < node->n_data; i++) {
		if (node->data[i].data)
			crypto_wipe(node->data[i].data, node->data[i].cap);
		buf_release(&node->data[i]);
	}
	free(node->data);
	node->data = NULL;
	node->n_data = node->data_cap = 0;
}

static void call_setups(struct up *u, struct fleet_node *n)
{
	struct up_node *node = up_node(u, n);

	for (size_t i = 0; i < u->rollout.n; i++) {
		const struct module *m = &u->rollout.modules[i];
		char path[64];
		const char *call[] = {"put", path, "secret", NULL};
		struct buf *text;

		if (m->node != up_topo_node(u, n))
			continue;
		snprintf(path, sizeof(path), "etc/%s.setup", m->name);
		text = &MEM_PUSH(node->data, node->n_data, node->data_cap);
		*text = (struct buf)BUF_INIT(SETUP_MAX);
		setup_print(&m->setup, text);
		fleet_call(n, QUICK_MS, call);
		fleet_call_data(n, text->data, text->len, false);
	}
}

static void call_catalog(struct up *u, struct fleet_node *n)
{
	static const char *const call[] = {
		"put", "store/catalog", "temp", NULL};

	if (!up_module_on(u, up_topo_node(u, n), MODULE_COLLECTOR))
		return;
	fleet_call(n, QUICK_MS, call);
	fleet_call_data(
		n, buf_str(&u->rollout.catalog), u->rollout.catalog.len, false);
}

static bool names_are_known(const struct up *u)
{
	for (size_t i = 0; i < u->plan->n_taps; i++)
		if (!plan_tap_os_name(u->plan, u->s.t, &u->plan->taps[i]))
			return false;
	return true;
}

/* The collector began with the names that were known then.  One that runs may
 * have been left without them by an up that was interrupted; but what it has is
 * not made worse while a node does not answer. */
int up_enter_names(struct up *u, struct fleet_node *n)
{
	if (!up_module_on(u, up_topo_node(u, n), MODULE_COLLECTOR))
		return 0;
	if (!u->early && (up_node(u, n)->furnished || !names_are_known(u)))
		return 0;
	for (size_t i = 0; u->early && i < u->s.fleet->n; i++)
		if (up_is_awaited(u, &u->s.fleet->nodes[i]))
			return FLEET_WAIT;
	rollout_name_all(u->s.t, u->plan, &u->rollout);
	call_catalog(u, n);
	return FLEET_CALL;
}

void up_call_renew(struct up *u, struct fleet_node *n)
{
	char seconds[24];
	const char *call[] = {"renew", u->rollout.id, seconds, NULL};

	snprintf(seconds, sizeof(seconds), "%lld",
		(long long)u->s.o->lease_ms / 1000);
	fleet_call(n, QUICK_MS, call);
}

/* All that an open deployment needs before anything is started. */
static int furnish(
	struct up *u, struct fleet_node *n, unsigned programs, struct err *err)
{
	int r = call_install(u, n, programs, err);

	if (r < 0)
		return r;
	up_node(u, n)->furnished = true;
	call_setups(u, n);
	call_catalog(u, n);
	up_call_renew(u, n);
	return 0;
}

/* Where there is no such deployment yet, it is known what it will lack: that
 * goes out together.  An agent installs itself. */
int up_enter_open(struct up *u, struct fleet_node *n, struct err *err)
{
	const struct payload *p = payloads_for(u->s.payloads, n->arch);
	const char *names[PROGRAMS_MAX];
	size_t k = programs_of(u, up_topo_node(u, n), names);
	unsigned programs = 0;
	int r = call_open(u, n, err);

	if (r < 0 || found_with(session_node(&u->s, n), u->rollout.id))
		return r;
	for (size_t i = 0; i < k; i++)
		if (!is_agent(p, names[i]))
			programs |= program_bit(p, names[i]);
	r = furnish(u, n, programs, err);
	return r < 0 ? r : FLEET_CALL;
}

/* What open said about the deployment. */
void up_opened(struct up *u, struct fleet_node *n, const struct reply *last)
{
	const struct payload *p = payloads_for(u->s.payloads, n->arch);
	const char *fresh = frame_value(&last->result, "fresh");
	struct up_node *node = up_node(u, n);

	node->opened = true;
	node->fresh = fresh && *fresh == '1';
	for (size_t i = 1; i < last->result.n; i++)
		if (strncmp(last->result.argv[i], "missing=", 8) == 0)
			node->missing |=
				program_bit(p, last->result.argv[i] + 8);
}

int up_enter_furnish(struct up *u, struct fleet_node *n, struct err *err)
{
	struct up_node *node = up_node(u, n);
	unsigned programs = node->missing & ~node->sent;
	int r = node->furnished ? call_install(u, n, programs, err)
				: furnish(u, n, programs, err);

	return r < 0 ? r : fleet_awaited(n) ? FLEET_CALL : 0;
}
