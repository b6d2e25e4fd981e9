/* Domains of all sessions, what they know, and who gives way to whom.
 *
 * Those of one address and number from several ports are in a list, who told
 * something last at its head: that is whom others ask, and who stands for them
 * where there is no room. */
#include "base/mem.h"
#include "flow/flowset_parts.h"

#include <string.h>

enum {
	ROOM_AT_ONCE = 256,
	ASKED = 16, /* other ports, for a template */
	STAYS = 32  /* who sent so many messages from one port stays there */
};
/* Where none can go, nobody asks again so soon. */
#define FULL_NS INT64_C(1000000000)

struct domain_key {
	struct flowset_session from;
	uint64_t domain;
};

/* Of all ports. */
struct tellers_key {
	struct net_addr addr;
	uint64_t domain;
};

/* What they know -------------------------------------------------------- */

struct flowset_template *flowset_own_template(
	struct flowset_domain *d, uint16_t id)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->templates[i].id == id)
			return &d->templates[i];
	return NULL;
}

static struct flowset_domain *last_teller(
	const struct flowset *f, const struct flowset_domain *d)
{
	const struct tellers_key key = {d->from.addr, d->id};

	return d->from.connection ? NULL
				  : map_get(&f->tellers, &key, sizeof(key));
}

const struct flowset_template *flowset_template_of(
	const struct flowset *f, struct flowset_domain *d, uint16_t id)
{
	const struct flowset_template *t = flowset_own_template(d, id);
	struct flowset_domain *other = t ? NULL : last_teller(f, d);

	for (int i = 0; other && !t && i < ASKED; i++) {
		t = flowset_own_template(other, id);
		other = other->earlier;
	}
	return t;
}

uint32_t flowset_sampling(const struct flowset *f, struct flowset_domain *d)
{
	const struct flowset_domain *other;

	if (d->sampling || (d->n && d->heard >= STAYS))
		return d->sampling;
	other = last_teller(f, d);
	for (int i = 0; other && !other->sampling && i < ASKED; i++)
		other = other->earlier;
	return other ? other->sampling : 0;
}

void flowset_remove_template(
	struct flowset *f, struct flowset_domain *d, size_t i)
{
	free(d->templates[i].fields);
	d->templates[i] = d->templates[--d->n];
	f->counts.templates--;
	f->changes++;
}

/* Who told last --------------------------------------------------------- */

static void set_last(struct flowset *f, const struct flowset_domain *of,
	struct flowset_domain *last)
{
	const struct tellers_key key = {of->from.addr, of->id};

	if (last)
		map_put(&f->tellers, &key, sizeof(key), last);
	else
		map_remove(&f->tellers, &key, sizeof(key));
}

static void leave_tellers(struct flowset *f, struct flowset_domain *d)
{
	if (!d->tells)
		return;
	if (d->earlier)
		d->earlier->later = d->later;
	if (d->later)
		d->later->earlier = d->earlier;
	else
		set_last(f, d, d->earlier);
	d->later = d->earlier = NULL;
	d->tells = false;
}

void flowset_tells(struct flowset *f, struct flowset_domain *d)
{
	if (d->from.connection || (d->tells && !d->later))
		return;
	leave_tellers(f, d);
	d->earlier = last_teller(f, d);
	if (d->earlier)
		d->earlier->later = d;
	set_last(f, d, d);
	d->tells = true;
}

/* Room ------------------------------------------------------------------ */

/* Removes the domains that go. */
static void remove_domains(struct flowset *f)
{
	struct map_entry *e;

	flowset_look_at_waiting(f);
	for (size_t i = 0; (e = map_next(&f->domains, &i));) {
		struct flowset_domain *d = e->value;
		const struct domain_key key = {d->from, d->id};

		if (!d->goes)
			continue;
		leave_tellers(f, d);
		while (d->n)
			flowset_remove_template(f, d, d->n - 1);
		free(d->templates);
		free(d);
		map_remove(&f->domains, &key, sizeof(key));
	}
}

void flowset_remove_all(struct flowset *f)
{
	struct map_entry *e;

	for (size_t i = 0; (e = map_next(&f->domains, &i));)
		((struct flowset_domain *)e->value)->goes = true;
	remove_domains(f);
}

/* Nothing is lost with it: it knows nothing, or another port, which told
 * something later, stands for it. */
static bool is_spare(const struct flowset_domain *d)
{
	return !d->tells || d->later;
}

static size_t choose(
	struct flowset *f, const struct flowset_domain *keep, bool spare)
{
	struct map_entry *e;
	size_t n = 0;

	for (size_t i = 0;
		n < ROOM_AT_ONCE && (e = map_next(&f->domains, &i));) {
		struct flowset_domain *d = e->value;

		if (d == keep || d->from.connection ||
			(spare ? !is_spare(d)
			       : d->data_ns && f->now_ns - d->data_ns <
							FLOWSET_IDLE_NS))
			continue;
		d->goes = true;
		n++;
	}
	return n;
}

/* Those heard of first go first, many at once: a flood of domains must not look
 * at all of them each time.  Over a stream templates are told only once. */
bool flowset_make_room(struct flowset *f, const struct flowset_domain *keep)
{
	size_t n;

	if (f->full_ns && f->now_ns - f->full_ns < FULL_NS)
		return false;
	n = choose(f, keep, true);
	if (!n)
		n = choose(f, keep, false);
	f->full_ns = n ? 0 : f->now_ns;
	if (n)
		remove_domains(f);
	return n > 0;
}

struct flowset_domain *flowset_domain_of(
	struct flowset *f, const struct flowset_session *from, uint32_t id)
{
	const struct domain_key key = {*from, id};
	struct flowset_domain *d = map_get(&f->domains, &key, sizeof(key));

	if (d)
		return d;
	if (f->domains.n >= FLOWSET_TEMPLATES && !flowset_make_room(f, NULL))
		return NULL;
	d = mem_zalloc(1, sizeof(*d));
	d->from = *from;
	d->id = id;
	map_put(&f->domains, &key, sizeof(key), d);
	return d;
}

void flowset_forget(struct flowset *f, const struct flowset_session *from)
{
	struct map_entry *e;

	for (size_t i = 0; (e = map_next(&f->domains, &i));) {
		struct flowset_domain *d = e->value;

		d->goes = memcmp(&d->from, from, sizeof(*from)) == 0;
	}
	remove_domains(f);
}
