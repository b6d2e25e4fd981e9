/* How packets were chosen, in the words of NetFlow 9 and of RFC 5477. */
#include "flow/elements.h"
#include "flow/flowset_parts.h"

#include <string.h>

static uint32_t bounded(uint64_t one_of)
{
	return one_of > UINT32_MAX ? UINT32_MAX : (uint32_t)one_of;
}

/* A float64, or float32 (RFC 7011 6.2); 0: no chance at all. */
static uint32_t one_of_chance(const uint8_t *p, size_t len)
{
	const uint64_t bits = flowset_number(p, len);
	const uint32_t half = (uint32_t)bits;
	double chance = 0;
	float less;

	memcpy(&less, &half, sizeof(less));
	if (len == sizeof(chance))
		memcpy(&chance, &bits, sizeof(chance));
	else if (len == sizeof(less))
		chance = (double)less;
	/* no number compares as neither */
	return chance > 1.0 / UINT32_MAX && chance <= 1.0
		       ? (uint32_t)(1 / chance + 0.5)
		       : 0;
}

bool flowset_sampling_take(
	struct flowset_sampling *s, uint16_t id, const uint8_t *p, size_t len)
{
	const uint64_t v = flowset_number(p, len);

	switch (id) {
	case IE_SAMPLING_INTERVAL:
	case IE_SAMPLER_INTERVAL:
		s->one_of = bounded(v);
		return true;
	case IE_SAMPLED_PACKETS:
	case IE_SAMPLE_SIZE:
		s->chosen = v;
		return true;
	case IE_SPACED_PACKETS:
		s->passed_over = v;
		return true;
	case IE_POPULATION:
		s->population = v;
		return true;
	case IE_PROBABILITY:
		s->by_chance = one_of_chance(p, len);
		return true;
	case IE_SAMPLING_ALGORITHM: /* says no number */
		return true;
	default:
		return false;
	}
}

uint32_t flowset_sampling_told(const struct flowset_sampling *s)
{
	uint64_t one_of = 0;

	if (s->chosen)
		one_of = s->population ? s->population / s->chosen
				       : s->passed_over / s->chosen + 1;
	if (one_of && one_of <= UINT32_MAX)
		return (uint32_t)one_of;
	return s->by_chance ? s->by_chance : s->one_of;
}
