/* Nodes of an experiment: the testbed's mapping, with where to log in.
 *
 * The mapping also lists machines the user never declared (shapers, hosts of
 * virtual nodes); the role decides, not the name. */
#define _GNU_SOURCE /* strverscmp */
#include "base/mem.h"
#include "testbed/import_data.h"

#include <stdlib.h>
#include <string.h>

enum { HOST_KEYS_MAX = 16, KEY_LEN_MAX = 8192 };

int import_node_on(const struct import *i, const char *machine)
{
	for (size_t k = 0; machine && k < i->t->n_nodes; k++)
		if (i->t->nodes[k].m->phys &&
			strcmp(i->t->nodes[k].m->phys, machine) == 0)
			return (int)k;
	return -1;
}

static bool is_role(const char *erole, const char *name)
{
	return erole && strcmp(erole, name) == 0;
}

static enum node_role role_of(const struct value *entry, const char *machine)
{
	const char *erole = import_text(entry, "erole");
	const char *host = import_text(entry, "pnode");

	if (is_role(erole, "delaynode"))
		return ROLE_SHAPER;
	if (is_role(erole, "virthost") || is_role(erole, "simhost") ||
		is_role(erole, "sharedhost"))
		return ROLE_VIRTHOST;
	if (is_role(erole, "subboss"))
		return ROLE_EXTERNAL;
	if (machine && host && strcmp(machine, host) != 0)
		return ROLE_VIRTUAL;
	return ROLE_HOST;
}

static int add_login(struct import *i, const char *name, struct topo_machine *m)
{
	const struct value *ssh = map_gets(&i->logins, m->phys);
	int64_t port = 0;

	m->hostname = import_text(ssh, "hostname");
	m->gateway = import_text(ssh, "gateway");
	if ((m->hostname && !topology_host_valid(m->hostname)) ||
		(m->gateway && !topology_host_valid(m->gateway)))
		return err_set(i->err, NFZ_E_REPLY,
			"the testbed names a host for node \"%s\" that can be "
			"none",
			name);
	if (value_get_int(ssh, "port", &port) && port > 0 && port < 65536)
		m->port = (uint16_t)port;
	if (i->ssh && !m->hostname && !m->unusable)
		m->unusable = "no-login";
	return 0;
}

/* Members that hold a public key in a line, whatever they are called. */
static bool is_key_line(const struct value *v)
{
	if (v->kind != VALUE_STRING || v->text_len > KEY_LEN_MAX)
		return false;
	return strncmp(v->text, "ssh-", 4) == 0 ||
	       strncmp(v->text, "ecdsa-", 6) == 0;
}

static int add_host_keys(struct import *i, const char *name,
	const struct import_keys *told, struct topo_machine *m)
{
	struct arena *arena = &i->t->arena;
	const char **keys =
		arena_alloc(arena, HOST_KEYS_MAX + 1, sizeof(*keys));
	const struct value *v = told->reply;
	size_t n_keys = 0;

	if (import_keys_missing(told->rc)) {
		import_note(i, "the testbed gives no host keys of %s", name);
		return 0;
	}
	if (told->err && i->err)
		*i->err = *told->err;
	for (size_t k = 0; v && k < v->n && n_keys < HOST_KEYS_MAX; k++) {
		const struct value *key = v->items[k];
		size_t len;

		if (!is_key_line(key))
			continue;
		len = strcspn(key->text, "\r\n");
		for (size_t j = 0; j < len; j++)
			if ((unsigned char)key->text[j] < ' ')
				len = 0;
		if (len)
			keys[n_keys++] = arena_strndup(arena, key->text, len);
	}
	if (n_keys)
		m->host_keys = keys;
	return told->rc;
}

static int add_control_iface(struct import *i, int node)
{
	const struct topo_node *n = &i->t->nodes[node];
	struct topo_card card = {0};
	const struct topo_iface iface = {
		.card = &card, .node = node, .link = -1};
	cleanup_free char *key = NULL;
	const struct value *row;
	const char *mac, *mask;
	struct net_addr m;
	int64_t mbps;

	if (!n->m->address)
		return 0;
	key = mem_printf("%s %s", n->m->phys, n->m->address);
	row = map_gets(&i->iface_rows, key);
	mac = import_text(row, "mac");
	mask = import_text(row, "mask");
	card.name = import_text(row, "iface");
	card.has_mac = mac && net_mac_parse(mac, card.mac);
	card.has_addr = net_addr_parse(n->m->address, &card.addr);
	if (mask && net_addr_parse(mask, &m) && net_mask_length(&m) >= 0)
		card.prefix_len = (uint8_t)(96 + net_mask_length(&m));
	if (value_get_int(row, "current_speed", &mbps) && mbps > 0)
		card.speed_kbps = mbps * 1000;
	return topology_add_member(i->t, &iface, NULL, NULL, i->err);
}

