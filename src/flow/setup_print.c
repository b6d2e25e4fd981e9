/* The setup's text form as it is written; flow/setup.c reads it. */
#include "flow/setup.h"
#include "base/word.h"
#include "format/crypto.h"

/* The empty one is "-". */
static void add_word(struct buf *out, const char *word)
{
	if (*word == '-')
		buf_adds(out, "%2d");
	else if (!*word)
		buf_addc(out, '-');
	word_add(out, word + (*word == '-'));
}

static void print_peer(const struct setup_peer *p, struct buf *out)
{
	char addr[NET_ADDR_TEXT], send[SETUP_KEY_BYTES * 2 + 1],
		receive[SETUP_KEY_BYTES * 2 + 1];

	buf_addf(out, "peer %u %s %s %u %s %s\n", p->id,
		module_role_name(p->role), net_addr_print(&p->addr, addr),
		p->port, crypto_hex(p->send_key, SETUP_KEY_BYTES, send),
		crypto_hex(p->receive_key, SETUP_KEY_BYTES, receive));
	crypto_wipe(send, sizeof(send));
	crypto_wipe(receive, sizeof(receive));
}

static void print_tap(const struct setup_tap *t, struct buf *out)
{
	char mac[NET_MAC_TEXT];

	buf_addf(out, "tap %u ", t->id);
	add_word(out, t->ifname);
	buf_addf(out, " %s ", t->has_mac ? net_mac_print(t->mac, mac) : "-");
	add_word(out, t->link);
	buf_addf(out, " %u %u %s %s %u %u %s\n", t->count_received,
		t->count_sent, t->lowest ? "lowest" : "-",
		t->lan ? "lan" : "p2p", t->near_slot, t->far_slot,
		t->facing ? "facing" : "-");
	/* of a large LAN there are very many: no formats */
	for (size_t i = 0; i < t->n_members; i++) {
		buf_adds(out, "member ");
		buf_add_uint(out, t->members[i].slot);
		buf_addc(out, ' ');
		buf_adds(out, net_mac_print(t->members[i].mac, mac));
		buf_adds(out, t->members[i].watched ? " watched\n" : " -\n");
	}
}

void setup_print(const struct setup *s, struct buf *out)
{
	char addr[NET_ADDR_TEXT], target[EXPORT_TARGET_TEXT];

	buf_addf(out, "netflowize-setup 1\ndeployment %016llx\nmodule %u %s\n",
		(unsigned long long)s->deployment, s->id,
		module_role_name(s->role));
	buf_addf(out, "listen %s %u\n", net_addr_print(&s->listen, addr),
		s->port);
	buf_addf(out, "active_ms %lld\nidle_ms %lld\nfin_ms %lld\n",
		(long long)s->active_ms, (long long)s->idle_ms,
		(long long)s->fin_ms);
	buf_addf(out, "lease_ms %lld\ncache_flows %u\nstore ",
		(long long)s->lease_ms, s->cache_flows);
	add_word(out, s->store);
	buf_addc(out, '\n');
	if (s->keep_ms)
		buf_addf(out, "keep_ms %lld\n", (long long)s->keep_ms);
	if (s->keep_bytes)
		buf_addf(out, "keep_bytes %llu\n",
			(unsigned long long)s->keep_bytes);
	if (s->pack_ms)
		buf_addf(out, "pack_ms %lld\n", (long long)s->pack_ms);
	if (s->backend[0]) {
		buf_adds(out, "backend ");
		add_word(out, s->backend);
		buf_addc(out, '\n');
	}
	if (s->threads != 1)
		buf_addf(out, "threads %u\n", s->threads);
	if (s->import_port)
		buf_addf(out, "import_port %u\n", s->import_port);
	for (size_t i = 0; i < s->n_import_from; i++) {
		const struct net_prefix *p = &s->import_from[i];
		unsigned len = net_addr_is_v4(&p->addr) && p->len >= 96
				       ? p->len - 96u
				       : p->len;

		buf_addf(out, "import_from %s/%u\n",
			net_addr_print(&p->addr, addr), len);
	}
	for (size_t i = 0; i < s->n_exports; i++)
		buf_addf(out, "export %s\n",
			export_target_print(&s->exports[i], target));
	for (size_t i = 0; i < s->n_peers; i++)
		print_peer(&s->peers[i], out);
	for (size_t i = 0; i < s->n_taps; i++)
		print_tap(&s->taps[i], out);
}
