#include "flow/peer_clock.h"

#include <criterion/criterion.h>

enum { HOUR_S = 3600 };

/* Its clock is ahead by so much, ours was set by so much; the sign took so
 * long. */
struct scene {
	struct peer_clock clock;
	double ahead_s, ours_s, delay_s, mono_s;
};

static double offset_s(const struct scene *s)
{
	return (double)s->clock.offset_ns / 1e9;
}

static void sign(struct scene *s)
{
	const struct mono_time mono = {(int64_t)(s->mono_s * 1e9)};
	const int64_t at_ns =
		(int64_t)((1e6 + s->mono_s - s->delay_s + s->ahead_s) * 1e9);

	peer_clock_hear(&s->clock, at_ns,
		(struct wall_time){(int64_t)(1e6 * 1e9) + mono.ns +
				   (int64_t)(s->ours_s * 1e9)},
		mono);
	s->mono_s += 1;
}

static void check_is(const struct scene *s, double stepped_s)
{
	cr_expect_float_eq(
		offset_s(s), s->ours_s - s->ahead_s, 0.2, "%f", offset_s(s));
	cr_expect_float_eq((double)s->clock.stepped_ns / 1e9, stepped_s, 0.2,
		"%f", (double)s->clock.stepped_ns / 1e9);
}

static struct scene met(double ahead_s)
{
	struct scene s = {.mono_s = 50, .ahead_s = ahead_s, .delay_s = 0.001};

	for (int i = 0; i < 5; i++)
		sign(&s);
	check_is(&s, 0);
	return s;
}

Test(peer_clock, far_off_is_no_step)
{
	(void)met(HOUR_S);
	(void)met(-HOUR_S);
}

Test(peer_clock, a_step_is_known_with_the_next_sign)
{
	static const double steps[] = {HOUR_S, -HOUR_S, 20, -20};

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		struct scene s = met(-HOUR_S);

		s.ahead_s += steps[i];
		sign(&s);
		check_is(&s, steps[i]);
		s.ahead_s -= steps[i];
		sign(&s);
		check_is(&s, 0);
	}
}

/* What waited while we stood still for five minutes is heard at once: each sign
 * is a second less late than the one before. */
Test(peer_clock, a_delay_is_no_step)
{
	struct scene s = met(100);

	s.mono_s += 300;
	for (int i = 300; i > 0; i--) {
		s.delay_s = i;
		s.mono_s -= i < 300;
		sign(&s);
	}
	s.delay_s = 0.001;
	sign(&s);
	check_is(&s, 0);
}

Test(peer_clock, ours_is_followed_at_once)
{
	struct scene s = met(3);

	s.ours_s = HOUR_S;
	sign(&s);
	check_is(&s, 0);
	s.ours_s = -HOUR_S;
	sign(&s);
	check_is(&s, 0);
}

Test(peer_clock, any_number_is_a_time)
{
	static const int64_t at[] = {INT64_MIN, INT64_MAX, 0, INT64_MAX, -1};
	struct peer_clock c = {0};

	for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++)
		peer_clock_hear(&c, at[i],
			(struct wall_time){INT64_C(1800000000) * NS_PER_S},
			(struct mono_time){(int64_t)i});
	cr_expect(c.known);
}
