#include "base/mem.h"
#include "report/anonymise.h"

#include <criterion/criterion.h>
#include <string.h>

static const uint8_t key[CRYPTO_KEY] = {1, 2, 3};

static struct net_addr addr(const char *text)
{
	struct net_addr a;

	cr_assert(net_addr_parse(text, &a), "%s", text);
	return a;
}

static struct net_addr other(const char *text)
{
	const struct net_addr a = addr(text);

	return anonymise_addr(key, &a);
}

/* Leading bits that two have in common. */
static int common(const struct net_addr *a, const struct net_addr *b)
{
	int i = 0;

	while (i < 128 && !((a->b[i / 8] ^ b->b[i / 8]) >> (7 - i % 8) & 1))
		i++;
	return i;
}

static char *text_of(const char *text)
{
	struct buf out = BUF_INIT(1 << 16);

	anonymise_text(key, text, strlen(text), &out);
	cr_assert(buf_ok(&out));
	buf_addc(&out, '\0');
	return buf_take(&out);
}

static void setup(void)
{
	struct err err = ERR_INIT;

	cr_assert_eq(crypto_init(&err), 0);
}
TestSuite(anonymise, .init = setup);

Test(anonymise, prefixes_are_as_long_as_before)
{
	static const char *const all[] = {"10.0.0.1", "10.0.0.2", "10.0.1.1",
		"10.128.0.1", "192.168.7.9", "255.255.255.255", "0.0.0.0",
		"2001:db8::1", "2001:db8::2", "2001:db8:1::1", "fe80::1",
		"::1"};
	const size_t n = sizeof(all) / sizeof(*all);
	size_t moved = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			struct net_addr a = addr(all[i]), b = addr(all[k]);
			struct net_addr x = other(all[i]), y = other(all[k]);

			cr_assert_eq(net_addr_is_v4(&a), net_addr_is_v4(&x));
			if (net_addr_is_v4(&a) != net_addr_is_v4(&b))
				continue;
			cr_assert_eq(common(&a, &b), common(&x, &y), "%s %s",
				all[i], all[k]);
			moved += i == k && common(&a, &x) < 128;
		}
	cr_assert_geq(moved, n - 1);
}

Test(anonymise, another_key_is_another_world)
{
	static const uint8_t key2[CRYPTO_KEY] = {1, 2, 4};
	const struct net_addr a = addr("10.1.2.3"), x = other("10.1.2.3");
	const struct net_addr y = anonymise_addr(key2, &a);

	cr_assert_neq(memcmp(&x, &y, sizeof(x)), 0);
}

/* TEMPLATE with each % as what stands for the address. */
static void expect(const char *template, const char *address)
{
	const struct net_addr x = other(address);
	char print[NET_ADDR_TEXT];
	struct buf in = BUF_INIT(4096), want = BUF_INIT(4096);
	cleanup_free char *got = NULL;

	for (const char *t = template; *t; t++) {
		if (*t != '%') {
			buf_addc(&in, *t);
			buf_addc(&want, *t);
			continue;
		}
		buf_adds(&in, address);
		buf_adds(&want, net_addr_print(&x, print));
	}
	got = text_of(buf_str(&in));
	cr_assert_str_eq(got, buf_str(&want));
	buf_release(&in);
	buf_release(&want);
}

Test(anonymise, found_wherever_they_stand)
{
	expect("%", "10.1.2.3");
	expect("{\"src\":\"%\",\"dst\":\"%\",\"n\":[1,2.5,3]}", "10.1.2.3");
	expect("{\"src\":\"%\"}", "2001:db8::17");
	expect("src net %/24 and not host %:80.", "10.1.2.3");
	expect("to %, from (%)", "fe80::1");
	expect("\\b%\\u0008%\\n%", "10.1.2.3");
	expect("node%x at:%", "10.1.2.3");
	expect("at:%", "2001:db8::17");
}

Test(anonymise, all_else_stays)
{
	static const char *const same[] = {"",
		"{\"at_ms\":1795336605659.697,\"a\":[0,30190,35,4]}",
		"2026-11-22T08:37:17.879105Z 12:30:45 1.2.3 02:00:5e:10:00:01",
		"1bfc8b67aafe475b 300.1.1.1x \\", "\\u00"};

	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		cleanup_free char *got = text_of(same[i]);

		cr_assert_str_eq(got, same[i]);
	}
}
