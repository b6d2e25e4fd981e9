/* Datagrams of foreign exporters: NetFlow 1, 5, 7, 9, IPFIX and sFlow 5 come
 * to one port and are told apart by their first bytes. */
#include "collector/foreign.h"
#include "base/cursor.h"
#include "base/mem.h"
#include "flow/nf5.h"
#include "format/crypto.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

bool foreign_listed(const struct foreign *f, const struct net_addr *addr)
{
	const struct setup *s = f->c->setup;

	for (size_t i = 0; i < s->n_import_from; i++)
		if (net_prefix_has(&s->import_from[i], addr))
			return true;
	return false;
}

static void keep_rows(struct foreign *f, const struct flow_rows *rows)
{
	struct collector *c = f->c;
	const struct store_batch b = {.from = {MODULE_FOREIGN, f->life},
		.seq = ++f->seq,
		.received_ns = wall_now().ns,
		.records = rows->records,
		.extras = rows->extras,
		.n = rows->n};
	bool fresh;

	f->message_flows += (uint32_t)rows->n;
	if (!rows->n)
		return;
	if (store_append(c->store, &b, &fresh, NULL) < 0)
		f->unstored += rows->n;
	else
		c->records += rows->n;
	collector_dirty(c, store_pending(c->store) >= FOREIGN_BYTES
				   ? COMMIT_SOON_MS
				   : FOREIGN_MS);
}

static void on_rows(void *ctx, const struct flow_rows *rows)
{
	keep_rows(ctx, rows);
}

/* --- one datagram of each kind ------------------------------------------- */

static enum source_kind kind_of(uint16_t version)
{
	return version == 1   ? SOURCE_NF1
	       : version == 5 ? SOURCE_NF5
			      : SOURCE_NF7;
}

static void on_fixed(struct foreign *f, const struct udp_datagram *d)
{
	struct flow_record records[NF5_RECORDS];
	struct flow_extra extras[NF5_RECORDS];
	struct flow_rows rows = {records, extras, 0};
	struct nf5_header h;
	struct source_news news = {.addr = d->addr, .port = d->port};

	if (!nf5_decode(d->data, d->len, &h, records, extras)) {
		f->malformed++;
		return;
	}
	rows.n = h.count;
	news.kind = kind_of(h.version);
	news.domain = (uint32_t)h.engine_type << 8 | h.engine_id;
	news.sequence = h.sequence;
	news.units = news.flows = h.count;
	news.boot_ns = nf5_boot_ns(&h);
	news.uptime_ms = h.uptime_ms;
	if (sources_note(&f->sources, &news, wall_now().ns))
		keep_rows(f, &rows);
}

static void on_sflow(struct foreign *f, const struct udp_datagram *d)
{
	const int64_t now_ns = wall_now().ns;
	struct sflow_datagram *s = &f->sflow;
	struct source_news news = {
		.addr = d->addr, .port = d->port, .kind = SOURCE_SFLOW};

	if (!sflow_read(d->data, d->len, now_ns, s)) {
		f->malformed++;
		return;
	}
	news.domain = s->sub_agent;
	news.sequence = s->sequence;
	news.units = 1;
	news.flows = (uint32_t)s->n;
	news.boot_ns = s->boot_ns;
	if (sources_note(&f->sources, &news, now_ns))
		keep_rows(f,
			&(const struct flow_rows){s->records, s->extras, s->n});
}

void foreign_message(struct foreign *f, const struct flowset_session *from,
	const uint8_t *data, size_t len)
{
	const int64_t now_ns = wall_now().ns;
	struct source_news news = {
		.addr = from->addr, .port = (uint16_t)from->port};
	struct flowset_message m;

	f->message_flows = 0;
	if (!flowset_read(f->sets, from, data, len, now_ns, &m)) {
		f->malformed++;
		return;
	}
	news.kind = m.version == 9 ? SOURCE_NF9 : SOURCE_IPFIX;
	news.domain = m.domain;
	news.sequence = m.sequence;
	news.units = m.version == 9 ? 1 : m.records;
	news.unknown = m.version != 9 && m.unknown;
	news.flows = f->message_flows;
	news.boot_ns = m.boot_ns;
	news.uptime_ms = m.uptime_ms;
	sources_note(&f->sources, &news, now_ns);
}

static void on_datagram(struct foreign *f, const struct udp_datagram *d)
{
	const struct flowset_session from = {.addr = d->addr, .port = d->port};
	const uint8_t *p = d->data;
	const uint16_t version = d->len >= 4 ? cursor_load16(p) : UINT16_MAX;

	if (!foreign_listed(f, &d->addr))
		f->unlisted++;
	else if (d->len > UDP_LARGE) /* it was cut */
		f->malformed++;
	else if (version == 9 || version == 10)
		foreign_message(f, &from, p, d->len);
	else if (version == 0)
		on_sflow(f, d);
	else
		on_fixed(f, d);
}

