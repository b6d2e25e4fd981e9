/* Recorded flows, brought home before strip removes them.
 *
 * Every node walks by itself: look, end its programs; but what a program holds
 * goes to another one, so the collector is asked first whether it can take
 * that, and nothing is ended unless it can.  Then meters end, then the caches,
 * and the node with the records waits for all others before it ends the rest
 * and sends the files.  They are written into a directory beside the wanted
 * one, which gets its name when all is there and right. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/mem.h"
#include "deploy/keepstream.h"
#include "deploy/session.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	HELLO_MS = 10000,
	STOP_MS = 25000,
	DATA_MS = 60000,
	FLUSH_MS = 4000, /* for modules to answer; the collector says more */
	FLUSHED_MS = FLUSH_MS + 7000,
	UNSENT_SHOWN = 4
};

struct keeping {
	struct session s;
	struct keepstream *in; /* by node of the fleet */
	struct buf sums;
	struct deploy_kept *kept;
	const char *part;
	bool recipe;  /* all nodes have something */
	bool refused; /* the collector could not take what others hold, */
	struct err why;
	char id[17]; /* the deployment that has records, once all were seen */
};

/* Beside the one with the records there may be what an up left that was cut
 * off, and recipes. */
static const struct deploy_found *meant(
	struct keeping *k, const struct fleet_node *n)
{
	struct deploy_node *d = session_node(&k->s, n);

	for (size_t i = 0; i < d->n_found; i++)
		if (deploy_is_meant(k->s.o, k->s.name, &d->found[i]) &&
			(!k->id[0] || strcmp(d->found[i].id, k->id) == 0))
			return &d->found[i];
	return NULL;
}

/* A node's stage: whom it ends next, or what it does then. */
enum { LOOK, CHOOSE, FLUSH, END_METER, END_CACHE, END_REST, SEND, THROUGH };
static const char *const to_end[] = {
	[END_METER] = "meter", [END_CACHE] = "cache", [END_REST] = "all"};

static bool others_before(
	const struct session *s, const struct fleet_node *self, int stage)
{
	for (size_t i = 0; i < s->fleet->n; i++) {
		const struct fleet_node *n = &s->fleet->nodes[i];

		if (n != self && n->wanted && n->stage < stage &&
			n->status < NODE_FAILED)
			return true;
	}
	return false;
}

static bool has_data(struct keeping *k, const struct deploy_found *f)
{
	return k->recipe || f->data_bytes >= 0;
}

/* Whoever ran and does not run any more is not asked. */
static bool runs(const struct deploy_found *f, const char *role)
{
	for (size_t i = 0; i < f->n; i++)
		if ((!role || strcmp(f->processes[i].role, role) == 0) &&
			strcmp(f->processes[i].state, "running") == 0)
			return true;
	return false;
}

/* All nodes were looked at: which deployment it is, before anything ends.  One
 * that has flows, or will have, comes before an empty store. */
static int choose(struct keeping *k, const struct deploy_node *d, bool *sure,
	struct err *err)
{
	for (size_t i = 0; i < d->n_found; i++) {
		const struct deploy_found *f = &d->found[i];
		const bool other = strcmp(k->id, f->id) != 0;
		const bool has = f->flows || runs(f, "collector");

		if (!deploy_is_meant(k->s.o, k->s.name, f) || f->recipe[0] ||
			f->data_bytes < 0 || (other && *sure && !has))
			continue;
		if (other && *sure)
			return err_set(err, NFZ_E_INPUT,
				"there are records of two deployments, %s and "
				"%s: keep them one by one with --deployment",
				k->id, f->id);
		snprintf(k->id, sizeof(k->id), "%s", f->id);
		*sure |= has;
	}
	return 0;
}

static int choose_all(struct keeping *k, struct err *err)
{
	bool sure = false;
	int r = 0;

	for (size_t i = 0; r == 0 && !k->recipe && i < k->s.report->n; i++)
		r = choose(k, &k->s.report->nodes[i], &sure, err);
	if (r < 0) /* so it is for all of them */
		k->id[0] = '\0';
	return r;
}

static bool any(struct keeping *k,
	bool (*is)(struct keeping *k, const struct deploy_found *f))
{
	for (size_t i = 0; i < k->s.fleet->n; i++) {
		const struct deploy_found *f = meant(k, &k->s.fleet->nodes[i]);

		if (f && is(k, f))
			return true;
	}
	return false;
}

static bool holds(struct keeping *k, const struct deploy_found *f)
{
	(void)k;
	return runs(f, "meter") || runs(f, "cache");
}

