/* A ring of rooms under one lock.  Whoever has nothing else to do, the thread
 * that scans too, prepares the oldest block that waits.  Until threads are begun
 * there is one room: their rooms' memory is most of what threads cost. */
#include "store/ahead.h"
#include "base/mem.h"
#include "base/thread.h"

#include <stdlib.h>

enum { ROOMS_EACH = 2 };
enum room_state { ROOM_WAITS, ROOM_IN_WORK, ROOM_READY };

struct room {
	struct block block;
	bool begun; /* the block has its memory */
	enum room_state state;
	int result;
	struct err err; /* of it */
};

struct ahead {
	const struct store_scan *scan;
	struct room *rooms;
	size_t n_rooms; /* one, until threads were started */
	pthread_t *threads;
	size_t n_threads;
	size_t alone; /* blocks that are still prepared without threads */

	pthread_mutex_t lock; /* for the rest, and for states */
	pthread_cond_t more, ready;
	size_t first, n; /* rooms with blocks */
	bool ending;
};

/* --- any thread ---------------------------------------------------------- */

/* Prepares the oldest that waits; called and left with the lock held.  False:
 * none does. */
static bool prepare_one(struct ahead *a)
{
	struct room *room = NULL;

	for (size_t i = 0; i < a->n; i++) {
		room = &a->rooms[(a->first + i) % a->n_rooms];
		if (room->state == ROOM_WAITS)
			break;
		room = NULL;
	}
	if (!room)
		return false;
	room->state = ROOM_IN_WORK;
	pthread_mutex_unlock(&a->lock);
	room->result = store_scan_prepare(a->scan, &room->block, &room->err);
	pthread_mutex_lock(&a->lock);
	room->state = ROOM_READY;
	pthread_cond_broadcast(&a->ready);
	return true;
}

static void *work(void *data)
{
	struct ahead *a = data;

	pthread_mutex_lock(&a->lock);
	while (!a->ending)
		if (!prepare_one(a))
			pthread_cond_wait(&a->more, &a->lock);
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

/* --- the thread that scans ----------------------------------------------- */

static void start(struct ahead *a)
{
	a->first = 0;
	a->n_rooms = ROOMS_EACH * a->scan->threads;
	while (a->n_threads + 1 < a->scan->threads &&
		thread_start(&a->threads[a->n_threads], work, a) == 0)
		a->n_threads++;
}

struct ahead *ahead_new(const struct store_scan *scan)
{
	struct ahead *a = mem_zalloc(1, sizeof(*a));
	const size_t threads = scan->threads > 1 ? scan->threads : 1;

	a->scan = scan;
	a->n_rooms = 1;
	a->alone = threads > 1 ? scan->alone : SIZE_MAX;
	a->rooms = mem_zalloc(ROOMS_EACH * threads, sizeof(*a->rooms));
	a->threads = mem_zalloc(threads, sizeof(*a->threads));
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->more, NULL);
	pthread_cond_init(&a->ready, NULL);
	return a;
}

void ahead_free(struct ahead *a)
{
	if (!a)
		return;
	pthread_mutex_lock(&a->lock);
	a->ending = true;
	pthread_cond_broadcast(&a->more);
	pthread_mutex_unlock(&a->lock);
	for (size_t i = 0; i < a->n_threads; i++)
		pthread_join(a->threads[i], NULL);
	pthread_cond_destroy(&a->ready);
	pthread_cond_destroy(&a->more);
	pthread_mutex_destroy(&a->lock);
	for (size_t i = 0; i < a->n_rooms; i++)
		if (a->rooms[i].begun)
			block_release(&a->rooms[i].block);
	free(a->rooms);
	free(a->threads);
	free(a);
}

/* The oldest, ready and out of the ring: nobody else touches it then. */
static struct room *take_oldest(struct ahead *a)
{
	struct room *room = &a->rooms[a->first];

	pthread_mutex_lock(&a->lock);
	while (room->state != ROOM_READY)
		if (!prepare_one(a))
			pthread_cond_wait(&a->ready, &a->lock);
	a->first = (a->first + 1) % a->n_rooms;
	a->n--;
	pthread_mutex_unlock(&a->lock);
	return room;
}

static int give_oldest(struct ahead *a, struct err *err)
{
	struct room *room = take_oldest(a);

	if (room->result == 0)
		return store_scan_give(a->scan, &room->block, err);
	if (err)
		*err = room->err;
	return room->result;
}

int ahead_add(struct ahead *a, const struct segment_block *b,
	block_read_fn read, void *ctx, struct err *err)
{
	struct room *room;
	int r = 0;

	if (a->n == a->n_rooms)
		r = give_oldest(a, err);
	if (r != 0)
		return r;
	if (!a->alone && a->n_rooms == 1)
		start(a);
	a->alone -= a->alone > 0;
	room = &a->rooms[(a->first + a->n) % a->n_rooms];
	if (!room->begun)
		block_init(&room->block);
	room->begun = true;
	block_open(&room->block, &b->zone, &b->parts, read, ctx);
	room->err = (struct err)ERR_INIT;
	pthread_mutex_lock(&a->lock);
	room->state = ROOM_WAITS;
	a->n++;
	pthread_cond_signal(&a->more);
	pthread_mutex_unlock(&a->lock);
	return 0;
}

int ahead_drain(struct ahead *a, struct err *err)
{
	int r = 0;

	while (a->n && r == 0)
		r = give_oldest(a, err);
	return r;
}

void ahead_drop(struct ahead *a)
{
	pthread_mutex_lock(&a->lock);
	for (size_t i = 0; i < a->n; i++) {
		struct room *room = &a->rooms[(a->first + i) % a->n_rooms];

		if (room->state == ROOM_WAITS) /* nobody begins it any more */
			room->state = ROOM_READY;
	}
	pthread_mutex_unlock(&a->lock);
	while (a->n)
		take_oldest(a);
}
