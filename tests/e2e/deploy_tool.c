/* The deploy functions from a shell, for end-to-end tests.
 *
 *   deploy-tool COMMAND TOPOLOGY.json [WORD...]
 *   up [COLLECTOR]  dry-up  strip  force-strip  status  clocks  facts
 *   run PROGRAM ARG...   logs   snapshot   read NODE PATH
 *   fetch PROJ/EXP (as "nfz-testbed run" sets the environment)
 *
 * Environment: IDENTITY (key file), LOGIN, STATE (directory), TIMEOUT (ms),
 * PARALLEL, CONFIG (ssh_config file), AVOID (node names), LIMIT (deployment id). */
#include "deploy/deploy.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "format/crypto.h"
#include "planner/solver.h"
#include "testbed/import.h"
#include "topology/topofile.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static volatile int cancelled;

static void on_signal(int signo)
{
	(void)signo;
	cancelled++;
}

static void progress(void *ctx, const char *node, const char *step,
	enum node_status status, int64_t ms)
{
	(void)ctx;
	fprintf(stderr, "  %-10s %-12s %s (%lld ms)\n", node,
		node_status_name(status), step, (long long)ms);
}

static int sink(void *ctx, const char *node, bool is_stderr, const void *data,
	size_t len)
{
	(void)ctx;
	if (getenv("NAMES"))
		fprintf(stdout, "[%s] ", node);
	fwrite(data, 1, len, is_stderr ? stderr : stdout);
	return 0;
}

static void print_report(const struct deploy_report *r)
{
	printf("deployment %s changed %d bytes %llu failed %zu\n", r->id,
		r->changed, (unsigned long long)r->binary_bytes, r->failed);
	for (size_t i = 0; i < r->n; i++) {
		const struct deploy_node *d = &r->nodes[i];

		printf("node %s %s%s\n", d->name, node_status_name(d->status),
			d->none ? " none" : "");
		if (d->err.code)
			printf("  error %s %s\n", err_code_text(d->err.code),
				d->err.text);
		if (d->err.hint[0])
			printf("  hint %s\n", d->err.hint);
		if (d->clock_known)
			printf("  clock %+.6f\n",
				(double)d->clock_offset_ns / 1e9);
		if (d->known)
			printf("  fact %s %s free %lld\n", d->system, d->arch,
				(long long)d->free_bytes);
		for (size_t k = 0; k < d->n_found; k++) {
			const struct deploy_found *f = &d->found[k];

			printf("  found %s %s by %s rebooted %d busy=%s\n",
				f->id, f->experiment, f->who, f->rebooted,
				f->busy);
			for (size_t j = 0; j < f->n; j++)
				printf("    %s %s pid %d\n",
					f->processes[j].role,
					f->processes[j].state,
					f->processes[j].pid);
		}
		for (size_t k = 0; k < d->n_checks; k++)
			printf("  %s %s\n", d->checks[k].good ? "ok" : "LEFT",
				d->checks[k].text);
	}
	fputs(buf_str(&r->steps), stdout);
}

static int up(const struct topology *t, struct deploy_options *o,
	const char *collector, struct deploy_report *report, struct err *err)
{
	struct plan_goal goal = {
		.mode = "light", .objective = "impact", .collector = collector};
	struct plan *plan cleanup(plan_free_at) = NULL;
	int r;

	if (getenv("AVOID"))
		opt_list_add(&goal.avoid, getenv("AVOID"));
	r = plan_solve(t, &goal, &plan, err);
	if (r == 0)
		r = deploy_up(t, plan, o, report, err);
	opt_list_release(&goal.avoid);
	return r;
}

