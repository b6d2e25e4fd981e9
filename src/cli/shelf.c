#include "cli/shelf.h"
#include "base/mem.h"
#include "base/sort.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char ending[] = ".recipe";

/* Beside the programs as built, or as installed; or where it was said. */
static size_t folders(char *ret[static 3])
{
	const char *wish = getenv("NETFLOWIZE_RECIPES");
	char exe[4096] = "";
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	size_t found = 0;

	for (int up = 0; n > 0 && up < 2 && strrchr(exe, '/'); up++)
		*strrchr(exe, '/') = '\0';
	if (wish && *wish)
		ret[found++] = mem_strdup(wish);
	ret[found++] = mem_printf("%s/recipes", exe);
	ret[found++] = mem_printf("%s/share/netflowize/recipes", exe);
	return found;
}

static bool is_recipe(const char *name)
{
	size_t n = strlen(name);

	return n >= sizeof(ending) && *name != '.' &&
	       strcmp(name + n - (sizeof(ending) - 1), ending) == 0;
}

int shelf_find(const char *word, char **ret, struct err *err)
{
	char *where[3];
	size_t n;

	*ret = NULL;
	if (strchr(word, '/') || is_recipe(word)) {
		*ret = mem_strdup(word);
		return 0;
	}
	n = folders(where);
	for (size_t i = 0; i < n; i++) {
		char *path = mem_printf("%s/%s%s", where[i], word, ending);

		if (!*ret && access(path, R_OK) == 0)
			*ret = take(path);
		free(path);
		free(where[i]);
	}
	if (*ret)
		return 0;
	err_set(err, NFZ_E_USAGE, "there is no recipe %s", word);
	return err_hint(err, "See: netflowize recipe list; or name a file "
			     "that ends with .recipe");
}

static void add_folder(const char *path, struct opt_list *ret)
{
	DIR *d = opendir(path);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (is_recipe(e->d_name))
			MEM_PUSH(ret->items, ret->n, ret->cap) =
				mem_printf("%s/%s", path, e->d_name);
	if (d)
		closedir(d);
}

void shelf_list(struct opt_list *ret)
{
	char *where[3];
	size_t n = folders(where);

	for (size_t i = 0; i < n; i++) {
		add_folder(where[i], ret);
		free(where[i]);
	}
	sort_texts(ret->items, ret->n);
}
