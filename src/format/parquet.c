/* DuckDB asks for rows (COPY ... FROM a table function), whoever carries flows
 * has them: so the statement runs in a thread of its own, and lends us the
 * vectors of one chunk at a time.  Between `lent` and its return they are ours.
 *
 * DuckDB's C API is stable; the part used here is declared below. */
#include "format/parquet.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/thread.h"

#include <dlfcn.h>
#include <string.h>

#define LIBRARY "libduckdb.so"
#define ROWS_NAME "netflowize_rows"

enum { TYPE_BIGINT = 5, TYPE_VARCHAR = 17, SQL_MAX = 1 << 16 };

struct result {
	uint64_t counts[3];
	void *columns, *error, *internal;
};

typedef void (*info_fn)(void *info);
typedef void (*fill_fn)(void *info, void *chunk);

/* X(what it returns, name after duckdb_, parameters) */
#define API(X)                                                                 \
	X(int, open, (const char *, void **))                                  \
	X(void, close, (void **))                                              \
	X(int, connect, (void *, void **))                                     \
	X(void, disconnect, (void **))                                         \
	X(int, query, (void *, const char *, struct result *))                 \
	X(const char *, result_error, (struct result *))                       \
	X(void, destroy_result, (struct result *))                             \
	X(void *, create_logical_type, (int))                                  \
	X(void, destroy_logical_type, (void **))                               \
	X(void *, create_table_function, (void))                               \
	X(void, destroy_table_function, (void **))                             \
	X(void, table_function_set_name, (void *, const char *))               \
	X(void, table_function_set_extra_info, (void *, void *, info_fn))      \
	X(void, table_function_set_bind, (void *, info_fn))                    \
	X(void, table_function_set_init, (void *, info_fn))                    \
	X(void, table_function_set_function, (void *, fill_fn))                \
	X(int, register_table_function, (void *, void *))                      \
	X(void *, bind_get_extra_info, (void *))                               \
	X(void, bind_add_result_column, (void *, const char *, void *))        \
	X(void *, function_get_extra_info, (void *))                           \
	X(void, function_set_error, (void *, const char *))                    \
	X(uint64_t, vector_size, (void))                                       \
	X(void *, data_chunk_get_vector, (void *, uint64_t))                   \
	X(void, data_chunk_set_size, (void *, uint64_t))                       \
	X(void *, vector_get_data, (void *))                                   \
	X(void, vector_ensure_validity_writable, (void *))                     \
	X(uint64_t *, vector_get_validity, (void *))                           \
	X(void, validity_set_row_invalid, (uint64_t *, uint64_t))              \
	X(void, vector_assign_string_element_len,                              \
		(void *, uint64_t, const char *, uint64_t))

struct api {
#define X(type, name, parameters) type(*name) parameters;
	API(X)
#undef X
};

struct parquet {
	void *library, *db, *connection;
	struct api api;
	struct parquet_column *columns;
	size_t n_columns;
	char *copy; /* the statement */
	pthread_t thread;
	bool started;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	void *lent;              /* a chunk that is ours; NULL: DuckDB has it */
	bool ended, given_up;    /* no more rows; the statement shall fail */
	bool over;               /* the statement has ended... */
	struct err failed;       /* ...like this */
	uint64_t n_rows, n_room; /* of a chunk: that it has; at most */
	void **vectors;          /* of the chunk, by column */
};

/* The library ------------------------------------------------------------- */

static int no_library(const char *why, struct err *err)
{
	err_set(err, NFZ_E_CONFIG, "Parquet files are made by libduckdb: %s",
		why);
	return err_hint(err,
		"No Debian package has it. Unpack libduckdb-linux-*.zip of "
		"https://duckdb.org/install (C/C++) and let the loader find "
		"it: "
		"put " LIBRARY " into /usr/local/lib and run ldconfig, or "
		"name its directory in LD_LIBRARY_PATH.");
}

