/* The portal's experiments: status words, JSON in value or in output, several
 * sites, the manifests of real experiments, and answers that mean harm. */
#include "base/file.h"
#include "base/mem.h"
#include "format/jsonw.h"
#include "testbed/portal.h"
#include "testbed/rspec.h"
#include "unit/testbed/foreign.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MANIFESTS "../shared/ref/topologies/manifests/"
#define V3 "http://www.geni.net/resources/rspec/3"
#define URN "urn:publicid:IDN+"
#define READY "{\"uuid\":\"u\",\"status\":\"ready\"}"

static struct err err;

/* A service that knows one experiment, p,e. */
struct service {
	const char *status;    /* JSON */
	const char *manifests; /* JSON */
	bool in_output;        /* where the JSON is put */
	int64_t code;          /* other than 0: refuses */
	const char *said;
	int calls;
	char asked[256]; /* the last experiment asked for */
};

static void take_name(struct service *s, const char *request)
{
	const char *at = strstr(request, "<name>experiment</name>");
	const char *from = at ? strstr(at, "<string>") : NULL;

	if (from)
		snprintf(s->asked, sizeof(s->asked), "%.*s",
			(int)strcspn(from + 8, "<"), from + 8);
}

static int serve(void *ctx, const char *request, size_t len, int64_t timeout,
	struct buf *reply, struct err *e)
{
	struct service *s = ctx;
	bool status = strstr(request, "portal.experimentStatus");
	const char *json = status ? s->status : s->manifests;
	struct value *v = value_new(VALUE_STRUCT);

	(void)len;
	(void)timeout;
	(void)e;
	s->calls++;
	take_name(s, request);
	value_set(v, "code", value_int(s->code));
	value_set(v, "value",
		s->in_output || s->code ? value_int(0) : value_string(json));
	value_set(v, "output",
		value_string(s->code        ? s->said
			     : s->in_output ? json
					    : ""));
	xmlrpc_print_response(v, reply);
	value_free(v);
	return 0;
}

static int import(struct service *s, const char *user, struct topology **ret)
{
	const struct client_exp e = {"p", "e"};
	const struct portal_options o = {.user = user};
	struct client *c = client_over(serve, s);
	int rc = portal_import(c, &e, &o, ret, &err);

	client_close(c);
	return rc;
}

/* {"urn:...": text, ...} */
static char *json_of(const char *const *texts, size_t n)
{
	struct buf out = BUF_INIT(64 << 20);
	struct jsonw w;

	jsonw_init(&w, &out, JSONW_COMPACT);
	jsonw_object(&w);
	for (size_t i = 0; i < n; i++) {
		char urn[64];

		snprintf(urn, sizeof(urn), URN "site%zu+authority+cm", i + 1);
		jsonw_put(&w, urn, texts[i]);
	}
	jsonw_end(&w);
	return buf_take(&out);
}

/* As counted by another program. */
static const struct {
	const char *file;
	size_t nodes, links, ends, logins;
	const char *node, *host;
	uint16_t port;
	const char *last_user; /* of its logins */
} truth[] = {
	{"01-cloudlab-2node-100g-link", 2, 1, 2, 2, "node0",
		"amd269.site1.example.net", 22, "user"},
	{"02-cloudlab-101node-2lans-mixed-hw", 101, 2, 102, 101, "node1",
		"amd117.site1.example.net", 22, "user"},
	{"03-apt-xen-14node-tree", 14, 13, 26, 14, "sw_origin",
		"apt071.site1.example.net", 25615, "user2"},
	{"04-cloudlab-8node-multi-nic", 8, 7, 18, 8, "node1",
		"hp159.site1.example.net", 22, "user25"},
	{"05-multisite-13vm-no-links", 13, 0, 0, 13, "Controller",
		"pcvm5-14.site1.example.net", 22, "user4"},
	{"06-instageni-5vm-ring-and-chords", 5, 6, 12, 5, "client",
		"pc3.site1.example.net", 26412, "user7"},
	{"07-instageni-4vm-one-lan", 4, 1, 4, 4, "node-0",
		"pc3.site1.example.net", 29810, "user6"},
	{"08-instageni-7vm-gateway", 7, 6, 12, 7, "T1", "pc1.site1.example.net",
		27763, "user4"},
	{"09-instageni-4vm-star", 4, 3, 6, 4, "worker1",
		"pc3.site1.example.net", 27211, "user7"},
	{"10-instageni-2vm-link", 2, 1, 2, 2, "frontend",
		"pcvm3-10.site1.example.net", 22, "user4"},
	{"11-instageni-7vm-star", 7, 6, 12, 7, "web-server",
		"pcvm3-34.site1.example.net", 22, "user6"},
	{"12-instageni-6vm-star", 6, 5, 10, 6, "server",
		"pcvm3-23.site1.example.net", 22, "user6"},
	{"13-instageni-5vm-star", 5, 4, 8, 5, "server",
		"pcvm5-13.site1.example.net", 22, "user4"},
	{"14-amapi-minimal", 1, 0, 0, 0, "foo", NULL, 0, NULL},
};

