/* What NetFlow 9 and IPFIX tell of the exporter: how packets were chosen, what
 * interfaces are called, what was lost.  In the order of the shapes of fields.c. */
#include "flow/exporter.h"
#include "flow/put.h"

/* Of IANA's "PSAMP parameters": systematic count-based, uniform probabilistic,
 * BOB. */
static unsigned selector_of(enum export_choice by)
{
	switch (by) {
	case EXPORT_SYSTEMATIC:
		return 1;
	case EXPORT_RANDOM:
		return 4;
	case EXPORT_HASH:
		return 6;
	}
	return 0;
}

static uint8_t *add_hash(uint8_t *p, const struct export_sampling *s)
{
	p = add64(p, 0);
	p = add64(p, EXPORT_HASH_PAYLOAD);
	p = add64(p, 0);
	p = add64(p, UINT32_MAX);
	p = add64(p, 0);
	p = add64(p, export_hash_last(s));
	return add64(p, s->initialiser);
}

/* Of RFC 5477's float64. */
static uint8_t *add_chance(uint8_t *p, const struct export_sampling *s)
{
	const double chance = 1.0 / s->one_of;
	uint64_t bits;

	_Static_assert(sizeof(bits) == sizeof(chance), "float64");
	memcpy(&bits, &chance, sizeof(bits));
	return add64(p, bits);
}

bool exporter_write_sampling(struct exporter *e)
{
	static const struct {
		uint16_t template, bytes;
	} shapes[] = {[EXPORT_SYSTEMATIC] = {TEMPLATE_SAMPLING, 19},
		[EXPORT_RANDOM] = {TEMPLATE_RANDOM, 19},
		[EXPORT_HASH] = {TEMPLATE_HASH, 67}};
	const bool nf9 = e->opt.format == EXPORT_NF9;
	const struct export_sampling none = {.one_of = 1};
	const struct export_sampling *s =
		e->opt.sampling.one_of > 1 ? &e->opt.sampling : &none;
	uint8_t *p;

	if (s->one_of == 1 && !e->resampled)
		return true;
	p = nf9 ? exporter_space(e, TEMPLATE_SAMPLING, 9)
		: exporter_space(
			  e, shapes[s->by].template, shapes[s->by].bytes);
	if (!p)
		return false;
	p = add32(p, e->opt.domain);
	p = add32(p, s->one_of);
	p = add8(p, export_mode(s->by));
	if (nf9)
		return true;
	p = add16(p, selector_of(s->by));
	switch (s->by) {
	case EXPORT_SYSTEMATIC:
		(void)add32(add32(p, 1), s->one_of - 1);
		break;
	case EXPORT_RANDOM:
		(void)add_chance(p, s);
		break;
	case EXPORT_HASH:
		(void)add_hash(p, s);
		break;
	}
	return true;
}

bool exporter_write_interface(
	struct exporter *e, const struct export_interface *it)
{
	uint8_t *p = exporter_space(e, TEMPLATE_INTERFACE, 4 + EXPORT_NAME);

	if (!p)
		return false;
	p = add32(p, it->number);
	memset(p, 0, EXPORT_NAME);
	memcpy(p, it->name, strnlen(it->name, EXPORT_NAME));
	return true;
}

bool exporter_write_ledger(struct exporter *e)
{
	const struct export_ledger *l = &e->ledger;
	bool nf9 = e->opt.format == EXPORT_NF9;
	uint8_t *p = exporter_space(e, TEMPLATE_LEDGER, nf9 ? 28 : 72);
	int64_t start = e->boot_ns / 1000000;

	if (!p)
		return false;
	p = add32(p, e->opt.domain);
	if (!nf9) {
		p = add32(p, 1);
		p = add64(p, start > 0 ? (uint64_t)start : 0);
	}
	p = add64(p, e->messages);
	p = add64(p, e->octets);
	p = add64(p, e->records);
	if (nf9)
		return true;
	p = add64(p, l->ignored_packets);
	p = add64(p, l->unsent_records);
	p = add64(p, l->unsent_packets);
	(void)add64(p, l->unsent_octets);
	return true;
}
