#include "base/mem.h"
#include "deploy/bootstrap.h"
#include "deploy/deploy.h"
#include "deploy/steps.h"
#include "flow/setup.h"
#include "store/catalog.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* a -- r -- b, a LAN of b, c, d with a bridge in front of c; r and the bridge
 * are probes, a collects. */
static struct topology *make_topology(void)
{
	static const char *const names[] = {"a", "r", "b", "c", "d", "s"};
	struct topology *t = topology_new();
	int index, link[3];

	t->project = "p";
	t->experiment = "e";
	for (int i = 0; i < 6; i++) {
		char address[16];
		const struct topo_machine m = {.address = address};
		const struct topo_node n = {.name = names[i], .m = &m};

		snprintf(address, sizeof(address), "10.0.0.%d", i + 1);
		cr_assert_eq(topology_add_node(t, &n, &index, NULL), 0);
	}
	cr_assert_eq(topology_add_link(t, "ar", LINK_P2P, &link[0], NULL), 0);
	cr_assert_eq(topology_add_link(t, "rb", LINK_P2P, &link[1], NULL), 0);
	cr_assert_eq(topology_add_link(t, "lan", LINK_LAN, &link[2], NULL), 0);
	static const int members[][2] = {
		{0, 0}, {1, 0}, {1, 1}, {2, 1}, {2, 2}, {3, 2}, {4, 2}};
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		char os[8];
		const struct topo_card card = {.os_name = os,
			.has_mac = true,
			.mac = {2, 0, 0, 0, 0, (uint8_t)i}};
		const struct topo_iface f = {.card = &card,
			.node = members[i][0],
			.link = link[members[i][1]]};

		snprintf(os, sizeof(os), "e%zu", i);
		cr_assert_eq(topology_add_member(t, &f, NULL, &index, NULL), 0);
	}
	struct topo_bridge bridge = {.node = 5, .link = link[2], .slot = 1};
	for (int side = 0; side < 2; side++) {
		char os[8];
		const struct topo_card card = {.os_name = os};
		const struct topo_iface f = {
			.card = &card, .node = 5, .link = link[2], .slot = -1};

		snprintf(os, sizeof(os), "s%d", side);
		cr_assert_eq(
			topology_add_port(t, &f, &bridge.port[side], NULL), 0);
	}
	cr_assert_eq(topology_add_bridge(t, &bridge, &index, NULL), 0);
	topology_finish(t);
	return t;
}

static struct plan *make_plan(const struct topology *t)
{
	struct plan *p = plan_new();

	p->mode = "light";
	p->n_probes = 2;
	p->probes = arena_alloc(&p->arena, 2, sizeof(*p->probes));
	p->probes[0].node = 1;
	p->probes[1].node = 5;
	p->n_taps = 4;
	p->taps = arena_alloc(&p->arena, 4, sizeof(*p->taps));
	p->taps[0] = (struct plan_tap){.probe = 0,
		.iface = 1,
		.link = 0,
		.slot = 1,
		.received = COUNT_ALL,
		.sent = COUNT_ALL};
	p->taps[1] = (struct plan_tap){.probe = 0,
		.iface = 2,
		.link = 1,
		.slot = 0,
		.received = COUNT_ALL,
		.sent = COUNT_ALL};
	for (int side = 0; side < 2; side++)
		p->taps[2 + side] = (struct plan_tap){.probe = 1,
			.iface = t->bridges[0].port[side],
			.link = 2,
			.slot = 1,
			.received = side ? COUNT_UNWATCHED : COUNT_ALL,
			.lowest = side == 1};
	p->collector.node = 0;
	return p;
}

static const uint8_t key[SETUP_KEY_BYTES] = {1, 2, 3};

static void roll(
	const struct topology *t, const struct plan *p, struct rollout *ret)
{
	const struct rollout_options o = {
		.deployment = 0x1234567890abcdef, .key = key};
	struct err err = ERR_INIT;

	cr_assert_eq(rollout_make(t, p, &o, ret, &err), 0, "%s", err.text);
}

