/* Capture files: pcap and pcapng by readers of our own, which walk the records
 * where they were read to; what else libpcap knows through libpcap (not on
 * nodes). */
#ifndef NFZ_PROBE_CAPFILE_H
#define NFZ_PROBE_CAPFILE_H

#include "base/err.h"
#include "probe/dissect.h"
#include "probe/window.h"

#include <stdint.h>

struct capfile;

struct capfile_frame {
	struct frame frame;
	int64_t time_ns;
	enum link_layer layer;
	uint32_t link; /* LINKTYPE_ number, as filters want it */
};

enum { CAPFILE_BATCH = 64 };

/* NFZ_E_INPUT for a file that is none, or of a link type we do not dissect.
 * "-" is stdin; it and pipes are pcap or pcapng.  pause: NULL, or called where
 * one of these keeps us waiting; false: NFZ_E_INTERRUPTED. */
int capfile_open(const char *path, const struct window_pause *pause,
	struct capfile **ret, struct err *err) NFZ_MUST_CHECK;
void capfile_close(struct capfile *file);
/* Up to `room` frames, which live until the next call.  Returns how many; 0:
 * the end; < 0: the rest of the file cannot be read. */
int capfile_read(struct capfile *file, struct capfile_frame *frames,
	size_t room, struct err *err) NFZ_MUST_CHECK;
/* A time that can be calculated with: no overflow when two are added or
 * subtracted, and some hours to that; none after 2116. */
int64_t capfile_clamp(int64_t ns);
/* Bytes read, and of how many; 0 unknown. */
uint64_t capfile_done(const struct capfile *file);
uint64_t capfile_size(const struct capfile *file);

#endif
