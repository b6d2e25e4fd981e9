/* Our block in an NS text: in, found, out; and texts that are not ours. */
#include "base/mem.h"
#include "testbed/ns_block.h"
#include "testbed/ns_change.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const char plain[] = "source tb_compat.tcl\n"
			    "set ns [new Simulator]\n"
			    "set a [$ns node]\n"
			    "set b [$ns node]\n"
			    "set l [$ns duplex-link $a $b 100Mb 0ms DropTail]\n"
			    "  $ns  run  ; # go\n"
			    "# the end";

static const struct ns_trace traces[] = {{"l", NULL}, {"lan-1", "a"}};

static char *with_block(const char *text, const struct ns_change *change)
{
	struct buf out = BUF_INIT(1 << 20);
	struct err err = ERR_INIT;
	char *ret;

	cr_assert_eq(
		ns_block_insert(text, change, &out, &err), 0, "%s", err.text);
	ret = mem_strdup(buf_str(&out));
	buf_release(&out);
	return ret;
}

static struct ns_change some_change(void)
{
	return (struct ns_change){.mode = "heavy",
		.delay_os = "LINUX",
		.os = "UBUNTU",
		.collector = "nfz-collector",
		.traces = traces,
		.n_traces = 2};
}

Test(ns_block, stands_before_run_and_comes_out_again)
{
	const struct ns_change change = some_change();
	char *text = with_block(plain, &change);
	struct arena arena = ARENA_INIT;
	struct ns_block b;
	struct buf back = BUF_INIT(1 << 20);
	struct err err = ERR_INIT;

	cr_assert_eq(ns_block_find(text, &arena, &b, &err), 1, "%s", err.text);
	cr_expect_str_eq(b.mode, "heavy");
	cr_expect(b.collector);
	cr_assert_eq(b.n_traces, 2);
	cr_expect_str_eq(b.traces[0].link, "l");
	cr_expect_null(b.traces[0].node);
	cr_expect_str_eq(b.traces[1].link, "lan-1");
	cr_expect_str_eq(b.traces[1].node, "a");
	cr_expect(ns_block_intact(text, &b));
	ns_block_remove(text, &b, &back);
	cr_expect_str_eq(buf_str(&back), plain);
	cr_expect(strstr(text, "# END netflowize\n  $ns  run"));
	cr_expect(strstr(text, "set nfz-collector [$ns node]\n"));
	cr_expect(
		strstr(text, "[[$ns lanlink lan-1 a] queue] trace monitor\n"));
	buf_release(&back);
	arena_release(&arena);
	free(text);
}

Test(ns_block, only_ours_goes_from_a_text_edited_meanwhile)
{
	const struct ns_change change = some_change();
	char *text = with_block(plain, &change);
	char *edited = mem_printf("# mine\n%s\n# mine, too\n", text);
	char *want = mem_printf("# mine\n%s\n# mine, too\n", plain);
	struct arena arena = ARENA_INIT;
	struct buf back = BUF_INIT(1 << 20);
	struct ns_block b;

	cr_assert_eq(ns_block_find(edited, &arena, &b, NULL), 1);
	cr_expect_not(ns_block_intact(edited, &b));
	ns_block_remove(edited, &b, &back);
	cr_expect_str_eq(buf_str(&back), want);
	buf_release(&back);
	arena_release(&arena);
	free(text);
	free(edited);
	free(want);
}

Test(ns_block, what_is_damaged_is_refused)
{
	static const char *const bad[] = {
		"# BEGIN netflowize heavy 1 sha256=12\n# END netflowize\n",
		"# BEGIN netflowize heavy 1 sha256="
		"0123456789012345678901234567890123456789012345678901234567890"
		"123\nx trace monitor\n",
		"x\n# END netflowize\n",
		"# BEGIN netflowize heavy 9 sha256="
		"0123456789012345678901234567890123456789012345678901234567890"
		"123\n# END netflowize\n",
	};
	struct arena arena = ARENA_INIT;
	struct ns_block b;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = ERR_INIT;

		cr_expect_eq(ns_block_find(bad[i], &arena, &b, &err), -NFZ_E_NS,
			"%zu", i);
		cr_expect(err.hint[0]);
	}
	cr_expect_eq(ns_block_find(plain, &arena, &b, NULL), 0);
	arena_release(&arena);
}

