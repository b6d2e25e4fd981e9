/* Node files and the text report: the first byte picks the parser. */
#include "testbed/nodefile.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct nodefile_shapers *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (!nodefile_name_valid(list->items[i].link, true) ||
			!nodefile_name_valid(list->items[i].vnode[0], false) ||
			!nodefile_name_valid(list->items[i].vnode[1], false))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nodefile_shapers shapers = {0};
	struct nodefile_ifaces ifaces = {0};
	const char *text = (const char *)data + 1;

	if (!size)
		return 0;
	switch (data[0] % 4) {
	case 0:
		nodefile_ifmap(text, size - 1, &ifaces);
		break;
	case 1:
		nodefile_delay_mapping(text, size - 1, &shapers);
		break;
	case 2:
		nodefile_tmcc_delay(text, size - 1, &shapers);
		break;
	case 3:
		nodefile_report(text, size - 1, &shapers);
		break;
	}
	check(&shapers);
	nodefile_shapers_release(&shapers);
	nodefile_ifaces_release(&ifaces);
	return 0;
}
