/* The module `portal` (emulab-api reference, section 10): status and manifests
 * of experiments that are the portal's, as text or as JSON inside a string. */
#include "base/mem.h"
#include "format/jsonw.h"
#include "lab/dispatch.h"
#include "lab/portal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { ANSWER_MAX = 32 << 20 };

static bool is_uuid_of(const struct lab_experiment *e, const char *name)
{
	return e->portal != NULL && strcasecmp(e->portal->uuid, name) == 0;
}

/* "project,name" or the UUID. */
static struct lab_experiment *find(
	const struct lab_site *site, const char *name)
{
	char pid[64];
	size_t n = strcspn(name, ",");
	struct lab_experiment *e;

	for (size_t i = 0; i < site->n_experiments; i++)
		if (is_uuid_of(site->experiments[i], name))
			return site->experiments[i];
	if (name[n] == '\0' || n >= sizeof(pid))
		return NULL;
	snprintf(pid, sizeof(pid), "%.*s", (int)n, name);
	e = lab_experiment_find(site, pid, name + n + 1);
	return e != NULL && e->portal != NULL ? e : NULL;
}

/* NULL: answered. */
static struct lab_experiment *wanted(struct lab_call *c)
{
	const char *name = call_text(c, "experiment");
	struct lab_experiment *e = name != NULL ? find(c->site, name) : NULL;

	if (e == NULL || e->state == LAB_ENDED || e->state == LAB_SWAPPED) {
		call_fail(c, CALL_SEARCHFAILED, "No such experiment\n");
		return NULL;
	}
	if (!call_may_see(c, e->pid, e->gid)) {
		call_fail(c, CALL_FORBIDDEN,
			"Not enough permission for experiment\n");
		return NULL;
	}
	return e;
}

static const char *status_word(const struct lab_experiment *e)
{
	if (e->portal->status[0] != '\0')
		return e->portal->status;
	switch (e->state) {
	case LAB_ACTIVE:
		return "ready";
	case LAB_NEW:
	case LAB_PRERUNNING:
	case LAB_QUEUED:
		return "created";
	case LAB_SWAPPING:
	case LAB_TERMINATING:
	case LAB_SWAPPED:
	case LAB_ENDED:
		return "terminating";
	case LAB_PANICED:
		return "failed";
	case LAB_ACTIVATING:
	case LAB_MODIFY_PARSE:
	case LAB_MODIFY_REPARSE:
		return "provisioning";
	case LAB_MODIFY_RESWAP:
	case LAB_RESTARTING:
		return "booting";
	}
	return "failed";
}

/* Takes the text to where this portal puts its JSON. */
static void answer(
	struct lab_call *c, const struct lab_experiment *e, struct buf *text)
{
	enum lab_answers where = e->portal->answers;
	struct value *v = where == LAB_IN_OUTPUT
				  ? NULL
				  : value_string_n(buf_str(text), text->len);

	if (where == LAB_IN_VALUE)
		call_ok(c, v);
	else
		call_ok_text(c, v, buf_str(text));
	buf_release(text);
}

static void put_node(
	struct jsonw *w, const struct lab_machine *m, const char *name)
{
	bool up = m->eventstatus != NULL && strcmp(m->eventstatus, "ISUP") == 0;

	jsonw_key(w, name);
	jsonw_object(w);
	jsonw_put(w, "status", up ? "ready" : "notready");
	jsonw_put(w, "state", up ? "started" : "configured");
	jsonw_put(w, "rawstate", m->eventstatus ? m->eventstatus : "BOOTING");
	jsonw_end(w);
}

