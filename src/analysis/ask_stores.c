#include "analysis/ask_stores.h"
#include "base/mem.h"

#include <string.h>

static int add(struct ask_stores *s, const char *dir, struct catalog *all,
	struct err *err)
{
	cleanup(catalog_free_at) struct catalog *names = NULL;
	cleanup(store_close_at) struct store *store = NULL;
	cleanup_free uint16_t *taps = mem_zalloc(CATALOG_TAPS, sizeof(*taps));
	int r = catalog_load(dir, &names, err);

	if (r == 0)
		r = store_open(dir, STORE_READ, NULL, &store, err);
	if (r == 0)
		r = catalog_join(all, names, taps, err);
	if (r == 0)
		MEM_PUSH(s->v, s->n, s->cap) = (struct query_store){
			take(store), take(names), take(taps)};
	return r;
}

int ask_stores_open(const char *dir, const struct opt_list *also,
	struct ask_stores *ret, struct catalog **ret_catalog, struct err *err)
{
	int r;

	*ret_catalog = catalog_new();
	r = add(ret, dir, *ret_catalog, err);
	for (size_t i = 0; i < also->n && r == 0; i++)
		r = add(ret, also->items[i], *ret_catalog, err);
	return r;
}

void ask_stores_release(struct ask_stores *s)
{
	for (size_t i = 0; i < s->n; i++) {
		store_close(s->v[i].store);
		catalog_free(s->v[i].catalog);
		free(s->v[i].taps);
	}
	free(s->v);
	*s = (struct ask_stores){0};
}
