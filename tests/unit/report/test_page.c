#define _GNU_SOURCE
#include "base/mem.h"
#include "base/utf8.h"
#include "report/findings.h"
#include "report/page.h"
#include "report/top.h"
#include "report/words.h"

#include <criterion/criterion.h>
#include <string.h>

#define EVIL "</script><img src=x onerror=alert(1)>"

/* Two links in a row, of which the second loses; three senders to z. */
static const char summary[] =
	"{\"schema\":\"netflowize.summary/3\",\"first\":\"2026-11-22T05:00:00."
	"000000Z\",\"last\":\"2026-11-22T05:00:02.000000Z\",\"begin_ms\":"
	"1795323600000,\"bucket_ms\":1000,\"buckets\":2,\"flows\":3,"
	"\"packets\":3000,\"bytes\":3000000,\"records\":9,"
	"\"links\":[{\"name\":\"" EVIL "\",\"members\":[\"a\",\"r\"],"
	"\"flows\":3,\"packets\":3000,\"bytes\":3000000,\"course\":[0,3000000,"
	"3000,3],\"sides\":[{\"packets\":3000,\"bytes\":3000000,\"course\":[0,"
	"3000000,3000,3]},{},{}]},{\"name\":\"two\",\"members\":[\"r\",\"z\"],"
	"\"flows\":3,\"packets\":1500,\"bytes\":1500000,\"sides\":[{},{},{}]},"
	"{\"name\":\"three\",\"members\":[\"r\",\"y\"],\"gap\":\"no login\","
	"\"sides\":[{},{},{}]}],"
	"\"ends\":[\"a\",[\"10.0.0.2\"],\"\",\"z\"],\"paths\":[[0,1]],"
	"\"groups\":[[0,3,17,0,1,1000,1000000,[0,1000000,1000,1]],"
	"[1,3,17,0,1,1000,1000000,[0,1000000,1000,1]],"
	"[2,3,17,0,1,1000,1000000,[0,1000000,1000,1]]],"
	"\"steps\":[[0,1,3,3000,1500],[7,1,1,9,1]],"
	"\"rows\":[{\"src\":\"10.0.0.1\",\"dst\":\"10.0.0.9\",\"packets\":5,"
	"\"bytes\":6,\"hops\":[0,0,0,0,99,2,-1,7,1,-3,1,9,1]}],\"status\":{"
	"\"ledger\":{\"wire_frames\":3000,\"lost\":{"
	"\"ring\":0},\"records_sent\":9,\"records_stored\":9},"
	"\"probes\":[{\"node\":\"r\",\"taps\":[{\"link\":\"two\"}]}]}}";

static struct facts *facts_of(const char *text, struct topology **t)
{
	struct facts *f = NULL;
	struct err err = ERR_INIT;

	cr_assert_eq(
		facts_parse(text, strlen(text), &f, &err), 0, "%s", err.text);
	cr_assert_eq(facts_topology(f, t, &err), 0, "%s", err.text);
	facts_join(f, *t);
	return f;
}

static char *page_of(int64_t refresh_ms)
{
	struct buf out = BUF_INIT(16 << 20);
	struct topology *t = NULL;
	struct facts *f = facts_of(summary, &t);
	const struct page p = {.topology = t,
		.facts = f,
		.summary = summary,
		.summary_len = strlen(summary),
		.command = "nfz-query '" EVIL "'",
		.version = "test",
		.refresh_ms = refresh_ms};
	struct err err = ERR_INIT;

	cr_assert_eq(page_print(&p, &out, &err), 0, "%s", err.text);
	facts_free(f);
	topology_free(t);
	return buf_take(&out);
}

static size_t times(const char *text, const char *part)
{
	size_t n = 0;

	while ((text = strstr(text, part))) {
		text += strlen(part);
		n++;
	}
	return n;
}

