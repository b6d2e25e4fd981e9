/* Any frame after any other, of both directions, through all metrics. */
#include "base/cursor.h"
#include "base/mem.h"
#include "probe/metric.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { FRAMES = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char all[] = "all";
	char *word = all;
	const struct opt_list words = {.items = &word, .n = 1};
	struct cursor c = cursor_over(data, len);
	uint8_t row[METRIC_VALUES_MAX];
	struct metrics m;
	void *state[2];
	int64_t now_ns = 0;

	if (metrics_choose(&words, &m, NULL) < 0 || m.values > sizeof(row))
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
		metrics_write(&m, state[back], row);
	}
	free(state[0]);
	free(state[1]);
	metrics_release(&m);
	return 0;
}
