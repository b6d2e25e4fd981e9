#include "collector/owners.h"
#include "base/file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { ONE = 2, TWO = 3, CACHE = 900 };

static struct store *open_store(const char *dir)
{
	struct err err = ERR_INIT;
	struct store *s;

	cr_assert_eq(store_open(dir, STORE_WRITE, NULL, &s, &err), 0, "%s",
		err.text);
	return s;
}

/* An earlier plan had module ONE watch tap 30; TWO's is 20 and 21, ONE's 10; 40
 * is idle now. */
static void make_store(const char *dir)
{
	static const char names[] =
		"netflowize.catalog/1\nnode a\nnode b\nlink l lan covered\n"
		"member 0 -\nmember 1 -\ntap 10 0 0 0 2 eth0\n"
		"tap 20 1 0 1 3 eth0\ntap 21 1 0 1 3 eth1\n"
		"tap 30 1 0 1 3 eth2\nidle 40 1 0 1 3 eth3\n";
	const struct flow_record r = {.tap = 30, .packets = 1};
	const struct store_batch b = {
		.from = {ONE, 1}, .seq = 1, .records = &r, .n = 1};
	struct store *s = open_store(dir);
	char path[80];
	bool fresh;

	cr_assert_eq(store_append(s, &b, &fresh, NULL), 0);
	cr_assert_eq(store_commit(s, NULL), 0);
	store_close(s);
	snprintf(path, sizeof(path), "%s/catalog", dir);
	cr_assert_eq(file_replace(path, 0600, names, strlen(names), NULL), 0);
}

/* The taps of all that is left of records of taps 0 to 49. */
static void check(struct owners *o, uint16_t module, enum module_role role,
	const char *want)
{
	struct buf got = BUF_INIT(1 << 16);
	struct endpoint_batch b = {
		.from = {module, role, 1}, .n_records = 1, .n_counters = 1};

	for (unsigned tap = 0; tap < 50; tap++) {
		const struct flow_record r = {.tap = (uint16_t)tap};
		const struct tap_counters c = {.tap = (uint16_t)tap};
		struct endpoint_batch rest;

		b.records = &r;
		b.counters = &c;
		rest = owners_sift(o, &b);
		cr_expect_eq(rest.n_records, rest.n_counters);
		owners_count(o, &b, &rest);
		if (rest.n_records)
			buf_addf(&got, "%u ", rest.records[0].tap);
	}
	cr_expect_str_eq(buf_str(&got), want);
	buf_release(&got);
}

Test(owners, each_speaks_of_its_own)
{
	struct setup setup = {.n_peers = 2};
	struct setup_peer peers[2] = {{.id = TWO}, {.id = ONE}};
	struct collector c = {.setup = &setup};
	char dir[] = "/tmp/nfz-owners-XXXXXX";
	const struct flow_record records[3] = {{.tap = 10, .packets = 1},
		{.tap = 20}, {.tap = 10, .bytes = 7}};
	const struct flow_extra extras[3] = {{.vlan = 1}, {0}, {.vlan = 3}};
	const struct endpoint_batch mixed = {.from = {ONE, MODULE_METER, 1},
		.seq = 9,
		.records = records,
		.extras = extras,
		.n_records = 3};
	struct endpoint_batch rest;
	struct owners *o;

	cr_assert_not_null(mkdtemp(dir));
	make_store(dir);
	setup.peers = peers;
	snprintf(setup.store, sizeof(setup.store), "%s", dir);
	c.store = open_store(dir);
	o = owners_new(&c);
	check(o, ONE, MODULE_METER, "10 30 ");
	check(o, TWO, MODULE_METER, "20 21 30 40 ");
	check(o, CACHE, MODULE_CACHE, "10 20 21 30 40 ");
	cr_expect_eq(owners_left_out(o, ONE), 2 * (50 - 2));
	cr_expect_eq(owners_left_out(o, TWO), 2 * (50 - 4));
	rest = owners_sift(o, &mixed);
	cr_assert_eq(rest.n_records, 2);
	cr_expect_eq(rest.seq, 9);
	cr_expect_eq(rest.records[0].packets, 1);
	cr_expect_eq(rest.records[1].bytes, 7);
	cr_expect_eq(rest.extras[0].vlan, 1);
	cr_expect_eq(rest.extras[1].vlan, 3);
	owners_free(o);
	store_close(c.store);
	cr_assert_eq(file_remove_tree(dir, NULL), 0);
}

/* As tests and people without a plan have it. */
Test(owners, without_names_all_is_taken)
{
	struct setup setup = {0};
	struct collector c = {.setup = &setup};
	char dir[] = "/tmp/nfz-owners-XXXXXX";
	const struct flow_record r = {.tap = 77};
	const struct endpoint_batch b = {
		.from = {ONE, MODULE_METER, 1}, .records = &r, .n_records = 1};
	struct owners *o;

	cr_assert_not_null(mkdtemp(dir));
	snprintf(setup.store, sizeof(setup.store), "%s", dir);
	c.store = open_store(dir);
	o = owners_new(&c);
	cr_expect_eq(owners_sift(o, &b).n_records, 1);
	owners_free(o);
	store_close(c.store);
	cr_assert_eq(file_remove_tree(dir, NULL), 0);
}
