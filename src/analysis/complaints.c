/* Times that touch are one: of each address few remain, however many came. */
#include "analysis/complaints.h"
#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { ICMP = 1, ICMP6 = 58, AT_ONCE = 2 * STUDY_ROWS };

static int order(
	const struct complaint *c, const struct net_addr *a, int64_t begin_ns)
{
	int r = memcmp(&c->to, a, sizeof(*a));

	return r ? r : (c->begin_ns > begin_ns) - (c->begin_ns < begin_ns);
}

static int by_address(const void *a, const void *b)
{
	const struct complaint *y = b;

	return order(a, &y->to, y->begin_ns);
}

static void join(struct complaints *c)
{
	size_t n = 0;

	if (c->n)
		qsort(c->v, c->n, sizeof(*c->v), by_address);
	for (size_t i = 0; i < c->n; i++) {
		const struct complaint *new = &c->v[i];
		struct complaint *last = n ? &c->v[n - 1] : NULL;

		if (!last || memcmp(&last->to, &new->to, sizeof(new->to)) ||
			new->begin_ns > last->end_ns)
			c->v[n++] = *new;
		else if (new->end_ns > last->end_ns)
			last->end_ns = new->end_ns;
	}
	c->n = n;
}

static int add(void *ctx, const struct talk *t, struct err *err)
{
	const struct talk_side *out = &t->side[0];
	struct complaint new = {t->key.dst, 0, out->last_ns};
	struct complaints *c = ctx;

	if ((t->key.proto != ICMP && t->key.proto != ICMP6) ||
		t->side[1].packets)
		return 0;
	if (__builtin_sub_overflow(out->first_ns, NS_PER_S, &new.begin_ns))
		new.begin_ns = INT64_MIN;
	if (c->n == AT_ONCE) {
		join(c);
		if (c->n > STUDY_ROWS)
			return study_too_many(err, "ICMP messages");
	}
	MEM_PUSH(c->v, c->n, c->cap) = new;
	return 0;
}

int complaints_gather(struct complaints *c, struct talks *t, struct err *err)
{
	int r;

	*c = (struct complaints){.n = 0};
	r = talks_each(t, add, c, err);
	join(c);
	return r;
}

void complaints_release(struct complaints *c)
{
	free(c->v);
}

/* The last that begins before it ends also ends last. */
bool complaints_have(const struct complaints *c, const struct talk *t)
{
	const struct net_addr *src = &t->key.src;
	size_t low = 0, high = c->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (order(&c->v[middle], src, t->side[0].last_ns) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low && memcmp(&c->v[low - 1].to, src, sizeof(*src)) == 0 &&
	       c->v[low - 1].end_ns >= t->side[0].first_ns;
}
