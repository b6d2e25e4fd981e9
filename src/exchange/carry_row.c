#include "exchange/carry_row.h"
#include "base/buf.h"
#include "base/mem.h"
#include "format/jsonw.h"

enum { PATH_MAX_LEN = 1 << 16, ELEMENTS_MAX = 1 << 16 };

struct carry_row {
	const struct catalog *names;
	struct carry_cell cells[CARRY_N];
	/* what the cells point to */
	char src[NET_ADDR_TEXT], dst[NET_ADDR_TEXT], next_hop[NET_ADDR_TEXT];
	char src_mac[NET_MAC_TEXT], dst_mac[NET_MAC_TEXT];
	struct buf path, elements;
};

struct carry_row *carry_row_new(const struct catalog *names)
{
	struct carry_row *r = mem_zalloc(1, sizeof(*r));

	r->names = names;
	r->path = (struct buf)BUF_INIT(PATH_MAX_LEN);
	r->elements = (struct buf)BUF_INIT(ELEMENTS_MAX);
	return r;
}

void carry_row_free(struct carry_row *r)
{
	if (!r)
		return;
	buf_release(&r->path);
	buf_release(&r->elements);
	free(r);
}

static void text(struct carry_row *r, enum carry_column at, const char *s)
{
	r->cells[at] = (struct carry_cell){
		.kind = s ? CARRY_TEXT : CARRY_NONE, .text = s};
}

static void number(struct carry_row *r, enum carry_column at, uint64_t v)
{
	r->cells[at] =
		(struct carry_cell){.kind = CARRY_NUMBER, .number = (int64_t)v};
}

/* 0 says that nothing was told. */
static void told(struct carry_row *r, enum carry_column at, uint64_t v)
{
	if (v)
		number(r, at, v);
	else
		text(r, at, NULL);
}

static const char *node_name(const struct carry_row *r, int node)
{
	return node < 0 ? NULL : r->names->nodes[node].name;
}

static const char *path_text(struct carry_row *r, const struct flow *f)
{
	buf_reset(&r->path);
	for (size_t i = 0; i < f->n_path; i++)
		buf_addf(&r->path, "%s%s", i ? " " : "",
			r->names->links[f->path[i]].name);
	return f->n_path ? buf_str(&r->path) : NULL;
}

static const char *mac_text(uint64_t v, char to[static NET_MAC_TEXT])
{
	uint8_t mac[6];

	for (int i = 0; i < 6; i++)
		mac[i] = (uint8_t)(v >> (40 - 8 * i));
	return v ? net_mac_print(mac, to) : NULL;
}

static const char *elements_text(
	struct carry_row *r, const struct flow_others *others)
{
	struct cursor c = flow_others_over(others);
	char name[ELEMENT_NAME], value[ELEMENT_TEXT];
	struct flow_element e;
	struct jsonw w;

	if (!others->len)
		return NULL;
	buf_reset(&r->elements);
	jsonw_init(&w, &r->elements, JSONW_COMPACT);
	jsonw_object(&w);
	while (flow_others_next(&c, &e))
		jsonw_put(&w, flow_element_name(&e, name),
			flow_element_print(&e, value));
	jsonw_end(&w);
	return buf_str(&r->elements);
}

static void fill_told(struct carry_row *r, const struct flow_extra *e)
{
	const struct net_addr next = flow_extra_next(e);

	told(r, CARRY_vlan, e->vlan);
	told(r, CARRY_out_vlan, e->out_vlan);
	told(r, CARRY_in_if, e->in_if);
	told(r, CARRY_out_if, e->out_if);
	told(r, CARRY_src_as, e->src_as);
	told(r, CARRY_dst_as, e->dst_as);
	told(r, CARRY_mpls, e->mpls);
	text(r, CARRY_next_hop,
		e->next_high || e->next_low ? net_addr_print(&next, r->next_hop)
					    : NULL);
	text(r, CARRY_src_mac, mac_text(e->src_mac, r->src_mac));
	text(r, CARRY_dst_mac, mac_text(e->dst_mac, r->dst_mac));
	text(r, CARRY_elements, elements_text(r, &e->others));
}

const struct carry_cell *carry_row_fill(
	struct carry_row *r, const struct flow *f)
{
	static const struct flow_extra none;

	text(r, CARRY_src, net_addr_print(&f->key.src, r->src));
	text(r, CARRY_dst, net_addr_print(&f->key.dst, r->dst));
	number(r, CARRY_sport, f->key.sport);
	number(r, CARRY_dport, f->key.dport);
	number(r, CARRY_proto, f->key.proto);
	number(r, CARRY_packets, f->packets);
	number(r, CARRY_bytes, f->bytes);
	number(r, CARRY_first_ns, (uint64_t)f->first_ns);
	number(r, CARRY_last_ns, (uint64_t)f->last_ns);
	number(r, CARRY_tcp_flags, f->tcp_flags);
	text(r, CARRY_src_node, node_name(r, f->src_node));
	text(r, CARRY_dst_node, node_name(r, f->dst_node));
	text(r, CARRY_path, path_text(r, f));
	fill_told(r, f->extra ? f->extra : &none);
	return r->cells;
}