Test(rollout, each_module_knows_just_its_own_keys)
{
	struct topology *t = make_topology();
	struct plan *p = make_plan(t);
	struct rollout r;
	const struct setup *c, *m;

	roll(t, p, &r);
	cr_assert_eq(r.n, 3);
	cr_assert_str_eq(r.id, "1234567890abcdef");
	c = &r.modules[0].setup;
	cr_assert_eq(c->n_peers, 2);
	for (int i = 1; i < 3; i++) {
		const struct setup_peer *there;

		m = &r.modules[i].setup;
		cr_assert_eq(m->n_peers, 1);
		there = setup_peer(c, m->id);
		cr_assert_not_null(there);
		cr_assert_arr_eq(m->peers[0].send_key, there->receive_key,
			SETUP_KEY_BYTES);
		cr_assert_arr_eq(m->peers[0].receive_key, there->send_key,
			SETUP_KEY_BYTES);
		cr_assert_eq(m->peers[0].port, c->port);
		cr_assert_neq(m->peers[0].port, 0);
	}
	cr_assert_neq(
		memcmp(r.modules[1].setup.peers[0].send_key,
			r.modules[2].setup.peers[0].send_key, SETUP_KEY_BYTES),
		0);
	rollout_release(&r);
	plan_free(p);
	topology_free(t);
}

Test(rollout, taps_know_their_sides)
{
	struct topology *t = make_topology();
	struct plan *p = make_plan(t);
	struct rollout r;
	const struct setup_tap *tap;

	roll(t, p, &r);
	cr_assert_eq(r.modules[1].setup.n_taps, 2);
	tap = &r.modules[1].setup.taps[0];
	cr_assert_eq(tap->id, 1 + p->taps[0].iface);
	cr_assert_str_eq(tap->ifname, "e1");
	cr_assert_eq(tap->near_slot, 1);
	cr_assert_eq(tap->far_slot, 0);
	cr_assert_not(tap->facing);
	cr_assert_not(tap->lan);
	tap = &r.modules[2].setup.taps[0];
	cr_assert_eq(tap->id, 1 + p->taps[2].iface);
	cr_assert_eq(tap->near_slot, 1);
	cr_assert(tap->facing, "port 0 faces the member");
	cr_assert(tap->lan);
	cr_assert_eq(tap->n_members, 3);
	cr_assert_not(tap->members[0].watched);
	cr_assert(tap->members[1].watched);
	cr_assert_eq(tap->members[2].mac[5], 6);
	tap = &r.modules[2].setup.taps[1];
	cr_assert_not(tap->facing, "port 1 faces the switch");
	cr_assert(tap->lowest);
	cr_assert_eq(tap->count_received, COUNT_UNWATCHED);
	rollout_release(&r);
	plan_free(p);
	topology_free(t);
}

Test(rollout, a_bridge_on_a_link_faces_both_members)
{
	struct topology *t = make_topology();
	struct topo_bridge b = {.node = 5, .link = 0, .slot = -1};
	struct plan *p = make_plan(t);
	struct rollout r;
	int index;

	for (int side = 0; side < 2; side++) {
		const struct topo_card card = {.os_name = "x"};
		const struct topo_iface f = {
			.card = &card, .node = 5, .link = 0, .slot = -1};

		cr_assert_eq(topology_add_port(t, &f, &b.port[side], NULL), 0);
	}
	cr_assert_eq(topology_add_bridge(t, &b, &index, NULL), 0);
	for (int side = 0; side < 2; side++)
		p->taps[side] = (struct plan_tap){.probe = 1,
			.iface = b.port[side],
			.link = 0,
			.slot = side,
			.received = COUNT_ALL};
	roll(t, p, &r);
	for (int side = 0; side < 2; side++) {
		const struct setup_tap *tap = &r.modules[2].setup.taps[side];

		cr_assert_eq(tap->near_slot, side);
		cr_assert_eq(tap->far_slot, 1 - side);
		cr_assert(tap->facing);
	}
	rollout_release(&r);
	plan_free(p);
	topology_free(t);
}

