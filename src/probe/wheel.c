/* Timing wheel (Varghese and Lauck 1987, scheme 4) with doubly linked lists of
 * 32-bit numbers, so that an entry can leave from the middle of its slot. */
#include "probe/wheel.h"

void wheel_init(struct wheel *w, struct wheel_entry *entries)
{
	w->entries = entries;
	w->tick = 0;
	for (size_t i = 0; i < WHEEL_SLOTS; i++)
		w->heads[i] = WHEEL_NONE;
}

void wheel_remove(struct wheel *w, uint32_t id)
{
	struct wheel_entry *e = &w->entries[id];

	if (e->prev == WHEEL_NONE)
		return;
	if (e->prev & WHEEL_HEAD)
		w->heads[e->prev & ~WHEEL_HEAD] = e->next;
	else
		w->entries[e->prev].next = e->next;
	if (e->next != WHEEL_NONE)
		w->entries[e->next].prev = e->prev;
	e->prev = WHEEL_NONE;
}

/* Never the slot being emptied: at least one tick on, at most a turn less. */
static uint32_t slot_for(const struct wheel *w, uint64_t tick)
{
	if (tick <= w->tick)
		tick = w->tick + 1;
	if (tick >= w->tick + WHEEL_SLOTS)
		tick = w->tick + WHEEL_SLOTS - 1;
	return (uint32_t)(tick % WHEEL_SLOTS);
}

void wheel_file(struct wheel *w, uint32_t id, uint64_t tick)
{
	struct wheel_entry *e = &w->entries[id];
	uint32_t slot = slot_for(w, tick);

	wheel_remove(w, id);
	e->prev = WHEEL_HEAD | slot;
	e->next = w->heads[slot];
	if (e->next != WHEEL_NONE)
		w->entries[e->next].prev = id;
	w->heads[slot] = id;
}

static void give_back(struct wheel *w, wheel_fn fn, void *data)
{
	uint32_t *head = &w->heads[w->tick % WHEEL_SLOTS];

	while (*head != WHEEL_NONE) {
		uint32_t id = *head;

		wheel_remove(w, id);
		fn(data, id);
	}
}

void wheel_advance(struct wheel *w, uint64_t tick, wheel_fn fn, void *data)
{
	/* after a whole turn every slot has been looked at */
	if (tick > w->tick + WHEEL_SLOTS)
		w->tick = tick - WHEEL_SLOTS;
	while (w->tick < tick) {
		w->tick++;
		give_back(w, fn, data);
	}
}
