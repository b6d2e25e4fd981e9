#include "unit/store/run.h"
#include "base/file.h"
#include "base/mem.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

char *run_dir(void)
{
	char *dir = mem_strdup("/tmp/nfz-store-test.XXXXXX");

	cr_assert_not_null(mkdtemp(dir));
	return dir;
}

void run_remove(char *dir)
{
	struct err err = ERR_INIT;

	cr_assert_eq(file_remove_tree(dir, &err), 0, "%s", err.text);
	free(dir);
}

struct net_addr run_addr(const char *text)
{
	struct net_addr a;

	cr_assert(net_addr_parse(text, &a));
	return a;
}

static void member(struct catalog *c, int link, int node, const char *addr)
{
	struct net_addr a = run_addr(addr);

	cr_assert_geq(catalog_add_member(c, link, node, &a), 0);
}

struct catalog *run_catalog(void)
{
	static const char *const nodes[] = {"a", "b", "c", "r1", "r2"};
	static const char *const links[] = {"la", "core", "lb", "lc"};
	struct catalog *c = catalog_new();

	c->project = "proj";
	c->experiment = "dumbbell";
	c->mode = "light";
	c->deployment = 0x1234;
	c->idle_ms = 15000;
	for (int i = 0; i < 5; i++)
		catalog_add_node(c, nodes[i]);
	for (int i = 0; i < 4; i++)
		catalog_add_link(c, links[i], false);
	c->collector = NODE_C;
	member(c, LINK_LA, NODE_A, "10.0.1.1");
	member(c, LINK_LA, NODE_R1, "10.0.1.2");
	member(c, LINK_CORE, NODE_R1, "10.0.2.1");
	member(c, LINK_CORE, NODE_R2, "10.0.2.2");
	member(c, LINK_LB, NODE_R2, "10.0.3.2");
	member(c, LINK_LB, NODE_B, "10.0.3.1");
	member(c, LINK_LC, NODE_C, "10.0.4.1");
	member(c, LINK_LC, NODE_R1, "10.0.4.2");
	for (int i = 0; i < 4; i++) {
		const struct catalog_tap tap = {.id = (uint16_t)(i + 1),
			.node = i == 2 ? NODE_R2 : NODE_R1,
			.iface = i == 1 ? "eth1" : "eth0",
			.link = i,
			.module = i == 2 ? 2 : 1};

		cr_assert_geq(catalog_add_tap(c, &tap), 0);
	}
	return c;
}

void run_write_catalog(const char *dir)
{
	struct catalog *c = run_catalog();
	struct buf text = BUF_INIT(1 << 20);
	struct err err = ERR_INIT;
	char path[512];

	catalog_print(c, &text);
	snprintf(path, sizeof(path), "%s/catalog", dir);
	cr_assert_eq(file_replace(path, 0600, text.data, text.len, &err), 0);
	buf_release(&text);
	catalog_free(c);
}

/* The slots of a packet from src to dst at that tap: towards b is 0 -> 1 on
 * la, core and lb; c sits at slot 0 of lc. */
static bool backwards(const char *src, uint16_t tap)
{
	bool from_b = strcmp(src, "10.0.3.1") == 0;
	bool from_c = strcmp(src, "10.0.4.1") == 0;

	return tap == 4 ? !from_c : tap == 1 ? from_b || from_c : from_b;
}

struct flow_record run_record(const char *src, const char *dst, uint16_t tap,
	uint64_t packets, double at)
{
	bool back = backwards(src, tap);
	struct flow_record r = {.key = {.src = run_addr(src),
					.dst = run_addr(dst),
					.sport = 1000,
					.dport = 80,
					.proto = 6},
		.packets = packets,
		.bytes = packets * 100,
		.first_ns = START + (int64_t)(at * 1e9),
		.last_ns = START + (int64_t)(at * 1e9) + SECOND,
		.tap = tap,
		.src_slot = back,
		.dst_slot = !back,
		.tcp_flags = 0x1b};

	return r;
}

/* IANA's 32 is 0x0800, 4242's 7 is 260, its 8 "abc" of a length of its own. */
static const uint8_t others[] = {0, 0, 0, 0, 0, 32, 0, 2, 8, 0, 0, 0, 0x10,
	0x92, 0, 7, 0, 4, 0, 0, 1, 4, 0, 0, 0x10, 0x92, 0, 8, 0x80, 3, 'a', 'b',
	'c'};

struct flow_extra run_extra(uint64_t packets)
{
	struct flow_extra e = {.src_mac = UINT64_C(0x020000000000) + packets,
		.dst_mac = UINT64_C(0x02ffffffffff),
		.src_as = 64500 + (uint32_t)packets,
		.dst_as = 4200000000,
		.in_if = (uint32_t)packets % 4,
		.out_if = 70000,
		.vlan = (uint16_t)(packets % 4096)};
	const struct net_addr next =
		run_addr(packets % 4 == 1 ? "10.0.9.1" : "2001:db8::9");

	if (packets % 2 == 0)
		return (struct flow_extra){0};
	flow_extra_set_next(&e, &next);
	if (packets % 8 == 1)
		e.others = (struct flow_others){others, sizeof(others)};
	else if (packets % 8 == 5)
		e.others = (struct flow_others){others, 10};
	return e;
}

bool run_same_extra(const struct flow_extra *a, const struct flow_extra *b)
{
	return memcmp(a, b, offsetof(struct flow_extra, others)) == 0 &&
	       a->others.len == b->others.len &&
	       (a->others.len == 0 ||
		       memcmp(a->others.at, b->others.at, a->others.len) == 0);
}

bool run_has_extra(const struct flow_rows *rows, size_t i)
{
	const struct flow_extra want = run_extra(rows->records[i].packets);
	const struct flow_extra got =
		rows->extras ? rows->extras[i] : (struct flow_extra){0};

	return run_same_extra(&want, &got);
}

void run_store(struct store *s, uint16_t module, uint64_t seq,
	const struct flow_record *r, size_t n)
{
	struct store_batch b = {
		.from = {module, 77}, .seq = seq, .records = r, .n = n};
	struct err err = ERR_INIT;
	bool new;

	cr_assert_eq(store_append(s, &b, &new, &err), 0, "%s", err.text);
	cr_assert(new);
	cr_assert_eq(store_commit(s, &err), 0, "%s", err.text);
}

struct store *run_open(const char *dir, enum store_mode mode)
{
	struct err err = ERR_INIT;
	struct store *s;

	cr_assert_eq(store_open(dir, mode, NULL, &s, &err), 0, "%s", err.text);
	return s;
}

char *run_asked(const char *dir, const char *filter, struct answer a)
{
	struct store *s = run_open(dir, STORE_READ);
	struct catalog *c = NULL;
	struct filter *f = NULL;
	struct err err = ERR_INIT;
	char *text = NULL;
	size_t len;

	cr_assert_eq(catalog_load(dir, &c, &err), 0, "%s", err.text);
	cr_assert_eq(filter_parse(filter, strlen(filter), c, &f, &err), 0, "%s",
		err.hint);
	a.query.catalog = c;
	a.query.filter = f;
	a.to = open_memstream(&text, &len);
	cr_assert_eq(answer_write(s, &a, NULL, &err), 0, "%s", err.text);
	fclose(a.to);
	filter_free(f);
	catalog_free(c);
	store_close(s);
	return text;
}
