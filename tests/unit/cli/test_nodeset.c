#include "cli/nodeset.h"

#include <criterion/criterion.h>
#include <string.h>

static void prints(const char *expected, const char *names)
{
	struct buf text = BUF_INIT(1 << 16);
	struct opt_list list = {0};

	opt_list_add(&list, names);
	nodeset_print((const char *const *)list.items, list.n, &text);
	cr_assert_str_eq(buf_str(&text), expected);
	buf_release(&text);
	opt_list_release(&list);
}

Test(nodeset, names_become_ranges)
{
	prints("client[1-3,45]", "client1,client2,client3,client45");
	prints("client[1-3],left", "client3,left,client1,client2");
	prints("left", "left");
	prints("n[1-2],n07", "n1,n2,n07");
	prints("n[07-11]", "n07,n08,n09,n10,n11");
	prints("a1b[2-3],a2b2", "a1b2,a1b3,a2b2");
	prints("[1-2]", "1,2");
	prints("", "");
}

static void reads(const char *text, const char *expected)
{
	struct opt_list list = {0}, want = {0};
	struct err err = ERR_INIT;

	opt_list_add(&want, expected);
	cr_assert_eq(nodeset_parse(text, &list, &err), 0, "%s", err.text);
	cr_assert_eq(list.n, want.n, "%s: %zu", text, list.n);
	for (size_t i = 0; i < list.n; i++)
		cr_assert_str_eq(list.items[i], want.items[i]);
	opt_list_release(&list);
	opt_list_release(&want);
}

Test(nodeset, ranges_become_names)
{
	reads("client[1-3,45],r1", "client1,client2,client3,client45,r1");
	reads("n[08-11]", "n08,n09,n10,n11");
	reads("a,,b,a", "a,b");
	reads("@failed,x[7]", "@failed,x7");
	reads("", "");
}

static void refuses(const char *text)
{
	struct opt_list list = {0};
	struct err err = ERR_INIT;

	cr_assert_eq(
		nodeset_parse(text, &list, &err), -NFZ_E_USAGE, "%s", text);
	cr_assert_neq(err.text[0], '\0');
	opt_list_release(&list);
}

Test(nodeset, what_is_no_list_is_refused)
{
	char long_name[400];

	refuses("a[1-3");
	refuses("a]");
	refuses("a[]");
	refuses("a[3-1]");
	refuses("a[1-]");
	refuses("a[1-2]b");
	refuses("a[1][2]");
	refuses("a[1,]");
	refuses("a[1-9999999999]");
	refuses("a[0-999999999]");
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	refuses(long_name);
}
