/* The file form of recipes, and their placeholders. */
#include "deploy/recipe.h"
#include "base/file.h"
#include "base/lines.h"
#include "base/mem.h"
#include "format/ini.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MAX = 1 << 20 };

static const struct {
	const char *name, *text;
	size_t at;
} placeholders[] = {
#define P(name, text)                                                          \
	{                                                                      \
#name, text, offsetof(struct recipe_values, name)              \
	}
	P(interface, "the watched interface, as the node's system calls it"),
	P(link, "the link or LAN it is on"),
	P(node, "the node's name in the experiment"),
	P(role, "the program's own name in the deployment"),
	P(directory, "a directory of its own; what is put there is collected"),
	P(collector, "the collector's control address"),
	P(collector_name, "the collector's node"),
	P(project, "the experiment's project"),
	P(experiment, "the experiment's name"),
#undef P
};
enum { PLACEHOLDERS = sizeof(placeholders) / sizeof(*placeholders) };

bool recipe_placeholder(size_t i, const char **ret_name, const char **ret_text)
{
	if (i < PLACEHOLDERS) {
		*ret_name = placeholders[i].name;
		*ret_text = placeholders[i].text;
	} else if (i == PLACEHOLDERS) {
		*ret_name = "port";
		*ret_text = "the collector's port";
	}
	return i <= PLACEHOLDERS;
}

static int fill_one(const char *name, size_t len, const struct recipe_values *v,
	struct buf *out, struct err *err)
{
	if (len == 4 && strncmp(name, "port", 4) == 0) {
		if (v->port == 0)
			return err_set(err, NFZ_E_CONFIG,
				"{port}: this recipe has no collector");
		buf_addf(out, "%u", v->port);
		return 0;
	}
	for (size_t i = 0; i < PLACEHOLDERS; i++) {
		const char *value;

		if (strlen(placeholders[i].name) != len ||
			strncmp(placeholders[i].name, name, len) != 0)
			continue;
		memcpy(&value, (const char *)v + placeholders[i].at,
			sizeof(value));
		if (!value)
			return err_set(err, NFZ_E_CONFIG,
				"{%s} has no value here", placeholders[i].name);
		buf_adds(out, value);
		return 0;
	}
	err_set(err, NFZ_E_CONFIG, "{%.*s} is no placeholder",
		len < 40 ? (int)len : 40, name);
	return err_hint(err, "They are {interface} {link} {node} {role} "
			     "{directory} {collector} {collector_name} {port} "
			     "{project} {experiment}; write {{ for a brace");
}

int recipe_fill(const char *word, const struct recipe_values *v,
	struct buf *out, struct err *err)
{
	while (*word) {
		const char *end;
		int r;

		if (word[0] == '{' && word[1] == '{') {
			buf_addc(out, '{');
			word += 2;
			continue;
		}
		end = word[0] == '{' ? strchr(word, '}') : NULL;
		if (word[0] == '{' && !end)
			return err_set(err, NFZ_E_CONFIG,
				"a brace is not closed: %.40s", word);
		if (!end) {
			buf_addc(out, *word++);
			continue;
		}
		r = fill_one(word + 1, (size_t)(end - word) - 1, v, out, err);
		if (r < 0)
			return r;
		word = end + 1;
	}
	return 0;
}

struct reading {
	struct recipe *recipe;
	const char *file;
};

static bool plain_name(const char *s, size_t max)
{
	size_t n = strlen(s);

	if (n == 0 || n >= max || !isalnum((unsigned char)*s))
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("-_.+", *s))
			return false;
	return true;
}

bool recipe_is_name(const char *text)
{
	if (strlen(text) >= RECIPE_NAME || !islower((unsigned char)*text))
		return false;
	for (const char *p = text; *p; p++)
		if (!islower((unsigned char)*p) &&
			!isdigit((unsigned char)*p) && *p != '-')
			return false;
	return true;
}