static void on_readable(void *data, int fd, short revents)
{
	struct foreign *f = data;
	size_t n = UDP_BATCH;

	(void)fd;
	(void)revents;
	for (int round = 0; round < 8 && n == UDP_BATCH; round++) {
		n = udp_receive(&f->udp);
		for (size_t i = 0; i < n; i++)
			on_datagram(f, &f->udp.got[i]);
	}
}

/* --- all of them --------------------------------------------------------- */

int foreign_open(struct collector *c, struct err *err)
{
	struct foreign *f;
	int r;

	if (!c->setup->import_port)
		return 0;
	c->foreign = f = mem_zalloc(1, sizeof(*f));
	f->c = c;
	f->udp.fd = -1;
	f->sets = flowset_new(on_rows, f);
	foreign_load_templates(f);
	crypto_random(&f->life, sizeof(f->life));
	r = udp_open(&f->udp, &c->setup->listen, c->setup->import_port, err);
	if (r < 0)
		return err_wrap(err, "foreign exporters");
	udp_take_large(&f->udp);
	loop_watch(c->loop, f->udp.fd, POLLIN, on_readable, f);
	return foreign_streams_open(f, err);
}

void foreign_close(struct collector *c)
{
	struct foreign *f = c->foreign;

	if (!f)
		return;
	foreign_streams_close(f);
	if (f->udp.fd >= 0) {
		loop_unwatch(c->loop, f->udp.fd);
		udp_close(&f->udp);
	}
	flowset_free(f->sets);
	free(take(c->foreign));
}

/* Our counts begin with us: so does their life in the store, or those of our
 * next start would take the place of these.  They are of places, not of
 * exporters, which come and go as they like. */
static struct module_stats stats_of(const struct foreign *f, size_t i)
{
	const struct source *s = &f->sources.items[i];
	const struct source_flows flows = source_flows(s);
	struct module_stats m = {.module = (uint16_t)(MODULE_FOREIGN_FIRST + i),
		.life = f->life,
		.at_ns = s->heard_ns};

	snprintf(m.backend, sizeof(m.backend), "%s", source_kind_name(s->kind));
	for (size_t j = 0; j < MODULE_STAT_COUNT; j++)
		m.n[j] = HEALTH_UNKNOWN;
	m.n[STAT_RECORDS_SENT] = flows.sent;
	m.n[STAT_RECORDS_LOST] = flows.lost;
	return m;
}

void foreign_keep(struct collector *c)
{
	struct foreign *f = c->foreign;
	bool all = true;

	if (!f)
		return;
	for (size_t i = 0; i < f->sources.n; i++) {
		struct module_stats m = stats_of(f, i);

		if (f->sources.items[i].heard <= f->counted)
			continue;
		if (store_append_stats(c->store, &m, NULL) == 0)
			collector_dirty(c, COMMIT_MS);
		else
			all = false;
	}
	if (all)
		f->counted = f->sources.heard;
	foreign_save_templates(f);
}

static void print_source(
	struct jsonw *w, const struct source *s, const struct source_sum *sum)
{
	char addr[NET_ADDR_TEXT];

	jsonw_object_inline(w);
	jsonw_put(w, "addr", net_addr_print(&s->addr, addr));
	jsonw_put_uint(w, "port", s->port);
	jsonw_put(w, "format", source_kind_name(s->kind));
	jsonw_put_uint(w, "domain", s->domain);
	jsonw_put_uint(w, "messages", sum->messages);
	jsonw_put_uint(w, "flows", sum->flows);
	if (*source_kind_unit(s->kind)) {
		jsonw_put_uint(w, "lost", sum->lost);
		jsonw_put(w, "lost_unit", source_kind_unit(s->kind));
	}
	jsonw_put_uint(w, "restarts", sum->restarts);
	jsonw_end(w);
}

void foreign_print(const struct collector *c, struct jsonw *w)
{
	const struct foreign *f = c->foreign;
	const struct flowset_counts *k;
	struct source_sum sum;

	if (!f) {
		jsonw_null(w);
		return;
	}
	k = flowset_counts(f->sets);
	jsonw_object(w);
	jsonw_put_uint(w, "malformed", f->malformed);
	jsonw_put_uint(w, "unlisted", f->unlisted);
	jsonw_put_uint(w, "unstored", f->unstored);
	jsonw_put_uint(w, "kernel_drops", f->udp.drops);
	jsonw_put_uint(w, "connections_dropped", f->dropped);
	jsonw_put_uint(w, "exporters_refused", f->sources.refused);
	jsonw_put_uint(w, "templates", k->templates);
	jsonw_put_uint(w, "templates_refused", k->refused);
	jsonw_put_uint(w, "waiting_bytes", k->waiting);
	jsonw_put_uint(w, "given_up_bytes", k->given_up);
	jsonw_put_uint(w, "bad_sets", k->bad_sets);
	jsonw_put_uint(w, "records_left_out", k->left_out);
	jsonw_put_uint(w, "values_left_out", k->cut);
	jsonw_key(w, "sources");
	jsonw_array(w);
	for (size_t i = 0; i < f->sources.n; i++)
		if (sources_sum(&f->sources, i, &sum))
			print_source(w, &f->sources.items[i], &sum);
	jsonw_end(w);
	jsonw_end(w);
}