Test(rollout, a_stamp_holds_no_key_and_changes_with_what_matters)
{
	struct topology *t = make_topology();
	struct plan *p = make_plan(t);
	struct rollout_options o = {.deployment = 7, .key = key};
	struct rollout a, b, c;
	uint8_t other[SETUP_KEY_BYTES] = {9};

	cr_assert_eq(rollout_make(t, p, &o, &a, NULL), 0);
	/* without the key, but knowing its name: the same stamps */
	o.key = NULL;
	snprintf(o.keyid, sizeof(o.keyid), "%s", a.keyid);
	cr_assert_eq(rollout_make(t, p, &o, &b, NULL), 0);
	for (size_t i = 0; i < a.n; i++)
		cr_assert_str_eq(a.modules[i].stamp, b.modules[i].stamp);
	rollout_release(&b);
	o.key = other;
	cr_assert_eq(rollout_make(t, p, &o, &b, NULL), 0);
	for (size_t i = 0; i < a.n; i++)
		cr_assert_str_neq(a.modules[i].stamp, b.modules[i].stamp);
	/* a tap of another kind: its meter, and the collector's names not */
	o.key = key;
	p->taps[0].sent = COUNT_NONE;
	cr_assert_eq(rollout_make(t, p, &o, &c, NULL), 0);
	cr_assert_str_neq(a.modules[1].stamp, c.modules[1].stamp);
	cr_assert_str_eq(a.modules[2].stamp, c.modules[2].stamp);
	cr_assert_str_eq(a.modules[0].stamp, c.modules[0].stamp);
	rollout_release(&a);
	rollout_release(&b);
	rollout_release(&c);
	plan_free(p);
	topology_free(t);
}

Test(rollout, the_catalog_can_be_read_back)
{
	struct topology *t = make_topology();
	struct plan *p = make_plan(t);
	struct catalog *c = NULL;
	struct rollout r;

	roll(t, p, &r);
	cr_assert_eq(
		catalog_parse(buf_str(&r.catalog), r.catalog.len, &c, NULL), 0);
	cr_assert_eq(c->n_nodes, 6);
	cr_assert_eq(c->n_links, 3);
	cr_assert_eq(c->n_taps, t->n_ifaces);
	cr_assert_eq(catalog_tap(c, r.modules[2].setup.taps[0].id)->node, 5);
	cr_assert(c->links[0].covered);
	cr_assert_eq(c->collector, 0);
	catalog_free(c);
	rollout_release(&r);
	plan_free(p);
	topology_free(t);
}

/* Records say the tap's number only: another plan must not use it for
 * something else. */
Test(rollout, numbers_stay_with_their_interfaces_from_plan_to_plan)
{
	struct topology *t = make_topology();
	struct plan *p = make_plan(t);
	struct rollout before, after;
	struct catalog *c = NULL;

	roll(t, p, &before);
	p->probes[0] = p->probes[1];
	p->n_probes = 1;
	p->taps[0] = p->taps[2];
	p->taps[1] = p->taps[3];
	p->n_taps = 2;
	p->taps[0].probe = p->taps[1].probe = 0;
	roll(t, p, &after);
	cr_assert_eq(after.modules[1].setup.id, before.modules[2].setup.id);
	cr_assert_eq(catalog_parse(buf_str(&after.catalog), after.catalog.len,
			     &c, NULL),
		0);
	for (size_t m = 1; m < before.n; m++)
		for (size_t i = 0; i < before.modules[m].setup.n_taps; i++) {
			const struct catalog_tap *tap = catalog_tap(
				c, before.modules[m].setup.taps[i].id);

			cr_assert(tap);
			cr_assert_eq(tap->node, before.modules[m].node);
			cr_assert_eq(tap->module, before.modules[m].setup.id);
			cr_assert_eq(tap->idle, m == 1);
		}
	catalog_free(c);
	rollout_release(&before);
	rollout_release(&after);
	plan_free(p);
	topology_free(t);
}