Test(page, a_name_stays_text)
{
	char *page = page_of(0);

	cr_assert_eq(times(page, "<img"), 0);
	cr_assert_eq(times(page, "<script"), times(page, "</script>"));
	cr_assert_not_null(strstr(page, "\\u003c/script>\\u003cimg"));
	free(page);
}

Test(page, asks_nobody_for_anything)
{
	char *page = page_of(0);

	cr_assert_eq(
		times(page, "://"), times(page, "http://www.w3.org/2000/svg"));
	cr_assert_eq(times(page, " src="), times(page, "img src="));
	cr_assert_not_null(strstr(page, "default-src 'none'"));
	cr_assert_null(strstr(page, "connect-src"));
	free(page);
	page = page_of(2000);
	cr_assert_not_null(strstr(page, "connect-src 'self'"));
	free(page);
}

Test(page, a_live_one_tells_no_count_that_would_stay)
{
	char *page = page_of(0), *live = page_of(2000);

	cr_assert_not_null(strstr(page, "records with netflowize test"));
	cr_assert_null(strstr(live, "records with netflowize test"));
	cr_assert_not_null(strstr(live, "Made with netflowize test"));
	free(page);
	free(live);
}

Test(page, has_no_place_left_unfilled)
{
	char *page = page_of(0);

	cr_assert_null(strstr(page, "<!--"));
	free(page);
}

static bool found(
	const struct findings *f, enum finding_level level, const char *part)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->all[i].level == level && strstr(f->all[i].text, part))
			return true;
	return false;
}

Test(findings, name_a_flood_a_loss_and_a_gap)
{
	struct topology *t = NULL;
	struct facts *f = facts_of(summary, &t);
	struct findings all;

	findings_make(f, t, &all);
	cr_assert(found(&all, FINDING_BAD, "3 hosts flooded z with UDP"));
	cr_assert(found(&all, FINDING_BAD, "24.0 Mb/s"));
	cr_assert(found(&all, FINDING_WARN, "1,500 (50 %) did not come"));
	cr_assert(found(&all, FINDING_WARN, "1 of 3 links"));
	cr_assert(found(&all, FINDING_WARN, "no login: three."));
	cr_assert(found(&all, FINDING_GOOD, "Nothing was lost"));
	findings_release(&all);
	facts_free(f);
	topology_free(t);
}

Test(findings, without_probes_nobody_knows_what_was_lost)
{
	cleanup_free char *text = mem_strdup(summary);
	struct topology *t = NULL;
	struct facts *f;
	struct findings all;

	memcpy(strstr(text, "\"probes\""), "\"nobody\"", 8);
	f = facts_of(text, &t);
	findings_make(f, t, &all);
	cr_assert(found(&all, FINDING_NOTE, "No probe of ours took part"));
	cr_assert_not(found(&all, FINDING_GOOD, "Nothing was lost"));
	findings_release(&all);
	facts_free(f);
	topology_free(t);
}

Test(facts, what_points_nowhere_is_left_out)
{
	struct topology *t = NULL;
	struct facts *f = facts_of(summary, &t);

	cr_assert_eq(f->n_steps, 1);
	cr_assert_eq(f->rows[0].n_hops, 2);
	cr_assert_eq(f->rows[0].hops[0].packets, 5);
	cr_assert_eq(f->rows[0].hops[0].bytes, 6);
	cr_assert_eq(f->rows[0].hops[1].packets, 5);
	cr_assert_eq(f->rows[0].hops[1].bytes, 7);
	cr_assert_eq(f->rows[0].src_end, -1);
	cr_assert_eq(f->n_covered, 2);
	cr_assert_eq(f->metered, FACTS_UNKNOWN);
	facts_free(f);
	topology_free(t);
}

