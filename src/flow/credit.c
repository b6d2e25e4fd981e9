#include "flow/credit.h"
#include "base/mix.h"

enum { BODY = CHANNEL_HEADER + 1 };

bool digest_out_add(struct digest_out *o, const struct digest *d)
{
	int format = digest_is_v4(d) ? 0 : 1;

	if (!o->begun[format]) {
		o->data[format][CHANNEL_HEADER] = MESSAGE_DIGESTS;
		digest_begin(&o->writer[format], o->data[format] + BODY,
			CHANNEL_DATAGRAM - BODY, d);
		o->begun[format] = true;
	}
	return digest_add(&o->writer[format], d);
}

uint64_t digest_out_taken(const struct digest_out *o)
{
	uint64_t n = o->digests;

	for (int i = 0; i < 2; i++)
		n += o->begun[i] ? o->writer[i].header.count : 0;
	return n;
}

bool digest_out_may(const struct digest_out *o)
{
	return o->datagrams < o->limit;
}

size_t digest_out_finish(struct digest_out *o, int format, uint16_t meter)
{
	struct digest_writer *w = &o->writer[format];
	const struct digest_header numbers = {
		.meter = meter, .datagram = o->datagrams, .seq = o->digests};

	if (!o->begun[format])
		return 0;
	o->begun[format] = false;
	o->datagrams++;
	o->digests += w->header.count;
	return 1 + digest_end(w, &numbers);
}

size_t digest_out_take_back(struct digest_out *o, int format,
	struct digest digests[static DIGEST_MAX])
{
	static const struct digest_header no_numbers;
	struct digest_header h;
	size_t len;

	if (!o->begun[format])
		return 0;
	o->begun[format] = false;
	len = digest_end(&o->writer[format], &no_numbers);
	return digest_read(o->data[format] + BODY, len, &h, digests) ? h.count
								     : 0;
}

bool digest_out_settled(const struct digest_out *o)
{
	return o->confirmed == o->digests;
}

bool digest_out_waits(const struct digest_out *o)
{
	return !digest_out_settled(o) || !digest_out_may(o);
}

size_t digest_out_ask(struct digest_out *o, uint16_t meter,
	uint8_t data[static CHANNEL_DATAGRAM])
{
	const struct digest_header numbers = {
		.meter = meter, .datagram = o->datagrams++, .seq = o->digests};

	data[CHANNEL_HEADER] = MESSAGE_DIGESTS;
	return 1 + digest_empty(data + BODY, CHANNEL_DATAGRAM - BODY, &numbers);
}

bool digest_out_credit(struct digest_out *o, const struct credit *c)
{
	if (c->datagrams > o->datagrams || c->digests > o->digests ||
		c->got > c->digests || c->limit > o->datagrams + CREDIT_MOST)
		return false;
	if (c->limit > o->limit)
		o->limit = c->limit;
	if (c->digests > o->confirmed)
		o->confirmed = c->digests;
	if (c->got > o->got)
		o->got = c->got;
	return true;
}

void digest_out_withdraw(struct digest_out *o)
{
	o->limit = o->datagrams;
}

uint64_t digest_out_lost(const struct digest_out *o, bool is_gone)
{
	uint64_t settled = is_gone ? o->digests : o->confirmed;

	return o->gone + (settled > o->got ? settled - o->got : 0);
}

void digest_out_restart(struct digest_out *o)
{
	o->gone += o->digests - o->got;
	o->datagrams = o->digests = 0;
	o->limit = o->confirmed = o->got = 0;
}

bool digest_in_take(struct digest_in *in, const struct digest_header *h)
{
	if (h->datagram == UINT64_MAX || h->seq > UINT64_MAX - h->count)
		return false;
	if (h->datagram >= in->datagrams)
		in->datagrams = h->datagram + 1;
	if (h->seq + h->count > in->digests)
		in->digests = h->seq + h->count;
	in->got += h->count;
	in->unsaid++;
	return true;
}

void digest_in_say(struct digest_in *in, uint64_t life, uint64_t window,
	struct credit *ret)
{
	*ret = (struct credit){.life = life,
		.datagrams = in->datagrams,
		.digests = in->digests,
		.got = in->got,
		.limit = in->datagrams + window};
	in->unsaid = 0;
}

uint64_t digest_in_lost(const struct digest_in *in)
{
	return in->lost_before +
	       (in->digests > in->got ? in->digests - in->got : 0);
}

void digest_in_restart(struct digest_in *in)
{
	*in = (struct digest_in){
		.lost_before = digest_in_lost(in), .unsaid = 1};
}

uint64_t share_score(uint64_t flow_hash, uint16_t cache)
{
	return mix_bits(flow_hash + (cache + UINT64_C(1)) * MIX_STEP);
}
