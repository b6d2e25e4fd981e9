/* Keys beyond the 5-tuple are part of a flow's point, which the flow cache
 * numbers; it has one key, and one point, for both directions of a flow. */
#include "probe/definition.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *word;
	unsigned key;
} keys[] = {{"addresses", KEY_ADDRESSES}, {"vlan", KEY_VLAN}, {"mac", KEY_MAC},
	{"tos", KEY_TOS}};

enum { KEYS = sizeof(keys) / sizeof(keys[0]), WORD = 24 };
/* Said, but no bit: what KEY_ADDRESSES contradicts. */
enum { SAID_5TUPLE = 1 << 16 };

bool definition_same(const struct definition *a, const struct definition *b)
{
	return a->key == b->key && a->metrics == b->metrics &&
	       a->both == b->both;
}

bool definition_plain(const struct definition *d)
{
	return !d->key && !d->metrics && !d->both;
}

bool definition_adds_up(const struct definition *d)
{
	return !(d->key & ~(unsigned)KEY_ADDRESSES) && !d->metrics && !d->both;
}

bool definition_in_digests(const struct definition *d)
{
	return !(d->key & KEY_MAC) && !d->metrics && !d->both;
}

/* --- words ---------------------------------------------------------------- */

static bool key_of(const char *word, unsigned *ret)
{
	*ret = strcmp(word, "5tuple") == 0 ? SAID_5TUPLE : 0;
	if (strcmp(word, "none") == 0)
		return true;
	for (size_t i = 0; i < KEYS; i++)
		if (strcmp(word, keys[i].word) == 0)
			*ret = keys[i].key;
	return *ret != 0;
}

static bool metric_of(const char *word, unsigned *ret)
{
	return metric_bits(word, ret) || strcmp(word, "none") == 0;
}

static bool capture_metric_of(const char *word, unsigned *ret)
{
	return metric_capture_bits(word, ret) || strcmp(word, "none") == 0;
}

static bool read_words(const char *text, unsigned *ret,
	bool (*one)(const char *word, unsigned *ret))
{
	unsigned all = 0;

	for (;;) {
		size_t n = strcspn(text, "+");
		char word[WORD];
		unsigned bits;

		snprintf(word, sizeof(word), "%.*s", (int)n, text);
		if (n >= sizeof(word) || !one(word, &bits))
			return false;
		all |= bits;
		text += n;
		if (*text++ != '+')
			break;
	}
	*ret = all;
	return true;
}

/* False: flows cannot be both. */
static bool settle_key(unsigned said, unsigned *ret)
{
	if (said & SAID_5TUPLE && said & KEY_ADDRESSES)
		return false;
	*ret = said & ~(unsigned)SAID_5TUPLE;
	return true;
}

bool definition_read_key(const char *text, unsigned *ret)
{
	unsigned said;

	return read_words(text, &said, key_of) && settle_key(said, ret);
}

bool definition_read_metrics(const char *text, unsigned *ret)
{
	return read_words(text, ret, metric_of);
}

bool definition_read_capture_metrics(const char *text, unsigned *ret)
{
	return read_words(text, ret, capture_metric_of);
}

static void add_word(char text[static DEFINITION_WORDS], const char *word)
{
	size_t n = strlen(text);

	snprintf(text + n, DEFINITION_WORDS - n, "%s%s", n ? "+" : "", word);
}

const char *definition_print_key(
	unsigned key, char text[static DEFINITION_WORDS])
{
	text[0] = '\0';
	for (size_t i = 0; i < KEYS; i++)
		if (key & keys[i].key)
			add_word(text, keys[i].word);
	return text[0] ? text : "5tuple";
}

const char *definition_print_metrics(
	unsigned metrics, char text[static DEFINITION_WORDS])
{
	const struct flow_metric *m;

	text[0] = '\0';
	for (size_t i = 0; (m = metric_at(i)); i++)
		if (metrics >> i & 1 && !m->offline)
			add_word(text, m->name);
	return text[0] ? text : "none";
}

int definition_choose_key(
	const struct opt_list *words, unsigned *ret, struct err *err)
{
	unsigned all = 0;

	for (size_t i = 0; i < words->n; i++) {
		unsigned key;

		if (!read_words(words->items[i], &key, key_of))
			return err_set(err, NFZ_E_USAGE,
				"--key: %s is none of 5tuple, addresses, vlan, "
				"mac, tos",
				words->items[i]);
		all |= key;
	}
	if (!settle_key(all, ret))
		return err_set(err, NFZ_E_USAGE,
			"--key: flows go by their 5tuple or by addresses "
			"alone: give one of them");
	return 0;
}

/* --- packets -------------------------------------------------------------- */

void definition_key(unsigned key, struct flow_key *ret)
{
	if (!(key & KEY_ADDRESSES))
		return;
	ret->sport = ret->dport = 0;
	ret->proto = 0;
}

void definition_point(unsigned key, const struct dissect *d, bool turned,
	struct flow_point *p)
{
	if (key & KEY_VLAN)
		p->vlan = d->vlan;
	if (key & KEY_TOS)
		p->tos = d->tos;
	if (!(key & KEY_MAC) || !d->has_macs)
		return;
	memcpy(turned ? p->dst_mac : p->src_mac, d->src_mac,
		sizeof(p->src_mac));
	memcpy(turned ? p->src_mac : p->dst_mac, d->dst_mac,
		sizeof(p->dst_mac));
}

/* --- records -------------------------------------------------------------- */

struct flow_shape definition_shape(
	unsigned key, bool both, const struct metrics *m)
{
	return (struct flow_shape){.more = (key & KEY_VLAN ? MORE_VLAN : 0u) |
					   (key & KEY_MAC ? MORE_MAC : 0u) |
					   (both ? MORE_REVERSE : 0u) |
					   (m->n ? MORE_VALUES : 0u),
		.fields = m->fields,
		.n_fields = m->n_fields};
}

const struct flow_more *definition_tell(const struct metrics *metrics,
	const struct flowcache *cache, const struct flow_record *r,
	struct definition_told *ret)
{
	struct flow_more *m = &ret->more;
	struct flowcache_offer offer;

	flowcache_offered(cache, r, &offer);
	m->vlan = offer.point->vlan;
	memcpy(m->src_mac,
		offer.turned ? offer.point->dst_mac : offer.point->src_mac,
		sizeof(m->src_mac));
	memcpy(m->dst_mac,
		offer.turned ? offer.point->src_mac : offer.point->dst_mac,
		sizeof(m->dst_mac));
	m->reverse = offer.reverse ? *offer.reverse : (struct flow_half){0};
	m->reverse.packets *= flow_point_times(offer.point);
	m->reverse.bytes *= flow_point_times(offer.point);
	m->values = ret->values;
	for (size_t way = 0; way < 2 && offer.kept[way]; way++)
		m->known[way] = metrics_write(metrics, offer.kept[way],
			ret->values + way * metrics->values);
	return m;
}
