#include "cli/experiment.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/say.h"
#include "deploy/deploy.h"
#include "format/crypto.h"
#include "format/pem.h"
#include "testbed/import.h"
#include "testbed/load.h"
#include "testbed/portal.h"

#include <string.h>

enum { NOTES_MAX = 1 << 20 };

static int on_passphrase(void *ctx, const char *file, int attempt,
	struct buf *out, struct err *err)
{
	const struct app *app = ctx;
	char text[256];
	int r;

	if (attempt > 1 && app->common->passphrase_fd < 0)
		say_fail(app, "wrong passphrase for %s (attempt %d of %d)",
			file, attempt - 1, CLIENT_PASSPHRASE_TRIES);
	r = say_passphrase(app, file, text, sizeof(text), err);
	if (r == 0)
		buf_adds(out, text);
	crypto_wipe(text, sizeof(text));
	return r;
}

static bool on_cancelled(void *ctx)
{
	const struct app *app = ctx;

	return *app->interrupted > 0;
}

int experiment_connect(struct app *app, struct client **ret, struct err *err)
{
	const struct common *c = app->common;
	const struct client_config config = {
		.server = c->server,
		.certificate = c->certificate,
		.ca = c->ca,
		.insecure = c->insecure,
		.ciphers = c->old_ciphers ? "DEFAULT:@SECLEVEL=0" : NULL,
		.passphrase = on_passphrase,
		.cancelled = on_cancelled,
		.ctx = app,
	};
	int r = 0;

	if (!app->client)
		r = client_open(&config, &app->client, err);
	*ret = app->client;
	return r;
}

static int on_node_file(void *ctx, const struct topo_node *node,
	const char *path, struct buf *out, struct err *err)
{
	const struct app *app = ctx;
	const char *const identities[] = {app->common->identity, NULL};
	const struct deploy_options options = {
		.ssh = {.identities = app->common->identity ? identities : NULL,
			.config = app->common->ssh_config},
		.user = app->common->ssh_user,
		.timeout_ms = app->common->timeout_ms,
		.cancel = app->interrupted,
	};

	return deploy_read_file(node, &options, path, out, err);
}

static void show_notes(const struct app *app, const struct buf *text)
{
	const char *at = buf_str(text);

	while (*at) {
		size_t n = strcspn(at, "\n");

		say_note(app, "%.*s", (int)n, at);
		at += n + (at[n] == '\n');
	}
}

static int from_classic(struct app *app, struct client *client,
	const struct client_exp *exp, struct topology **ret, struct err *err)
{
	struct buf notes = BUF_INIT(NOTES_MAX);
	const struct import_options options = {
		.node_file = on_node_file, .ctx = app, .notes = &notes};
	int r = import_experiment(client, exp, &options, ret, err);

	if (r == 0 && !app->common->quiet)
		show_notes(app, &notes);
	buf_release(&notes);
	return r;
}

/* A manifest has a login for each member of the project; ours is the one of
 * the user's certificate. */
static void own_login(const struct app *app, char *to, size_t size)
{
	struct pem_info info;
	struct err ignored = ERR_INIT;

	to[0] = '\0';
	if (app->common->ssh_user)
		snprintf(to, size, "%s", app->common->ssh_user);
	else if (pem_read(app->common->certificate, &info, &ignored) == 0)
		snprintf(to, size, "%.*s", (int)strcspn(info.cn, ","), info.cn);
}

static int from_portal(struct app *app, struct client *client,
	const struct client_exp *exp, struct topology **ret, struct err *err)
{
	struct buf notes = BUF_INIT(NOTES_MAX);
	char login[128];
	const struct portal_options options = {.user = login, .notes = &notes};
	int r;

	own_login(app, login, sizeof(login));
	r = portal_import(client, exp, &options, ret, err);
	if (r == 0 && !app->common->quiet)
		show_notes(app, &notes);
	buf_release(&notes);
	return r;
}

/* Does the interface asked say that it does not know the experiment, or the
 * question? */
static bool is_unknown(int r)
{
	return r == -NFZ_E_NO_EXPERIMENT || r == -NFZ_E_FAULT;
}

/* The classic interface, and where that has no such experiment the portal's.
 * What the classic one said is better known: it is kept when neither has. */
static int from_testbed(struct app *app, struct client *client,
	const struct client_exp *exp, struct topology **ret, struct err *err)
{
	struct err second = ERR_INIT;
	int r;

	if (app->common->api == API_PORTAL || !exp->proj[0])
		return from_portal(app, client, exp, ret, err);
	r = from_classic(app, client, exp, ret, err);
	if (app->common->api == API_CLASSIC || !is_unknown(r))
		return r;
	switch (from_portal(app, client, exp, ret, &second)) {
	case 0:
		err_clear(err);
		return 0;
	case -NFZ_E_NO_EXPERIMENT:
	case -NFZ_E_FAULT:
		return r;
	default:
		if (err)
			*err = second;
		return -(int)second.code;
	}
}

int experiment_topology(struct app *app, const struct experiment_name *name,
	struct topology **ret, struct err *err)
{
	struct client *client;
	int r = experiment_connect(app, &client, err);

	return r < 0 ? r
		     : experiment_topology_over(app, client, name, ret, err);
}

int experiment_topology_over(struct app *app, struct client *client,
	const struct experiment_name *name, struct topology **ret,
	struct err *err)
{
	const struct client_exp exp = {name->project, name->experiment};
	struct mono_time start = mono_now();
	int r = from_testbed(app, client, &exp, ret, err);

	if (r < 0)
		return r;
	say_done(app,
		"topology of %s/%s: %zu nodes, %zu link%s, %zu shaper%s or "
		"bridge%s  (%.1f s)",
		(*ret)->project, (*ret)->experiment, (*ret)->n_nodes,
		(*ret)->n_links, (*ret)->n_links == 1 ? "" : "s",
		(*ret)->n_bridges, (*ret)->n_bridges == 1 ? "" : "s",
		(*ret)->n_bridges == 1 ? "" : "s",
		(double)(mono_now().ns - start.ns) / 1e9);
	return 0;
}

int experiment_or_file(struct app *app, const char *file, const char *word,
	struct topology **ret, struct err *err)
{
	struct buf warnings = BUF_INIT(NOTES_MAX);
	struct experiment_name name;
	int r;

	if (file && word) {
		err_set(err, NFZ_E_USAGE,
			"%s and --topology %s: which of the two?", word, file);
		return err_hint(err, "Give one experiment, or one file");
	}
	app->file = file;
	if (file) {
		r = topology_load(file, ret, &warnings, err);
		show_notes(app, &warnings);
		buf_release(&warnings);
		return r;
	}
	if (!word) {
		err_set(err, NFZ_E_USAGE, "which experiment?");
		return err_hint(err, "Name it as PROJ/EXP, or give a file with "
				     "--topology FILE");
	}
	r = app_experiment(app, word, &name, err);
	return r < 0 ? r : experiment_topology(app, &name, ret, err);
}
