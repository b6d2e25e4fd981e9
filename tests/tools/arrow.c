/* tool-arrow STORE FILE: the flows of a store through the Arrow C data interface
 * (store/arrow.h) into DuckDB, which is no reader of ours, and from there into
 * FILE, as Parquet.  The loader has to find libduckdb.so. */
#include "store/arrow.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

struct result {
	uint64_t counts[3];
	void *columns, *error, *internal;
};

/* X(what it returns, name after duckdb_, parameters) */
#define API(X)                                                                 \
	X(int, open, (const char *, void **))                                  \
	X(void, close, (void **))                                              \
	X(int, connect, (void *, void **))                                     \
	X(void, disconnect, (void **))                                         \
	X(int, query, (void *, const char *, struct result *))                 \
	X(const char *, result_error, (struct result *))                       \
	X(void, destroy_result, (struct result *))                             \
	X(int, arrow_array_scan,                                               \
		(void *, const char *, struct ArrowSchema *,                   \
			struct ArrowArray *, void **))                         \
	X(void, destroy_arrow_stream, (void **))

static struct {
#define X(type, name, parameters) type(*name) parameters;
	API(X)
#undef X
} api;

struct reader {
	void *db, *connection;
	unsigned batches;
};

static void *find(void *library, const char *name)
{
	void *f = dlsym(library, name);

	if (!f) {
		fprintf(stderr, "libduckdb has no %s\n", name);
		exit(2);
	}
	return f;
}

static void load(void)
{
	void *library = dlopen("libduckdb.so", RTLD_NOW);

	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		exit(2);
	}
#define X(type, name, parameters)                                              \
	*(void **)&api.name = find(library, "duckdb_" #name);
	API(X)
#undef X
}

static int run(const struct reader *r, const char *sql, struct err *err)
{
	struct result result;
	int res = 0;

	if (api.query(r->connection, sql, &result))
		res = err_set(err, NFZ_E_IO, "%s: %s", sql,
			api.result_error(&result));
	api.destroy_result(&result);
	return res;
}

/* A batch is a view, once; its rows go into the table. */
static int take(void *ctx, struct ArrowArray *batch, struct err *err)
{
	struct reader *r = ctx;
	struct ArrowSchema schema;
	char name[32], sql[128];
	void *stream = NULL;
	int res;

	snprintf(name, sizeof(name), "batch%u", r->batches);
	snprintf(sql, sizeof(sql), "%s SELECT * FROM %s",
		r->batches ? "INSERT INTO flows" : "CREATE TABLE flows AS",
		name);
	r->batches++;
	arrow_schema(&schema);
	res = api.arrow_array_scan(r->connection, name, &schema, batch, &stream)
		      ? err_set(err, NFZ_E_IO, "DuckDB takes no such array")
		      : run(r, sql, err);
	if (stream)
		api.destroy_arrow_stream(&stream);
	if (schema.release)
		schema.release(&schema);
	return res;
}

static int read_store(const char *dir, struct reader *r, struct err *err)
{
	struct catalog *c = NULL;
	struct filter *f = NULL;
	struct store *s = NULL;
	int res = catalog_load(dir, &c, err);

	if (res == 0)
		res = filter_parse("", 0, c, &f, err);
	if (res == 0)
		res = store_open(dir, STORE_READ, NULL, &s, err);
	if (res == 0)
		res = arrow_flows(s, &(struct query){.filter = f, .catalog = c},
			take, r, err);
	store_close(s);
	filter_free(f);
	catalog_free(c);
	return res;
}

int main(int argc, char **argv)
{
	struct reader r = {NULL};
	struct err err = ERR_INIT;
	char sql[4096];

	if (argc != 3)
		return 2;
	load();
	if (api.open(NULL, &r.db) || api.connect(r.db, &r.connection))
		return 2;
	snprintf(sql, sizeof(sql), "COPY flows TO '%s' (FORMAT parquet)",
		argv[2]);
	if (read_store(argv[1], &r, &err) < 0 || run(&r, sql, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	api.disconnect(&r.connection);
	api.close(&r.db);
	return 0;
}
