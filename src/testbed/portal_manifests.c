/* Manifests as the portal hands them over: a JSON object, the site's name to
 * the RSpec's text.  Clients have seen other shapes, so every string that holds
 * an RSpec counts, wherever it stands. */
#define _GNU_SOURCE /* memmem */
#include "base/mem.h"
#include "format/json.h"
#include "testbed/portal.h"
#include "testbed/rspec.h"

#include <ctype.h>
#include <string.h>

enum { DEPTH_MAX = 8, SITES_MAX = 256 };

struct manifests {
	struct draft_text *texts;
	size_t n, cap;
	const struct draft_text *from;
	struct arena names;
};

static bool holds_rspec(const char *text, size_t len)
{
	static const char mark[] = "<rspec";

	return memmem(text, len, mark, sizeof(mark) - 1);
}

/* Our own JSON never holds an RSpec: its strings are names. */
bool portal_manifests_is(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len && isspace((unsigned char)text[i]))
		i++;
	return i < len && (text[i] == '{' || text[i] == '[') &&
	       holds_rspec(text, len);
}

/* "urn:publicid:IDN+site+authority+cm" -> "site", for messages. */
static const char *site_name(struct manifests *m, const char *key)
{
	struct buf clean = BUF_INIT(256);
	const char *plus = key ? strchr(key, '+') : NULL, *name;
	size_t n = plus ? strcspn(plus + 1, "+") : 0;

	if (n)
		draft_clean((struct span){plus + 1, n}, &clean);
	else if (key)
		draft_clean((struct span){key, strlen(key)}, &clean);
	name = arena_printf(&m->names, "%s%s%s", m->from->name,
		clean.len ? ", " : "", buf_str(&clean));
	buf_release(&clean);
	return name;
}

static int collect(struct manifests *m, const struct jval *v, const char *key,
	int depth, struct err *err)
{
	const char *text = jval_text(v);
	int rc = 0;

	if (depth > DEPTH_MAX || m->n > SITES_MAX)
		return err_set(err, NFZ_E_LIMIT,
			"%s: more than %d sites, or %d levels", m->from->name,
			SITES_MAX, DEPTH_MAX);
	if (text && rspec_is(text, strlen(text))) {
		struct draft_text one = *m->from;

		one.text = text;
		one.len = strlen(text);
		one.name = site_name(m, key);
		MEM_PUSH(m->texts, m->n, m->cap) = one;
	}
	for (size_t i = 0; jval_is_array(v) && i < jval_count(v) && !rc; i++)
		rc = collect(m, jval_at(v, i), key, depth + 1, err);
	if (jval_is_object(v))
		for (void *at = jval_first(v); at && !rc; at = jval_next(v, at))
			rc = collect(m, jval_member(at), jval_key(at),
				depth + 1, err);
	return rc;
}

/* What the portal hands over was given, not wished for: who has no login has
 * none. */
static void mark_silent(struct topology *t)
{
	for (size_t i = 0; i < t->n_nodes; i++) {
		const struct topo_node *n = &t->nodes[i];

		if (!topology_login(n->m) && !n->m->unusable &&
			n->role != ROLE_SWITCH && n->role != ROLE_EXTERNAL)
			topology_machine(t, (int)i)->unusable = "no-login";
	}
}

int portal_manifests_parse(
	const struct draft_text *from, struct topology **ret, struct err *err)
{
	cleanup(jval_free_at) struct jval *root = NULL;
	struct manifests m = {.from = from};
	int rc = jval_parse(from->text, from->len, from->name, &root, err);

	if (!rc)
		rc = collect(&m, root, NULL, 0, err);
	if (!rc && !m.n) {
		err_set(err, NFZ_E_INPUT, "%s: holds no RSpec manifest",
			from->name);
		rc = err_hint(err, "Expected is what the portal answers: "
				   "{\"urn:...\": \"<rspec ...\"}");
	}
	if (!rc)
		rc = rspec_parse_all(m.texts, m.n, ret, err);
	if (!rc) {
		(*ret)->source = "portal";
		mark_silent(*ret);
	}
	free(m.texts);
	arena_release(&m.names);
	return rc;
}
