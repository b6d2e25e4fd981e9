/* Filters at the lo of a network namespace of the test's own. */
#define _GNU_SOURCE
#include "base/netlink.h"
#include "probe/bpf.h"
#include "probe/clsact.h"

#include <criterion/criterion.h>
#include <linux/bpf.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LO = 1 };

/* r0 = TC_ACT_UNSPEC; exit */
static const struct bpf_insn pass[] = {
	{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = -1},
	{.code = BPF_JMP | BPF_EXIT}};

/* False: not to be had here, and said so. */
static bool prepare(int *program)
{
	const struct bpf_code code = {.text = pass, .len = sizeof(pass)};
	const struct clsact_owner probe = {1, 1, 1};
	struct err err = ERR_INIT;
	int r;

	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0) {
		fprintf(stderr, "SKIPPED: clsact needs root\n");
		return false;
	}
	r = bpf_load(&code, BPF_EITHER, program, &err);
	if (r == 0)
		r = clsact_attach(&probe, LO, *program, &err);
	if (r < 0)
		fprintf(stderr, "SKIPPED: no filters: %s\n", err.text);
	else
		cr_assert_eq(clsact_remove(&probe, LO, NULL), 0);
	return r == 0;
}

static void count_clsact(void *data, const uint8_t *body, size_t len)
{
	size_t n;
	const uint8_t *kind =
		netlink_attr(body, len, sizeof(struct tcmsg), TCA_KIND, &n);

	*(unsigned *)data += kind && n == 7 && memcmp(kind, "clsact", n) == 0;
}

static unsigned disciplines(void)
{
	unsigned n = 0;

	netlink_dump(RTM_GETQDISC, sizeof(struct tcmsg), count_clsact, &n);
	return n;
}

static void attach(const struct clsact_owner *who, int program)
{
	struct err err = ERR_INIT;

	cr_assert_eq(clsact_attach(who, LO, program, &err), 0, "%s", err.text);
	cr_assert(clsact_in_front(who, LO));
}

Test(clsact, the_last_one_takes_the_discipline_along)
{
	const struct clsact_owner a = {0xa, 1, 7}, b = {0xb, 1, 8},
				  others = {0xb, 2, 0}, all_of_b = {0xb, 0, 0};
	int program;

	if (!prepare(&program))
		return;
	attach(&a, program);
	attach(&b, program);
	cr_assert_not(clsact_in_front(&a, LO));
	cr_assert_eq(clsact_remove(&others, 0, NULL), 0);
	cr_assert(clsact_count(&a) == 2 && clsact_count(&b) == 2);
	cr_assert_eq(clsact_remove(&a, LO, NULL), 0);
	cr_assert(clsact_count(&a) == 0 && clsact_in_front(&b, LO));
	cr_assert_eq(disciplines(), 1);
	cr_assert_eq(clsact_remove(&all_of_b, 0, NULL), 0);
	cr_assert(clsact_count(&b) == 0 && disciplines() == 0);
}

Test(clsact, no_deployment_is_all_of_them)
{
	const struct clsact_owner a = {0xa, 1, 7}, zero = {0, 1, 9},
				  any = {0, 0, 0};
	int program;

	if (!prepare(&program))
		return;
	attach(&a, program);
	attach(&zero, program);
	cr_assert_eq(clsact_count(&a), 2, "those of an earlier life alone go");
	cr_assert_eq(clsact_remove(&any, 0, NULL), 0);
	cr_assert(clsact_count(&a) == 2 && clsact_count(&zero) == 0);
}

Test(clsact, a_new_life_takes_the_place_of_the_last)
{
	const struct clsact_owner before = {0xa, 1, 7}, now = {0xa, 1, 8},
				  both = {0xa, 1, 0};
	int program;

	if (!prepare(&program))
		return;
	attach(&before, program);
	attach(&now, program);
	cr_assert(clsact_count(&both) == 2 && clsact_count(&before) == 0);
	cr_assert_eq(clsact_remove(&now, LO, NULL), 0);
	cr_assert_eq(disciplines(), 0);
}
