/* The ring through which a program in the kernel hands over frames it has not
 * taken (probe/bpf/absorb.c), as they are or as digests: read in place. */
#ifndef NFZ_PROBE_SAMPLES_H
#define NFZ_PROBE_SAMPLES_H

#include "probe/capture.h"

struct samples;

/* bytes: a power of two, at least a page. */
int samples_new(
	uint32_t bytes, struct samples **ret, struct err *err) NFZ_MUST_CHECK;
void samples_free(struct samples *s); /* may be NULL */
int samples_fd(const struct samples *s);
struct samples_epoch {
	uint16_t one_of; /* of its frames, so many were chosen */
	uint64_t n;      /* frames of it, also as digests, are added */
};
/* Hands over all that is there now; offset_ns: from its clock to ours.  False:
 * one is still being written, and those behind it were left. */
bool samples_read(struct samples *s, int64_t offset_ns,
	const struct capture_sink *sink, struct samples_epoch epochs[2]);

#endif