/* What others hold comes into the store, or they go on holding it. */
static int call_flush(struct keeping *k, struct fleet_node *n, struct err *err)
{
	const struct deploy_found *f = meant(k, n);
	char ms[16];
	const char *const call[] = {"flush", f->id, ms, NULL};

	if (!runs(f, "collector") && !any(k, holds)) {
		n->stage++;
		return FLEET_WAIT;
	}
	if (!runs(f, "collector"))
		return err_set(err, NFZ_E_CRASHED,
			"%s: the collector does not run, and probes still do",
			n->name);
	snprintf(ms, sizeof(ms), "%d", FLUSH_MS);
	fleet_call(n, FLUSHED_MS, call);
	return FLEET_CALL;
}

static void miss(struct keeping *k, const char *fmt, ...) NFZ_PRINTF(2, 3);

static void miss(struct keeping *k, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	struct deploy_kept *to = k->kept;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	MEM_PUSH(to->missing, to->n_missing, to->missing_cap) =
		mem_strdup(text);
}

/* A module that hands over everything ends with 0. */
#define NOT_RID "%s: the %.40s ended before it was rid of all that it held "

/* Ended before, as by a strip that was cut off. */
static void take_ended(struct keeping *k, const struct fleet_node *n,
	const struct deploy_found *f)
{
	for (size_t i = 0; f && i < f->n && !k->recipe; i++) {
		const struct deploy_process *p = &f->processes[i];

		if (p->status && strcmp(p->state, "exited") == 0 &&
			strcmp(p->role, "collector") != 0)
			miss(k, NOT_RID "(status %d)", n->name, p->role,
				p->status);
	}
}

static void take_ends(
	struct keeping *k, const struct fleet_node *n, const struct reply *last)
{
	for (size_t i = 0; i < last->n_notes && !k->recipe; i++) {
		const struct frame_args *note = &last->notes[i];
		const char *status = frame_arg(note, 2);

		if (strcmp(frame_arg(note, 0), "ended") == 0 &&
			strcmp(status, "0") != 0)
			miss(k, NOT_RID "(status %.10s)", n->name,
				frame_arg(note, 1), status);
	}
}

static int call_stop(struct keeping *k, struct fleet_node *n)
{
	char who[160];
	const char *const call[] = {
		"stop", meant(k, n)->id, to_end[n->stage], who, NULL};

	snprintf(who, sizeof(who), "who=%s", k->s.who);
	k->kept->ended = true;
	fleet_call(n, STOP_MS, call);
	return FLEET_CALL;
}

/* Where a node's files go: the store has one place, recipes one a node. */
static int open_place(
	struct keeping *k, const struct fleet_node *n, struct err *err)
{
	struct keepstream *in = &k->in[n->index];
	cleanup_free char *path = NULL;
	char prefix[KEEPSTREAM_PREFIX] = "";
	int dir;

	if (k->recipe)
		snprintf(prefix, sizeof(prefix), "%.127s/", n->name);
	path = mem_printf("%s/%s", k->part, prefix);
	if (strchr(n->name, '/') || *n->name == '.' ||
		file_make_dirs(path, 0700, err) < 0)
		return err_set(err, NFZ_E_IO, "%s cannot be made", path);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return err_sys(err, "%s", path);
	keepstream_open(in, dir, prefix, &k->sums);
	return 0;
}

static int call_data(struct keeping *k, struct fleet_node *n, struct err *err)
{
	const struct deploy_found *f = meant(k, n);
	const char *const call[] = {
		"data", f->id, k->recipe ? "data" : "store", NULL};

	if (k->kept->node[0] && !k->recipe)
		return err_set(err, NFZ_E_INPUT,
			"there are records on %s and on %s: keep them one by "
			"one with --limit",
			k->kept->node, n->name);
	if (open_place(k, n, err) < 0)
		return -(int)err->code;
	snprintf(k->kept->node, sizeof(k->kept->node), "%s", n->name);
	fleet_call(n, DATA_MS, call);
	return FLEET_CALL;
}

static bool must_wait(struct keeping *k, const struct fleet_node *n,
	const struct deploy_found *f)
{
	if (n->stage < END_REST)
		return others_before(&k->s, n, n->stage);
	return n->stage == END_REST &&
	       (f->data_bytes >= 0 || found_has_role(f, "collector")) &&
	       others_before(&k->s, n, SEND);
}

static bool has_stage(
	struct keeping *k, const struct deploy_found *f, int stage)
{
	if (stage == FLUSH)
		return !k->recipe && !k->s.o->force && has_data(k, f);
	return found_has_role(f, to_end[stage]);
}

