#include "format/sheet.h"

#include <criterion/criterion.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const struct sheet_column columns[] = {{.name = "NAME"},
	{.name = "N", .right = true}, {.name = "FROM"}, {.name = "NOTE"}};

/* A table that is printed into text, on lines of so many columns. */
struct printed {
	struct sheet s;
	FILE *to;
	char *text;
	size_t len;
};

static void print_on(struct printed *p, const struct sheet_column *of, size_t n,
	size_t width)
{
	p->to = open_memstream(&p->text, &p->len);
	sheet_open(&p->s, SHEET_TABLE, p->to, of, n);
	cr_assert_eq(p->s.width, 0);
	p->s.width = width;
	sheet_begin(&p->s, "test/1", "rows");
}

/* left: what is said to be left out. */
static void expect_printed(
	struct printed *p, const char *want, const char *left)
{
	struct err err = ERR_INIT;

	sheet_end(&p->s);
	cr_assert_str_eq(buf_str(&p->s.left), left);
	cr_assert_eq(sheet_close(&p->s, &err), 0);
	fclose(p->to);
	cr_assert_str_eq(p->text, want);
	free(p->text);
}

static void prints(size_t width, const char *want)
{
	struct printed p;

	print_on(&p, columns, 4, width);
	sheet_text(&p.s, "a");
	sheet_uint(&p.s, 1000);
	sheet_text(&p.s, "a-long-name");
	sheet_text(&p.s, "");
	sheet_text(&p.s, "b");
	sheet_uint(&p.s, 2);
	sheet_text(&p.s, "c");
	sheet_text(&p.s, "said");
	expect_printed(&p, want, "");
}

Test(sheet, a_row_breaks_between_cells)
{
	static const char whole[] = "  NAME      N  FROM         NOTE\n"
				    "  a     1,000  a-long-name\n"
				    "  b         2  c            said\n";

	prints(0, whole);
	prints(32, whole);
	prints(31, "  NAME      N  FROM\n"
		   "      NOTE\n"
		   "  a     1,000  a-long-name\n"
		   "  b         2  c\n"
		   "      said\n");
	prints(1, "  NAME\n"
		  "          N\n"
		  "      FROM\n"
		  "      NOTE\n"
		  "  a\n"
		  "      1,000\n"
		  "      a-long-name\n"
		  "  b\n"
		  "          2\n"
		  "      c\n"
		  "      said\n");
}

Test(sheet, lines_are_those_of_the_terminal)
{
	struct winsize size = {.ws_row = 24, .ws_col = 31};
	struct sheet s;
	int master, slave;
	FILE *to;

	cr_assert_eq(openpty(&master, &slave, NULL, NULL, &size), 0);
	to = fdopen(slave, "w");
	sheet_open(&s, SHEET_TABLE, to, columns, 4);
	cr_assert_eq(s.width, 31);
	sheet_drop(&s);
	fclose(to);
	close(master);
}

static const struct sheet_column spared[] = {{.name = "AT", .spare = 1},
	{.name = "NAME"}, {.name = "N", .right = true},
	{.name = "FLAGS", .spare = 2}, {.name = "PATH", .list = 8}};

static void fit(size_t width, const char *want, const char *left)
{
	struct printed p;

	print_on(&p, spared, 5, width);
	sheet_text(&p.s, "10:00");
	sheet_text(&p.s, "a");
	sheet_uint(&p.s, 1204551);
	sheet_text(&p.s, "SYN");
	sheet_text(&p.s, "l1 l2 l3 l4 l5");
	sheet_text(&p.s, "10:01");
	sheet_text(&p.s, "b");
	sheet_uint(&p.s, 999999);
	sheet_null(&p.s);
	sheet_text(&p.s, "l1 l2");
	expect_printed(&p, want, left);
}

Test(sheet, what_does_not_fit_is_left_out_and_told)
{
	fit(47,
		"  AT     NAME          N  FLAGS  PATH\n"
		"  10:00  a     1,204,551  SYN    l1 l2 l3 l4 l5\n"
		"  10:01  b       999,999  -      l1 l2\n",
		"");
	fit(44,
		"  AT     NAME          N  FLAGS  PATH\n"
		"  10:00  a     1,204,551  SYN    l1 l2 .. l5\n"
		"  10:01  b       999,999  -      l1 l2\n",
		"PATH cut");
	fit(40,
		"  AT     NAME        N  FLAGS  PATH\n"
		"  10:00  a      1.205M  SYN    l1 .. l5\n"
		"  10:01  b     999,999  -      l1 l2\n",
		"large numbers rounded; PATH cut");
	fit(37,
		"  AT     NAME        N  PATH\n"
		"  10:00  a      1.205M  l1 l2 .. l5\n"
		"  10:01  b     999,999  l1 l2\n",
		"without FLAGS; large numbers rounded; PATH cut");
	fit(25,
		"  NAME        N  PATH\n"
		"  a      1.205M  l1 .. l5\n"
		"  b     999,999  l1 l2\n",
		"without AT, FLAGS; large numbers rounded; PATH cut");
}

Test(sheet, where_that_is_not_enough_nothing_is_left_out)
{
	fit(24,
		"  AT     NAME          N\n"
		"      FLAGS\n"
		"      PATH\n"
		"  10:00  a     1,204,551\n"
		"      SYN\n"
		"      l1 l2 l3 l4 l5\n"
		"  10:01  b       999,999\n"
		"      -\n"
		"      l1 l2\n",
		"");
}

/* Numbers of systems, labels, identifiers: right-aligned, too. */
Test(sheet, numbers_that_are_names_are_not_rounded)
{
	static const struct sheet_column with_as[] = {
		{.name = "SRC_AS", .right = true},
		{.name = "N", .right = true}};
	struct printed p;

	print_on(&p, with_as, 2, 21);
	sheet_plain(&p.s, 4200000001);
	sheet_uint(&p.s, 1204551);
	expect_printed(&p,
		"      SRC_AS       N\n"
		"  4200000001  1.205M\n",
		"large numbers rounded");
}

Test(sheet, a_text_goes_on_below_itself)
{
	static const struct sheet_column with_text[] = {
		{.name = "NODE"}, {.name = "WHY", .text = 10}};
	struct printed p;

	print_on(&p, with_text, 2, 20);
	sheet_text(&p.s, "a");
	sheet_text(&p.s, "the only one there is");
	expect_printed(&p,
		"  NODE  WHY\n"
		"  a     the only one\n"
		"        there is\n",
		"");
}

Test(sheet, a_table_without_rows_is_none)
{
	struct printed p;

	print_on(&p, spared, 5, 0);
	expect_printed(&p, "", "");
}

Test(sheet, large_numbers_have_units)
{
	char text[SHEET_NUMBER];

	cr_assert_str_eq(sheet_units(999999, text), "999,999");
	cr_assert_str_eq(sheet_units(1000000, text), "1.000M");
	cr_assert_str_eq(sheet_units(99995000, text), "100.0M");
	cr_assert_str_eq(sheet_units(999949999, text), "999.9M");
	cr_assert_str_eq(sheet_units(999950001, text), "1.000G");
	cr_assert_str_eq(sheet_units(UINT64_MAX, text), "18.45E");
}
