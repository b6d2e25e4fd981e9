/* Any frame after any other, of both directions, through all metrics. */
#include "base/cursor.h"
#include "base/mem.h"
#include "probe/metric.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { FRAMES = 64 };

/* As elements, merged with those before. */
static void join(const struct metrics *m, uint64_t known, const uint8_t *row,
	struct metric_merge *all)
{
	const struct flow_shape shape = {
		.fields = m->fields, .n_fields = m->n_fields};
	const struct flow_record r = {.packets = known};
	uint8_t told[OTHERS_MAX], merged[OTHERS_MAX];
	struct wire w = wire_over(told, sizeof(told));
	struct flow_others o;

	metric_fields_tell(&shape, row, known, &w);
	o = (struct flow_others){told, wire_len(&w)};
	metric_merge_add(all, &r, &o);
	w = wire_over(merged, sizeof(merged));
	metric_merge_write(all, &w);
	o = (struct flow_others){merged, wire_len(&w)};
	if (!flow_others_sound(&o))
		abort();
	*all = (struct metric_merge){0};
	metric_merge_add(all, &r, &o);
	all->others.len = 0; /* what it lends ends here */
	for (size_t i = 0; i < METRIC_FIELD_COUNT; i++)
		if (metric_fields[i].text)
			all->of[i].len = 0;
}

/* All that can be had here. */
static void choose(struct metrics *m)
{
	char all[] = "all", application[] = "application";
	char *names[] = {all, application};
	struct opt_list words = {.items = names, .n = 2};

	if (metrics_choose(&words, m, NULL) == 0)
		return;
	words.n = 1;
	if (metrics_choose(&words, m, NULL) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct metric_merge all = {0};
	struct cursor c = cursor_over(data, len);
	uint8_t row[METRIC_VALUES_MAX];
	static struct metrics m; /* a library takes long to start */
	void *state[2];
	int64_t now_ns = 0;

	if (!m.n)
		choose(&m);
	if (m.values > sizeof(row))
		abort();
	for (int i = 0; i < 2; i++)
		state[i] = mem_zalloc(1, m.bytes);
	for (int n_frames = 0; n_frames < FRAMES && cursor_left(&c) > 3;
		n_frames++) {
		uint8_t choice = cursor_u8(&c), wait = cursor_u8(&c);
		size_t n = cursor_u8(&c);
		struct frame f;
		struct dissect d;
		struct metric_packet p;
		bool back = choice & 1;

		n = n < cursor_left(&c) ? n : cursor_left(&c);
		f = (struct frame){.data = cursor_bytes(&c, n),
			.captured = (uint32_t)n,
			.wire = (uint32_t)n + wait};
		now_ns += INT64_C(1) << (wait & 47);
		if (dissect_frame(
			    (enum link_layer)(choice / 16 % LAYER_UNKNOWN), &f,
			    &d) != DISSECT_IP)
			continue;
		metric_read(&f, &d, choice & 2, &p);
		p.time_ns = now_ns;
		metrics_update(
			&m, state[back], choice & 4 ? state[!back] : NULL, &p);
		if (choice & 8)
			metrics_restart(&m, state[back]);
		join(&m, metrics_write(&m, state[back], row), row, &all);
	}
	free(state[0]);
	free(state[1]);
	return 0;
}
