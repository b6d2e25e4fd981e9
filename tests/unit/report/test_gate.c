#include "format/crypto.h"
#include "report/gate.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct gate gate;
static char cookie[80];

static void set_up(void)
{
	cr_assert_eq(crypto_init(NULL), 0);
	gate_init(&gate, 8377);
	snprintf(cookie, sizeof(cookie), "nfz-8377=%s", gate.cookie);
}

TestSuite(gate, .init = set_up);

#define HERE .host = "127.0.0.1:8377"

static void expect(struct httpd_request r, enum gate_verdict want)
{
	cr_assert_eq(gate_judge(&gate, &r), want, "%s %s", r.path,
		r.host ? r.host : "-");
}

Test(gate, opens_for_the_cookie)
{
	expect((struct httpd_request){.path = "/", HERE, .cookie = cookie},
		GATE_OPEN);
	expect((struct httpd_request){.path = "/data",
		       .host = "localhost:8377",
		       .origin = "http://localhost:8377",
		       .site = "same-origin",
		       .cookie = cookie},
		GATE_OPEN);
}

Test(gate, gives_the_cookie_for_the_token_alone)
{
	expect(
		(struct httpd_request){
			.path = "/enter", HERE, .token = gate.token},
		GATE_ENTER);
	expect((struct httpd_request){.path = "/enter", HERE}, GATE_SHUT);
	expect((struct httpd_request){.path = "/enter", HERE, .token = ""},
		GATE_SHUT);
	expect(
		(struct httpd_request){
			.path = "/enter", HERE, .token = gate.cookie},
		GATE_SHUT);
	expect((struct httpd_request){.path = "/", HERE}, GATE_ASK);
	expect((struct httpd_request){.path = "/data", HERE}, GATE_SHUT);
}

Test(gate, is_shut_to_other_sites)
{
	static const char *const hosts[] = {NULL, "", "evil.example",
		"evil.example:8377", "127.0.0.1", "127.0.0.1:8378",
		"127.0.0.1:83770", "127.0.0.1:8377.evil.example"};
	static const char *const origins[] = {"null", "http://evil.example",
		"https://127.0.0.1:8377", "http://127.0.0.1:1",
		"http://127.0.0.1:8377.evil.example"};

	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++)
		expect((struct httpd_request){.path = "/",
			       .host = hosts[i],
			       .cookie = cookie},
			GATE_SHUT);
	for (size_t i = 0; i < sizeof(origins) / sizeof(*origins); i++)
		expect((struct httpd_request){.path = "/",
			       HERE,
			       .origin = origins[i],
			       .cookie = cookie},
			GATE_SHUT);
	expect((struct httpd_request){.path = "/enter",
		       HERE,
		       .site = "cross-site",
		       .token = gate.token},
		GATE_SHUT);
}

Test(gate, finds_its_cookie_among_others)
{
	static const struct {
		const char *before, *behind;
		enum gate_verdict want;
	} more[] = {{"a=b; ", "", GATE_OPEN}, {"", "; a=b", GATE_OPEN},
		{"a=", "", GATE_SHUT}, {"xnfz-8377=1; ", "", GATE_OPEN},
		{"nfz-8377=short; ", "", GATE_OPEN}, {"", "0", GATE_SHUT}};
	char text[300];

	for (size_t i = 0; i < sizeof(more) / sizeof(*more); i++) {
		snprintf(text, sizeof(text), "%s%s%s", more[i].before, cookie,
			more[i].behind);
		expect(
			(struct httpd_request){
				.path = "/data", HERE, .cookie = text},
			more[i].want);
	}
	cookie[strlen(cookie) - 1] ^= 1;
	expect((struct httpd_request){.path = "/data", HERE, .cookie = cookie},
		GATE_SHUT);
}

Test(gate, secrets_are_new_each_time)
{
	struct gate other;

	gate_init(&other, 8377);
	cr_assert_str_neq(other.token, gate.token);
	cr_assert_str_neq(other.cookie, gate.cookie);
	cr_assert_str_neq(gate.token, gate.cookie);
}
