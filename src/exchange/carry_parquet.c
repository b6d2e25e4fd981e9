/* A Parquet file, types as narrow as they are: times are UTC to the ns, a path
 * is a list. */
#include "base/mem.h"
#include "exchange/carry.h"
#include "exchange/carry_row.h"
#include "format/parquet.h"

#define NUMBER_IS_TEXT false
#define TEXT_IS_TEXT true
#define VALUE(column, value) [CARRY_##column] = (value)
#define NARROW(column, type) VALUE(column, #column "::" type " AS " #column)

static const char *const values[CARRY_N] = {NARROW(sport, "USMALLINT"),
	NARROW(dport, "USMALLINT"), NARROW(proto, "UTINYINT"),
	NARROW(packets, "UBIGINT"), NARROW(bytes, "UBIGINT"),
	VALUE(first_ns, "make_timestamp_ns(first_ns) AS first"),
	VALUE(last_ns, "make_timestamp_ns(last_ns) AS last"),
	NARROW(tcp_flags, "UTINYINT"),
	VALUE(path, "string_split(path, ' ') AS path"),
	NARROW(vlan, "USMALLINT"), NARROW(out_vlan, "USMALLINT"),
	NARROW(in_if, "UINTEGER"), NARROW(out_if, "UINTEGER"),
	NARROW(src_as, "UINTEGER"), NARROW(dst_as, "UINTEGER"),
	NARROW(mpls, "UINTEGER")};

struct file {
	struct parquet *parquet;
	struct carry_row *row;
};

static void release(void *it)
{
	struct file *f = it;

	if (!f)
		return;
	parquet_close(f->parquet);
	carry_row_free(f->row);
	free(f);
}

static int open_file(const struct carry_ask *ask, const char *rest, void **ret,
	struct err *err)
{
	const struct parquet_column columns[CARRY_N] = {
#define X(name, kind)                                                          \
	[CARRY_##name] = {#name, kind##_IS_TEXT, values[CARRY_##name]},
		CARRY_COLUMNS(X)
#undef X
	};
	struct file *f = mem_zalloc(1, sizeof(*f));

	*ret = f;
	f->row = carry_row_new(ask->query.catalog);
	return parquet_open(rest, columns, CARRY_N, &f->parquet, err);
}

static int add(void *it, const struct flow *flow, struct err *err)
{
	struct file *f = it;
	const struct carry_cell *cells = carry_row_fill(f->row, flow);
	int r = parquet_row(f->parquet, err);

	for (size_t i = 0; i < CARRY_N && r == 0; i++) {
		if (cells[i].kind == CARRY_NUMBER)
			parquet_number(f->parquet, i, cells[i].number);
		else
			parquet_text(f->parquet, i, cells[i].text);
	}
	return r;
}

static int end(void *it, struct carry_sums *sums, struct err *err)
{
	struct file *f = it;

	(void)sums;
	return parquet_end(f->parquet, err);
}

const struct carrier carrier_parquet = {
	"parquet:", open_file, NULL, add, end, release};
