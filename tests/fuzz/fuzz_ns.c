/* NS texts, and the answers their evaluation writes: first byte 0 means the
 * rest is an answer's rows, anything else a text.  Both are somebody else's
 * bytes. */
#include "base/arena.h"
#include "testbed/ns.h"
#include "testbed/ns_build.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void rows(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_over(data, size);
	struct ns_experiment e = {0};
	struct topology *t = NULL;
	struct err err;

	if (ns_build(&c, &e, &err) == 0 && ns_topology(&e, &t, &err) == 0)
		topology_free(t);
	arena_release(&e.arena);
}

static void text(const char *s, size_t len)
{
	const struct ns_limits limits = {
		.time_ms = 500, .commands = 100000, .memory_bytes = 64 << 20};
	struct ns_experiment *e = NULL;
	struct topology *t = NULL;
	char *messages = NULL;
	struct err err;

	if (ns_evaluate(s, len, "fuzz", &limits, &e, &messages, &err) == 0) {
		if (ns_check_real(e, s, len, "fuzz", &err) == 0 &&
			ns_topology(e, &t, &err) == 0)
			topology_free(t);
		ns_free(e);
	}
	free(messages);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size && data[0] == 0)
		rows(data + 1, size - 1);
	else
		text((const char *)data, size);
	return 0;
}