/* A "|" is where the block must stand: in lines of its own, or splitting one. */
static void expect_place(const char *marked, const struct ns_change *change)
{
	const char *cut = strchr(marked, '|');
	size_t before = (size_t)(cut - marked);
	bool splits = before && cut[-1] != '\n';
	cleanup_free char *text =
		mem_printf("%.*s%s", (int)before, marked, cut + 1);
	cleanup_free char *with = with_block(text, change);
	const char *end = strstr(with, "# END netflowize\n");
	struct arena arena = ARENA_INIT;
	struct buf back = BUF_INIT(1 << 20);
	struct ns_block b;

	cr_expect_eq(strncmp(with, text, before), 0);
	cr_expect_eq(strncmp(with + before + splits,
			     splits ? "# BEGIN netflowize heavy 2 "
				    : "# BEGIN netflowize heavy 1 ",
			     27),
		0, "%s", with);
	cr_assert_not_null(end);
	cr_expect_str_eq(end + strlen("# END netflowize\n"), cut + 1);
	cr_expect_eq(!strstr(with, "global nfz-collector\n"),
		!strstr(text, "proc "));
	cr_assert_eq(ns_block_find(with, &arena, &b, NULL), 1);
	cr_expect(ns_block_intact(with, &b));
	ns_block_remove(with, &b, &back);
	cr_expect_str_eq(buf_str(&back), text);
	buf_release(&back);
	arena_release(&arena);
}

Test(ns_block, stands_before_the_statement_that_runs)
{
	static const char *const texts[] = {
		"$ns rtproto Static; |$ns run",
		"set a 1\nif {$a} { |${ns} run }\n# $ns run\n",
		"proc go {} {\n\tglobal ns\n|\t$ns run\n}\ngo\n",
		"set a 1\nif {$a} \\\n\t{ |$ns run }\n",
		"if {$a} {\n\tputs a\n} else { |$ns run }\n",
		"switch $a {\n\t1 {|$ns run}\n}\n",
		"proc go {} { global ns; |$ns run }\ngo\n",
		"|eval \\\n\t$ns run\n",
		"set a 1\r\nif {$a} \\\r\n\t[|$ns run]\r\n",
		"$ns at 1 \"$x run\"\n|$ns\trun;# $b run; $ns run\n",
		"puts \\\\\n|$ns run\n",
		/* programs are run by such words, too */
		"set\tns  [new  Simulator]\nproc go {} {\n|$ns run\n}\n"
		"set q [$ns event-sequence {\n\t$p run\n}]\ngo\n",
		"set s(1) [new Simulator]\n|$s(1) run\n$p run\n",
		"set s [new Simulator]\n|${s} run\n$p run\n",
		"proc go {x} {\n|$x run\n}\nset s [new Simulator]\ngo $s\n",
	};
	const struct ns_change change = some_change();

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		expect_place(texts[i], &change);
}

/* The first node by name is the one that others wait on, unless one is named:
 * a new node with an earlier name must not take its place. */
Test(ns_block, the_synchronisation_server_stays)
{
	static const char later[] = "set ns [new Simulator]\n"
				    "set z [$ns node]\n"
				    "source tb_compat.tcl\n$ns run\n";
	static const char earlier[] = "set ns [new Simulator]\n"
				      "set a [$ns node]\n"
				      "source tb_compat.tcl\n$ns run\n";
	static const char *const texts[] = {later, earlier};

	for (size_t i = 0; i < 2; i++) {
		const struct change_view view = {0};
		cleanup(ns_free_at) struct ns_experiment *before = NULL;
		struct ns_change change = {
			.mode = "heavy", .collector = "nfz-collector"};
		struct ns_effect effect;
		struct err err = ERR_INIT;

		cr_assert_eq(ns_running(texts[i], &view, &before, &err), 0,
			"%s", err.text);
		change.pins = before;
		cleanup_free char *with = with_block(texts[i], &change);
		change.pins = NULL;
		cleanup_free char *without = with_block(texts[i], &change);

		cr_expect_eq(!strstr(with, "tb-set-sync-server z\n"), i == 1);
		cr_expect_eq(ns_try(before, with, &change, &effect, &err), 0,
			"%s", err.text);
		opt_list_release(&effect.unbridged);
		cr_expect_eq(ns_try(before, without, &change, &effect, &err),
			i ? 0 : -NFZ_E_NS);
		cr_expect_eq(!strstr(err.text, "nfz-collector would become"),
			i == 1);
		opt_list_release(&effect.unbridged);
	}
}

