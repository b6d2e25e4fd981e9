/* Flows added up in the kernel: the tables of probe/bpf/absorb.c, which is
 * the filter of a packet socket or at the hooks of an interface.
 *
 * There are two sets of tables, epochs: the kernel writes one while the other
 * is read and emptied.  absorb_turn() exchanges them; programs that had begun
 * before may still write to the old one, until absorb_settle(). */
#ifndef NFZ_PROBE_ABSORB_H
#define NFZ_PROBE_ABSORB_H

#include "probe/bpf.h"
#include "probe/capture.h"

struct absorb;

struct absorb_options {
	uint32_t bytes;        /* about, for tables */
	uint32_t sample_bytes; /* at most, for the ring of samples */
	uint32_t snap;         /* bytes of a frame that is not absorbed */
	bool with_macs;        /* they tell flows apart */
	enum capture_place place;
	struct guard *guard; /* as capture_options' */
};

/* Fails where the kernel has no eBPF, or not all of it that is needed at that
 * place. */
int absorb_new(const struct absorb_options *options, struct absorb **ret,
	struct err *err) NFZ_MUST_CHECK;
void absorb_free(struct absorb *a); /* may be NULL */
/* Loaded when it is first asked for: proving it takes the kernel 1 ms.  That of
 * BPF_SOCKET is for SO_ATTACH_BPF.  -1: the kernel did not take it. */
int absorb_program(struct absorb *a, enum bpf_place place);
/* Instead: at the interface itself, where what is not absorbed comes as samples,
 * and as flows of one frame what was read and found no room.
 * Fails where none of the places asked for can be had. */
int absorb_attach(
	struct absorb *a, int ifindex, struct err *err) NFZ_MUST_CHECK;
/* Before it was ever attached: it never will be, and needs less memory. */
void absorb_without_hooks(struct absorb *a);
void absorb_detach(struct absorb *a);
/* Where it is: PLACE_TCX, PLACE_CLSACT; else PLACE_SOCKET. */
enum capture_place absorb_place(const struct absorb *a);
/* False: others have put themselves in front, or have removed it. */
bool absorb_in_front(const struct absorb *a);
/* POLLIN when there are many samples. */
int absorb_fd(const struct absorb *a);
/* Hands over the samples that are there; false: not all. */
bool absorb_read(struct absorb *a, const struct capture_sink *sink);
void absorb_turn(struct absorb *a);
/* No frame has come since; but for one that is just being added. */
bool absorb_idle(const struct absorb *a);
/* How frames are chosen from the next turn on.  False: not by what the kernel
 * reads of them; then all come.  each: none of them is absorbed. */
bool absorb_choose(
	struct absorb *a, const struct export_sampling *how, bool each);
/* Waits until the kernel is done with all it had begun; some ms. */
int absorb_settle(struct err *err) NFZ_MUST_CHECK;
/* Hands over the flows of the epoch before, and its samples, once.  After
 * absorb_settle(). */
void absorb_collect(struct absorb *a, const struct capture_sink *sink);
/* Frames of all epochs collected, by the kernel's counts: absorbed or sampled;
 * and samples there was no room for. */
struct capture_statistics absorb_statistics(const struct absorb *a);

#endif
