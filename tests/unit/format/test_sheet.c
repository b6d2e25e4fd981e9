#include "format/sheet.h"

#include <criterion/criterion.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const struct sheet_column columns[] = {{.name = "NAME"},
	{.name = "N", .right = true}, {.name = "FROM"}, {.name = "NOTE"}};

static void fill(struct sheet *s)
{
	struct err err = ERR_INIT;

	sheet_begin(s, "test/1", "rows");
	sheet_text(s, "a");
	sheet_uint(s, 1000);
	sheet_text(s, "a-long-name");
	sheet_text(s, "");
	sheet_text(s, "b");
	sheet_uint(s, 2);
	sheet_text(s, "c");
	sheet_text(s, "said");
	sheet_end(s);
	cr_assert_eq(sheet_close(s, &err), 0);
}

static void prints(size_t width, const char *want)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	struct sheet s;

	sheet_open(&s, SHEET_TABLE, to, columns, 4);
	cr_assert_eq(s.width, 0);
	s.width = width;
	fill(&s);
	fclose(to);
	cr_assert_str_eq(text, want);
	free(text);
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