Test(rollout, what_cannot_work_is_refused)
{
	struct topology *t = make_topology();
	struct plan *p = make_plan(t);
	const struct rollout_options o = {.deployment = 7, .key = key};
	struct rollout r;

	p->collector.node = -1;
	cr_assert_eq(rollout_make(t, p, &o, &r, NULL), -NFZ_E_INPUT);
	p->collector.node = 0;
	topology_machine(t, 1)->address = "r.example.net";
	cr_assert_eq(rollout_make(t, p, &o, &r, NULL), -NFZ_E_INPUT);
	topology_machine(t, 1)->address = "10.0.0.2";
	topology_card(t, 1)->os_name = NULL;
	topology_card(t, 1)->has_mac = false;
	cr_assert_eq(rollout_make(t, p, &o, &r, NULL), -NFZ_E_INPUT);
	plan_free(p);
	topology_free(t);
}

/* --- steps -------------------------------------------------------------- */

static void add_found(struct deploy_node *d, const char *id, const char *exp,
	const struct module *m)
{
	struct deploy_found *f = &MEM_PUSH(d->found, d->n_found, d->found_cap);

	*f = (struct deploy_found){0};
	snprintf(f->id, sizeof(f->id), "%s", id);
	snprintf(f->experiment, sizeof(f->experiment), "%s", exp);
	if (m) {
		struct deploy_process *p =
			&MEM_PUSH(f->processes, f->n, f->cap);

		*p = (struct deploy_process){.state = "running"};
		snprintf(p->role, sizeof(p->role), "%s", m->name);
		snprintf(p->stamp, sizeof(p->stamp), "%s", m->stamp);
	}
}

struct world {
	struct topology *t;
	struct plan *p;
	struct rollout r;
	struct deploy_report report;
	struct steps steps;
	struct buf text;
};

/* Everything runs as it should. */
static void make_world(struct world *w)
{
	w->t = make_topology();
	w->p = make_plan(w->t);
	w->text = (struct buf)BUF_INIT(1 << 16);
	w->steps = (struct steps){0};
	roll(w->t, w->p, &w->r);
	w->report = (struct deploy_report){.n = 6};
	w->report.nodes = mem_zalloc(6, sizeof(*w->report.nodes));
	for (int i = 0; i < 6; i++)
		w->report.nodes[i].node = i;
	for (size_t i = 0; i < w->r.n; i++)
		add_found(&w->report.nodes[w->r.modules[i].node], w->r.id,
			"p/e", &w->r.modules[i]);
}

static const char *steps_text(struct world *w)
{
	steps_release(&w->steps);
	buf_reset(&w->text);
	steps_make(&w->r, &w->report, "p/e", &w->steps);
	steps_print(&w->steps, w->t, &w->text);
	return buf_str(&w->text);
}

static void free_world(struct world *w)
{
	steps_release(&w->steps);
	deploy_report_release(&w->report);
	rollout_release(&w->r);
	plan_free(w->p);
	topology_free(w->t);
	buf_release(&w->text);
}

Test(steps, nothing_to_do_says_so)
{
	struct world w;

	make_world(&w);
	cr_assert_str_eq(steps_text(&w), "no changes\n");
	cr_assert_not(steps_touch(&w.steps, 1));
	free_world(&w);
}

Test(steps, only_what_differs_is_done)
{
	struct world w;

	make_world(&w);
	snprintf(w.report.nodes[1].found[0].processes[0].state, 16, "exited");
	cr_assert_str_eq(steps_text(&w),
		"  r                install  nfz-meter\n"
		"  r                start    meter (2 taps)\n");
	cr_assert(steps_touch(&w.steps, 1));
	cr_assert_not(steps_touch(&w.steps, 0));
	free_world(&w);
}

Test(steps, the_collector_starts_first_and_old_things_go_last)
{
	struct world w;

	make_world(&w);
	snprintf(w.report.nodes[0].found[0].processes[0].state, 16, "killed");
	w.report.nodes[5].found[0].processes[0].stamp[0] = 'x';
	add_found(&w.report.nodes[3], w.r.id, "p/e", NULL);
	add_found(&w.report.nodes[1], "00000000000000aa", "p/e", NULL);
	add_found(&w.report.nodes[2], "00000000000000bb", "other/x", NULL);
	add_found(&w.report.nodes[4], "00000000000000cc", "", NULL);
	cr_assert_str_eq(steps_text(&w),
		"  a                install  nfz-collector\n"
		"  s                install  nfz-meter\n"
		"  s                stop     meter\n"
		"  a                start    collector\n"
		"  s                start    meter (2 taps)\n"
		"  r                remove   00000000000000aa\n"
		"  c                remove   1234567890abcdef\n"
		"  d                remove   00000000000000cc\n");
	free_world(&w);
}