static const char *why_unusable(
	const struct topo_machine *m, const char *eventstatus)
{
	if (import_os_unusable(m->os))
		return "os";
	if (m->status && strcmp(m->status, "down") == 0)
		return "down";
	if (eventstatus && (strcmp(eventstatus, "TBFAILED") == 0 ||
				   strcmp(eventstatus, "SHUTDOWN") == 0))
		return "down";
	return NULL;
}

static int add_node(struct import *i, const char *name,
	const struct value *entry, const struct import_keys *keys)
{
	struct topo_machine m = {0};
	struct topo_node n = {.name = name, .m = &m};
	int rc, index;

	if (!nodefile_name_valid(name, false))
		return err_set(i->err, NFZ_E_REPLY,
			"the testbed lists a node whose name is none (%zu "
			"bytes)",
			strlen(name));
	m.phys = import_text(entry, "node");
	m.host = import_text(entry, "pnode");
	if ((m.phys && !nodefile_name_valid(m.phys, false)) ||
		(m.host && !nodefile_name_valid(m.host, false)))
		return err_set(i->err, NFZ_E_REPLY,
			"the testbed names a machine for node \"%s\" that can "
			"be none",
			name);
	if (!m.phys)
		return err_set(i->err, NFZ_E_REPLY,
			"the testbed names no machine for node \"%s\"", name);
	n.role = role_of(entry, m.phys);
	m.host_shared = n.role == ROLE_VIRTUAL &&
			!map_has(&i->machines, m.host, strlen(m.host));
	m.type = import_text(entry, "type");
	m.os = import_text(entry, "osid");
	m.status = import_text(entry, "status");
	m.unusable = why_unusable(&m, import_text(entry, "eventstatus"));
	m.address = import_text(map_gets(&i->controls, m.phys), "IP");
	rc = add_login(i, name, &m);
	if (!rc)
		rc = add_host_keys(i, name, keys, &m);
	if (!rc)
		rc = topology_add_node(i->t, &n, &index, i->err);
	return rc ? rc : add_control_iface(i, index);
}

/* A machine runs one node; a virtual one counts as a machine of its own. */
static int note_machine(struct import *i, const struct value *entry)
{
	const char *machine = import_text(entry, "node");

	if (!machine)
		return 0;
	if (map_has(&i->machines, machine, strlen(machine)))
		return err_set(i->err, NFZ_E_REPLY,
			"the testbed lists the machine \"%.64s\" twice",
			machine);
	map_puts(&i->machines, machine, NULL);
	return 0;
}

struct named {
	const char *name;
	const struct value *entry;
};

static int by_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	return strverscmp(x->name, y->name);
}

static void ask_keys(struct import *i, const struct named *list,
	struct import_keys *keys, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		const char *machine = import_text(list[k].entry, "node");

		if (machine && nodefile_name_valid(machine, false))
			keys[k].machine = machine;
	}
	import_ask_keys(i, keys, n);
}

/* The reply is a hash: sorted by name, the same experiment is always the same
 * topology. */
int import_nodes(struct import *i)
{
	size_t n = i->mapping->n;
	cleanup_free struct named *list = mem_zalloc(n + 1, sizeof(*list));
	cleanup_free struct import_keys *keys = mem_zalloc(n, sizeof(*keys));
	int rc = 0;

	for (size_t k = 0; !rc && k < n; k++) {
		list[k] = (struct named){
			i->mapping->names[k], i->mapping->items[k]};
		rc = note_machine(i, list[k].entry);
	}
	if (rc)
		return rc;
	qsort(list, n, sizeof(*list), by_name);
	if (!i->options->without_host_keys)
		ask_keys(i, list, keys, n);
	for (size_t k = 0; !rc && k < n; k++)
		rc = add_node(i, list[k].name, list[k].entry, &keys[k]);
	for (size_t k = 0; k < n; k++) {
		value_free(keys[k].reply);
		free(keys[k].err);
	}
	return rc;
}