static void check_manifest(size_t i, const struct topology *t)
{
	const char *file = truth[i].file;
	size_t logins = 0, ends = 0;
	int node = topology_node_exact(t, truth[i].node);
	const struct topo_machine *m;

	for (size_t k = 0; k < t->n_nodes; k++)
		logins += t->nodes[k].m->hostname && t->nodes[k].m->user;
	for (size_t k = 0; k < t->n_links; k++)
		ends += t->links[k].n_members;
	cr_expect_eq(t->n_nodes, truth[i].nodes, "%s", file);
	cr_expect_eq(t->n_links, truth[i].links, "%s", file);
	cr_expect_eq(ends, truth[i].ends, "%s: %zu ends", file, ends);
	cr_expect_eq(logins, truth[i].logins, "%s: %zu logins", file, logins);
	cr_assert(node >= 0, "%s", file);
	m = t->nodes[node].m;
	cr_expect_eq(m->port, truth[i].port, "%s: port %d", file, m->port);
	if (!truth[i].host) {
		cr_expect_str_eq(m->unusable, "no-login");
		return;
	}
	cr_expect_str_eq(m->hostname, truth[i].host, "%s", file);
	cr_expect_str_eq(m->user, truth[i].last_user, "%s: %s", file, m->user);
}

Test(portal, real_manifests_import_as_experiments)
{
	struct stat st;

	if (stat(MANIFESTS, &st) < 0) {
		fprintf(stderr, "SKIPPED: no %s\n", MANIFESTS);
		return;
	}
	for (size_t i = 0; i < sizeof(truth) / sizeof(truth[0]); i++) {
		struct service s = {.status = READY, .in_output = i % 2};
		struct buf text = BUF_INIT(1 << 20);
		struct topology *t = NULL;
		char path[256];
		const char *one;
		cleanup_free char *json = NULL;

		snprintf(path, sizeof(path), MANIFESTS "%s.xml", truth[i].file);
		cr_assert_eq(file_read(path, &text, &err), 0, "%s", err.text);
		one = buf_str(&text);
		json = json_of(&one, 1);
		s.manifests = json;
		cr_assert_eq(import(&s, truth[i].last_user, &t), 0, "%s: %s",
			truth[i].file, err.text);
		cr_expect_str_eq(t->project, "p");
		cr_expect_str_eq(t->experiment, "e");
		cr_expect_str_eq(t->source, "portal");
		cr_expect_str_eq(s.asked, "p,e");
		check_manifest(i, t);
		topology_free(t);
		buf_release(&text);
	}
}

#define SITE_NODE(id, site, mac)                                               \
	"<node client_id='" id "' component_manager_id='" URN site             \
	"+authority+cm' component_id='" URN site                               \
	"+node+pc1' sliver_id='" URN site "+sliver+" id                        \
	"'><interface client_id='if0' sliver_id='" URN site "+sliver+i" id     \
	"' mac_address='" mac "'/><services><login hostname='" id              \
	".net' port='22' username='u'/></services></node>"
#define WISHED(id)                                                             \
	"<node client_id='" id "'><interface client_id='if0'/></node>"
#define BETWEEN(more)                                                          \
	"<link client_id='far'><interface_ref client_id='if0' sliver_id='" URN \
	"one+sliver+ia'/><interface_ref client_id='if0' sliver_id='" URN       \
	"two+sliver+ib'/>" more "<component_manager name='" URN                \
	"one+authority+cm'/><component_manager name='" URN                     \
	"two+authority+cm'/></link>"
#define RSPEC(x) "<rspec xmlns='" V3 "' type='request'>" x "</rspec>"

Test(portal, sites_are_put_together)
{
	/* each site tells of the other's node as it was asked for, and both
	 * of the link; the ids of interfaces are the same on purpose */
	const char *const texts[] = {RSPEC(SITE_NODE("a", "one", "020000000001")
						     WISHED("b") BETWEEN("")),
		RSPEC(WISHED("a") SITE_NODE("b", "two", "020000000002")
				BETWEEN(""))};
	cleanup_free char *json = json_of(texts, 2);
	struct service s = {.status = READY, .manifests = json};
	struct topology *t = NULL;

	cr_assert_eq(import(&s, NULL, &t), 0, "%s", err.text);
	foreign_nodes(t, "a b");
	foreign_expect(t, "far: a b\n");
	cr_expect_eq(t->ifaces[1].card->mac[5], 2);
	cr_expect_str_eq(t->nodes[1].m->hostname, "b.net");
	topology_free(t);
}

