#include "cli/overview.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static struct overview_row *row_for(struct overview *o,
	const struct deploy_found *f, const char *experiment)
{
	const char *name = f->experiment[0] ? f->experiment : experiment;
	struct overview_row *row;

	for (size_t i = 0; i < o->n; i++)
		if (strcmp(o->rows[i].id, f->id) == 0 &&
			strcmp(o->rows[i].experiment, name) == 0)
			return &o->rows[i];
	row = &MEM_PUSH(o->rows, o->n, o->cap);
	*row = (struct overview_row){.age_s = -1,
		.data_bytes = -1,
		.data_idle_s = -1,
		.asked = true,
		.left_over = !f->experiment[0]};
	snprintf(row->experiment, sizeof(row->experiment), "%s", name);
	snprintf(row->id, sizeof(row->id), "%s", f->id);
	snprintf(row->who, sizeof(row->who), "%s", f->who);
	snprintf(row->mode, sizeof(row->mode), "%s%s%s", f->mode,
		f->recipe[0] ? " " : "", f->recipe);
	return row;
}

static void note(struct overview_row *row, const char *text)
{
	size_t n = strlen(row->note);

	if (strstr(row->note, text))
		return;
	snprintf(row->note + n, sizeof(row->note) - n, "%s%s", n ? ", " : "",
		text);
}

static void add_processes(
	struct overview_row *row, const struct deploy_found *f)
{
	char text[64];

	for (size_t i = 0; i < f->n; i++) {
		const struct deploy_process *p = &f->processes[i];
		bool runs = strcmp(p->state, "running") == 0;

		row->programs++;
		row->running += runs;
		if (runs)
			continue;
		snprintf(text, sizeof(text), "%s %s", p->role,
			strcmp(p->state, "exited") == 0 ? "stopped" : p->state);
		note(row, text);
	}
}

static void add_found(struct overview_row *row, const struct deploy_found *f)
{
	row->nodes++;
	if (f->age_s > row->age_s)
		row->age_s = f->age_s;
	if (f->data_bytes >= 0) {
		row->data_bytes = (row->data_bytes > 0 ? row->data_bytes : 0) +
				  f->data_bytes;
		row->data_idle_s = f->data_idle_s;
	}
	if (row->left_over)
		note(row, f->journal ? "an installation that was cut off"
				     : "left-over files, no manifest");
	add_processes(row, f);
}

void overview_add(struct overview *o, const struct deploy_report *r,
	const char *experiment, int64_t older_ms)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->nodes[i].n_found; k++) {
			const struct deploy_found *f = &r->nodes[i].found[k];

			if (older_ms == 0 || f->age_s >= older_ms / 1000)
				add_found(row_for(o, f, experiment), f);
		}
}

void overview_add_absent(
	struct overview *o, const char *experiment, const char *why)
{
	struct overview_row *row = &MEM_PUSH(o->rows, o->n, o->cap);

	*row = (struct overview_row){
		.age_s = -1, .data_bytes = -1, .data_idle_s = -1};
	snprintf(row->experiment, sizeof(row->experiment), "%s", experiment);
	snprintf(row->note, sizeof(row->note), "%s", why);
}

void overview_release(struct overview *o)
{
	free(o->rows);
	*o = (struct overview){0};
}

char *overview_span(int64_t s, char text[static OVERVIEW_TEXT])
{
	long long v = (long long)s;

	if (v < 0)
		snprintf(text, OVERVIEW_TEXT, "?");
	else if (v < 120)
		snprintf(text, OVERVIEW_TEXT, "%lld s", v);
	else if (v < 7200)
		snprintf(text, OVERVIEW_TEXT, "%lld min", v / 60);
	else if (v < 2 * 86400)
		snprintf(text, OVERVIEW_TEXT, "%lld h", v / 3600);
	else
		snprintf(text, OVERVIEW_TEXT, "%lld days", v / 86400);
	return text;
}

char *overview_bytes(int64_t bytes, char text[static OVERVIEW_TEXT])
{
	static const char *const units[] = {
		"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
	double v = (double)bytes;
	size_t u = 0;

	for (; v >= 1024 && u < 5; u++)
		v /= 1024;
	if (bytes < 0)
		text[0] = '\0';
	else
		snprintf(text, OVERVIEW_TEXT, u ? "%.1f %s" : "%.0f %s", v,
			units[u]);
	return text;
}