static int load(struct parquet *p, struct err *err)
{
	static const char *const names[] = {
#define X(type, name, parameters) "duckdb_" #name,
		API(X)
#undef X
	};
	void **to = (void **)&p->api; /* functions, as dlsym(3) gives them */

	_Static_assert(sizeof(p->api) == sizeof(names), "one pointer each");
	p->library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!p->library)
		return no_library(dlerror(), err);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		to[i] = dlsym(p->library, names[i]);
		if (!to[i])
			return no_library(dlerror(), err);
	}
	return 0;
}

static int run(struct parquet *p, const char *sql, struct err *err)
{
	struct result result = {.error = NULL};
	const char *said;
	int r = 0;

	if (p->api.query(p->connection, sql, &result) != 0) {
		said = p->api.result_error(&result);
		r = err_set(err, NFZ_E_IO, "DuckDB: %s",
			said ? said : "refused, without a reason");
	}
	p->api.destroy_result(&result);
	return r;
}

/* DuckDB's side ----------------------------------------------------------- */

/* What DuckDB calls back knows nothing but its info, and to ask that takes a
 * function of the library's: `getter` of the one that is loaded. */
static struct parquet *whose(void *info, const char *getter)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_NOLOAD);
	void *(*get)(void *info) = NULL;

	*(void **)&get = dlsym(library, getter);
	dlclose(library); /* p->library keeps it */
	return get(info);
}

static void on_bind(void *info)
{
	struct parquet *p = whose(info, "duckdb_bind_get_extra_info");

	for (size_t i = 0; i < p->n_columns; i++) {
		const bool text = p->columns[i].text;
		void *type = p->api.create_logical_type(
			text ? TYPE_VARCHAR : TYPE_BIGINT);

		p->api.bind_add_result_column(info, p->columns[i].name, type);
		p->api.destroy_logical_type(&type);
	}
}

static void on_init(void *info)
{
	(void)info; /* one thread asks for rows, in their order */
}

/* Lends the chunk, until it is full or there are no more rows: a chunk without
 * rows ends the statement. */
static void on_chunk(void *info, void *chunk)
{
	struct parquet *p = whose(info, "duckdb_function_get_extra_info");

	pthread_mutex_lock(&p->lock);
	if (!p->ended)
		p->lent = chunk;
	p->n_rows = 0;
	pthread_cond_signal(&p->changed);
	while (p->lent && !p->ended)
		pthread_cond_wait(&p->changed, &p->lock);
	p->lent = NULL;
	p->api.data_chunk_set_size(chunk, p->n_rows);
	if (p->given_up)
		p->api.function_set_error(info, "given up");
	pthread_mutex_unlock(&p->lock);
}

static int make_function(struct parquet *p, struct err *err)
{
	const struct api *a = &p->api;
	void *f = a->create_table_function();
	int r = 0;

	a->table_function_set_name(f, ROWS_NAME);
	a->table_function_set_extra_info(f, p, NULL);
	a->table_function_set_bind(f, on_bind);
	a->table_function_set_init(f, on_init);
	a->table_function_set_function(f, on_chunk);
	if (a->register_table_function(p->connection, f) != 0)
		r = err_set(
			err, NFZ_E_IO, "DuckDB does not take a table function");
	a->destroy_table_function(&f);
	return r;
}