#define HOST(id, more)                                                         \
	"<node client_id='" id "' sliver_id='s" id                             \
	"'><interface client_id='" id ":0' mac_address='0200000000" more       \
	"'/></node>"

Test(portal, a_lan_over_sites_has_all_members_once)
{
	const char *const texts[] = {
		RSPEC(HOST("a", "01") HOST(
			"b", "02") "<link client_id='lan'><interface_ref "
				   "client_id='a:0'/>"
				   "<interface_ref client_id='b:0'/></link>"),
		RSPEC(HOST("c", "03") WISHED(
			"a") "<link client_id='lan'><interface_ref "
			     "client_id='c:0'/>"
			     "<interface_ref client_id='b:0'/></link>"),
		/* of the same name, and another: nothing in common */
		RSPEC(HOST("d", "04") HOST(
			"f", "05") "<link client_id='lan'><interface_ref "
				   "client_id='d:0'/>"
				   "<interface_ref client_id='f:0'/></link>")};
	cleanup_free char *json = json_of(texts, 3);
	struct service s = {.status = READY, .manifests = json};
	struct topology *t = NULL;

	cr_assert_eq(import(&s, NULL, &t), 0, "%s", err.text);
	foreign_nodes(t, "a b c d f");
	foreign_expect(t, "lan: a b c []\nlan#2: d f\n");
	topology_free(t);
}

Test(portal, the_callers_login_is_taken)
{
	const char *const text =
		RSPEC("<node client_id='a' sliver_id='s'><services>"
		      "<login hostname='x.net' port='1' username='leader'/>"
		      "<login hostname='y.net' port='2' username='me'/>"
		      "</services></node>");
	cleanup_free char *json = json_of(&text, 1);
	const struct {
		const char *user, *host;
	} all[] = {{"me", "y.net"}, {"stranger", "x.net"}, {"", "x.net"},
		{NULL, "x.net"}};

	for (size_t i = 0; i < 4; i++) {
		struct service s = {.status = READY, .manifests = json};
		struct topology *t = NULL;

		cr_assert_eq(import(&s, all[i].user, &t), 0, "%s", err.text);
		cr_expect_str_eq(t->nodes[0].m->hostname, all[i].host);
		topology_free(t);
	}
}

Test(portal, status_words)
{
	const struct {
		const char *status;
		int rc;
		const char *text;
	} all[] = {{"ready", 0, ""}, {"booted", 0, ""},
		{"provisioning", -NFZ_E_SWAPPED,
			"experiment p/e gets its nodes (provisioning)"},
		{"booting", -NFZ_E_SWAPPED,
			"experiment p/e boots its nodes (booting)"},
		{"failed", -NFZ_E_SWAPPED,
			"experiment p/e has failed (failed)"},
		{"terminating", -NFZ_E_SWAPPED,
			"experiment p/e is being terminated (terminating)"},
		{"\\u001b[2Jodd", -NFZ_E_SWAPPED,
			"experiment p/e is not ready (status [2Jodd)"}};
	const char *const text = RSPEC(HOST("a", "01"));
	cleanup_free char *json = json_of(&text, 1);

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		char status[100];
		struct service s = {.status = status, .manifests = json};
		struct topology *t = NULL;

		snprintf(status, sizeof(status), "{\"status\":\"%s\"}",
			all[i].status);
		err_clear(&err);
		cr_expect_eq(import(&s, NULL, &t), all[i].rc, "%s: %s",
			all[i].status, err.text);
		cr_expect_str_eq(err.text, all[i].text);
		topology_free(t);
	}
}

Test(portal, nodes_that_failed_carry_no_probe)
{
	const char *const text = RSPEC(HOST("a", "01") HOST("b", "02"));
	cleanup_free char *json = json_of(&text, 1);
	struct service s = {.status = "{\"status\":\"ready\",\"execute_status\""
				      ":{\"failed\":1},\"aggregate_status\":{"
				      "\"urn:x\":{\"nodes\":{\"b\":{\"status\":"
				      "\"failed\"},\"a\":{\"status\":\"ready\","
				      "\"rawstate\":\"ISUP\"}}}}}",
		.manifests = json};
	struct buf notes = BUF_INIT(1 << 16);
	const struct client_exp e = {"p", "e"};
	const struct portal_options o = {.notes = &notes};
	struct client *c = client_over(serve, &s);
	struct topology *t = NULL;

	cr_assert_eq(portal_import(c, &e, &o, &t, &err), 0, "%s", err.text);
	cr_expect_str_eq(t->nodes[1].m->unusable, "down");
	cr_expect(!t->nodes[0].m->unusable ||
		  strcmp(t->nodes[0].m->unusable, "down") != 0);
	cr_expect(strstr(buf_str(&notes), "failed on 1 node\n"));
	topology_free(t);
	client_close(c);
	buf_release(&notes);
}

