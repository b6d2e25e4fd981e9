/* Recipes: what is understood, what is refused and why, where they run. */
#include "deploy/recipe.h"
#include "base/mem.h"

#include <criterion/criterion.h>
#include <string.h>

static const char good[] = "[recipe]\n"
			   "name = tool\n"
			   "summary = A tool\n"
			   "[collector]\n"
			   "program = sink\n"
			   "port = 9995\n"
			   "argument = -w\n"
			   "argument = {directory}\n"
			   "[probe]\n"
			   "program = tool\n"
			   "argument = -i\n"
			   "argument = {interface}\n"
			   "argument = {collector}:{port}\n";

Test(recipe, good)
{
	struct recipe *r = NULL;

	cr_assert_eq(recipe_parse(good, "x", &r, NULL), 0);
	cr_assert_str_eq(r->name, "tool");
	cr_assert_eq(r->port, 9995);
	cr_assert_eq(r->probe.n, 3u);
	cr_assert_str_eq(r->probe.words[2], "{collector}:{port}");
	cr_assert_str_eq(r->collector.program, "sink");
	recipe_free(r);
}

Test(recipe, fill)
{
	const struct recipe_values v = {
		.interface = "eth0", .node = "a b;$(x)", .port = 7};
	struct buf out = BUF_INIT(1024);

	cr_assert_eq(
		recipe_fill("{{x} {interface}/{node}:{port}}", &v, &out, NULL),
		0);
	cr_assert_str_eq(buf_str(&out), "{x} eth0/a b;$(x):7}");
	cr_assert_lt(recipe_fill("{link}", &v, &out, NULL), 0);
	cr_assert_lt(recipe_fill("{nothing}", &v, &out, NULL), 0);
	cr_assert_lt(recipe_fill("{node", &v, &out, NULL), 0);
	buf_release(&out);
}

static void refused(const char *text, const char *why)
{
	struct err err = ERR_INIT;
	struct recipe *r = NULL;

	cr_assert_lt(recipe_parse(text, "file", &r, &err), 0, "%s", text);
	cr_assert_eq(err.code, NFZ_E_CONFIG);
	cr_assert(strstr(err.text, why), "%s does not say %s", err.text, why);
}

#define HEAD "[recipe]\nname = t\n"

Test(recipe, refused)
{
	refused("", "needs a name");
	refused("[recipe]\nname = Tool!\n", "small letters");
	refused(HEAD, "needs a program");
	refused(HEAD "[probe]\nprogram = /bin/sh\n", "plain name");
	refused(HEAD "[probe]\nprogram = ../x\n", "plain name");
	refused(HEAD "[probe]\nprogram = nfz-meter\n", "plain name");
	refused(HEAD "[probe]\nprogram = x\nargument = {what}\n",
		"{what} is no placeholder");
	refused(HEAD "[probe]\nprogram = x\nargument = {port}\n",
		"need a [collector]");
	refused(HEAD "[probe]\nprogram = x\neach = node\n"
		     "argument = {interface}\n",
		"each = interface");
	refused(HEAD "[probe]\nprogram = x\neach = day\n", "interface or node");
	refused(HEAD "[probe]\nprogram = x\nrun = rm\n", "unknown key run");
	refused(HEAD "[collector]\nport = 1\n[probe]\nprogram = x\n",
		"[collector] needs a program");
	refused(HEAD "[collector]\nprogram = y\n[probe]\nprogram = x\n",
		"needs a port");
	refused(HEAD "[collector]\nprogram = y\nport = 70000\n", "no port");
	refused(HEAD "[else]\na = b\n", "no section [else]");
	refused(HEAD "[probe\n", "file:3");
}
