/* A tap: the capture on one interface, its accounts, one for each lane, and the
 * kernel's own counts to hold them against.
 *
 * The ledger of a tap is taken at a mark: the kernel is asked how many frames
 * it has seen, then exactly those it has kept for us are read, and then the
 * counters are looked at.  So `wire_frames` comes from the kernel and the rest
 * from our own counting of the same frames, under load too: where they differ,
 * frames went unaccounted. */
#ifndef NFZ_PROBE_TAP_H
#define NFZ_PROBE_TAP_H

#include "base/clock.h"
#include "probe/account.h"
#include "probe/capture.h"
#include "probe/netdev.h"

#include <stdbool.h>

struct tap {
	const struct setup_tap *setup;
	struct tap_lane {
		struct account account;
		bool there; /* at the mark */
	} * lanes;
	unsigned n_lanes;
	struct capture *capture;
	bool attached; /* false: the interface is gone */
	bool begun;    /* it was attached before */
	char ifname[16];
	int ifindex;

	/* before the interface went and came back */
	struct capture_statistics past;
	uint64_t past_received, past_sent;

	uint64_t base_received, base_sent; /* interface counters at attach */
	uint64_t uncertainty;

	bool chosen;                /* as in the account, from the next turn */
	bool warned;                /* of frames that cannot be described */
	bool marked;                /* a mark is set and not reached */
	struct tap_counters ledger; /* as of the last mark reached */
	struct tap_counters coming; /* what the kernel said at the mark set */
};

/* What a meter's taps share. */
struct tap_context {
	int netdev_fd;
	const struct setup *setup;
	struct flows *const *flows; /* by lane */
	unsigned lanes;
	enum tap_loss refusal; /* what a refused packet is lost to */
	const struct own *own;
	struct guard *guard;
	enum capture_choice choice;
	uint32_t bytes;    /* of memory per tap */
	int control_index; /* interface never to be tapped; 0 none */
};

/* The interface that carries the address we are reached at; 0 none. */
int tap_control(const struct setup *setup, int netdev_fd, int *ret_index,
	struct err *err) NFZ_MUST_CHECK;
/* The interface the setup means, as it is now; never the control one. */
int tap_interface(const struct setup_tap *setup, int netdev_fd,
	int control_index, struct netdev *ret, struct err *err) NFZ_MUST_CHECK;
/* Finds the interface and attaches.  tap->setup etc. are kept by reference;
 * the tap must not move. */
int tap_open(struct tap *tap, const struct setup_tap *setup,
	const struct tap_context *context, struct err *err) NFZ_MUST_CHECK;
void tap_close(struct tap *tap);
/* After the interface was lost: attaches again when it is back. */
int tap_reopen(struct tap *tap, const struct tap_context *context,
	struct err *err) NFZ_MUST_CHECK;
/* Reads what is ready in a lane, up to the mark if one is set.  Lanes may be
 * read at the same time; behind that tap_reached() goes. */
void tap_read(struct tap *tap, unsigned lane, unsigned max_blocks);
/* The mark was set and has been reached in all lanes: the ledger is taken. */
bool tap_reached(struct tap *tap);
/* False: the interface is gone, or wants to be attached to anew. */
bool tap_bound(const struct tap *tap, int netdev_fd);
/* How it captures, as --backend names it. */
const char *tap_backend(const struct tap *tap);
/* Read in a lane. */
uint64_t tap_frames(const struct tap *tap, unsigned lane);
/* Asks the kernel and sets the mark.  Behind it, and behind all taps' marks,
 * capture_settle() goes before anything is read: taps_mark() does all that. */
void tap_mark(struct tap *tap, int netdev_fd);
/* What the kernel adds up by itself is to come, too; no ledger is taken.  As
 * tap_mark(). */
void tap_turn(struct tap *tap);
/* Nothing has come that waits for such a turn. */
bool tap_is_idle(const struct tap *tap);
/* What is sampled how, and whether each packet is wanted that is: tap_choose()
 * before that turn, tap_chosen() when all of before has been read. */
void tap_choose(struct tap *tap, const struct export_sampling *how, bool each);
/* Flows are to be others: before that turn; and when it has been read. */
void tap_split(struct tap *tap, const struct definition *definition);
void tap_define(struct tap *tap, struct flows *const *flows);
void tap_chosen(struct tap *tap, const struct export_sampling *how);
/* Gives the mark up: the ledger is taken with what has been read. */
void tap_give_up(struct tap *tap);
/* The interface is gone: reads the rest and detaches.  What was counted
 * stays. */
void tap_retire(struct tap *tap);

#endif