static int set_name(struct recipe *r, const char *value, struct err *err)
{
	if (!recipe_is_name(value))
		return err_set(err, NFZ_E_CONFIG,
			"name: small letters, digits and -, a letter first, "
			"at most %zu",
			sizeof(r->name) - 1);
	snprintf(r->name, sizeof(r->name), "%s", value);
	return 0;
}

static int set_program(
	struct recipe_part *part, const char *value, struct err *err)
{
	/* our own programs are started in another way */
	if (!plain_name(value, 60) || strncmp(value, "nfz-", 4) == 0)
		return err_set(err, NFZ_E_CONFIG,
			"program: %.60s is not the plain name of a program",
			value);
	free(part->program);
	part->program = mem_strdup(value);
	return 0;
}

static int add_word(
	struct recipe_part *part, const char *value, struct err *err)
{
	static const struct recipe_values all = {.interface = "",
		.link = "",
		.node = "",
		.role = "",
		.directory = "",
		.collector = "",
		.collector_name = "",
		.project = "",
		.experiment = "",
		.port = 1};
	struct buf out = BUF_INIT(RECIPE_WORD_MAX * 2);
	int r = recipe_fill(value, &all, &out, err);

	buf_release(&out);
	if (r < 0)
		return r;
	if (part->n >= RECIPE_WORDS_MAX || strlen(value) >= RECIPE_WORD_MAX)
		return err_set(err, NFZ_E_CONFIG, "too many or too long words");
	MEM_PUSH(part->words, part->n, part->cap) = mem_strdup(value);
	return 0;
}

static int set_port(struct recipe *r, const char *value, struct err *err)
{
	int64_t port;

	if (!span_count(span_of(value), UINT16_MAX, &port) || port == 0)
		return err_set(
			err, NFZ_E_CONFIG, "port: %.20s is no port", value);
	r->port = (uint16_t)port;
	return 0;
}

static void set_push(
	const struct reading *g, struct recipe_part *part, const char *value)
{
	const char *slash = strrchr(g->file, '/');

	free(part->push);
	part->push = *value == '/' || !slash
			     ? mem_strdup(value)
			     : mem_printf("%.*s/%s", (int)(slash - g->file),
				       g->file, value);
}

static int on_part(const struct reading *g, struct recipe_part *part,
	const char *key, const char *value, struct err *err)
{
	bool probe = part == &g->recipe->probe;

	part->given = true;
	if (strcmp(key, "program") == 0)
		return set_program(part, value, err);
	if (strcmp(key, "argument") == 0)
		return add_word(part, value, err);
	if (strcmp(key, "push") == 0) {
		set_push(g, part, value);
		return 0;
	}
	if (!probe && strcmp(key, "port") == 0)
		return set_port(g->recipe, value, err);
	if (probe && strcmp(key, "each") == 0) {
		part->per_node = strcmp(value, "node") == 0;
		if (part->per_node || strcmp(value, "interface") == 0)
			return 0;
		return err_set(err, NFZ_E_CONFIG,
			"each: interface or node, not %.40s", value);
	}
	return err_set(err, NFZ_E_CONFIG, "unknown key %.60s", key);
}

static int on_key(void *ctx, const char *section, const char *key,
	const char *value, struct err *err)
{
	const struct reading *g = ctx;
	struct recipe *r = g->recipe;

	if (strcmp(section, "collector") == 0)
		return on_part(g, &r->collector, key, value, err);
	if (strcmp(section, "probe") == 0)
		return on_part(g, &r->probe, key, value, err);
	if (strcmp(section, "recipe") != 0)
		return err_set(err, NFZ_E_CONFIG,
			"there is no section [%.60s] in recipes", section);
	if (strcmp(key, "name") == 0)
		return set_name(r, value, err);
	if (strcmp(key, "summary") != 0)
		return err_set(err, NFZ_E_CONFIG, "unknown key %.60s", key);
	free(r->summary);
	r->summary = mem_strdup(value);
	return 0;
}

