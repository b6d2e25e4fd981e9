/* Where servers are: who answers, at which port, and how many ask. */
#include "analysis/talks.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 50 };

struct server {
	struct {
		struct net_addr addr;
		uint16_t port, proto;
	} key;
	uint64_t clients, talks, bytes;
};

struct servers {
	struct map by_key, seen;
	struct server *v;
	size_t n, cap;
};

static void count(struct servers *s, const struct talk *t)
{
	struct server server = {
		.key = {t->key.dst, t->key.dport, t->key.proto}};
	struct flow_key client = t->key;
	size_t at = (size_t)(uintptr_t)map_get(
		&s->by_key, &server.key, sizeof(server.key));

	if (!at) {
		MEM_PUSH(s->v, s->n, s->cap) = server;
		at = s->n;
		map_put(&s->by_key, &server.key, sizeof(server.key),
			(void *)(uintptr_t)at);
	}
	s->v[at - 1].talks++;
	s->v[at - 1].bytes += t->side[0].bytes + t->side[1].bytes;
	client.sport = 0;
	if (map_has(&s->seen, &client, sizeof(client)))
		return;
	map_put(&s->seen, &client, sizeof(client), s);
	s->v[at - 1].clients++;
}

static int by_clients(const void *a, const void *b)
{
	const struct server *x = a, *y = b;

	if (x->clients != y->clients)
		return x->clients < y->clients ? 1 : -1;
	if (x->talks != y->talks)
		return x->talks < y->talks ? 1 : -1;
	return memcmp(&x->key, &y->key, sizeof(x->key));
}

static void write_row(
	const struct study_ask *ask, const struct server *s, struct sheet *to)
{
	const int node = catalog_node_of(ask->catalog, &s->key.addr);

	study_addr_cell(to, &s->key.addr);
	sheet_text(to, node < 0 ? NULL : ask->catalog->nodes[node].name);
	sheet_plain(to, s->key.port);
	study_proto_cell(to, (uint8_t)s->key.proto);
	sheet_text(to, services_name(ask->services, (uint8_t)s->key.proto,
			       s->key.port));
	sheet_uint(to, s->clients);
	sheet_uint(to, s->talks);
	sheet_uint(to, s->bytes);
}

static int write_rows(void *it, struct sheet *to, struct err *err)
{
	struct talks *t = it;
	const size_t limit = t->ask->limit ? t->ask->limit : ROWS;
	struct servers s = {.n = 0};

	(void)err;
	map_init(&s.by_key);
	map_init(&s.seen);
	talks_turn(t);
	for (size_t i = 0; i < t->n; i++)
		if (talk_has_ports(&t->v[i]) && !talk_failed(&t->v[i]))
			count(&s, &t->v[i]);
	if (s.n)
		qsort(s.v, s.n, sizeof(*s.v), by_clients);
	for (size_t i = 0; i < s.n && i < limit; i++)
		write_row(t->ask, &s.v[i], to);
	map_release(&s.by_key);
	map_release(&s.seen);
	free(s.v);
	return 0;
}

static const struct sheet_column columns[] = {{.name = "dst"}, {.name = "node"},
	{.name = "dport"}, {.name = "proto"}, {.name = "service"},
	{.name = "clients", .right = true},
	{.name = "conversations", .right = true},
	{.name = "bytes", .right = true}};

const struct study study_servers = {columns, sizeof(columns) / sizeof(*columns),
	talks_begin, talks_add, write_rows, talks_free};