static int through(struct deploy_node *d, struct fleet_node *n)
{
	n->stage = THROUGH;
	d->status = NODE_OK;
	return FLEET_DONE;
}

static int keep_next(void *ctx, struct fleet_node *n, const struct reply *last,
	struct err *err)
{
	static const char *const hello[] = {"hello", NULL};
	struct keeping *k = ctx;
	struct deploy_node *d = session_node(&k->s, n);
	const struct deploy_found *f;

	if (!last && n->stage == LOOK) {
		fleet_call(n, HELLO_MS, hello);
		return FLEET_CALL;
	}
	if (last && n->stage == LOOK)
		session_take_hello(d, last);
	else if (last)
		take_ends(k, n, last);
	n->stage += last != NULL;
	if (n->stage == CHOOSE) {
		if (others_before(&k->s, n, CHOOSE))
			return FLEET_WAIT;
		if (!k->id[0] && choose_all(k, err) < 0)
			return -(int)err->code;
		take_ended(k, n, k->id[0] ? meant(k, n) : NULL);
		n->stage++;
	}
	f = meant(k, n);
	while (f && n->stage < END_REST && !has_stage(k, f, n->stage))
		n->stage++;
	if (!f || n->stage == THROUGH || (n->stage == SEND && !has_data(k, f)))
		return through(d, n);
	if (n->stage == SEND)
		return call_data(k, n, err);
	if (must_wait(k, n, f))
		return FLEET_WAIT;
	if (k->refused)
		return err_set(err, NFZ_E_NODES_FAILED, "%s: goes on", n->name);
	if (!any(k, has_data))
		return through(d, n);
	return n->stage == FLUSH ? call_flush(k, n, err) : call_stop(k, n);
}

/* What is wrong with the files ends it; check_all says it in the end. */
static int keep_data(void *ctx, struct fleet_node *n, bool is_stderr,
	const struct span *data, struct err *err)
{
	struct keeping *k = ctx;
	struct keepstream *in = &k->in[n->index];

	if (in->dir < 0 || in->ended)
		return err_set(
			err, NFZ_E_REMOTE, "output that was not asked for");
	if (!is_stderr)
		keepstream_add(in, data->s, data->n);
	if (!in->err.code)
		return 0;
	*err = in->err;
	return -(int)err->code;
}

static void keep_done(void *ctx, struct fleet_node *n)
{
	struct keeping *k = ctx;

	if (n->stage == FLUSH && n->status >= NODE_FAILED && !k->refused) {
		k->refused = true;
		k->why = n->err;
	}
	n->stage = THROUGH;
	session_failed(&k->s, n);
}

/* Each node has data of its own: what one does not hand over is nowhere else. */
static bool does_without(const struct keeping *k)
{
	return k->recipe && k->s.o->force;
}

static bool failed(const struct keeping *k, size_t i)
{
	return k->s.report->nodes[i].status >= NODE_FAILED;
}

/* What was wrong with the files of a node, and whether all came. */
static int check_all(struct keeping *k, bool *ret_ended, struct err *err)
{
	*ret_ended = k->kept->node[0] != '\0';
	for (size_t i = 0; i < k->s.fleet->n; i++) {
		struct keepstream *in = &k->in[i];

		if (in->dir < 0)
			continue;
		if (keepstream_end(in, err) < 0 &&
			(err->sys || !does_without(k)))
			return err_wrap(err, "%s", /* our disk, or the node? */
				err->sys ? k->part : k->s.fleet->nodes[i].name);
		err_clear(err);
		*ret_ended = *ret_ended &&
			     (in->ended || (does_without(k) && failed(k, i)));
		k->kept->files += in->files;
		k->kept->bytes += in->bytes;
	}
	return 0;
}

static int run_all(struct keeping *k, bool *ret_ended, struct err *err)
{
	const struct fleet_job job = {.next = keep_next,
		.data = keep_data,
		.done = keep_done,
		.ctx = k};
	struct err bad = ERR_INIT;
	int r;

	k->in = mem_zalloc(k->s.fleet->n + 1, sizeof(*k->in));
	for (size_t i = 0; i < k->s.fleet->n; i++) {
		k->in[i] = (struct keepstream)KEEPSTREAM_NONE;
		k->s.fleet->nodes[i].wanted = true;
		k->s.fleet->nodes[i].look = true;
	}
	r = session_run(&k->s, &job, err);
	if (check_all(k, ret_ended, &bad) < 0) {
		*err = bad;
		r = -(int)bad.code;
	}
	return r;
}