Test(steps, a_role_that_is_not_wanted_is_stopped)
{
	struct world w;
	struct deploy_found *f;

	make_world(&w);
	f = &w.report.nodes[0].found[0];
	MEM_PUSH(f->processes, f->n, f->cap) =
		(struct deploy_process){.role = "meter", .state = "running"};
	cr_assert_str_eq(steps_text(&w), "  a                stop     meter\n");
	/* and forgotten, where it ended by itself */
	snprintf(f->processes[f->n - 1].state, 16, "exited");
	cr_assert_str_eq(steps_text(&w), "  a                stop     meter\n");
	free_world(&w);
}

/* --- bootstrap ---------------------------------------------------------- */

Test(strip, what_another_key_has_taken_over_is_not_meant)
{
	struct deploy_options o = {
		.deployment = "00000000000000aa", .keyid = "11223344"};
	struct deploy_found f = {.id = "00000000000000aa"};

	cr_assert(deploy_is_meant(&o, "p/e", &f), "cut off before its key");
	snprintf(f.keyid, sizeof(f.keyid), "11223344");
	cr_assert(deploy_is_meant(&o, "p/e", &f));
	snprintf(f.keyid, sizeof(f.keyid), "55667788");
	cr_assert(!deploy_is_meant(&o, "p/e", &f));
	o.keyid = NULL;
	cr_assert(deploy_is_meant(&o, "p/e", &f));
}

Test(bootstrap, the_command_survives_any_login_shell)
{
	static const char *const users[] = {"root", "mike"};

	for (int i = 0; i < 2; i++) {
		const char *c = bootstrap_command(users[i]);

		cr_assert_null(strpbrk(c, "!\"\\|\n"), "not in every shell");
		cr_assert_eq(strstr(c, "sudo") != NULL, i == 1);
	}
}

/* Does the command lead to a shell where there is no sudo? */
static bool leads_to_root(void)
{
	char line[128] = "";
	bool there = false;
	FILE *f;

	setenv("COMMAND", bootstrap_command("toor"), 1);
	f = popen("echo echo arrived | SSH_CONNECTION=x PATH=/nowhere "
		  "/bin/sh -c \"$COMMAND\" 2>&1",
		"r");
	while (fgets(line, sizeof(line), f))
		there = there || strcmp(line, "arrived\n") == 0;
	pclose(f);
	return there;
}

Test(bootstrap, root_by_any_name_needs_no_sudo)
{
	cr_assert_eq(leads_to_root(), access("/", W_OK) == 0);
}

Test(bootstrap, the_script_is_one_line)
{
	const struct bootstrap_agent agents[] = {
		{"x86_64", "aa"}, {"aarch64", "bb"}};
	struct buf out = BUF_INIT(1 << 16);

	bootstrap_script(agents, 2, true, &out);
	cr_assert(buf_ok(&out));
	cr_assert_eq(
		strncmp(out.data, "set -- look x86_64 aa aarch64 bb; ", 34), 0);
	cr_assert_eq(strchr(out.data, '\n'), out.data + out.len - 1);
	buf_release(&out);
}

