/* Virtual nodes, of which the testbed lists neither a control address nor, on
 * shared hosts, any card.  Behind a gateway names mean nothing here, so the
 * address is not looked up: the node knows both. */
#include "base/mem.h"
#include "testbed/import_data.h"

#include <string.h>

enum { ANSWER_MAX = 1 << 20 };

/* The third word: the node's own address, as the connection came in. */
static const char *own_address(struct arena *arena, const char *text)
{
	const char *at = text + strspn(text, " ");
	struct net_addr a;
	char *word;

	for (int skip = 0; skip < 2; skip++) {
		at += strcspn(at, " \n");
		at += strspn(at, " ");
	}
	word = arena_strndup(arena, at, strcspn(at, " \n"));
	return net_addr_parse(word, &a) ? word : NULL;
}

static void take_answer(struct import *i, int node, const struct buf *answer)
{
	const struct topo_node *n = &i->t->nodes[node];
	struct import_cards cards = {.node = node};

	if (!n->m->address)
		topology_machine(i->t, node)->address =
			own_address(&i->t->arena, buf_str(answer));
	nodefile_ifmap(buf_str(answer), answer->len, &cards.ifaces);
	MEM_PUSH(i->cards, i->n_cards, i->cards_cap) = cards;
}

static int ask(struct import *i, int node)
{
	const struct topo_node *n = &i->t->nodes[node];
	struct buf answer = BUF_INIT(ANSWER_MAX);
	struct err err = ERR_INIT;
	int rc = i->options->node_file(
		i->options->ctx, n, IMPORT_VIRTUAL, &answer, &err);

	if (rc == -NFZ_E_INTERRUPTED && i->err)
		*i->err = err;
	if (rc == 0)
		take_answer(i, node, &answer);
	else if (rc != -NFZ_E_INTERRUPTED)
		import_note(
			i, "%s says nothing of itself: %s", n->name, err.text);
	buf_release(&answer);
	import_silent(i, node, rc);
	return rc == -NFZ_E_INTERRUPTED ? rc : 0;
}

int import_virtual(struct import *i)
{
	int rc = 0;

	if (!i->options->node_file)
		return 0;
	for (size_t k = 0; !rc && k < i->t->n_nodes; k++) {
		const struct topo_node *n = &i->t->nodes[k];

		if (n->role == ROLE_VIRTUAL && n->m->hostname &&
			!n->m->unusable)
			rc = ask(i, (int)k);
	}
	return rc;
}

static const struct nodefile_iface *card_with(
	const struct import *i, int node, const struct net_addr *addr)
{
	for (size_t k = 0; k < i->n_cards; k++) {
		const struct nodefile_ifaces *list = &i->cards[k].ifaces;

		for (size_t f = 0; i->cards[k].node == node && f < list->n; f++)
			if (list->items[f].has_addr &&
				memcmp(&list->items[f].addr, addr,
					sizeof(*addr)) == 0)
				return &list->items[f];
	}
	return NULL;
}

void import_virtual_cards(struct import *i)
{
	for (size_t k = 0; i->n_cards && k < i->t->n_ifaces; k++) {
		const struct topo_iface *f = &i->t->ifaces[k];
		struct topo_card *mine;
		const struct nodefile_iface *card =
			f->link >= 0 && f->card->has_addr
				? card_with(i, f->node, &f->card->addr)
				: NULL;

		if (!card)
			continue;
		mine = topology_card(i->t, (int)k);
		if (!mine->os_name)
			mine->os_name =
				arena_strdup(&i->t->arena, card->os_name);
		if (!mine->has_mac) {
			memcpy(mine->mac, card->mac, sizeof(mine->mac));
			mine->has_mac = true;
		}
	}
}