/* All that was announced came, and was right: it gets its name. */
static int finish(struct keeping *k, const char *dir, struct err *err)
{
	cleanup_free char *path = mem_printf("%s/SHA256SUMS", k->part);
	int r = file_replace(path, 0600, buf_str(&k->sums), k->sums.len, err);

	for (size_t i = 0; r == 0 && i < k->s.report->n; i++)
		if (k->in[i].dir >= 0 && fsync(k->in[i].dir) < 0)
			r = err_sys(err, "%s", k->part);
	if (r == 0 && rename(k->part, dir) < 0)
		r = err_sys(err, "%s", dir);
	return r == 0 ? file_sync_dir_of(dir, err) : r;
}

/* One that is there already is never added to. */
static int make_part(const struct keeping *k, const char *dir, struct err *err)
{
	struct stat st;

	if (lstat(dir, &st) == 0)
		return err_set(err, NFZ_E_USAGE, "%s is there already", dir);
	return file_make_dirs(k->part, 0700, err);
}

/* What they have sent is there. */
static void miss_failed(struct keeping *k)
{
	for (size_t i = 0; i < k->s.report->n; i++)
		if (failed(k, i))
			miss(k, "%s", k->s.report->nodes[i].err.text);
}

/* Whose data would go with them. */
static int say_unsent(const struct keeping *k, struct err *err)
{
	struct buf text = BUF_INIT(2 * UNSENT_SHOWN * ERR_TEXT_MAX);
	size_t n = 0;

	for (size_t i = 0; i < k->s.report->n; i++)
		if (failed(k, i) && n++ < UNSENT_SHOWN)
			buf_addf(&text, "%s%s", n > 1 ? "; " : "",
				k->s.report->nodes[i].err.text);
	if (n > UNSENT_SHOWN)
		buf_addf(&text, "; and %zu more", n - UNSENT_SHOWN);
	err_set(err, NFZ_E_NODES_FAILED, "%zu of %zu nodes did not send it: %s",
		n, k->s.report->n, buf_str(&text));
	buf_release(&text);
	return -(int)err->code;
}

static int keep_all(struct keeping *k, const char *dir, struct err *err)
{
	bool ended = false;
	int r = run_all(k, &ended, err);

	r = session_close(&k->s, r, err);
	if (!k->recipe)
		session_recipes(&k->s, &k->kept->recipes);
	if (k->refused) {
		*err = k->why;
		return -(int)err->code;
	}
	if (r == -NFZ_E_NODES_FAILED && k->recipe && !does_without(k))
		return say_unsent(k, err);
	if (r == -NFZ_E_NODES_FAILED && (ended || does_without(k))) {
		miss_failed(k);
		err_clear(err);
		r = 0;
	}
	if (r == 0 && k->kept->node[0] && !ended)
		r = err_set(err, NFZ_E_REMOTE,
			"%s: the files did not come whole", k->kept->node);
	if (r == 0 && k->kept->node[0])
		r = finish(k, dir, err);
	return r;
}

static void release(struct keeping *k, size_t nodes)
{
	for (size_t i = 0; k->in && i < nodes; i++)
		keepstream_close(&k->in[i]);
	free(k->in);
	buf_release(&k->sums);
	free(k);
}

void deploy_kept_release(struct deploy_kept *k)
{
	for (size_t i = 0; i < k->n_missing; i++)
		free(k->missing[i]);
	free(take(k->missing));
	opt_list_release(&k->recipes);
	k->n_missing = k->missing_cap = 0;
}

int deploy_keep(const struct topology *t, const struct deploy_options *o,
	const char *dir, struct deploy_kept *ret, struct err *err)
{
	cleanup_free char *part = mem_printf("%s.part", dir);
	struct keeping *k = mem_zalloc(1, sizeof(*k));
	struct deploy_report report = {0};
	int r;

	*ret = (struct deploy_kept){0};
	k->part = part;
	k->kept = ret;
	k->recipe = o->recipe != NULL;
	k->sums = (struct buf)BUF_INIT((size_t)64 << 20);
	r = make_part(k, dir, err);
	if (r == 0) {
		r = session_open(t, o, &report, &k->s, err);
		if (r == 0)
			r = keep_all(k, dir, err);
		if (file_remove_tree(part, NULL) < 0 && r == 0)
			r = err_sys(err, "%s", part);
	}
	ret->refused = k->refused;
	release(k, report.n);
	deploy_report_release(&report);
	return r;
}
