#include "probe/wheel.h"

#include <criterion/criterion.h>

enum { N = 2 * WHEEL_BROOD + 8 };

struct world {
	struct wheel wheel;
	uint64_t given[N]; /* tick at which each came back last */
	int times[N];
	uint64_t again; /* refile this much later */
};

static void on_due(void *data, const uint32_t *ids, size_t n)
{
	struct world *w = data;

	cr_assert(n <= WHEEL_BROOD);
	for (size_t i = 0; i < n; i++) {
		w->given[ids[i]] = w->wheel.tick;
		w->times[ids[i]]++;
		if (w->again)
			wheel_file(&w->wheel, ids[i], w->wheel.tick + w->again);
	}
}

static void set_up(struct world *w)
{
	*w = (struct world){0};
	wheel_init(&w->wheel, N);
}

Test(wheel, gives_back_when_due)
{
	struct world w;

	set_up(&w);
	wheel_file(&w.wheel, 0, 5);
	wheel_file(&w.wheel, 1, 5);
	wheel_file(&w.wheel, 2, 7);
	wheel_file(&w.wheel, 3, 6);
	wheel_remove(&w.wheel, 1);
	wheel_file(&w.wheel, 3, 9); /* moved */
	wheel_advance(&w.wheel, 8, on_due, &w);
	cr_expect(w.given[0] == 5 && w.times[0] == 1);
	cr_expect_eq(w.times[1], 0);
	cr_expect_eq(w.given[2], 7);
	cr_expect_eq(w.times[3], 0);
	wheel_advance(&w.wheel, 9, on_due, &w);
	cr_expect_eq(w.given[3], 9);
}

/* One after the other; who is filed for itself is not given back with them. */
Test(wheel, broods)
{
	struct world w;

	set_up(&w);
	wheel_file_new(&w.wheel, 0, 5);
	wheel_file_new(&w.wheel, 1, 9);
	wheel_file_new(&w.wheel, 2, 9);
	wheel_file(&w.wheel, 2, 7);
	wheel_file_new(&w.wheel, N - 1, 6);
	wheel_advance(&w.wheel, 5, on_due, &w);
	cr_expect(w.given[0] == 5 && w.given[1] == 5);
	cr_expect_eq(w.times[2], 0);
	cr_expect_eq(w.times[WHEEL_BROOD], 0);
	wheel_advance(&w.wheel, 20, on_due, &w);
	cr_expect(w.given[2] == 7 && w.given[N - 1] == 6);
	cr_expect(w.times[0] == 1 && w.times[2] == 1 && w.times[N - 1] == 1);
}

/* Many under one tick, and of each brood one that is filed for itself: each is
 * given back once. */
Test(wheel, more_than_fit_at_once)
{
	struct world w;

	set_up(&w);
	for (uint32_t id = 0; id < N; id++)
		wheel_file_new(&w.wheel, id, 5);
	for (uint32_t id = 0; id < N; id += 1 + id % 2)
		wheel_file(&w.wheel, id, 5);
	w.again = 10;
	wheel_advance(&w.wheel, 5, on_due, &w);
	for (uint32_t id = 0; id < N; id++)
		cr_expect_eq(w.times[id], 1, "%u: %d", id, w.times[id]);
}

Test(wheel, past_and_far_due_times)
{
	struct world w;

	set_up(&w);
	wheel_advance(&w.wheel, 100, on_due, &w);
	wheel_file(&w.wheel, 0, 50);
	wheel_file(&w.wheel, 1, 100 + 5 * WHEEL_SLOTS);
	wheel_advance(&w.wheel, 101, on_due, &w);
	cr_expect_eq(w.given[0], 101);
	wheel_advance(&w.wheel, 100 + WHEEL_SLOTS, on_due, &w);
	cr_expect_eq(w.given[1], 100 + WHEEL_SLOTS - 1, "early, to be refiled");
}

/* Refiling from the callback neither loops nor is lost, whatever the step. */
Test(wheel, refiled_while_given_back)
{
	struct world w;

	set_up(&w);
	w.again = WHEEL_SLOTS;
	wheel_file(&w.wheel, 0, 3);
	wheel_advance(&w.wheel, 3, on_due, &w);
	cr_expect_eq(w.times[0], 1);
	wheel_advance(&w.wheel, 3 + WHEEL_SLOTS, on_due, &w);
	cr_expect_eq(w.times[0], 2);
	wheel_advance(&w.wheel, 1000000000, on_due, &w);
	cr_expect(w.times[0] >= 3 && w.times[0] <= 5, "%d", w.times[0]);
}
