/* The pcapng file format (draft-ietf-opsawg-pcapng): sections of either byte
 * order, several interfaces with link types and clocks of their own, enhanced,
 * simple and obsolete packet blocks; other blocks are skipped. */
#ifndef NFZ_PROBE_PCAPNG_H
#define NFZ_PROBE_PCAPNG_H

#include "probe/capfile.h"
#include "probe/window.h"

struct pcapng;

bool pcapng_is(const struct window *w);
/* w is lent. */
int pcapng_open(
	struct window *w, struct pcapng **ret, struct err *err) NFZ_MUST_CHECK;
void pcapng_free(struct pcapng *file);
int pcapng_read(struct pcapng *file, struct capfile_frame *frames, size_t room,
	struct err *err) NFZ_MUST_CHECK;

#endif
