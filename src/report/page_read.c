/* A report is read back from its two data elements.  In them every < is
 * written as \u003c, so that an element ends at the first </script> behind it;
 * and within strings every quote has a backslash before it, so that no name
 * can look like the member's key. */
#include "report/page_read.h"
#include "base/mem.h"
#include "format/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char summary_key[] = ",\"summary\":{";

/* What the element with that id holds; NULL: there is none. */
static const char *element(const char *text, const char *id, size_t *ret_len)
{
	char begin[80];
	const char *at, *end;

	snprintf(begin, sizeof(begin),
		"<script type=\"application/json\" id=\"%s\">", id);
	at = strstr(text, begin);
	if (!at)
		return NULL;
	at += strlen(begin);
	end = strstr(at, "</script>");
	*ret_len = end ? (size_t)(end - at) : 0;
	return end ? at : NULL;
}

static int no_report(struct err *err)
{
	err_set(err, NFZ_E_INPUT, "this is no report of ours");
	return err_hint(err, "netflowize report PROJ/EXP -o FILE.html makes "
			     "one");
}

static char *member(const struct jval *v, const char *key)
{
	const char *value = jval_get_text(v, key);

	return mem_strdup(value ? value : "");
}

int page_read(const char *text, struct page_found *ret, struct err *err)
{
	cleanup(jval_free_at) struct jval *v = NULL;
	struct page_found found = {0};
	size_t len;
	const char *data = element(text, "data", &len);
	const char *schema;
	int r;

	*ret = found;
	if (!data)
		return no_report(err);
	r = jval_parse(data, len, "report", &v, err);
	if (r < 0)
		return r;
	schema = jval_get_text(v, "schema");
	found.summary = strstr(data, summary_key);
	if (!schema || strcmp(schema, "netflowize.page/1") != 0 ||
		!found.summary || found.summary >= data + len)
		return no_report(err);
	/* up to the object's end, without the brace that ends the page's */
	found.summary += sizeof(summary_key) - 2;
	found.summary_len = (size_t)(data + len - 1 - found.summary);
	found.topology = element(text, "topology", &found.topology_len);
	found.command = member(v, "command");
	found.times = member(v, "times");
	found.user = member(v, "user");
	*ret = found;
	return 0;
}

void page_found_release(struct page_found *f)
{
	free(f->command);
	free(f->times);
	free(f->user);
	*f = (struct page_found){0};
}