Test(ns_block, a_text_without_run_or_with_odd_names_gets_none)
{
	static const struct ns_trace odd[] = {{"a b; exit", NULL}};
	struct ns_change change = some_change();
	struct buf out = BUF_INIT(1 << 20);
	struct err err = ERR_INIT;

	cr_expect_eq(ns_block_insert("set a 1\n# $ns run\nputs $a run\n"
				     "set x;#; $ns run\n$ns rung\n",
			     &change, &out, &err),
		-NFZ_E_NS);
	change.traces = odd;
	change.n_traces = 1;
	cr_expect_eq(ns_block_insert(plain, &change, &out, &err), -NFZ_E_NS);
	buf_release(&out);
}

/* As long as a text of one word is, it is looked through once. */
Test(ns_block, a_word_without_end_takes_no_time, .timeout = 30)
{
	enum { TIMES = 400000 };
	struct ns_change change = some_change();
	struct buf text = BUF_INIT(8 << 20), out = BUF_INIT(16 << 20);

	for (int i = 0; i < TIMES; i++)
		buf_adds(&text, "Simulator");
	buf_adds(&text, "\n$ns run\n");
	cr_expect_eq(ns_block_insert(buf_str(&text), &change, &out, NULL), 0);
	buf_release(&text);
	buf_release(&out);
}

Test(ns_block, line_ends_do_not_count)
{
	char a[65], b[65];

	ns_text_digest("x\r\ny\n", 5, a);
	ns_text_digest("x\ny\n", 4, b);
	cr_expect_str_eq(a, b);
	ns_text_digest("x\ry\n", 4, b);
	cr_expect_str_neq(a, b);
}

Test(ns_block, what_does_not_travel_is_told)
{
	struct buf out = BUF_INIT(1 << 10);

	cr_expect_eq(ns_text_plain("a\xc3\xa4"
				   "b\xe4"
				   "c\fd\r\ne",
			     &out),
		3);
	cr_expect_str_eq(buf_str(&out), "a?b?c d\ne");
	buf_release(&out);
}

static void expect_diff(const char *from, const char *to, const char *want)
{
	struct buf out = BUF_INIT(1 << 16);

	ns_text_diff(from, to, "x", &out);
	cr_expect_str_eq(buf_str(&out), want);
	buf_release(&out);
}

#define HEAD "--- x\t(now)\n+++ x\t(with netflowize)\n"

Test(ns_diff, one_hunk_with_context)
{
	expect_diff("a\n", "a\n", "");
	expect_diff("1\n2\n3\n4\n5\n6\n7\n8\n", "1\n2\n3\n4\nx\n5\n6\n7\n8\n",
		HEAD "@@ -2,6 +2,7 @@\n 2\n 3\n 4\n+x\n 5\n 6\n 7\n");
	expect_diff("a\nb\n", "b\n", HEAD "@@ -1,2 +1,1 @@\n-a\n b\n");
	expect_diff("a", "x\na",
		HEAD "@@ -1,1 +1,2 @@\n+x\n a\n\\ No newline at end of file\n");
	expect_diff(
		"a\na\n", "a\na\na\n", HEAD "@@ -1,2 +1,3 @@\n a\n a\n+a\n");
	expect_diff("aa\nb\n", "a\nb\n", HEAD "@@ -1,2 +1,2 @@\n-aa\n+a\n b\n");
}
