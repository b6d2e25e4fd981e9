#include "probe/definition.h"

#include <criterion/criterion.h>
#include <string.h>

Test(definition, keys_are_words)
{
	static const struct {
		const char *text;
		unsigned key;
	} good[] = {{"5tuple", 0}, {"none", 0}, {"addresses", KEY_ADDRESSES},
		{"vlan+mac", KEY_VLAN | KEY_MAC}, {"5tuple+tos", KEY_TOS},
		{"addresses+vlan", KEY_ADDRESSES | KEY_VLAN}};
	static const char *const bad[] = {"", "ports", "vlan+", "+vlan",
		"vlan mac", "vlan ", "5tuple+addresses",
		"addresses+vlan+5tuple"};
	char text[DEFINITION_WORDS];
	unsigned key, again;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		cr_assert(definition_read_key(good[i].text, &key));
		cr_expect_eq(key, good[i].key, "%s", good[i].text);
		cr_assert(definition_read_key(
			definition_print_key(key, text), &again));
		cr_expect_eq(again, key);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		key = 77;
		cr_expect_not(definition_read_key(bad[i], &key), "%s", bad[i]);
		cr_expect_eq(key, 77);
	}
}

static int chosen(const char *words, unsigned *ret, struct err *err)
{
	struct opt_list list = {0};
	int r;

	opt_list_add(&list, words);
	r = definition_choose_key(&list, ret, err);
	opt_list_release(&list);
	return r;
}

Test(definition, what_contradicts_is_refused)
{
	struct err err = ERR_INIT;
	unsigned key = 77;

	cr_expect_eq(chosen("5tuple,vlan", &key, &err), 0);
	cr_expect_eq(key, KEY_VLAN);
	cr_expect_eq(chosen("addresses,vlan+tos", &key, &err), 0);
	cr_expect_eq(key, KEY_ADDRESSES | KEY_VLAN | KEY_TOS);
	cr_expect_eq(chosen("5tuple,addresses", &key, &err), -NFZ_E_USAGE);
	cr_expect(strstr(err.text, "give one of them"), "%s", err.text);
	cr_expect_eq(chosen("addresses+5tuple", &key, &err), -NFZ_E_USAGE);
	cr_expect_eq(chosen("vlan,ports", &key, &err), -NFZ_E_USAGE);
	cr_expect(strstr(err.text, "ports is none of"), "%s", err.text);
}
