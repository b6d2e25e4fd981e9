/* Where servers are: who answers, at which port, and how many ask. */
#include "analysis/best.h"
#include "analysis/talks.h"

#include <string.h>

enum { ROWS = 50 };

struct server_key {
	struct net_addr addr;
	uint32_t port, proto;
};
struct server {
	struct server_key key;
	uint64_t clients, talks, bytes;
};

/* Of one who asks. */
struct client {
	struct server_key server;
	struct net_addr addr;
	uint64_t talks, bytes;
};
enum {
	SERVER_WORDS = sizeof(struct server_key) / sizeof(uint64_t),
	CLIENT_WORDS = offsetof(struct client, talks) / sizeof(uint64_t)
};

static void add_client(void *to, const void *more)
{
	struct client *c = to;
	const struct client *m = more;

	c->talks += m->talks;
	c->bytes += m->bytes;
}

static int count_talk(void *ctx, const struct talk *t, struct err *err)
{
	const struct client client = {
		.server = {t->key.dst, t->key.dport, t->key.proto},
		.addr = t->key.src,
		.talks = 1,
		.bytes = t->side[0].bytes + t->side[1].bytes};

	if (!talk_has_ports(t) || talk_failed(t))
		return 0;
	return fold_add(ctx, &client, err);
}

struct counting {
	struct best best;
	struct server last; /* whose clients are being counted */
};

static int count_client(void *ctx, const void *item, struct err *err)
{
	struct counting *c = ctx;
	const struct client *client = item;

	(void)err;
	if (memcmp(&c->last.key, &client->server, sizeof(c->last.key)) != 0) {
		if (c->last.clients)
			best_add(&c->best, &c->last);
		c->last = (struct server){.key = client->server};
	}
	c->last.clients++;
	c->last.talks += client->talks;
	c->last.bytes += client->bytes;
	return 0;
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
	sheet_plain(to, (uint16_t)s->key.port);
	study_proto_cell(to, (uint8_t)s->key.proto);
	sheet_text(to, services_name(ask->services, (uint8_t)s->key.proto,
			       (uint16_t)s->key.port));
	sheet_uint(to, s->clients);
	sheet_uint(to, s->talks);
	sheet_uint(to, s->bytes);
}

static int write_rows(void *it, struct sheet *to, struct err *err)
{
	struct talks *t = it;
	struct fold *clients =
		fold_new(&(struct fold_form){sizeof(struct client),
			CLIENT_WORDS, SERVER_WORDS, add_client, 0});
	struct counting c = {.last = {.clients = 0}};
	int r = talks_each(t, count_talk, clients, err);

	best_init(&c.best, sizeof(c.last), t->ask->limit ? t->ask->limit : ROWS,
		by_clients);
	if (r == 0)
		r = fold_each(clients, count_client, &c, err);
	if (c.last.clients)
		best_add(&c.best, &c.last);
	best_sort(&c.best);
	to->n_all = c.best.given;
	for (size_t i = 0; i < c.best.n && r == 0; i++)
		write_row(t->ask, best_at(&c.best, i), to);
	best_release(&c.best);
	fold_free(clients);
	return r;
}

static const struct sheet_column columns[] = {{.name = "dst"}, {.name = "node"},
	{.name = "dport"}, {.name = "proto"}, {.name = "service", .spare = 2},
	{.name = "clients", .right = true},
	{.name = "conversations", .right = true, .spare = 3},
	{.name = "bytes", .right = true, .spare = 1}};

const struct study study_servers = {columns, sizeof(columns) / sizeof(*columns),
	talks_begin, talks_add, write_rows, talks_free};
