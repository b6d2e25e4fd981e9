/* Timing wheel (Varghese and Lauck 1987, scheme 4) with doubly linked lists of
 * 32-bit numbers, so that an entry can leave from the middle of its slot. */
#include "probe/wheel.h"
#include "probe/pages.h"

#include <string.h>

static size_t bytes_of(uint32_t n)
{
	return n * sizeof(struct wheel_entry);
}

static uint32_t broods_of(uint32_t n)
{
	return n / WHEEL_BROOD + 1;
}

/* Broods have the numbers behind those of entries. */
static struct wheel_entry *entry(const struct wheel *w, uint32_t number)
{
	return number < w->n ? &w->entries[number] : &w->broods[number - w->n];
}

void wheel_init(struct wheel *w, uint32_t n)
{
	w->entries = pages_map(bytes_of(n));
	w->broods = pages_map(bytes_of(broods_of(n)));
	w->n = n;
	w->tick = 0;
	memset(w->heads, 0xff, sizeof(w->heads)); /* WHEEL_NONE */
}

void wheel_release(struct wheel *w)
{
	pages_unmap(w->entries, bytes_of(w->n));
	pages_unmap(w->broods, bytes_of(broods_of(w->n)));
	w->entries = w->broods = NULL;
}

void wheel_remove(struct wheel *w, uint32_t id)
{
	struct wheel_entry *e = entry(w, id);

	if (!e->prev)
		return;
	if (e->prev & WHEEL_HEAD)
		w->heads[e->prev & ~WHEEL_HEAD] = e->next;
	else
		entry(w, e->prev - 1)->next = e->next;
	if (e->next != WHEEL_NONE)
		entry(w, e->next)->prev = e->prev;
	e->prev = 0;
}

/* Never the slot being emptied: at least one tick on, at most a turn less. */
static uint32_t list_for(const struct wheel *w, uint64_t tick, uint32_t number)
{
	if (tick <= w->tick)
		tick = w->tick + 1;
	if (tick >= w->tick + WHEEL_SLOTS)
		tick = w->tick + WHEEL_SLOTS - 1;
	return (uint32_t)(tick % WHEEL_SLOTS) * WHEEL_LISTS +
	       number % WHEEL_LISTS;
}

void wheel_file(struct wheel *w, uint32_t id, uint64_t tick)
{
	struct wheel_entry *e = entry(w, id);
	uint32_t list = list_for(w, tick, id);

	wheel_remove(w, id);
	e->prev = WHEEL_HEAD | list;
	e->next = w->heads[list];
	if (e->next != WHEEL_NONE)
		entry(w, e->next)->prev = id + 1;
	w->heads[list] = id;
}

void wheel_file_new(struct wheel *w, uint32_t id, uint64_t tick)
{
	const uint32_t brood = id / WHEEL_BROOD;

	if (!w->broods[brood].prev)
		wheel_file(w, w->n + brood, tick);
}

void wheel_part(struct wheel *w, uint32_t id)
{
	wheel_remove(w, w->n + id / WHEEL_BROOD);
}

static size_t take_brood(struct wheel *w, uint32_t brood, uint32_t *ids)
{
	const uint32_t first = brood * WHEEL_BROOD;
	size_t n = 0;

	wheel_remove(w, w->n + brood);
	for (uint32_t i = first; i < first + WHEEL_BROOD && i < w->n; i++)
		if (!w->entries[i].prev)
			ids[n++] = i;
	return n;
}

/* All lists in turn, so that they are waited for together. */
static size_t take(struct wheel *w, const uint32_t *heads, uint32_t *ids)
{
	size_t n = 0, before;

	do {
		before = n;
		for (size_t i = 0; i < WHEEL_LISTS; i++)
			if (heads[i] < w->n) {
				ids[n++] = heads[i];
				wheel_remove(w, heads[i]);
			}
	} while (n > before && n <= WHEEL_BROOD - WHEEL_LISTS);
	return n;
}

/* A brood only when all who were taken have been given: they are not filed. */
static void give_back(struct wheel *w, wheel_fn fn, void *data)
{
	const uint32_t *heads = &w->heads[w->tick % WHEEL_SLOTS * WHEEL_LISTS];
	uint32_t ids[WHEEL_BROOD];

	for (size_t i = 0; i < WHEEL_LISTS; i++)
		while (heads[i] != WHEEL_NONE) {
			size_t n = take(w, heads, ids);

			if (n == 0)
				n = take_brood(w, heads[i] - w->n, ids);
			fn(data, ids, n);
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
