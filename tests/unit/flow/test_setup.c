#include "base/mem.h"
#include "flow/setup.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const char small[] =
	"netflowize-setup 1\n"
	"# a comment\n"
	"deployment 00112233445566ff\n"
	"module 7 collector\n"
	"listen 10.0.0.1 7200\n"
	"lease_ms 60000\n"
	"store /tmp/a%20b\n"
	"keep_ms 86400000\n"
	"keep_bytes 5000000000\n"
	"pack_ms 7200000\n"
	"threads 4\n"
	"import_port 2055\n"
	"import_from 10.0.0.0/8\n"
	"export nf5://10.0.0.9:9995\n"
	"export ipfix+tcp://[2001:db8::1]:4739\n"
	"peer 1 meter 10.0.0.2 0 "
	"000102030405060708090a0b0c0d0e0f"
	"101112131415161718191a1b1c1d1e1f "
	"ff0102030405060708090a0b0c0d0e0f"
	"101112131415161718191a1b1c1d1e1f\n"
	"tap 3 eth1 00:11:22:33:44:55 link0 1 2 lowest lan 0 65535 -\n"
	"member 0 00:11:22:33:44:55 watched\n"
	"member 1 00:11:22:33:44:56 -\n"
	"tap 4 - 00:11:22:33:44:57 - 1 0 - p2p 0 1 facing\n";

static int parse(const char *text, struct setup *s)
{
	struct err err = ERR_INIT;

	return setup_parse(text, strlen(text), s, &err);
}

Test(setup, reads_what_it_says)
{
	struct setup s;

	cr_assert_eq(parse(small, &s), 0);
	cr_assert_eq(s.deployment, 0x00112233445566ff);
	cr_assert_eq(s.id, 7);
	cr_assert_eq(s.role, MODULE_COLLECTOR);
	cr_assert_eq(s.lease_ms, 60000);
	cr_assert_eq(s.idle_ms, 15000); /* the default */
	cr_assert_str_eq(s.store, "/tmp/a b");
	cr_assert_eq(s.keep_ms, 86400000);
	cr_assert_eq(s.keep_bytes, 5000000000);
	cr_assert_eq(s.pack_ms, 7200000);
	cr_assert_eq(s.threads, 4);
	cr_assert_eq(s.import_port, 2055);
	cr_assert_eq(s.n_import_from, 1);
	cr_assert_eq(s.n_exports, 2);
	cr_assert_eq(s.exports[0].port, 9995);
	cr_assert(s.exports[1].tcp);
	cr_assert_eq(s.n_peers, 1);
	cr_assert_eq(s.peers[0].receive_key[0], 0xff);
	cr_assert_eq(s.peers[0].send_key[31], 0x1f);
	cr_assert_eq(s.n_taps, 2);
	cr_assert(s.taps[0].lan && s.taps[0].lowest && !s.taps[0].facing);
	cr_assert_eq(s.taps[0].n_members, 2);
	cr_assert(s.taps[0].members[0].watched);
	cr_assert(s.taps[1].facing && !s.taps[1].lan);
	cr_assert_str_eq(s.taps[1].ifname, "");
	setup_release(&s);
}

Test(setup, printing_undoes_parsing)
{
	struct buf a = BUF_INIT(1 << 20), b = BUF_INIT(1 << 20);
	struct setup s, again;

	cr_assert_eq(parse(small, &s), 0);
	setup_print(&s, &a);
	cr_assert_eq(parse(buf_str(&a), &again), 0);
	setup_print(&again, &b);
	cr_assert_str_eq(buf_str(&a), buf_str(&b));
	cr_assert_eq(memcmp(s.peers, again.peers, sizeof(*s.peers)), 0);
	setup_release(&s);
	setup_release(&again);
	buf_release(&a);
	buf_release(&b);
}

Test(setup, odd_names_survive)
{
	static const char *const names[] = {
		"-", "a b", "%", "\n", "l\xc3\xa4n", "--", ""};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct buf out = BUF_INIT(10000);
		struct setup s, back;

		setup_init(&s);
		cr_assert_eq(s.threads, 1);
		s.id = 1;
		snprintf(s.store, sizeof(s.store), "%s", names[i]);
		setup_print(&s, &out);
		cr_assert_eq(parse(buf_str(&out), &back), 0);
		cr_assert_str_eq(back.store, names[i]);
		setup_release(&back);
		buf_release(&out);
	}
}

Test(setup, refuses_nonsense)
{
	static const char *const bad[] = {"", "\n", "netflowize-setup 2\n",
		"hello\n", "netflowize-setup 1\n",
		"netflowize-setup 1\nmodule 1 meter\nfoo 1\n",
		"netflowize-setup 1\nmodule 1 meter\nlisten 10.0.0.1 65536\n",
		"netflowize-setup 1\nmodule 1 meter\nlisten 10.0.0 1\n",
		"netflowize-setup 1\nmodule 1 meter\nlisten 10.0.0.1 1 \n",
		"netflowize-setup 1\nmodule 1 meter\nlisten 10.0.0.1 -1\n",
		"netflowize-setup 1\nmodule 1 king\n",
		"netflowize-setup 1\nmodule 1 meter\nthreads 17\n",
		"netflowize-setup 1\nmodule 1 meter\ndeployment 123\n",
		"netflowize-setup 1\nmodule 1 meter\nmember 1 "
		"00:11:22:33:44:55 -\n",
		"netflowize-setup 1\nmodule 1 meter\nstore %2\n",
		"netflowize-setup 1\nmodule 1 meter\nstore %00\n",
		"netflowize-setup 1\nmodule 1 meter\nidle_ms "
		"99999999999999999999\n",
		"netflowize-setup 1\nmodule 1 meter\npeer 1 meter 10.0.0.1 1 "
		"00 00\n",
		"netflowize-setup 1\nmodule 1 meter\ntap 1 - - - 0 0 - p2p 0 1 "
		"-\n",
		"netflowize-setup 1\nmodule 1 meter\ntap 1 a - - 3 0 - p2p 0 1 "
		"-\n",
		"netflowize-setup 1\nmodule 1 meter\ntap 1 a - - 0 0 - p2p 0 1 "
		"-\n"
		"tap 1 b - - 0 0 - p2p 0 1 -\n",
		"netflowize-setup 1\nmodule 1 meter\ntap 1 abcdefghijklmnop - "
		"- 0 0 - p2p 0 1 "
		"-\n"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct setup s;

		cr_assert_neq(parse(bad[i], &s), 0, "accepted: %s", bad[i]);
	}
}

Test(setup, cut_anywhere_it_neither_crashes_nor_leaks)
{
	for (size_t n = 0; n < sizeof(small); n++) {
		char *text = mem_strndup(small, n);
		struct setup s;

		if (parse(text, &s) == 0)
			setup_release(&s);
		free(text);
	}
}

Test(setup, pair_keys_differ_by_direction)
{
	const uint8_t master[SETUP_KEY_BYTES] = {1, 2, 3};
	uint8_t ab[SETUP_KEY_BYTES], ba[SETUP_KEY_BYTES], ab2[SETUP_KEY_BYTES];

	setup_pair_key(master, 1, 2, ab);
	setup_pair_key(master, 2, 1, ba);
	setup_pair_key(master, 1, 2, ab2);
	cr_assert_neq(memcmp(ab, ba, sizeof(ab)), 0);
	cr_assert_eq(memcmp(ab, ab2, sizeof(ab)), 0);
}
