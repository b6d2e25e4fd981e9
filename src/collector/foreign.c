/* NetFlow v5 from exporters that cannot be authenticated: only when the setup
 * names a port, only from the addresses it lists, every record flagged.  They
 * cannot be asked to send again: what the disk does not take is counted. */
#include "collector/collector.h"
#include "base/mem.h"
#include "format/crypto.h"

#include <poll.h>

static bool listed(const struct setup *s, const struct net_addr *addr)
{
	for (size_t i = 0; i < s->n_nf5_allow; i++)
		if (net_prefix_has(&s->nf5_allow[i], addr))
			return true;
	return false;
}

static void keep_rows(
	struct collector *c, const struct flow_record *records, size_t n)
{
	const struct store_batch b = {.from = {MODULE_FOREIGN, c->nf5_life},
		.seq = ++c->nf5_seq,
		.received_ns = wall_now().ns,
		.records = records,
		.n = n};
	bool fresh;

	if (store_append(c->store, &b, &fresh, NULL) < 0)
		c->nf5_unstored += n;
	else
		c->records += n;
	collector_dirty(c, store_pending(c->store) >= FOREIGN_BYTES
				   ? COMMIT_SOON_MS
				   : FOREIGN_MS);
}

static void on_datagram(struct collector *c, const struct udp_datagram *d)
{
	struct flow_record records[NF5_RECORDS];
	struct nf5_header h;

	if (!listed(c->setup, &d->addr))
		c->nf5_unlisted++;
	else if (d->len > UDP_ROOM || !nf5_decode(d->data, d->len, &h, records))
		c->nf5_malformed++;
	else if (sources_note(c->sources, &d->addr, &h, wall_now().ns))
		keep_rows(c, records, h.count);
}

static void on_readable(void *data, int fd, short revents)
{
	struct collector *c = data;
	size_t n = UDP_BATCH;

	(void)fd;
	(void)revents;
	for (int round = 0; round < 8 && n == UDP_BATCH; round++) {
		n = udp_receive(&c->nf5);
		for (size_t i = 0; i < n; i++)
			on_datagram(c, &c->nf5.got[i]);
	}
}

int foreign_open(struct collector *c, struct err *err)
{
	int r;

	if (!c->setup->nf5_port)
		return 0;
	r = udp_open(&c->nf5, &c->setup->listen, c->setup->nf5_port, err);
	if (r < 0)
		return err_wrap(err, "NetFlow v5");
	c->sources = mem_zalloc(1, sizeof(*c->sources));
	crypto_random(&c->nf5_life, sizeof(c->nf5_life));
	loop_watch(c->loop, c->nf5.fd, POLLIN, on_readable, c);
	return 0;
}

void foreign_close(struct collector *c)
{
	if (c->nf5.fd < 0)
		return;
	loop_unwatch(c->loop, c->nf5.fd);
	udp_close(&c->nf5);
	free(c->sources);
	c->sources = NULL;
}

/* Our count of an exporter begins with us: so does its life in the store, or
 * the count of our next start would take the place of this one. */
static uint64_t life_of(const struct collector *c, const struct source *s)
{
	const struct hash_key key = {c->nf5_life, s->engine};

	return hash_bytes(&key, &s->addr, sizeof(s->addr));
}

void foreign_keep(struct collector *c)
{
	int64_t now = wall_now().ns;

	for (size_t i = 0; c->sources && i < c->sources->n; i++) {
		const struct source *s = &c->sources->items[i];
		struct module_stats m = {
			.module = (uint16_t)(MODULE_FOREIGN_FIRST + i),
			.life = life_of(c, s),
			.at_ns = s->heard_ns,
			.backend = "nf5"};

		if (now - s->heard_ns > 2 * NS_PER_S)
			continue;
		for (size_t j = 0; j < MODULE_STAT_COUNT; j++)
			m.n[j] = HEALTH_UNKNOWN;
		m.n[STAT_RECORDS_SENT] = s->flows + source_lost(s);
		m.n[STAT_RECORDS_LOST] = source_lost(s);
		if (store_append_stats(c->store, &m, NULL) == 0)
			collector_dirty(c, COMMIT_MS);
	}
}