/* Every byte of nfz-unpack gets through the shell, in one line. */
Test(bootstrap, a_shell_writes_the_bytes_that_were_meant)
{
	struct buf bytes = BUF_INIT(512), out = BUF_INIT(1 << 16);
	char file[] = "/tmp/nfz-bytes-XXXXXX", seen[600];
	int fd = mkstemp(file);
	const char *from;
	FILE *f;

	for (int i = 0; i < 512; i++)
		buf_addc(&bytes, (char)(i < 256 ? i : 511 - i));
	bootstrap_send("aa", 20, 10, &bytes, &out);
	cr_assert(buf_ok(&out));
	cr_assert_eq(strncmp(out.data, "set -- aa 20 10; ", 17), 0);
	cr_assert_eq(strchr(out.data, '\n'), out.data + out.len - 1);
	from = strstr(out.data, "printf '");
	setenv("FILE", file, 1);
	f = popen("/bin/sh", "w");
	fprintf(f, "%.*s >$FILE\n", (int)(strstr(from, "'; } >$f") + 1 - from),
		from);
	cr_assert_eq(pclose(f), 0);
	cr_assert_eq(read(fd, seen, sizeof(seen)), 512);
	cr_assert_eq(memcmp(seen, bytes.data, 512), 0);
	close(fd);
	unlink(file);
	buf_release(&bytes);
	buf_release(&out);
}

/* What the script says with a name in the way. */
static bool puts_into(const char *kind, const char *name)
{
	struct buf bytes = BUF_INIT(16), out = BUF_INIT(1 << 16);
	const char *from, *to;
	bool done;
	FILE *f;

	buf_adds(&bytes, "exit");
	bootstrap_send("aa", 20, 10, &bytes, &out);
	from = strstr(out.data, "put() {");
	to = strstr(from, "tidy() {");
	setenv("KIND", kind, 1);
	setenv("FILE", name, 1);
	f = popen("/bin/sh", "w");
	fprintf(f,
		"%.*s f=$FILE; set -C; case $KIND in pipe) mkfifo $f; "
		"exec 8<>$f;; link) ln -s /dev/null $f;; "
		"file) true >$f;; esac; put 2>/dev/null\n",
		(int)(to - from), from);
	done = pclose(f) == 0;
	buf_release(&bytes);
	buf_release(&out);
	return done;
}

/* Whoever else may write there could put another program in its place. */
Test(bootstrap, only_a_file_it_made_is_run)
{
	static const char *const kinds[] = {"pipe", "link", "file"};
	char dir[] = "/tmp/nfz-put-XXXXXX", name[64];
	struct stat st;

	cr_assert_not_null(mkdtemp(dir));
	snprintf(name, sizeof(name), "%s/x", dir);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		cr_expect_not(puts_into(kinds[i], name), "%s", kinds[i]);
		cr_assert_eq(lstat(name, &st), 0);
		cr_expect_neq(st.st_mode & 07777, 0700, "%s", kinds[i]);
		cr_assert_eq(unlink(name), 0);
	}
	cr_expect(puts_into("nothing", name));
	cr_assert_eq(stat(name, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0700);
	cr_assert_eq(unlink(name), 0);
	cr_assert_eq(rmdir(dir), 0);
}

Test(bootstrap, only_our_lines_count)
{
	static const struct {
		const char *line;
		enum bootstrap_word word;
		const char *rest;
	} cases[] = {
		{"Welcome to pc3!", BOOTSTRAP_NOISE, ""},
		{"", BOOTSTRAP_NOISE, ""},
		{"NFZ 2 agent", BOOTSTRAP_NOISE, ""},
		{"NFZ 1 agents", BOOTSTRAP_NOISE, ""},
		{" NFZ 1 agent", BOOTSTRAP_NOISE, ""},
		{"NFZ 1 agent", BOOTSTRAP_AGENT, ""},
		{"NFZ 1 root Linux x86_64", BOOTSTRAP_ROOT, "Linux x86_64"},
		{"NFZ 1 os FreeBSD amd64", BOOTSTRAP_OS, "FreeBSD amd64"},
		{"NFZ 1 none", BOOTSTRAP_NONE, ""},
		{"NFZ 1 need", BOOTSTRAP_NEED, ""},
		{"NFZ 1 packed", BOOTSTRAP_PACKED, ""},
		{"NFZ 1 no-place", BOOTSTRAP_NO_PLACE, ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *rest;

		cr_assert_eq(bootstrap_parse(cases[i].line, &rest),
			cases[i].word, "%s", cases[i].line);
		cr_assert_str_eq(rest, cases[i].rest);
	}
}
