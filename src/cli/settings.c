#include "cli/settings.h"
#include "base/mem.h"
#include "cli/say.h"

#include <string.h>

int settings_read(
	const struct opt_list *words, struct settings *ret, struct err *err)
{
	for (size_t i = 0; i < words->n; i++) {
		struct setting one;
		int r = setting_parse(words->items[i], &one, err);

		if (r < 0)
			return r;
		MEM_PUSH(ret->items, ret->n, ret->cap) = one;
	}
	return 0;
}

/* The first cache stands beside the collector, others beside probes. */
static bool can_be_set(const struct topology *t, const struct plan *plan,
	bool caches, const char *node)
{
	const int collector = plan->collector.node;

	if (caches && collector >= 0 &&
		strcmp(t->nodes[collector].name, node) == 0)
		return true;
	for (size_t i = 0; i < plan->n_probes; i++)
		if (strcmp(t->nodes[plan->probes[i].node].name, node) == 0)
			return true;
	return false;
}

int settings_check(const struct settings *s, const struct topology *t,
	const struct plan *plan, bool caches, struct err *err)
{
	struct buf names = BUF_INIT(1500);
	int r = 0;

	for (size_t i = 0; i < plan->n_probes && names.len < 1000; i++)
		buf_addf(&names, " %s", t->nodes[plan->probes[i].node].name);
	for (size_t i = 0; r == 0 && i < s->n; i++) {
		const char *node = s->items[i].node;

		if (!*node || can_be_set(t, plan, caches, node))
			continue;
		err_set(err, NFZ_E_USAGE, "--set %s: there is no probe on %s",
			node, node);
		r = err_hint(err, "Probes are on:%s", buf_str(&names));
	}
	buf_release(&names);
	return r;
}

void settings_mark(struct nodes_context *n, const struct topology *t,
	const struct opt_list *words)
{
	struct buf text = BUF_INIT(512), out = BUF_INIT(1 << 16);
	struct err err = ERR_INIT;

	buf_adds(&text, "set");
	for (size_t i = 0; i < words->n; i++)
		buf_addf(&text, " %.100s", words->items[i]);
	if (nodes_query_text(n, t,
		    (const char *[]){"nfz-query", "store", "--mark",
			    buf_str(&text), NULL},
		    &out, &err) < 0)
		say_note(n->app, "what was set could not be marked: %s",
			err.text);
	buf_release(&out);
	buf_release(&text);
}

void settings_release(struct opt_list *words, struct settings *s)
{
	opt_list_release(words);
	free(s->items);
	*s = (struct settings){0};
}
