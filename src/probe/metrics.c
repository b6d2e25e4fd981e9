/* The list of metrics, and what they have in common: one piece of memory for
 * each direction of a flow, in which each chosen metric has its state, and one
 * row of values. */
#include "probe/metric.h"
#include "base/cursor.h"
#include "base/mem.h"
#include "probe/definition.h"
#include "probe/metric_kinds.h"
#include "probe/wire.h"

#include <string.h>

static const struct flow_metric *const all[] = {
	&metric_sizes,
	&metric_ttl,
	&metric_rtt,
	&metric_sequence,
	&metric_window,
	&metric_jitter,
	&metric_fingerprint,
	&metric_icmp,
#ifndef NFZ_NODE /* more go before it: nodes have them, too */
	&metric_application,
#endif
};

enum { ALL = sizeof(all) / sizeof(all[0]) };
_Static_assert((int)ALL <= (int)METRICS_MAX, "room for all");

const struct flow_metric *metric_at(size_t i)
{
	return i < ALL ? all[i] : NULL;
}

static unsigned bits_of(const char *word, bool offline)
{
	unsigned bits = 0;

	for (size_t i = 0; i < ALL; i++)
		if (all[i]->offline ? offline && strcmp(word, all[i]->name) == 0
				    : strcmp(word, all[i]->name) == 0 ||
					      (!all[i]->apart &&
						      strcmp(word, "all") == 0))
			bits |= 1u << i;
	return bits;
}

bool metric_bits(const char *word, unsigned *ret)
{
	*ret = bits_of(word, false);
	return *ret != 0;
}

bool metric_capture_bits(const char *word, unsigned *ret)
{
	*ret = bits_of(word, true);
	return *ret != 0;
}

/* --- choosing ------------------------------------------------------------ */

static void choose(struct metrics *m, const struct flow_metric *metric)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->chosen[i] == metric)
			return;
	m->chosen[m->n] = metric;
	m->at[m->n++] = m->bytes;
	m->bytes += (metric->size + 7) & ~(size_t)7;
	m->shared_bytes += metric->shared_bytes;
	m->n_fields += metric->n_fields;
}

static int choose_word(
	const char *word, bool offline, unsigned *bits, struct err *err)
{
	struct buf names = BUF_INIT(256);
	int r;

	if (offline ? definition_read_capture_metrics(word, bits)
		    : definition_read_metrics(word, bits))
		return 0;
	if (definition_read_capture_metrics(word, bits))
		return err_set(err, NFZ_E_USAGE,
			"--metrics: %s is told of captures only (--read)",
			word);
	for (size_t i = 0; i < ALL; i++)
		if (offline || !all[i]->offline)
			buf_addf(&names, "%s, ", all[i]->name);
	r = err_set(err, NFZ_E_USAGE, "--metrics: %s is none of %sall", word,
		buf_str(&names));
	buf_release(&names);
	return r;
}

static int start_shared(struct metrics *m, struct err *err)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->chosen[i]->start &&
			!(m->shared[i] = m->chosen[i]->start(err)))
			return err_wrap(
				err, "--metrics %s", m->chosen[i]->name);
	return 0;
}

static void gather_fields(struct metrics *m)
{
	size_t n = 0;

	m->fields = mem_zalloc(m->n_fields + 1, sizeof(*m->fields));
	for (size_t i = 0; i < m->n; i++)
		for (size_t f = 0; f < m->chosen[i]->n_fields; f++) {
			m->fields[n] = m->chosen[i]->fields[f];
			m->values += m->fields[n++].len;
		}
}

static void choose_bits(struct metrics *m, unsigned bits)
{
	for (size_t i = 0; i < ALL; i++)
		if (bits >> i & 1)
			choose(m, all[i]);
}

int metrics_choose(
	const struct opt_list *words, struct metrics *ret, struct err *err)
{
	struct metrics m = {0};
	int r;

	for (size_t i = 0; i < words->n; i++) {
		unsigned bits;

		r = choose_word(words->items[i], true, &bits, err);
		if (r < 0)
			return r;
		choose_bits(&m, bits);
	}
	r = start_shared(&m, err);
	if (r < 0) {
		metrics_release(&m);
		return r;
	}
	gather_fields(&m);
	*ret = m;
	return 0;
}

int metrics_choose_bits(
	const struct opt_list *words, unsigned *ret, struct err *err)
{
	*ret = 0;
	for (size_t i = 0; i < words->n; i++) {
		unsigned bits;
		int r = choose_word(words->items[i], false, &bits, err);

		if (r < 0)
			return r;
		*ret |= bits;
	}
	return 0;
}

