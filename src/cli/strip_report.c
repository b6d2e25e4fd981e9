#include "cli/strip_report.h"

#include <stdio.h>

static void put_found(struct jsonw *w, const struct nodes_context *n,
	const struct deploy_node *d)
{
	jsonw_key(w, "deployments");
	jsonw_array(w);
	for (size_t i = 0; i < d->n_found; i++) {
		const struct deploy_found *f = &d->found[i];

		jsonw_object_inline(w);
		jsonw_put(w, "deployment", f->id);
		jsonw_put(w, "experiment", f->experiment);
		jsonw_put(w, "who", f->who);
		if (f->data_bytes >= 0)
			jsonw_put_int(w, "data_bytes", f->data_bytes);
		jsonw_put_bool(w, "meant", nodes_is_meant(n, f));
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void put_checks(struct jsonw *w, const struct deploy_node *d)
{
	jsonw_key(w, "checks");
	jsonw_array(w);
	for (size_t k = 0; k < d->n_checks; k++) {
		jsonw_object_inline(w);
		jsonw_put_bool(w, "good", d->checks[k].good);
		jsonw_put(w, "check", d->checks[k].text);
		jsonw_end(w);
	}
	jsonw_end(w);
}

void strip_put_nodes(struct jsonw *w, const struct nodes_context *n,
	const struct deploy_report *r)
{
	jsonw_key(w, "nodes");
	jsonw_array(w);
	for (size_t i = 0; i < r->n; i++) {
		const struct deploy_node *d = &r->nodes[i];

		jsonw_object(w);
		jsonw_put(w, "node", d->name);
		jsonw_put(w, "status", node_status_name(d->status));
		jsonw_put_bool(w, "none", d->none);
		jsonw_put_uint(w, "kept", d->n_kept);
		if (d->err.code) {
			jsonw_put(w, "code", err_code_text(d->err.code));
			jsonw_put(w, "error", d->err.text);
		}
		put_found(w, n, d);
		put_checks(w, d);
		jsonw_end(w);
	}
	jsonw_end(w);
}

int strip_write(const struct app *app, struct buf *doc, const char *file,
	struct err *err)
{
	int r = 0;

	if (file)
		r = app_write_file("--report", file, doc, err);
	if (!app_for_people(app)) {
		int printed = app_print_json(app, doc, r < 0 ? NULL : err);

		return r < 0 ? r : printed;
	}
	buf_release(doc);
	return r;
}