static void *work(void *of)
{
	struct parquet *p = of;
	struct err failed = ERR_INIT;

	(void)!run(p, p->copy, &failed);
	pthread_mutex_lock(&p->lock);
	p->failed = failed;
	p->over = true;
	pthread_cond_signal(&p->changed);
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* Ours -------------------------------------------------------------------- */

static char *copy_statement(struct parquet *p, const char *path)
{
	struct buf sql = BUF_INIT(SQL_MAX);

	buf_adds(&sql, "COPY (SELECT ");
	for (size_t i = 0; i < p->n_columns; i++)
		buf_addf(&sql, "%s%s", i ? ", " : "",
			p->columns[i].value ? p->columns[i].value
					    : p->columns[i].name);
	buf_adds(&sql, " FROM " ROWS_NAME "()) TO '");
	for (; *path; path++)
		buf_addf(&sql, *path == '\'' ? "''" : "%c", *path);
	buf_adds(&sql,
		"' (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE true)");
	return buf_take(&sql);
}

static int start(struct parquet *p, struct err *err)
{
	int r = p->api.open(NULL, &p->db) == 0 &&
				p->api.connect(p->db, &p->connection) == 0
			? 0
			: err_set(err, NFZ_E_IO, "DuckDB does not start");

	/* nothing comes over the network */
	if (r == 0)
		r = run(p,
			"SET autoinstall_known_extensions = false; "
			"SET autoload_known_extensions = false; "
			"SET threads = 1",
			err);
	if (r == 0)
		r = make_function(p, err);
	if (r == 0 && thread_start(&p->thread, work, p) != 0)
		r = err_set(err, NFZ_E_IO, "no thread for DuckDB");
	p->started = r == 0;
	p->n_room = p->api.vector_size();
	return r;
}

int parquet_open(const char *path, const struct parquet_column *columns,
	size_t n, struct parquet **ret, struct err *err)
{
	struct parquet *p = mem_zalloc(1, sizeof(*p));
	int r;

	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->changed, NULL);
	p->columns = mem_zalloc(n, sizeof(*columns));
	memcpy(p->columns, columns, n * sizeof(*columns));
	p->n_columns = n;
	p->vectors = mem_zalloc(n, sizeof(*p->vectors));
	p->copy = copy_statement(p, path);
	r = load(p, err);
	if (r == 0)
		r = start(p, err);
	if (r < 0)
		parquet_close(p);
	else
		*ret = p;
	return r;
}

/* Makes a chunk with room for a row ours. */
static int borrow(struct parquet *p, struct err *err)
{
	int r = 0;

	pthread_mutex_lock(&p->lock);
	if (p->lent && p->n_rows == p->n_room) {
		p->lent = NULL;
		pthread_cond_signal(&p->changed);
	}
	while (!p->lent && !p->over)
		pthread_cond_wait(&p->changed, &p->lock);
	if (p->over)
		r = err_set(err, p->failed.code, "%s", p->failed.text);
	pthread_mutex_unlock(&p->lock);
	return r;
}

int parquet_row(struct parquet *p, struct err *err)
{
	const int r = borrow(p, err);

	if (r < 0)
		return r;
	for (size_t i = 0; !p->n_rows && i < p->n_columns; i++)
		p->vectors[i] = p->api.data_chunk_get_vector(p->lent, i);
	p->n_rows++;
	return 0;
}

static void put_none(struct parquet *p, size_t column)
{
	void *vector = p->vectors[column];

	p->api.vector_ensure_validity_writable(vector);
	p->api.validity_set_row_invalid(
		p->api.vector_get_validity(vector), p->n_rows - 1);
}

void parquet_text(struct parquet *p, size_t column, const char *text)
{
	if (text)
		p->api.vector_assign_string_element_len(
			p->vectors[column], p->n_rows - 1, text, strlen(text));
	else
		put_none(p, column);
}

void parquet_number(struct parquet *p, size_t column, int64_t v)
{
	int64_t *to = p->api.vector_get_data(p->vectors[column]);

	to[p->n_rows - 1] = v;
}

/* No more rows; the statement ends. */
static void finish(struct parquet *p, bool given_up)
{
	if (!p->started)
		return;
	pthread_mutex_lock(&p->lock);
	p->ended = true;
	p->given_up = given_up;
	pthread_cond_signal(&p->changed);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
	p->started = false;
}

int parquet_end(struct parquet *p, struct err *err)
{
	finish(p, false);
	return p->failed.code
		       ? err_set(err, p->failed.code, "%s", p->failed.text)
		       : 0;
}

void parquet_close(struct parquet *p)
{
	if (!p)
		return;
	finish(p, true);
	if (p->connection)
		p->api.disconnect(&p->connection);
	if (p->db)
		p->api.close(&p->db);
	if (p->library)
		dlclose(p->library);
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
	free(p->vectors);
	free(p->columns);
	free(p->copy);
	free(p);
}