static bool mentions(const struct recipe_part *part, const char *placeholder)
{
	for (size_t i = 0; i < part->n; i++)
		if (strstr(part->words[i], placeholder))
			return true;
	return false;
}

/* What no single line can tell. */
static int check(const struct recipe *r, const char *file, struct err *err)
{
	const char *wrong = NULL;

	if (!r->name[0])
		wrong = "[recipe] needs a name";
	else if (!r->probe.program)
		wrong = "[probe] needs a program";
	else if (r->collector.given && !r->collector.program)
		wrong = "[collector] needs a program";
	else if (r->collector.given && !r->port)
		wrong = "[collector] needs a port";
	else if (!r->collector.given &&
		 (mentions(&r->probe, "{port}") ||
			 mentions(&r->probe, "{collector}")))
		wrong = "{collector} and {port} need a [collector]";
	else if (mentions(&r->collector, "{interface}") ||
		 mentions(&r->collector, "{link}"))
		wrong = "[collector] watches no interface";
	else if (r->probe.per_node && (mentions(&r->probe, "{interface}") ||
					      mentions(&r->probe, "{link}")))
		wrong = "{interface} and {link} need each = interface";
	return wrong ? err_set(err, NFZ_E_CONFIG, "%s: %s", file, wrong) : 0;
}

int recipe_parse(const char *text, const char *file, struct recipe **ret,
	struct err *err)
{
	struct reading g = {
		.recipe = mem_zalloc(1, sizeof(*g.recipe)), .file = file};
	int r = ini_read_text(text, file, on_key, &g, err);

	if (r == 0)
		r = check(g.recipe, file, err);
	if (r < 0) {
		recipe_free(g.recipe);
		return r;
	}
	*ret = g.recipe;
	return 0;
}

int recipe_read(const char *path, struct recipe **ret, struct err *err)
{
	struct buf text = BUF_INIT(FILE_MAX);
	int r = file_read_named(path, "the recipe", &text, err);

	if (r == 0)
		r = recipe_parse(buf_str(&text), path, ret, err);
	buf_release(&text);
	return r;
}

static void release_part(struct recipe_part *part)
{
	for (size_t i = 0; i < part->n; i++)
		free(part->words[i]);
	free(part->words);
	free(part->program);
	free(part->push);
}

void recipe_free(struct recipe *r)
{
	if (!r)
		return;
	release_part(&r->collector);
	release_part(&r->probe);
	free(r->summary);
	free(r);
}

static bool had_before(const struct plan *plan, size_t tap)
{
	for (size_t i = 0; i < tap; i++)
		if (plan->taps[i].iface == plan->taps[tap].iface &&
			plan->taps[i].probe == plan->taps[tap].probe)
			return true;
	return false;
}

struct recipe_process *recipe_processes(const struct recipe *r,
	const struct topology *t, const struct plan *plan, size_t *ret_n)
{
	struct recipe_process *all = NULL;
	size_t n = 0, cap = 0;

	(void)t;
	if (r->collector.given) {
		struct recipe_process *p = &MEM_PUSH(all, n, cap);

		*p = (struct recipe_process){.node = plan->collector.node,
			.part = &r->collector,
			.tap = -1};
		snprintf(p->role, sizeof(p->role), "collector");
	}
	for (size_t i = 0; i < plan->n_probes; i++) {
		int number = 0;

		for (size_t k = 0; k < plan->n_taps; k++) {
			struct recipe_process *p;

			if (plan->taps[k].probe != (int)i ||
				had_before(plan, k) ||
				(r->probe.per_node && number))
				continue;
			p = &MEM_PUSH(all, n, cap);
			*p = (struct recipe_process){
				.node = plan->probes[i].node,
				.part = &r->probe,
				.tap = (int)k};
			snprintf(p->role, sizeof(p->role), "%s-%d", r->name,
				++number);
		}
	}
	*ret_n = n;
	return all;
}