void metrics_of(unsigned bits, struct metrics *ret)
{
	*ret = (struct metrics){0};
	choose_bits(ret, bits);
	gather_fields(ret);
}

void metrics_release(struct metrics *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->shared[i])
			m->chosen[i]->end(m->shared[i]);
	free(m->fields);
	*m = (struct metrics){0};
}

void metrics_say(const struct metrics *m, struct buf *out)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->chosen[i]->say)
			m->chosen[i]->say(m->shared[i], out);
}

/* --- packets ------------------------------------------------------------- */

enum { TCP_HEADER = 20, ICMP_MESSAGE = 2 };

static void read_tcp(
	struct cursor c, const struct dissect *d, struct metric_packet *ret)
{
	uint32_t headers = (uint32_t)d->l3_len + d->l4_len;
	const uint8_t *p = cursor_bytes(&c, TCP_HEADER);

	if (!p || d->l4_len < TCP_HEADER || d->octets < headers)
		return;
	ret->tcp = true;
	ret->tcp_flags = p[13];
	ret->seq = cursor_load32(p + 4);
	ret->ack = cursor_load32(p + 8);
	ret->window = cursor_load16(p + 14);
	ret->payload = d->octets - headers;
	ret->n_options = (size_t)d->l4_len - TCP_HEADER;
	if (ret->n_options > cursor_left(&c))
		ret->n_options = cursor_left(&c);
	ret->options = cursor_bytes(&c, ret->n_options);
}

static void read_icmp(
	struct cursor c, const struct dissect *d, struct metric_packet *ret)
{
	const uint8_t *p = cursor_bytes(&c, ICMP_MESSAGE);

	if (!p || d->octets < (uint32_t)d->l3_len + ICMP_MESSAGE)
		return;
	ret->icmp = true;
	ret->icmp_message = cursor_load16(p);
}

void metric_read(const struct frame *f, const struct dissect *d, bool entered,
	struct metric_packet *ret)
{
	struct cursor c = cursor_over(f->data, f->captured);
	struct cursor ip;

	*ret = (struct metric_packet){.packets = 1,
		.octets = d->octets,
		.tos = d->tos,
		.proto = d->key.proto};
	cursor_skip(&c, d->l3_at);
	ip = c;
	if (cursor_left(&ip) < 20)
		return;
	if (!entered && !d->later) {
		ret->ip = ip.at;
		ret->n_ip = cursor_left(&ip) < d->octets ? cursor_left(&ip)
							 : d->octets;
	}
	ret->version = (uint8_t)(ip.at[0] >> 4);
	ret->ttl = ip.at[ret->version == 4 ? 8 : 7];
	ret->df = ret->version == 4 && ip.at[6] & 0x40;
	cursor_skip(&c, d->l3_len);
	if (entered || d->later || !cursor_ok(&c))
		return;
	if (d->key.proto == PROTO_TCP)
		read_tcp(c, d, ret);
	else if (d->key.proto == (ret->version == 4 ? PROTO_ICMP : PROTO_ICMP6))
		read_icmp(c, d, ret);
}

void metrics_update(const struct metrics *m, void *state, void *other,
	const struct metric_packet *p)
{
	for (size_t i = 0; p->packets && i < m->n; i++) {
		const struct flow_metric *of = m->chosen[i];
		void *own = (uint8_t *)state + m->at[i];
		void *back = other ? (uint8_t *)other + m->at[i] : NULL;

		if (of->inspect)
			of->inspect(m->shared[i], own, back, p);
		else
			of->update(own, back, p);
	}
}

/* Of a metric's values: which are known, but for texts of no length. */
static uint64_t known_of(
	const struct flow_metric *of, const void *state, const uint8_t *values)
{
	uint64_t known = (UINT64_C(1) << of->n_fields) - 1;

	if (of->known)
		known &= of->known(state);
	for (size_t i = 0; i < of->n_fields; values += of->fields[i++].len)
		if (of->fields[i].text && !*values)
			known &= ~(UINT64_C(1) << i);
	return known;
}

uint64_t metrics_write(const struct metrics *m, const void *state, uint8_t *to)
{
	uint64_t known = 0;
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		const struct flow_metric *of = m->chosen[i];
		const void *own = (const uint8_t *)state + m->at[i];
		uint8_t *end = of->write(own, to);

		known |= known_of(of, own, to) << n;
		to = end;
		n += of->n_fields;
	}
	return known;
}

void metrics_restart(const struct metrics *m, void *state)
{
	for (size_t i = 0; i < m->n; i++) {
		void *own = (uint8_t *)state + m->at[i];

		if (m->chosen[i]->restart)
			m->chosen[i]->restart(own);
		else
			memset(own, 0, m->chosen[i]->size);
	}
}
