#include "probe/clocks.h"
#include "base/clock.h"
#include "base/mem.h"
#include "probe/pages.h"

#define WINDOW_NS (5 * NS_PER_S)
#define STEP_NS (10 * NS_PER_S)

enum { BY_MODULE = (UINT16_MAX + 1) * sizeof(uint16_t) };

struct clocks_sender {
	int64_t window_ns;        /* when it began */
	int64_t best_ns, last_ns; /* most ahead in this window, in the last */
	int64_t ahead_ns;
	uint8_t clock; /* of its own */
	bool heard;
};

void clocks_init(struct clocks *c, size_t max)
{
	*c = (struct clocks){.max = max};
	c->senders = mem_zalloc(max + 1, sizeof(*c->senders));
	c->by_module = pages_map(BY_MODULE);
}

void clocks_release(struct clocks *c)
{
	free(c->senders);
	pages_unmap(c->by_module, BY_MODULE);
	*c = (struct clocks){0};
}

static struct clocks_sender *sender_of(struct clocks *c, uint16_t module)
{
	uint16_t *number = &c->by_module[module];

	if (!*number && c->n == c->max)
		return NULL;
	if (!*number)
		*number = (uint16_t)++c->n;
	return &c->senders[*number - 1];
}

static void begin(struct clocks_sender *s, int64_t now_ns, int64_t ahead_ns)
{
	s->window_ns = now_ns;
	s->best_ns = s->last_ns = s->ahead_ns = ahead_ns;
}

static void follow(struct clocks_sender *s, int64_t now_ns, int64_t ahead_ns)
{
	if (now_ns - s->window_ns >= WINDOW_NS) {
		s->window_ns = now_ns;
		s->last_ns = s->best_ns;
		s->best_ns = ahead_ns;
	}
	if (ahead_ns > s->best_ns)
		s->best_ns = ahead_ns;
	s->ahead_ns = s->best_ns > s->last_ns ? s->best_ns : s->last_ns;
}

bool clocks_hear(struct clocks *c, uint16_t module, int64_t now_ns,
	int64_t stamp_ns, struct clocks_heard *ret)
{
	const int64_t ahead_ns = clocks_believe(stamp_ns) - now_ns;
	struct clocks_sender *s = sender_of(c, module);
	int64_t off_ns;

	*ret = (struct clocks_heard){0};
	if (!s)
		return false;
	if (!s->heard)
		begin(s, now_ns, ahead_ns);
	s->heard = true;
	off_ns = ahead_ns - s->ahead_ns;
	if (off_ns > STEP_NS || off_ns < -STEP_NS) {
		ret->step_ns = off_ns;
		s->clock ^= 1;
		begin(s, now_ns, ahead_ns);
	} else {
		follow(s, now_ns, ahead_ns);
	}
	ret->clock = (uint16_t)((s - c->senders) * CLOCKS_EACH + s->clock);
	ret->ahead_ns = s->ahead_ns;
	return true;
}