static void put_sites(struct jsonw *w, const struct lab_call *c,
	const struct lab_experiment *e, const char *status)
{
	jsonw_key(w, "aggregate_status");
	jsonw_object(w);
	for (int k = 0; k < e->portal->n_sites; k++) {
		struct buf urn = BUF_INIT(512);

		manifest_manager(c->site, e, k, &urn);
		jsonw_key(w, buf_str(&urn));
		buf_release(&urn);
		jsonw_object(w);
		jsonw_put(w, "status", status);
		jsonw_key(w, "nodes");
		jsonw_object(w);
		for (size_t i = 0; i < e->ns->n_nodes; i++) {
			int at = e->lookup.machine[i];

			if (at >= 0 && manifest_site_of(e, (int)i) == k)
				put_node(w, &c->site->machines[at],
					lab_portal_node(
						e, e->ns->nodes[i].name));
		}
		jsonw_end(w);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void status_json(const struct lab_call *c,
	const struct lab_experiment *e, struct buf *text)
{
	const char *status = status_word(e);
	char url[200];
	struct jsonw w;

	snprintf(url, sizeof(url), "https://www.%s/status.php?uuid=%s",
		c->site->domain, e->portal->uuid);
	jsonw_init(&w, text, JSONW_COMPACT);
	jsonw_object(&w);
	jsonw_put(&w, "uuid", e->portal->uuid);
	jsonw_put(&w, "name", e->eid);
	jsonw_put(&w, "status", status);
	jsonw_put(&w, "expires", "2099-01-01T00:00:00Z");
	jsonw_put(&w, "url", url);
	jsonw_put(&w, "wbstore", e->portal->uuid);
	jsonw_key(&w, "execute_status");
	jsonw_object(&w);
	jsonw_put_int(&w, "total", 0);
	jsonw_put_int(&w, "running", 0);
	jsonw_put_int(&w, "finished", 0);
	jsonw_put_int(&w, "failed", 0);
	jsonw_end(&w);
	put_sites(&w, c, e, status);
	jsonw_end(&w);
}

static void experiment_status(struct lab_call *c, struct lab_experiment *none)
{
	struct lab_experiment *e = wanted(c);
	struct buf text = BUF_INIT(ANSWER_MAX);

	(void)none;
	if (e == NULL)
		return;
	if (call_bool(c, "asjson"))
		status_json(c, e, &text);
	else
		buf_addf(&text,
			"Status: %s\nUUID: %s\nExpires: 2099-01-01T00:00:00Z\n"
			"URL: https://www.%s/status.php?uuid=%s\n",
			status_word(e), e->portal->uuid, c->site->domain,
			e->portal->uuid);
	answer(c, e, &text);
}

static void experiment_manifests(
	struct lab_call *c, struct lab_experiment *none)
{
	struct lab_experiment *e = wanted(c);
	struct buf text = BUF_INIT(ANSWER_MAX);
	struct jsonw w;

	(void)none;
	if (e == NULL)
		return;
	if (strcmp(status_word(e), "created") == 0) {
		call_fail(c, CALL_ERROR, "No manifests yet\n");
		return;
	}
	jsonw_init(&w, &text, JSONW_COMPACT);
	jsonw_object(&w);
	for (int k = 0; k < e->portal->n_sites; k++) {
		struct buf urn = BUF_INIT(512), rspec = BUF_INIT(ANSWER_MAX);

		manifest_manager(c->site, e, k, &urn);
		manifest_print(c->site, e, k, &rspec);
		jsonw_key(&w, buf_str(&urn));
		jsonw_string_n(&w, buf_str(&rspec), rspec.len);
		buf_release(&urn);
		buf_release(&rspec);
	}
	jsonw_end(&w);
	answer(c, e, &text);
}

/* Profiles are what the web page keeps; here is none to change or start. */
static void unsupported(struct lab_call *c, struct lab_experiment *none)
{
	(void)none;
	if (call_arg(c, "experiment") != NULL && wanted(c) == NULL)
		return;
	call_fail(c, CALL_UNSUPPORTED,
		"The profile of this experiment is not parameterized\n");
}

enum { OPEN = CALL_VERSION | CALL_NOLOGINS };

const struct call_method methods_portal[] = {
	{"portal", "experimentStatus", OPEN, "experiment", experiment_status},
	{"portal", "experimentManifests", OPEN, "experiment",
		experiment_manifests},
	{"portal", "modifyExperiment", OPEN, "experiment bindings",
		unsupported},
	{"portal", "startExperiment", OPEN, "profile proj name", unsupported},
	{"portal", "terminateExperiment", OPEN, "experiment", unsupported},
	{"portal", "extendExperiment", OPEN, "experiment wanted reason",
		unsupported},
	{"portal", "reboot", OPEN, "experiment nodes", unsupported}, {0}};