static int command(const struct topology *t, struct deploy_options *o,
	char **argv, struct deploy_report *report, struct err *err)
{
	const char *name = argv[1];
	const union {
		char **in;
		const char *const *out;
	} words = {argv + 3};
	int status = 0, r;

	if (strcmp(name, "up") == 0 || strcmp(name, "dry-up") == 0) {
		o->dry_run = *name == 'd';
		return up(t, o, argv[3], report, err);
	}
	if (strcmp(name, "strip") == 0 || strcmp(name, "force-strip") == 0) {
		o->force = *name == 'f';
		return deploy_strip(t, o, report, err);
	}
	if (strcmp(name, "status") == 0)
		return deploy_survey(t, o, report, err);
	if (strcmp(name, "clocks") == 0)
		return deploy_clocks(t, o, report, err);
	if (strcmp(name, "facts") == 0)
		return deploy_facts(t, o, report, err);
	if (strcmp(name, "logs") == 0)
		return deploy_logs(t, o, -1, NULL, 4096, sink, err);
	if (strcmp(name, "snapshot") == 0)
		return deploy_snapshot(t, o, sink, err);
	if (strcmp(name, "run") == 0) {
		r = deploy_run(t, o, -1, words.out, sink, &status, err);
		printf("status %d\n", status);
		return r;
	}
	if (strcmp(name, "read") == 0 && argv[3] && argv[4]) {
		struct buf out = BUF_INIT(1 << 20);

		r = deploy_read_file(&t->nodes[topology_node(t, argv[3])], o,
			argv[4], &out, err);
		fputs(buf_str(&out), stdout);
		buf_release(&out);
		return r;
	}
	return err_set(err, NFZ_E_USAGE, "unknown command");
}

static int node_file(void *ctx, const struct topo_node *node, const char *path,
	struct buf *out, struct err *err)
{
	return deploy_read_file(node, ctx, path, out, err);
}

static int fetch(const char *name, struct deploy_options *o, struct err *err)
{
	const struct client_config config = {
		.server = getenv("NETFLOWIZE_SERVER"),
		.certificate = getenv("NETFLOWIZE_CERTIFICATE"),
		.ca = getenv("NETFLOWIZE_CA")};
	const struct import_options options = {
		.node_file = node_file, .ctx = o};
	struct client *client cleanup(client_close_at) = NULL;
	struct topology *t cleanup(topology_free_at) = NULL;
	struct buf out = BUF_INIT(64 << 20);
	char project[64] = "", experiment[64] = "";
	const struct client_exp exp = {project, experiment};
	int r;

	if (sscanf(name, "%63[^/]/%63s", project, experiment) != 2)
		return err_set(err, NFZ_E_USAGE, "PROJ/EXP");
	r = client_open(&config, &client, err);
	if (r == 0)
		r = import_experiment(client, &exp, &options, &t, err);
	if (r == 0) {
		topofile_print(t, &out);
		fputs(buf_str(&out), stdout);
	}
	buf_release(&out);
	return r;
}

int main(int argc, char **argv)
{
	const char *identities[] = {getenv("IDENTITY"), NULL};
	struct deploy_options o = {.ssh = {.identities = identities},
		.user = getenv("LOGIN"),
		.state_dir = getenv("STATE"),
		.deployment = getenv("LIMIT"),
		.cancel = &cancelled,
		.progress = progress};
	struct topology *t cleanup(topology_free_at) = NULL;
	struct deploy_report report = {0};
	struct buf text = BUF_INIT(64 << 20);
	struct err err = ERR_INIT;
	int r;

	log_open("deploy-tool", LOG_INFO, false);
	if (argc < 3)
		return 2;
	signal(SIGINT, on_signal);
	signal(SIGPIPE, SIG_IGN);
	if (getenv("TIMEOUT"))
		o.timeout_ms = strtol(getenv("TIMEOUT"), NULL, 10);
	o.ssh.config = getenv("CONFIG");
	if (!identities[0])
		o.ssh.identities = NULL;
	if (getenv("LEASE"))
		o.lease_ms = strtol(getenv("LEASE"), NULL, 10);
	if (getenv("PARALLEL"))
		o.parallel = (int)strtol(getenv("PARALLEL"), NULL, 10);
	r = crypto_init(&err);
	if (r == 0 && strcmp(argv[1], "fetch") == 0) {
		r = fetch(argv[2], &o, &err);
		if (r < 0)
			log_err(&err);
		return err_exit_status(r);
	}
	if (r == 0)
		r = file_read(argv[2], &text, &err);
	if (r == 0)
		r = topofile_parse(buf_str(&text), text.len, argv[2], &t, &err);
	if (r == 0) {
		o.project = t->project ? t->project : "test";
		o.experiment = t->experiment ? t->experiment : "test";
		r = command(t, &o, argv, &report, &err);
	}
	if (report.n)
		print_report(&report);
	if (r < 0)
		log_err(&err);
	deploy_report_release(&report);
	buf_release(&text);
	return err_exit_status(r);
}
