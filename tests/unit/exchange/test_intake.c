#include "exchange/intake.h"
#include "base/file.h"
#include "probe/metric.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

/* Rows in a fresh store of one file; ret_error: how reading it ended. */
static uint64_t rows_of(const char *path, int interrupted, int *ret_error)
{
	char dir[] = "/tmp/intake-XXXXXX";
	const volatile int stop = interrupted;
	const struct metrics none = {0};
	struct intake_sums sums;
	struct err err = ERR_INIT;
	struct store *s = NULL;
	struct intake *in;
	uint64_t rows;

	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(store_open(dir, STORE_WRITE, NULL, &s, NULL), 0);
	in = intake_new(s, &none, &stop);
	*ret_error = intake_read(in, path, &err);
	cr_assert_eq(intake_end(in, &sums, NULL), 0);
	rows = store_rows(s);
	cr_assert_eq(sums.records, rows);
	intake_free(in);
	store_close(s);
	cr_assert_eq(file_remove_tree(dir, NULL), 0);
	return rows;
}

/* One message: a template, and a flow of seven packets. */
static const uint8_t ipfix[] = {0, 10, 0, 68, 0x6a, 0xb1, 0x2d, 0x80, 0, 0, 0,
	0, 0, 0, 0, 1, /* */
	0, 2, 0, 28, 1, 0, 0, 5, 0, 8, 0, 4, 0, 12, 0, 4, 0, 4, 0, 1, 0, 2, 0,
	4, 0, 1, 0, 4, /* */
	1, 0, 0, 24, 10, 0, 0, 1, 10, 0, 0, 2, 17, 0, 0, 0, 7, 0, 0, 2, 0xbc, 0,
	0, 0};

Test(intake, ends_when_it_is_interrupted)
{
	char made[] = "/tmp/ipfix-XXXXXX";
	const char *const files[] = {"tests/fuzz/corpus/nfdump/besides",
		"tests/fuzz/corpus/pcapfile/classic", made};
	int r, fd = mkstemp(made);

	cr_assert_geq(fd, 0);
	cr_assert_eq(file_write_all(fd, ipfix, sizeof(ipfix), NULL), 0);
	close(fd);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		cr_assert_gt(rows_of(files[i], 0, &r), 0, "%s", files[i]);
		cr_assert_eq(r, 0, "%s", files[i]);
		cr_assert_eq(rows_of(files[i], 1, &r), 0, "%s", files[i]);
		cr_assert_eq(r, -NFZ_E_INTERRUPTED, "%s", files[i]);
	}
	unlink(made);
}
