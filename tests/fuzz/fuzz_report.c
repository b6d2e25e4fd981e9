/* A report from somebody: found in its page, then read as a summary is. */
#include "base/mem.h"
#include "report/facts.h"
#include "report/page_read.h"
#include "topology/topofile.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = mem_zalloc(len + 1, 1);
	struct page_found found = {0};
	struct topology *t = NULL;
	struct facts *f = NULL;
	struct err err = ERR_INIT;

	memcpy(text, data, len);
	if (page_read(text, &found, &err) == 0) {
		(void)!facts_parse(found.summary, found.summary_len, &f, &err);
		if (found.topology)
			(void)!topofile_parse(found.topology,
				found.topology_len, "report", &t, &err);
	}
	facts_free(f);
	topology_free(t);
	page_found_release(&found);
	free(text);
	return 0;
}
