/* One mutex around a state and a result; an eventfd tells the loop. */
#include "collector/keeper.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "store/pack.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

struct keeper {
	struct store *store;
	const char *dir;
	int told;
	struct pack *pack; /* the thread's; NULL: nothing is packed */
	pthread_t thread;
	bool running;

	pthread_mutex_t lock; /* for the rest */
	pthread_cond_t changed;
	enum keeper_state state;
	bool jailed, ending;
	int result;
	struct err err;      /* of it */
	struct err unpacked; /* until somebody asks; code 0: nothing to say */
};

int keeper_jail(const char *dir, struct jail_state *ret,
	bool *ret_no_capabilities, struct err *err)
{
	struct jail jail = {.dir = dir};
	struct stat st;

	jail.no_capabilities = stat(dir, &st) == 0 && st.st_uid == geteuid();
	*ret_no_capabilities = jail.no_capabilities;
	return jail_enter(&jail, ret, err);
}

/* --- the thread ---------------------------------------------------------- */

static void wake_owner(struct keeper *k)
{
	const uint64_t one = 1;

	if (write(k->told, &one, sizeof(one)) < 0)
		return; /* it is awake already */
}

static void tell(struct keeper *k, enum keeper_state state)
{
	pthread_mutex_lock(&k->lock);
	k->state = state;
	pthread_cond_broadcast(&k->changed);
	pthread_mutex_unlock(&k->lock);
	wake_owner(k);
}

enum { FIRST_REST_MS = 50 }; /* in which nobody asks */

/* With the lock held, which nobody else has to wait for while it packs. */
static void rest(struct keeper *k, int64_t *ms)
{
	struct err err = ERR_INIT;

	if (!k->pack) {
		pthread_cond_wait(&k->changed, &k->lock);
		return;
	}
	if (thread_cond_wait(
		    &k->changed, &k->lock, mono_add_ms(mono_now(), *ms)))
		return;
	pthread_mutex_unlock(&k->lock);
	*ms = pack_step(k->pack, &err);
	pthread_mutex_lock(&k->lock);
	if (!err.code)
		return;
	k->unpacked = err;
	wake_owner(k);
}

static bool wait_to_be_asked(struct keeper *k)
{
	int64_t ms = FIRST_REST_MS;
	bool asked;

	pthread_mutex_lock(&k->lock);
	while (k->state != KEEPER_ASKED && !k->ending)
		rest(k, &ms);
	asked = k->state == KEEPER_ASKED;
	pthread_mutex_unlock(&k->lock);
	return asked;
}

static bool enter_jail(struct keeper *k)
{
	struct jail_state state;
	bool capless, good;

	pthread_mutex_lock(&k->lock);
	k->result = keeper_jail(k->dir, &state, &capless, &k->err);
	good = k->result == 0;
	k->jailed = true;
	pthread_cond_broadcast(&k->changed);
	pthread_mutex_unlock(&k->lock);
	return good;
}

/* The result is nobody else's between being asked and KEEPER_WRITTEN. */
static void *work(void *data)
{
	struct keeper *k = data;

	if (!enter_jail(k))
		return NULL;
	while (wait_to_be_asked(k)) {
		err_clear(&k->err);
		k->result = store_write(k->store, &k->err);
		if (k->result == 0) {
			tell(k, KEEPER_WRITTEN);
			store_rotate(k->store);
		}
		tell(k, KEEPER_DONE);
	}
	return NULL;
}

/* --- its owner ----------------------------------------------------------- */

static int start(struct keeper *k, struct err *err)
{
	if (thread_start(&k->thread, work, k) != 0)
		return err_set(err, NFZ_E_IO, "cannot start a thread");
	k->running = true;
	pthread_mutex_lock(&k->lock);
	while (!k->jailed)
		pthread_cond_wait(&k->changed, &k->lock);
	pthread_mutex_unlock(&k->lock);
	if (k->result < 0)
		*err = k->err;
	return k->result;
}

int keeper_open(struct keeper **ret, struct store *store, const char *dir,
	int64_t pack_ms, struct err *err)
{
	struct keeper *k = mem_zalloc(1, sizeof(*k));
	int r;

	k->store = store;
	k->dir = dir;
	pthread_mutex_init(&k->lock, NULL);
	thread_cond_init(&k->changed);
	k->pack = pack_ms ? pack_new(dir, pack_ms) : NULL;
	k->told = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	r = k->told < 0 ? err_sys(err, "eventfd") : start(k, err);
	if (r < 0)
		keeper_close(k);
	else
		*ret = k;
	return r;
}

void keeper_close(struct keeper *k)
{
	if (!k)
		return;
	if (k->running) {
		pthread_mutex_lock(&k->lock);
		k->ending = true;
		pthread_cond_broadcast(&k->changed);
		pthread_mutex_unlock(&k->lock);
		pthread_join(k->thread, NULL);
	}
	if (k->told >= 0)
		close(k->told);
	pack_free(k->pack);
	pthread_cond_destroy(&k->changed);
	pthread_mutex_destroy(&k->lock);
	free(k);
}

int keeper_fd(const struct keeper *k)
{
	return k->told;
}

void keeper_ask(struct keeper *k)
{
	pthread_mutex_lock(&k->lock);
	k->state = KEEPER_ASKED;
	pthread_cond_broadcast(&k->changed);
	pthread_mutex_unlock(&k->lock);
}

enum keeper_state keeper_look(struct keeper *k, int *ret, struct err *err)
{
	enum keeper_state state;
	uint64_t n;

	if (read(k->told, &n, sizeof(n)) < 0)
		n = 0; /* nothing was told: then look all the same */
	pthread_mutex_lock(&k->lock);
	state = k->state;
	if (state == KEEPER_WRITTEN || state == KEEPER_DONE) {
		*ret = k->result;
		*err = k->err;
	}
	if (state == KEEPER_DONE)
		k->state = KEEPER_IDLE;
	pthread_mutex_unlock(&k->lock);
	return state;
}

bool keeper_left_unpacked(struct keeper *k, struct err *ret)
{
	pthread_mutex_lock(&k->lock);
	*ret = k->unpacked;
	err_clear(&k->unpacked);
	pthread_mutex_unlock(&k->lock);
	return ret->code;
}

void keeper_wait(struct keeper *k)
{
	pthread_mutex_lock(&k->lock);
	while (k->state == KEEPER_ASKED || k->state == KEEPER_WRITTEN)
		pthread_cond_wait(&k->changed, &k->lock);
	pthread_mutex_unlock(&k->lock);
}
