/* Recipe files, and words with placeholders. */
#include "base/mem.h"
#include "deploy/recipe.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct recipe_values v = {.interface = "eth0", .port = 1};
	char *text = mem_strndup((const char *)data, size);
	struct buf out = BUF_INIT(1 << 16);
	struct recipe *r = NULL;

	if (recipe_parse(text, "a/b", &r, NULL) == 0) {
		for (size_t i = 0; i < r->probe.n; i++)
			if (recipe_fill(r->probe.words[i], &v, &out, NULL) < 0)
				buf_reset(&out);
		recipe_free(r);
	}
	if (recipe_fill(text, &v, &out, NULL) < 0)
		buf_reset(&out);
	buf_release(&out);
	free(text);
	return 0;
}
