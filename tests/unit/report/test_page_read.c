#include "report/page_read.h"
#include "report/facts.h"

#include <criterion/criterion.h>
#include <string.h>

#define DATA(more)                                                             \
	"<html><script type=\"application/json\" id=\"data\">" more            \
	"</script>\n"
#define PAGE                                                                   \
	"{\"schema\":\"netflowize.page/1\",\"command\":\"nfz-query d\","       \
	"\"times\":\"--last 5m\",\"x\":\"\\\",\\\"summary\\\":{\"," SUMMARY
#define SUMMARY "\"summary\":{\"schema\":\"netflowize.summary/3\",\"flows\":7}}"

static int read(const char *text, struct page_found *ret)
{
	struct err err = ERR_INIT;

	return page_read(text, ret, &err);
}

Test(page_read, finds_what_a_page_is_made_of)
{
	const char *text = DATA(PAGE) "<script type=\"application/json\" "
				      "id=\"topology\">{}</script>";
	struct page_found found;
	struct facts *f = NULL;
	struct err err = ERR_INIT;

	cr_assert_eq(read(text, &found), 0);
	cr_assert_str_eq(found.command, "nfz-query d");
	cr_assert_str_eq(found.times, "--last 5m");
	cr_assert_str_eq(found.user, "");
	cr_assert_eq(found.topology_len, 2);
	cr_assert_eq(
		facts_parse(found.summary, found.summary_len, &f, &err), 0);
	cr_assert_eq(f->all.flows, 7);
	facts_free(f);
	page_found_release(&found);
}

/* A member of that name within a string has its quotes behind backslashes. */
Test(page_read, no_name_passes_for_the_summary)
{
	struct page_found found;

	cr_assert_eq(read(DATA(PAGE), &found), 0);
	cr_assert_eq(strncmp(found.summary, "{\"schema\":", 10), 0);
	cr_assert_null(found.topology);
	page_found_release(&found);
}

Test(page_read, refuses_what_is_no_report)
{
	static const char *const texts[] = {"", "<html>",
		DATA("{\"schema\":\"netflowize.page/1\"}"), DATA("{"),
		DATA("{\"schema\":\"other\"," SUMMARY),
		"<script type=\"application/json\" id=\"data\">{}"};
	struct page_found found;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		cr_assert_lt(read(texts[i], &found), 0, "%s", texts[i]);
}
