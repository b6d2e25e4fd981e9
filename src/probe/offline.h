/* A capture file through the flow cache: records out, nothing live. */
#ifndef NFZ_PROBE_OFFLINE_H
#define NFZ_PROBE_OFFLINE_H

#include "base/err.h"
#include "probe/flowcache.h"
#include "probe/recprint.h"

struct offline_result {
	uint64_t frames, ip, other;
	struct flowcache_stats cache;
};

/* options->sink gets the records; it must take all of them.  Time is packet
 * time.  A file that breaks off is an error, after what could be read has been
 * handed over. */
int offline_run(const char *path, const struct flowcache_options *options,
	struct offline_result *ret, struct err *err) NFZ_MUST_CHECK;

#endif