Test(portal, refusals)
{
	const struct {
		int64_t code;
		const char *said;
		int rc;
		const char *text;
	} all[] = {{12, "No such experiment", -NFZ_E_NO_EXPERIMENT,
			   "no experiment p/e"},
		{3, "Not enough permission", -NFZ_E_FORBIDDEN,
			"you may not access experiment p/e"},
		{14, "Experiment is busy", -NFZ_E_BUSY,
			"p/e: the testbed is busy: Experiment is busy"},
		{15, "Gone", -NFZ_E_SWAPPED,
			"experiment p/e has expired: Gone"},
		{7, "Down for a day", -NFZ_E_CLOSED,
			"the testbed is closed for logins"}};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct service s = {.code = all[i].code, .said = all[i].said};
		struct topology *t = NULL;

		cr_expect_eq(import(&s, NULL, &t), all[i].rc, "%s", err.text);
		cr_expect_str_eq(err.text, all[i].text);
	}
}

Test(portal, answers_that_make_no_sense)
{
	const struct {
		const char *status, *manifests, *text;
	} all[] = {
		{"ready", "{}", "has no JSON in it"},
		{"{}", "{}", "has no status"},
		{"[", "{}", "the portal's answer makes no sense"},
		{"{\"status\":7}", "{}", "has no status"},
		{READY, "{}", "holds no RSpec manifest"},
		{READY, "[1,2]", "holds no RSpec manifest"},
		{READY, "{\"u\":\"<rspec\"}", "manifests make no sense"},
		{READY,
			"{\"u\":{\"u\":{\"u\":{\"u\":{\"u\":{\"u\":{\"u\":{"
			"\"u\":{\"u\":\"x\"}}}}}}}}}",
			"8 levels"},
		/* entities that would grow without end are never expanded */
		{READY,
			"{\"u\":\"<?xml version='1.0'?><!DOCTYPE rspec "
			"[<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>"
			"<!ENTITY c '&b;&b;&b;&b;'>]><rspec xmlns='" V3
			"'><node client_id='&c;'/></rspec>\"}",
			"manifests make no sense"},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct service s = {
			.status = all[i].status, .manifests = all[i].manifests};
		struct topology *t = NULL;
		int rc = import(&s, NULL, &t);

		cr_expect(rc == -NFZ_E_REPLY || rc == -NFZ_E_LIMIT,
			"%zu: %d %s", i, rc, err.text);
		cr_expect(
			strstr(err.text, all[i].text), "%zu: %s", i, err.text);
	}
}

Test(portal, hostile_logins_are_none)
{
	static const char *const hosts[] = {"-oProxyCommand=id", "$(id)",
		"a;id", "a b", "`id`", "a|b", "a\nb", ""};
	static const char *const users[] = {"-l", "$(id)", "a;b", "root id"};

	for (size_t i = 0; i < 12; i++) {
		char text[512];
		const char *one = text;
		struct service s = {.status = READY};
		struct topology *t = NULL;
		cleanup_free char *json = NULL;

		snprintf(text, sizeof(text),
			RSPEC("<node client_id='$(reboot)' sliver_id='s'>"
			      "<services><login hostname='%s' port='%s' "
			      "username='%s'/></services></node>"),
			i < 8 ? hosts[i] : "good.net", i % 2 ? "99999" : "-1",
			i < 8 ? "u" : users[i - 8]);
		s.manifests = json = json_of(&one, 1);
		cr_assert_eq(import(&s, NULL, &t), 0, "%s", err.text);
		cr_expect_str_eq(t->nodes[0].name, "$(reboot)");
		cr_expect_eq(t->nodes[0].m->port, 0);
		cr_expect_null(t->nodes[0].m->user);
		if (i < 8)
			cr_expect_null(t->nodes[0].m->hostname, "%s", hosts[i]);
		topology_free(t);
	}
}

Test(portal, names_are_checked_before_they_are_sent)
{
	static const char *const names[] = {
		"-e", "a b", "a,b", "../x", "<x>", ""};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct client_exp e = {"p", names[i]};
		struct service s = {.status = READY};
		struct client *c = client_over(serve, &s);
		struct portal_status st;

		cr_expect_eq(portal_status(c, &e, &st, &err), -NFZ_E_USAGE);
		cr_expect_eq(s.calls, 0, "%s", names[i]);
		portal_status_release(&st);
		client_close(c);
	}
}

Test(portal, a_saved_answer_is_a_topology_file)
{
	struct topology *t = foreign(
		"{\"urn:publicid:IDN+s+authority+cm\": \"<rspec xmlns='" V3
		"'><node client_id='a'/><node client_id='b'/></rspec>\"}\n");

	foreign_nodes(t, "a b");
	cr_expect_str_eq(t->source, "portal");
	topology_free(t);
}
