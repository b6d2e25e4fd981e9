/* Settings that change while the meter runs: a small file that is kept open,
 * since nobody may open files any more, and read again at SIGHUP. */
#ifndef NFZ_PROBE_TUNE_H
#define NFZ_PROBE_TUNE_H

#include "base/err.h"

#include "flow/exporter.h"
#include "probe/definition.h"

#include <stdint.h>

struct tune {
	int64_t active_ms, idle_ms;      /* 0: not named */
	int64_t fin_ms;                  /* -1: not named; 0: never */
	struct export_sampling sampling; /* as before where not named... */
	struct definition definition;    /* ...and so each part of it */
	struct flow_limit limit;         /* 0: not named */
	uint32_t flows;                  /* most at once; 0: not named */
};

/* Opens path for tune_read(); *ret_fd -1 when there is none. */
int tune_open(const char *path, int *ret_fd, struct err *err) NFZ_MUST_CHECK;
/* "active=5000 idle=2000 fin=0 sampling=random:10 key=vlan+mac biflow=1
 * metrics=ttl+rtt bytes=10000000 packets=5000 flows=100000": what is not understood is not
 * named. */
void tune_read(int fd, struct tune *ret);

#endif
