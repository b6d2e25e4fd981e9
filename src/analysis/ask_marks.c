#include "analysis/ask_marks.h"
#include "base/clock.h"
#include "base/mem.h"
#include "store/events.h"

#include <stdio.h>
#include <string.h>

int ask_mark(const char *dir, const char *text, int64_t at_ns, struct err *err)
{
	return events_tell(dir,
		&(struct event){
			.at_ns = at_ns, .kind = EVENT_MARK, .text = text},
		err);
}

int ask_tell(const char *dir, const struct opt_list *told, struct err *err)
{
	cleanup_free struct event *all = mem_zalloc(told->n, sizeof(*all));
	struct wall_time at;
	size_t fresh = 0;
	int r;

	for (size_t i = 0; i < told->n; i++) {
		const char *rest = strchr(told->items[i], ' ');
		cleanup_free char *time = mem_strndup(
			told->items[i], strcspn(told->items[i], " "));

		if (!rest || !wall_parse(time, &at))
			return err_set(err, NFZ_E_USAGE,
				"--tell-event %s: 2026-11-21T14:05:33Z and "
				"what happened",
				told->items[i]);
		all[i] = (struct event){at.ns, EVENT_TESTBED, 0, rest, NULL};
	}
	r = events_tell_new(dir, all, told->n, &fresh, err);
	printf("%zu\n", fresh);
	return r;
}

int ask_events(const char *dir, const struct catalog *catalog,
	const struct query_times *times, struct sheet_form form,
	struct err *err)
{
	struct events all = {0};
	struct query q = {0};
	int r = query_set_times(&q, times, err);

	if (r == 0)
		r = events_read(dir, catalog, &all, err);
	if (r == 0)
		r = events_print(&all,
			&(struct events_range){q.from_ns, q.to_ns}, form, err);
	if (r == 0 && !all.n && form.format == SHEET_TABLE)
		fputs("No mark was put, and nothing else happened.\n", stderr);
	events_release(&all);
	return r;
}
