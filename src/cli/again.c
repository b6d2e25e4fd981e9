/* Walks over the words as opt_parse() does, but keeps them as they are. */
#include "cli/again.h"

#include <string.h>

/* What the walk needs of the word it is at. */
struct word {
	const char *text;
	const struct opt *o; /* NULL: no option */
	bool value_follows;
};

static bool has_name(const struct opt *o, const char *name, size_t len)
{
	return strlen(o->name) == len && memcmp(o->name, name, len) == 0;
}

static const struct opt *find_in(const struct opt *table, const char *word)
{
	size_t len = strcspn(word, "=");

	for (const struct opt *o = table; o && o->name; o++) {
		if (word[1] != '-' ? o->letter == word[1]
				   : has_name(o, word + 2, len - 2))
			return o;
		if (o->kind == OPT_FLAG && strncmp(word, "--no-", 5) == 0 &&
			has_name(o, word + 5, len - 5))
			return o;
	}
	return NULL;
}

static const struct opt *find(const struct command *cmd, const char *word)
{
	const struct opt *o = find_in(cmd->options, word);

	return o ? o : find_in(common_options, word);
}

static struct word look_at(const struct command *cmd, const char *text)
{
	struct word w = {.text = text};

	if (text[0] != '-' || !text[1])
		return w;
	w.o = find(cmd, text);
	if (!w.o || w.o->kind == OPT_FLAG || w.o->kind == OPT_COUNT)
		return w;
	w.value_follows = text[1] == '-' ? !strchr(text, '=') : text[2] == '\0';
	return w;
}

static bool is_one_of(const char *const *names, const char *name)
{
	for (; names && *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static bool kept(const struct word *w, const struct command *to,
	const char *const *without)
{
	const struct opt *o = w->o ? find(to, w->text) : NULL;

	return !w->o ||
	       (o && o->kind == w->o->kind && !is_one_of(without, w->o->name));
}

void again_word(struct buf *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-+./,:=@%";

	if (*word && word[strspn(word, plain)] == '\0') {
		buf_adds(out, word);
		return;
	}
	buf_addc(out, '\'');
	for (const char *p = word; *p; p++)
		if (*p == '\'')
			buf_adds(out, "'\\''");
		else
			buf_addc(out, *p);
	buf_addc(out, '\'');
}

static void add(struct buf *out, const char *word)
{
	buf_addc(out, ' ');
	again_word(out, word);
}

void again(const struct app *app, const char *name, const char *const *without,
	const char *more, struct buf *out)
{
	const struct command *to = app_command(app, name);
	char *const *at = app->argv;
	bool words_only = false;

	buf_addf(out, "netflowize %s", name);
	if (more)
		buf_addf(out, " %s", more);
	for (; *at; at++) {
		struct word w = {.text = *at};
		bool keep;

		if (!words_only && strcmp(*at, "--") == 0)
			words_only = true;
		else if (!words_only)
			w = look_at(app->running, *at);
		keep = kept(&w, to, without);
		if (keep)
			add(out, *at);
		if (w.value_follows && at[1] && *++at && keep)
			add(out, *at);
	}
}