Test(facts, other_documents_are_refused)
{
	static const char *const bad[] = {"", "{}", "[]", "{\"schema\":1}",
		"{\"schema\":\"netflowize.summary/2\"}",
		"{\"schema\":\"netflowize.summary/3\",\"buckets\":99999999}"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct facts *f = NULL;
		struct err err = ERR_INIT;

		cr_assert_lt(facts_parse(bad[i], strlen(bad[i]), &f, &err), 0);
		cr_assert_null(f);
	}
}

/* However little there is in each. */
Test(facts, too_many_links_are_not_read)
{
	struct buf text = BUF_INIT(1 << 20);
	struct facts *f = NULL;
	struct err err = ERR_INIT;

	buf_adds(&text, "{\"schema\":\"netflowize.summary/3\",\"links\":[0");
	for (size_t i = 0; i < FACTS_LINKS_MAX; i++)
		buf_adds(&text, ",0");
	buf_adds(&text, "]}");
	cr_assert_eq(facts_parse(buf_str(&text), text.len, &f, &err),
		-NFZ_E_LIMIT, "%s", err.text);
	buf_release(&text);
}

Test(words, figures)
{
	char t[WORDS];

	cr_assert_str_eq(words_rate(9.82e6, t), "9.82 Mb/s");
	cr_assert_str_eq(words_rate(0, t), "0 b/s");
	cr_assert_str_eq(words_rate(999.6, t), "1.00 kb/s");
	cr_assert_str_eq(words_bytes(3.43e9, t), "3.43 GB");
	cr_assert_str_eq(words_bytes(94920152, t), "94.9 MB");
	cr_assert_str_eq(words_percent(0.002, t), "0.2 %");
	cr_assert_str_eq(words_percent(0.00001, t), "under 0.1 %");
	cr_assert_str_eq(words_percent(1, t), "100 %");
	cr_assert_str_eq(words_span(190000, t), "3 min 10 s");
	cr_assert_str_eq(words_span(500, t), "0.5 s");
	cr_assert_str_eq(words_clock(1795323933120.0, t), "05:05:33");
	cr_assert_str_eq(words_count(1204, t), "1,204");
}

/* Each screen fits the terminal, whatever names there are. */
Test(top, lines_fit)
{
	struct topology *t = NULL;
	struct facts *f = facts_of(summary, &t);

	for (int screen = TOP_LINKS; screen <= TOP_PROBES; screen++)
		for (int width = 20; width <= 120; width += 20) {
			struct top top = {.screen = (enum top_screen)screen,
				.width = width,
				.height = 6};
			struct buf out = BUF_INIT(1 << 16);
			char *at, *line;
			int n = 0;

			top_print(&top, f, t, &out);
			for (at = out.data; (line = strsep(&at, "\n")) && at;
				n++)
				cr_assert_leq(
					utf8_columns(line), (size_t)width);
			cr_assert_leq(n, 6);
			buf_release(&out);
		}
	facts_free(f);
	topology_free(t);
}

Test(top, no_name_steers_the_terminal)
{
	static const char evil[] =
		"{\"schema\":\"netflowize.summary/3\",\"buckets\":1,"
		"\"bucket_ms\":1000,\"links\":[{\"name\":\"\\u001b[2J\\u202e\","
		"\"members\":[\"a\\n\",\"b\"],\"packets\":1,\"bytes\":1,"
		"\"sides\":[{},{},{}]}]}";
	struct top top = {.width = 200, .height = 10, .ascii = true};
	struct buf out = BUF_INIT(1 << 16);
	struct facts *f = NULL;
	struct topology *t = topology_new();
	struct err err = ERR_INIT;

	cr_assert_eq(
		facts_parse(evil, strlen(evil), &f, &err), 0, "%s", err.text);
	top_print(&top, f, t, &out);
	for (size_t i = 0; i < out.len; i++)
		cr_assert(out.data[i] == '\n' ||
			  (out.data[i] >= ' ' && out.data[i] <= '~'));
	cr_assert_not_null(strstr(out.data, "?[2J"));
	buf_release(&out);
	facts_free(f);
	topology_free(t);
}
